#include "learning/opening.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { TALKS = 40 };

/* Messages of a first line that only counts, or of one that says all; then come a name and a value. */
static struct exchanges *
office(struct pool *pool, bool counts)
{
	static const char *const verbs[] = { "PUT", "GET", "CUT", "END" };
	static const char *const said[] = { "<+ok\r\n", "<:1\r\n", "<-no\r\n", "<$-1\r\n" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct exchanges *x = pool_alloc(pool, sizeof *x);

	for (unsigned i = 0; i < TALKS; i++) {
		unsigned v = i * 7 % 4, w = (i * 5 + i / 4) % 4;
		const char *first = counts ? "3" : verbs[v], *again = counts ? "3" : verbs[w];

		handmade_talk(&h, "<ready\r\n",
		    handmade_line(&h, ">%s\r\n%s\r\nname%u\r\n", first, verbs[v], i), said[v],
		    handmade_line(&h, ">%s\r\n%s\r\nname%u\r\n", again, verbs[w], i + TALKS), said[w], NULL);
	}
	exchanges_make(x, pool, h.c, NULL, false);
	return x;
}

POOLED(opening, is_the_first_line_where_that_tells_the_replies)
{
	cr_expect_eq(opening_learn(pool, office(pool, false)), 1);
}

POOLED(opening, goes_on_to_the_line_that_does)
{
	struct exchanges *x = office(pool, true);

	cr_expect_eq(opening_learn(pool, x), 2);
	for (uint32_t i = 0; i < x->n; i++)
		if (x->exchange[i].client != NO_UNIT)
			cr_expect_eq(x->unit[x->exchange[i].client].opening, strlen("3\r\nPUT\r\n"));
}

POOLED(opening, has_something_behind_it)
{
	struct span s = span_str("3\r\nPUT\r\nname\r\n");

	(void)pool;
	cr_expect_eq(opening_bytes(s, 1), 3);
	cr_expect_eq(opening_bytes(s, 2), 8);
	cr_expect_eq(opening_bytes(s, 3), 0);	/* all of it */
	cr_expect_eq(opening_bytes(s, 4), 0);
	cr_expect_eq(opening_bytes(span_str("QUIT"), 1), 0);
}
