#include "dataplane/halfopen.h"

enum { LOOKS = 64 };

size_t
halfopen_bytes(uint32_t n)
{
	return (size_t)n * (sizeof(struct halfopen_entry) + sizeof(struct halfopen_turn));
}

void
halfopen_init(struct halfopen *h, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0);
	*h = (struct halfopen){ .e = mem, .n = n };
	h->queue = (struct halfopen_turn *)(h->e + n);
}

struct halfopen_entry *
halfopen_place(struct halfopen *h, uint64_t hash, uint32_t due_ms)
{
	uint32_t at = (uint32_t)hash & (h->n - 1);

	if (h->tail - h->head == h->n)
		COUNT(h->head, 1);	/* overload: the oldest is not repeated */
	h->queue[h->tail & (h->n - 1)] = (struct halfopen_turn){ at, due_ms };
	COUNT(h->tail, 1);
	return &h->e[at];
}

void
halfopen_add(struct halfopen *h, const struct halfopen_entry *e)
{
	*halfopen_place(h, e->hash, e->due_ms) = *e;
}

void
halfopen_prefetch(const struct halfopen *h, uint64_t hash)
{
	__builtin_prefetch(&h->e[(uint32_t)hash & (h->n - 1)], 1);
}

void
halfopen_del(struct halfopen *h, uint64_t hash)
{
	struct halfopen_entry *e = &h->e[(uint32_t)hash & (h->n - 1)];

	if (e->hash == hash)
		e->hash = 0;
}

bool
halfopen_pop(struct halfopen *h, struct halfopen_entry *to, uint32_t now_ms)
{
	for (int i = 0; i < LOOKS && h->head != h->tail; i++) {
		const struct halfopen_turn *turn = &h->queue[h->head & (h->n - 1)];
		struct halfopen_entry *e = &h->e[turn->place];

		if ((int32_t)(now_ms - turn->due_ms) < 0)
			return false;
		COUNT(h->head, 1);
		if (e->hash == 0 || e->due_ms != turn->due_ms)
			continue;	/* answered, or a newer one stands there */
		*to = *e;
		e->hash = 0;
		return true;
	}
	return false;
}
