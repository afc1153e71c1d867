#pragma once
/*
 * peers.h - clients that misbehave: mutated segments of live conversations, made from bytes.
 *
 * The bytes may be random (stress test) or a fuzzer's: about a dozen per step. A peer learns from what
 * the stack sends where its conversation stands, so that its segments are nearly right. Some are
 * cut into fragments, some are changed afterwards, with sums that fit again or do not. Over IPv6 some
 * have extension headers, and some ask for neighbours.
 */
#include "models/bytes.h"
#include "tests/rig.h"

enum { PEERS = 6, PEER_FRAME = 1600 };

struct peers {
	struct peer {
		uint16_t port;
		uint32_t seq, ack;	/* next of ours, next of theirs */
		uint32_t ts;
	} peer[PEERS];
	bool six;		/* all of it over IPv6, addresses as rig_map() has them */
	uint8_t rest[PEER_FRAME];	/* the second fragment, when there is one */
	uint32_t nrest;
};

void	peers_init(struct peers *p, bool six);
/* Takes the frames that the stack sent since; a malformed one or a SYN is a trap. */
void	peers_learn(struct peers *p, struct rig *r);
/* The next frame and how long before it. False: the bytes are used up. */
bool	peers_frame(struct peers *p, struct reader *from, uint64_t *wait_ns, uint8_t frame[PEER_FRAME],
    uint32_t *len);
/* One step from bytes: time passes, a frame comes in. False: the bytes are used up. */
bool	peers_step(struct peers *p, struct rig *r, struct reader *from);
