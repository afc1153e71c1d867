#include "learning/reuse.h"

#include <string.h>

struct reuse_block {
	struct reuse_block *next;
};

/* The class of a size, and the bytes that all of that class have. */
static unsigned
class_of(size_t bytes, size_t *rounded)
{
	unsigned c = REUSE_SMALL / REUSE_STEP;

	if (bytes <= REUSE_SMALL) {
		c = (unsigned)((bytes + REUSE_STEP - 1) / REUSE_STEP);
		*rounded = (size_t)c * REUSE_STEP;
		return c;
	}
	for (*rounded = REUSE_SMALL; *rounded < bytes && *rounded <= SIZE_MAX / 2; c++)
		*rounded *= 2;
	*rounded = MAX(*rounded, bytes);
	return c;
}

size_t
reuse_room(size_t bytes)
{
	size_t rounded;

	class_of(MAX(bytes, (size_t)1), &rounded);
	return rounded;
}

void *
reuse_alloc(struct reuse *r, size_t bytes)
{
	size_t rounded;
	unsigned c = class_of(MAX(bytes, (size_t)1), &rounded);
	struct reuse_block *b = r->free[c];

	if (b == NULL)
		return pool_alloc(r->pool, rounded);
	r->free[c] = b->next;
	return memset(b, 0, rounded);
}

void
reuse_give(struct reuse *r, void *mem, size_t bytes)
{
	size_t rounded;
	unsigned c = class_of(MAX(bytes, (size_t)1), &rounded);
	struct reuse_block *b = mem;

	if (b == NULL)
		return;
	b->next = r->free[c];
	r->free[c] = b;
}

void *
reuse_grow(struct reuse *r, void *old, size_t old_n, size_t new_n, size_t size)
{
	size_t bytes;
	void *to;

	if (__builtin_mul_overflow(new_n, size, &bytes))
		bytes = SIZE_MAX;	/* more than any pool has */
	to = reuse_alloc(r, bytes);
	if (old_n > 0)
		memcpy(to, old, old_n * size);
	reuse_give(r, old, old_n * size);
	return to;
}
