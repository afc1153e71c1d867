#pragma once
/*
 * search.h - a program for every form: the one with which the recording is told best.
 *
 * Coordinate descent: forms in turn, the most frequent first, try every program in view of the others'
 * present ones, until a round changes nothing; then pairs of one form's guard and another's effect; then who adds
 * to a set adds to the other one, and all that look into it may follow. What is maximised is interactions told right,
 * less a few for each part of a program that is not trivial, and for each member that the sets have at the beginning.
 * Where more than one of 200 is not, it begins again elsewhere, SEARCH_STARTS times at most. Deterministic.
 * Conversations with SEARCH_INTERACTIONS together are looked at, so its time has a bound.
 */
#include "learning/mining/world.h"

enum { SEARCH_ROUNDS = 6, SEARCH_STARTS = 8, SEARCH_STEPS = 200000000, SEARCH_INTERACTIONS = 8000 };

struct search_report {
	uint32_t starts, tried;
	uint32_t counted, right;	/* interactions whose answer nothing simpler decides; told right */
};

/* programs: one per form, from the pool. */
void	search_programs(struct world *w, struct program **programs, struct search_report *report);
