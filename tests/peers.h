#pragma once
/*
 * peers.h - clients that misbehave: mutated segments of live conversations, made from bytes.
 *
 * The bytes may be random (stress test) or a fuzzer's: about a dozen per step. A peer learns from what
 * the stack sends where its conversation stands, so that its segments are nearly right.
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
};

void	peers_init(struct peers *p);
/* Frames that the stack sent since. */
void	peers_learn(struct peers *p, struct rig *r);
/* One step from bytes: time passes, a frame comes in. False: the bytes are used up. */
bool	peers_step(struct peers *p, struct rig *r, struct reader *from);
