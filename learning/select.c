#include "learning/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct select_params
select_params(void)
{
	return (struct select_params){ .test = SELECT_EXACT, .alpha = 0.05, .expected = 7.5 };
}

/* P(X >= c) for n trials of probability p; the terms fall fast beyond the mean. */
static double
upper_tail(uint32_t c, uint32_t n, double p)
{
	double term, sum;

	if (c == 0)
		return 1.0;
	term = exp(lgamma(n + 1.0) - lgamma(c + 1.0) - lgamma(n - c + 1.0) + c * log(p)
	    + (n - c) * log1p(-p));
	sum = term;
	for (uint32_t k = c; k < n; k++) {
		term *= (double)(n - k) / (k + 1.0) * (p / (1.0 - p));
		sum += term;
		if (k > n * p && term < sum * 1e-17)
			break;
	}
	return MIN(sum, 1.0);
}

/* How likely c or more are if the feature is "about 0"; by symmetry also for "about 1". */
static double
p_value(const struct select_params *p, double expected, uint32_t c, uint32_t n)
{
	if (p->test == SELECT_EXACT)
		return upper_tail(c, n, expected / n);
	return 0.5 * erfc((c - expected) / sqrt(2.0 * expected * (1.0 - expected / n)));
}

static uint32_t
in_range(const uint32_t *of, uint32_t from, uint32_t to)
{
	uint32_t sum = 0;

	for (uint64_t c = from; c <= to; c++)
		sum += of[c];
	return sum;
}

/*
 * Holm's step-down walk from the smallest p-value: of the counts themselves, or, mirrored,
 * of n - c. Returns the last count that is rejected, n + 1 if none. Equal counts have
 * equal p-values, the first of them meets the hardest limit.
 */
static uint32_t
holm(const struct select_params *p, double expected, const uint32_t *of, uint32_t n,
    bool mirrored)
{
	uint32_t left = in_range(of, 0, n), limit = n + 1;

	for (uint32_t c = n; c > 0; c--) {
		uint32_t features = of[mirrored ? n - c : c];

		if (features == 0)
			continue;
		if (p_value(p, expected, c, n) * left >= p->alpha)
			break;
		limit = c;
		left -= features;
	}
	return limit;
}

/*
 * Raises c_min and lowers c_max together until at most so many features are left: a binary
 * feature tells least (its variance is least) when it is nearest to never or always.
 */
static void
thin_out(struct select_limits *l, const uint32_t *of, uint32_t n, uint32_t most)
{
	uint32_t before = l->nkept;

	for (uint32_t margin = 1; l->nkept > most && margin <= n; margin++) {
		if (l->c_min == margin)
			l->nkept -= of[l->c_min++];
		if (l->c_max == n - margin && l->c_max >= l->c_min)
			l->nkept -= of[l->c_max--];
	}
	l->nthinned = before - l->nkept;
}

struct select_limits
select_limits(const struct select_params *p, const uint32_t *of, uint32_t n)
{
	double expected = p->expected;
	struct select_limits l = { .c_min = 1, .nfeatures = in_range(of, 0, n) };
	uint32_t low, high;

	if (n < p->full_n)
		expected *= (double)n / p->full_n;
	if (n <= 2 * expected || n == 0) {	/* "about 0" and "about 1" are the same */
		l.nvolatile = l.nfeatures;
		return l;
	}
	low = holm(p, expected, of, n, false);
	high = holm(p, expected, of, n, true);
	l.c_min = low;
	l.c_max = high > n ? 0 : n - high;
	if (high > n)			/* nothing is known to be less than constant */
		l.nconstant = l.nfeatures;
	else
		l.nconstant = in_range(of, l.c_max + 1, n);
	l.nvolatile = low > 0 ? in_range(of, 0, MIN(low - 1, n)) : 0;
	if (l.c_min <= l.c_max)
		l.nkept = in_range(of, l.c_min, l.c_max);
	if (p->max_kept > 0)
		thin_out(&l, of, n, p->max_kept);
	return l;
}

struct digest {
	uint64_t a, b;
	uint32_t index;
};

static int
by_digest(const void *x, const void *y)
{
	const struct digest *p = x, *q = y;

	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	if (p->b != q->b)
		return p->b < q->b ? -1 : 1;
	return (p->index > q->index) - (p->index < q->index);
}

/* 128 bits for the set of messages of each row: sums, so the order does not matter. */
static struct digest *
row_digests(struct pool *pool, const struct sparse *x, uint64_t seed)
{
	struct digest *d = pool_array(pool, x->rows, sizeof *d);

	for (uint32_t c = 0; c < x->cols; c++) {
		uint64_t a = hash_stir(seed + c + 1), b = hash_stir(~seed ^ ((uint64_t)c + 1) << 24);

		for (uint64_t k = x->first[c]; k < x->first[c + 1]; k++) {
			d[x->row[k]].a += a;
			d[x->row[k]].b += b;
		}
	}
	for (uint32_t r = 0; r < x->rows; r++)
		d[r].index = r;
	return d;
}

static void
group_features(struct selection *s, struct pool *pool, const struct sparse *x, uint64_t seed)
{
	struct digest *d = row_digests(pool, x, seed);
	uint32_t *leader = pool_array(pool, x->rows, sizeof *leader);

	s->group_of = pool_array(pool, x->rows, sizeof *s->group_of);
	s->first_feature = pool_array(pool, x->rows, sizeof *s->first_feature);
	if (x->rows > 0)
		qsort(d, x->rows, sizeof *d, by_digest);
	for (uint32_t i = 0, head = 0; i < x->rows; i++) {
		if (d[i].a != d[head].a || d[i].b != d[head].b)
			head = i;
		leader[d[i].index] = d[head].index;	/* the smallest of its group */
	}
	for (uint32_t r = 0; r < x->rows; r++) {
		if (leader[r] == r) {
			s->first_feature[s->ngroups] = r;
			s->group_of[r] = s->ngroups++;
		} else {
			s->group_of[r] = s->group_of[leader[r]];
		}
	}
}

static bool
same_column(const struct sparse *x, uint32_t a, const uint32_t *row, uint32_t n)
{
	return sparse_count(x, a) == n
	    && (n == 0 || memcmp(x->row + x->first[a], row, n * sizeof *row) == 0);
}

/* Columns of groups: of a message's features those that lead a group. First seen order. */
static void
merge_messages(struct selection *s, struct pool *pool, const struct sparse *x, uint64_t seed)
{
	uint32_t nslots = 64, *slot, *row = pool_array(pool, s->ngroups, sizeof *row);

	while (nslots < x->cols * 2u)
		nslots *= 2;
	slot = pool_array(pool, nslots, sizeof *slot);
	s->x.first = pool_array(pool, (size_t)x->cols + 1, sizeof *s->x.first);
	s->x.row = pool_array(pool, x->first[x->cols], sizeof *s->x.row);
	s->weight = pool_array(pool, x->cols, sizeof *s->weight);
	s->first_message = pool_array(pool, x->cols, sizeof *s->first_message);
	s->distinct_of = pool_array(pool, x->cols, sizeof *s->distinct_of);
	s->x.rows = s->ngroups;
	for (uint32_t m = 0; m < x->cols; m++) {
		uint32_t n = 0, at, d;
		uint64_t hash = seed;

		for (uint64_t k = x->first[m]; k < x->first[m + 1]; k++) {
			uint32_t g = s->group_of[x->row[k]];

			if (s->first_feature[g] == x->row[k]) {
				row[n++] = g;
				hash = hash_stir(hash ^ g) + 1;
			}
		}
		at = (uint32_t)hash & (nslots - 1);
		while (slot[at] != 0 && !same_column(&s->x, slot[at] - 1, row, n))
			at = (at + 1) & (nslots - 1);
		if (slot[at] == 0) {
			d = s->x.cols++;
			s->first_message[d] = m;
			if (n > 0)
				memcpy(s->x.row + s->x.first[d], row, n * sizeof *row);
			s->x.first[d + 1] = s->x.first[d] + n;
			slot[at] = d + 1;
		}
		s->distinct_of[m] = slot[at] - 1;
		s->weight[s->distinct_of[m]] += 1.0;
	}
	s->ndistinct = s->x.cols;
}

void
select_reduce(struct selection *s, struct pool *pool, const struct embedding *e, uint64_t seed)
{
	*s = (struct selection){ 0 };
	group_features(s, pool, &e->x, seed);
	merge_messages(s, pool, &e->x, seed);
}
