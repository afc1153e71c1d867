#pragma once
/*
 * fallback.h - what is said where every answer needs a value that the captures held.
 *
 * A value never seen finds no key in a map, and behind the most general template nothing else would
 * answer. A service that is not silent is given away by silence: so there the usual kind of reply is
 * said, with what belongs to no value known as one recorded answer had it. Binary services only: words
 * never seen have drawn.h and the more general templates. Memory is the pool's.
 */
#include "learning/decide.h"

void	fallbacks_add(struct decisions *d, struct pool *pool, const struct rules *r,
	    const struct memory *m);
