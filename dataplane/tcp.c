#include "dataplane/tcp.h"

#include "dataplane/stack.h"

enum { COOKIE_CLASSES = 4, FOUR_MS = 4, GRANULARITY_MS = 1 };
/* No peer keeps more in flight than its largest window: RFC 7323 2.3. */
#define MAX_WINDOW (65535u << 14)

const uint16_t tcp_mss[TCP_MSS_CLASSES] = { 88, 536, 1360, 1460, 512, 1000, 1220, 1280, 1300,
	1400, 1420, 1440 };

uint8_t
tcp_mss_class(uint16_t offered)
{
	uint8_t class = 0;

	for (uint8_t i = 1; i < COOKIE_CLASSES; i++) {
		if (tcp_mss[i] <= offered)
			class = i;
	}
	return class;
}

uint8_t
tcp_mss_below(uint8_t class, uint16_t mss)
{
	uint8_t best = 0;

	for (uint8_t i = 0; i < TCP_MSS_CLASSES; i++) {
		if (tcp_mss[i] <= mss && tcp_mss[i] <= tcp_mss[class] && tcp_mss[i] > tcp_mss[best])
			best = i;
	}
	return best;
}

static struct tcp_step
refuse(uint8_t drop, bool ack, bool limited)
{
	return (struct tcp_step){ .verdict = TCP_REFUSE, .drop = drop, .ack = ack, .limited = limited };
}

/* The part of seq .. end that came before, a FIN counted. */
static struct tcp_range
twice(const struct flow *f, uint32_t seq, uint32_t end)
{
	if (!tcp_before(seq, f->rcv_nxt) || seq == end)
		return (struct tcp_range){ 0 };
	return (struct tcp_range){ seq, tcp_before(end, f->rcv_nxt) ? end : f->rcv_nxt };
}

/* A segment from another time. One with data is no part of a war of ACKs. */
static struct tcp_step
refuse_old(const struct flow *f, uint8_t drop, const struct wire_tcp *seg, uint32_t end)
{
	bool syn = seg->flags & TCP_SYN;
	struct tcp_step step = refuse(drop, !(seg->flags & TCP_RST), syn || seg->seq == end);

	if (!syn)
		step.twice = twice(f, seg->seq, end);
	return step;
}

/* RFC 7323 5.3 R1; a reset needs no timestamp (R1, last sentence). */
static bool
is_old_timestamp(const struct flow *f, const struct wire_tcp *seg)
{
	return f->flags & FLOW_TS && seg->has_ts && !(seg->flags & TCP_RST) &&
	    tcp_before(seg->ts_val, f->ts_recent);
}

/* RFC 9293 3.10.7.4, first check, as wide as Linux has it: what ends at rcv_nxt is old, not bad. */
static bool
is_acceptable(const struct flow *f, uint32_t seq, uint32_t end, uint32_t wnd)
{
	return !tcp_before(end, f->rcv_nxt) && !tcp_before(f->rcv_nxt + wnd, seq);
}

/* Some hosts reset without counting their FIN; Linux takes it. */
static bool
is_reset_before_fin(const struct flow *f, const struct wire_tcp *seg)
{
	return seg->flags & TCP_RST && f->flags & FLOW_PEER_FIN && seg->seq == f->rcv_nxt - 1;
}

/* Fifth check: ACK, and the window that comes with it. */
static bool
take_ack(struct flow *f, const struct wire_tcp *seg, const struct tcp_view *view, bool newest,
    struct tcp_step *step)
{
	if (tcp_before(view->snd_max, seg->ack))
		return false;	/* acknowledges what was never sent */
	if (tcp_before(seg->ack, f->snd_una - (f->flags & FLOW_SAID ? MIN(f->bytes_out, MAX_WINDOW) : 0)))
		return false;	/* RFC 5961 5.2: nor this */
	if (tcp_before(seg->ack, f->snd_una))
		return true;	/* old news */
	step->acked = seg->ack - f->snd_una;
	f->snd_una = seg->ack;
	if (tcp_before(f->snd_nxt, f->snd_una))
		f->snd_nxt = f->snd_una;	/* we had fallen back further than needed */
	if (newest && f->snd_wnd != seg->win) {
		f->snd_wnd = seg->win;
		step->window = true;
	}
	return true;
}

/* Seventh check: the part of the payload that is new and fits. */
static void
take_payload(const struct flow *f, const struct wire_tcp *seg, uint32_t len, uint32_t wnd,
    struct tcp_step *step)
{
	bool fin = seg->flags & TCP_FIN;

	if (tcp_before(seg->seq, f->rcv_nxt))
		step->skip = MIN(f->rcv_nxt - seg->seq, len);
	else
		step->ahead = seg->seq - f->rcv_nxt;
	step->take = len - step->skip;
	step->ack = len > 0 || fin;
	if (f->flags & FLOW_PEER_FIN) {		/* nothing comes behind a FIN: RFC 9293 3.10.7.4, seventh and eighth check */
		step->take = 0;
		step->ack = step->ack && tcp_before(seg->seq, f->rcv_nxt);
		fin = false;
	}
	if (step->ahead + step->take > wnd) {
		step->take = wnd > step->ahead ? wnd - step->ahead : 0;
		fin = false;
	}
	/* A FIN ahead of a gap comes again; one from before rcv_nxt was taken already. */
	step->fin = fin && step->ahead == 0 && seg->seq + len == f->rcv_nxt + step->take;
}

/* Filled where it is read: a struct that comes back whole is copied whole, and waits for what was just written of it. */
void
tcp_input(struct tcp_step *step, struct flow *f, const struct wire_tcp *seg, uint32_t len, const struct tcp_view *view)
{
	uint32_t end = seg->seq + len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);

	*step = (struct tcp_step){ .verdict = TCP_TAKE, .drop = DROP_NONE };
	if (!(seg->flags & (TCP_ACK | TCP_RST | TCP_SYN))) {
		*step = refuse(DROP_OUT_OF_WINDOW, false, false);
	} else if (is_old_timestamp(f, seg)) {
		*step = seg->seq == end && tcp_before(seg->seq, f->rcv_nxt) ?
		    refuse(DROP_PAWS, false, false) :	/* a pure ACK that was overtaken */
		    refuse_old(f, DROP_PAWS, seg, end);
	} else if (is_reset_before_fin(f, seg)) {
		step->verdict = TCP_RESET_BY_PEER;
	} else if (!is_acceptable(f, seg->seq, end, view->rcv_wnd)) {
		*step = refuse_old(f, DROP_OUT_OF_WINDOW, seg, end);
	} else if (seg->flags & TCP_RST) {
		if (seg->seq == f->rcv_nxt)
			step->verdict = TCP_RESET_BY_PEER;
		else				/* RFC 5961 3.2 */
			*step = refuse(DROP_OUT_OF_WINDOW, true, true);
	} else if (seg->flags & TCP_SYN ||	/* RFC 5961 4.2 */
	    !take_ack(f, seg, view, !tcp_before(end, f->rcv_nxt), step)) {
		*step = refuse(DROP_OUT_OF_WINDOW, true, true);
	} else {
		step->again = step->acked == 0 && !step->window && len == 0 && !(seg->flags & TCP_FIN) &&
		    seg->ack == f->snd_una && view->snd_max != f->snd_una;
		if (f->flags & FLOW_TS && seg->has_ts && !tcp_before(f->rcv_nxt, seg->seq))
			f->ts_recent = seg->ts_val;	/* RFC 7323 4.3 (2) */
		take_payload(f, seg, len, view->rcv_wnd, step);
		step->twice = twice(f, seg->seq, end);
	}
}

/* RFC 9293 3.3.2, Figure 5; states that have no such edge stay. */
enum flow_state
tcp_closing(enum flow_state s, enum tcp_close what)
{
	static const uint8_t next[FLOW_STATES][TCP_CLOSES] = {
		[FLOW_ESTABLISHED] = { FLOW_FIN_WAIT_1, FLOW_CLOSE_WAIT, 0 },
		[FLOW_CLOSE_WAIT] = { FLOW_LAST_ACK, 0, 0 },
		[FLOW_FIN_WAIT_1] = { 0, FLOW_CLOSING, FLOW_FIN_WAIT_2 },
		[FLOW_FIN_WAIT_2] = { 0, FLOW_TIME_WAIT, 0 },
		[FLOW_CLOSING] = { 0, 0, FLOW_TIME_WAIT },
		[FLOW_LAST_ACK] = { 0, 0, FLOW_CLOSED },
	};

	return next[s][what] != 0 ? next[s][what] : s;
}

bool
tcp_fin_out(const struct flow *f)
{
	return f->flags & FLOW_FIN_SENT && (f->state == FLOW_FIN_WAIT_1 || f->state == FLOW_CLOSING ||
	    f->state == FLOW_LAST_ACK);
}

/* RFC 6298 2.2 and 2.3: alpha 1/8, beta 1/4. */
void
tcp_sample(struct flow *f, uint32_t rtt_ms)
{
	uint32_t rttvar = f->rttvar_4ms * FOUR_MS, error;

	rtt_ms = MIN(MAX(rtt_ms, GRANULARITY_MS), UINT16_MAX);
	if (f->srtt_ms == 0) {
		f->srtt_ms = (uint16_t)rtt_ms;
		rttvar = rtt_ms / 2;
	} else {
		error = rtt_ms > f->srtt_ms ? rtt_ms - f->srtt_ms : f->srtt_ms - rtt_ms;
		rttvar = (3 * rttvar + error) / 4;
		f->srtt_ms = (uint16_t)MAX((7u * f->srtt_ms + rtt_ms) / 8, 1u);
	}
	f->rttvar_4ms = (uint8_t)MIN((rttvar + FOUR_MS - 1) / FOUR_MS, UINT8_MAX);
}

uint32_t
tcp_rto_ms(const struct flow *f, const struct persona *p)
{
	uint32_t rto = p->rto_first_ms;

	if (f->srtt_ms > 0)	/* 2.3, with Linux's floor under the variance instead of under the sum */
		rto = f->srtt_ms + MAX(4u * f->rttvar_4ms * FOUR_MS, p->rto_min_ms);
	rto = rto > p->rto_max_ms >> f->retries ? p->rto_max_ms : rto << f->retries;
	return rto;
}

/*
 * Writes options in words of four bytes, for whoever reads them so right after: wire_build(). They come to an
 * end only at one.
 */
struct pen {
	uint8_t *to;
	uint64_t word;		/* the first byte lowest */
	unsigned bits;
	uint8_t n;		/* bytes written */
};

static inline void
put(struct pen *w, uint32_t bytes, unsigned n)
{
	uint32_t whole;

	w->word |= (uint64_t)bytes << w->bits;
	w->bits += 8 * n;
	if (w->bits < 32)
		return;
	whole = (uint32_t)w->word;
	memcpy(w->to + w->n, &whole, sizeof whole);
	w->n += 4;
	w->word >>= 32;
	w->bits -= 32;
}

static inline void
put_option(struct pen *w, uint8_t kind, uint8_t length)
{
	put(w, kind | (uint32_t)length << 8, 2);
}

static inline void
put_be32(struct pen *w, uint32_t v)
{
	put(w, __builtin_bswap32(v), 4);
}

static inline void
put_two_nops(struct pen *w)
{
	put_option(w, OPT_NOP, OPT_NOP);
}

static inline void
put_timestamp(struct pen *w, uint32_t val, uint32_t ecr)
{
	put_option(w, OPT_TS, 10);
	put_be32(w, val);
	put_be32(w, ecr);
}

uint8_t
tcp_options(uint8_t to[TCP_OPTIONS_MAX], const struct flow *f, uint32_t ts_val,
    const struct tcp_range *sack, unsigned nsack)
{
	struct pen w = { .to = to };

	if (f->flags & FLOW_TS) {
		put_two_nops(&w);
		put_timestamp(&w, ts_val, f->ts_recent);
	}
	if (nsack == 0 || !(f->flags & FLOW_SACK))
		return w.n;
	nsack = MIN(nsack, f->flags & FLOW_TS ? TCP_SACKS - 1u : TCP_SACKS);
	put_two_nops(&w);
	put_option(&w, OPT_SACK, (uint8_t)(2 + 8 * nsack));
	for (unsigned i = 0; i < nsack; i++) {
		put_be32(&w, sack[i].from);
		put_be32(&w, sack[i].to);
	}
	return w.n;
}

struct tcp_reset
tcp_refuse(const struct wire_tcp *seg, uint32_t len)
{
	if (seg->flags & TCP_RST)
		return (struct tcp_reset){ 0 };
	if (seg->flags & TCP_ACK)
		return (struct tcp_reset){ .seq = seg->ack, .flags = TCP_RST };
	return (struct tcp_reset){ .ack = seg->seq + len + !!(seg->flags & TCP_SYN) +
	    !!(seg->flags & TCP_FIN), .flags = TCP_RST | TCP_ACK };
}
