#pragma once
/*
 * gate.h - may a candidate follow the model that is on air?
 *
 * It must pass the self-test vectors that it carries, and must not be worse than the running
 * model on conversations that neither was learned from: old ones and new ones, judged apart,
 * per message and per conversation (class agreement, learning/eval.h). "Worse" is a sign test
 * over what one gets right and the other wrong: refused when that many losses against wins
 * would come about by chance in fewer than 1 of 20 trials of equal models. Of fewer than
 * GATE_TINY conversations or replies no number of losses is that rare, so there more losses than
 * wins are enough (spec/unified-model.md section 11).
 *
 * Where no old conversation is held out, the vectors of the running model stand for them: what
 * it says to their clients. There it is right by definition and can only win, so no sign test:
 * the candidate must give GATE_AGREE percent of its replies. Where there are no vectors either,
 * nothing vouches for the candidate and it is refused.
 *
 * A pure function of its inputs. Threads: the trainer's; memory is the pool's.
 */
#include "learning/eval.h"
#include "models/diag.h"
#include "models/text.h"

enum { GATE_TINY = 5, GATE_AGREE = 75 };

struct gate_count {
	uint32_t judged;
	uint32_t running, candidate;	/* right */
	uint32_t won, lost;		/* right only by the candidate; only by the running model */
	bool worse;
};

enum gate_set { GATE_OLD, GATE_NEW, GATE_SETS };

struct gate_verdict {
	struct gate_count messages[GATE_SETS], conversations[GATE_SETS];
	uint32_t vectors;		/* of the candidate: run */
	bool by_vectors;		/* the old conversations are the running model's vectors */
	bool passed;
	struct diag why;		/* the sentence, either way, with the numbers that decided */
};

struct gate_input {
	const char *service;
	const struct model *running, *candidate;
	const struct text *said;	/* the running model's text, for its vectors */
	const struct corpus *corpus;	/* old captures first */
	uint32_t nold;			/* captures that are old */
	const bool *held;		/* per conversation: neither model learned from it */
	const struct progress *progress;
};

/* P(at least lost losses | won + lost fair tosses) < 0.05 */
bool	gate_worse(uint32_t won, uint32_t lost);
/* One set's counts from two plays of the same conversations. */
void	gate_compare(struct gate_count *messages, struct gate_count *conversations,
	    const struct eval_report *running, const struct eval_report *candidate);
/* Call inside pool_run(). */
void	gate_judge(struct gate_verdict *v, struct pool *pool, const struct gate_input *in);
