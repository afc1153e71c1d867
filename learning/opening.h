#pragma once
/*
 * opening.h - how many of a message's first lines say what it is about.
 *
 * Most text protocols say it in the first line, and LEVEL_LINE (template.h) knows messages never
 * seen whole by that. Where the first line only counts what follows, more are needed: as many as
 * it takes until replies are foretold from them, each left out of its own evidence.
 */
#include "learning/exchange.h"

/*
 * Bytes of s up to and with the end of its n-th line; 0 when nothing stands behind that. Text.
 */
size_t	opening_bytes(struct span s, uint32_t n);
/* How many lines, 1 or more; kinds of replies are known. Memory is the pool's. */
uint32_t opening_learn(struct pool *pool, const struct exchanges *x);
