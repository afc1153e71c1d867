#pragma once
/*
 * fallback.h - what is said where every answer needs a value that the captures held.
 *
 * A value never seen finds no key in a map, and behind the most general template nothing else would
 * answer. A service that is not silent is given away by silence: so there a reply of the usual kind is
 * said, one that needs no value. Binary services only: words never seen have drawn.h and the more general
 * templates. Memory is the pool's.
 */
#include "learning/decide.h"

void	fallbacks_add(struct decisions *d, struct pool *pool, const struct rules *r,
	    const struct memory *m);
