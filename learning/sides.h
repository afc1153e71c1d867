#pragma once
/*
 * sides.h - what both sides said, as PRISMA takes it: from exchanges and their names.
 *
 * A message is all that one side says until the other speaks, so what exchange.h cut is joined
 * again; its event is the cluster of the first piece (choose.h). The result lives in the pool and
 * points into the corpus.
 */
#include "learning/choose.h"
#include "learning/prisma.h"

void	sides_of(struct prisma_input *out, struct pool *pool, const struct rules *r,
	    const struct naming *names);
