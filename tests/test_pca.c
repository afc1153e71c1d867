#include <errno.h>
#include <math.h>

#include "learning/pca.h"
#include "tests/asap.h"
#include "tests/pooled.h"

/* Columns over three features: ab ab c, the second with weight 3. */
static struct sparse
small(struct pool *pool)
{
	struct sparse x = { .rows = 3, .cols = 3 };
	uint64_t first[] = { 0, 2, 3, 4 };
	uint32_t row[] = { 0, 1, 0, 2 };

	x.first = pool_copy(pool, first, sizeof first);
	x.row = pool_copy(pool, row, sizeof row);
	return x;
}

POOLED(pca, weights_count_like_repeated_messages)
{
	struct sparse x = small(pool), y = { .rows = 3, .cols = 6 };
	uint64_t first[] = { 0, 2, 3, 4, 5, 6, 7 };
	uint32_t row[] = { 0, 1, 0, 0, 0, 2, 2 };
	double weight[] = { 1, 3, 2 }, ones[] = { 1, 1, 1, 1, 1, 1 };
	struct pca p, q;

	y.first = first;
	y.row = row;
	cr_assert_eq(pca_of(&p, pool, &x, weight), 0);
	cr_assert_eq(pca_of(&q, pool, &y, ones), 0);
	cr_assert_eq(p.nvalues, q.nvalues);
	for (uint32_t i = 0; i < p.nvalues; i++)
		cr_expect_float_eq(p.value[i], q.value[i], 1e-12);
}

POOLED(pca, the_start_splits_components_by_sign)
{
	struct sparse x = small(pool);
	double weight[] = { 1, 3, 2 };
	struct pca p;
	struct dense b;

	cr_assert_eq(pca_of(&p, pool, &x, weight), 0);
	cr_expect_eq(p.nvalues, 2, "three distinct messages span two directions");
	b = pca_start(pool, &p, 5);
	cr_assert_eq(b.cols, 4);
	for (uint32_t i = 0; i < 2; i++) {
		for (uint32_t f = 0; f < 3; f++) {
			double minus = dense_row(&b, f)[i], plus = dense_row(&b, f)[2 + i];

			cr_expect(minus >= 0 && plus >= 0 && minus * plus == 0);
			cr_expect_float_eq(plus - minus, dense_row(&p.vector, i)[f], 0);
		}
	}
	cr_expect_eq(pca_start(pool, &p, 100).cols, 4);
}

POOLED(pca, one_message_has_no_components)
{
	struct sparse x = small(pool);
	double weight[] = { 1 };
	struct pca p;

	x.cols = 1;
	cr_expect_eq(pca_of(&p, pool, &x, weight), -ENODATA);
}

POOLED(pca, asap_has_inner_dimension_8_either_way)
{
	struct sparse x;
	double weight[ASAP_DISTINCT], noise[ASAP_GROUPS];
	static const double value[] = { 0.5728972498239, 0.50188136552342322, 0.49815121826634401,
		0.37169372872621248, 0.086605672228679861, 0.083607039221520352,
		0.080712111048400273 };
	struct pca p;
	uint32_t e;

	if (asap_matrix(pool, &x, weight) < 0)
		SKIP_WITHOUT("reference/asap");
	cr_assert_eq(pca_of(&p, pool, &x, weight), 0);
	cr_assert_eq(p.nvalues, ARRAY_LEN(value));
	for (uint32_t i = 0; i < p.nvalues; i++)
		cr_expect_float_eq(p.value[i], value[i], 1e-10);
	cr_assert_eq(pca_dimension(&e, pool, &p, &x, weight, PCA_CLOSED_FORM, 0, noise), 0);
	printf("asap: dimension %u / 8, noise edge %.5f / 0.25362, special %.5f / 0.05559\n", e,
	    noise[0], noise[ASAP_GROUPS - 1]);
	cr_expect_eq(e, 8);
	cr_expect_float_eq(noise[0], 0.2536, 0.005);
	cr_expect_float_eq(noise[ASAP_GROUPS - 1], 0.0556, 0.0005);
	for (uint64_t seed = 1; seed <= 5; seed++) {
		double again[ASAP_GROUPS];

		pca_dimension(&e, pool, &p, &x, weight, PCA_SIMULATED, seed, noise);
		cr_expect_eq(e, 8);
		cr_expect_float_eq(noise[0], 0.2536, 0.006);
		pca_dimension(&e, pool, &p, &x, weight, PCA_SIMULATED, seed, again);
		cr_expect_eq(memcmp(noise, again, sizeof noise), 0, "the seed decides");
	}
}
