#pragma once
/*
 * record.h - what happened, as one fixed record for the operator. 128 bytes, two cache lines, copied by value
 * through one single-producer ring per worker; a full ring drops and counts.
 */
#include "models/addr.h"
#include "models/session.h"

enum record_kind {
	RECORD_FLOW,		/* a conversation ended */
	RECORD_SCAN,		/* a SYN that came to nothing, sampled */
	RECORD_UNKNOWN,		/* a message that no template explains */
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

struct record {
	uint8_t kind, end, proto, slot;
	uint16_t peer_port, own_port;
	struct addr peer, own;
	int64_t start_ms, last_ms;	/* Unix */
	uint64_t flow_id;		/* 51 bits */
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
};
static_assert(sizeof(struct record) <= 128, "two cache lines");
