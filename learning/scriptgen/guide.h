#pragma once
/*
 * guide.h - the guide tree: which messages are aligned with which, and where the tree is cut.
 *
 * UPGMA (means weighted by size) by the nearest-neighbour chain, n squared. A macrocluster of SG05 is
 * what hangs together below the cut: requests of the same kind. A message that never joins is a
 * cluster of its own. Equal distances go to the lower index, so the caller's order decides ties.
 */
#include "learning/pool.h"

struct guide_step {		/* the cluster of leaf a joins that of leaf b */
	uint32_t a, b;
	double height;
};

struct guide {
	uint32_t n;		/* leaves */
	struct guide_step *step; /* n - 1, low ones first */
};

/* distance is n x n, symmetric, and used up. */
void	guide_build(struct guide *out, struct pool *pool, double *distance, uint32_t n);
/* The cluster of each leaf, numbered by first leaf; returns how many. Steps above cut are not taken. */
uint32_t guide_cut(const struct guide *g, struct pool *pool, double cut, uint32_t *cluster);
