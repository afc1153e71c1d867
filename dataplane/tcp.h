#pragma once
/*
 * tcp.h - what TCP decides. Takes a segment, the flow and the time, returns what is to be done.
 *
 * Nothing here sends, allocates, looks up or reads a clock; stack_tcp.c acts on the answers. RFC 9293,
 * 7323 (timestamps, PAWS), 2018 (SACK towards the peer), 5961 (blind attacks), 6298 (timeout);
 * congestion and what the peer lacks: loss.h.
 */
#include "dataplane/flow.h"
#include "dataplane/persona.h"
#include "dataplane/wire.h"

enum { TCP_OPTIONS_MAX = 40, TCP_SACKS = 4, TCP_IW = 10, TCP_NO_WSCALE = 15, TCP_MSS_CLASSES = 12 };

/* Segment sizes that a flow can have. The first four are what a cookie can say. */
extern const uint16_t tcp_mss[TCP_MSS_CLASSES];
uint8_t	tcp_mss_class(uint16_t offered);	/* largest of the first four not above it; 0: below all */
uint8_t	tcp_mss_below(uint8_t class, uint16_t mss);	/* the class for a path that takes mss, never above class */

static inline bool
tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* What the buffers know. */
struct tcp_view {
	uint32_t snd_max;	/* highest sequence number sent, + 1 */
	uint32_t rcv_wnd;	/* bytes beyond rcv_nxt that we would take */
};

struct tcp_range {
	uint32_t from, to;
};

enum tcp_verdict {
	TCP_TAKE,		/* go on: acked, payload, fin */
	TCP_REFUSE,		/* nothing of it counts */
	TCP_RESET_BY_PEER,
};

struct tcp_step {
	uint8_t verdict, drop;	/* enum tcp_verdict, enum drop */
	bool ack;		/* answer with an ACK at least */
	bool limited;		/* that ACK counts against the limit per flow (RFC 5961 7) */
	bool fin;		/* a FIN follows the payload taken */
	bool window;		/* the peer's window changed */
	bool again;		/* a duplicate ACK: RFC 5681 2 */
	uint32_t acked;		/* sequence numbers newly acknowledged */
	uint32_t skip, take;	/* part of the payload that is new and in the window */
	uint32_t ahead;		/* its first byte lies that far beyond rcv_nxt */
	struct tcp_range twice;	/* what came again: RFC 2883; empty: nothing */
};

/* Updates the flow's send side, window and timestamp; rcv_nxt and state are left to the caller. */
void	tcp_input(struct tcp_step *step, struct flow *f, const struct wire_tcp *seg, uint32_t len,
    const struct tcp_view *view);

enum tcp_close { TCP_OUR_FIN, TCP_PEER_FIN, TCP_FIN_ACKED, TCP_CLOSES };
/* The state after FIN was sent, came, or was acknowledged. */
enum flow_state tcp_closing(enum flow_state s, enum tcp_close what);
/* Has our FIN been sent and not been acknowledged? */
bool	tcp_fin_out(const struct flow *f);

/* RFC 6298. */
void	tcp_sample(struct flow *f, uint32_t rtt_ms);
uint32_t tcp_rto_ms(const struct flow *f, const struct persona *p);	/* with the backoff of f->retries */

static inline uint32_t
tcp_window(const struct flow *f)	/* bytes they accept beyond snd_una */
{
	return (uint32_t)f->snd_wnd << (f->wscale == TCP_NO_WSCALE ? 0 : f->wscale);
}

static inline uint32_t
tcp_segment_max(const struct flow *f)	/* payload bytes per segment */
{
	return tcp_mss[f->mss_class] - (f->flags & FLOW_TS ? 12u : 0u);
}

/* Options of any later segment. */
uint8_t	tcp_options(uint8_t to[TCP_OPTIONS_MAX], const struct flow *f, uint32_t ts_val,
    const struct tcp_range *sack, unsigned nsack);

/* What a closed port, or one that knows nothing of this segment, answers: RFC 9293 3.10.7.1. */
struct tcp_reset {
	uint32_t seq, ack;
	uint8_t flags;		/* 0: nothing is answered, it was a reset itself */
};
struct tcp_reset tcp_refuse(const struct wire_tcp *seg, uint32_t len);
