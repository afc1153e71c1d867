#pragma once
/*
 * recent.h - conversations that ended a moment ago: our TIME-WAIT, and the guard against ghosts.
 *
 * A duplicate of a conversation's first segments that comes after its end carries a cookie
 * that is still good and would open it again; here it is recognised. Where we wait, a late FIN
 * finds the numbers for its last ACK. A new conversation of the same ports starts beyond the old one's
 * sequence numbers and passes (RFC 6191, RFC 1337). Two places per hash, the older is
 * overwritten; an entry holds for 128 s, as long as a cookie.
 *
 * Threads: one owner.
 */
#include "dataplane/flow.h"

struct recent_end {
	uint32_t rcv_nxt, snd_nxt;
	bool waits;		/* in TIME-WAIT, or for the ACK of our FIN; else it is over for us */
};

struct recent_entry {
	uint32_t hash;		/* upper half; its last bits say that it is one, and waits; 0: empty */
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
void	recent_add(struct recent *r, uint64_t hash, const struct recent_end *end, uint32_t now_ms);
/*
 * How the conversation ended that a segment belongs to: its seq is no newer than what came, or its ack all that was sent.
 * False: there was none.
 */
bool	recent_find(const struct recent *r, uint64_t hash, uint32_t seq, uint32_t ack, uint32_t now_ms,
    struct recent_end *end);
