#include "learning/eom.h"
#include "models/session.h"
#include "tests/cases.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

/* Messages of every eom kind with n of each line, formatted with a running number. */
static struct span *
numbered(struct pool *pool, const char *const *fmt, size_t nfmt, size_t n)
{
	struct span *m = pool_array(pool, n, sizeof *m);

	for (size_t i = 0; i < n; i++) {
		char *text = pool_alloc(pool, 256);

		m[i] = span_of(text, (size_t)snprintf(text, 256, fmt[i % nfmt], (int)(i * 37)));
	}
	return m;
}

POOLED(eom, lines_end_with_their_line_end)
{
	static const char *const lines[] = { "USER u%d\r\n", "QUIT\r\n", "RETR f.%d.txt\r\n" };
	struct text_eom e;

	eom_learn(&e, pool, numbered(pool, lines, 3, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\r\n")), "not a part of it");
	cr_expect_eq(e.error, 0);
}

POOLED(eom, a_bare_line_feed_is_enough)
{
	static const char *const lines[] = { "get %d\n", "stats\n" };
	struct text_eom e;

	eom_learn(&e, pool, numbered(pool, lines, 2, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\n")));
}

POOLED(eom, a_few_messages_in_several_lines_are_told_as_error)
{
	static const char *const lines[] = { "USER u%d\r\n", "QUIT\r\n", "A %d\r\n", "B\r\n", "C\r\n",
		"D\r\n", "E\r\n", "F\r\n", "G\r\n", "two\r\nlines %d\r\n" };
	struct text_eom e;

	eom_learn(&e, pool, numbered(pool, lines, 10, 100), 100);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect_float_eq(e.error, 0.1, 1e-9);
}

POOLED(eom, http_without_bodies_ends_with_an_empty_line)
{
	static const char *const lines[] = { "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /x HTTP/1.1\r\nHost: b\r\nX: %d\r\n\r\n" };
	struct text_eom e;

	eom_learn(&e, pool, numbered(pool, lines, 2, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\r\n\r\n")));
}

POOLED(eom, http_with_bodies_says_their_length_in_its_head)
{
	enum { N = 60 };
	struct span *m = pool_array(pool, N, sizeof *m);
	struct text_eom e;

	for (int i = 0; i < N; i++) {
		char *text = pool_alloc(pool, 256);
		int n = 4 + i % 5;

		m[i] = span_of(text, (size_t)(i % 2 ? sprintf(text, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		    : sprintf(text, "POST /%d HTTP/1.1\r\nContent-Length: %d\r\n\r\n%0*d", i, n, n, i)));
	}
	eom_learn(&e, pool, m, N);
	cr_assert_eq(e.kind, EOM_DECIMAL);
	cr_expect(span_eq(e.term, span_str("\r\n\r\n")));
	cr_expect(span_eq(e.label, span_str("Content-Length:")), "without blanks, which may differ");
	cr_expect_eq(e.error, 0);
}

static const struct {
	unsigned at, width;
	uint8_t format;
	unsigned plus;		/* bytes that the field does not count */
} fields[] = {
	{ 0, 2, FMT_BE, 2 },
	{ 0, 4, FMT_BE, 4 },
	{ 2, 2, FMT_BE, 0 },
	{ 1, 1, FMT_BE, 2 },
	{ 4, 4, FMT_LE, 8 },
	{ 3, 2, FMT_LE, 7 },
};

EACH_CASE(eom, a_length_field_is_found_wherever_it_stands, fields)
{
	enum { N = 64 };
	struct span m[N];
	struct pool pool;
	struct text_eom e;

	pool_init(&pool, 0);
	for (unsigned k = 0; k < N; k++) {
		size_t n = 16 + k * 3 % 50;
		uint8_t *b = pool_alloc(&pool, n);
		uint32_t v = (uint32_t)n - fields[*i].plus;

		for (size_t j = 0; j < n; j++)	/* no byte of it repeats at the end */
			b[j] = (uint8_t)(k * 31 + j * j * 7);
		for (unsigned w = 0; w < fields[*i].width; w++)
			b[fields[*i].at + (fields[*i].format == FMT_BE ? fields[*i].width - 1 - w : w)] =
			    (uint8_t)(v >> 8 * w);
		m[k] = span_of(b, n);
	}
	eom_learn(&e, &pool, m, N);
	cr_assert_eq(e.kind, EOM_LENGTH);
	for (unsigned k = 0; k < N; k++)
		cr_expect_eq(eom_first(&e, m[k]), m[k].n);
	cr_expect_eq(e.error, 0);
	pool_fini(&pool);
}

POOLED(eom, noise_and_nothing_end_by_push)
{
	enum { N = 64 };
	struct span m[N];
	uint32_t seed = 5;
	struct text_eom e;

	for (unsigned k = 0; k < N; k++) {
		size_t n = 5 + k % 40;
		uint8_t *b = pool_alloc(pool, n);

		for (size_t j = 0; j < n; j++)
			b[j] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		m[k] = span_of(b, n);
	}
	eom_learn(&e, pool, m, N);
	cr_expect_eq(e.kind, EOM_PUSH);
	eom_learn(&e, pool, NULL, 0);
	cr_expect_eq(e.kind, EOM_PUSH);
	eom_learn(&e, pool, &(struct span){ (const uint8_t *)"", 0 }, 1);
	cr_expect_eq(e.kind, EOM_PUSH);
}

/*
 * The runtime is the judge: eom_first() must find the ends that session_feed() finds. A rule is
 * put into a model whose only template takes anything.
 */
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
#define LENGTH2(times, plus) { .kind = EOM_LENGTH, 2, FMT_BE, 1, times, plus, 0, { 0 }, { 0 }, 0 }, \
	"length at 1 width 2 be times " #times " plus " #plus
#define TERM { .kind = EOM_TERM, .term = BYTES("\r\n") }, "term \"\\r\\n\""

static const struct {
	const char *what;
	struct text_eom eom;
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
	{ "a field", LENGTH2(1, 0), BYTES("\1\0\5xyz"), 5 },
	{ "a field and more", LENGTH2(1, 3), BYTES("\1\0\2xyz"), 5 },
	{ "half a field", LENGTH2(1, 3), BYTES("\1\0"), 0 },
	{ "a field of words", LENGTH2(2, 0), BYTES("\1\0\3xyz"), 6 },
	{ "a length that ends before its field does", LENGTH2(1, 0), BYTES("\1\0\0xyz"), 3 },
	{ "a length below nothing", LENGTH2(1, -4), BYTES("\1\0\1xyz"), 3 },
	{ "a field that says more than there is", LENGTH2(1, 0), BYTES("\1\377\377xyz"), 0 },
};

EACH_CASE(eom, ends_where_the_runtime_ends, ends)
{
	cr_expect_eq(eom_first(&ends[*i].eom, ends[*i].in), ends[*i].end, "%s: %zu",
	    ends[*i].what, eom_first(&ends[*i].eom, ends[*i].in));
	cr_expect_eq(runtime_first(ends[*i].rule, ends[*i].in), ends[*i].end, "%s: %zu at run time",
	    ends[*i].what, runtime_first(ends[*i].rule, ends[*i].in));
}

Test(eom, no_message_is_longer_than_the_runtime_takes)
{
	static uint8_t b[MODEL_MESSAGE_BYTES + 100];
	const struct text_eom term = { .kind = EOM_TERM, .term = BYTES("\r\n") };
	const struct text_eom push = { .kind = EOM_PUSH };

	memset(b, 'a', sizeof b);
	cr_expect_eq(eom_first(&term, span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(runtime_first("term \"\\r\\n\"", span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(eom_first(&push, span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(runtime_first("push", span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
}
