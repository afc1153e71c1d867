/* TCP segments that belong to no conversation. No state before proof of the way back. */
#include "dataplane/inside.h"

enum { SECOND_MS = 1000, REPEATS_END_S = 3,	/* said again after 1 and 3 s, as Linux begins */
	REPEATS_PER_CALL = 64,	/* a turn stays short when thousands are due */
	REPEAT_SLACK = 512,	/* bytes per network (flow_prefix()) and minute beyond 1 : 1 */
	ANNOUNCE_SLACK = 128,	/* of that for the MSS that a SYN did not offer */
	PROVEN_CREDIT = 512 };	/* more for every handshake that it completes */

void
stack_refuse(struct stack *s, struct packet *p)
{
	struct tcp_reset r = tcp_refuse(&p->w.tcp, (uint32_t)p->w.payload.n);
	struct wire_out o;

	if (r.flags == 0) {
		drop(s, DROP_NO_FLOW);
		return;
	}
	stack_reply_to(s, p, &o);
	o.seq = r.seq;
	o.ack = r.ack;
	o.tcp_flags = r.flags;
	if (stack_answer(s, p, &o, (struct span){ 0 }))
		COUNT(s->count.rst_out, 1);
}

/*
 * Sends a SYN-ACK of which o says whence and whither and its numbers. Returns its bytes of IP, 0 if it could not leave.
 * limit: of the peer's prefix.
 */
static uint32_t
say_syn_ack(struct stack *s, struct packet *p, struct wire_out *o, struct prefix_entry *limit,
    const struct persona *persona, uint8_t offer, uint32_t clock, uint32_t ts_val)
{
	uint32_t headers = (uint32_t)(wire_ip_header(&o->dst) + WIRE_TCP_HEADER);
	const struct syn_ack *of = persona->syn_ack, *say = &of[(offer | OFFER_MSS) % OFFERS];
	uint8_t options[PERSONA_OPTIONS_MAX];
	bool paid = !(offer & OFFER_MSS) && prefix_allow(limit, headers + say->n, 1, ANNOUNCE_SLACK);

	if (!paid)
		say = &of[offer % OFFERS];
	if (!paid && !prefix_allow(limit, headers + say->n, 1, REPEAT_SLACK)) {
		drop(s, DROP_RATIO);
		return 0;
	}
	o->tcp_flags = TCP_SYN | TCP_ACK | (offer & OFFER_ECN && persona->ecn ? TCP_ECE : 0);
	o->win = say->window;
	o->options = memcpy(options, say->options, sizeof options);
	o->noptions = say->n;
	if (say->ts_at > 0) {
		store_be32(options + say->ts_at, clock);
		store_be32(options + say->ts_at + 4, ts_val);
	}
	if (!stack_answer(s, p, o, (struct span){ 0 }))
		return 0;
	COUNT(s->count.syn_ack_out, 1);
	return headers + say->n;
}

static void
note_lone(struct stack *s, const struct packet *p, uint32_t answered)
{
	struct lone_syn *l = lone_add(&s->lone, &p->w.src, p->w.dport, now32(s));

	if (l != NULL)
		*l = (struct lone_syn){ .hash = p->hash, .peer = p->w.src, .own = p->w.dst,
			.start_ms = s->wall_ms, .peer_port = p->w.sport, .own_port = p->w.dport,
			.bytes_in = (uint16_t)p->w.ip.n, .bytes_out = (uint16_t)answered,
			.vlan = { p->w.vlan[0], p->w.vlan[1] }, .nvlan = p->w.nvlan };
}

/* The peer ended what its SYN began. False: of this source and port nothing waits or was just told. */
static bool
end_lone(struct stack *s, const struct packet *p, uint8_t how)
{
	struct lone_syn l;
	bool told;

	if (lone_end(&s->lone, &p->w.src, p->w.dport, p->hash, now32(s), &l, &told)) {
		stack_lone(s, &l, how);
		return true;
	}
	return told;
}

void
stack_lone_due(struct stack *s)
{
	struct lone_syn l;

	if (s->lone_ms == now32(s))	/* a worker in a hurry turns a hundred times in one */
		return;
	s->lone_ms = now32(s);
	while (lone_pop(&s->lone, &l, now32(s)))
		stack_lone(s, &l, 0);
}

static bool
is_six(const struct packet *p)
{
	return p->w.ethertype == ETHERTYPE_IP6;
}

static uint8_t
offer_of(const struct packet *p)
{
	const struct wire_tcp *seg = &p->w.tcp;
	/* As Linux has it: a SYN that is marked itself does not mean what RFC 3168 does. */
	bool ecn = (seg->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && (p->w.tos & ECN_CE) == 0;

	return (uint8_t)(ecn * OFFER_ECN | seg->has_mss * OFFER_MSS | seg->has_sack_ok * OFFER_SACK | seg->has_ts * OFFER_TS |
	    seg->has_wscale * OFFER_WSCALE | is_six(p) * OFFER_SIX);
}

/* What the cookie must remember of a SYN. RFC 9293 3.7.1: no offer means 536, or 1220. Sizes are those of IPv4. */
static inline void
what_of(struct cookie *what, const struct packet *p, const struct persona *persona)
{
	const struct wire_tcp *seg = &p->w.tcp;
	bool six = is_six(p);
	uint32_t mss = seg->has_mss ? seg->mss : six ? 1220 : 536;

	mss += six ? WIRE_IPV6_HEADER - WIRE_IPV4_HEADER : 0;
	what->mss_class = tcp_mss_class((uint16_t)MIN(mss, persona->mss));
	what->wscale = seg->has_wscale && persona->speaks & OFFER_WSCALE ? MIN(seg->wscale, 14) : COOKIE_NO_WSCALE;
	what->sack = seg->has_sack_ok && persona->speaks & OFFER_SACK;
}

static uint32_t
isn_for(struct stack *s, const struct packet *p, const struct persona *persona)
{
	struct cookie what;

	if (p->cookie != NULL && p->cookie->make)
		return p->cookie->isn;
	what_of(&what, p, persona);
	return cookie_make(&s->cookies, &p->key, p->w.tcp.seq, &what, s->now_ms / 1000);
}

static const struct model *
model_at(const struct stack *s, const struct target *target)
{
	return target->action == ACTION_ANSWER ? s->set->slot[target->slot] : NULL;
}

/* Speaks the server first there? Then a handshake that gets no further is noticed by nobody. */
static bool
speaks_first(const struct stack *s, const struct target *target, bool awaited)
{
	const struct model *m = model_at(s, target);

	return awaited || (m != NULL && model_speaks_first(m));
}

static void
keep_halfopen(struct stack *s, const struct packet *p, uint8_t offer, uint32_t isn)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint32_t due_ms = now32(s) + SECOND_MS;
	struct halfopen_entry *e = halfopen_place(&s->half, p->hash, due_ms);

	*e = (struct halfopen_entry){ .hash = p->hash, .own = p->w.dst, .peer = p->w.src,
		.own_port = p->w.dport, .peer_port = p->w.sport, .isn = isn, .client_isn = seg->seq,
		.ts_val = seg->ts_val, .offer = offer, .due_ms = due_ms };
	link_of(&e->link, &p->w);
}

static void
syn(struct stack *s, struct packet *p, const struct target *target, bool awaited)
{
	const struct persona *persona = persona_of(p->profile, &s->persona);
	struct prefix_entry *limit = prefixes_of(&s->one_to_one, flow_prefix(&s->flows, &p->w.src), now32(s));
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t offer = offer_of(p);
	struct wire_out o;
	uint32_t answered;

	prefix_charge(limit, (uint32_t)p->w.ip.n);
	if (!prefix_packet(limit, s->c.syn_ack_per_prefix)) {
		drop(s, DROP_RATE);
		return;
	}
	stack_reply_to(s, p, &o);
	o.seq = isn_for(s, p, persona);
	o.ack = seg->seq + 1;
	answered = say_syn_ack(s, p, &o, limit, persona, offer, stack_host_clock(s, &p->w.dst, persona), seg->ts_val);
	if (answered == 0)
		return;
	note_lone(s, p, answered);
	if (speaks_first(s, target, awaited))
		keep_halfopen(s, p, offer, o.seq);
}

/* The SYN-ACK of e once more. */
static bool
repeat(struct stack *s, const struct halfopen_entry *e, const struct persona *persona)
{
	struct wire_out o = { .src = e->own, .dst = e->peer, .proto = PROTO_TCP, .ttl = persona->ttl,
		.df = persona->df, .sport = e->own_port, .dport = e->peer_port, .seq = e->isn,
		.ack = e->client_isn + 1 };

	o.ip_id = stack_ident(s, &o, persona);
	link_write(&o, &e->link, s->c.mac);
	return say_syn_ack(s, NULL, &o, prefixes_of(&s->one_to_one, flow_prefix(&s->flows, &e->peer), now32(s)), persona,
	    e->offer, stack_host_clock(s, &e->own, persona), e->ts_val) > 0;
}

void
stack_halfopen(struct stack *s)
{
	struct halfopen_entry e;

	for (int i = 0; i < REPEATS_PER_CALL && halfopen_pop(&s->half, &e, now32(s)); i++) {
		const struct profile *own = profile_of(s, &e.own);

		if (own == NULL)
			continue;
		e.waited++;
		if (e.waited % 2 == 1 && repeat(s, &e, persona_of(own, &s->persona)))
			COUNT(s->count.retransmits, 1);
		e.due_ms = now32(s) + SECOND_MS;
		if (e.waited < REPEATS_END_S)
			halfopen_add(&s->half, &e);
	}
}

/*
 * Window and options of an answer where nothing is kept that says what was agreed: what the machine speaks, of that
 * timestamps if p has them.
 */
static void
put_guessed(struct stack *s, const struct packet *p, struct wire_out *o, uint8_t options[TCP_OPTIONS_MAX])
{
	const struct persona *persona = persona_of(p->profile, &s->persona);
	bool ts = p->w.tcp.has_ts && persona->speaks & OFFER_TS, scaled = persona->speaks & OFFER_WSCALE;
	struct flow look = { .flags = ts ? FLOW_TS : 0, .ts_recent = p->w.tcp.ts_val };

	o->win = (uint16_t)(persona_window(persona, scaled, (ts ? OFFER_TS : 0) | (is_six(p) ? OFFER_SIX : 0)) >>
	    (scaled ? persona->wscale : 0));
	o->options = options;
	o->noptions = tcp_options(options, &look, stack_host_clock(s, &p->w.dst, persona), NULL, 0);
}

/* A FIN where nothing was ever said: end it without having kept anything. */
static void
close_at_once(struct stack *s, struct packet *p)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t options[TCP_OPTIONS_MAX];
	struct wire_out o;

	stack_reply_to(s, p, &o);
	o.seq = seg->ack;
	o.ack = seg->seq + 1;
	o.tcp_flags = TCP_FIN | TCP_ACK;
	put_guessed(s, p, &o, options);
	recent_add(&s->recent, p->hash, &(struct recent_end){ o.ack, o.seq + 1, .waits = true }, now32(s));
	stack_answer(s, p, &o, (struct span){ 0 });
}

/* A segment of a conversation that ended: nobody is there any more, or its last ACK again. RFC 9293 3.10.7.4 */
static void
late(struct stack *s, struct packet *p, const struct recent_end *was)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t options[TCP_OPTIONS_MAX];
	struct wire_out o;

	drop(s, DROP_RECENTLY_CLOSED);
	if (!was->waits)
		stack_refuse(s, p);
	if (!was->waits || (p->w.payload.n == 0 && !(seg->flags & TCP_FIN)))
		return;
	stack_reply_to(s, p, &o);
	o.seq = was->snd_nxt;
	o.ack = was->rcv_nxt;
	o.tcp_flags = TCP_ACK;
	put_guessed(s, p, &o, options);
	stack_answer(s, p, &o, (struct span){ 0 });
}

/* The cookie is good: from here on the peer is real. */
static void
open_flow(struct stack *s, struct packet *p, const struct target *target, bool awaited, const struct cookie *what)
{
	const struct wire_tcp *seg = &p->w.tcp;
	const struct persona *persona = persona_of(p->profile, &s->persona);
	bool first = speaks_first(s, target, awaited), bare = p->w.payload.n == 0;
	struct flow *f;

	halfopen_del(&s->half, p->hash);
	prefix_charge(prefixes_of(&s->one_to_one, flow_prefix(&s->flows, &p->w.src), now32(s)), PROVEN_CREDIT);
	if (bare && !first && seg->flags & TCP_FIN) {
		end_lone(s, p, TCP_FIN | TCP_ACK);
		close_at_once(s, p);
		return;
	}
	if (bare && !first && (s->flows.used > s->flows.n - s->flows.n / 8 || flow_is_full(&s->flows, &p->key)))
		return;		/* nothing to remember yet; its data will open it */
	f = stack_open(s, p, model_at(s, target) != NULL ? target->slot : 0, s->c.idle_tcp_ms);
	if (f == NULL)
		return;
	lone_forget(&s->lone, &p->w.src, p->w.dport, p->hash);
	f->rcv_nxt = seg->seq;
	f->snd_una = f->snd_nxt = seg->ack;
	f->snd_wnd = seg->win;
	f->mss_class = what->mss_class;
	if (is_six(p))
		f->mss_class = tcp_mss_below(what->mss_class,
		    (uint16_t)(tcp_mss[what->mss_class] - (WIRE_IPV6_HEADER - WIRE_IPV4_HEADER)));
	f->wscale = what->wscale;
	f->flags = (seg->has_ts && persona->speaks & OFFER_TS ? FLOW_TS : 0) | (what->sack ? FLOW_SACK : 0);
	f->ts_recent = f->flags & FLOW_TS ? seg->ts_val : now32(s);
	if (awaited)
		stack_related_came(s, p, f);
	stack_begin(s, p, f);
}

/* Is what it acknowledges a cookie of ours? */
static bool
proves(struct stack *s, const struct packet *p, struct cookie *what)
{
	if (p->cookie == NULL || p->cookie->make)
		return cookie_check(&s->cookies, &p->key, p->w.tcp.seq - 1, p->w.tcp.ack - 1, what, s->now_ms / 1000);
	*what = p->cookie->what;
	return p->cookie->good;
}

static void
acknowledgement(struct stack *s, struct packet *p, const struct target *target, bool awaited)
{
	const struct wire_tcp *seg = &p->w.tcp;
	struct recent_end was;
	struct cookie what;

	if (recent_find(&s->recent, p->hash, seg->seq, seg->ack, now32(s), &was)) {
		late(s, p, &was);
		return;
	}
	if (target->action == ACTION_RESET) {
		stack_refuse(s, p);
		return;
	}
	if (proves(s, p, &what)) {
		open_flow(s, p, target, awaited, &what);
		return;
	}
	drop(s, DROP_BAD_COOKIE);
	/* Data may have overtaken the segment with the cookie: a reset would kill a real client. */
	if (p->w.payload.n == 0 && !(seg->flags & TCP_FIN) && p->profile->other_tcp.action == ACTION_RESET)
		stack_refuse(s, p);
}

static bool
serves(const struct target *t)
{
	return t->action == ACTION_ANSWER || t->action == ACTION_HANDSHAKE;
}

bool
stack_wants_cookie(const struct stack *s, const struct packet *p, struct cookie_task *t)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t flags = seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
	struct target target = set_lookup(p->profile, PROTO_TCP, p->w.dport);

	if (!serves(&target))
		return false;
	if (flags == TCP_SYN) {
		*t = (struct cookie_task){ .key = &p->key, .client_isn = seg->seq, .make = true };
		what_of(&t->what, p, persona_of(p->profile, &s->persona));
		return true;
	}
	*t = (struct cookie_task){ .key = &p->key, .client_isn = seg->seq - 1, .isn = seg->ack - 1 };
	return (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK;
}

static bool
odd_is_reset(const struct stack *s, const struct packet *p)
{
	return persona_of(p->profile, &s->persona)->odd_flags_reset;
}

void
stack_stranger(struct stack *s, struct packet *p)
{
	bool awaited = stack_related_awaits(s, p);
	struct target target = awaited ? (struct target){ ACTION_HANDSHAKE, 0 } :
	    set_lookup(p->profile, PROTO_TCP, p->w.dport);
	uint8_t flags = p->w.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
	bool open = serves(&target);

	COUNT(s->count.syn_in, flags == TCP_SYN);
	if (flags & TCP_RST) {
		halfopen_del(&s->half, p->hash);
		if (!end_lone(s, p, TCP_RST))
			stack_scan(s, p);
		drop(s, DROP_NO_FLOW);
		return;
	}
	if (!open && target.action != ACTION_DROP)
		stack_scan(s, p);
	if (!open && target.action != ACTION_RESET) {
		drop(s, DROP_ACTION);
		return;
	}
	if (flags & TCP_ACK && !(flags & TCP_SYN)) {
		acknowledgement(s, p, &target, awaited);
		return;
	}
	if (flags & TCP_ACK || (open && flags != TCP_SYN && !odd_is_reset(s, p))) {
		drop(s, DROP_NO_FLOW);	/* backscatter; odd flags to a listener: RFC 9293 3.10.7.2 */
		return;
	}
	if (open && flags == TCP_SYN)
		syn(s, p, &target, awaited);
	else
		stack_refuse(s, p);
}
