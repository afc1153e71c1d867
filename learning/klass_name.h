#pragma once
/*
 * klass_name.h - the name of a class, and what classes are learned from.
 */
#include "learning/corpus.h"

enum { KLASS_BYTES = 20 };

struct klass_name {			/* equal iff of one class; empty: silence */
	uint8_t n, b[KLASS_BYTES];
};

struct klass_pair {
	struct span asked, before;	/* the client's last message and the one before it, or nothing */
	struct span said;
	uint32_t conversation;
};

static inline bool
klass_eq(const struct klass_name *a, const struct klass_name *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static inline void
klass_put(struct klass_name *name, uint8_t c)
{
	if (name->n < KLASS_BYTES)
		name->b[name->n++] = c;
}
