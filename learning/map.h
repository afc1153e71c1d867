#pragma once
/*
 * map.h - tokens of a reply that follow from the value of a field: which field, and what to each value.
 */
#include "learning/goal.h"

/* The client field, or run of fields, that decides the token best; false: none does. */
bool	map_key(struct rules *r, const struct answer *a, const struct goal *g, struct source *out);
/*
 * Fills the map rules of an answer with pairs by its key: to each value what the sample that speaks for it
 * had, the same one in all of them, so that they fit together.
 */
void	map_learn(const struct rules *r, struct answer *a);
