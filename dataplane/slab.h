#pragma once
/*
 * slab.h - a fixed number of cells of one size in the caller's memory.
 *
 * Cells are named by index from 1; 0 is none, so that a reference costs 2 to 4 bytes.
 * Threads: one owner. Taking and giving are a list's head, nothing else.
 */
#include "models/base.h"

struct slab {
	uint8_t *mem;
	size_t cell_bytes;
	uint32_t n, used, peak;
	uint32_t free;		/* first free cell; its first four bytes name the next */
	uint32_t fresh;		/* cells from here on were never taken, so never touched */
};

size_t	slab_bytes(uint32_t n, size_t cell_bytes);
void	slab_init(struct slab *s, void *mem, uint32_t n, size_t cell_bytes);
/* A cell with arbitrary contents, or 0 when all are taken. */
uint32_t slab_take(struct slab *s);
void	slab_give(struct slab *s, uint32_t cell);
/* Every cell is either on the free list or counted as used. */
void	slab_check(const struct slab *s);

static inline void *
slab_at(const struct slab *s, uint32_t cell)
{
	assert(cell > 0 && cell <= s->n);
	return s->mem + (size_t)(cell - 1) * s->cell_bytes;
}
