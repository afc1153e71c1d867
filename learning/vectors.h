#pragma once
/*
 * vectors.h - the self-test of a model that was just learned: what it says today.
 *
 * Recorded conversations lead the way; together the chosen ones reach as many alternatives of
 * the model as possible in few, short vectors (greedy, deterministic). What is written down is
 * not what the clients said: a line is the template that the message was understood by, with
 * stand-ins ("x", "1") where clients differ. A value stays only where the model holds it anyway, as
 * the key of a map or in a guard. So a vector gives away nothing that the model does not.
 *
 * Costs a turn of the recorded and one of the written conversation per message, for at most
 * VECTORS_CANDIDATES conversations. Memory is the pool's.
 */
#include "learning/corpus.h"
#include "models/selftest.h"

enum {
	VECTORS_CANDIDATES = 2000,	/* conversations looked at, spread over all */
	VECTORS_LINE = 1024,		/* bytes; a vector ends before a longer line */
	VECTORS_BYTES = 16 << 10,	/* of all lines */
};

/* Fills t->vector; m is the compiled t. use[c] NULL or true: conversation c may lead the way. */
void	vectors_record(struct text *t, struct pool *pool, const struct model *m,
	    const struct corpus *c, const bool *use);
