#include "learning/ending.h"
#include "tests/cases.h"
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

POOLED(ending, lines_end_with_their_line_end)
{
	static const char *const lines[] = { "USER u%d\r\n", "QUIT\r\n", "RETR f.%d.txt\r\n" };
	struct text_eom e;

	ending_learn(&e, pool, numbered(pool, lines, 3, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\r\n")), "not a part of it");
	cr_expect_eq(e.error, 0);
}

POOLED(ending, a_bare_line_feed_is_enough)
{
	static const char *const lines[] = { "get %d\n", "stats\n" };
	struct text_eom e;

	ending_learn(&e, pool, numbered(pool, lines, 2, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\n")));
}

POOLED(ending, a_few_messages_in_several_lines_are_told_as_error)
{
	static const char *const lines[] = { "USER u%d\r\n", "QUIT\r\n", "A %d\r\n", "B\r\n", "C\r\n",
		"D\r\n", "E\r\n", "F\r\n", "G\r\n", "two\r\nlines %d\r\n" };
	struct text_eom e;

	ending_learn(&e, pool, numbered(pool, lines, 10, 100), 100);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect_float_eq(e.error, 0.1, 1e-9);
}

POOLED(ending, http_without_bodies_ends_with_an_empty_line)
{
	static const char *const lines[] = { "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /x HTTP/1.1\r\nHost: b\r\nX: %d\r\n\r\n" };
	struct text_eom e;

	ending_learn(&e, pool, numbered(pool, lines, 2, 60), 60);
	cr_expect_eq(e.kind, EOM_TERM);
	cr_expect(span_eq(e.term, span_str("\r\n\r\n")));
}

POOLED(ending, http_with_bodies_says_their_length_in_its_head)
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
	ending_learn(&e, pool, m, N);
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

EACH_CASE(ending, a_length_field_is_found_wherever_it_stands, fields)
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
	ending_learn(&e, &pool, m, N);
	cr_assert_eq(e.kind, EOM_LENGTH);
	for (unsigned k = 0; k < N; k++)
		cr_expect_eq(ending_first(&e, m[k]), m[k].n);
	cr_expect_eq(e.error, 0);
	pool_fini(&pool);
}

POOLED(ending, lines_tell_how_many_parts_and_bytes_follow)
{
	enum { N = 60 };
	struct span m[N];
	struct text_eom e;

	for (unsigned k = 0; k < N; k++) {
		const char *one = k % 5 == 0 ? "*1\r\n$4\r\nPING\r\n"
		    : k % 5 == 1 ? "*2\r\n$3\r\nGET\r\n$2\r\n*7\r\n" : "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n$1\r\n";

		m[k] = k % 10 != 9 ? span_str(one) : span_str("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
	}
	ending_learn(&e, pool, m, N);
	cr_assert_eq(e.kind, EOM_PARTS);
	cr_expect(span_eq(e.label, span_str("$*")), "%.*s", (int)e.label.n, e.label.p);
	cr_expect(span_eq(e.term, span_str("\r\n")));
	cr_expect_eq(ending_first(&e, m[9]), 14);
	cr_expect_float_eq(e.error, 0.1, 1e-9);
}

POOLED(ending, noise_and_nothing_end_by_push)
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
	ending_learn(&e, pool, m, N);
	cr_expect_eq(e.kind, EOM_PUSH);
	ending_learn(&e, pool, NULL, 0);
	cr_expect_eq(e.kind, EOM_PUSH);
	ending_learn(&e, pool, &(struct span){ (const uint8_t *)"", 0 }, 1);
	cr_expect_eq(e.kind, EOM_PUSH);
}

Test(ending, a_message_that_does_not_end_is_as_long_as_the_runtime_waits)
{
	static uint8_t b[MODEL_MESSAGE_BYTES + 100];
	const struct text_eom term = { .kind = EOM_TERM, .term = span_str("\r\n") };
	const struct text_eom push = { .kind = EOM_PUSH };

	memset(b, 'a', sizeof b);
	cr_expect_eq(ending_first(&term, span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(ending_first(&term, span_of(b, 100)), 0);
	cr_expect_eq(ending_first(&push, span_of(b, sizeof b)), (size_t)MODEL_MESSAGE_BYTES);
	cr_expect_eq(ending_first(&push, span_of(b, 100)), 100);
	cr_expect_eq(ending_first(&push, span_of(b, 0)), 0);
}
