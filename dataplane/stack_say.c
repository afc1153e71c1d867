#include "dataplane/say.h"

enum { FLIGHT_MAX = 65000 };

/* How the talk's bytes reach the peer. */
static struct flight
flight_of(const struct stack *s, const struct flow *f)
{
	return (struct flight){ .una = f->snd_una, .max = say_max(s, f), .segment = tcp_segment_max(f),
		.sack = f->flags & FLOW_SACK };
}

uint32_t
say_end(const struct stack *s, const struct flow *f)
{
	const struct talk *t = say_talk(s, f);
	size_t n = t != NULL ? talk_out_bytes(&s->talks, t) : 0;

	return n > 0 ? t->out_seq + (uint32_t)n : f->snd_una;
}

uint32_t
say_max(const struct stack *s, const struct flow *f)
{
	const struct talk *t = say_talk(s, f);

	if (t != NULL)
		return f->snd_nxt + t->behind;
	return tcp_fin_out(f) ? f->snd_una + 1 : f->snd_nxt;
}

static struct loss *
want_loss(struct stack *s, struct flow *f, struct talk *t)
{
	struct loss *l = say_loss(s, f);

	if (l == NULL)
		l = losses_take(&s->losses, flow_id(&s->flows, f), f->snd_una, now32(s));
	t->flags |= TALK_LOSS;
	return l;
}

void
say_heard(struct stack *s, struct flow *f, const struct wire_tcp *seg, const struct tcp_step *step)
{
	struct talk *t = say_talk(s, f);
	struct flight out;

	if (t == NULL || tcp_window(f) == 0)
		return;
	out = flight_of(s, f);
	if (out.max == f->snd_nxt)	/* else it is being said again from the start */
		loss_ack(want_loss(s, f, t), &out, seg, step->acked, step->again, &t->cwnd);
}

/*
 * The cookie has no room to remember that ECN was agreed. Who marks data as capable of it says so himself; until then
 * ours is not marked.
 */
void
say_congestion(struct stack *s, struct flow *f, const struct packet *p)
{
	struct talk *t = say_talk(s, f);
	uint8_t mark = p->w.tos & ECN_CE;
	struct flight out;

	if (t == NULL || !stack_persona(s, f)->ecn)
		return;
	if (mark != 0 && p->w.payload.n > 0)
		t->flags |= TALK_ECT;
	if (!(t->flags & TALK_ECT))
		return;
	if (p->w.tcp.flags & TCP_CWR)
		t->flags &= (uint8_t)~TALK_ECE;
	if (mark == ECN_CE)
		t->flags |= TALK_ECE;
	out = flight_of(s, f);
	if (p->w.tcp.flags & TCP_ECE && out.max == f->snd_nxt && out.max != out.una &&
	    loss_congested(want_loss(s, f, t), &out, &t->cwnd))
		t->flags |= TALK_CWR;
}

/* What a segment with n bytes from seq says of congestion; only new data is marked: RFC 3168 6.1.5. */
static void
mark(const struct stack *s, const struct flow *f, struct talk *t, uint32_t seq, uint32_t n, struct wire_out *o)
{
	if (t->flags & TALK_ECE)
		o->tcp_flags |= TCP_ECE;
	if (n == 0 || seq != say_max(s, f))
		return;
	o->tos = ECN_ECT0;
	if (t->flags & TALK_CWR)
		o->tcp_flags |= TCP_CWR;
	t->flags &= (uint8_t)~TALK_CWR;
}

void
say_timeout(struct stack *s, struct flow *f)
{
	struct talk *t = say_talk(s, f);
	struct flight out = flight_of(s, f);

	if (t != NULL)
		loss_timeout(want_loss(s, f, t), &out, f->retries == 1, &t->cwnd);
	say_fall_back(s, f);
}

void
say_fall_back(const struct stack *s, struct flow *f)
{
	struct talk *t = say_talk(s, f);
	struct loss *l = say_loss(s, f);

	if (l != NULL)
		loss_fall_back(l);
	if (t != NULL)
		t->behind = (uint16_t)(t->behind + (f->snd_nxt - f->snd_una));
	f->snd_nxt = f->snd_una;
	f->flags &= ~(uint32_t)FLOW_TIMING;	/* Karn: RFC 6298 3 */
}

static void
advance(const struct stack *s, struct flow *f, uint32_t n)
{
	struct talk *t = say_talk(s, f);

	f->snd_nxt += n;
	if (t != NULL)
		t->behind = (uint16_t)(t->behind > n ? t->behind - n : 0);
}

bool
say_owes(const struct stack *s, const struct flow *f)
{
	return f->snd_una != say_max(s, f) || f->snd_nxt != say_end(s, f) ||
	    (f->flags & FLOW_FIN_QUEUED && !(f->flags & FLOW_FIN_SENT));
}

/* A hold in use is all the room there is. */
uint32_t
say_window(struct stack *s, const struct flow *f)
{
	const struct talk *t = say_talk(s, f);

	return t != NULL && t->hold != 0 ? (uint32_t)talk_room(&s->talks, t) : stack_scene(s, f)->window;
}

/* What came twice (RFC 2883 4), then ranges behind a gap, the one with the newest segment first (RFC 2018 4). */
static unsigned
sack_ranges(const struct stack *s, const struct flow *f, const struct tcp_step *of, struct tcp_range r[1 + TALK_RANGES])
{
	const struct talk *t = say_talk(s, f);
	uint32_t from[TALK_RANGES], to[TALK_RANGES];
	unsigned again = 0, n;

	if (!(f->flags & FLOW_SACK))
		return 0;
	if (of != NULL && of->twice.from != of->twice.to)
		r[again++] = of->twice;
	n = t != NULL ? talk_ahead(&s->talks, t, from, to) : 0;
	for (unsigned i = 0; i < n; i++) {
		struct tcp_range now = { f->rcv_nxt + from[i], f->rcv_nxt + to[i] };

		r[again + i] = now;
		if (of != NULL && of->ahead >= from[i] && of->ahead < to[i]) {
			memmove(r + again + 1, r + again, i * sizeof r[0]);
			r[again] = now;
		}
	}
	return again + n;
}

/* Sends one segment with n bytes of output from seq; p's frame is used if it is still there. */
static bool
send_segment(struct stack *s, struct packet *p, struct flow *f, uint32_t seq, uint32_t n,
    uint8_t flags, const struct tcp_step *of)
{
	const struct persona *persona = stack_persona(s, f);
	struct talk *t = say_talk(s, f);
	struct tcp_range sack[1 + TALK_RANGES];
	uint8_t options[TCP_OPTIONS_MAX];
	uint32_t window = say_window(s, f);
	struct wire_out o;
	struct frame frame;
	size_t at;

	stack_flow_to(s, f, &o);
	o.seq = seq;
	o.tcp_flags = flags;
	o.win = (uint16_t)(window >> (f->wscale == TCP_NO_WSCALE ? 0 : persona->wscale));
	if (window > 0)		/* a coarse scale cannot say what a hold has room for, but must not stop it from being filled */
		o.win = MAX(o.win, 1);
	o.options = options;
	o.noptions = tcp_options(options, f, stack_scene(s, f)->clock, sack,
	    n == 0 ? sack_ranges(s, f, of, sack) : 0);
	if (t != NULL && t->flags & TALK_ECT && !(flags & TCP_RST))
		mark(s, f, t, seq, n, &o);
	at = wire_header_bytes(&o);
	if (!stack_frame(s, p, at + n, &frame))
		return false;
	if (n > 0)
		talk_read(&s->talks, t, stack_speaker(s, f), seq - t->out_seq, frame.data + at, n);
	stack_count_out(f, wire_ip_header(&o.dst) + WIRE_TCP_HEADER + o.noptions + n);
	stack_send(s, &frame, &o, n);
	return true;
}

void
say_ack(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *of)
{
	send_segment(s, p, f, say_max(s, f), 0, TCP_ACK, of);
}

void
say_reset(struct stack *s, struct packet *p, struct flow *f)
{
	send_segment(s, p, f, say_max(s, f), 0, TCP_RST | TCP_ACK, NULL);
	COUNT(s->count.rst_out, 1);
}

static void
note_sent(struct stack *s, struct flow *f, bool fresh)
{
	f->flags |= FLOW_SAID;
	if (fresh && !(f->flags & (FLOW_TS | FLOW_TIMING)) && f->retries == 0) {
		f->flags |= FLOW_TIMING;
		f->ts_recent = now32(s);
	}
}

/* What the network may carry more of. */
static uint32_t
room_on_the_way(const struct stack *s, const struct flow *f)
{
	uint32_t cwnd = say_talk(s, f)->cwnd * tcp_segment_max(f), pipe = f->snd_nxt - f->snd_una;
	const struct loss *l = say_loss(s, f);
	struct flight out;

	if (l != NULL) {
		out = flight_of(s, f);
		pipe = out.max == f->snd_nxt ? loss_pipe(l, &out) : pipe;
	}
	return cwnd > pipe ? cwnd - pipe : 0;
}

/* How many of the bytes up to end may go in the next segment. 0: window or congestion forbid. */
static uint32_t
next_size(const struct stack *s, const struct flow *f, uint32_t end)
{
	uint32_t out = f->snd_nxt - f->snd_una, n = MIN(end - f->snd_nxt, tcp_segment_max(f));
	uint32_t window = MIN(tcp_window(f), FLIGHT_MAX), room;

	if (out >= window)
		return 0;
	room = MIN(window - out, room_on_the_way(s, f));
	if (n > room)		/* silly windows only when nothing else goes: RFC 9293 3.8.6.2.1 */
		n = out == 0 ? room : 0;
	return n;
}

/* Bytes of output from seq, and the FIN behind them where it belongs. */
static bool
say_part(struct stack *s, struct packet *p, struct flow *f, uint32_t seq, uint32_t n, uint32_t end, bool *fin)
{
	bool last = seq + n == end;

	*fin = last && *fin;
	return send_segment(s, p, f, seq, n,
	    (uint8_t)(TCP_ACK | (last && n > 0 ? TCP_PSH : 0) | (*fin ? TCP_FIN : 0)), NULL);
}

/* Fast recovery: what is lost goes again before anything new. RFC 6675 5 (4.3 and C). True: something went. */
static bool
mend(struct stack *s, struct packet *p, struct flow *f, uint32_t end)
{
	struct loss *l = say_loss(s, f);
	struct flight out = flight_of(s, f);
	bool went = false;
	uint32_t seq, n;

	while (l != NULL && out.max == f->snd_nxt && (n = loss_next(l, &out, &seq)) > 0) {
		bool first = seq == f->snd_una, fin = f->flags & FLOW_FIN_SENT;
		uint32_t bytes = MIN(n, end - seq);

		if (!first && loss_pipe(l, &out) >= say_talk(s, f)->cwnd * out.segment)
			break;
		if (!say_part(s, p, f, seq, bytes, end, &fin))
			break;
		l->mended = seq + bytes + fin;
		COUNT(s->count.retransmits, 1);
		f->flags &= ~(uint32_t)FLOW_TIMING;	/* Karn: RFC 6298 3 */
		went = true;
	}
	return went;
}

void
say(struct stack *s, struct packet *p, struct flow *f, const struct tcp_step *ack)
{
	uint32_t end = say_end(s, f), n;
	bool fin_due = f->flags & FLOW_FIN_QUEUED && (!(f->flags & FLOW_FIN_SENT) || tcp_fin_out(f));

	if (say_loss(s, f) != NULL && mend(s, p, f, end))
		ack = NULL;
	while (!(f->flags & FLOW_DELAYED) && tcp_before(f->snd_nxt, end) &&
	    (n = next_size(s, f, end)) > 0) {
		bool fin = fin_due, fresh = f->snd_nxt == say_max(s, f);

		if (!say_part(s, p, f, f->snd_nxt, n, end, &fin))
			return;		/* the timer tries again */
		note_sent(s, f, fresh);
		advance(s, f, n);
		ack = NULL;
		if (fin)
			goto fin_sent;
	}
	if (f->snd_nxt == end && fin_due && !(f->flags & FLOW_DELAYED)) {
		if (!say_part(s, p, f, end, 0, end, &fin_due))
			return;
		goto fin_sent;
	}
	if (ack != NULL)
		say_ack(s, p, f, ack);
	return;

fin_sent:
	advance(s, f, 1);
	if (f->flags & FLOW_FIN_SENT)
		return;
	f->flags |= FLOW_FIN_SENT | (f->flags & FLOW_PEER_FIN ? 0 : FLOW_WE_FIRST);
	f->state = tcp_closing(f->state, TCP_OUR_FIN);
}

void
say_probe(struct stack *s, struct flow *f)
{
	if (send_segment(s, NULL, f, f->snd_una, 1, TCP_ACK, NULL))
		advance(s, f, 1);
}
