#include "learning/repeats.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { PAIRS = 40 };

/* Questions and replies with two numbers that never come twice, learned from. */
static struct repeats
learned(struct pool *pool, const char *asked, const char *said, struct lexer *l)
{
	struct handmade h = handmade(pool, PROTO_UDP, 5060);
	struct separators_pair pair[PAIRS];
	struct repeats r;

	for (unsigned i = 0; i < PAIRS; i++) {
		pair[i].asked = span_str(handmade_line(&h, asked, i * 37, i * 7919 + 4));
		pair[i].said = span_str(handmade_line(&h, said, i * 37, i * 7919 + 4));
	}
	lexer_learn(l, false, &pair[0].asked, 1);
	repeats_learn(&r, pool, l, pair, PAIRS);
	return r;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const struct {
	const char *what, *asked, *said, *names;
} habits[] = {
	{ "lines that come back", "CALL a\r\nId: %u\r\nTo: %u\r\n\r\n", "OK\r\nTo: %2$u\r\nId: %1$u\r\n\r\n",
	    "|To: |Id: " },
	{ "more may stand behind one", "CALL a\nTo: %u %u\n\n", "OK\nTo: %u %u me\n\n", "|To: " },
	{ "a constant is one by chance", "CALL %u\r\nLength: 0\r\n\r\n", "OK %u\r\nLength: 0\r\n\r\n", "" },
	{ "another line of that name", "CALL a\r\nId: %u %u\r\n\r\n", "OK\r\nId: x%u %u\r\n\r\n", "" },
	{ "part of a word", "CALL a\r\nId: %u\r\n\r\n", "OK\r\nId: %u%u\r\n\r\n", "" },
	{ "the first line is no header", "Id: %u\r\n\r\n", "OK\r\nId: %u\r\n\r\n", "" },
	{ "nor what stands behind the head", "CALL a\r\n\r\nId: %u\r\n", "OK\r\nId: %u\r\n\r\n", "" },
};

POOLED(repeats, what_comes_back_varying_behind_the_name_of_a_line_is_a_habit)
{
	for (size_t i = 0; i < ARRAY_LEN(habits); i++) {
		struct lexer l;
		struct repeats r = learned(pool, habits[i].asked, habits[i].said, &l);
		char names[128] = "";

		for (uint32_t k = 0; k < r.n; k++)
			sprintf(names + strlen(names), "|%.*s", (int)r.name[k].n, (const char *)r.name[k].p);
		cr_expect_str_eq(names, habits[i].names, "%s: %s", habits[i].what, names);
	}
}

static size_t
bytes_at(const struct repeats *r, const struct lexer *l, const char *asked, const char *said)
{
	uint32_t name;

	return repeats_at(r, l, span_str(asked), span_str(said), &name);
}

POOLED(repeats, all_lines_of_a_name_come_back_one_behind_the_other)
{
	static const char asked[] = "CALL b\r\nVia: a\r\nTo: x\r\nVia: b c\r\n\r\n";
	struct lexer l;
	struct repeats r = learned(pool, "CALL a\r\nVia: %u\r\n\r\n", "OK\r\nVia: %u\r\n\r\n", &l);

	cr_expect_eq(bytes_at(&r, &l, asked, "Via: a\r\nVia: b c\r\nTo: x\r\n"), 16);
	cr_expect_eq(bytes_at(&r, &l, asked, "Via: a\r\nVia: b c me\r\n"), 16);
	cr_expect_eq(bytes_at(&r, &l, asked, "Via: a\r\nVia: b cd\r\n"), 0);
	cr_expect_eq(bytes_at(&r, &l, asked, "Via: a\r\n"), 0);
	cr_expect_eq(bytes_at(&r, &l, asked, "To: x\r\n"), 0, "no habit");
	cr_expect_eq(bytes_at(&r, &l, "CALL b\r\n\r\n", "Via: a\r\n"), 0, "nothing to repeat");
}

/* Of replies to half of the questions: what they write into the line goes with it. */
POOLED(repeats, a_line_that_replies_write_into_is_one_whatever_they_write)
{
	struct handmade h = handmade(pool, PROTO_UDP, 5060);
	struct separators_pair pair[PAIRS];
	struct repeats r;
	struct lexer l;

	for (unsigned i = 0; i < PAIRS; i++) {
		pair[i].asked = span_str(handmade_line(&h, "CALL a\r\nVia: %u x\r\nTo: b%u\r\n\r\n", i * 37, i));
		pair[i].said = span_str(handmade_line(&h, "OK\r\nVia: %u %sx\r\nTo: b%u%s\r\n\r\n", i * 37,
			i % 2 ? "port 5 " : "", i, i % 2 ? " me" : ""));
	}
	lexer_learn(&l, false, &pair[0].asked, 1);
	repeats_learn(&r, pool, &l, pair, PAIRS);
	cr_assert_eq(r.n, 2);
	cr_expect(r.written[0]);
	cr_expect_not(r.written[1], "me stands behind it");
	cr_expect_eq(bytes_at(&r, &l, "C\r\nVia: 1 x\r\n\r\n", "Via: 1 port 7 x\r\n\r\n"), 15);
	cr_expect_eq(bytes_at(&r, &l, "C\r\nVia: 1 x\r\n\r\n", "Via: x port 7 1\r\n\r\n"), 0);
	cr_expect_eq(bytes_at(&r, &l, "C\r\nTo: 1 x\r\n\r\n", "To: 1 x me\r\n\r\n"), 7);
}
