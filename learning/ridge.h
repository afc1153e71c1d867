#pragma once
/*
 * ridge.h - leave-one-out errors of ridge regressions in closed form, for many lambda at once.
 *
 * spec/prisma.md 5.2: with G = Z'WZ = V d V', U = Z V, P = U'WY, Q = Y P', K = P P',
 * s_i = U_i / (d + lambda): r_i^2 = |y_i|^2 - 2 s_i Q_i + s_i K s_i', leverage h_i = U_i s_i.
 *
 * s_i K s_i' would cost a product with K for each lambda. Since
 * 1 / ((d_j + lambda)(d_k + lambda)) = (1 / (d_j + lambda) - 1 / (d_k + lambda)) / (d_k - d_j), one
 * product with M_kj = K_kj / (d_k - d_j) serves all of them; what d_j and d_k have in common when they are
 * nearly equal would be lost by that difference, so such pairs, and j = k, are taken as
 * the mean of their squares. Either way the error is some 1e-10 of r_i^2.
 */
#include "learning/dense.h"

enum { RIDGE_LAMBDAS = 8 };	/* at most */

struct ridge_rows {
	const struct dense *u, *q, *k;	/* n x e, n x e, e x e */
	const double *d;		/* e, none below 0 */
	const double *own;		/* n: |y_i|^2 */
	const double *weight;		/* n */
	bool distinct;			/* all replicates of a row are left out together */
	struct dense *s, *t;		/* scratch, n x e */
	struct dense *m;		/* scratch, e x e */
	double *thin;			/* scratch, 3 (n + e) RIDGE_LAMBDAS */
};

/* error[l] = sum_i w_i r_i^2 / (1 - h_i)^2 at lambda[l]; replicates together: 1 - w_i h_i. */
void	ridge_leave_one_out(double *error, const struct ridge_rows *r, const double *lambda, unsigned n);
