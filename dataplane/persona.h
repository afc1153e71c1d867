#pragma once
/*
 * persona.h - the fingerprint of a kind of machine: what a scanner reads from its packets.
 *
 * Everything about how a host looks below the application comes from here and from nowhere
 * else, so that another kind of machine is data: persona_linux below, and what control/conf_persona.c
 * reads from the configuration. Whoever shows one calls persona_make() first, which works out its SYN-ACKs
 * for every set of options that a SYN can offer, so that no SYN pays for it.
 */
#include "models/bytes.h"
#include "models/set.h"

/* What a SYN offers: TCP options, and ECN; and whether it came over IPv6, whose header takes 20 bytes more. */
enum offer { OFFER_MSS = 1, OFFER_SACK = 2, OFFER_TS = 4, OFFER_WSCALE = 8, OFFER_SIX = 16, OFFERS = 32,
	OFFER_ECN = 32 };
enum { PERSONA_GROUPS = 4, PERSONA_KINDS = 3, PERSONA_OPTIONS_MAX = 24 };

enum persona_ids {		/* what the IP-ID is of packets with DF; without it, a counter per pair of addresses */
	IDS_FLOW,		/* a counter per conversation, 0 outside of one */
	IDS_ZERO,
	IDS_PATH,		/* a counter per pair of addresses */
	IDS_RANDOM,
};

struct syn_ack {
	uint16_t window;
	uint8_t n;		/* bytes of options, a multiple of four */
	uint8_t ts_at;		/* where the two numbers of the timestamp go; 0: there is none */
	uint8_t options[PERSONA_OPTIONS_MAX];
};

/* What was not offered is left out, what remains filled up to four bytes. */
struct option_group {
	uint8_t kind[PERSONA_KINDS];	/* up to a 0 */
	bool ends;			/* filled behind, with zeros; else in front, with NOPs */
};

struct persona {
	char name[64];
	uint8_t ttl;
	bool df;			/* on everything but ICMP */
	uint8_t ids;			/* enum persona_ids */
	uint16_t mss;			/* announced over IPv4, whether the SYN has one or not */
	uint16_t window;		/* of SYN-ACKs, unscaled */
	bool whole_segments;		/* of which only so much as fills segments */
	uint8_t wscale;
	struct option_group options[PERSONA_GROUPS];	/* of a SYN-ACK, in their order */
	uint16_t ts_hz;			/* ticks of the timestamp clock per second */
	uint32_t rto_min_ms, rto_first_ms, rto_max_ms;
	uint8_t retries;		/* of data and FIN before the peer is given up */
	bool ecn;			/* RFC 3168 is agreed to */
	bool odd_flags_reset;		/* is a segment without SYN, ACK and RST reset by an open port too? */
	bool echo_keeps_code;		/* ICMP's code of an echo is answered, not 0 */
	uint16_t quote_max;		/* bytes of a datagram that an ICMP error quotes */
	uint32_t icmp_unreachable_ms;	/* one per peer in this time */
	/* from here on worked out */
	uint8_t speaks;			/* OFFER_* that it agrees to */
	struct syn_ack syn_ack[OFFERS];	/* by what it agrees to and announces; MSS alone may be left out for its size */
};

/* TCP option kinds. */
enum { OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_WSCALE = 3, OPT_SACK_OK = 4, OPT_SACK = 5, OPT_TS = 8 };

extern const struct persona persona_linux;	/* a Linux 6 kernel; not made yet */
/* Works out what follows from the rest. */
void	persona_make(struct persona *p);

/* Of any segment but a SYN-ACK, in bytes; scaled: window scales were agreed. */
static inline uint32_t
persona_window(const struct persona *p, bool scaled, enum offer offer)
{
	uint32_t window = p->syn_ack[OFFER_MSS | offer].window;

	return scaled ? (window + (1u << p->wscale) - 1) >> p->wscale << p->wscale : window;
}

/* The machine that it is; what was ours when a conversation began may be nobody's by now. */
static inline const struct persona *
persona_of(const struct profile *p, const struct persona *otherwise)
{
	return p != NULL && p->persona != NULL ? p->persona : otherwise;
}
