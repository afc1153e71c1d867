#pragma once
/*
 * supervised.h - messages divided by what tells the replies to them apart.
 *
 * A tree: the word whose values save most bits about the replies divides, and so on below, as long
 * as the bits saved are more than the larger table costs: half of log2(n) for every pair of value
 * and reply beyond one per reply (minimum description length). Values of fewer than three messages
 * stay together. A clusterer, see cluster.h; needs in->reply.
 */
#include "learning/cluster.h"

int	supervised_run(struct clustering *c, struct pool *pool, const struct cluster_input *in,
	    const struct cluster_params *p);
