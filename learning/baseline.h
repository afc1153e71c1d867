#pragma once
/*
 * baseline.h - what class agreement somebody reaches who knows next to nothing.
 *
 * Two servers that say only what kind their reply is, learned from the part that a model is learned
 * from and judged where it was judged:
 *	refuser	says to everything what the service says to words that it does not know (refuser.h);
 *		a service may have no such answer
 *	table	says the most usual kind after this first word, this number of words and the kind of
 *		the recorded reply before; where that was never seen, without the number, and so on
 * Both greet as the table does. A model that is not above both has learned nothing worth having.
 */
#include "learning/eval.h"

struct baseline_score {
	uint32_t class_messages, class_conversations;
};

struct baselines {
	bool refuses;			/* false: no refusal was found, and refuser is nobody */
	struct klass_name refusal;
	struct baseline_score refuser, table;	/* of as many as the report has */
};

/* learned[c]: conversation c is learned from. */
void	baselines_judge(struct baselines *out, struct pool *pool, const struct corpus *c,
	    const bool *learned, const struct eval_report *r);
