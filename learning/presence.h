#pragma once
/*
 * presence.h - lines of a message's head that are there or not: what else decides than its fields.
 *
 * A request for part of a page, a login with a proof: what is asked for stands in the first line, and that
 * a line of some name is there makes another answer of it. Names are those of repeats.h.
 */
#include "learning/rules.h"

/* Has the client's message of an exchange such a line? */
bool	presence_of(const struct rules *r, struct span name, uint32_t exchange);
/* Names of lines that at least least of the messages have and as many have not; at most max. */
uint32_t presence_names(struct span *out, uint32_t max, struct pool *pool, const struct rules *r,
	    const uint32_t *exchange, uint32_t n, uint32_t least);
