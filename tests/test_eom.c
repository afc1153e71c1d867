/* Where a message ends, asked directly and through a conversation. */
#include "models/eom.h"

#include "models/session.h"
#include "tests/cases.h"
#include "tests/model_of.h"

/* Where the first message in s ends as the runtime sees it; 0: not in s. Its only template takes anything. */
static size_t
runtime_first(const char *rule, struct span s)
{
	static const struct session_env env = { .own_port = 21 };
	char text[1024];
	struct model *m;
	struct session sess;
	struct fields f;
	struct turn t;
	size_t n;

	snprintf(text, sizeof text, "mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\n"
	    "separators \" \"\nstart 0\neom 0 %s error 0.0\ntemplate 0 support 1 from hand\n"
	    "  match tail\nreply 0 support 1 from hand\n  say \"ok\"\n"
	    "state 0 eom 0 support 1 \"\"\n  on message 0\n"
	    "    alt weight 1 say 0 goto 0 conf 1.0 scope pair from hand\n", rule);
	m = model_of(text);
	session_init(&sess, m);
	n = session_feed(&sess, NULL, m, &env, s, 0, &f, &t);
	model_destroy(m);
	return t.taken ? n : 0;
}

#define BYTES(s) { (const uint8_t *)(s), sizeof(s) - 1 }
#define DECIMAL { .kind = EOM_DECIMAL, .term = BYTES("\r\n\r\n"), .label = BYTES("Content-Length:") }, \
	"decimal label \"Content-Length:\" term \"\\r\\n\\r\\n\""
#define DECIMAL_BLANK { .kind = EOM_DECIMAL, .term = BYTES("\r\n\r\n"), \
	.label = BYTES("\nContent-Length: ") }, \
	"decimal label \"\\nContent-Length: \" term \"\\r\\n\\r\\n\""
#define LENGTH2(times, plus) { EOM_LENGTH, 2, FMT_BE, 1, times, plus, { 0 }, { 0 } }, \
	"length at 1 width 2 be times " #times " plus " #plus
#define PARTS { .kind = EOM_PARTS, .term = BYTES("\r\n"), .label = BYTES("$*") }, "parts \"$*\" term \"\\r\\n\""
#define TERM { .kind = EOM_TERM, .term = BYTES("\r\n") }, "term \"\\r\\n\""

static const struct {
	const char *what;
	struct eom eom;
	const char *rule;
	struct span in;
	size_t end;
} ends[] = {
	{ "a line", TERM, BYTES("USER a\r\nPASS b\r\n"), 8 },
	{ "half a line end", TERM, BYTES("USER a\r"), 0 },
	{ "nothing", TERM, BYTES(""), 0 },
	{ "a body", DECIMAL, BYTES("A\r\nContent-Length: 3\r\n\r\nxyzB"), 27 },
	{ "a body with a piece missing", DECIMAL, BYTES("A\r\nContent-Length: 3\r\n\r\nxy"), 0 },
	{ "no label", DECIMAL, BYTES("A\r\nHost: a\r\n\r\nxyz"), 14 },
	{ "a label in other letters", DECIMAL, BYTES("A\r\ncontent-length: 3\r\n\r\nxyzB"), 27 },
	{ "a label without a blank", DECIMAL, BYTES("A\r\nContent-Length:3\r\n\r\nxyzB"), 26 },
	{ "a label with blanks and tabs", DECIMAL, BYTES("A\r\nContent-Length: \t 3\r\n\r\nxyzB"), 29 },
	{ "no number", DECIMAL, BYTES("A\r\nContent-Length: x\r\n\r\nxyzB"), 24 },
	{ "a label that ends in a blank", DECIMAL_BLANK, BYTES("A\r\nCONTENT-Length:  3\r\n\r\nxyzB"), 28 },
	{ "parts", PARTS, BYTES("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n"), 20 },
	{ "a part that is a line", PARTS, BYTES("PING\r\n*1\r\n"), 6 },
	{ "bytes that look like parts", PARTS, BYTES("$7\r\n*3\r\n$1\r\r\n*1\r\n"), 13 },
	{ "parts in a part", PARTS, BYTES("*2\r\n*1\r\n:1\r\n$-1\r\n:2\r\n"), 17 },
	{ "no parts", PARTS, BYTES("*0\r\n*1\r\n"), 4 },
	{ "a part missing", PARTS, BYTES("*2\r\n$3\r\nGET\r\n"), 0 },
	{ "a part begun", PARTS, BYTES("*2\r\n$3\r\nGET\r\n$1"), 0 },
	{ "a mark and no number", PARTS, BYTES("*x\r\n$\r\n"), 4 },
	{ "a field", LENGTH2(1, 0), BYTES("\1\0\5xyz"), 5 },
	{ "a field and more", LENGTH2(1, 3), BYTES("\1\0\2xyz"), 5 },
	{ "half a field", LENGTH2(1, 3), BYTES("\1\0"), 0 },
	{ "a field of words", LENGTH2(2, 0), BYTES("\1\0\3xyz"), 6 },
	{ "a length that ends before its field does", LENGTH2(1, 0), BYTES("\1\0\0xyz"), 3 },
	{ "a length below nothing", LENGTH2(1, -4), BYTES("\1\0\1xyz"), 3 },
	{ "a field that says more than there is", LENGTH2(1, 0), BYTES("\1\377\377xyz"), 0 },
};

EACH_CASE(eom, a_conversation_ends_messages_there, ends)
{
	size_t n = eom_end(&ends[*i].eom, ends[*i].in, 0);

	cr_expect_eq(n <= ends[*i].in.n ? n : 0, ends[*i].end, "%s: %zu", ends[*i].what, n);
	cr_expect_eq(runtime_first(ends[*i].rule, ends[*i].in), ends[*i].end, "%s: %zu at run time",
	    ends[*i].what, runtime_first(ends[*i].rule, ends[*i].in));
}

EACH_CASE(eom, how_the_bytes_are_cut_makes_no_difference, ends)
{
	struct span in = ends[*i].in;
	size_t whole = eom_end(&ends[*i].eom, in, 0);

	for (size_t step = 1; step <= 3; step++) {
		size_t n = 0, at = 0, before = 0;

		for (; n == 0 && before < in.n; before = at) {
			at = MIN(before + step, in.n);
			n = eom_end(&ends[*i].eom, span_sub(in, 0, at), before);
		}
		cr_expect_eq(n, whole, "%s by %zu bytes: %zu", ends[*i].what, step, n);
	}
}

Test(eom, what_was_searched_is_not_searched_again)
{
	const struct eom e = { .kind = EOM_TERM, .term = BYTES("\r\n") };

	cr_expect_eq(eom_end(&e, span_str("a\r\nb\r\n"), 0), 3);
	cr_expect_eq(eom_end(&e, span_str("a\r\nb\r\n"), 3), 6);
	cr_expect_eq(eom_end(&e, span_str("ab\r\n"), 3), 4, "half a terminator is");
}

Test(eom, parts_are_counted_as_far_as_anybody_needs)
{
	static const struct eom parts = { .kind = EOM_PARTS, .term = BYTES("\n"), .label = BYTES("$*") };
	static uint8_t b[8 * EOM_MAX_PARTS];

	for (size_t i = 0; i < sizeof b; i += 4)
		memcpy(b + i, "*9\nx", 4);	/* each asks for more than it answers */
	memcpy(b, "*999999999999\n", 14);
	b[14] = '\n';
	cr_expect_eq(eom_end(&parts, span_sub(span_of(b, sizeof b), 0, 4000), 0), 0);
	cr_expect_eq(eom_end(&parts, span_of(b, sizeof b), 0) > 0, true);
	cr_expect_eq(eom_end(&parts, span_str("$999999999999\n"), 0), (size_t)MODEL_MESSAGE_BYTES);
}

Test(eom, no_message_is_longer_than_the_runtime_takes)
{
	static uint8_t b[MODEL_MESSAGE_BYTES + 100];
	const struct eom length = { .kind = EOM_LENGTH, .width = 4, .format = FMT_BE,
		.times = INT32_MAX, .plus = INT32_MAX };
	const struct eom decimal = { .kind = EOM_DECIMAL, .term = BYTES("\n"), .label = BYTES("n") };
	const struct eom push = { .kind = EOM_PUSH };

	memset(b, 'a', sizeof b);
	cr_expect_eq(runtime_first("term \"\\r\\n\"", span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(runtime_first("push", span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(eom_end(&push, span_of(b, 100), 0), 0, "its bytes do not tell");
	memset(b, 0xff, 4);
	cr_expect_eq(eom_field(&length, span_of(b, 4)), (int64_t)UINT32_MAX);
	cr_expect_eq(eom_field(&length, span_of(b, 3)), -1);
	cr_expect_eq(eom_end(&length, span_of(b, 4), 0), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(eom_end(&decimal, span_str("n99999999999999999999999\n"), 0),
	    (size_t)MODEL_MESSAGE_BYTES);
}
