#pragma once
/*
 * drawn.h - answers for values never seen, where it is known what kind of answer they get.
 *
 * An answer that has a map says what was said to the same value before, and nothing to others. Where
 * others get that kind of answer, too (how many are in the list, now that this one is), what was
 * said to one of those seen is nearer to the truth than another kind of answer.
 */
#include "learning/rules.h"

/* Gives answers with maps their likes that draw (answer.drawn), as far as there is room. */
void	drawn_learn(struct rules *r);
