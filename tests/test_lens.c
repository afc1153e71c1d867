/* LENS hears, draws and says, in either role. */
#include "learning/lens.h"
#include "models/text.h"
#include "tests/pooled.h"

/* A greeting; a question with an answer that repeats it; a farewell. The part alone, in a model. */
static const char words[] =
    "mynah-model 1\nservice \"x\" tcp\n"
    "prisma order 1 port 21 separators \" \\r\\n\"\n"
    "  node 0 start\n    to 1 1\n"
    "  node 1 s0\n    to 2 1\n"
    "  node 2 c1\n    to 3 1\n    to 4 1\n"
    "  node 3 s1\n    to 5 2\n"
    "  node 4 s2\n    to 5 1\n"
    "  node 5 c2\n    to 6 1\n"
    "  node 6 end\n"
    "  form 0 node 1 count 3 \"220 \" *\n"
    "  form 1 node 2 count 3 \"GET \" * \" \" *\n"
    "  form 2 node 3 count 3 \"OK \" * \" \" *\n"
    "  form 3 node 3 count 9 * \" \" * \" \" *\n"
    "  form 4 node 4 count 3 \"NO\"\n"
    "  form 5 node 5 count 3 \"BYE \" * \" \" * \" \" *\n"
    "  values 0 of 2 columns 2\n    1 \"a\" \"A\"\n    1 \"b\" \"B\"\n"
    "  values 1 of 1 columns 1\n    1 \"xy\"\n"
    "  context count 3 0 1\n    fill 0 2 data 0 0\n"
    "  context count 3 1 2\n    fill 0 2 copy 1 0\n"
    "  context count 3 2 5\n    fill 0 seq 1 0 -3\n    fill 1 part 1 1 before \"=\"\n"
    "    fill 2 add 0 1 before 1 0\n"
    "  context count 3 0\n    fill 0 data 1 0\n"
    "state 0\n";

/* A kind, a name before a dot, and what is wanted; the answer has the name. */
static const char binary[] =
    "mynah-model 1\nservice \"x\" udp\n"
    "prisma order 1 port 53 separators \"\" run 1 \".\"\n"
    "  node 0 start\n    to 1 1\n"
    "  node 1 c0\n    to 2 1\n"
    "  node 2 s0\n    to 3 1\n"
    "  node 3 end\n"
    "  form 0 node 1 count 2 \"Q\" * \".\" *\n"
    "  form 1 node 1 count 1 \"Qroot.?\"\n"
    "  form 2 node 2 count 2 \"A\" * \".!\"\n"
    "  context count 2 0 2\n    fill 0 copy 1 0\n"
    "state 0\n";

static struct lens_book
read_book(struct pool *pool, struct text *t, const char *model)
{
	struct lens_book b;
	struct diag why;

	cr_assert_eq(text_parse(t, "m", span_str(model), &why), 0, "%s", why.text);
	lens_book(&b, pool, &t->prisma);
	return b;
}

static bool
said(struct span s, const char *what)
{
	return span_eq(s, span_str(what));
}

POOLED(lens, a_client_hears_fields_and_fills_by_every_rule)
{
	struct text t;
	struct lens_book b = read_book(pool, &t, words);
	struct span s;
	struct lens l;

	lens_init(&l, pool, &b, false, 1);
	cr_expect_eq(lens_speak(&l, false, &s), LENS_WAITS);	/* the server begins */
	cr_expect(lens_hear(&l, span_str("220 ready")));
	cr_assert_eq(lens_speak(&l, false, &s), LENS_SAYS);
	cr_expect(said(s, "GET a A") || said(s, "GET b B"), "one row: %.*s", (int)s.n, s.p);
	cr_expect_eq(lens_speak(&l, false, &s), LENS_WAITS);
	cr_expect(lens_hear(&l, span_str("OK 10 key=value")));
	cr_expect_eq(l.past[0].form, 2);	/* most fixed bytes, not most messages */
	cr_assert_eq(lens_speak(&l, false, &s), LENS_SAYS);
	cr_expect(said(s, "BYE 7 key keyxy"), "%.*s", (int)s.n, s.p);
	cr_expect_eq(lens_speak(&l, false, &s), LENS_ENDS);
	text_fini(&t);
}

POOLED(lens, a_server_repeats_what_it_was_asked)
{
	struct text t;
	struct lens_book b = read_book(pool, &t, words);
	bool yes = false, no = false;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct span s;
		struct lens l;

		lens_init(&l, pool, &b, true, seed);
		cr_assert_eq(lens_speak(&l, false, &s), LENS_SAYS);
		cr_expect(said(s, "220 xy"), "%.*s", (int)s.n, s.p);
		cr_assert(lens_hear(&l, span_str("GET the page")));
		if (lens_speak(&l, false, &s) != LENS_SAYS)
			continue;	/* the form without a context here, which nobody can fill */
		yes |= said(s, "OK the page");
		no |= said(s, "NO");
	}
	cr_expect(yes);
	cr_expect_not(no);	/* no context names it */
	text_fini(&t);
}

POOLED(lens, what_is_not_known_is_taken_for_the_nearest_or_not_at_all)
{
	struct text t;
	struct lens_book b = read_book(pool, &t, words);
	struct span s;
	struct lens l;

	lens_init(&l, pool, &b, false, 1);
	cr_expect(lens_hear(&l, span_str("NO")));	/* of a state that is not next */
	cr_expect_eq(l.node, 4);
	lens_init(&l, pool, &b, false, 1);
	lens_hear(&l, span_str("220 ready"));
	lens_speak(&l, false, &s);
	cr_expect(lens_hear(&l, span_str("OK 10")));	/* two tokens of four are there, and one field */
	cr_expect_eq(l.past[0].form, 2);
	cr_expect(said(l.past[0].field[0], "10"));
	cr_expect(said(l.past[0].field[1], ""));
	lens_init(&l, pool, &b, false, 1);
	cr_expect_not(lens_hear(&l, span_str("one two three four five six seven")));
	cr_expect_eq(l.node, 0);
	cr_expect_eq(lens_speak(&l, true, &s), LENS_ENDS);	/* nothing it could say first */
	text_fini(&t);
}

POOLED(lens, a_run_is_heard_as_one_token)
{
	struct text t;
	struct lens_book b = read_book(pool, &t, binary);
	struct span s;
	struct lens l;

	lens_init(&l, pool, &b, true, 1);
	cr_expect(lens_hear(&l, span_str("Qwww.?")));
	cr_expect_eq(l.past[0].form, 0);
	cr_assert_eq(lens_speak(&l, false, &s), LENS_SAYS);
	cr_expect(said(s, "Awww.!"), "%.*s", (int)s.n, s.p);
	lens_init(&l, pool, &b, true, 1);
	cr_expect(lens_hear(&l, span_str("Qroot.?")));
	cr_expect_eq(l.past[0].form, 1);	/* all of it is fixed, the run, too */
	text_fini(&t);
}
