#include "learning/distance.h"

enum { WORD = 64, SWAPS_CELLS = 1 << 26 };

/* One column step of a block: horizontal differences in and out at its edges. */
static int
advance(uint64_t *pv, uint64_t *mv, uint64_t eq, int hin)
{
	uint64_t xv = eq | *mv, xh, ph, mh;
	int hout;

	eq |= hin < 0;
	xh = (((eq & *pv) + *pv) ^ *pv) | eq;
	ph = *mv | ~(xh | *pv);
	mh = *pv & xh;
	hout = (int)(ph >> (WORD - 1)) - (int)(mh >> (WORD - 1));
	ph = ph << 1 | (hin > 0);
	mh = mh << 1 | (hin < 0);
	*pv = mh | ~(xv | ph);
	*mv = ph & xv;
	return hout;
}

size_t
distance(struct pool *pool, struct span a, struct span b)
{
	struct span rows = a.n < b.n ? a : b, cols = a.n < b.n ? b : a;
	size_t blocks = (rows.n + WORD - 1) / WORD, score = rows.n;
	uint64_t *eq, *pv, *mv, last;

	if (rows.n == 0)
		return cols.n;
	eq = pool_array(pool, 256 * blocks, sizeof *eq);
	pv = pool_array(pool, 2 * blocks, sizeof *pv);
	mv = pv + blocks;
	last = (uint64_t)1 << (rows.n - 1) % WORD;
	for (size_t i = 0; i < rows.n; i++)
		eq[rows.p[i] * blocks + i / WORD] |= (uint64_t)1 << i % WORD;
	memset(pv, 0xff, blocks * sizeof *pv);
	for (size_t j = 0; j < cols.n; j++) {
		const uint64_t *e = eq + cols.p[j] * blocks;
		int h = 1;	/* the first row counts up: the whole of both strings is compared */

		for (size_t k = 0; k + 1 < blocks; k++)
			h = advance(&pv[k], &mv[k], e[k], h);
		/* the last block is read at the last row, before the shift hides it */
		{
			size_t k = blocks - 1;
			uint64_t eqk = e[k] | (uint64_t)(h < 0), xh = (((eqk & pv[k]) + pv[k]) ^ pv[k]) | eqk;

			score += ((mv[k] | ~(xh | pv[k])) & last) != 0;
			score -= ((pv[k] & xh) & last) != 0;
			advance(&pv[k], &mv[k], e[k], h);
		}
	}
	return score;
}

size_t
distance_swaps(struct pool *pool, struct span a, struct span b)
{
	uint32_t *row, *above, *over;	/* of the table, the last three; one column more than b */

	for (; a.n > 0 && b.n > 0 && a.p[0] == b.p[0]; a = span_sub(a, 1, a.n), b = span_sub(b, 1, b.n))
		;
	for (; a.n > 0 && b.n > 0 && a.p[a.n - 1] == b.p[b.n - 1]; a.n--, b.n--)
		;
	if (a.n == 0 || b.n == 0)
		return a.n + b.n;
	if (a.n > SWAPS_CELLS / b.n)
		return distance(pool, a, b);
	row = pool_array(pool, 3 * (b.n + 1), sizeof *row);
	above = row + b.n + 1;
	over = above + b.n + 1;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = (uint32_t)j;
	for (size_t i = 1; i <= a.n; i++) {
		uint32_t *last = over;

		over = above;
		above = row;
		row = last;
		row[0] = (uint32_t)i;
		for (size_t j = 1; j <= b.n; j++) {
			bool differ = a.p[i - 1] != b.p[j - 1];
			uint32_t edits = MIN(MIN(row[j - 1], above[j]) + 1, above[j - 1] + differ);

			if (differ && i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				edits = MIN(edits, over[j - 2] + 1);
			row[j] = edits;
		}
	}
	return row[b.n];
}

double
similarity(struct pool *pool, struct span a, struct span b)
{
	size_t longer = MAX(a.n, b.n);

	return longer == 0 ? 1 : 1 - (double)distance(pool, a, b) / (double)longer;
}
