#include "learning/scriptgen/align.h"

#include <stdio.h>

#include "tests/pooled.h"

/* The best score by trying everything. */
static int
brute(const char *a, const char *b)
{
	int best;

	if (*a == '\0' || *b == '\0')
		return (int)(strlen(a) + strlen(b)) * ALIGN_GAP;
	best = brute(a + 1, b + 1) + (*a == *b ? ALIGN_MATCH : ALIGN_MISMATCH);
	best = MAX(best, brute(a + 1, b) + ALIGN_GAP);
	return MAX(best, brute(a, b + 1) + ALIGN_GAP);
}

/* The k-th string over three letters, shortest first. */
static void
string_of(char *to, unsigned k)
{
	unsigned n = 0, many = 1;

	for (; k >= many; many *= 3, n++)
		k -= many;
	to[n] = '\0';
	for (; n-- > 0; k /= 3)
		to[n] = (char)('a' + k % 3);
}

Test(align, scores_are_the_best_there_are)
{
	enum { UP_TO_FIVE = 364 };
	char a[8], b[8];

	for (unsigned i = 0; i < UP_TO_FIVE; i += 3)
		for (unsigned k = i; k < UP_TO_FIVE; k += 2) {
			struct align_score s, back;

			string_of(a, i);
			string_of(b, k);
			s = align_pair(span_str(a), span_str(b));
			back = align_pair(span_str(b), span_str(a));
			cr_assert_eq(s.score, brute(a, b), "%s / %s", a, b);
			cr_assert(s.score == back.score && s.same == back.same, "%s / %s", a, b);
		}
}

Test(align, the_example_of_the_paper_s_specification)
{
	struct align_score s = align_pair(span_str("GET /a"), span_str("GET /bc"));

	cr_assert_eq(s.score, 15);
	cr_assert_eq(s.same, 5);
	cr_assert_float_eq(align_distance(span_str("GET /a"), span_str("GET /bc")), 2.0 / 7, 1e-9);
	cr_assert_float_eq(align_distance(span_str(""), span_str("")), 0, 0);
	cr_assert_float_eq(align_distance(span_str(""), span_str("x")), 1, 0);
}

/* Rows as words, gaps as -. */
static const char *
row_of(struct pool *pool, const struct alignment *a, uint32_t row)
{
	char *to = pool_alloc(pool, a->columns + 1);

	for (uint32_t c = 0; c < a->columns; c++)
		to[c] = align_cell(a, row, c) == ALIGN_NONE ? '-' : (char)align_cell(a, row, c);
	return to;
}

POOLED(align, groups_join_by_what_stands_in_their_columns)
{
	struct alignment one[4], ab, abc, all, some;
	const char *say[] = { "HELO a", "HELO bob", "HELO carol", "HELO d" };

	for (unsigned i = 0; i < 4; i++)
		align_one(&one[i], pool, span_str(say[i]));
	align_join(&ab, pool, &one[0], &one[1]);
	cr_assert_str_eq(row_of(pool, &ab, 1), "HELO bob");
	cr_assert_eq(strlen(row_of(pool, &ab, 0)), 8);
	align_join(&abc, pool, &ab, &one[2]);
	align_join(&all, pool, &abc, &one[3]);
	cr_assert_eq(all.rows, 4);
	cr_assert_eq(all.columns, 10);
	for (uint32_t r = 0; r < 4; r++)
		cr_assert_eq(memcmp(row_of(pool, &all, r), "HELO ", 5), 0, "%s", row_of(pool, &all, r));
	align_rows(&some, pool, &all, (uint32_t[]){ 3, 0 }, 2);
	cr_assert_eq(some.rows, 2);
	cr_assert_leq(some.columns, 7, "columns without a byte are gone");
}

/* Bytes in the middle of a long message that the other lacks: found in the band, the rest lines up. */
POOLED(align, long_messages_are_aligned_in_a_band)
{
	uint8_t *a = pool_alloc(pool, 5000), *b = pool_alloc(pool, 5000);
	struct alignment x, y, both;

	for (unsigned i = 0; i < 5000; i++)
		a[i] = (uint8_t)(i * 2654435761u >> 24);
	memcpy(b, a, 500);
	memcpy(b + 500, "0123456789", 10);
	memcpy(b + 510, a + 500, 4490);
	cr_assert_geq(align_pair(span_of(a, 600), span_of(b, 610)).same, 600);
	cr_assert_leq(align_pair(span_of(a, 5000), span_of(b, 5000)).same, (uint32_t)ALIGN_MAX);
	align_one(&x, pool, span_of(a, 600));
	align_one(&y, pool, span_of(b, 610));
	align_join(&both, pool, &x, &y);
	cr_assert_eq(both.columns, 610);
	for (uint32_t c = 500; c < 510; c++)
		cr_assert_eq(align_cell(&both, 0, c), ALIGN_NONE);
}
