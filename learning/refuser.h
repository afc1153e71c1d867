#pragma once
/*
 * refuser.h - what a service says to what it does not understand, found without knowing it.
 *
 * Words that a service knows are said often, and get replies of their own; words it does not know
 * are said seldom, are many, and get all the same. So of the kinds of reply that are the usual one of
 * several words, the refusal has the most beyond what its share of all exchanges would give it. What
 * a client says only after one kind of reply, where hardly anything else is said (a password, the
 * lines of a mail), is data and no word.
 */
#include "learning/pool.h"

enum { REFUSER_NONE = UINT32_MAX };

struct heard {				/* one exchange; words and kinds are numbers from 0 */
	uint32_t word, said;
	uint32_t before;		/* kind of the reply before, REFUSER_NONE: the first */
};

/* The kind, or REFUSER_NONE: nothing is refused. */
uint32_t refuser_find(struct pool *pool, const struct heard *heard, uint32_t n, uint32_t words,
    uint32_t kinds);
