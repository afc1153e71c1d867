#include "learning/rule.h"
#include "tests/cases.h"

static const struct source here = { .template = 3, .first = 2, .last = 2 };

static const struct {
	const char *from, *to;
	uint8_t kind;
	bool guessed;
	int64_t delta;
	const char *before, *after;
	bool second;
} guesses[] = {
	{ "alice", "alice", RULE_COPY, true, 0, "", "", false },
	{ "41", "42", RULE_SEQ, true, 1, "", "", false },
	{ "100", "20", RULE_SEQ, true, -80, "", "", false },
	{ "0", "99999", RULE_SEQ, true, 99999, "", "", false },
	{ "0", "100000", RULE_SEQ, false, 0, "", "", false },
	{ "7", "7", RULE_SEQ, false, 0, "", "", false },
	{ "", "7", RULE_SEQ, false, 0, "", "", false },
	{ "7", "7a", RULE_SEQ, false, 0, "", "", false },
	{ "-7", "8", RULE_SEQ, false, 0, "", "", false },
	{ "999999999999999999", "1000000000000000000", RULE_SEQ, false, 0, "", "", false },
	{ "bob", "<bob>", RULE_ADD, true, 0, "<", ">", false },
	{ "bob", "bob.", RULE_ADD, true, 0, "", ".", false },
	{ "bo", "<bo>", RULE_ADD, false, 0, "", "", false },
	{ "bob", "bob", RULE_ADD, false, 0, "", "", false },
	{ "bob", "<eve>", RULE_ADD, false, 0, "", "", false },
	{ "bob@site", "bob", RULE_PART, true, 0, "@", "", false },
	{ "bob@site", "site", RULE_PART, true, 0, "@", "", true },
	{ "a@site/b", "site", RULE_PART, false, 0, "", "", false },
	{ "bob@it", "it", RULE_PART, false, 0, "", "", false },
	{ "bob", "bob", RULE_PART, false, 0, "", "", false },
	{ "bob", "bob", RULE_MAP, false, 0, "", "", false },
	{ "bob", "bob", RULE_DATA, false, 0, "", "", false },
};

EACH_CASE(rule, one_pair_suggests_the_rule_that_it_is_an_example_of, guesses)
{
	struct span from = span_str(guesses[*i].from), to = span_str(guesses[*i].to);
	struct rule r;
	bool guessed = rule_guess(&r, guesses[*i].kind, &here, from, to);

	cr_assert_eq(guessed, guesses[*i].guessed, "%s: %s -> %s", rule_names[guesses[*i].kind],
	    guesses[*i].from, guesses[*i].to);
	if (!guessed)
		return;
	cr_expect_eq(r.kind, guesses[*i].kind);
	cr_expect_eq(r.from.template, 3);
	cr_expect_eq(r.from.first, 2);
	cr_expect_eq(r.delta, guesses[*i].delta);
	cr_expect(span_eq(r.before, span_str(guesses[*i].before)));
	cr_expect(span_eq(r.after, span_str(guesses[*i].after)));
	cr_expect_eq(r.second, guesses[*i].second);
	cr_expect(rule_yields(&r, from, to), "a rule explains the pair that suggested it");
}

/* The rule that a first pair suggests, on a second pair. */
static const struct {
	uint8_t kind;
	const char *from, *to, *then, *gives;
	bool yes;
} others[] = {
	{ RULE_COPY, "a", "a", "bob", "bob", true },
	{ RULE_COPY, "a", "a", "bob", "bobo", false },
	{ RULE_SEQ, "41", "42", "9", "10", true },
	{ RULE_SEQ, "41", "42", "9", "11", false },
	{ RULE_SEQ, "41", "42", "0009", "0010", true },
	{ RULE_SEQ, "41", "42", "9", "010", false },
	{ RULE_SEQ, "41", "42", "9", "ten", false },
	{ RULE_SEQ, "41", "42", "nine", "10", false },
	{ RULE_ADD, "bob", "<bob>", "eve", "<eve>", true },
	{ RULE_ADD, "bob", "<bob>", "e", "<e>", true },
	{ RULE_ADD, "bob", "<bob>", "eve", "<eve)", false },
	{ RULE_ADD, "bob", "<bob>", "eve", "(eve>", false },
	{ RULE_ADD, "bob", "<bob>", "eve", "<adam>", false },
	{ RULE_ADD, "bob", "<bob>", "eve", "<<eve>", false },
	{ RULE_ADD, "bob", "<bob>", "eve", "", false },
	{ RULE_PART, "bob@site", "bob", "eve@home", "eve", true },
	{ RULE_PART, "bob@site", "bob", "eve@home", "home", false },
	{ RULE_PART, "bob@site", "bob", "eve", "eve", false },
	{ RULE_PART, "bob@site", "bob", "a@b@c", "a", true },
	{ RULE_PART, "bob@site", "site", "eve@home", "home", true },
	{ RULE_PART, "bob@site", "site", "eve@", "", true },
	{ RULE_PART, "bob@site", "site", "a@b@c", "b@c", true },
};

EACH_CASE(rule, a_rule_yields_what_follows_by_it_and_nothing_else, others)
{
	struct rule r;

	cr_assert(rule_guess(&r, others[*i].kind, &here, span_str(others[*i].from),
	    span_str(others[*i].to)));
	cr_expect_eq(rule_yields(&r, span_str(others[*i].then), span_str(others[*i].gives)),
	    others[*i].yes, "%s: %s -> %s, then %s -> %s", rule_names[r.kind], others[*i].from,
	    others[*i].to, others[*i].then, others[*i].gives);
}

Test(rule, what_was_never_said_yields_nothing)
{
	struct rule copy = { .kind = RULE_COPY };

	cr_expect_not(rule_yields(&copy, (struct span){ NULL, 0 }, span_str("")));
	cr_expect(rule_yields(&copy, span_str(""), span_str("")), "an empty value was said");
}

Test(rule, tables_are_not_asked_for_what_they_yield)
{
	for (unsigned kind = RULE_MAP; kind <= RULE_DATA; kind++) {
		struct rule r = { .kind = (uint8_t)kind };

		cr_expect_not(rule_yields(&r, span_str("a"), span_str("a")), "%s", rule_names[kind]);
	}
}

Test(rule, bits_take_some_of_the_source_and_leave_the_others)
{
	struct rule r = { .kind = RULE_BITS, .mask = 0x01, .rest_bits = 0x84 };

	cr_expect(rule_yields(&r, span_str("\x01"), span_str("\x85")));
	cr_expect(rule_yields(&r, span_str("\x28"), span_str("\x84")), "other bits do not count");
	cr_expect_not(rule_yields(&r, span_str("\x01"), span_str("\x84")));
	cr_expect_not(rule_yields(&r, span_str("\x01\x01"), span_str("\x85")), "one byte, not two");
	cr_expect_not(rule_yields(&r, (struct span){ NULL, 0 }, span_str("\x84")));
}

Test(rule, what_stands_before_an_added_value_may_vary_when_a_rule_of_its_own_gives_it)
{
	struct rule rest = { .kind = RULE_DATA };
	struct rule r = { .kind = RULE_ADD, .before = span_str(""), .after = span_str("!"),
		.rest = &rest };

	cr_expect(rule_yields(&r, span_str("bob"), span_str("hello bob!")));
	cr_expect(rule_yields(&r, span_str("bob"), span_str("bob!")));
	cr_expect_not(rule_yields(&r, span_str("bob"), span_str("hello bob")));
	r.rest = NULL;
	cr_expect_not(rule_yields(&r, span_str("bob"), span_str("hello bob!")));
}
