#include "dataplane/recent.h"

enum { HOLDS_MS = 128000, BEHIND = 1 << 20 };

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
	return (uint32_t)(hash >> 32) | 1;
}

void
recent_prefetch(const struct recent *r, uint64_t hash)
{
	__builtin_prefetch(pair_of(r, hash));
}

void
recent_add(struct recent *r, uint64_t hash, uint32_t rcv_nxt, uint32_t snd_nxt, uint32_t now_ms)
{
	struct recent_entry *p = pair_of(r, hash), *e = p;

	if (p[0].hash != mark_of(hash) && (p[1].hash == mark_of(hash) || p[1].hash == 0 ||
	    (p[0].hash != 0 && now_ms - p[1].time_ms > now_ms - p[0].time_ms)))
		e = p + 1;
	*e = (struct recent_entry){ mark_of(hash), rcv_nxt, snd_nxt, now_ms };
}

const struct recent_entry *
recent_find(const struct recent *r, uint64_t hash, uint32_t seq, uint32_t now_ms)
{
	const struct recent_entry *p = pair_of(r, hash);

	for (int i = 0; i < 2; i++) {
		if (p[i].hash == mark_of(hash) && now_ms - p[i].time_ms < HOLDS_MS &&
		    p[i].rcv_nxt - seq <= BEHIND)
			return &p[i];
	}
	return NULL;
}
