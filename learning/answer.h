#pragma once
/*
 * answer.h - answers once they are learned: which there are.
 */
#include "learning/rules.h"

/* The n answers to a client template, side by side. */
const struct answer *answers_to(const struct rules *r, uint32_t client, uint32_t *n);
