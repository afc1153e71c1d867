#pragma once
/*
 * eval.h - how well a model answers conversations it may not have seen.
 *
 * The model plays the server against the recorded client's side (play.h); what it says is compared
 * with what the recorded server said at the same place. Silence where the server spoke is wrong;
 * what is said where it was silent is counted apart. Memory is the pool's; no clock is read.
 */
#include "learning/klass.h"
#include "learning/play.h"
#include "learning/progress.h"

struct eval_line {			/* one place where the server spoke */
	uint32_t conversation, position;	/* position: server message in it, from 0 */
	const struct play_line *play;
	double similarity;
	struct klass_name klass;	/* of what was recorded */
	bool same_class, equal;
};

struct eval_talk {			/* a conversation as it was played */
	uint32_t conversation;
	struct played played;
	uint32_t line;			/* of the report: its first; they stand in the order of the talk */
};

struct eval_report {
	uint32_t conversations, messages;
	uint32_t class_messages, class_conversations;	/* of them with the right class */
	uint32_t equal, full_length;	/* messages byte for byte; conversations not cut short */
	uint32_t unasked;		/* replies where the recorded server was silent */
	double similarity;		/* mean over messages */
	struct eval_line *line;		/* one per message */
	uint32_t nlines;
	struct eval_talk *talk;		/* one per conversation */
	struct klass klass;		/* what its classes are */
};

enum eval_depth {
	EVAL_VECTORS,	/* as below, and what a client says is one whole message, as in a self-test (models/selftest.h);
			   the server's empty reply says that it is silent here, and is not judged */
	EVAL_CLASSES,	/* similarities stay 0: linear in what is said */
	EVAL_ALL,	/* edit distances too: quadratic in the length of a message */
};

struct eval_scale {			/* what any model is measured by that plays conversations of a corpus */
	const struct corpus *corpus;
	enum eval_depth depth;
	struct klass klass;		/* from all replies of the corpus */
	struct answers answers;		/* of datagrams that are played one by one */
};

void	eval_scale(struct eval_scale *s, struct pool *pool, const struct corpus *c, enum eval_depth depth);
/* use[c] NULL: all conversations. */
void	eval_on(struct eval_report *out, struct pool *pool, const struct model *m,
    const struct eval_scale *s, const bool *use, const struct progress *progress);
/* Of one model: both. */
void	eval(struct eval_report *out, struct pool *pool, const struct model *m,
    const struct corpus *c, const bool *use, enum eval_depth depth, const struct progress *progress);
