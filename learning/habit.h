#pragma once
/*
 * habit.h - what servers do in general, whatever they are asked.
 */
#include "learning/template.h"

enum { HABIT_BYTES = 255 };	/* tokens of a binary reply that are looked at for echoes */

struct habits {
	bool *generic;		/* per server template: said to many different subjects */
	bool *echo;		/* binary, per token: servers repeat the client's byte there */
};

void	habits_learn(struct habits *out, struct pool *pool, const struct exchanges *x,
	    const struct templates *server);
static inline bool
habit_echoes(const struct habits *h, uint32_t token)
{
	return token < HABIT_BYTES && h->echo[token];
}
