#pragma once
/*
 * separators.h - which bytes separate the words of a text service.
 *
 * White space always does. Punctuation does, too, where servers then repeat clearly more of what they
 * are asked word by word: a user name between '<sip:' and '@', an id behind "branch=". Words that
 * many clients say are not counted, for both sides would have them anyway.
 */
#include "learning/lexer.h"

struct separators_pair {	/* a question and its reply */
	struct span asked, said;
};

/* Adds punctuation to the separators of a text lexer, or does not. Scratch from the pool. */
void	separators_learn(struct lexer *l, struct pool *pool, const struct separators_pair *pair,
	    uint32_t n);
