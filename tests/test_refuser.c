#include "learning/refuser.h"
#include "tests/pooled.h"

enum { OK, OTHER, MORE, ERR, KINDS };
enum { COMMANDS = 6, ROUNDS = 40, ROOM = 2000 };

struct log {
	struct heard h[ROOM];
	uint32_t n, words, before;
};

static void
hear(struct log *l, uint32_t word, uint32_t said)
{
	l->h[l->n++] = (struct heard){ word, said, l->before };
	l->words = MAX(l->words, word + 1);
	l->before = said;
}

/* Commands of which most get OK, one OTHER, and all now and then ERR. */
static struct log *
commands(struct pool *pool)
{
	struct log *l = pool_alloc(pool, sizeof *l);

	l->before = REFUSER_NONE;
	for (uint32_t i = 0; i < ROUNDS; i++)
		for (uint32_t word = 0; word < COMMANDS; word++)
			hear(l, word, (i + word) % 16 == 0 ? ERR : word == 3 ? OTHER : OK);
	return l;
}

static uint32_t
find(struct pool *pool, const struct log *l)
{
	return refuser_find(pool, l->h, l->n, l->words, KINDS);
}

POOLED(refuser, words_nobody_knows_get_the_refusal)
{
	struct log *l = commands(pool);

	for (uint32_t i = 0; i < 3; i++) {
		hear(l, l->words, ERR);
		hear(l, 0, OK);
	}
	cr_expect_eq(find(pool, l), ERR);
}

POOLED(refuser, what_most_exchanges_get_is_no_refusal_though_most_words_do)
{
	struct log *l = commands(pool);

	cr_expect_eq(find(pool, l), REFUSER_NONE, "every word has an answer");
}

POOLED(refuser, a_single_word_has_a_reply_of_its_own_and_no_refusal)
{
	struct log *l = commands(pool);

	hear(l, l->words, MORE);
	cr_expect_eq(find(pool, l), REFUSER_NONE);
}

POOLED(refuser, passwords_are_many_and_no_words)
{
	struct log *l = commands(pool);

	for (uint32_t i = 0; i < ROUNDS; i++) {
		hear(l, COMMANDS, MORE);
		hear(l, COMMANDS + 10 + i, OTHER);
	}
	cr_expect_eq(find(pool, l), REFUSER_NONE);
	hear(l, l->words, ERR);
	hear(l, l->words, ERR);
	hear(l, 0, OK);
	hear(l, l->words, ERR);
	cr_expect_eq(find(pool, l), ERR);
}

POOLED(refuser, nothing_heard_refuses_nothing)
{
	cr_expect_eq(refuser_find(pool, NULL, 0, 0, 0), REFUSER_NONE);
}
