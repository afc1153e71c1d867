#include "learning/usual.h"
#include "tests/learned.h"
#include "tests/pooled.h"

static const char *
usual_words(struct pool *pool, const struct learned *l)
{
	const struct answer *a = usual_answer(&l->rules, pool);

	return a == NULL ? "none" : template_words(pool, &l->server.t[a->server]);
}

/* Each line in five conversations of its own. */
static void
often(struct handmade *h, const char *question, const char *answer)
{
	for (unsigned k = 0; k < 5; k++)
		handmade_talk(h, "<220 ready\r\n", question, answer, NULL);
}

POOLED(usual, is_what_most_first_words_get)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	often(&h, ">AAA\r\n", "<500 What?\r\n");
	often(&h, ">BBB\r\n", "<500 What?\r\n");
	often(&h, ">CCC\r\n", "<500 What?\r\n");
	for (unsigned k = 0; k < 20; k++)	/* more often, but always the same word */
		often(&h, ">NOOP\r\n", "<200 Fine.\r\n");
	cr_expect_str_eq(usual_words(pool, learned_from(&h, false)), "500 What?;");
}

POOLED(usual, two_words_with_one_answer_are_no_habit)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	often(&h, ">AAA\r\n", "<500 What?\r\n");
	often(&h, ">BBB\r\n", "<500 What?\r\n");
	often(&h, ">NOOP\r\n", "<200 Fine.\r\n");
	often(&h, ">SYST\r\n", "<215 UNIX\r\n");
	cr_expect_str_eq(usual_words(pool, learned_from(&h, false)), "none");
}

POOLED(usual, is_not_an_answer_after_which_the_server_leaves)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	static const char *const words[] = { ">AAA\r\n", ">BBB\r\n", ">CCC\r\n", ">DDD\r\n" };

	for (size_t w = 0; w < ARRAY_LEN(words); w++)
		for (unsigned k = 0; k < 5; k++)
			handmade_talk(&h, "<220 ready\r\n", words[w], "<421 Go away.\r\n", NULL)->end =
			    END_FIN_SERVER;
	cr_expect_str_eq(usual_words(pool, learned_from(&h, false)), "none");
}

POOLED(usual, messages_without_words_have_none)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);

	for (unsigned k = 0; k < 60; k++) {
		uint8_t *ask = pool_alloc(pool, 4);

		memset(ask, (int)k, 4);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(ask, 4));
		handmade_say(&h, SIDE_SERVER, span_of("\1\2\3\4", 4));
	}
	cr_expect_str_eq(usual_words(pool, learned_from(&h, true)), "none");
}

/* Proofs that are asked for are no words, however many there are. */
POOLED(usual, is_not_what_is_said_to_what_was_asked_for)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	often(&h, ">AAA\r\n", "<500 What?\r\n");
	often(&h, ">BBB\r\n", "<500 What?\r\n");
	often(&h, ">CCC\r\n", "<500 What?\r\n");
	for (unsigned k = 0; k < 30; k++)
		handmade_talk(&h, "<220 ready\r\n", ">AUTH\r\n", "<334 prove it\r\n",
		    handmade_line(&h, ">x%uy\r\n", k / 3), "<235 welcome\r\n", NULL);
	cr_expect_str_eq(usual_words(pool, learned_from(&h, false)), "500 What?;");
}

/* Whatever a letter says, its number stood in the line before it. */
POOLED(usual, behind_a_prompt_repeats_what_was_said_before_it)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct answer *a;
	struct learned *l;

	for (unsigned k = 0; k < 40; k++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">no%u LETTER\r\n", 7 * k + 100),
		    "<354 go on\r\n", handmade_line(&h, ">Dear %u\r\nhow are you%s?\r\nbye %u\r\n.\r\n", k,
		    k % 3 == 0 ? "" : " today and tomorrow", k % 5), handmade_line(&h, "<no%u 250 sent\r\n", 7 * k + 100),
		    ">BYE\r\n", "<221 bye\r\n", NULL);
	l = learned_from(&h, false);
	cr_assert_eq(l->x.prompts.nrules, 2);
	a = usual_after(&l->rules, pool, 1);
	cr_assert_not_null(a);
	cr_expect_eq(a->n, 40);
	cr_assert_eq(a->nfields, 1);
	cr_expect_eq(a->rule[0].kind, RULE_COPY);
	cr_expect(a->rule[0].from.earlier);
}
