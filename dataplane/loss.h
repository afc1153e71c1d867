#pragma once
/*
 * loss.h - which segments a peer lacks, when they are said again, and how fast we may send because of it.
 *
 * A conversation takes a place with its first duplicate ACK, SACK block or timeout; one that never lost anything
 * has none. Places are of a fixed number, four per hash, and the one taken longest ago is given away: its conversation
 * then waits for its timeouts. RFC 5681 (congestion), RFC 6675 (SACK: what is lost, what is in the pipe),
 * RFC 6582 for peers without SACK, each of whose duplicate ACKs counts as one segment that arrived. A pipe that
 * shrinks with each of them lets new segments go before the third: RFC 3042.
 *
 * Knows sequence numbers, not segments; say.h sends. Threads: one owner.
 */
#include "dataplane/tcp.h"

enum { LOSS_RANGES = 4 };

struct loss {
	uint32_t id;		/* of its flow; 0: free */
	uint32_t time_ms;	/* when it was taken */
	struct tcp_range sacked[LOSS_RANGES];	/* beyond snd_una, sorted, apart */
	uint32_t recover;	/* RFC 6582: recovery ends when this is acknowledged */
	uint32_t mended;	/* lost segments before it were said again: RFC 6675 HighRxt */
	uint32_t credit;	/* bytes acknowledged towards one more segment */
	uint16_t again;		/* duplicate ACKs of a peer without SACK */
	uint8_t nsacked;
	uint8_t ssthresh;	/* segments */
	bool recovering;
};

struct losses {
	struct loss *e;
	uint32_t n;		/* a power of two */
};

/* What a conversation has out; everything up to max was sent once. */
struct flight {
	uint32_t una, max;
	uint32_t segment;	/* bytes */
	bool sack;		/* agreed */
};

size_t	losses_bytes(uint32_t n);
void	losses_init(struct losses *ls, void *mem, uint32_t n);	/* mem zeroed */
/* NULL: it has none, or not any more. */
struct loss *losses_find(const struct losses *ls, uint32_t id);
/* A fresh place, in which nothing is lost yet. */
struct loss *losses_take(struct losses *ls, uint32_t id, uint32_t una, uint32_t now_ms);

/* seg acknowledged bytes of f (0: none), or only says once more what it has. cwnd in segments. */
void	loss_ack(struct loss *l, const struct flight *f, const struct wire_tcp *seg, uint32_t bytes, bool again, uint8_t *cwnd);
/* Nothing came back in time; first: since something last did. RFC 5681 3.1, RFC 2018 8: SACK no longer counts. */
void	loss_timeout(struct loss *l, const struct flight *f, bool first, uint8_t *cwnd);
/* The peer heard that the network is congested. True: the window halved, once for what is out. RFC 3168 6.1.2. */
bool	loss_congested(struct loss *l, const struct flight *f, uint8_t *cwnd);
/* All is sent anew from snd_una: nothing is mended any more. */
void	loss_fall_back(struct loss *l);
/* The window after bytes more were acknowledged: slow start, then congestion avoidance. l may be NULL. */
uint8_t	loss_cwnd(struct loss *l, uint8_t cwnd, uint32_t bytes, uint32_t segment);
/* Bytes that are still on their way, as far as anybody knows. */
uint32_t loss_pipe(const struct loss *l, const struct flight *f);
/* The next bytes to say again, at most a segment; 0: none. */
uint32_t loss_next(const struct loss *l, const struct flight *f, uint32_t *seq);
