#pragma once
/*
 * choose.h - how the messages of a service are named: by which clusterer, over how long a history.
 *
 * Every clusterer of cluster.h is tried with every order, then products of the best one with each
 * of the others. A trial names each template by the
 * cluster most of its messages are in, builds the Markov model over these names and decides
 * (decide.h); the one that foretells most replies is taken, the simplest first. All memory is the
 * pool's; same input, same outcome.
 */
#include "learning/cluster.h"
#include "learning/markov.h"
#include "learning/regardless.h"

enum { CHOOSE_CLUSTERERS = 8, CHOOSE_CANDIDATES = 4 * CHOOSE_CLUSTERERS };

struct choose_params {
	const char *clusterer;		/* one, or two as A+B; NULL: the best */
	uint32_t order;			/* 0: 1, 2 and 4 */
	uint64_t seed;
	const struct text_basis *basis;	/* of both sides, where NMF starts; NULL: anywhere */
	const struct progress *progress;
};

struct candidate {			/* a clusterer and an order that were tried */
	const char *clusterer;
	uint32_t order, clusters;
	double foretold;		/* share of replies, each left out of its own evidence */
};

struct choose_report {
	struct candidate candidate[CHOOSE_CANDIDATES];
	uint32_t ncandidates, chosen;
	struct cluster_report nmf;	/* of the client's side */
	bool has_nmf;
};

/* Symbols: client events even, server events odd; two more for silence and the connection. */
struct naming {
	const char *clusterer;
	uint32_t k;			/* clusters of the side that has more */
	uint32_t *client, *server;	/* symbol per template */
	uint32_t silence, connect;
	const struct cluster_basis *basis[SIDES];	/* of both sides: NMF; or NULL */
};

struct outcome {
	struct naming naming;
	uint32_t order;
	struct markov markov;		/* over the names: for reports */
	struct memory memory;
	struct decisions decisions;
	struct manners manners;
};

/* Is there anything to try? 0, or -EINVAL and a sentence. */
int	choose_check(const char *clusterer, uint32_t order, struct diag *why);
/* 0, or -EINVAL: nothing could sort the messages. */
int	choose(struct outcome *out, struct pool *pool, const struct rules *r,
	    const struct choose_params *p, struct choose_report *report);
