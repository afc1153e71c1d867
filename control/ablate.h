#pragma once
/*
 * ablate.h - what each part of a choice is worth: learn with only this, play, compare.
 *
 * A row for every clusterer, every product of two, every order with the clusterers free, and for what PRISMA chooses
 * when everything is free, with its distance to the best clusterer alone; then a row for every learner, and, last, for
 * all of them (learning/join.h), with its distance to the best learner alone. All learn from the same conversations and
 * play the same ones, which they have not seen.
 */
#include <stdio.h>

#include "learning/trial.h"

/*
 * Rows to standard output as they are made, a table or one JSON object a line. Each row's memory is
 * given back before the next. p: port, seed, definition; its learner, clusterer and
 * order are tried in turn. 0, or the
 * first error that is not "this clusterer cannot sort these messages", which is a row too.
 */
int	ablate(struct pool *pool, const struct corpus *c, const bool *held,
	    const struct learn_params *p, bool json, struct diag *why);
