#pragma once
/*
 * recent.h - conversations that ended a moment ago: our TIME-WAIT, and the guard against ghosts.
 *
 * A duplicate of a conversation's first segments that comes after its end carries a cookie
 * that is still good and would open it again; here it is recognised. A late FIN finds the
 * numbers for its last ACK. A new conversation of the same ports starts beyond the old one's
 * sequence numbers and passes (RFC 6191, RFC 1337). Two places per hash, the older is
 * overwritten; an entry holds for 128 s, as long as a cookie.
 *
 * Threads: one owner.
 */
#include "dataplane/flow.h"

struct recent_entry {
	uint32_t hash;		/* upper half, odd; 0: empty */
	uint32_t rcv_nxt, snd_nxt;
	uint32_t time_ms;
};

struct recent {
	struct recent_entry *e;
	uint32_t n;		/* a power of two */
};

size_t	recent_bytes(uint32_t n);
void	recent_init(struct recent *r, void *mem, uint32_t n);
void	recent_prefetch(const struct recent *r, uint64_t hash);
void	recent_add(struct recent *r, uint64_t hash, uint32_t rcv_nxt, uint32_t snd_nxt, uint32_t now_ms);
/* The entry that a segment starting at seq belongs to, or NULL. */
const struct recent_entry *recent_find(const struct recent *r, uint64_t hash, uint32_t seq,
    uint32_t now_ms);
