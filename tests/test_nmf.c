#include <errno.h>
#include <math.h>

#include "learning/nmf.h"
#include "learning/pca.h"
#include "tests/asap.h"
#include "tests/cases.h"
#include "tests/pooled.h"

static double
plain_objective(const struct sparse *x, const double *weight, const struct nmf *m)
{
	double sum = 0;

	for (uint32_t n = 0; n < x->cols; n++) {
		double *residual = calloc(x->rows, sizeof *residual);

		for (uint64_t k = x->first[n]; k < x->first[n + 1]; k++)
			residual[x->row[k]] = 1;
		for (uint32_t f = 0; f < x->rows; f++) {
			for (uint32_t j = 0; j < m->b.cols; j++)
				residual[f] -= dense_row(&m->b, f)[j] * dense_row(&m->c, n)[j];
			sum += weight[n] * residual[f] * residual[f] / 2;
		}
		free(residual);
	}
	return sum;
}

/* Messages of `blocks` disjoint vocabularies of 6 words, 3 or more of them each. */
static struct sparse
blocks_of(struct pool *pool, uint32_t blocks, uint32_t each, double *weight)
{
	struct sparse x = { .rows = blocks * 6, .cols = blocks * each };
	uint32_t seed = 5;

	x.first = pool_array(pool, x.cols + 1, sizeof *x.first);
	x.row = pool_array(pool, x.cols * 6, sizeof *x.row);
	for (uint32_t n = 0; n < x.cols; n++) {
		x.first[n + 1] = x.first[n];
		for (uint32_t i = 0; i < 6; i++) {
			seed = seed * 1664525 + 1013904223;
			if (i < 3 || seed >> 31)
				x.row[x.first[n + 1]++] = n / each * 6 + i;
		}
		weight[n] = 1 + (seed >> 8) % 9;
	}
	return x;
}

POOLED(nmf, disjoint_vocabularies_become_clusters)
{
	double weight[80];
	struct sparse x = blocks_of(pool, 4, 20, weight);
	struct nmf_params p = nmf_params();
	struct pca pca;
	struct nmf m;
	bool pure = true;

	cr_assert_eq(pca_of(&pca, pool, &x, weight), 0);
	cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
	for (uint32_t a = 0; a < x.cols; a++) {
		cr_expect_neq(m.label[a], NMF_NULL);
		for (uint32_t b = 0; b < x.cols; b++)
			pure = pure && (a / 20 == b / 20 || m.label[a] != m.label[b]);
	}
	cr_expect(pure, "no cluster mixes vocabularies");
	cr_expect_float_eq(m.objective, plain_objective(&x, weight, &m), 1e-8);
	for (uint32_t j = 0; j < m.b.cols; j++) {
		double length = 0;

		for (uint32_t f = 0; f < x.rows; f++)
			length += dense_row(&m.b, f)[j] * dense_row(&m.b, f)[j];
		cr_expect_float_eq(length, 1, 1e-12);
	}
}

POOLED(nmf, the_finish_never_raises_the_objective)
{
	double weight[80];
	struct sparse x = blocks_of(pool, 4, 20, weight);
	struct nmf_params p = nmf_params();
	struct pca pca;
	struct nmf m;
	double last = INFINITY;

	pca_of(&pca, pool, &x, weight);
	p.max_sweeps = 12;
	p.still = 0;
	p.least_share = 0;
	for (p.max_finish = 0; p.max_finish < 40; p.max_finish += 4) {
		cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
		cr_expect_leq(m.objective, last + 1e-9);
		last = m.objective;
	}
}

POOLED(nmf, a_message_without_features_has_the_null_label)
{
	double weight[81];
	struct sparse x = blocks_of(pool, 4, 20, weight);
	struct nmf_params p = nmf_params();
	struct dense c;
	struct pca pca;
	struct nmf m;
	int32_t label[80];
	uint32_t lost;

	lost = (uint32_t)x.first[1];	/* the words of the first message */
	memmove(x.row, x.row + lost, (x.first[80] - lost) * sizeof *x.row);
	for (uint32_t n = 1; n <= 80; n++)
		x.first[n] -= lost;
	pca_of(&pca, pool, &x, weight);
	cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
	cr_expect_eq(m.label[0], NMF_NULL);
	cr_expect_neq(m.label[79], NMF_NULL);
	/* assigning the training messages again gives the same groups */
	cr_assert_eq(nmf_assign(&c, pool, &x, &m.b, m.lambda), 0);
	nmf_labels(label, &c);
	cr_expect_eq(label[0], NMF_NULL);
	cr_expect_eq(label[79], m.label[79]);
	cr_expect_eq(label[25], m.label[25]);
}

POOLED(nmf, dead_columns_are_dropped_and_reported)
{
	double weight[80];
	struct sparse x = blocks_of(pool, 4, 20, weight);
	struct nmf_params p = nmf_params();
	struct dense b = dense_of(pool, x.rows, 3);
	struct nmf m;

	for (uint32_t f = 0; f < x.rows; f++)
		dense_row(&b, f)[1] = 1;	/* columns 0 and 2 explain nothing */
	cr_assert_eq(nmf_run(&m, pool, &x, weight, b, &p), 0);
	cr_expect_eq(m.died, 2);
	cr_expect_eq(m.b.cols, 1);
	cr_expect_eq(m.c.cols, 1);
	cr_expect_eq(nmf_run(&m, pool, &x, weight, dense_of(pool, x.rows, 0), &p), 0);
	cr_expect_eq(m.label[0], NMF_NULL);
}

static void
watch(void *ctx, const char *stage, double fraction)
{
	cr_expect(stage != NULL && fraction >= 0 && fraction <= 1);
	++*(int *)ctx;
}

POOLED(nmf, sweeps_are_bounded_and_reported)
{
	double weight[80];
	struct sparse x = blocks_of(pool, 4, 20, weight);
	int calls = 0;
	struct progress progress = { watch, &calls };
	struct nmf_params p = { .max_sweeps = 7, .max_finish = 3, .progress = &progress };
	struct pca pca;
	struct nmf m;

	pca_of(&pca, pool, &x, weight);
	cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
	cr_expect(m.sweeps == 7 && m.finish_sweeps == 3 && calls == 10);
}

static const struct {
	enum nmf_ridge ridge;
	const char *name, *labels;
	uint32_t sweeps;
	double objective;
} variants[] = {
	{ NMF_CV5, "cv5", "labels_cv5.txt", 250, 2751.423950088 },
	{ NMF_LOO_REPLICATE, "loo_replicate", "labels_loo_replicate.txt", 180, 2752.780038099 },
	{ NMF_LOO_DISTINCT, "loo_distinct", "labels_loo_distinct.txt", 250, 2715.159873439 },
};

/* The printed course of variant v, read from the reference file. */
static uint32_t
reference_course(const char *variant, double *value, uint32_t room)
{
	FILE *f = asap_open("reference_objectives.csv");
	char line[256], set[32], name[32];
	double objective;
	uint32_t n = 0;

	while (f && n < room && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%31[^,],%31[^,],%*d,%lf", set, name, &objective) == 3
		    && strcmp(set, "asap") == 0 && strcmp(name, variant) == 0)
			value[n++] = objective;
	}
	if (f)
		fclose(f);
	return n;
}

static int
asap_variant(struct pool *pool, void *ctx)
{
	size_t i = *(size_t *)ctx;
	double weight[ASAP_DISTINCT], want[ASAP_DISTINCT], course[64];
	struct sparse x;
	struct pca pca;
	struct nmf m;
	uint32_t n = reference_course(variants[i].name, course, 64);
	struct nmf_params p = { .ridge = variants[i].ridge, .max_sweeps = variants[i].sweeps };

	if (n == 0 || asap_matrix(pool, &x, weight) < 0
	    || asap_numbers(variants[i].labels, want, ASAP_DISTINCT) < 0)
		return -ENOENT;
	pca_of(&pca, pool, &x, weight);
	cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
	printf("asap %s: objective %.6f / %.6f after %u sweeps\n", variants[i].name, m.objective,
	    variants[i].objective, m.sweeps);
	cr_assert_eq(m.ntrace, n);
	for (uint32_t k = 0; k < n; k++)
		cr_expect_float_eq(m.trace[k], course[k], 1e-6 * course[k], "sweep %u: %f / %f",
		    10 * (k + 1), m.trace[k], course[k]);
	for (uint32_t a = 0; a < ASAP_DISTINCT; a++) {
		for (uint32_t b = 0; b < a; b++)
			cr_expect_eq(m.label[a] == m.label[b], want[a] == want[b]);
	}
	return 0;
}

EACH_CASE(nmf, asap_takes_the_course_of_the_reference, variants)
{
	struct pool pool;
	size_t which = *i;
	int err;

	pool_init(&pool, 0);
	err = pool_run(&pool, asap_variant, &which);
	pool_fini(&pool);
	if (err == -ENOENT)
		SKIP_WITHOUT("reference/asap");
	cr_expect_eq(err, 0);
}

POOLED(nmf, asap_by_default_finishes_below_ridge_alone)
{
	double weight[ASAP_DISTINCT];
	struct nmf_params p = nmf_params();
	struct sparse x;
	struct pca pca;
	struct nmf m;

	if (asap_matrix(pool, &x, weight) < 0)
		SKIP_WITHOUT("reference/asap");
	pca_of(&pca, pool, &x, weight);
	p.max_finish = 1000;
	cr_assert_eq(nmf_run(&m, pool, &x, weight, pca_start(pool, &pca, 8), &p), 0);
	printf("asap default: objective %.2f / 1745.68, %u ridge sweeps, %u HALS sweeps\n",
	    m.objective, m.sweeps, m.finish_sweeps);
	cr_expect_float_eq(m.objective, 1745.68, 15);
}
