#pragma once
/*
 * choices.h - the choices of a node whose answer some value decides.
 */
#include "learning/keyed.h"

/* One more choice without a guard, for which there is room. */
void	choices_add(struct node *nd, const struct answer *a, uint32_t support);
/*
 * One choice per answer that some value of the node's key gets; for the values never seen others by how
 * they begin, and one for all the rest. k is sorted; scratch has room for n.
 */
void	choices_by_key(struct node *nd, struct pool *pool, const struct rules *r, const struct keyed *k,
	    uint32_t n, struct tally *scratch);
