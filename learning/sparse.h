#pragma once
/*
 * sparse.h - sparse matrices of zeros and ones, by columns.
 *
 * Messages are columns and features rows, so a column is the list of features of one
 * message. Products with dense matrices cost (entries) x (dense columns) additions.
 */
#include "learning/dense.h"

struct sparse {
	uint32_t rows, cols;
	uint64_t *first;		/* cols + 1 */
	uint32_t *row;			/* ascending within a column */
};

static inline uint32_t
sparse_count(const struct sparse *x, uint32_t col)
{
	return (uint32_t)(x->first[col + 1] - x->first[col]);
}

struct sparse sparse_transpose(struct pool *pool, const struct sparse *x);
/* C = X M. */
void	sparse_mul(struct dense *c, const struct sparse *x, const struct dense *m);
/* C = X' M. */
void	sparse_tmul(struct dense *c, const struct sparse *x, const struct dense *m);
