#pragma once
/*
 * gate.h - may a candidate follow the model that is on air?
 *
 * It must pass the self-test vectors that it carries, and must not be worse than the running
 * model on conversations that neither was learned from: old ones and new ones, judged apart,
 * per message and per conversation (class agreement, learning/eval.h). "Worse" is a sign test
 * over what one gets right and the other wrong: refused when that many losses against wins
 * would come about by chance in fewer than 1 of 20 trials of equal models; with no doubt left
 * for tiny sets (spec/unified-model.md section 11). A pure function of its inputs.
 */
#include "learning/eval.h"
#include "models/diag.h"

struct gate_count {
	uint32_t judged;
	uint32_t running, candidate;	/* right */
	uint32_t won, lost;		/* right only by the candidate; only by the running model */
	bool worse;
};

enum gate_set { GATE_OLD, GATE_NEW, GATE_SETS };

struct gate_verdict {
	struct gate_count messages[GATE_SETS], conversations[GATE_SETS];
	uint32_t vectors;		/* run */
	bool passed;
	struct diag why;		/* the sentence, either way, with the numbers that decided */
};

/* P(at least lost losses | won + lost fair tosses) < 0.05 */
bool	gate_worse(uint32_t won, uint32_t lost);
/* One set's counts from two plays of the same conversations. */
void	gate_compare(struct gate_count *messages, struct gate_count *conversations,
	    struct pool *pool, const struct corpus *c, const struct eval_report *running,
	    const struct eval_report *candidate);
