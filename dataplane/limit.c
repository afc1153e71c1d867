#include "dataplane/limit.h"

enum { WAYS = 4, WINDOW_MS = 60000, SECOND_MS = 1000 };

void
bucket_init(struct bucket *b, uint32_t rate, uint32_t burst, uint32_t now_ms)
{
	*b = (struct bucket){ .rate = rate, .burst = burst, .tokens = burst, .last_ms = now_ms };
}

bool
bucket_take(struct bucket *b, uint32_t now_ms)
{
	uint64_t fresh = (uint64_t)(now_ms - b->last_ms) * b->rate / SECOND_MS;

	if (fresh > 0) {
		b->tokens = (uint32_t)MIN(b->tokens + fresh, b->burst);
		b->last_ms = now_ms;
	}
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}

static uint32_t
set_of(uint32_t key, uint32_t n)
{
	return (key * 0x9e3779b1u >> 8) & (n - 1) & ~(uint32_t)(WAYS - 1);
}

size_t
once_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct once_entry);
}

void
once_init(struct once *o, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= WAYS);
	*o = (struct once){ .e = mem, .n = n };
}

bool
once_take(struct once *o, uint32_t key, uint32_t within_ms, uint32_t now_ms)
{
	struct once_entry *set = &o->e[set_of(key, o->n)], *oldest = set;

	key = MAX(key, 1);	/* 0.0.0.0 sends nothing */
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key) {
			if (now_ms - set[i].time_ms < within_ms)
				return false;
			set[i].time_ms = now_ms;
			return true;
		}
		if (set[i].key == 0 || now_ms - set[i].time_ms > now_ms - oldest->time_ms)
			oldest = &set[i];
	}
	/* Every place holds a peer that was served just now: this one waits for its turn. */
	if (oldest->key != 0 && now_ms - oldest->time_ms < within_ms)
		return false;
	*oldest = (struct once_entry){ key, now_ms };
	return true;
}

size_t
prefixes_bytes(uint32_t n)
{
	return (size_t)n * sizeof(struct prefix_entry);
}

void
prefixes_init(struct prefixes *p, void *mem, uint32_t n)
{
	assert((n & (n - 1)) == 0 && n >= WAYS);
	*p = (struct prefixes){ .e = mem, .n = n };
}

void
prefixes_prefetch(const struct prefixes *p, uint32_t prefix)
{
	const struct prefix_entry *set = &p->e[set_of(prefix, p->n)];

	__builtin_prefetch(set, 1);
	__builtin_prefetch(&set[WAYS - 1], 1);
}

/* Where a prefix that has no entry may have one: an empty place, or the oldest. Which it is nobody can guess: no branch. */
static struct prefix_entry *
place_in(struct prefix_entry *set, uint32_t now_ms)
{
	uint64_t best = 0;	/* age, and place behind it */

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t age = set[i].key == 0 ? UINT32_MAX : now_ms - set[i].since_ms;

		best = MAX(best, age << 2 | i);
	}
	return &set[best & (WAYS - 1)];
}

struct prefix_entry *
prefixes_of(struct prefixes *p, uint32_t prefix, uint32_t now_ms)
{
	struct prefix_entry *set = &p->e[set_of(prefix, p->n)], *e;
	uint32_t key = prefix + 1;
	unsigned at = 0;

	for (unsigned i = 0; i < WAYS; i++)
		at |= (unsigned)(set[i].key == key) << i;
	e = at != 0 ? &set[__builtin_ctz(at)] : place_in(set, now_ms);
	if (at == 0) {
		*e = (struct prefix_entry){ .key = key, .since_ms = now_ms, .second_ms = now_ms };
		return e;
	}
	if (now_ms - e->since_ms >= WINDOW_MS) {
		e->since_ms = now_ms;
		e->in = e->out = 0;
	}
	if (now_ms - e->second_ms >= SECOND_MS) {
		e->second_ms = now_ms;
		e->packets = 0;
	}
	return e;
}
