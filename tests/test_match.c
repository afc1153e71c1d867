#include "models/match.h"
#include "tests/cases.h"
#include "tests/model_of.h"

/* A model of one template; slot 0 is elements first to last. */
static struct model *
model_that_matches(const char *match, unsigned first, unsigned last)
{
	struct model *m;
	char *text;

	cr_assert_geq(asprintf(&text,
	    "mynah-model 1\n"
	    "service \"t\" tcp\n"
	    "channel plain\n"
	    "learner \"hand\" order 1 seed 1\n"
	    "separators \" \\r\\n\"\n"
	    "start 0\n"
	    "class 0 30-39\n"
	    "eom 0 final error 0x0p+0\n"
	    "map 0\n"
	    "  \"\" \"nothing\"\n"
	    "  \"k\" \"value\"\n"
	    "  \"kk\" \"\"\n"
	    "template 0 support 1 from hand\n"
	    "  match %s\n"
	    "  field 0 %u %u\n"
	    "reply 0 support 1 from hand\n"
	    "  say \"<\" map 0 0\n"
	    "state 0 eom 0 support 1 \"any\"\n"
	    "  on message 0\n"
	    "    alt weight 1 say 0 goto 0 conf 0x1p+0 scope pair from hand\n", match, first, last), 0);
	m = model_of(text);
	free(text);
	return m;
}

static const struct {
	const char *match;
	unsigned first, last;
	const char *message;
	bool whole;
	const char *field;	/* NULL: not filled */
	uint32_t literal;
} captures[] = {
	{ "\"USER \" tok \"\\n\"", 1, 1, "USER bob\n", true, "bob", 6 },
	{ "\"USER \" tok \"\\n\"", 1, 2, "USER bob\n", true, "bob\n", 6 },
	{ "\"USER \" tok \"\\n\"", 1, 1, "USER bob", false, "bob", 5 },
	{ "\"USER \" tok \"\\n\"", 1, 2, "USER bob", false, NULL, 5 },
	{ "\"USER \" tok \"\\n\"", 1, 1, "USER \n", false, NULL, 5 },
	{ "\"USER \" tok \"\\n\"", 1, 1, "USEX bob\n", false, NULL, 3 },
	{ "\"USER \" tok \"\\n\"", 1, 1, "user bob\n", false, NULL, 0 },
	{ "nocase \"USER \" tok \"\\n\"", 1, 1, "uSeR Bob\n", true, "Bob", 6 },
	{ "\"USER \" tok \"\\n\"", 1, 1, "USER bob\nX", false, "bob", 6 },
	{ "\"A\" line \"\\n\"", 1, 1, "A\n", true, "", 2 },
	{ "\"A\" line \"\\n\"", 1, 1, "A b c\n", true, " b c", 2 },
	{ "span 0 2 3 \"x\"", 0, 0, "1x", false, NULL, 0 },
	{ "span 0 2 3 \"x\"", 0, 0, "12x", true, "12", 1 },
	{ "span 0 2 3 \"x\"", 0, 0, "123x", true, "123", 1 },
	{ "span 0 2 3 \"x\"", 0, 0, "1234x", false, "123", 0 },
	{ "span 0 1 0 \"x\"", 0, 0, "123456789x", true, "123456789", 1 },
	{ "any 3 \"x\"", 0, 0, "x\nxx", true, "x\nx", 1 },
	{ "any 3 \"x\"", 0, 0, "ab", false, NULL, 0 },
	{ "\"x\" counted 1 4", 1, 1, "x\3abc", true, "\3abc", 1 },
	{ "\"x\" counted 1 4", 1, 1, "x\4abc", false, NULL, 1 },
	{ "\"x\" counted 1 4", 1, 1, "x\2abc", false, "\2ab", 1 },
	{ "\"x\" counted 1 4", 1, 1, "x\5abcde", false, NULL, 1 },
	{ "\"x\" counted 1 4 counted 1 9", 2, 2, "x\1a\3abc", true, "\3abc", 1 },
	{ "\"x\" tail", 1, 1, "xall of it\n", true, "all of it\n", 1 },
	{ "\"x\" tail", 1, 1, "x", true, "", 1 },
};

EACH_CASE(match, a_field_is_filled_where_its_elements_are_complete, captures)
{
	struct model *m = model_that_matches(captures[*i].match, captures[*i].first,
	    captures[*i].last);
	struct fields f = { .has = 3 }, alone = { .has = 3 };	/* of an earlier message; slot 1 is not this one's */
	struct capture c;

	f.slot[0] = alone.slot[0] = span_str("old");
	c = match_capture(&m->i, 0, span_str(captures[*i].message), &f);
	cr_expect_eq(c.whole, captures[*i].whole, "%s", captures[*i].match);
	cr_expect_eq(c.literal, captures[*i].literal, "%u literal bytes", c.literal);
	cr_expect_eq(f.has, captures[*i].field != NULL ? 3 : 2);
	if (captures[*i].field != NULL)
		cr_expect(span_eq(field_of(&f, 0), span_str(captures[*i].field)), "%.*s",
		    (int)f.slot[0].n, f.slot[0].p);
	else
		cr_expect_null(field_of(&f, 0).p);
	match_fields(&m->i, 0, span_str(captures[*i].message), &alone);
	cr_expect_eq(alone.has, f.has);
	cr_expect(span_eq(field_of(&alone, 0), field_of(&f, 0)));
	model_destroy(m);
}

/* Where the automaton says yes, and nowhere else, the second pass says whole. */
EACH_CASE(match, the_automaton_and_the_second_pass_agree, captures)
{
	struct model *m = model_that_matches(captures[*i].match, captures[*i].first,
	    captures[*i].last);
	struct span message = span_str(captures[*i].message);
	uint16_t node = MATCH_START;
	size_t n = match_run(&m->i, &node, message.p, message.n, false);
	bool accepts = n == message.n && m->i.acc[m->i.node[node].accept] > 0;

	cr_expect_eq(accepts, captures[*i].whole, "%s: %zu of %zu bytes", captures[*i].match, n,
	    message.n);
	model_destroy(m);
}

EACH_CASE(match, a_run_can_be_interrupted_at_any_byte, captures)
{
	struct model *m = model_that_matches(captures[*i].match, captures[*i].first,
	    captures[*i].last);
	struct span message = span_str(captures[*i].message);
	uint16_t whole = MATCH_START;
	size_t n = match_run(&m->i, &whole, message.p, message.n, false);

	for (size_t cut = 0; cut <= n; cut++) {
		uint16_t node = MATCH_START;

		cr_expect_eq(match_run(&m->i, &node, message.p, cut, false), cut);
		cr_expect_eq(match_run(&m->i, &node, message.p + cut, message.n - cut, false), n - cut);
		cr_expect_eq(node, whole, "cut at %zu", cut);
	}
	model_destroy(m);
}

Test(match, a_run_stops_where_nothing_can_follow_if_asked_to)
{
	struct model *m = model_that_matches("\"QUIT\" any 1", 1, 1);
	uint16_t node = MATCH_START;

	cr_expect_eq(match_run(&m->i, &node, (const uint8_t *)"QUIT\nQUIT\n", 10, true), 5);
	cr_expect(m->i.node[node].final);
	model_destroy(m);
}

static const struct {
	const char *key, *value;
} maps[] = {
	{ "k", "value" }, { "", "nothing" }, { "kk", "" }, { "K", NULL }, { "kkk", NULL }, { "v", NULL },
};

EACH_CASE(match, a_map_knows_its_keys_and_no_others, maps)
{
	struct model *m = model_that_matches("tok \"\\n\"", 0, 0);
	struct span value = match_map(&m->i, 0, span_str(maps[*i].key));

	if (maps[*i].value == NULL)
		cr_expect_null(value.p, "%s", maps[*i].key);
	else
		cr_expect(value.p != NULL && span_eq(value, span_str(maps[*i].value)), "%s",
		    maps[*i].key);
	model_destroy(m);
}

/* Of all lengths, to two models in turn, and some that end on the way. */
Test(match, side_by_side_is_what_each_is_alone)
{
	static const char text[] = "USER someone-of-a-long-name\nUSEX 12345678";
	struct model *m[2] = { model_that_matches("\"USER \" tok \"\\n\"", 1, 1), model_that_matches("span 0 1 0", 0, 0) };
	struct match_ahead a[2 * sizeof text];
	unsigned n = 0, lived = 0;

	for (size_t at = 0; at < sizeof text - 1; at += 5) {
		for (size_t len = 0; at + len < sizeof text && n < ARRAY_LEN(a); len += 1 + at % 7, n++)
			a[n] = (struct match_ahead){ .i = &m[n % 2]->i, .message = span_of(text + at, len) };
	}
	match_side_by_side(a, n);
	for (unsigned k = 0; k < n; k++) {
		uint16_t node = MATCH_START;
		size_t taken = match_run(a[k].i, &node, a[k].message.p, a[k].message.n, false);

		cr_expect_eq(a[k].node, taken == a[k].message.n ? node : MATCH_DEAD, "%u: %.*s", k,
		    (int)a[k].message.n, (const char *)a[k].message.p);
		lived += a[k].message.n > 0 && a[k].node != MATCH_DEAD;
	}
	cr_expect_gt(lived, 5);
	cr_expect_lt(lived, n - 5);
	model_destroy(m[0]);
	model_destroy(m[1]);
}
