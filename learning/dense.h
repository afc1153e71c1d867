#pragma once
/*
 * dense.h - dense matrices by rows, and the only door to BLAS and LAPACK.
 *
 * Shapes are asserted, not checked: they are ours. One BLAS thread is expected (the
 * programs set it); results repeat on one machine, their last bits not on another.
 */
#include "learning/pool.h"

struct dense {
	uint32_t rows, cols;
	double *v;			/* v[row * cols + col] */
};

static inline double *
dense_row(const struct dense *a, uint32_t row)
{
	return a->v + (size_t)row * a->cols;
}

/* to += by * from; in vectors also without -O3, for which i must not wrap. */
static inline void
dense_add_row(double *restrict to, const double *restrict from, double by, size_t n)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		to[i] += by * from[i];
		to[i + 1] += by * from[i + 1];
		to[i + 2] += by * from[i + 2];
		to[i + 3] += by * from[i + 3];
	}
	for (; i < n; i++)
		to[i] += by * from[i];
}

/* Zeros. */
struct dense dense_of(struct pool *pool, uint32_t rows, uint32_t cols);
void	dense_copy(struct dense *to, const struct dense *from);
/* C = A B. */
void	dense_mul(struct dense *c, const struct dense *a, const struct dense *b);
/* C = A B'. */
void	dense_mul_t(struct dense *c, const struct dense *a, const struct dense *b);
/* G = A'A. */
void	dense_gram(struct dense *g, const struct dense *a);
/* G = A' diag(w) A; scratch is shaped like A. */
void	dense_gram_weighted(struct dense *g, const struct dense *a, const double *w,
	    struct dense *scratch);
void	dense_scale_rows(struct dense *a, const double *w);
void	dense_add_diagonal(struct dense *g, double x);
void	dense_clip_below(struct dense *a, double least);
double	dense_dot(const struct dense *a, const struct dense *b);
/* Cholesky of a symmetric matrix in place; -EDOM when it is not positive definite. */
int	dense_cholesky(struct dense *g);
/* Every row b of B becomes the solution x of G x = b, G after dense_cholesky(). */
void	dense_cholesky_solve(struct dense *b, const struct dense *g);
/*
 * Eigenvalues ascending; row i of A becomes the unit vector of value[i]. -EDOM when
 * LAPACK gives up.
 */
int	dense_eigen(struct dense *a, double *value);
