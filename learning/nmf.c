#include "learning/nmf.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "learning/ridge.h"

static const double grid[] = { 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100 };
enum {
	FOLDS = 5,
	LOOK = 10,	/* sweeps between two looks at the objective */
	BLOCK = 32,	/* columns that coordinate descent takes one by one */
	CATCH_UP = 30	/* rounds of C alone before a B that is nearly right may move */
};

struct factor {			/* scratch, one row per feature or per message */
	struct dense u, q, s, t;
};

struct work {
	const struct nmf_params *p;
	const struct sparse *x;		/* features x messages */
	struct sparse xt;		/* messages x features */
	const double *weight;
	double *ones;			/* weights of features */
	struct factor f, n;
	struct dense g, v, k, m;	/* e x e */
	double *d, *score;
	double *own, *thin;		/* see ridge.h */
};

/*
 * Ridge regression of Y on Z. Rows of Y are the columns of a, so Y' = a; m columns.
 * Result m x e in out.
 */
struct ridge {
	const struct sparse *a;
	const struct dense *z;
	const double *weight;
	struct factor *zs, *ms;
	struct dense *out;
};

struct nmf_params
nmf_params(void)
{
	return (struct nmf_params){ .ridge = NMF_LOO_REPLICATE, .max_sweeps = 400,
		.max_finish = 200, .still = 10, .least_share = 1e-6, .max_work = 1e10 };
}

static struct factor
side_of(struct pool *pool, uint32_t rows, uint32_t e)
{
	return (struct factor){ dense_of(pool, rows, e), dense_of(pool, rows, e),
		dense_of(pool, rows, e), dense_of(pool, rows, e) };
}

static void
work_init(struct work *w, struct pool *pool, const struct sparse *x, const double *weight,
    uint32_t e, const struct nmf_params *p)
{
	*w = (struct work){ .p = p, .x = x, .weight = weight };
	w->xt = sparse_transpose(pool, x);
	w->ones = pool_array(pool, x->rows, sizeof *w->ones);
	for (uint32_t i = 0; i < x->rows; i++)
		w->ones[i] = 1;
	w->f = side_of(pool, x->rows, e);
	w->n = side_of(pool, x->cols, e);
	w->g = dense_of(pool, e, e);
	w->v = dense_of(pool, e, e);
	w->k = dense_of(pool, e, e);
	w->m = dense_of(pool, e, e);
	w->own = pool_array(pool, MAX(x->rows, x->cols), sizeof *w->own);
	w->thin = pool_array(pool, (size_t)MAX(x->rows, x->cols) + e, 3 * RIDGE_LAMBDAS * sizeof *w->thin);
	w->d = pool_array(pool, e, sizeof *w->d);
	w->score = pool_array(pool, e, sizeof *w->score);
}

/* When columns died the scratch follows; between steps it holds nothing. */
static void
set_width(struct work *w, uint32_t e)
{
	struct dense *square[] = { &w->g, &w->v, &w->k, &w->m };
	struct dense *tall[] = { &w->f.u, &w->f.q, &w->f.s, &w->f.t, &w->n.u, &w->n.q, &w->n.s,
		&w->n.t };

	for (size_t i = 0; i < ARRAY_LEN(square); i++)
		square[i]->rows = square[i]->cols = e;
	for (size_t i = 0; i < ARRAY_LEN(tall); i++)
		tall[i]->cols = e;
}

/* Four sums, since one would wait for itself. */
static double
dot(const double *a, const double *b, uint32_t n)
{
	double sum[4] = { 0 };
	uint32_t i = 0;

	for (; i + 4 <= n; i += 4) {
		sum[0] += a[i] * b[i];
		sum[1] += a[i + 1] * b[i + 1];
		sum[2] += a[i + 2] * b[i + 2];
		sum[3] += a[i + 3] * b[i + 3];
	}
	for (; i < n; i++)
		sum[0] += a[i] * b[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void
scale_columns(struct dense *to, const struct dense *from, const double *d, double lambda)
{
	for (uint32_t i = 0; i < from->rows; i++) {
		const double *a = dense_row(from, i);
		double *b = dense_row(to, i);

		for (uint32_t j = 0; j < from->cols; j++)
			b[j] = a[j] / (d[j] + lambda);
	}
}

/* The lambda of least leave-one-out error; U and P' (ridge.h) are in zs->u and ms->u. */
static double
leave_one_out(struct work *w, const struct ridge *r)
{
	struct ridge_rows rows = { .u = &r->zs->u, .q = &r->zs->q, .k = &w->k, .d = w->d, .own = w->own,
		.weight = r->weight, .distinct = w->p->ridge == NMF_LOO_DISTINCT, .s = &r->zs->s, .t = &r->zs->t,
		.m = &w->m, .thin = w->thin };
	double error[ARRAY_LEN(grid)];
	size_t best = 0;

	for (uint32_t i = 0; i < r->z->rows; i++)
		w->own[i] = sparse_count(r->a, i);
	dense_gram(&w->k, &r->ms->u);
	sparse_tmul(&r->zs->q, r->a, &r->ms->u);
	ridge_leave_one_out(error, &rows, grid, ARRAY_LEN(grid));
	for (size_t l = 1; l < ARRAY_LEN(grid); l++)
		best = error[l] < error[best] ? l : best;
	return grid[best];
}

/* Rows from .. to of Z, with the columns of a that belong to them. */
static struct ridge
rows_of(const struct ridge *r, struct dense *z, struct sparse *a, uint32_t from, uint32_t to)
{
	struct ridge part = *r;

	*z = (struct dense){ to - from, r->z->cols, dense_row(r->z, from) };
	*a = (struct sparse){ r->a->rows, to - from, r->a->first + from, r->a->row };
	part.z = z;
	part.a = a;
	part.weight = r->weight + from;
	return part;
}

/* |Y - Z beta'| over the held-out rows: unweighted, as the package has it. */
static double
held_out(struct work *w, const struct ridge *r, const struct dense *beta)
{
	struct dense yb = { r->z->rows, r->z->cols, r->zs->t.v };
	struct dense zk = { r->z->rows, r->z->cols, r->zs->s.v };
	double sum = 0;

	sparse_tmul(&yb, r->a, beta);
	dense_gram(&w->k, beta);
	dense_mul(&zk, r->z, &w->k);
	for (uint32_t i = 0; i < r->z->rows; i++) {
		const double *z = dense_row(r->z, i);

		sum += sparse_count(r->a, i) - 2 * dot(z, dense_row(&yb, i), yb.cols)
		    + dot(z, dense_row(&zk, i), zk.cols);
	}
	return sqrt(MAX(sum, 0.0));
}

/* 5 contiguous folds; the last rows mod 5 are always trained on. G is Z'WZ in w->g. */
static int
five_folds(struct work *w, const struct ridge *r, double *lambda)
{
	uint32_t size = r->z->rows / FOLDS, e = r->z->cols;
	struct dense *all = &r->ms->q, *rest = &r->ms->s, *beta = &r->ms->t;
	double score[ARRAY_LEN(grid)] = { 0 };
	size_t best = 0;

	dense_copy(&r->zs->q, r->z);
	dense_scale_rows(&r->zs->q, r->weight);
	sparse_mul(all, r->a, &r->zs->q);		/* Y'WZ */
	for (uint32_t fold = 0; fold < FOLDS && size > 0; fold++) {
		struct dense z, wz = { size, e, dense_row(&r->zs->q, fold * size) };
		struct dense scratch = { size, e, r->zs->s.v };
		struct sparse a;
		struct ridge held = rows_of(r, &z, &a, fold * size, (fold + 1) * size);

		sparse_mul(rest, &a, &wz);
		for (size_t i = 0; i < (size_t)rest->rows * e; i++)
			rest->v[i] = all->v[i] - rest->v[i];
		for (size_t l = 0; l < ARRAY_LEN(grid); l++) {
			dense_gram_weighted(&w->k, &z, held.weight, &scratch);
			for (size_t i = 0; i < (size_t)e * e; i++)
				w->k.v[i] = w->g.v[i] - w->k.v[i];
			dense_add_diagonal(&w->k, grid[l]);
			if (dense_cholesky(&w->k) < 0)
				return -EDOM;
			dense_copy(beta, rest);
			dense_cholesky_solve(beta, &w->k);
			score[l] += held_out(w, &held, beta);
		}
	}
	for (size_t l = 1; l < ARRAY_LEN(grid); l++) {
		if (score[l] < score[best])
			best = l;
	}
	*lambda = grid[best];
	return 0;
}

/* out = max(0, Y'WZ (Z'WZ + lambda I)^-1), lambda chosen here. */
static int
ridge_fit(struct work *w, const struct ridge *r, double *lambda)
{
	struct factor *zs = r->zs;
	struct dense *p = &r->ms->u;

	dense_gram_weighted(&w->g, r->z, r->weight, &zs->s);
	dense_copy(&w->v, &w->g);
	if (dense_eigen(&w->v, w->d) < 0)
		return -EDOM;
	for (uint32_t j = 0; j < w->v.rows; j++)
		w->d[j] = MAX(w->d[j], 0.0);
	dense_mul_t(&zs->u, r->z, &w->v);
	dense_copy(&zs->s, &zs->u);
	dense_scale_rows(&zs->s, r->weight);
	sparse_mul(p, r->a, &zs->s);
	if (w->p->ridge != NMF_CV5)
		*lambda = leave_one_out(w, r);
	else if (five_folds(w, r, lambda) < 0)
		return -EDOM;
	scale_columns(p, p, w->d, *lambda);
	dense_mul(r->out, p, &w->v);
	dense_clip_below(r->out, 0);
	return 0;
}

/* Drops the columns of B that are all zero, with theirs of C; makes the others unit length. */
static uint32_t
tidy_columns(struct work *w, struct nmf *m)
{
	uint32_t e = m->b.cols, left = 0;
	struct dense *both[] = { &m->b, &m->c };

	memset(w->score, 0, e * sizeof *w->score);
	for (uint32_t i = 0; i < m->b.rows; i++) {
		for (uint32_t j = 0; j < e; j++)
			w->score[j] += dense_row(&m->b, i)[j] * dense_row(&m->b, i)[j];
	}
	for (uint32_t j = 0; j < e; j++) {
		w->score[j] = sqrt(w->score[j]);
		left += w->score[j] > 0;
	}
	for (int k = 0; k < 2; k++) {
		double *to = both[k]->v;

		for (uint32_t i = 0; i < both[k]->rows; i++) {
			const double *from = dense_row(both[k], i);

			for (uint32_t j = 0; j < e; j++) {
				double length = w->score[j];

				if (length > 0)
					*to++ = k == 0 ? from[j] / length : from[j] * length;
			}
		}
	}
	m->b.cols = m->c.cols = left;
	set_width(w, left);
	return e - left;
}

/* From the pieces, without the dense residual. */
static double
objective(struct work *w, const struct nmf *m)
{
	double sum = 0, cross = 0;

	for (uint32_t n = 0; n < w->x->cols; n++)
		sum += w->weight[n] * sparse_count(w->x, n);
	if (m->b.cols == 0)
		return sum / 2;
	sparse_tmul(&w->n.u, w->x, &m->b);
	for (uint32_t n = 0; n < w->x->cols; n++)
		cross += w->weight[n] * dot(dense_row(&w->n.u, n), dense_row(&m->c, n), m->c.cols);
	dense_gram(&w->g, &m->b);
	dense_gram_weighted(&w->k, &m->c, w->weight, &w->n.s);
	return (sum - 2 * cross + dense_dot(&w->g, &w->k)) / 2;
}

void
nmf_labels(int32_t *label, const struct dense *c)
{
	for (uint32_t n = 0; n < c->rows; n++) {
		double most = 0;

		label[n] = NMF_NULL;
		for (uint32_t j = 0; j < c->cols; j++) {
			if (dense_row(c, n)[j] > most) {
				most = dense_row(c, n)[j];
				label[n] = (int32_t)j;
			}
		}
	}
}

/* True when the objective has stopped moving. */
static bool
settled(const struct nmf_params *p, double before, double now)
{
	double change = fabs(before - now);

	return change < p->least_change || change < p->least_share * now;
}

/* Sweeps that fit into the work allowed; products: (f + n) e^2 of them per sweep. */
static uint32_t
affordable(const struct work *w, const struct nmf *m, uint32_t sweeps, double products)
{
	double e = m->b.cols, cost = products * ((double)m->b.rows + m->c.rows) * e * e
	    + 4.0 * w->x->first[w->x->cols] * e;

	if (w->p->max_work <= 0 || sweeps * cost <= w->p->max_work)
		return sweeps;
	return (uint32_t)MIN((double)sweeps, MAX(20.0, w->p->max_work / cost));
}

static int
ridge_phase(struct work *w, struct nmf *m, int32_t *before)
{
	const struct nmf_params *p = w->p;
	struct ridge for_c = { &w->xt, &m->b, w->ones, &w->f, &w->n, &m->c };
	struct ridge for_b = { w->x, &m->c, w->weight, &w->n, &w->f, &m->b };
	double unused;
	uint32_t still = 0, died, most = affordable(w, m, p->max_sweeps, 13);

	m->objective = INFINITY;
	if (p->nearly && m->b.cols > 0)
		return ridge_fit(w, &for_c, &m->lambda);
	while (m->sweeps < most && m->b.cols > 0 && (p->still == 0 || still < p->still)) {
		progress_at(p->progress, "factorise", (double)m->sweeps / most);
		memcpy(before, m->label, m->c.rows * sizeof *before);
		if (ridge_fit(w, &for_c, &m->lambda) < 0 || ridge_fit(w, &for_b, &unused) < 0)
			return -EDOM;
		died = tidy_columns(w, m);
		m->died += died;
		nmf_labels(m->label, &m->c);
		still = died == 0 && memcmp(before, m->label, m->c.rows * sizeof *before) == 0
		    ? still + 1 : 0;
		if (++m->sweeps % LOOK == 0) {
			double was = m->objective;

			m->objective = objective(w, m);
			if (m->ntrace < NMF_TRACE)
				m->trace[m->ntrace++] = m->objective;
			if (settled(p, was, m->objective))
				break;
		}
	}
	return 0;
}

/*
 * Every row of C in turn by coordinate descent against its row of A and the Gram matrix; each column sees
 * those before it new. What columns owe to those of other blocks comes from one product.
 */
static void
hals(struct dense *c, const struct dense *a, const struct dense *g, struct dense *scratch)
{
	for (uint32_t from = 0; from < g->cols; from += BLOCK) {
		uint32_t width = MIN(g->cols - from, (uint32_t)BLOCK);
		const struct dense part = { width, g->cols, dense_row(g, from) };
		struct dense owed = { c->rows, width, scratch->v };

		dense_mul_t(&owed, c, &part);
		for (uint32_t n = 0; n < c->rows; n++) {
			const double *want = dense_row(a, n) + from;
			double *cn = dense_row(c, n) + from, *got = dense_row(&owed, n);

			for (uint32_t j = 0; j < width; j++) {
				const double *gj = dense_row(g, from + j) + from;
				double before = cn[j];

				if (gj[j] <= 0)
					continue;
				cn[j] = MAX(0.0, before + (want[j] - got[j]) / gj[j]);
				if (cn[j] != before)
					dense_add_row(got + j + 1, gj + j + 1, cn[j] - before, width - j - 1);
			}
		}
	}
}

/* C for B as it is, without lambda: coordinate descent, rows being independent. */
static void
hals_c(struct work *w, struct nmf *m, uint32_t rounds)
{
	sparse_tmul(&w->n.u, w->x, &m->b);
	dense_gram(&w->g, &m->b);
	for (uint32_t i = 0; i < rounds; i++)
		hals(&m->c, &w->n.u, &w->g, &w->n.t);
}

/*
 * spec/prisma.md 5.2, the finish: coordinate descent, so J only falls. Within a sweep all
 * of C is done before all of B, rows being independent.
 */
static void
hals_phase(struct work *w, struct nmf *m)
{
	const struct nmf_params *p = w->p;
	uint32_t most = affordable(w, m, p->max_finish, 2);

	while (m->finish_sweeps < most && m->b.cols > 0) {
		progress_at(p->progress, "finish", (double)m->finish_sweeps / most);
		hals_c(w, m, p->nearly && m->finish_sweeps == 0 ? CATCH_UP : 1);
		dense_copy(&w->n.s, &m->c);
		dense_scale_rows(&w->n.s, w->weight);
		sparse_mul(&w->f.u, w->x, &w->n.s);
		dense_gram_weighted(&w->g, &m->c, w->weight, &w->n.s);
		hals(&m->b, &w->f.u, &w->g, &w->f.t);
		m->died += tidy_columns(w, m);
		if (++m->finish_sweeps % LOOK == 0) {
			double was = m->objective;

			m->objective = objective(w, m);
			if (settled(p, was, m->objective))
				break;
		}
	}
}

int
nmf_run(struct nmf *m, struct pool *pool, const struct sparse *x, const double *weight,
    struct dense b, const struct nmf_params *p)
{
	struct work w;
	int32_t *before = pool_array(pool, x->cols, sizeof *before);

	assert(b.rows == x->rows);
	*m = (struct nmf){ .b = b, .c = dense_of(pool, x->cols, b.cols) };
	m->label = pool_array(pool, x->cols, sizeof *m->label);
	work_init(&w, pool, x, weight, b.cols, p);
	if (ridge_phase(&w, m, before) < 0)
		return -EDOM;
	hals_phase(&w, m);
	m->objective = objective(&w, m);
	nmf_labels(m->label, &m->c);
	return 0;
}

int
nmf_assign(struct dense *c, struct pool *pool, const struct sparse *x, const struct dense *b,
    double lambda)
{
	struct dense g = dense_of(pool, b->cols, b->cols);

	*c = dense_of(pool, x->cols, b->cols);
	if (b->cols == 0)
		return 0;
	dense_gram(&g, b);
	dense_add_diagonal(&g, lambda);
	if (dense_cholesky(&g) < 0)
		return -EDOM;
	sparse_tmul(c, x, b);
	dense_cholesky_solve(c, &g);
	dense_clip_below(c, 0);
	return 0;
}
