#pragma once
/*
 * limit.h - how much may leave: tokens per time, one per peer and time, bytes out per byte in.
 *
 * Never an amplifier: what answers an unproven source is charged to what came from its /24, or of IPv6 its /64.
 * Tables are of fixed size and keep exact keys; a stranger takes the place of the oldest and
 * starts from nothing, so a full table makes answers rarer, never larger. spec dataplane 8.
 *
 * Threads: one owner. Times are the worker's clock in ms, compared by difference.
 */
#include "models/base.h"

struct bucket {			/* tokens: rate per second, at most burst at once */
	uint32_t rate, burst;
	uint32_t tokens, last_ms;
};

void	bucket_init(struct bucket *b, uint32_t rate, uint32_t burst, uint32_t now_ms);
bool	bucket_take(struct bucket *b, uint32_t now_ms);

/* At most one per key in a time. */
struct once {
	struct once_entry { uint32_t key, time_ms; } *e;
	uint32_t n;		/* a power of two */
};

size_t	once_bytes(uint32_t n);
void	once_init(struct once *o, void *mem, uint32_t n);
/* True, and remembered, if nothing was granted to key in the last within_ms. */
bool	once_take(struct once *o, uint32_t key, uint32_t within_ms, uint32_t now_ms);

/* Bytes in and out, and packets out, per prefix. */
struct prefix_entry {
	uint32_t key;		/* prefix + 1; 0: empty */
	uint32_t since_ms;	/* of the byte counts: a minute */
	uint32_t in, out;
	uint32_t second_ms, packets;	/* this second's */
};

struct prefixes {
	struct prefix_entry *e;
	uint32_t n;		/* a power of two */
};

size_t	prefixes_bytes(uint32_t n);
void	prefixes_init(struct prefixes *p, void *mem, uint32_t n);
/* Its entry will be asked for. */
void	prefixes_prefetch(const struct prefixes *p, uint32_t prefix);
/* The prefix's entry, made if need be, its times up to date. Valid until the next call. */
struct prefix_entry *prefixes_of(struct prefixes *p, uint32_t prefix, uint32_t now_ms);

/* Received from the prefix. */
static inline void
prefix_charge(struct prefix_entry *e, uint32_t bytes)
{
	e->in += MIN(bytes, UINT32_MAX - e->in);
}

/* May bytes go to the prefix, at most ratio times what came and slack beyond? Counts them if so. */
static inline bool
prefix_allow(struct prefix_entry *e, uint32_t bytes, uint32_t ratio, uint32_t slack)
{
	if ((uint64_t)e->out + bytes > (uint64_t)e->in * ratio + slack)
		return false;
	e->out += bytes;
	return true;
}

/* May one more packet go to the prefix in this second? */
static inline bool
prefix_packet(struct prefix_entry *e, uint32_t per_second)
{
	if (e->packets >= per_second)
		return false;
	e->packets++;
	return true;
}
