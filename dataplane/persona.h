#pragma once
/*
 * persona.h - the fingerprint of a kind of machine: what a scanner reads from its packets.
 *
 * Everything about how a host looks below the application comes from here and from nowhere
 * else, so that another kind of machine is data. Values are those that a Linux 6 kernel shows.
 */
#include "models/set.h"

struct persona {
	const char *name;
	uint8_t ttl;
	bool df;			/* on everything we send */
	uint16_t window;		/* of SYN-ACKs, unscaled */
	uint8_t wscale;
	uint16_t mss;			/* announced */
	uint8_t option_order[5];	/* TCP option kinds in a SYN-ACK: MSS SACKPERM TS NOP WSCALE */
	uint16_t ts_hz;			/* ticks of the timestamp clock per second */
	uint32_t rto_min_ms, rto_first_ms, rto_max_ms;
	uint8_t retries;		/* of data and FIN before the peer is given up */
	uint32_t icmp_unreachable_ms;	/* one per peer in this time */
};

extern const struct persona persona_linux;
/* By name ("linux"), NULL when there is none. persona_list() is a sentence for error messages. */
const struct persona *persona_find(const char *name);
const char *persona_list(void);

/* The machine that it is; what was ours when a conversation began may be nobody's by now. */
static inline const struct persona *
persona_of(const struct profile *p)
{
	return p != NULL && p->persona != NULL ? p->persona : &persona_linux;
}
