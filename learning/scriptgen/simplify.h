#pragma once
/*
 * simplify.h - a label that tells nothing is none.
 *
 * Takes labels away, the most specific first, whose messages another label matches too, where
 * what is answered is foretold as well without them. Sets k->of; keys must be those of the labels.
 */
#include "learning/scriptgen/kinds.h"

void	simplify_kinds(struct kinds *k, struct matches *matches, const struct kinds_member *m, uint32_t n);
