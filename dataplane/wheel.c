#include "dataplane/wheel.h"

#include <stdlib.h>

#define WHEEL_HEAD 0x80000000u
enum { MASK = WHEEL_SLOTS - 1 };

size_t
wheel_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct wheel_link);
}

void
wheel_init(struct wheel *w, void *mem, uint32_t n, uint64_t now_ms)
{
	*w = (struct wheel){ .link = mem, .n = n, .tick = now_ms / WHEEL_TICK_MS };
}

static void
link_in(struct wheel *w, uint32_t slot, uint32_t id)
{
	struct wheel_link *l = &w->link[id - 1];

	l->prev = WHEEL_HEAD | slot;
	l->next = w->head[slot];
	if (l->next != 0)
		w->link[l->next - 1].prev = id;
	w->head[slot] = id;
}

static void
link_out(struct wheel *w, uint32_t id)
{
	struct wheel_link *l = &w->link[id - 1];

	if (l->prev & WHEEL_HEAD)
		w->head[l->prev & ~WHEEL_HEAD] = l->next;
	else
		w->link[l->prev - 1].next = l->next;
	if (l->next != 0)
		w->link[l->next - 1].prev = l->prev;
}

void
wheel_add(struct wheel *w, uint32_t id, uint64_t at_ms)
{
	uint64_t tick = (at_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS, far;

	assert(id > 0 && id <= w->n);
	w->used++;
	tick = MAX(tick, w->tick + 1);	/* never into the slot being emptied */
	if (tick - w->tick < WHEEL_SLOTS) {
		link_in(w, tick & MASK, id);
		return;
	}
	far = MIN(tick / WHEEL_SLOTS, w->tick / WHEEL_SLOTS + WHEEL_SLOTS - 1);
	link_in(w, WHEEL_SLOTS + (far & MASK), id);
}

void
wheel_del(struct wheel *w, uint32_t id)
{
	assert(id > 0 && id <= w->n && w->used > 0);
	link_out(w, id);
	w->used--;
}

static uint32_t
take(struct wheel *w, uint32_t slot)
{
	uint32_t id = w->head[slot];

	if (id != 0)
		wheel_del(w, id);
	return id;
}

uint32_t
wheel_pop(struct wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_TICK_MS;
	uint32_t id;

	if (w->used == 0 && w->tick < now) {
		w->tick = now;
		return 0;
	}
	for (;;) {
		id = take(w, w->tick & MASK);
		/* The far slot that begins now: its numbers pop early and are added again, nearer. */
		if (id == 0 && (w->tick & MASK) == 0)
			id = take(w, WHEEL_SLOTS + (w->tick / WHEEL_SLOTS & MASK));
		if (id != 0 || w->tick >= now)
			return id;
		w->tick++;
	}
}

uint64_t
wheel_wait(const struct wheel *w, uint64_t now_ms, uint64_t limit_ms)
{
	for (uint64_t tick = w->tick; tick < w->tick + WHEEL_SLOTS; tick++) {
		uint64_t at_ms = tick * WHEEL_TICK_MS;

		if (at_ms >= now_ms + limit_ms)
			break;
		if (w->head[tick & MASK] != 0 ||
		    ((tick & MASK) == 0 && w->head[WHEEL_SLOTS + (tick / WHEEL_SLOTS & MASK)] != 0))
			return at_ms > now_ms ? at_ms - now_ms : 0;
	}
	return limit_ms;
}

void
wheel_check(const struct wheel *w)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < 2 * WHEEL_SLOTS; slot++) {
		uint32_t prev = WHEEL_HEAD | slot;

		for (uint32_t id = w->head[slot]; id != 0; id = w->link[id - 1].next) {
			if (id > w->n || w->link[id - 1].prev != prev || ++n > w->used)
				abort();
			prev = id;
		}
	}
	if (n != w->used)
		abort();
}
