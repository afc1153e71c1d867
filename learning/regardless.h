#pragma once
/*
 * regardless.h - what a server says while latches hold something, whatever it is asked.
 *
 * "Log in first", "queued": with some values held most questions have one answer, and not the one
 * that they have elsewhere. A question that was never heard there will have it, too. Whether it is
 * so is judged question by question: of those heard both there and elsewhere, for how many does that
 * answer foretell what the commonest one elsewhere does not?
 */
#include "learning/decide.h"

struct regardless {			/* while this is held */
	struct held held;
	const struct answer *answer;
	double share;			/* of questions that get it */
	bool *otherwise;		/* per client template: heard there, and answered otherwise */
};

struct manners {
	struct regardless *of;
	uint32_t n;
	bool *explained;		/* per exchange: it was answered so because of what was held */
};

/* All memory is the pool's. */
void	regardless_learn(struct manners *out, struct pool *pool, const struct rules *r,
	    const struct latches *latches);
/* Nodes for what has none while something is held, and was not answered otherwise there. */
void	regardless_decide(struct decisions *d, struct pool *pool, const struct rules *r,
	    const struct memory *m, const struct manners *manners);
/* What is said to any question, or NULL: that depends. */
const struct answer *regardless_answer(const struct manners *manners, const struct held *held);
