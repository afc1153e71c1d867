#pragma once
/*
 * draw.h - recorded values to draw from, where no rule explains them (PRISMA12's data rules).
 */
#include "learning/rules.h"

/* The values of an answer's samples, one each, with how often they came, most frequent first, and their scope. */
void	draw(const struct rules *r, const struct answer *a, const struct span *value, struct rule *out);
