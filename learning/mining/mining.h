#pragma once
/*
 * mining.h - service mining, whole: captures and a definition in, text model out. SM05.
 *
 * The published rules are counted for the report, one trace at a time; what the model does comes from
 * programs (search.h), which are sound as far as the recording goes. A function of corpus and definition;
 * memory is the pool's.
 */
#include "learning/mining/emit.h"
#include "learning/mining/neutral.h"
#include "learning/mining/relate.h"
#include "learning/mining/search.h"

enum { MINING_READINGS = 6, MINING_TRACES = 60, MINING_CLOSURE_LENGTH = 3 };

struct mining_counts {		/* of the published rules, means over traces */
	struct neutral_reading how;
	double initial, closure;
	uint32_t traces, cut;	/* looked at; of them with a closure that did not fit */
};

struct mining_report {
	const struct mined *mined;	/* NULL: another learner was at work */
	struct search_report search;
	struct mining_counts counts[MINING_READINGS];
	struct relations relations;
	uint32_t interactions, commands, forms, phases, phrases, unpaired;
};

/* Fills all of t but its name and sources. 0, or -ENODATA with a sentence. */
int	mining_learn(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct definition *d, struct mining_report *report, struct diag *why);
/* "CD: in set 1 -> push": the program of a form, for people. */
struct span mining_program(const struct mined *m, struct pool *pool, uint32_t form);
