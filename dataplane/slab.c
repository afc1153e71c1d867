#include "dataplane/slab.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_ALIGN = 64 };

size_t
slab_bytes(uint32_t n, size_t cell_bytes)
{
	assert(cell_bytes % CELL_ALIGN == 0);
	return n * cell_bytes;
}

void
slab_init(struct slab *s, void *mem, uint32_t n, size_t cell_bytes)
{
	*s = (struct slab){ .mem = mem, .cell_bytes = cell_bytes, .n = n, .fresh = 1 };
}

uint32_t
slab_take(struct slab *s)
{
	uint32_t cell = s->free;

	if (cell != 0)
		memcpy(&s->free, slab_at(s, cell), sizeof s->free);
	else if (s->fresh <= s->n)
		cell = s->fresh++;
	else
		return 0;
	COUNT(s->used, 1);
	COUNT(s->peak, s->used > s->peak);
	return cell;
}

void
slab_give(struct slab *s, uint32_t cell)
{
	assert(s->used > 0);
	memcpy(slab_at(s, cell), &s->free, sizeof s->free);
	s->free = cell;
	COUNT(s->used, -1);
}

void
slab_check(const struct slab *s)
{
	uint32_t n = 0, cell = s->free;

	while (cell != 0) {
		if (cell >= s->fresh || ++n > s->n)
			abort();
		memcpy(&cell, slab_at(s, cell), sizeof cell);
	}
	if (n + s->used != s->fresh - 1)
		abort();
}
