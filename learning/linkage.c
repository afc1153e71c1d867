#include "learning/linkage.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { CLEARLY = 500 };			/* one in so many replies more makes up for a finer cut */

static const double weight[LINKAGE_WORDS] = { 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5 };

/* 10^(1 - place) per word, in a table over all words; again with erase to clean it. */
static double
spread(double *of, const struct heads *h, uint32_t row, bool erase)
{
	const uint32_t *w = head_row(h, row);
	double sum = 0;

	for (uint32_t j = 0; j < h->depth && w[j] != HEAD_END; j++) {
		if (erase) {
			of[w[j]] = 0;
		} else if (of[w[j]] == 0) {
			of[w[j]] = weight[j];
			sum += weight[j];
		}
	}
	return sum;
}

static bool
seen_before(const uint32_t *w, uint32_t j)
{
	for (uint32_t i = 0; i < j; i++)
		if (w[i] == w[j])
			return true;
	return false;
}

/* Distance to the row whose weights are in of and sum up to sum. */
static double
distance_to(const double *of, double sum, const struct heads *h, uint32_t row)
{
	const uint32_t *w = head_row(h, row);

	for (uint32_t j = 0; j < h->depth && w[j] != HEAD_END; j++)
		if (!seen_before(w, j))
			sum += fabs(of[w[j]] - weight[j]) - of[w[j]];
	return MAX(sum, 0);
}

double
linkage_distance(const struct heads *h, uint32_t a, uint32_t b)
{
	const uint32_t *x = head_row(h, a), *y = head_row(h, b);
	double d = 0;

	for (uint32_t i = 0; i < h->depth && x[i] != HEAD_END; i++) {
		uint32_t j = 0;

		while (j < h->depth && y[j] != HEAD_END && y[j] != x[i])
			j++;
		if (!seen_before(x, i))
			d += fabs(weight[i] - (j < h->depth && y[j] == x[i] ? weight[j] : 0));
	}
	for (uint32_t j = 0; j < h->depth && y[j] != HEAD_END; j++) {
		bool both = false;

		for (uint32_t i = 0; i < h->depth && x[i] != HEAD_END; i++)
			both |= x[i] == y[j];
		if (!both && !seen_before(y, j))
			d += weight[j];
	}
	return d;
}

struct linkage_edge *
linkage_tree(struct pool *pool, const struct heads *h)
{
	struct linkage_edge *tree, *nearest;	/* nearest: per row outside, its edge into the tree */
	double *of = pool_array(pool, (size_t)h->nwords + 1, sizeof *of);
	uint32_t *outside, left = h->n, at = 0;

	if (h->n < 2)
		return NULL;
	tree = pool_array(pool, h->n, sizeof *tree);
	nearest = pool_array(pool, h->n, sizeof *nearest);
	outside = pool_array(pool, h->n, sizeof *outside);
	for (uint32_t i = 0; i < h->n; i++) {
		outside[i] = i;
		nearest[i] = (struct linkage_edge){ .b = i, .length = HUGE_VAL };
	}
	for (uint32_t take = 0; left > 1; tree[h->n - 1 - left] = nearest[at]) {
		double sum;

		at = outside[take];
		memmove(outside + take, outside + take + 1, (--left - take) * sizeof *outside);
		sum = spread(of, h, at, false);
		take = 0;
		for (uint32_t i = 0; i < left; i++) {
			struct linkage_edge *e = &nearest[outside[i]];
			double d = distance_to(of, sum, h, outside[i]);

			if (d < e->length)
				*e = (struct linkage_edge){ at, outside[i], d };
			if (e->length < nearest[outside[take]].length)
				take = i;
		}
		spread(of, h, at, true);
		at = outside[take];
	}
	return tree;
}

static uint32_t
root_of(uint32_t *up, uint32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

uint32_t
linkage_cut(uint32_t *label, const struct linkage_edge *tree, uint32_t n, double length)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		label[i] = i;
	for (uint32_t i = 0; i + 1 < n; i++) {
		uint32_t a = root_of(label, tree[i].a), b = root_of(label, tree[i].b);

		if (tree[i].length < length)
			label[MAX(a, b)] = MIN(a, b);
	}
	/* a root is the lowest of its rows, so its number is there when the others need it */
	for (uint32_t i = 0; i < n; i++)
		label[i] = root_of(label, i);
	for (uint32_t i = 0; i < n; i++)
		label[i] = label[i] == i ? k++ : label[label[i]];
	return k;
}

static int
longer_first(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

struct gap {
	double at, ratio;
};

/* Inserts a gap among the widest, the coarser one first where they are equal. */
static uint32_t
keep_widest(struct gap *g, uint32_t n, struct gap new)
{
	uint32_t i = n;

	for (; i > 0 && g[i - 1].ratio < new.ratio; i--)
		if (i < LINKAGE_CUTS)
			g[i] = g[i - 1];
	if (i < LINKAGE_CUTS)
		g[i] = new;
	return MIN(n + 1, (uint32_t)LINKAGE_CUTS);
}

/* Lengths to cut at, in the widest gaps first, of those that leave at most so many clusters. */
static uint32_t
widest_gaps(struct gap *g, struct pool *pool, const struct linkage_edge *tree, uint32_t n,
    uint32_t most)
{
	double *length = pool_array(pool, (size_t)n + 1, sizeof *length);
	uint32_t ngaps = 0;

	for (uint32_t i = 0; i + 1 < n; i++)
		length[i] = MAX(tree[i].length, weight[LINKAGE_WORDS - 1] / 10);
	if (n > 1)
		qsort(length, n - 1, sizeof *length, longer_first);
	/* a cut above edge i leaves i + 1 clusters: one would tell nothing */
	for (uint32_t i = 1; i + 1 < n && i < most; i++)
		if (length[i] < length[i - 1])
			ngaps = keep_widest(g, ngaps, (struct gap){ sqrt(length[i - 1] * length[i]),
				length[i - 1] / length[i] });
	if (n > 1 && n <= most)		/* every head for itself */
		ngaps = keep_widest(g, ngaps, (struct gap){ 0, 1 });
	return ngaps;
}

struct told {
	uint32_t label, reply;
};

static int
told_cmp(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->label != y->label ? (x->label > y->label) - (x->label < y->label)
				    : (x->reply > y->reply) - (x->reply < y->reply);
}

/* Replies foretold by the most frequent other one of their cluster. */
static uint32_t
foretold(struct told *t, const struct cluster_input *in, const uint32_t *of, const uint32_t *label)
{
	uint32_t n = 0, right = 0, most = 0;

	for (uint32_t m = 0; m < in->n; m++)
		if (in->reply[m] != CLUSTER_NONE)
			t[n++] = (struct told){ label[of[m]], in->reply[m] };
	qsort(t, n, sizeof *t, told_cmp);
	for (uint32_t i = 0, run = 0; i < n; i++) {
		run++;
		if (i + 1 < n && told_cmp(&t[i], &t[i + 1]) == 0)
			continue;
		most = MAX(most, run);
		run = 0;
		if (i + 1 == n || t[i + 1].label != t[i].label) {
			right += most > 1 ? most : 0;	/* alone it is nobody's evidence */
			most = 0;
		}
	}
	return right;
}

int
linkage_run(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p)
{
	uint32_t *label, *best, ngaps, best_right = 0;
	const struct embed_params *kind = cluster_embed(c, pool, "linkage", in, p);
	struct linkage_edge *tree;
	struct told *told = pool_array(pool, (size_t)in->n + 1, sizeof *told);
	struct gap gap[LINKAGE_CUTS];
	struct heads h;

	heads_make(&h, pool, kind, in->message, in->n, LINKAGE_WORDS, LINKAGE_HEADS);
	tree = linkage_tree(pool, &h);
	ngaps = widest_gaps(gap, pool, tree, h.n, p->max_tokens);
	if (ngaps == 0)
		return -ENODATA;
	label = pool_array(pool, h.n, sizeof *label);
	best = pool_array(pool, h.n, sizeof *best);
	for (uint32_t i = 0; i < ngaps; i++) {
		uint32_t k = linkage_cut(label, tree, h.n, gap[i].at), right = 0, margin;

		if (in->reply != NULL)
			right = foretold(told, in, h.of, label);
		margin = k > c->k ? in->n / CLEARLY : 0;
		if (i > 0 && right <= best_right + margin)
			continue;
		memcpy(best, label, h.n * sizeof *best);
		best_right = right;
		c->k = k;
	}
	for (uint32_t m = 0; m < in->n; m++)
		c->label[m] = best[h.of[m]];
	c->report.distinct = h.n;
	c->report.capped = h.depth < LINKAGE_WORDS;
	cluster_count(c, pool);
	return 0;
}
