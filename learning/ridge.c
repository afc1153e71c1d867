#include "learning/ridge.h"

#include <math.h>
#include <string.h>

#define NEAR 1e-5	/* of the larger of two eigenvalues, apart */

static bool
are_near(double a, double b)
{
	return fabs(a - b) <= NEAR * MAX(a, b);
}

/* M of the header. True: there are pairs j < k that are near, and not in it. */
static bool
far_pairs(const struct ridge_rows *r)
{
	uint32_t e = r->k->rows;
	bool left = false;

	for (uint32_t k = 0; k < e; k++) {
		for (uint32_t j = 0; j < e; j++) {
			bool near = are_near(r->d[j], r->d[k]);

			dense_row(r->m, k)[j] = near ? 0 : dense_row(r->k, k)[j] / (r->d[k] - r->d[j]);
			left |= near && j != k;
		}
	}
	return left;
}

static void
near_pairs(const struct ridge_rows *r)
{
	for (uint32_t k = 0; k < r->k->rows; k++)
		for (uint32_t j = 0; j < r->k->cols; j++)
			dense_row(r->m, k)[j] = are_near(r->d[j], r->d[k]) ? dense_row(r->k, k)[j] : 0;
}

/* t = U * (Q - U M), entry by entry, s = U * (U N), N being what M leaves out. */
static void
multiply(const struct ridge_rows *r)
{
	size_t n = (size_t)r->u->rows * r->u->cols;
	bool left = far_pairs(r);

	dense_mul(r->t, r->u, r->m);
	for (size_t i = 0; i < n; i++)
		r->t->v[i] = r->u->v[i] * (r->q->v[i] - r->t->v[i]);
	if (left) {
		near_pairs(r);
		dense_mul(r->s, r->u, r->m);
		for (size_t i = 0; i < n; i++)
			r->s->v[i] *= r->u->v[i];
		return;
	}
	for (uint32_t i = 0; i < r->u->rows; i++) {
		const double *u = dense_row(r->u, i);
		double *s = dense_row(r->s, i);

		for (uint32_t j = 0; j < r->u->cols; j++)
			s[j] = u[j] * u[j] * dense_row(r->k, j)[j];
	}
}

void
ridge_leave_one_out(double *error, const struct ridge_rows *r, const double *lambda, unsigned n)
{
	uint32_t rows = r->u->rows, e = r->u->cols;
	struct dense once = { e, n, r->thin }, twice = { e, n, once.v + (size_t)e * n };
	struct dense cross = { rows, n, twice.v + (size_t)e * n };
	struct dense quad = { rows, n, cross.v + (size_t)rows * n }, leverage = { rows, n, quad.v + (size_t)rows * n };

	assert(n <= RIDGE_LAMBDAS);
	for (uint32_t j = 0; j < e; j++)
		for (unsigned l = 0; l < n; l++) {
			dense_row(&once, j)[l] = 1 / (r->d[j] + lambda[l]);
			dense_row(&twice, j)[l] = dense_row(&once, j)[l] * dense_row(&once, j)[l];
		}
	multiply(r);
	dense_mul(&cross, r->t, &once);
	dense_mul(&quad, r->s, &twice);
	for (size_t i = 0; i < (size_t)rows * e; i++)
		r->s->v[i] = r->u->v[i] * r->u->v[i];
	dense_mul(&leverage, r->s, &once);
	memset(error, 0, n * sizeof *error);
	for (uint32_t i = 0; i < rows; i++)
		for (unsigned l = 0; l < n; l++) {
			double rest = r->own[i] - 2 * dense_row(&cross, i)[l] + dense_row(&quad, i)[l];
			double slack = 1 - (r->distinct ? r->weight[i] : 1) * dense_row(&leverage, i)[l];

			slack = MAX(slack, 1e-9);	/* the row alone decides: keep it finite */
			error[l] += r->weight[i] * MAX(rest, 0.0) / (slack * slack);
		}
}
