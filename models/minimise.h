#pragma once
/*
 * minimise.h - the coarsest equivalence of a partial deterministic automaton.
 *
 * A. Valmari, "Fast brief practical DFA minimization", IPL 112 (2012): blocks of states and
 * bundles of transitions split each other, the smaller half being looked at again; that is
 * O(m log n) for m transitions that exist. 40 bytes of memory per transition.
 */
#include <stddef.h>
#include <stdint.h>

struct edge {
	uint32_t from, to;
	uint32_t label;
};

/*
 * block[i] holds a first guess on entry (states with different numbers 0..nblocks-1 are never
 * equal, every number is in use) and the result on return. Returns the number of blocks, or
 * -ENOMEM.
 */
int64_t	minimise(uint32_t *block, uint32_t nstates, uint32_t nblocks, const struct edge *edge,
    uint32_t nedges, uint32_t nlabels);
