#pragma once
/*
 * habit.h - what servers do in general, whatever they are asked.
 */
#include "learning/template.h"

enum { HABIT_BYTES = 255 };	/* tokens of a binary reply that are looked at for echoes */

struct echo {			/* a reply's bits under mask are those of the client's byte from */
	uint8_t from, mask;	/* mask 0: no echo, 255: the whole byte */
};

struct habits {
	bool *generic;		/* per server template: said to many different subjects */
	struct echo *echo;	/* binary, per token: what servers repeat of the client's bytes there */
	bool *id;		/* and whether such parts hardly ever come again, so that they decide nothing */
};

void	habits_learn(struct habits *out, struct pool *pool, const struct exchanges *x,
	    const struct templates *server);
static inline struct echo
habit_echo(const struct habits *h, uint32_t token)
{
	return token < HABIT_BYTES ? h->echo[token] : (struct echo){ 0 };
}
/* The same byte in the same place. */
static inline bool
habit_echoes(const struct habits *h, uint32_t token)
{
	struct echo e = habit_echo(h, token);

	return e.mask == 0xff && e.from == token;
}
