#include "learning/dense.h"

#include <cblas.h>
#include <errno.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

static size_t
cells(const struct dense *a)
{
	return (size_t)a->rows * a->cols;
}

/* BLAS refuses a leading dimension of 0. */
static int
stride(const struct dense *a)
{
	return a->cols > 0 ? (int)a->cols : 1;
}

struct dense
dense_of(struct pool *pool, uint32_t rows, uint32_t cols)
{
	return (struct dense){ rows, cols, pool_array(pool, (size_t)rows * cols, sizeof(double)) };
}

void
dense_copy(struct dense *to, const struct dense *from)
{
	assert(to->rows == from->rows && to->cols == from->cols);
	memcpy(to->v, from->v, cells(from) * sizeof *to->v);
}

void
dense_mul(struct dense *c, const struct dense *a, const struct dense *b)
{
	assert(a->cols == b->rows && c->rows == a->rows && c->cols == b->cols);
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)a->rows, (int)b->cols,
	    (int)a->cols, 1.0, a->v, stride(a), b->v, stride(b), 0.0, c->v, stride(c));
}

void
dense_mul_t(struct dense *c, const struct dense *a, const struct dense *b)
{
	assert(a->cols == b->cols && c->rows == a->rows && c->cols == b->rows);
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)a->rows, (int)b->rows,
	    (int)a->cols, 1.0, a->v, stride(a), b->v, stride(b), 0.0, c->v, stride(c));
}

void
dense_gram(struct dense *g, const struct dense *a)
{
	assert(g->rows == a->cols && g->cols == a->cols);
	cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)a->cols, (int)a->rows, 1.0, a->v,
	    stride(a), 0.0, g->v, stride(g));
	for (uint32_t i = 0; i < g->rows; i++) {
		for (uint32_t j = 0; j < i; j++)
			dense_row(g, i)[j] = dense_row(g, j)[i];
	}
}

void
dense_gram_weighted(struct dense *g, const struct dense *a, const double *w,
    struct dense *scratch)
{
	dense_copy(scratch, a);
	for (uint32_t i = 0; i < a->rows; i++)
		cblas_dscal((int)a->cols, sqrt(w[i]), dense_row(scratch, i), 1);
	dense_gram(g, scratch);
}

void
dense_scale_rows(struct dense *a, const double *w)
{
	for (uint32_t i = 0; i < a->rows; i++)
		cblas_dscal((int)a->cols, w[i], dense_row(a, i), 1);
}

void
dense_add_diagonal(struct dense *g, double x)
{
	for (uint32_t i = 0; i < MIN(g->rows, g->cols); i++)
		dense_row(g, i)[i] += x;
}

void
dense_clip_below(struct dense *a, double least)
{
	for (size_t i = 0; i < cells(a); i++)
		a->v[i] = MAX(a->v[i], least);
}

double
dense_dot(const struct dense *a, const struct dense *b)
{
	double sum = 0;

	assert(a->rows == b->rows && a->cols == b->cols);
	for (uint32_t i = 0; i < a->rows; i++)
		sum += cblas_ddot((int)a->cols, dense_row(a, i), 1, dense_row(b, i), 1);
	return sum;
}

/* Symmetric, so LAPACK's columns are our rows; "L" there is our upper triangle. */
int
dense_cholesky(struct dense *g)
{
	assert(g->rows == g->cols);
	return LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', (int)g->rows, g->v, stride(g)) == 0 ? 0
	    : -EDOM;
}

void
dense_cholesky_solve(struct dense *b, const struct dense *g)
{
	assert(b->cols == g->rows);
	if (b->rows > 0)
		LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', (int)g->rows, (int)b->rows, g->v, stride(g),
		    b->v, stride(b));
}

int
dense_eigen(struct dense *a, double *value)
{
	assert(a->rows == a->cols);
	if (a->rows == 0)
		return 0;
	return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', (int)a->rows, a->v, stride(a), value)
	    == 0 ? 0 : -EDOM;
}
