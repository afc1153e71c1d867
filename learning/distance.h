#pragma once
/*
 * distance.h - edit distance of byte strings.
 */
#include "learning/pool.h"
#include "models/bytes.h"

/* Levenshtein, bit-parallel (Myers 1999, Hyyro 2003): O(a.n * b.n / 64). */
size_t	distance(struct pool *pool, struct span a, struct span b);
/*
 * Damerau-Levenshtein in its restricted form: two neighbours that changed places are one edit, and
 * not edited again. O(a.n * b.n) of what differs between the first and the last difference; where
 * that is beyond 2^26, what distance() says.
 */
size_t	distance_swaps(struct pool *pool, struct span a, struct span b);
/* 1 - distance / longer; 1 for two empty ones. */
double	similarity(struct pool *pool, struct span a, struct span b);
