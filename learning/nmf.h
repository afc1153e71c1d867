#pragma once
/*
 * nmf.h - replicate-aware non-negative matrix factorisation: X ~ B C, clusters as the
 * largest entry of each column of C.
 *
 * PRISMA12 "Replicate-Aware NMF"; spec/prisma.md 5.2. Alternating ridge regressions, each
 * with its own constant chosen anew, until the labels stand still; then a weighted HALS
 * finish. Bounded by sweeps, no clock, no random numbers. C is kept transposed: a row per
 * distinct message.
 *
 * Costs per ridge sweep 4 nnz(X) e + 4 (f + n) e^2, per HALS sweep 2 (f + n) e^2.
 */
#include "learning/progress.h"
#include "learning/sparse.h"

enum nmf_ridge {
	NMF_LOO_REPLICATE,	/* closed-form leave-one-out, one replicate: the default */
	NMF_LOO_DISTINCT,	/* ... all replicates of a message left out together */
	NMF_CV5			/* 5 contiguous folds, as the R package; for comparison, slow */
};

struct nmf_params {
	enum nmf_ridge ridge;
	uint32_t max_sweeps, max_finish;	/* ridge, HALS */
	uint32_t still;			/* end ridge after so many sweeps of equal labels; 0: no */
	double least_change;		/* end on |J_old - J| < this, looked at every 10 sweeps */
	double least_share;		/* ... or < this * J; 0: no */
	bool nearly;			/* B is nearly right: one C from it, then the finish at once */
	double max_work;		/* multiplications per phase, over 20 sweeps; 0: no limit */
	const struct progress *progress;
};

enum { NMF_NULL = -1, NMF_TRACE = 512 };

struct nmf {
	struct dense b;			/* f x e, columns of unit length */
	struct dense c;			/* n x e */
	int32_t *label;			/* per distinct message; NMF_NULL: nothing explains it */
	double objective;		/* 1/2 sum w |x - B c|^2 */
	double lambda;			/* of the last C step; for nmf_assign() */
	uint32_t sweeps, finish_sweeps, died;	/* died: columns that went to zero */
	uint32_t ntrace;
	double trace[NMF_TRACE];	/* objective after ridge sweeps 10, 20, ... */
};

/*
 * LOO one replicate, 400 sweeps, labels still for 10, 200 HALS sweeps to 1e-6, 1e10
 * multiplications: some seconds each.
 */
struct nmf_params nmf_params(void);
/*
 * Starts from B (f x e, taken over and overwritten). -EDOM when LAPACK gives up. e shrinks
 * by what died, possibly to 0: then every label is NMF_NULL.
 */
int	nmf_run(struct nmf *m, struct pool *pool, const struct sparse *x, const double *weight,
	    struct dense b, const struct nmf_params *p);
/*
 * C for messages not seen in training, for a fixed basis: max(0, (B'B + lambda I)^-1 B'X).
 * -EDOM: lambda is 0 and B has lost rank.
 */
int	nmf_assign(struct dense *c, struct pool *pool, const struct sparse *x,
	    const struct dense *b, double lambda);
/* The largest entry of each row of C, NMF_NULL where all are 0. */
void	nmf_labels(int32_t *label, const struct dense *c);
