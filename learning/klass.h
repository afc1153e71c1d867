#pragma once
/*
 * klass.h - what kind of reply a message is, without knowing its protocol.
 *
 * Text: the first word, or the second where the first is nearly always the same (a protocol
 * name), up to its first byte that is neither letter nor digit: 331, 404, +OK. Binary: those of
 * the first four bytes that take few values. Learned from genuine server messages only.
 */
#include "learning/corpus.h"

enum { KLASS_BYTES = 16 };

struct klass {
	bool binary;
	unsigned word;			/* text: 0 or 1 */
	bool use[4];			/* binary: these bytes */
};

struct klass_name {			/* equal iff of one class; empty: silence */
	uint8_t n, b[KLASS_BYTES];
};

void	klass_learn(struct klass *k, const struct corpus *c, bool binary);
struct klass_name klass_of(const struct klass *k, struct span message);
static inline bool
klass_eq(const struct klass_name *a, const struct klass_name *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}
