#include <stdlib.h>

#include "learning/reasm.h"
#include "tests/cases.h"

struct stream {
	char text[4096];
	size_t n;
};

static void
append(void *ctx, struct span bytes, int64_t ts_ns)
{
	struct stream *s = ctx;

	(void)ts_ns;
	cr_assert_leq(s->n + bytes.n, sizeof s->text - 1);
	memcpy(s->text + s->n, bytes.p, bytes.n);
	s->n += bytes.n;
}

/* Segments as position:text, '@n' acknowledges n, '!' the conversation moves on, '$' FIN at n. */
static const struct {
	const char *what;
	struct { int at; const char *text; } seg[8];
	const char *out;
	bool gap;
	uint64_t old;
} cases[] = {
	{ "in order", { { 0, "abc" }, { 3, "def" } }, "abcdef" },
	{ "a retransmission", { { 0, "abc" }, { 0, "abc" }, { 3, "d" } }, "abcd", .old = 3 },
	{ "a retransmission with more", { { 0, "abc" }, { 0, "abcde" } }, "abcde", .old = 3 },
	{ "swapped", { { 3, "def" }, { 0, "abc" } }, "abcdef" },
	{ "three backwards", { { 6, "ghi" }, { 3, "def" }, { 0, "abc" } }, "abcdefghi" },
	{ "first wins against what was handed out", { { 0, "abc" }, { 1, "XYd" } }, "abcd", .old = 2 },
	{ "first wins against what is held", { { 3, "def" }, { 0, "abcXY" } }, "abcdef" },
	{ "an early piece over two others", { { 2, "c" }, { 4, "e" }, { 1, "BXDXF" }, { 0, "a" } }, "aBcDeF" },
	{ "an early piece within another", { { 1, "bcdef" }, { 2, "XY" }, { 0, "a" } }, "abcdef", .old = 2 },
	{ "a hole at the end of the capture", { { 0, "abc" }, { 5, "fg" } }, "abcfg", true },
	{ "a hole acknowledged, filled late", { { 0, "ab" }, { 4, "ef" }, { 6, "@" }, { 2, "cd" }, { 6, "g!" } }, "abcdefg" },
	{ "a hole acknowledged, moved on", { { 0, "ab" }, { 4, "ef" }, { 6, "@" }, { 0, "!" }, { 2, "cd" } }, "abef", true, 2 },
	{ "acknowledged bytes never seen", { { 0, "ab" }, { 9, "@" }, { 0, "!" }, { 9, "j" } }, "abj", true },
	{ "the FIN is no byte", { { 0, "ab" }, { 2, "$" }, { 3, "@" }, { 0, "!" } }, "ab" },
	{ "a FIN behind a hole", { { 0, "ab" }, { 5, "$" } }, "ab", true },
	{ "bytes behind a FIN", { { 2, "$" }, { 8, "xyz" }, { 0, "ab" }, { 2, "cd" } }, "ab" },
	{ "bytes behind a FIN behind a hole", { { 0, "ab" }, { 4, "$" }, { 8, "xyz" } }, "ab", true },
	{ "a keep-alive of one old byte", { { 0, "ab" }, { 1, "X" }, { 2, "c" } }, "abc", .old = 1 },
};

static int
play(struct pool *p, void *ctx)
{
	size_t i = *(size_t *)ctx;

	for (uint32_t isn = 0xfffffff8u; isn != 3; isn++) {	/* the wrap at every place */
		struct stream got = { .n = 0 };
		struct reasm r = { 0 };

		reasm_syn(&r, isn);
		for (int k = 0; k < 8 && cases[i].seg[k].text != NULL; k++) {
			const char *t = cases[i].seg[k].text;
			uint32_t seq = isn + 1 + (uint32_t)cases[i].seg[k].at;
			size_t n = strlen(t);

			if (t[0] == '@') {
				reasm_acked(&r, seq);
			} else if (t[0] == '!') {
				reasm_settle(&r, append, &got);
			} else {
				bool fin = t[0] == '$', move = t[n - 1] == '!';

				reasm_segment(&r, p, seq, span_of(t, fin ? 0 : n - move), fin, k, append, &got);
				if (move)
					reasm_settle(&r, append, &got);
			}
		}
		reasm_end(&r, append, &got);
		cr_expect_str_eq(got.text, cases[i].out, "%s: %s", cases[i].what, got.text);
		cr_expect_eq(r.gaps > 0, cases[i].gap, "%s", cases[i].what);
		if (cases[i].old > 0)
			cr_expect_eq(r.old_bytes, cases[i].old, "%s", cases[i].what);
		cr_expect(r.pieces == 0 && r.held_bytes == 0 && r.first == NULL && r.last == NULL);
	}
	return 0;
}

EACH_CASE(reasm, every_byte_comes_once_and_in_order, cases)
{
	struct pool p;

	pool_init(&p, 0);
	cr_assert_eq(pool_run(&p, play, i), 0);
	pool_fini(&p);
}

/* Random cuts of one text, shuffled, repeated and overlapping, against the text itself. */
static int
shuffle(struct pool *p, void *ctx)
{
	uint64_t x = 88172645463325252u;
	char text[2000];

	(void)ctx;
	for (size_t k = 0; k < sizeof text; k++)
		text[k] = (char)('A' + k * 31 % 57);
	for (int round = 0; round < 300; round++) {
		struct stream got = { .n = 0 };
		struct reasm r = { 0 };
		uint32_t isn = (uint32_t)x;
		bool seen[sizeof text] = { 0 };
		size_t missing = sizeof text;

		reasm_syn(&r, isn);
		while (missing > 0) {
			size_t at, n;

			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			at = x % sizeof text;
			n = MIN(1 + (x >> 32) % 90, sizeof text - at);
			for (size_t k = at; k < at + n; k++) {
				missing -= !seen[k];
				seen[k] = true;
			}
			reasm_segment(&r, p, isn + 1 + (uint32_t)at, span_of(text + at, n), false, 0, append, &got);
		}
		cr_assert_eq(got.n, sizeof text);
		cr_assert_arr_eq(got.text, text, sizeof text);
		cr_assert(r.gaps == 0 && r.pieces == 0);
	}
	return 0;
}

Test(reasm, shuffled_overlapping_pieces_give_the_stream_back)
{
	struct pool p;

	pool_init(&p, 0);
	cr_assert_eq(pool_run(&p, shuffle, NULL), 0);
	pool_fini(&p);
}

static void
count(void *ctx, struct span bytes, int64_t ts_ns)
{
	(void)ts_ns;
	*(size_t *)ctx += bytes.n;
}

static int
flood(struct pool *p, void *ctx)
{
	struct reasm r = { 0 };
	size_t n = 0;

	(void)ctx;
	reasm_syn(&r, 0);
	for (uint32_t k = 0; k < 20000; k++) {
		reasm_segment(&r, p, 10 + k * 2, span_of("x", 1), false, 0, count, &n);
		cr_assert_leq(r.pieces, REASM_PIECES);
	}
	cr_expect_gt(r.gaps, 0);
	reasm_segment(&r, p, r.next + REASM_AHEAD + 1u, span_of("x", 1), false, 0, count, &n);
	cr_assert_leq(r.pieces, REASM_PIECES);
	return 0;
}

Test(reasm, what_is_held_is_bounded)
{
	struct pool p;

	pool_init(&p, 0);
	cr_assert_eq(pool_run(&p, flood, NULL), 0);
	pool_fini(&p);
}
