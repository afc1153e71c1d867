#pragma once
/*
 * lesson.h - what conversations teach before anything in them has a name: exchanges, the templates
 * of both sides, the rules between them, what is remembered, and what is said whatever is asked.
 */
#include "learning/progress.h"
#include "learning/regardless.h"

struct lesson {
	struct pool *pool;
	const struct corpus *corpus;
	bool binary;
	struct exchanges x;
	struct templates client, server;
	struct rules rules;
	struct latches latches;
	struct manners manners;
	const struct answer **after;	/* per prompts.rule: usual_after() */
};

/* Are the client's messages no text? */
bool	lesson_is_binary(const struct corpus *c, struct pool *pool);
/*
 * use[c]: learn from conversation c; NULL: from all. All memory is the pool's, and l stays where it
 * is. 0, or -ENODATA and a sentence: the server never answers.
 */
int	lesson_learn(struct lesson *l, struct pool *pool, const struct corpus *c, const bool *use,
	    const struct progress *progress, struct diag *why);
