#pragma once
/*
 * join.h - one model of all learners: unified-model.md 17.
 *
 * The learners that apply compete (contest.h): each learns from four fifths of the conversations, and its model
 * answers the clients of the last; so for every fifth, until enough was played, or, of many conversations, only one
 * is not hopeless. PRISMA takes part with the names that it chose among all conversations (choose.h), service mining
 * where there is a definition. Who answers better (contest_beats()) than those before him is taken. He learns from all;
 * but if many of his templates have no room in an automaton then, he gives way to PRISMA. Beside him stands who answers some
 * kinds of messages better (merge.h). A model before whose choice still serves (learners.h) has its learners kept, and
 * nothing is played; but a definition that this learner would not read opens the choice again.
 */
#include "learning/merge.h"

enum { JOIN_LEARNERS = MERGE_LEARNERS };

struct join_entry {
	const char *learner;
	uint32_t right, equal, played;	/* replies to conversations not learned from: right kinds; to the byte; all */
};

struct join_report {
	struct join_entry entry[JOIN_LEARNERS];	/* in the order in which equals are preferred */
	uint32_t n, chosen;		/* n 0: there was nothing to choose */
	struct merge_report merge;	/* by kind of message; its learners are the entries */
};
