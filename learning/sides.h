#pragma once
/*
 * sides.h - what both sides said, as PRISMA takes it: from exchanges and their names.
 *
 * A message is all that one side says until the other speaks, so what exchange.h cut is joined
 * again where its answers could not be told apart; its event is the cluster of the first piece
 * (naming.h). Where a text service wrote the address of one of its ends, that of a simulated
 * conversation stands: whoever plays the server sees the addresses it is talked to by. The result
 * lives in the pool and points into the corpus.
 */
#include "learning/naming.h"
#include "learning/prisma.h"

enum { SIDES_SERVER = 0xc6130001, SIDES_CLIENT = 0xc0000201, SIDES_CLIENT_PORT = 40000 };

/* The same with the event of each unit as its number says. */
void	sides_of_events(struct prisma_input *out, struct pool *pool, const struct corpus *corpus,
	    const struct exchanges *x, const uint32_t *event);
void	sides_of(struct prisma_input *out, struct pool *pool, const struct corpus *corpus,
	    const struct rules *r, const struct naming *names);
