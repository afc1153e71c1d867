#pragma once
/*
 * pca.h - principal components of distinct messages with weights: how many clusters the
 * data carries, and where the factorisation starts.
 *
 * PRISMA12 "Event clustering"; spec/prisma.md 5.1 and 5.3. All symmetric f x f, so meant
 * for the groups left after selection: 1,000 take a fraction of a second, 4,000 half a
 * minute.
 */
#include "learning/sparse.h"

struct pca {
	uint32_t n;			/* features */
	double messages;		/* N: sum of the weights */
	double *value;			/* descending; rounding noise is cut off */
	uint32_t nvalues;
	struct dense vector;		/* row i belongs to value[i] */
};

/* How the noise eigenvalues are found that the data's are held against. */
enum pca_noise {
	PCA_CLOSED_FORM,		/* expectation and Marchenko-Pastur quantiles */
	PCA_SIMULATED			/* one scrambled data set from a seed, as published */
};

/* -EDOM when LAPACK gives up, -ENODATA for less than two messages or no feature. */
int	pca_of(struct pca *p, struct pool *pool, const struct sparse *x, const double *weight);
/*
 * The inner dimension: twice the number of components above the noise; 0 if none is.
 * Eigenvalues of the noise go to noise[0 .. x->rows), descending, if not NULL.
 */
int	pca_dimension(uint32_t *e, struct pool *pool, const struct pca *p,
	    const struct sparse *x, const double *weight, enum pca_noise how, uint64_t seed,
	    double *noise);
/*
 * B_0, f x 2 floor(e/2): the negative parts of the first components, then the positive
 * ones. Fewer columns when there are fewer components. Signs of eigenvectors are
 * arbitrary; here the entry of largest size is positive.
 */
struct dense pca_start(struct pool *pool, const struct pca *p, uint32_t e);
