#include "dataplane/ident.h"

uint16_t
ident_next(struct idents *t, uint64_t pair, uint32_t jump_ms, uint32_t now_ms, uint32_t random)
{
	struct ident *e = &t->e[pair % IDENTS];
	uint32_t ticks = jump_ms > 0 ? (now_ms - e->last_ms) / jump_ms : 0;

	e->n += (uint16_t)(1 + (ticks > 0 ? random % ticks : 0));
	e->last_ms = now_ms;
	return (uint16_t)(e->n + (pair >> 48));
}
