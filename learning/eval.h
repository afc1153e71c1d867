#pragma once
/*
 * eval.h - how well a model answers conversations it may not have seen.
 *
 * The model plays the server against the recorded client's side; what it says is compared with
 * what the recorded server said at the same place. Silence where the server spoke is wrong.
 * Time and addresses are the recorded ones. Memory is the pool's; no clock is read.
 */
#include "learning/klass.h"
#include "learning/progress.h"
#include "models/model.h"

struct eval_line {			/* one place where the server spoke, or should have */
	uint32_t conversation, position;	/* position: exchange in it, from 0 */
	struct span asked, recorded, said;
	double similarity;
	bool same_class, equal;
	uint8_t match;			/* enum match_kind of the last turn */
	uint8_t conf;
	uint16_t state;			/* the model was in when asked */
};

struct eval_report {
	uint32_t conversations, messages;
	uint32_t class_messages, class_conversations;	/* of them with the right class */
	uint32_t equal, full_length;	/* messages byte for byte; conversations not cut short */
	double similarity;		/* mean over messages */
	struct eval_line *line;
	uint32_t nlines;
};

enum eval_depth {
	EVAL_VECTORS,	/* as below, and what a client says is one whole message, as in a self-test (models/selftest.h);
			   the server's empty reply says that it is silent here, and is not judged */
	EVAL_CLASSES,	/* similarities stay 0: linear in what is said */
	EVAL_ALL,	/* edit distances too: quadratic in the length of a message */
};

/* use[c] NULL: all conversations. */
void	eval(struct eval_report *out, struct pool *pool, const struct model *m,
    const struct corpus *c, const bool *use, enum eval_depth depth, const struct progress *progress);
