#include "dataplane/recent.h"

enum { HOLDS_MS = 128000, BEHIND = 1 << 20 };
enum { TAKEN = 1, WAITS = 2 };

size_t
recent_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct recent_entry);
}

void
recent_init(struct recent *r, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= 2);
	*r = (struct recent){ .e = mem, .n = n };
}

static struct recent_entry *
pair_of(const struct recent *r, uint64_t hash)
{
	return &r->e[(uint32_t)hash & (r->n - 1) & ~1u];
}

static uint32_t
mark_of(uint64_t hash)
{
	return ((uint32_t)(hash >> 32) & ~(uint32_t)WAITS) | TAKEN;
}

void
recent_prefetch(const struct recent *r, uint64_t hash)
{
	__builtin_prefetch(pair_of(r, hash));
}

static bool
is_of(const struct recent_entry *e, uint64_t hash)
{
	return (e->hash & ~(uint32_t)WAITS) == mark_of(hash);
}

void
recent_add(struct recent *r, uint64_t hash, const struct recent_end *end, uint32_t now_ms)
{
	struct recent_entry *p = pair_of(r, hash), *e = p;

	if (!is_of(&p[0], hash) && (is_of(&p[1], hash) || p[1].hash == 0 ||
	    (p[0].hash != 0 && now_ms - p[1].time_ms > now_ms - p[0].time_ms)))
		e = p + 1;
	*e = (struct recent_entry){ mark_of(hash) | (end->waits ? WAITS : 0), end->rcv_nxt, end->snd_nxt, now_ms };
}

bool
recent_find(const struct recent *r, uint64_t hash, uint32_t seq, uint32_t ack, uint32_t now_ms,
    struct recent_end *end)
{
	const struct recent_entry *p = pair_of(r, hash);

	for (int i = 0; i < 2; i++) {
		if (is_of(&p[i], hash) && now_ms - p[i].time_ms < HOLDS_MS &&
		    (p[i].rcv_nxt - seq <= BEHIND || p[i].snd_nxt == ack)) {
			*end = (struct recent_end){ p[i].rcv_nxt, p[i].snd_nxt, p[i].hash & WAITS };
			return true;
		}
	}
	return false;
}
