#include "learning/scriptgen/micro.h"

#include <math.h>

#include "learning/intern.h"

enum { ANSWERS = 32 };		/* told apart; the rarer ones count as one */

struct micro_params
micro_params(void)
{
	return (struct micro_params){ .values = 16, .support = 0.03, .cover = 0.90, .depth = 3,
		.influence = true };
}

/* Is a chi-square value beyond the 99th percentile? Wilson and Hilferty's cube root is normal. */
static bool
is_rare(double x, double freedom)
{
	double v = 2 / (9 * freedom);

	return (cbrt(x / freedom) - (1 - v)) / sqrt(v) > 2.326;
}

bool
micro_influences(const double *table, uint32_t rows, uint32_t columns, double *g)
{
	double n = 0, inverse_rows = 0, inverse_columns = 0, freedom, correction;
	uint32_t used_rows = 0, used_columns = 0;
	double in_row[256] = { 0 }, in_column[256] = { 0 };

	assert(rows <= 256 && columns <= 256);
	*g = 0;
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < columns; c++) {
			in_row[r] += table[r * columns + c];
			in_column[c] += table[r * columns + c];
			n += table[r * columns + c];
		}
	for (uint32_t r = 0; r < rows; r++) {
		used_rows += in_row[r] > 0;
		inverse_rows += in_row[r] > 0 ? 1 / in_row[r] : 0;
	}
	for (uint32_t c = 0; c < columns; c++) {
		used_columns += in_column[c] > 0;
		inverse_columns += in_column[c] > 0 ? 1 / in_column[c] : 0;
	}
	if (used_rows < 2 || used_columns < 2)
		return false;
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < columns; c++) {
			double seen = table[r * columns + c];

			if (seen > 0)
				*g += seen * log(seen * n / (in_row[r] * in_column[c]));
		}
	freedom = (used_rows - 1.0) * (used_columns - 1.0);
	correction = 1 + (n * inverse_rows - 1) * (n * inverse_columns - 1) / (6 * n * freedom);
	return is_rare(2 * *g / correction, freedom);
}

struct division {
	struct pool *pool;
	const struct tally *tally;
	const struct region_params *r;
	const struct micro_params *p;
	uint32_t *part, nparts;
};

/* The values of a region by row, frequent ones from 0, all others as one behind them. 0: not useful. */
static uint32_t
values_of(const struct division *d, const struct alignment *a, const struct region *r, uint32_t *value)
{
	double least = fmax(2, d->p->support * a->rows);
	uint32_t *count = pool_array(d->pool, a->rows, sizeof *count), covered = 0, n = 0;
	uint32_t *number = pool_array(d->pool, a->rows, sizeof *number);
	struct intern known;

	intern_init(&known, d->pool);
	for (uint32_t i = 0; i < a->rows; i++) {
		uint8_t *to = pool_alloc(d->pool, r->last - r->first + 1);

		value[i] = intern_add(&known, region_value(to, a, r, i));
		count[value[i]]++;
	}
	if (known.n < 2 || known.n > d->p->values)
		return 0;
	for (uint32_t v = 0; v < known.n; v++) {
		covered += count[v] >= least ? count[v] : 0;
		number[v] = count[v] >= least ? n++ : UINT32_MAX;
	}
	for (uint32_t i = 0; i < a->rows; i++)
		value[i] = number[value[i]] == UINT32_MAX ? n : number[value[i]];
	return n > 0 && covered >= d->p->cover * a->rows ? n + 1 : 0;
}

/* What the values tell about the answers; 0: no more than chance does. */
static double
influence_of(const struct division *d, const uint32_t *row, uint32_t n, const uint32_t *value,
    uint32_t nvalues)
{
	double *table = pool_array(d->pool, (size_t)nvalues * ANSWERS, sizeof *table), g;
	struct intern answers;

	intern_init(&answers, d->pool);
	for (uint32_t i = 0; i < n; i++) {
		const struct tally *t = &d->tally[row[i]];

		for (uint32_t k = 0; k < t->n; k++) {
			uint32_t c = intern_add(&answers, span_of(&t->what[k], sizeof *t->what));

			table[value[i] * ANSWERS + MIN(c, ANSWERS - 1u)] += t->count[k];
		}
	}
	return micro_influences(table, nvalues, ANSWERS, &g) ? g : 0;
}

/* Divides the rows by the region that tells most, or in faithful mode by the first useful one. */
static void
divide(struct division *d, const struct alignment *all, const uint32_t *row, uint32_t n, uint32_t depth)
{
	uint32_t *best = NULL, nbest = 0, *value = pool_array(d->pool, n, sizeof *value);
	struct alignment a;
	struct regions regions;
	double most = 0;

	align_rows(&a, d->pool, all, row, n);
	regions_find(&regions, d->pool, &a, d->r);
	for (uint32_t i = 0; depth > 0 && i < regions.n; i++) {
		const struct region *r = &regions.region[i];
		uint32_t nvalues;
		double gain;

		if (r->kind == REGION_FIXED || r->kind == REGION_RANDOM || r->kind == REGION_LENGTH)
			continue;
		nvalues = values_of(d, &a, r, value);
		if (nvalues == 0)
			continue;
		gain = !d->p->influence ? 1 : d->tally == NULL ? 0 : influence_of(d, row, n, value, nvalues);
		if (gain > most) {
			most = gain;
			nbest = nvalues;
			best = pool_copy(d->pool, value, n * sizeof *value);
		}
	}
	if (nbest == 0) {
		for (uint32_t i = 0; i < n; i++)
			d->part[row[i]] = d->nparts;
		d->nparts++;
		return;
	}
	for (uint32_t v = 0; v < nbest; v++) {
		uint32_t *some = pool_array(d->pool, n, sizeof *some), k = 0;

		for (uint32_t i = 0; i < n; i++)
			if (best[i] == v)
				some[k++] = row[i];
		if (k > 0)
			divide(d, all, some, k, depth - 1);
	}
}

uint32_t
micro_divide(uint32_t *part, struct pool *pool, const struct alignment *a, const struct tally *tally,
    const struct region_params *r, const struct micro_params *p)
{
	struct division d = { pool, tally, r, p, part, 0 };
	struct pool_mark mark = pool_mark(pool);
	uint32_t *row = pool_array(pool, a->rows + 1, sizeof *row);

	for (uint32_t i = 0; i < a->rows; i++)
		row[i] = i;
	divide(&d, a, row, a->rows, p->depth);
	pool_release(pool, &mark);
	return d.nparts;
}
