/*
 * bench_nmf.c - replicate-aware NMF at the sizes of PRISMA12, X kept sparse.
 *
 * Per size: milliseconds per ridge sweep with lambda by leave-one-out and by five folds (the original's), sweeps
 * and seconds until the labels stand still, the finish likewise; what one dense product and one Gram matrix of
 * these shapes reach of the processor's best dgemm, and what a whole sweep does.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "learning/nmf.h"
#include "learning/pca.h"
#include "tests/bench.h"
#include "tests/latent.h"

enum {
	SEED = 1,
	PEAK = 768,
	DENSE = 4	/* products of (f + n) e^2 in a sweep, see nmf.h */
};

struct plan {
	const struct bench_options *o;
	const struct latent *size;
	double peak;			/* multiplications per second of a large product */
};

static double
random_part(uint64_t *seed)
{
	return (double)(bench_random(seed) >> 11) / (1ull << 53);
}

static struct dense
random_dense(struct pool *pool, uint32_t rows, uint32_t cols, uint64_t seed)
{
	struct dense d = dense_of(pool, rows, cols);

	for (size_t i = 0; i < (size_t)rows * cols; i++)
		d.v[i] = random_part(&seed);
	return d;
}

/* Of this thread on a CPU, in seconds: the original's figures are such, and what else runs does not count. */
static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* C = A B, or G = A'A, of which symmetry spares half. */
static void
product(struct dense *c, const struct dense *a, const struct dense *b)
{
	if (b != NULL)
		dense_mul(c, a, b);
	else
		dense_gram(c, a);
}

/* Multiplications per second of a product; b is NULL for a Gram matrix. */
static double
rate(const struct plan *p, struct dense *c, const struct dense *a, const struct dense *b)
{
	double cost = (double)a->rows * a->cols * (b != NULL ? b->cols : (a->cols + 1) / 2.0), best = 0;
	unsigned times = 1 + (unsigned)(1e7 / cost);

	for (double began = cpu_s(), t0 = began; t0 < began + p->o->seconds / 2;) {
		for (unsigned i = 0; i < times; i++)
			product(c, a, b);
		best = MAX(best, times * cost / (cpu_s() - t0));
		t0 = cpu_s();
	}
	return best;
}

static void
value(const struct plan *p, const char *figure, const char *unit, double v)
{
	char name[64];

	snprintf(name, sizeof name, "%s-%s", p->size->name, figure);
	bench_value(name, unit, v);
}

/* Runs it; CPU seconds. */
static double
factorise(const struct plan *p, struct nmf *m, struct pool *pool, const struct sparse *x, const double *weight,
    const struct dense *start, const struct nmf_params *how)
{
	struct dense b = dense_of(pool, start->rows, start->cols);
	double t0;

	dense_copy(&b, start);
	t0 = cpu_s();
	if (nmf_run(m, pool, x, weight, b, how) < 0)
		bench_die("%s: LAPACK gave up.", p->size->name);
	return cpu_s() - t0;
}

static void
sweeps(const struct plan *p, struct pool *pool, const struct sparse *x, const double *weight, const struct dense *start)
{
	static const struct { const char *name; enum nmf_ridge ridge; uint32_t sweeps; } way[] = {
		{ "loo", NMF_LOO_REPLICATE, 40 }, { "cv5", NMF_CV5, 10 },
	};
	double e = start->cols, one;
	struct nmf_params how;
	struct nmf m;

	for (size_t i = 0; i < ARRAY_LEN(way); i++) {
		how = (struct nmf_params){ .ridge = way[i].ridge,
			.max_sweeps = p->o->seconds < 1 ? way[i].sweeps / 5 : way[i].sweeps };
		one = factorise(p, &m, pool, x, weight, start, &how) / m.sweeps;
		value(p, way[i].name, "ms/sweep", 1e3 * one);
		if (way[i].ridge == NMF_LOO_REPLICATE)
			value(p, "sweep-peak", "%", 100 * DENSE * ((double)x->rows + x->cols) * e * e / one / p->peak);
	}
	how = nmf_params();
	how.max_work = 0;
	how.max_finish = 0;
	value(p, "still", "s", factorise(p, &m, pool, x, weight, start, &how));
	value(p, "still-sweeps", "", m.sweeps);
	how = nmf_params();
	how.max_work = 0;
	value(p, "all", "s", factorise(p, &m, pool, x, weight, start, &how));
	value(p, "finish-sweeps", "", m.finish_sweeps);
	value(p, "objective", "", m.objective);
}

static int
one_size(struct pool *pool, void *ctx)
{
	const struct plan *p = ctx;
	double *weight = pool_array(pool, p->size->messages, sizeof *weight);
	struct sparse x = latent_matrix(pool, p->size, SEED, weight);
	struct dense start, z, square, result;
	struct pca pca;
	double t0 = cpu_s();
	struct rusage u;

	if (pca_of(&pca, pool, &x, weight) < 0)
		bench_die("%s: LAPACK gave up.", p->size->name);
	start = pca_start(pool, &pca, p->size->classes);
	value(p, "components", "s", cpu_s() - t0);
	sweeps(p, pool, &x, weight, &start);
	z = random_dense(pool, x.cols, start.cols, 2);
	square = random_dense(pool, start.cols, start.cols, 3);
	result = dense_of(pool, x.cols, start.cols);
	value(p, "product-peak", "%", 100 * rate(p, &result, &z, &square) / p->peak);
	value(p, "gram-peak", "%", 100 * rate(p, &square, &z, NULL) / p->peak);
	value(p, "pool", "MiB", (double)pool->used_bytes / (1 << 20));
	getrusage(RUSAGE_SELF, &u);
	value(p, "peak", "MiB", (double)u.ru_maxrss / 1024);
	return 0;
}

static int
measure_peak(struct pool *pool, void *ctx)
{
	struct plan *p = ctx;
	struct dense a = random_dense(pool, PEAK, PEAK, 4), b = random_dense(pool, PEAK, PEAK, 5);
	struct dense c = dense_of(pool, PEAK, PEAK);

	p->peak = rate(p, &c, &a, &b);
	return 0;
}

static int
in_pool(int (*job)(struct pool *, void *), void *ctx)
{
	struct pool pool;
	int err;

	pool_init(&pool, 0);
	err = pool_run(&pool, job, ctx);
	pool_fini(&pool);
	return err;
}

int
main(int argc, char **argv)
{
	struct bench_options o;
	struct plan p = { .o = &o };

	bench_start(&o, argc, argv);
	openblas_set_num_threads(1);
	in_pool(measure_peak, &p);
	bench_value("dgemm", "GFLOP/s", 2 * p.peak / 1e9);
	for (size_t i = 0; i < ARRAY_LEN(latent_sizes); i++) {
		p.size = &latent_sizes[i];
		if (bench_wanted(&o, p.size->name))
			in_pool(one_size, &p);
	}
	return 0;
}
