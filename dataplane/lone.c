#include "dataplane/lone.h"

enum { WAYS = 4, LOOK_AT = 64 };
enum lone_state { LONE_FREE, LONE_WAITS, LONE_TOLD, LONE_STATES = 3 };	/* the low bits of lone_mark.key */

size_t
lone_bytes(uint32_t n)
{
	return (size_t)n * (sizeof(struct lone_mark) + sizeof(struct lone_syn));
}

void
lone_init(struct lone *l, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= WAYS);
	*l = (struct lone){ .m = mem, .e = (struct lone_syn *)((struct lone_mark *)mem + n), .n = n };
}

static uint64_t
hash_of(const struct addr *peer, uint16_t own_port)
{
	__uint128_t h = (__uint128_t)(load_le64(peer->b + 8) ^ own_port) *
	    (0x9e3779b97f4a7c15u ^ load_le64(peer->b));

	return (uint64_t)h ^ (uint64_t)(h >> 64);
}

static uint32_t
places_of(const struct lone *l, uint64_t hash)
{
	return (uint32_t)hash & (l->n - 1) & ~(uint32_t)(WAYS - 1);
}

void
lone_prefetch(const struct lone *l, const struct addr *peer, uint16_t own_port)
{
	__builtin_prefetch(&l->m[places_of(l, hash_of(peer, own_port))], 1);
}

static enum lone_state
state_of(const struct lone_mark *m)
{
	return m->key & LONE_STATES;
}

static void
put_state(struct lone_mark *m, enum lone_state state)
{
	m->key = state == LONE_FREE ? 0 : (m->key & ~(uint32_t)LONE_STATES) | state;
}

/* The key's place, or l->n. */
static uint32_t
find(const struct lone *l, uint64_t hash, const struct addr *peer, uint16_t own_port)
{
	uint32_t at = places_of(l, hash);

	for (uint32_t i = at; i < at + WAYS; i++)
		if (((l->m[i].key ^ (uint32_t)(hash >> 32)) & ~(uint32_t)LONE_STATES) == 0 &&
		    state_of(&l->m[i]) != LONE_FREE && l->e[i].own_port == own_port &&
		    addr_eq(&l->e[i].peer, peer))
			return i;
	return l->n;
}

static bool
is_over(const struct lone_mark *m, uint32_t now_ms)
{
	return state_of(m) == LONE_FREE || (state_of(m) == LONE_TOLD && now_ms - m->since_ms >= LONE_HOLD_MS);
}

struct lone_syn *
lone_add(struct lone *l, const struct addr *peer, uint16_t own_port, uint32_t now_ms)
{
	uint64_t hash = hash_of(peer, own_port);
	uint32_t at = find(l, hash, peer, own_port), end = at + 1;

	if (at == l->n) {
		at = places_of(l, hash);
		end = at + WAYS;
	}
	while (at < end && !is_over(&l->m[at], now_ms))
		at++;
	if (at == end)
		return NULL;
	l->m[at] = (struct lone_mark){ ((uint32_t)(hash >> 32) & ~(uint32_t)LONE_STATES) | LONE_WAITS, now_ms };
	COUNT(l->waiting, 1);
	return &l->e[at];
}

void
lone_forget(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash)
{
	uint32_t at = find(l, hash_of(peer, own_port), peer, own_port);

	if (at == l->n || state_of(&l->m[at]) != LONE_WAITS || l->e[at].hash != hash)
		return;
	put_state(&l->m[at], LONE_FREE);
	COUNT(l->waiting, -1);
}

static void
tell(struct lone *l, uint32_t at, struct lone_syn *to)
{
	*to = l->e[at];
	put_state(&l->m[at], LONE_TOLD);
	COUNT(l->waiting, -1);
}

bool
lone_end(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash, uint32_t now_ms,
    struct lone_syn *to, bool *told)
{
	uint32_t at = find(l, hash_of(peer, own_port), peer, own_port);

	*told = at < l->n && state_of(&l->m[at]) == LONE_TOLD && !is_over(&l->m[at], now_ms);
	if (at == l->n || state_of(&l->m[at]) != LONE_WAITS || l->e[at].hash != hash)
		return false;
	tell(l, at, to);
	return true;
}

bool
lone_pop(struct lone *l, struct lone_syn *to, uint32_t now_ms)
{
	for (int i = 0; i < LOOK_AT && l->waiting > 0; i++) {
		uint32_t at = l->next++ & (l->n - 1);

		if (state_of(&l->m[at]) == LONE_WAITS && now_ms - l->m[at].since_ms >= LONE_WAIT_MS) {
			tell(l, at, to);
			return true;
		}
	}
	return false;
}
