#pragma once
/*
 * flow.h - the table of conversations: one entry of 64 bytes each, found by an index of buckets.
 *
 * A bucket is one cache line: eight tags of 16 bits and eight entry numbers. A key has two
 * buckets, and the second follows from the first and the tag, so an entry can be moved without
 * its key. A search reads two lines and then the entry whatever the load; there is nothing to
 * chain. What finds both full, even after moving one neighbour, goes to a stash of 64.
 *
 * An entry has room for the addresses of IPv4. Of IPv6 it has 64 bits of a keyed hash of both, which nobody can
 * make alike, and the addresses stand in a line of their own; so IPv6 has entries of its own, 1 to six, and costs
 * IPv4 nothing. flow_key_of() makes the key, flow_own() and flow_peer() give back addresses: nobody else looks.
 * Threads: one owner. Nothing is allocated after flow_table_init().
 */
#include "models/addr.h"

enum flow_state {
	FLOW_FREE,
	FLOW_UDP,
	FLOW_ESTABLISHED,	/* RFC 9293 3.3.2 from here on */
	FLOW_CLOSE_WAIT,
	FLOW_FIN_WAIT_1, FLOW_FIN_WAIT_2,
	FLOW_CLOSING,
	FLOW_LAST_ACK,
	FLOW_TIME_WAIT,		/* never stored: such a flow goes to the recently closed set */
	FLOW_CLOSED,
	FLOW_STATES
};

enum flow_flag {
	FLOW_TS = 1,		/* timestamps agreed */
	FLOW_SACK = 2,
	FLOW_FIN_QUEUED = 4,	/* we close when everything is said */
	FLOW_RST_QUEUED = 8,	/* we reset when everything is acknowledged */
	FLOW_FIN_SENT = 16,
	FLOW_PEER_FIN = 32,
	FLOW_DELAYED = 64,	/* the reply waits for its learned pause */
	FLOW_TIMING = 128,	/* no timestamps: ts_recent is when the timed segment left */
	FLOW_WE_FIRST = 256, FLOW_PEER_FIRST = 512,	/* who closed first */
	FLOW_SAW_PSH = 1024, FLOW_SAW_URG = 2048,
	FLOW_SAID = 4096,	/* we sent payload */
	FLOW_FIN_TOLD = 8192,	/* the model heard of the peer's FIN */
};

/*
 * One conversation past its handshake; half-open ones have no entry, the SYN cookie carries
 * them. A pure ACK touches only this line. Host order. due_ms is the nearest deadline.
 */
struct flow {
	uint32_t peer, own;		/* IPv4, or a hash of both; only flow.c and flow.h read them */
	uint16_t peer_port, own_port;
	uint32_t snd_una, snd_nxt, rcv_nxt;	/* modulo 2^32; snd_nxt falls back on loss */
	uint32_t due_ms;		/* worker clock; compare by difference */
	uint32_t ts_recent;		/* RFC 7323 TS.Recent, or see FLOW_TIMING */
	uint32_t talk;			/* line 1 in the talk slab, 0 until payload moves */
	uint32_t start_ms;		/* worker clock */
	uint32_t bytes_in, bytes_out;	/* of IP packets */
	uint16_t packets_in, packets_out;	/* stay at 65535 */
	uint16_t snd_wnd;		/* as on the wire; << wscale is what they accept beyond snd_una */
	uint16_t srtt_ms;		/* 0: no sample yet */
	uint8_t rttvar_4ms;		/* in units of 4 ms */
	uint8_t challenge;		/* worker clock / 128 ms of the last challenge ACK; 0: none */
	uint8_t slot;			/* pinned model, see set.h; 0: payload is only acknowledged */
	uint8_t link;			/* how frames reach the peer, link.h */
	uint32_t flags : 14;		/* enum flow_flag */
	uint32_t state : 4;		/* enum flow_state */
	uint32_t timer : 3;		/* what due_ms is for: enum flow_timer, inside.h */
	uint32_t retries : 3;		/* of what is out now */
	uint32_t mss_class : 4;		/* tcp_mss[] */
	uint32_t wscale : 4;		/* of their window, 15: not agreed */
};
static_assert(sizeof(struct flow) == 64, "one cache line");

struct flow_key {
	uint32_t peer, own;
	uint16_t peer_port, own_port;
	uint32_t proto;		/* with FLOW_SIX */
};
enum { FLOW_SIX = 256 };	/* the key is of IPv6 */

struct flow_pair {
	struct addr own, peer;
};

struct flow_pool {
	uint32_t end;		/* ids below it are of this pool, or the one before */
	uint32_t free, fresh;	/* as in slab.h; flow.talk links free ones */
};

struct flow_bucket {
	uint16_t tag[8];	/* 0: empty */
	uint32_t flow[8];
	uint32_t spare[4];
};
static_assert(sizeof(struct flow_bucket) == 64, "one cache line");

enum { FLOW_STASH = 64 };
#define FLOW_MANY UINT32_MAX	/* flow_expect() */

struct flow_table {
	struct flow *flow;		/* 1..n */
	struct flow_bucket *bucket;
	struct flow_pair *pair;		/* of flows 1..six */
	struct flow_pool pool[2];	/* of IPv6, of IPv4 */
	uint32_t n, six, nbuckets, used;
	uint32_t added;			/* ever, modulo 2^32 */
	uint64_t secret[2];
	uint32_t nstash;
	uint32_t stash[FLOW_STASH];
};

void	flow_key_of(const struct flow_table *t, struct flow_key *k, const struct addr *own, uint16_t own_port,
    const struct addr *peer, uint16_t peer_port, uint8_t proto);
/* A keyed hash of a's /64, since a peer of IPv6 has all of one; no /24 of IPv4 has its first bit. */
uint32_t flow_network(const struct flow_table *t, const struct addr *a);

/* The network that limits are counted for, as a number: /24 of IPv4, /64 of IPv6. */
static inline uint32_t
flow_prefix(const struct flow_table *t, const struct addr *a)
{
	return addr_is_v4(a) ? addr_to_v4(a) >> 8 : flow_network(t, a);
}

/* Whom an answer is limited for: an address of IPv4, a /64 of IPv6. */
static inline uint32_t
flow_addr32(const struct flow_table *t, const struct addr *a)
{
	return addr_is_v4(a) ? addr_to_v4(a) : flow_network(t, a);
}

/* For n flows of IPv4 and six of IPv6. */
size_t	flow_table_bytes(uint32_t n, uint32_t six);
/* mem zeroed, 64-byte aligned. */
void	flow_table_init(struct flow_table *t, void *mem, uint32_t n, uint32_t six, const uint64_t secret[2]);
uint64_t flow_hash(const struct flow_table *t, const struct flow_key *k);
uint64_t flow_hash_of(const struct flow_table *t, const struct flow *f);	/* of its key */
void	flow_prefetch(const struct flow_table *t, uint64_t hash);
/*
 * Asks for the entries that may be the key's, once the buckets are there. The only one there may be; 0: none;
 * FLOW_MANY: several. So it stays until a flow is added.
 */
uint32_t flow_expect(const struct flow_table *t, uint64_t hash);
/* As long as it stays: flow_find() of a key that only id may have. */
struct flow *flow_confirm(const struct flow_table *t, const struct flow_key *k, uint32_t id);
/* NULL: no such conversation. */
struct flow *flow_find(const struct flow_table *t, const struct flow_key *k, uint64_t hash);
/* Is there no entry left for such a key? */
bool	flow_is_full(const struct flow_table *t, const struct flow_key *k);
/* An id that such a key might have, by a random number; its entry may be free. 0: there are none. */
uint32_t flow_any(const struct flow_table *t, const struct flow_key *k, uint64_t random);
/*
 * A zeroed entry with the key's addresses, which pair has again for IPv6; NULL when the table or both buckets are
 * full. The key is new.
 */
struct flow *flow_add(struct flow_table *t, const struct flow_key *k, uint64_t hash, const struct flow_pair *pair);
void	flow_del(struct flow_table *t, struct flow *f);
void	flow_table_check(const struct flow_table *t);

/* Entries from here on were never taken. */
static inline uint32_t
flow_fresh(const struct flow_table *t)
{
	return t->pool[1].fresh;
}

static inline uint32_t
flow_id(const struct flow_table *t, const struct flow *f)
{
	return (uint32_t)(f - t->flow) + 1;
}

static inline struct flow *
flow_at(const struct flow_table *t, uint32_t id)
{
	assert(id > 0 && id <= t->n);
	return &t->flow[id - 1];
}

static inline bool
flow_is_six(const struct flow_table *t, const struct flow *f)
{
	return flow_id(t, f) <= t->six;
}

static inline struct addr
flow_own(const struct flow_table *t, const struct flow *f)
{
	return flow_is_six(t, f) ? t->pair[flow_id(t, f) - 1].own : addr_v4(f->own);
}

static inline struct addr
flow_peer(const struct flow_table *t, const struct flow *f)
{
	return flow_is_six(t, f) ? t->pair[flow_id(t, f) - 1].peer : addr_v4(f->peer);
}
