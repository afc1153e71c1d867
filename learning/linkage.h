#pragma once
/*
 * linkage.h - single linkage on where words stand: the clustering of PRISMA12's FTP results.
 *
 * d(x, y) = sum over words u of |10^(1 - p_u(x)) - 10^(1 - p_u(y))|, p_u(x) the place of u in
 * x from 1, the term 0 where u is absent (spec/prisma.md 5.5). So the first word weighs 1, the
 * second 0.1; from the seventh on they are left out. Of repeated words the first counts.
 *
 * Minimum spanning tree by Prim: O(n^2) time, O(n) memory over n distinct heads. Beyond
 * LINKAGE_HEADS of them the last words, which weigh least, are left out of all (head.h).
 *
 * Where to cut is not published. Lengths come in scales (2, 0.2, 0.02 for another word in the
 * first, second, third place), so the cuts that are looked at lie in the widest gaps between
 * them, by ratio. Where replies are known the cut that foretells most of them wins, each message
 * left out of its own evidence; a finer one must win clearly. Without replies: the widest gap.
 */
#include "learning/cluster.h"
#include "learning/head.h"

enum { LINKAGE_WORDS = 6, LINKAGE_HEADS = 4096, LINKAGE_CUTS = 6 };

struct linkage_edge {
	uint32_t a, b;			/* rows of heads */
	double length;
};

double	linkage_distance(const struct heads *h, uint32_t a, uint32_t b);
/* h->n - 1 edges of the tree, in the order Prim adds them from row 0; NULL for none. */
struct linkage_edge *linkage_tree(struct pool *pool, const struct heads *h);
/* Rows joined by edges shorter than length: label[row] 0 .. k-1 in order of rows; k. */
uint32_t linkage_cut(uint32_t *label, const struct linkage_edge *tree, uint32_t n, double length);
/* A clusterer, see cluster.h. */
int	linkage_run(struct clustering *c, struct pool *pool, const struct cluster_input *in,
	    const struct cluster_params *p);
