#pragma once
/*
 * record.h - what happened, as one fixed record for the operator. 256 bytes, four cache lines, copied by value
 * through one single-producer ring per worker; a full ring drops and counts.
 */
#include "models/addr.h"
#include "models/session.h"

enum record_kind {
	RECORD_FLOW,		/* a conversation ended */
	RECORD_SCAN,		/* a SYN that came to nothing, sampled */
	RECORD_UNKNOWN,		/* a message that no template explains */
	RECORD_TRANSFER,	/* what went over a connection that belongs to a conversation: transfer */
};

enum record_end {		/* how a conversation ended */
	END_CLOSED,		/* FIN both ways */
	END_PEER_RESET, END_OUR_RESET,
	END_IDLE, END_LIFETIME,
	END_EVICTED,		/* table full: shed */
	END_GIVEN_UP,		/* peer stopped acknowledging */
	END_SHUTDOWN,
	RECORD_ENDS
};

#define RECORD_FLOW_ID ((1ull << 51) - 1)	/* bits of an id that a JSON number keeps exactly */

enum { RECORD_ASKED = 96, RECORD_SUM = 32 };

struct record_transfer {
	uint32_t bytes;			/* of content: acknowledged, or taken */
	uint8_t sum[RECORD_SUM];	/* SHA-256 of them */
	uint8_t asked[RECORD_ASKED];	/* the message that began it, up to its name's end, cut */
	uint8_t nasked, name_at, nname;	/* what it is called is a part of that */
	uint8_t taken;			/* from the peer; else sent to it */
	uint8_t whole;			/* not broken off */
};

struct record {
	uint8_t kind, end, proto, slot;
	uint16_t peer_port, own_port;
	struct addr peer, own;
	int64_t start_ms, last_ms;	/* Unix */
	uint64_t flow_id;		/* of RECORD_FLOW_ID */
	uint64_t parent;		/* that of the conversation it belongs to; 0: none */
	uint32_t bytes_in, bytes_out;	/* of IP packets */
	uint32_t packets_in, packets_out;
	uint16_t turns, missed;		/* messages answered; of them not an exact match */
	uint8_t flags_in, flags_out;	/* TCP flags seen, or-ed */
	uint8_t conf;			/* lowest confidence, 255 = 1.0 */
	uint8_t worker;
	uint8_t path[SESSION_PATH];
	uint8_t closed_first;		/* 0 nobody, 1 peer, 2 we */
	uint8_t vlan_n;
	uint16_t vlan[2];
	struct record_transfer transfer;
};
static_assert(sizeof(struct record) <= 256, "four cache lines");
