#include "learning/warm.h"

#include <math.h>
#include <stdlib.h>

#include "learning/intern.h"

static bool
same_kind(const struct text_basis *old, const struct embed_params *kind)
{
	return kind->kind == EMBED_BYTES ? old->ngram == kind->ngram
	    : old->ngram == 0 && kind->ngram == 1;
}

/* Per kept feature its number in the old basis, INTERN_NONE where it is new. */
static uint32_t *
old_features(struct warm *w, struct pool *pool, const struct text_basis *old,
    const struct embedding *e)
{
	uint32_t *of = pool_array(pool, (size_t)e->x.rows + 1, sizeof *of);
	uint64_t all = 0, known = 0;
	struct intern names;

	intern_init(&names, pool);
	for (uint32_t f = 0; f < old->nfeature; f++)
		intern_add(&names, old->feature[f]);
	for (uint32_t f = 0; f < e->x.rows; f++) {
		of[f] = intern_find(&names, e->feature[f]);
		all += e->messages[f];
		known += of[f] == INTERN_NONE ? 0 : e->messages[f];
	}
	w->known = all == 0 ? 0 : (double)known / (double)all;
	return of;
}

/* A group weighs what its known features weighed on average. */
static void
fill_old(struct dense *b, struct pool *pool, const struct text_basis *old, const uint32_t *of,
    const struct embedding *e, const struct selection *s, uint32_t *known)
{
	uint32_t *first = pool_array(pool, (size_t)old->nfeature + 1, sizeof *first);
	uint32_t *next = pool_array(pool, (size_t)e->x.rows + 1, sizeof *next);

	for (uint32_t f = 0; f < e->x.rows; f++) {	/* features of new messages by old number */
		if (of[f] == INTERN_NONE)
			continue;
		next[f] = first[of[f]];
		first[of[f]] = f + 1;
		known[s->group_of[f]]++;
	}
	for (uint32_t j = 0; j < old->ncluster; j++)
		for (uint32_t k = 0; k < old->ncolumn[j]; k++) {
			const struct text_weight *weight = &old->column[j][k];

			for (uint32_t f = first[weight->feature]; f > 0; f = next[f - 1])
				dense_row(b, s->group_of[f - 1])[j] +=
				    MAX(weight->value, 0.0) / known[s->group_of[f - 1]];
		}
}

static int
heavier(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/*
 * Columns for messages more than half of whose groups are new, the most frequent first, as
 * long as each brings a group that no column before it has.
 */
static uint32_t
fill_new(struct dense *b, struct pool *pool, const struct selection *s, uint32_t *known, uint32_t at)
{
	uint64_t *order = pool_array(pool, (size_t)s->ndistinct + 1, sizeof *order);
	uint32_t n = 0, from = at;

	for (uint32_t d = 0; d < s->ndistinct; d++) {
		uint32_t groups = sparse_count(&s->x, d), fresh = 0;

		for (uint64_t k = s->x.first[d]; k < s->x.first[d + 1]; k++)
			fresh += known[s->x.row[k]] == 0;
		if (2 * fresh > groups)
			order[n++] = (uint64_t)MIN(s->weight[d], 1e9) << 32 | (UINT32_MAX - d);
	}
	if (n > 0)
		qsort(order, n, sizeof *order, heavier);
	for (uint32_t i = 0; i < n && at < b->cols; i++) {
		uint32_t d = UINT32_MAX - (uint32_t)order[i], fresh = 0;

		for (uint64_t k = s->x.first[d]; k < s->x.first[d + 1]; k++)
			fresh += known[s->x.row[k]] == 0;
		for (uint64_t k = s->x.first[d]; fresh > 0 && k < s->x.first[d + 1]; k++) {
			dense_row(b, s->x.row[k])[at] = 1;
			known[s->x.row[k]]++;
		}
		at += fresh > 0;
	}
	return at - from;
}

/* Leaves out columns of nothing and makes the others unit length. */
static struct dense
tidied(struct pool *pool, const struct dense *b, uint32_t cols)
{
	double *square = pool_array(pool, (size_t)cols + 1, sizeof *square);
	struct dense out = { .rows = b->rows };

	for (uint32_t g = 0; g < b->rows; g++)
		for (uint32_t j = 0; j < cols; j++)
			square[j] += dense_row(b, g)[j] * dense_row(b, g)[j];
	for (uint32_t j = 0; j < cols; j++)
		out.cols += square[j] > 0 && isfinite(square[j]);
	out = dense_of(pool, out.rows, out.cols);
	for (uint32_t g = 0; g < b->rows; g++)
		for (uint32_t j = 0, to = 0; j < cols; j++)
			if (square[j] > 0 && isfinite(square[j]))
				dense_row(&out, g)[to++] = dense_row(b, g)[j] / sqrt(square[j]);
	return out;
}

bool
warm_start(struct warm *w, struct pool *pool, const struct text_basis *old,
    const struct embed_params *kind, const struct embedding *e, const struct selection *s,
    uint32_t most)
{
	uint32_t *of, *known;
	struct dense b;

	*w = (struct warm){ 0 };
	if (!same_kind(old, kind) || old->ncluster == 0 || old->ncluster > most)
		return false;
	of = old_features(w, pool, old, e);
	if (w->known < WARM_KNOWN)
		return false;
	known = pool_array(pool, (size_t)s->ngroups + 1, sizeof *known);
	b = dense_of(pool, s->ngroups, MIN(old->ncluster + WARM_MORE, most));
	fill_old(&b, pool, old, of, e, s, known);
	w->more = fill_new(&b, pool, s, known, old->ncluster);
	w->b = tidied(pool, &b, old->ncluster + w->more);
	return w->b.cols > 0;
}
