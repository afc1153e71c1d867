#include "learning/sparse.h"

#include <string.h>

struct sparse
sparse_transpose(struct pool *pool, const struct sparse *x)
{
	struct sparse t = { .rows = x->cols, .cols = x->rows };
	uint64_t *next = pool_array(pool, (size_t)t.cols + 1, sizeof *next);

	t.first = pool_array(pool, (size_t)t.cols + 1, sizeof *t.first);
	t.row = pool_array(pool, x->first[x->cols], sizeof *t.row);
	for (uint64_t k = 0; k < x->first[x->cols]; k++)
		t.first[x->row[k] + 1]++;
	for (uint32_t c = 0; c < t.cols; c++)
		next[c + 1] = t.first[c + 1] += t.first[c];
	for (uint32_t c = 0; c < x->cols; c++) {
		for (uint64_t k = x->first[c]; k < x->first[c + 1]; k++)
			t.row[next[x->row[k]]++] = c;
	}
	return t;
}

void
sparse_mul(struct dense *c, const struct sparse *x, const struct dense *m)
{
	assert(c->rows == x->rows && m->rows == x->cols && c->cols == m->cols);
	memset(c->v, 0, (size_t)c->rows * c->cols * sizeof *c->v);
	for (uint32_t n = 0; n < x->cols; n++) {
		for (uint64_t k = x->first[n]; k < x->first[n + 1]; k++)
			dense_add_row(dense_row(c, x->row[k]), dense_row(m, n), 1, c->cols);
	}
}

void
sparse_tmul(struct dense *c, const struct sparse *x, const struct dense *m)
{
	assert(c->rows == x->cols && m->rows == x->rows && c->cols == m->cols);
	memset(c->v, 0, (size_t)c->rows * c->cols * sizeof *c->v);
	for (uint32_t n = 0; n < x->cols; n++) {
		for (uint64_t k = x->first[n]; k < x->first[n + 1]; k++)
			dense_add_row(dense_row(c, n), dense_row(m, x->row[k]), 1, c->cols);
	}
}
