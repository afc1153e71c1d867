#include <math.h>

#include "learning/sparse.h"
#include "tests/pooled.h"

static struct dense
random_matrix(struct pool *pool, uint32_t rows, uint32_t cols, uint32_t seed)
{
	struct dense a = dense_of(pool, rows, cols);

	for (uint32_t i = 0; i < rows * cols; i++) {
		seed = seed * 1664525 + 1013904223;
		a.v[i] = (seed >> 8) / 16777216.0 - 0.3;
	}
	return a;
}

static struct sparse
random_sparse(struct pool *pool, uint32_t rows, uint32_t cols, uint32_t seed)
{
	struct sparse x = { .rows = rows, .cols = cols };

	x.first = pool_array(pool, cols + 1, sizeof *x.first);
	x.row = pool_array(pool, (size_t)rows * cols, sizeof *x.row);
	for (uint32_t c = 0; c < cols; c++) {
		x.first[c + 1] = x.first[c];
		for (uint32_t r = 0; r < rows; r++) {
			seed = seed * 1664525 + 1013904223;
			if (seed >> 30 == 0)
				x.row[x.first[c + 1]++] = r;
		}
	}
	return x;
}

static struct dense
filled(struct pool *pool, const struct sparse *x)
{
	struct dense a = dense_of(pool, x->rows, x->cols);

	for (uint32_t c = 0; c < x->cols; c++) {
		for (uint64_t k = x->first[c]; k < x->first[c + 1]; k++)
			dense_row(&a, x->row[k])[c] = 1;
	}
	return a;
}

static double
distance(const struct dense *a, const struct dense *b)
{
	double sum = 0;

	cr_assert(a->rows == b->rows && a->cols == b->cols);
	for (uint32_t i = 0; i < a->rows * a->cols; i++)
		sum += fabs(a->v[i] - b->v[i]);
	return sum;
}

POOLED(dense, sparse_products_equal_dense_ones)
{
	struct sparse x = random_sparse(pool, 17, 23, 1), t = sparse_transpose(pool, &x);
	struct dense full = filled(pool, &x), full_t = filled(pool, &t);
	struct dense m = random_matrix(pool, 23, 5, 2), n = random_matrix(pool, 17, 5, 3);
	struct dense a = dense_of(pool, 17, 5), b = dense_of(pool, 17, 5);
	struct dense c = dense_of(pool, 23, 5), d = dense_of(pool, 23, 5);

	sparse_mul(&a, &x, &m);
	dense_mul(&b, &full, &m);
	cr_expect_lt(distance(&a, &b), 1e-12);
	sparse_tmul(&c, &x, &n);
	dense_mul(&d, &full_t, &n);
	cr_expect_lt(distance(&c, &d), 1e-12);
	cr_expect_gt(fabs(d.v[0]), 0);
}

POOLED(dense, cholesky_solves_each_row)
{
	struct dense a = random_matrix(pool, 20, 6, 4), g = dense_of(pool, 6, 6);
	struct dense want = random_matrix(pool, 3, 6, 5), b = dense_of(pool, 3, 6);

	dense_gram(&g, &a);
	dense_add_diagonal(&g, 0.1);
	dense_mul(&b, &want, &g);	/* symmetric: rows of X G are G x */
	cr_assert_eq(dense_cholesky(&g), 0);
	dense_cholesky_solve(&b, &g);
	cr_expect_lt(distance(&b, &want), 1e-9);
	g.v[0] = -1;
	cr_expect_lt(dense_cholesky(&g), 0);
}

POOLED(dense, eigenvectors_are_rows)
{
	struct dense a = random_matrix(pool, 30, 7, 6), g = dense_of(pool, 7, 7);
	struct dense v = dense_of(pool, 7, 7), scratch = dense_of(pool, 30, 7);
	struct dense moved = dense_of(pool, 7, 7), want = dense_of(pool, 7, 7);
	double w[30], value[7];

	for (int i = 0; i < 30; i++)
		w[i] = 1 + i % 4;
	dense_gram_weighted(&g, &a, w, &scratch);
	dense_copy(&v, &g);
	cr_assert_eq(dense_eigen(&v, value), 0);
	dense_mul(&moved, &v, &g);
	dense_copy(&want, &v);
	dense_scale_rows(&want, value);
	cr_expect_lt(distance(&moved, &want), 1e-9);
	for (int i = 1; i < 7; i++)
		cr_expect_leq(value[i - 1], value[i]);
}
