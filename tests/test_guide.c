#include "learning/scriptgen/guide.h"

#include <math.h>

#include "tests/pooled.h"

/* Average linkage by its definition: the two clusters with the least mean distance, again and again. */
static void
naive_heights(const double *d, uint32_t n, double *height)
{
	uint32_t cluster[32];

	for (uint32_t i = 0; i < n; i++)
		cluster[i] = i;
	for (uint32_t s = 0; s + 1 < n; s++) {
		double best = INFINITY;
		uint32_t x = 0, y = 0;

		for (uint32_t a = 0; a < n; a++)
			for (uint32_t b = a + 1; b < n; b++) {
				double sum = 0, pairs = 0;

				for (uint32_t i = 0; i < n; i++)
					for (uint32_t k = 0; k < n; k++)
						if (cluster[i] == a && cluster[k] == b) {
							sum += d[i * n + k];
							pairs++;
						}
				if (pairs > 0 && sum / pairs < best) {
					best = sum / pairs;
					x = a;
					y = b;
				}
			}
		height[s] = best;
		for (uint32_t i = 0; i < n; i++)
			cluster[i] = cluster[i] == y ? x : cluster[i];
	}
}

POOLED(guide, the_tree_is_that_of_average_linkage)
{
	enum { N = 24 };
	double d[N * N] = { 0 }, copy[N * N], height[N];
	struct guide g;
	uint32_t seed = 1;

	for (uint32_t i = 0; i < N; i++)
		for (uint32_t k = 0; k < i; k++) {
			seed = seed * 1664525 + 1013904223;
			d[i * N + k] = d[k * N + i] = (seed >> 8) / (double)(1 << 24);
		}
	memcpy(copy, d, sizeof d);
	guide_build(&g, pool, copy, N);
	naive_heights(d, N, height);
	for (uint32_t s = 0; s + 1 < N; s++)
		cr_assert_float_eq(g.step[s].height, height[s], 1e-9, "step %u", s);
}

POOLED(guide, what_never_joins_is_a_cluster_of_its_own)
{
	double d[16] = { 0, .1, .9, .9, .1, 0, .9, .9, .9, .9, 0, .9, .9, .9, .9, 0 };
	uint32_t cluster[4];
	struct guide g;

	guide_build(&g, pool, d, 4);
	cr_assert_eq(guide_cut(&g, pool, 0.5, cluster), 3);
	cr_assert(cluster[0] == 0 && cluster[1] == 0 && cluster[2] == 1 && cluster[3] == 2);
	cr_assert_eq(guide_cut(&g, pool, 1.0, cluster), 1);
	guide_build(&g, pool, d, 0);
	cr_assert_eq(guide_cut(&g, pool, 1.0, cluster), 0);
}
