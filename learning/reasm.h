#pragma once
/*
 * reasm.h - one direction of a TCP connection, put in order.
 *
 * Takes segments as a capture has them and hands out every byte once, in sequence:
 * retransmissions and overlaps are dropped (first wins), what comes early is held. A hole
 * is given up when the other side acknowledged bytes beyond it and then the conversation
 * went on, or when too much is held; then gaps says that bytes are missing. An
 * acknowledgement alone does not give up a hole, because captures taken on several queues
 * show it before the data.
 *
 * Held bytes are copied into the job's pool. Cost: one step per piece held behind the
 * segment, at most REASM_PIECES; constant when segments arrive in order.
 * RFC 9293 3.4; sequence numbers are modulo 2^32.
 */
#include "learning/pool.h"
#include "models/bytes.h"

enum { REASM_PIECES = 2048, REASM_BYTES = 16 << 20, REASM_AHEAD = 1 << 30 };

struct reasm_piece;

struct reasm {
	uint32_t next;		/* sequence number handed out next */
	uint32_t isn;		/* of the SYN, when has_syn */
	uint32_t acked;		/* the furthest the other side acknowledged, when has_ack */
	uint32_t fin_at;	/* sequence number of the FIN, when has_fin */
	bool open;		/* next is known */
	bool has_syn, has_fin, has_ack;
	bool fin_done;		/* everything before the FIN was handed out */
	uint32_t gaps;		/* holes given up: bytes are missing there */
	uint32_t pieces;
	size_t held_bytes;
	uint64_t old_bytes;	/* seen again and dropped */
	struct reasm_piece *first, *last;	/* in order, no two overlap */
};

typedef void (*reasm_deliver)(void *ctx, struct span bytes, int64_t ts_ns);

/* The SYN of this direction, or what a SYN-ACK says of the other one's (its ack - 1). */
void	reasm_syn(struct reasm *r, uint32_t isn);
/* A segment: seq is that of its first byte of payload (behind the SYN). */
void	reasm_segment(struct reasm *r, struct pool *p, uint32_t seq, struct span payload, bool fin,
	    int64_t ts_ns, reasm_deliver deliver, void *ctx);
/* The other side acknowledged everything before ack. */
void	reasm_acked(struct reasm *r, uint32_t ack);
/* Gives up holes that were acknowledged; call when the conversation moves on. */
void	reasm_settle(struct reasm *r, reasm_deliver deliver, void *ctx);
/* Gives up every hole: the capture is over. */
void	reasm_end(struct reasm *r, reasm_deliver deliver, void *ctx);
