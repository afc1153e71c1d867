#include <cblas.h>
#include <math.h>

#include "learning/ridge.h"
#include "tests/pooled.h"

enum { N = 24, E = 5, M = 7 };	/* rows, columns of Z, columns of Y */
static const double lambda[] = { 1e-4, 1e-2, 1, 100 };

struct problem {
	double z[N][E], y[N][M], weight[N];
};

static double
draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) / (double)(1 << 24);
}

/* |y_i - z_i beta|^2 where beta is fitted with `left` of the weight of row i. */
static double
error_without(struct pool *pool, const struct problem *p, unsigned i, double left, double ridge)
{
	struct dense g = dense_of(pool, E, E), beta = dense_of(pool, M, E);
	double sum = 0;

	for (unsigned r = 0; r < N; r++) {
		double w = r == i ? left : p->weight[r];

		for (unsigned j = 0; j < E; j++) {
			for (unsigned k = 0; k < E; k++)
				dense_row(&g, j)[k] += w * p->z[r][j] * p->z[r][k];
			for (unsigned k = 0; k < M; k++)
				dense_row(&beta, k)[j] += w * p->z[r][j] * p->y[r][k];
		}
	}
	dense_add_diagonal(&g, ridge);
	cr_assert_eq(dense_cholesky(&g), 0);
	dense_cholesky_solve(&beta, &g);
	for (unsigned k = 0; k < M; k++) {
		double rest = p->y[i][k];

		for (unsigned j = 0; j < E; j++)
			rest -= p->z[i][j] * dense_row(&beta, k)[j];
		sum += rest * rest;
	}
	return sum;
}

static void
closed_form(struct pool *pool, const struct problem *p, bool distinct, double *error)
{
	struct dense z = dense_of(pool, N, E), y = dense_of(pool, N, M), wu = dense_of(pool, N, E);
	struct dense v = dense_of(pool, E, E), u = dense_of(pool, N, E), q = dense_of(pool, N, E);
	struct dense s = dense_of(pool, N, E), t = dense_of(pool, N, E), k = dense_of(pool, E, E);
	struct dense m = dense_of(pool, E, E), pt = dense_of(pool, M, E);
	double d[E], own[N] = { 0 };
	struct ridge_rows rows = { &u, &q, &k, d, own, p->weight, distinct, &s, &t, &m,
		pool_array(pool, 3 * (N + E) * RIDGE_LAMBDAS, sizeof(double)) };

	for (unsigned i = 0; i < N; i++) {
		memcpy(dense_row(&z, i), p->z[i], sizeof p->z[i]);
		memcpy(dense_row(&y, i), p->y[i], sizeof p->y[i]);
		for (unsigned j = 0; j < M; j++)
			own[i] += p->y[i][j] * p->y[i][j];
	}
	dense_gram_weighted(&v, &z, p->weight, &s);
	cr_assert_eq(dense_eigen(&v, d), 0);
	for (unsigned j = 0; j < E; j++)
		d[j] = MAX(d[j], 0.0);
	dense_mul_t(&u, &z, &v);
	dense_copy(&wu, &u);
	dense_scale_rows(&wu, p->weight);
	for (unsigned i = 0; i < N; i++)	/* P' = Y'WU */
		for (unsigned j = 0; j < M; j++)
			for (unsigned l = 0; l < E; l++)
				dense_row(&pt, j)[l] += p->y[i][j] * dense_row(&wu, i)[l];
	dense_mul(&q, &y, &pt);
	dense_gram(&k, &pt);
	ridge_leave_one_out(error, &rows, lambda, ARRAY_LEN(lambda));
}

static void
compare(struct pool *pool, const struct problem *p, bool distinct, const char *what)
{
	double error[RIDGE_LAMBDAS];

	openblas_set_num_threads(1);
	closed_form(pool, p, distinct, error);
	for (size_t l = 0; l < ARRAY_LEN(lambda); l++) {
		double sum = 0;

		for (unsigned i = 0; i < N; i++)
			sum += p->weight[i] *
			    error_without(pool, p, i, distinct ? 0 : p->weight[i] - 1, lambda[l]);
		cr_expect_float_eq(error[l], sum, 1e-7 * sum, "%s, lambda %g: %.12g, done plainly %.12g", what,
		    lambda[l], error[l], sum);
	}
}

static struct problem
random_problem(uint32_t seed)
{
	struct problem p;

	for (unsigned i = 0; i < N; i++) {
		p.weight[i] = 1 + floor(9 * draw(&seed));
		for (unsigned j = 0; j < E; j++)
			p.z[i][j] = draw(&seed);
		for (unsigned j = 0; j < M; j++)
			p.y[i][j] = draw(&seed) > 0.6;
	}
	return p;
}

POOLED(ridge, equals_the_fits_with_a_row_left_out)
{
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct problem p = random_problem(seed);

		compare(pool, &p, false, "one replicate left out");
		compare(pool, &p, true, "all replicates left out");
	}
}

/* Columns that share no row and have equal sums of squares: eigenvalues that are equal, or nearly. */
POOLED(ridge, equal_and_nearly_equal_eigenvalues_lose_nothing)
{
	static const double apart[] = { 0, 1e-14, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-2 };

	for (size_t a = 0; a < ARRAY_LEN(apart); a++) {
		struct problem p = random_problem(3);
		char what[64];

		for (unsigned i = 0; i < N; i++) {
			p.weight[i] = 2;
			for (unsigned j = 0; j < E; j++)
				p.z[i][j] = i % E == j && i < 20 ? 1 + apart[a] * j : 0;
		}
		snprintf(what, sizeof what, "%g apart", apart[a]);
		compare(pool, &p, false, what);
	}
}

POOLED(ridge, columns_that_say_the_same_or_nothing_are_borne)
{
	struct problem p = random_problem(5);

	for (unsigned i = 0; i < N; i++) {
		p.z[i][1] = p.z[i][0];
		p.z[i][3] = p.z[i][4] = 0;
	}
	compare(pool, &p, false, "rank 2 of 5");
	compare(pool, &p, true, "rank 2 of 5, replicates together");
}
