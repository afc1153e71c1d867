#include "tests/latent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/bytes.h"

enum { LEAST = 14, MOST = 16, PREFERRED = 24, OWN_PERCENT = 85 };

const struct latent latent_sizes[] = {
	{ "SIP", 284, 902, 16 },
	{ "DNS", 871, 1974, 108 },
	{ "FTP", 1891, 4226, 200 },
};

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	return (uint32_t)((hash_stir(*seed += 0x9e3779b97f4a7c15u) >> 32) * below >> 32);
}

/* 0 .. below - 1, low ones far more often. */
static uint32_t
draw_power(uint64_t *seed, uint32_t below)
{
	double u = (draw(seed, 1u << 30) + 1.0) / (1u << 30);

	return (uint32_t)fmin(below * u * u, below - 1.0);
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
has(const uint32_t *row, uint32_t n, uint32_t feature)
{
	for (uint32_t i = 0; i < n; i++)
		if (row[i] == feature)
			return true;
	return false;
}

/* The features of one message of a class, ascending. Returns how many. */
static uint32_t
message(uint32_t *row, const uint32_t *preferred, uint32_t features, uint64_t *seed)
{
	uint32_t n = 0, size = LEAST + draw(seed, MOST - LEAST + 1);

	while (n < size) {
		uint32_t f = draw(seed, 100) < OWN_PERCENT ? preferred[draw(seed, PREFERRED)] : draw(seed, features);

		if (!has(row, n, f))
			row[n++] = f;
	}
	qsort(row, n, sizeof *row, ascending);
	return n;
}

static bool
is_repeated(const struct sparse *x, uint32_t col)
{
	const uint32_t *row = x->row + x->first[col];
	uint32_t n = sparse_count(x, col);

	for (uint32_t c = 0; c < col; c++)
		if (sparse_count(x, c) == n && memcmp(x->row + x->first[c], row, n * sizeof *row) == 0)
			return true;
	return false;
}

struct sparse
latent_matrix(struct pool *pool, const struct latent *size, uint64_t seed, double *weight)
{
	struct sparse x = { .rows = size->features, .cols = size->messages };
	uint32_t *preferred = pool_array(pool, (size_t)size->classes * PREFERRED, sizeof *preferred);

	x.first = pool_array(pool, (size_t)x.cols + 1, sizeof *x.first);
	x.row = pool_array(pool, (size_t)x.cols * MOST, sizeof *x.row);
	for (uint32_t c = 0; c < size->classes; c++)
		for (uint32_t n = 0; n < PREFERRED;) {
			uint32_t f = draw_power(&seed, size->features);

			if (!has(preferred + c * PREFERRED, n, f))
				preferred[c * PREFERRED + n++] = f;
		}
	for (uint32_t m = 0; m < x.cols; m++) {
		uint32_t class = m < size->classes ? m : draw_power(&seed, size->classes);
		double u = (draw(&seed, 1u << 20) + 1.0) / (1u << 20);

		do
			x.first[m + 1] = x.first[m] + message(x.row + x.first[m], preferred + class * PREFERRED,
			    x.rows, &seed);
		while (is_repeated(&x, m));
		weight[m] = floor(fmin(1 / u, 10000));
	}
	return x;
}
