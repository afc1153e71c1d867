#pragma once
/*
 * cookie.h - SYN cookies: all we must remember of a SYN, in the 32 bits of our sequence number.
 *
 * [2 epoch of 32 s][2 MSS class][4 window shift offered, 15 none][1 SACK offered][23 MAC], the
 * word exclusive-ored with a keyed hash of the addresses and ports, the client's sequence
 * number added. The MAC covers all of it; a blind ACK guesses one with chance 2^-23. An epoch
 * holds for 96 to 128 s. Keys change hourly. spec dataplane 2; RFC 4987 3.6; SipHash-2-4:
 * Aumasson, Bernstein 2012.
 *
 * Threads: one owner. No state per SYN.
 */
#include "dataplane/flow.h"
#include "models/prf.h"

enum { COOKIE_NO_WSCALE = 15, COOKIE_EPOCH_S = 32 };

struct cookies {
	uint64_t seed[2];
	uint64_t hour;		/* the keys below belong to it and the one before */
	uint64_t key[2][2];
};

struct cookie {			/* what it remembers */
	uint8_t mss_class, wscale;
	bool sack;
};

static inline uint64_t
keyed(const uint64_t key[2], const void *data, size_t n)
{
	return siphash((const uint8_t *)key, span_of(data, n));
}

/* One of a burst: a SYN that wants an isn, or an ACK whose isn is to be judged. */
struct cookie_task {
	const struct flow_key *key;
	uint32_t client_isn, isn;	/* isn: given back, or asked about */
	struct cookie what;		/* taken in, or given back */
	bool make;
	bool good;			/* given back: isn is one of ours */
};

void	cookies_init(struct cookies *c, const uint64_t seed[2]);
uint32_t cookie_make(struct cookies *c, const struct flow_key *k, uint32_t client_isn,
    const struct cookie *what, uint64_t now_s);
/* Is isn one of ours for this client, not older than four epochs? Fills what. */
bool	cookie_check(struct cookies *c, const struct flow_key *k, uint32_t client_isn,
    uint32_t isn, struct cookie *what, uint64_t now_s);
/* cookie_make() and cookie_check() of many, eight hashes at a time. */
void	cookies_burst(struct cookies *c, struct cookie_task *t, unsigned n, uint64_t now_s);
