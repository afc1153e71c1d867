#include "learning/scriptgen/matches.h"

#include "tests/pooled.h"

enum { MESSAGES = 300, LABELS = 40 };

struct board {
	struct intern messages;
	struct label label[LABELS];
	uint32_t id[LABELS];
	uint32_t seed;
};

static uint32_t
drawn(struct board *b)
{
	b->seed = b->seed * 1103515245 + 12345;
	return b->seed >> 16;
}

static void
add_messages(struct board *b, struct pool *pool, uint32_t to)
{
	while (b->messages.n < to) {
		uint8_t *m = pool_alloc(pool, 4);

		for (uint32_t i = 0; i < 4; i++)
			m[i] = (uint8_t)('a' + drawn(b) % 5);
		intern_add(&b->messages, span_of(m, 4));
	}
}

/* Asked in any order, twice, while messages are added: what label_match() says. */
POOLED(matches, what_is_remembered_is_what_the_label_says)
{
	struct board b = { .seed = 5 };
	struct span value[LABEL_SEGMENTS];
	struct matches m;
	uint32_t yes = 0;

	intern_init(&b.messages, pool);
	matches_init(&m, pool, pool, &b.messages);
	add_messages(&b, pool, LABELS);
	for (uint32_t l = 0; l < LABELS; l++) {
		label_of_message(&b.label[l], pool, b.messages.value[l], 4);
		for (uint32_t i = 0; i < 2 + l % 3; i++)
			label_free(&b.label[l], 0, drawn(&b) % 4);
		b.id[l] = matches_label(&m, &b.label[l], label_key(pool, &b.label[l]));
	}
	for (uint32_t i = 0; i < 40 * MESSAGES; i++) {
		uint32_t l = drawn(&b) % LABELS, message = drawn(&b) % b.messages.n;
		bool said = label_match(&b.label[l], b.messages.value[message], value);

		cr_assert_eq(matches_has(&m, b.id[l], message), said);
		cr_assert_eq(matches_has(&m, b.id[l], message), said);
		yes += said;
		add_messages(&b, pool, MIN(b.messages.n + 1, MESSAGES));
	}
	cr_assert(yes > 500 && yes < 30 * MESSAGES, "%u", yes);
}

/* A label that is changed afterwards is another one; one that looks like it is the same. */
POOLED(matches, a_label_is_known_by_its_key)
{
	struct board b = { .seed = 7 };
	struct label twin;
	struct matches m;
	uint32_t id;

	intern_init(&b.messages, pool);
	matches_init(&m, pool, pool, &b.messages);
	add_messages(&b, pool, 2);
	label_of_message(&b.label[0], pool, b.messages.value[0], 4);
	id = matches_label(&m, &b.label[0], label_key(pool, &b.label[0]));
	twin = label_copy(pool, &b.label[0]);
	for (uint32_t o = 0; o < 4; o++)
		label_free(&b.label[0], 0, o);
	cr_assert(matches_has(&m, id, 0) && !matches_has(&m, id, 1));
	cr_assert_eq(matches_label(&m, &twin, label_key(pool, &twin)), id);
	cr_assert_neq(matches_label(&m, &b.label[0], label_key(pool, &b.label[0])), id);
}

/* Ranks of messages stay when more are added. */
POOLED(matches, ranks_do_not_depend_on_what_comes_later)
{
	struct board b = { .seed = 9 };
	uint64_t early[20];
	struct matches m;

	intern_init(&b.messages, pool);
	matches_init(&m, pool, pool, &b.messages);
	add_messages(&b, pool, 20);
	memcpy(early, matches_ranks(&m), sizeof early);
	add_messages(&b, pool, 200);
	cr_assert_eq(memcmp(early, matches_ranks(&m), sizeof early), 0);
	cr_assert_eq(matches_ranks(&m)[150], hash_stir(span_hash(b.messages.value[150], 0)));
}
