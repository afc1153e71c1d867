#pragma once
/*
 * lone.h - SYNs to open ports that may come to nothing: what a SYN scanner leaves behind.
 *
 * One place per source and port of ours, of a fixed number. It waits for the handshake, which frees it;
 * without one it is told after 10 s and then holds its key for the rest of a minute, so that a sweep over
 * a prefix is one record a minute. A stranger finds a place that is free or over, or leaves no
 * trace: a sample, never a cost. A key has four places, so a search is four comparisons.
 *
 * Threads: one owner. Times are the worker's clock in ms, compared by difference.
 */
#include "models/addr.h"

enum { LONE_WAIT_MS = 10000, LONE_HOLD_MS = 60000 };

struct lone_syn {
	uint64_t hash;			/* of the flow that it asked for */
	struct addr peer, own;
	int64_t start_ms;		/* Unix */
	uint16_t peer_port, own_port;
	uint16_t bytes_in, bytes_out;	/* of the SYN and our answer, IP */
	uint16_t vlan[2];
	uint8_t nvlan;
};

/* Apart from the rest, so that a search, and the look for what is due, reads one line. */
struct lone_mark {
	uint32_t key;			/* a digest of the key, and the state: lone.c; 0: free */
	uint32_t since_ms;
};

struct lone {
	struct lone_mark *m;
	struct lone_syn *e;
	uint32_t n;			/* a power of two */
	uint32_t waiting, next;		/* how many; where lone_pop() goes on */
};

size_t	lone_bytes(uint32_t n);
void	lone_init(struct lone *l, void *mem, uint32_t n);	/* mem zeroed */
void	lone_prefetch(const struct lone *l, const struct addr *peer, uint16_t own_port);
/* A place to be filled with a SYN of that key, if it has none yet and there is one; else NULL. */
struct lone_syn *lone_add(struct lone *l, const struct addr *peer, uint16_t own_port, uint32_t now_ms);
/* The handshake came: the key is free again. */
void	lone_forget(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash);
/*
 * The peer ended it: true, with a copy, if exactly this SYN waits; then it counts as told.
 * *told: something of this source and port was already told in this minute.
 */
bool	lone_end(struct lone *l, const struct addr *peer, uint16_t own_port, uint64_t hash,
    uint32_t now_ms, struct lone_syn *to, bool *told);
/* One that has waited long enough, which then counts as told; false: none here. Looks at 64 places. */
bool	lone_pop(struct lone *l, struct lone_syn *to, uint32_t now_ms);
