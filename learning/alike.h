#pragma once
/*
 * alike.h - exchanges that have something in common: what was asked, what was answered, or both.
 *
 * All memory is the pool's.
 */
#include "learning/intern.h"
#include "learning/template.h"

struct said {			/* exchanges as templates */
	const struct exchanges *x;
	const struct templates *client, *server;
};

struct alike {			/* exchanges, ascending */
	uint32_t *at;
	uint32_t n;
};

/* The client's template on a level or NO_TEMPLATE; on LEVEL_FULL the number of templates: CONNECT. */
uint32_t said_client(const struct said *s, uint32_t exchange, unsigned level);
/* NO_TEMPLATE: silence. */
uint32_t said_server(const struct said *s, uint32_t exchange);
/* A number for two: equal ones have the same. */
uint32_t pair_number(struct intern *t, uint32_t a, uint32_t b);
/*
 * Sets in several conversations: by the kind of reply, by the reply, by the client's template on each level, by both; of equal
 * sets one. Returns how many.
 */
uint32_t alike_find(struct alike **out, struct pool *pool, const struct said *s);
