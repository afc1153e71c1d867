#pragma once
/*
 * witness.h - sees every frame that goes into a stack and every one that comes out, and aborts with
 * a sentence when the stack broke what it promises to third parties, whoever talks to it:
 *
 * - what is sent is well formed: lengths, sums, flags that occur, our MAC, an address of ours;
 * - nothing answers what is malformed or not for us; a reset gets an ACK of a live conversation at most;
 * - no SYN without ACK leaves; a SYN-ACK answers one SYN, or is its repetition by a timer;
 * - what answers a segment goes to its sender, is one bare segment or data without a gap, a FIN or a reset behind it;
 * - ARP, ICMP and closed ports give at most one frame for one, UDP at most three bytes for one;
 * - without a received frame only conversations that were there may speak;
 * - what we acknowledged once stays acknowledged;
 * - conversations begun are those ended and those that live, each ended one has its record;
 *   in the end nothing is left of them.
 *
 * Use: rig_wait(), witness_timers(), rig_input(), witness_answers(), then take the frames.
 */
#include "tests/rig.h"

enum { WITNESS_FLOWS = 256 };

struct witness {
	struct rig *r;			/* its records are taken */
	struct witness_flow {
		uint8_t proto;
		uint16_t peer_port, own_port;
		struct addr peer, own;
		bool acked;
		uint32_t ack;		/* the last that we sent */
	} flow[WITNESS_FLOWS];		/* alive after the last step */
	unsigned nflows;
	uint64_t udp_in, udp_out;	/* bytes of IP */
	uint64_t syns, syn_acks;	/* segments that may have been a SYN; SYN-ACKs sent */
	uint64_t records;		/* of conversations, seen so far */
	uint64_t opened, closed;	/* after the last step */
};

void	witness_init(struct witness *w, struct rig *r);
/* Frames that came out while time passed: all that r has. */
void	witness_timers(struct witness *w);
/* Frames that came out when this one went in: those from the first on. */
void	witness_answers(struct witness *w, struct span in, unsigned first);
/* After stack_shutdown(). */
void	witness_end(struct witness *w);
