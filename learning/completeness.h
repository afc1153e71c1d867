#pragma once
/*
 * completeness.h - does a model have what was recorded among the things it says?
 *
 * PRISMA12 "Completeness" (spec/prisma.md 10): each conversation is played many times, each time with
 * another key, so that drawn values and draws among answers differ; at each place where the server
 * spoke the best of all times counts. Edits are Damerau-Levenshtein's. Similarity is 1 minus edits by
 * the sum of both lengths, as published, under which strangers of one length still reach 0.5; and by
 * the longer.
 */
#include "learning/eval.h"

enum { COMPLETENESS_POSITIONS = 21 };	/* the last: all beyond */

/* Similarity of at least 0.9, 0.75; equal ones too. */
enum completeness_kind { BEST_EQUAL, BEST_SUM_90, BEST_SUM_75, BEST_LONGER_90, BEST_LONGER_75, BEST_KINDS };

struct completeness_shares {		/* messages at one position of the server's */
	uint32_t messages, of[BEST_KINDS];
};

struct completeness {
	uint32_t repeats;		/* 0: not asked for */
	struct completeness_shares at[COMPLETENESS_POSITIONS], all;
};

/* Plays the conversations of a report. 0, or -ENOMEM. */
int	completeness_play(struct completeness *out, struct pool *pool, const struct model *m,
	    const struct corpus *c, const struct eval_report *r, uint32_t repeats,
	    const struct progress *progress);
