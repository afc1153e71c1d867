#pragma once
/*
 * answer.h - answers once they are learned: which there are, and each without its key.
 */
#include "learning/rules.h"

/* The same answer with what its map rules gave in its first sample; memory from the rules' pool. */
void	answer_forget_key(const struct rules *r, struct answer *to, const struct answer *a);
/* The n answers to a client template, side by side. */
const struct answer *answers_to(const struct rules *r, uint32_t client, uint32_t *n);
/* An answer of the same kind for values that its key has none for: all mapped parts as in one sample. */
const struct answer *answer_without_key(const struct rules *r, const struct answer *a);
