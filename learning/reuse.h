#pragma once
/*
 * reuse.h - memory of the job's pool that is given back and handed out again.
 *
 * For the one stage that forgets most of what it sees: conversations of a long capture (gather.h).
 * Sizes are rounded up to a class (16 bytes apart up to 256, then powers of two), and what is given back
 * serves the next of its class, so nothing is merged or searched. The pool never gets it back.
 */
#include "learning/pool.h"

enum { REUSE_SMALL = 256, REUSE_STEP = 16, REUSE_CLASSES = REUSE_SMALL / REUSE_STEP + 1 + 56 };

struct reuse {
	struct pool *pool;
	struct reuse_block *free[REUSE_CLASSES];
};

/* Zeroed, 16-byte aligned; does not return when there is no more memory. */
void	*reuse_alloc(struct reuse *r, size_t bytes);
/* The bytes that may be used of what was asked for: all of its class. */
size_t	reuse_room(size_t bytes);
/* bytes: as asked for, or any other number of the same class. NULL is nothing. */
void	reuse_give(struct reuse *r, void *mem, size_t bytes);
/* A larger copy of an array of old_n elements; the old one is given back. */
void	*reuse_grow(struct reuse *r, void *old, size_t old_n, size_t new_n, size_t size);
