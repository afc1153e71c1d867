#include "learning/choose.h"
#include "learning/learn.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { TALKS = 60 };

static struct choose_report
chosen(struct pool *pool, const struct corpus *c, const bool *use, const char *clusterer, uint32_t order)
{
	struct choose_params p = { .clusterer = clusterer, .order = order, .seed = 1 };
	struct choose_report r;

	cr_assert_eq(choose(&r, pool, c, use, &p), 0);
	cr_assert_lt(r.chosen, r.ncandidates);
	return r;
}

/* What is said does not depend on what was said before. */
static struct handmade
forgetful(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < TALKS; i++)
		handmade_talk(&h, "<220 ready\r\n", i % 2 ? ">LIST\r\n" : ">SIZE\r\n",
		    i % 2 ? "<150 all\r\n" : "<213 big\r\n", ">QUIT\r\n", "<221 bye\r\n", NULL);
	return h;
}

/*
 * How LIST is answered depends on the last word but one, which is one of many: no field tells it, and
 * it is too much to be remembered for ever; only names over a history that is long enough do.
 */
static struct handmade
mindful(struct pool *pool)
{
	static const char *const word[] = { "ACCT\r\n", "ALLO\r\n", "CDUP\r\n", "FEAT\r\n", "HELP\r\n",
		"MODE\r\n", "NOOP\r\n", "OPTS\r\n", "PASV\r\n", "PORT\r\n", "REIN\r\n", "REST\r\n" };
	static const char *const list[] = { "101 a\r\n", "102 b\r\n", "103 c\r\n", "104 d\r\n", "105 e\r\n",
		"106 f\r\n", "107 g\r\n", "108 h\r\n", "109 i\r\n", "110 j\r\n", "111 k\r\n", "112 l\r\n" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < TALKS; i++) {
		handmade_open(&h);
		for (unsigned k = 0; k < 12; k++) {
			unsigned w = (i * 7 + k * 5 + i * k) % ARRAY_LEN(word);

			handmade_say(&h, SIDE_CLIENT, span_str(word[w]));
			handmade_say(&h, SIDE_SERVER, span_str("200 ok\r\n"));
			handmade_say(&h, SIDE_CLIENT, span_str("STAT\r\n"));
			handmade_say(&h, SIDE_SERVER, span_str("211 so\r\n"));
			handmade_say(&h, SIDE_CLIENT, span_str("LIST\r\n"));
			handmade_say(&h, SIDE_SERVER, span_str(list[w]));
		}
	}
	return h;
}

POOLED(choose, of_equals_the_first_and_shortest_wins)
{
	struct handmade h = forgetful(pool);
	struct choose_report r = chosen(pool, h.c, NULL, NULL, 0);

	cr_expect_eq(r.played, 3 * TALKS, "every reply is once in the part left out");
	for (uint32_t i = 0; i < r.ncandidates; i++) {
		cr_expect_eq(r.candidate[i].right, r.played, "%s", r.candidate[i].clusterer);
		cr_expect_eq(r.candidate[i].equal, r.played, "%s", r.candidate[i].clusterer);
	}
	cr_expect_eq(r.chosen, 0);
	cr_expect_str_eq(r.candidate[0].clusterer, "nmf");
	cr_expect_eq(r.candidate[0].order, 1);
}

POOLED(choose, what_speaks_better_wins)
{
	struct handmade h = mindful(pool);
	struct choose_report r = chosen(pool, h.c, NULL, NULL, 0);
	uint32_t most = 0, least = r.played;

	for (uint32_t i = 0; i < r.ncandidates; i++) {
		most = MAX(most, r.candidate[i].right);
		least = MIN(least, r.candidate[i].right);
	}
	cr_expect_lt(least, most, "a short history does not tell the words apart");
	cr_expect_eq(r.candidate[r.chosen].right, most);
	cr_expect_eq(r.candidate[r.chosen].order, 4);
}

POOLED(choose, who_is_not_learned_from_has_no_say)
{
	struct handmade all = mindful(pool), some = mindful(pool);
	bool *use = pool_array(pool, TALKS + 20, sizeof *use);
	struct choose_report a, b;

	for (unsigned i = 0; i < 20; i++)
		handmade_talk(&all, ">LIST\r\n", "<777 from elsewhere\r\n", NULL);
	for (unsigned i = 0; i < TALKS; i++)
		use[i] = true;
	a = chosen(pool, all.c, use, NULL, 0);
	b = chosen(pool, some.c, NULL, NULL, 0);
	cr_assert_eq(a.ncandidates, b.ncandidates);
	cr_expect_eq(a.played, b.played);
	cr_expect_eq(a.chosen, b.chosen);
	for (uint32_t i = 0; i < a.ncandidates; i++)
		cr_expect(a.candidate[i].right == b.candidate[i].right &&
		    a.candidate[i].equal == b.candidate[i].equal, "%s", a.candidate[i].clusterer);
}

POOLED(choose, nothing_is_played_where_nothing_is_left_to_choose)
{
	struct handmade h = mindful(pool);
	struct choose_report r = chosen(pool, h.c, NULL, "first-token+linkage", 2);

	cr_expect_eq(r.played, 0);
	cr_expect_eq(r.ncandidates, 1);
	cr_expect_eq(r.candidate[0].order, 2);
	r = chosen(pool, h.c, NULL, "template", 0);
	cr_expect_eq(r.ncandidates, 3, "orders");
	cr_expect_gt(r.played, 0);
}

/* Half of so few may have nothing to teach. */
POOLED(choose, few_conversations_are_enough)
{
	struct learn_params p = { .seed = 1 };
	struct learn_report r;
	struct diag why;
	struct text t;

	for (unsigned n = LEARN_MIN_CONVERSATIONS; n < 12; n++) {
		struct handmade h = handmade(pool, PROTO_TCP, 21);

		for (unsigned i = 0; i < n; i++)
			handmade_talk(&h, "<220 ready\r\n", i == 0 ? ">QUIT\r\n" : NULL, "<221 bye\r\n", NULL);
		cr_expect_eq(learn_corpus(&t, pool, h.c, NULL, &p, &r, &why), 0, "%u: %s", n, why.text);
	}
}
