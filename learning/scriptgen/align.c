#include "learning/scriptgen/align.h"

#include <stdlib.h>

enum { UNIT = 2 * ALIGN_MAX };	/* of a score: below it the number of equal columns counts */
#define NEVER (INT32_MIN / 4)

static uint32_t
band_of(uint32_t na, uint32_t nb)
{
	uint32_t longest = MAX(na, nb);

	return longest <= ALIGN_FULL ? longest : ALIGN_BAND + longest - MIN(na, nb);
}

struct align_score
align_pair(struct span a, struct span b)
{
	uint32_t na = (uint32_t)MIN(a.n, (size_t)ALIGN_MAX), nb = (uint32_t)MIN(b.n, (size_t)ALIGN_MAX);
	uint32_t band = band_of(na, nb);
	int32_t row[ALIGN_MAX + 1], same;

	for (uint32_t j = 0; j <= nb; j++)
		row[j] = j <= band ? (int32_t)j * ALIGN_GAP * UNIT : NEVER;
	for (uint32_t i = 1; i <= na; i++) {
		uint32_t from = i > band ? i - band : 1, to = MIN(nb, i + band);
		int32_t diagonal = row[from - 1], left;

		left = row[from - 1] = from == 1 ? (int32_t)i * ALIGN_GAP * UNIT : NEVER;
		for (uint32_t j = from; j <= to; j++) {
			int32_t best = diagonal + (a.p[i - 1] == b.p[j - 1] ? ALIGN_MATCH * UNIT + 1
									    : ALIGN_MISMATCH * UNIT);

			diagonal = row[j];
			best = MAX(best, MAX(row[j], left) + ALIGN_GAP * UNIT);
			row[j] = left = best;
		}
	}
	same = row[nb] & (UNIT - 1);
	return (struct align_score){ (row[nb] - same) / UNIT, (uint32_t)same };
}

double
align_distance(struct span a, struct span b)
{
	size_t longest = MIN(MAX(a.n, b.n), (size_t)ALIGN_MAX);

	return longest == 0 ? 0 : 1 - align_pair(a, b).same / (double)longest;
}

void
align_one(struct alignment *out, struct pool *pool, struct span message)
{
	out->rows = 1;
	out->columns = (uint32_t)MIN(message.n, (size_t)ALIGN_MAX);
	out->cell = pool_array(pool, out->columns + 1, sizeof *out->cell);
	for (uint32_t i = 0; i < out->columns; i++)
		out->cell[i] = message.p[i];
}

struct column {			/* of the first group: its bytes and how often each stands there */
	uint8_t value[256];
	uint16_t count[256];
	uint32_t n, bytes;
};

static void
read_column(struct column *c, const struct alignment *a, uint32_t column)
{
	uint16_t count[256] = { 0 };

	c->n = c->bytes = 0;
	for (uint32_t r = 0; r < a->rows; r++) {
		int16_t v = align_cell(a, r, column);

		if (v == ALIGN_NONE)
			continue;
		c->bytes++;
		if (count[v]++ == 0)
			c->value[c->n++] = (uint8_t)v;
	}
	for (uint32_t k = 0; k < c->n; k++)
		c->count[k] = count[c->value[k]];
}

struct counts {			/* of the second group, by column */
	uint16_t (*of)[256];
	uint32_t *bytes;
};

static struct counts
read_counts(struct pool *pool, const struct alignment *b)
{
	struct counts c = { pool_array(pool, b->columns + 1, sizeof *c.of),
		pool_array(pool, b->columns + 1, sizeof *c.bytes) };

	for (uint32_t r = 0; r < b->rows; r++)
		for (uint32_t j = 0; j < b->columns; j++) {
			int16_t v = align_cell(b, r, j);

			if (v != ALIGN_NONE) {
				c.of[j][v]++;
				c.bytes[j]++;
			}
		}
	return c;
}

/* All pairs of a byte or gap of one column with one of the other; two gaps cost nothing. */
static int32_t
column_score(const struct column *a, uint32_t rows_a, const uint16_t b[256], uint32_t bytes_b,
    uint32_t rows_b)
{
	uint32_t pairs = a->bytes * bytes_b, equal = 0;

	for (uint32_t k = 0; k < a->n; k++)
		equal += (uint32_t)a->count[k] * b[a->value[k]];
	return (int32_t)equal * ALIGN_MATCH + (int32_t)(pairs - equal) * ALIGN_MISMATCH +
	    (int32_t)(a->bytes * (rows_b - bytes_b) + bytes_b * (rows_a - a->bytes)) * ALIGN_GAP;
}

/* Columns of both groups side by side, of a alone, of b alone. */
enum step { STEP_BOTH, STEP_A, STEP_B, STEPS };

struct cell {			/* the best score of all paths to here that end with a step */
	int32_t score[STEPS];
};

/* The best of coming from a cell with another step, which one it was in *from; open: for each other one. */
static int32_t
best_of(const struct cell *c, enum step step, int32_t open, uint8_t *from)
{
	int32_t best = NEVER * 2;

	for (unsigned s = 0; s < STEPS; s++) {
		int32_t score = c->score[s] + (s == (unsigned)step ? 0 : open);

		if (score > best) {
			best = score;
			*from = (uint8_t)s;
		}
	}
	return best;
}

struct paths {			/* of two groups: cells of one row of the table, steps of all */
	struct cell *row;
	uint8_t (*from)[STEPS];	/* (na + 1) x (nb + 1): the step before, per last step */
};

static void
fill(struct paths *p, struct pool *pool, const struct alignment *a, const struct alignment *b)
{
	uint32_t na = a->columns, nb = b->columns, band = band_of(na, nb);
	struct counts counts = read_counts(pool, b);
	int32_t open = (int32_t)(a->rows * b->rows) * ALIGN_OPEN;
	static const struct cell never = { { NEVER, NEVER, NEVER } };
	struct column c;

	p->row[0] = (struct cell){ { 0, NEVER, NEVER } };
	for (uint32_t j = 1; j <= nb; j++) {
		uint8_t *from = p->from[j];

		p->row[j] = never;
		if (j <= band)
			p->row[j].score[STEP_B] = best_of(&p->row[j - 1], STEP_B, open, &from[STEP_B]) +
			    (int32_t)(counts.bytes[j - 1] * a->rows) * ALIGN_GAP;
	}
	for (uint32_t i = 1; i <= na; i++) {
		uint32_t first = i > band ? i - band : 1, last = MIN(nb, i + band);
		uint8_t (*from)[STEPS] = p->from + (size_t)i * (nb + 1);
		struct cell diagonal = p->row[first - 1];
		int32_t gap_a;

		read_column(&c, a, i - 1);
		gap_a = (int32_t)(c.bytes * b->rows) * ALIGN_GAP;
		if (first == 1)
			p->row[0] = (struct cell){ { NEVER, best_of(&p->row[0], STEP_A, open,
				&from[0][STEP_A]) + gap_a, NEVER } };
		else
			p->row[first - 1] = never;
		for (uint32_t j = first; j <= last; j++) {
			struct cell above = p->row[j], *to = &p->row[j];

			to->score[STEP_BOTH] = best_of(&diagonal, STEP_BOTH, 0, &from[j][STEP_BOTH]) +
			    column_score(&c, a->rows, counts.of[j - 1], counts.bytes[j - 1], b->rows);
			to->score[STEP_A] = best_of(&above, STEP_A, open, &from[j][STEP_A]) + gap_a;
			to->score[STEP_B] = best_of(&p->row[j - 1], STEP_B, open, &from[j][STEP_B]) +
			    (int32_t)(counts.bytes[j - 1] * a->rows) * ALIGN_GAP;
			diagonal = above;
		}
	}
}

/* Steps from the end to the beginning; returns how many. */
static uint32_t
find_path(uint8_t *path, struct pool *pool, const struct alignment *a, const struct alignment *b)
{
	uint32_t i = a->columns, j = b->columns, width = b->columns + 1, n = 0;
	struct pool_mark mark = pool_mark(pool);
	struct paths p = { pool_array(pool, width, sizeof *p.row),
		pool_array(pool, (size_t)(i + 1) * width, sizeof *p.from) };
	uint8_t step;

	fill(&p, pool, a, b);
	best_of(&p.row[j], STEP_BOTH, 0, &step);
	while (i > 0 || j > 0) {
		uint8_t before = p.from[(size_t)i * width + j][step];

		path[n++] = step;
		i -= step != STEP_B;
		j -= step != STEP_A;
		step = before;
	}
	pool_release(pool, &mark);
	return n;
}

void
align_join(struct alignment *out, struct pool *pool, const struct alignment *a,
    const struct alignment *b)
{
	uint8_t *path = pool_alloc(pool, a->columns + b->columns + 1);
	uint32_t n = find_path(path, pool, a, b), i = 0, j = 0;

	*out = (struct alignment){ a->rows + b->rows, n, NULL };
	out->cell = pool_array(pool, (size_t)out->rows * n + 1, sizeof *out->cell);
	for (uint32_t k = 0; k < n; k++) {
		uint8_t s = path[n - 1 - k];

		for (uint32_t r = 0; r < a->rows; r++)
			out->cell[(size_t)r * n + k] = s == STEP_B ? ALIGN_NONE : align_cell(a, r, i);
		for (uint32_t r = 0; r < b->rows; r++)
			out->cell[(size_t)(a->rows + r) * n + k] =
			    s == STEP_A ? ALIGN_NONE : align_cell(b, r, j);
		i += s != STEP_B;
		j += s != STEP_A;
	}
}

void
align_rows(struct alignment *out, struct pool *pool, const struct alignment *a, const uint32_t *row,
    uint32_t n)
{
	uint32_t *column = pool_array(pool, a->columns + 1, sizeof *column);

	*out = (struct alignment){ n, 0, NULL };
	for (uint32_t c = 0; c < a->columns; c++) {
		uint32_t r = 0;

		while (r < n && align_cell(a, row[r], c) == ALIGN_NONE)
			r++;
		if (r < n)
			column[out->columns++] = c;
	}
	out->cell = pool_array(pool, (size_t)n * out->columns + 1, sizeof *out->cell);
	for (uint32_t r = 0; r < n; r++)
		for (uint32_t c = 0; c < out->columns; c++)
			out->cell[(size_t)r * out->columns + c] = align_cell(a, row[r], column[c]);
}
