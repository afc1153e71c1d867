#pragma once
/*
 * choose.h - how the messages of a service are named: by which clusterer, over how long a history.
 *
 * Candidates are every clusterer of cluster.h with every order, then products of the best one
 * with each of the others. They compete by speaking (contest.h), learned from one half
 * of the conversations and then from the other, so a candidate is judged by what it makes of
 * its own words, as on air, and not by what it would say if a recorded server had spoken for it so far. The
 * first of equals is the simplest. Candidates that come to the same model in a half are played once.
 *
 * All memory is the pool's; same input, same outcome.
 */
#include "learning/cluster.h"
#include "learning/corpus.h"

enum { CHOOSE_CLUSTERERS = 8, CHOOSE_CANDIDATES = 4 * CHOOSE_CLUSTERERS, CHOOSE_NAME = 48 };

struct choose_params {
	const char *clusterer;		/* one, or two as A+B; NULL: the best */
	uint32_t order;			/* 0: 1, 2 and 4 */
	uint64_t seed;
	const struct text_basis *basis;	/* of both sides, where NMF starts; NULL: anywhere */
	const struct progress *progress;
};

struct candidate {			/* a clusterer and an order */
	char clusterer[CHOOSE_NAME];
	uint32_t order;
	double foretold;		/* share of replies learned from, each left out of its own evidence */
	uint32_t right, equal;		/* of choose_report.played: the right kind; to the byte */
};

struct choose_report {
	struct candidate candidate[CHOOSE_CANDIDATES];
	uint32_t ncandidates, chosen;
	uint32_t played;		/* replies of the conversations left out; 0: there was nothing to choose */
};

/* Is there anything to try? 0, or -EINVAL and a sentence. */
int	choose_check(const char *clusterer, uint32_t order, struct diag *why);
/*
 * Fills report; use as in lesson.h. 0, or -EINVAL: nothing could sort the messages.
 */
int	choose(struct choose_report *report, struct pool *pool, const struct corpus *c,
	    const bool *use, const struct choose_params *p);
