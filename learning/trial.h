#pragma once
/*
 * trial.h - learn from one part of a corpus, play on the other, give figures.
 */
#include "learning/baseline.h"
#include "learning/learn.h"

struct trial {
	struct learned made;
	struct eval_report report;
	struct baselines baselines;
};

/*
 * Learns with p from the conversations without a flag and plays those with one. 0, or the error of
 * learn_image(). Both parts of the result live in the pool.
 */
int	trial_run(struct trial *out, struct pool *pool, const struct corpus *c, const bool *held,
	    const struct learn_params *p, enum eval_depth depth, struct diag *why);
