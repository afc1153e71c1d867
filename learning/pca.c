#include "learning/pca.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* S = 1/(N-1) (sum w x x' - N mu mu'). Costs the squares of the message sizes. */
static double
covariance(struct dense *s, struct pool *pool, const struct sparse *x, const double *weight)
{
	double *sum = pool_array(pool, x->rows, sizeof *sum), total = 0;

	for (uint32_t c = 0; c < x->cols; c++) {
		const uint32_t *row = x->row + x->first[c];
		uint32_t n = sparse_count(x, c);

		total += weight[c];
		for (uint32_t i = 0; i < n; i++) {
			sum[row[i]] += weight[c];
			for (uint32_t j = 0; j < n; j++)
				dense_row(s, row[i])[row[j]] += weight[c];
		}
	}
	for (uint32_t i = 0; i < x->rows && total > 1; i++) {
		for (uint32_t j = 0; j < x->rows; j++)
			dense_row(s, i)[j] = (dense_row(s, i)[j] - sum[i] * (sum[j] / total))
			    / (total - 1);
	}
	return total;
}

static void
point_upwards(double *v, uint32_t n)
{
	uint32_t largest = 0;

	for (uint32_t i = 1; i < n; i++) {
		/* with room for rounding, so that equal sizes choose alike everywhere */
		if (fabs(v[i]) > fabs(v[largest]) * (1 + 1e-9))
			largest = i;
	}
	for (uint32_t i = 0; v[largest] < 0 && i < n; i++)
		v[i] = i == largest ? v[i] : -v[i];
	v[largest] = fabs(v[largest]);
}

int
pca_of(struct pca *p, struct pool *pool, const struct sparse *x, const double *weight)
{
	struct dense s = dense_of(pool, x->rows, x->rows);
	double *value = pool_array(pool, x->rows, sizeof *value);

	*p = (struct pca){ .n = x->rows };
	p->messages = covariance(&s, pool, x, weight);
	if (p->messages < 2 || x->rows == 0)
		return -ENODATA;
	if (dense_eigen(&s, value) < 0)
		return -EDOM;
	p->value = pool_array(pool, x->rows, sizeof *p->value);
	while (p->nvalues < x->rows) {
		double v = value[x->rows - 1 - p->nvalues];

		if (v <= value[x->rows - 1] * 1e-12 || v <= 0)
			break;
		p->value[p->nvalues++] = v;
	}
	p->vector = dense_of(pool, p->nvalues, x->rows);
	for (uint32_t i = 0; i < p->nvalues; i++) {
		memcpy(dense_row(&p->vector, i), dense_row(&s, x->rows - 1 - i),
		    x->rows * sizeof(double));
		point_upwards(dense_row(&p->vector, i), x->rows);
	}
	return 0;
}

struct dense
pca_start(struct pool *pool, const struct pca *p, uint32_t e)
{
	uint32_t half = MIN(e / 2, p->nvalues);
	struct dense b = dense_of(pool, p->n, 2 * half);

	for (uint32_t i = 0; i < half; i++) {
		for (uint32_t f = 0; f < p->n; f++) {
			double v = dense_row(&p->vector, i)[f];

			dense_row(&b, f)[i] = MAX(-v, 0.0);
			dense_row(&b, f)[half + i] = MAX(v, 0.0);
		}
	}
	return b;
}

/* z with Phi(-z) = p, 0 < p < 1/2; bisection is exact enough and cannot go astray. */
static double
normal_quantile(double p)
{
	double lo = 0, hi = 40;

	for (int i = 0; i < 100; i++) {
		double mid = (lo + hi) / 2;

		if (0.5 * erfc(mid / M_SQRT2) > p)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

/*
 * Quantiles of the Marchenko-Pastur law of ratio g and variance 1, from the top:
 * value[i] has a share (i + 1/2) / n of the spectrum above it. x = middle + radius cos t
 * makes the density smooth; for g > 1 the share 1 - 1/g of the spectrum is 0.
 */
static void
marchenko_pastur(double *value, uint32_t n, double g)
{
	enum { STEPS = 20000 };
	double middle = 1 + g, radius = 2 * sqrt(g), above = 0, t = 0;
	uint32_t i = 0;

	for (int step = 0; step < STEPS && i < n; step++) {
		double mid = (step + 0.5) * M_PI / STEPS, x = middle + radius * cos(mid);
		double mass = radius * radius * sin(mid) * sin(mid) / (2 * M_PI * g * x) * M_PI
		    / STEPS;

		for (; i < n && above + mass >= (i + 0.5) / n; i++) {
			t = (step + ((i + 0.5) / n - above) / mass) * M_PI / STEPS;
			value[i] = middle + radius * cos(t);
		}
		above += mass;
	}
	for (; i < n; i++)	/* the last crumbs of mass, or the zeros of g > 1 */
		value[i] = g > 1 ? 0 : (1 - sqrt(g)) * (1 - sqrt(g));
}

static int
descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* spec/prisma.md 5.3: a bulk of f - 1 values and one of their own for the message sizes. */
static void
noise_closed(double *noise, const struct pca *p, const struct sparse *x, const double *weight)
{
	double f = p->n, m1 = 0, m2 = 0, mu, v, c, bulk;

	for (uint32_t n = 0; n < x->cols; n++) {
		double m = sparse_count(x, n);

		m1 += weight[n] * m / p->messages;
		m2 += weight[n] * m * (m - 1) / p->messages;
	}
	mu = m1 / f;
	v = mu - mu * mu;
	c = f > 1 ? m2 / (f * (f - 1)) - mu * mu : 0;
	bulk = MAX(v - c, 0.0);
	marchenko_pastur(noise, p->n - 1, f / p->messages);
	for (uint32_t i = 0; i + 1 < p->n; i++)
		noise[i] *= bulk;
	noise[p->n - 1] = MAX(v + (f - 1) * c, 0.0);
	qsort(noise, p->n, sizeof *noise, descending);
}

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Every message keeps its size and loses its features to chance. */
static int
noise_simulated(double *noise, struct pool *pool, const struct pca *p, const struct sparse *x,
    const double *weight, uint64_t seed)
{
	struct sparse y = { .rows = x->rows };
	uint64_t entries = 0, k = 0;
	uint32_t *deck = pool_array(pool, x->rows, sizeof *deck);
	struct dense s = dense_of(pool, x->rows, x->rows);
	double *ones;

	for (uint32_t c = 0; c < x->cols; c++) {
		y.cols += (uint32_t)weight[c];
		entries += (uint64_t)weight[c] * sparse_count(x, c);
	}
	y.first = pool_array(pool, (size_t)y.cols + 1, sizeof *y.first);
	y.row = pool_array(pool, entries, sizeof *y.row);
	ones = pool_array(pool, y.cols, sizeof *ones);
	for (uint32_t i = 0; i < x->rows; i++)
		deck[i] = i;
	for (uint32_t c = 0, n = 0; c < x->cols; c++) {
		for (uint32_t r = 0; r < (uint32_t)weight[c]; r++) {
			for (uint32_t i = 0; i < sparse_count(x, c); i++) {
				uint32_t j = i + (uint32_t)(next_random(&seed) % (x->rows - i));
				uint32_t drawn = deck[j];

				deck[j] = deck[i];
				deck[i] = drawn;
				y.row[k++] = drawn;
			}
			ones[n++] = 1;
			y.first[n] = k;
		}
	}
	covariance(&s, pool, &y, ones);
	if (dense_eigen(&s, noise) < 0)
		return -EDOM;
	qsort(noise, p->n, sizeof *noise, descending);
	return 0;
}

int
pca_dimension(uint32_t *e, struct pool *pool, const struct pca *p, const struct sparse *x,
    const double *weight, enum pca_noise how, uint64_t seed, double *noise)
{
	double z, tau, spread;
	uint32_t n = p->nvalues, i;

	if (noise == NULL)
		noise = pool_array(pool, p->n, sizeof *noise);
	if (how == PCA_CLOSED_FORM)
		noise_closed(noise, p, x, weight);
	else if (noise_simulated(noise, pool, p, x, weight, seed) < 0)
		return -EDOM;
	*e = 0;
	if (n == 0)
		return 0;
	z = normal_quantile(0.05 / (2.0 * n));
	tau = sqrt(2 / (p->messages - 1));
	/* for a handful of messages the published limit divides by nothing or less */
	spread = MIN(tau * z, 0.9);
	for (i = 0; i < n; i++) {
		if (p->value[i] / sqrt(1 + spread) <= noise[i] / sqrt(1 - spread))
			break;
	}
	*e = 2 * i;
	return 0;
}
