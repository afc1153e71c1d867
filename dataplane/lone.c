#include "dataplane/lone.h"

enum { WAYS = 4, LOOK_AT = 64 };
enum lone_state { LONE_FREE, LONE_WAITS, LONE_TOLD };

size_t
lone_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct lone_syn);
}

void
lone_init(struct lone *l, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= WAYS);
	*l = (struct lone){ .e = mem, .n = n };
}

static struct lone_syn *
places_of(const struct lone *l, const struct addr *peer, uint16_t own_port)
{
	uint64_t h = span_hash(span_of(peer->b, sizeof peer->b), own_port);

	return &l->e[(h >> 16) & (l->n - 1) & ~(uint64_t)(WAYS - 1)];
}

static struct lone_syn *
find(const struct lone *l, const struct addr *peer, uint16_t own_port)
{
	struct lone_syn *set = places_of(l, peer, own_port);

	for (int i = 0; i < WAYS; i++)
		if (set[i].state != LONE_FREE && set[i].own_port == own_port && addr_eq(&set[i].peer, peer))
			return &set[i];
	return NULL;
}

static bool
is_over(const struct lone_syn *e, uint32_t now_ms)
{
	return e->state == LONE_FREE || (e->state == LONE_TOLD && now_ms - e->since_ms >= LONE_HOLD_MS);
}

void
lone_add(struct lone *l, const struct lone_syn *syn)
{
	struct lone_syn *e = find(l, &syn->peer, syn->own_port), *set;

	if (e != NULL && !is_over(e, syn->since_ms))
		return;
	set = places_of(l, &syn->peer, syn->own_port);
	for (int i = 0; e == NULL && i < WAYS; i++)
		if (is_over(&set[i], syn->since_ms))
			e = &set[i];
	if (e == NULL)
		return;
	*e = *syn;
	e->state = LONE_WAITS;
	COUNT(l->waiting, 1);
}

void
lone_forget(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash)
{
	struct lone_syn *e = find(l, peer, own_port);

	if (e == NULL || e->state != LONE_WAITS || e->hash != hash)
		return;
	e->state = LONE_FREE;
	COUNT(l->waiting, -1);
}

static void
tell(struct lone *l, struct lone_syn *e, struct lone_syn *to)
{
	*to = *e;
	e->state = LONE_TOLD;
	COUNT(l->waiting, -1);
}

bool
lone_end(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash, uint32_t now_ms,
    struct lone_syn *to, bool *told)
{
	struct lone_syn *e = find(l, peer, own_port);

	*told = e != NULL && e->state == LONE_TOLD && !is_over(e, now_ms);
	if (e == NULL || e->state != LONE_WAITS || e->hash != hash)
		return false;
	tell(l, e, to);
	return true;
}

bool
lone_pop(struct lone *l, struct lone_syn *to, uint32_t now_ms)
{
	for (int i = 0; i < LOOK_AT && l->waiting > 0; i++) {
		struct lone_syn *e = &l->e[l->next++ & (l->n - 1)];

		if (e->state == LONE_WAITS && now_ms - e->since_ms >= LONE_WAIT_MS) {
			tell(l, e, to);
			return true;
		}
	}
	return false;
}
