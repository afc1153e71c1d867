/* TCP segments that belong to no conversation. No state before proof of the way back. */
#include "dataplane/inside.h"

enum { SECOND_MS = 1000, REPEATS_END_S = 3,	/* said again after 1 and 3 s, as Linux begins */
	REPEATS_PER_CALL = 64,	/* a turn stays short when thousands are due */
	REPEAT_SLACK = 512,	/* bytes per /24 and minute beyond 1 : 1 */
	PROVEN_CREDIT = 512 };	/* more for every handshake that such a /24 completes */

static void
reset(struct stack *s, struct packet *p)
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

/* Writes and sends the SYN-ACK of e. Returns its bytes of IP, 0 if it could not leave. */
static uint32_t
say_syn_ack(struct stack *s, struct packet *p, const struct halfopen_entry *e,
    const struct persona *persona)
{
	uint8_t options[TCP_OPTIONS_MAX];
	struct wire_out o = { .src = e->own, .dst = e->peer, .proto = PROTO_TCP, .ttl = persona->ttl,
		.df = persona->df, .sport = e->own_port, .dport = e->peer_port, .seq = e->isn,
		.ack = e->client_isn + 1, .tcp_flags = TCP_SYN | TCP_ACK, .win = persona->window };
	uint32_t bytes;

	link_write(&o, &e->link, s->c.mac);
	o.options = options;
	o.noptions = tcp_syn_ack_options(options, persona, e->has_mss, e->what.sack, e->has_ts,
	    e->has_wscale, stack_host_clock(s, &e->own, persona), e->ts_val);
	bytes = (uint32_t)(WIRE_IPV4_HEADER + WIRE_TCP_HEADER + o.noptions);
	if (!prefixes_allow(&s->one_to_one, flow_prefix(&e->peer), bytes, 1, REPEAT_SLACK, now32(s))) {
		drop(s, DROP_RATIO);
		return 0;
	}
	if (!stack_answer(s, p, &o, (struct span){ 0 }))
		return 0;
	COUNT(s->count.syn_ack_out, 1);
	return bytes;
}

static void
note_lone(struct stack *s, const struct packet *p, uint32_t answered)
{
	lone_add(&s->lone, &(struct lone_syn){ .hash = p->hash, .peer = p->w.src, .own = p->w.dst,
	    .start_ms = s->wall_ms, .since_ms = now32(s), .peer_port = p->w.sport, .own_port = p->w.dport,
	    .bytes_in = (uint16_t)p->w.ip.n, .bytes_out = (uint16_t)answered,
	    .vlan = { p->w.vlan[0], p->w.vlan[1] }, .nvlan = p->w.nvlan });
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

	while (lone_pop(&s->lone, &l, now32(s)))
		stack_lone(s, &l, 0);
}

static void
syn(struct stack *s, struct packet *p, const struct target *target, bool awaited)
{
	const struct persona *persona = p->range->persona != NULL ? p->range->persona : &persona_linux;
	const struct wire_tcp *seg = &p->w.tcp;
	uint32_t prefix = flow_prefix(&p->w.src), answered;
	struct halfopen_entry e = { .hash = p->hash, .own = p->w.dst, .peer = p->w.src,
		.own_port = p->w.dport, .peer_port = p->w.sport, .client_isn = seg->seq,
		.ts_val = seg->ts_val,
		.has_mss = seg->has_mss, .has_ts = seg->has_ts, .has_wscale = seg->has_wscale,
		.due_ms = now32(s) + SECOND_MS };
	const struct model *m = target->action == ACTION_ANSWER ? s->set->slot[target->slot] : NULL;

	prefixes_charge(&s->one_to_one, prefix, (uint32_t)p->w.ip.n, now32(s));
	if (!prefixes_packet(&s->one_to_one, prefix, s->c.syn_ack_per_prefix, now32(s))) {
		drop(s, DROP_RATE);
		return;
	}
	/* RFC 9293 3.7.1: no offer means 536. */
	e.what.mss_class = tcp_mss_class(seg->has_mss ? MIN(seg->mss, persona->mss) : 536);
	e.what.wscale = seg->has_wscale ? MIN(seg->wscale, 14) : COOKIE_NO_WSCALE;
	e.what.sack = seg->has_sack_ok;
	e.isn = cookie_make(&s->cookies, &p->key, seg->seq, &e.what, s->now_ms / 1000);
	link_of(&e.link, &p->w);
	answered = say_syn_ack(s, p, &e, persona);
	if (answered == 0)
		return;
	note_lone(s, p, answered);
	if (awaited || (m != NULL && model_speaks_first(m)))
		halfopen_add(&s->half, &e);
}

void
stack_halfopen(struct stack *s)
{
	struct halfopen_entry e;

	for (int i = 0; i < REPEATS_PER_CALL && halfopen_pop(&s->half, &e, now32(s)); i++) {
		const struct range *r = set_range(s->set, &e.own);

		if (r == NULL)
			continue;
		e.waited++;
		if (e.waited % 2 == 1 && say_syn_ack(s, NULL, &e,
		    r->persona != NULL ? r->persona : &persona_linux))
			COUNT(s->count.retransmits, 1);
		e.due_ms = now32(s) + SECOND_MS;
		if (e.waited < REPEATS_END_S)
			halfopen_add(&s->half, &e);
	}
}

/* A FIN where nothing was ever said: end it without having kept anything. */
static void
close_at_once(struct stack *s, struct packet *p)
{
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t options[TCP_OPTIONS_MAX];
	const struct persona *persona = p->range->persona != NULL ? p->range->persona : &persona_linux;
	struct flow look = { .flags = seg->has_ts ? FLOW_TS : 0, .ts_recent = seg->ts_val };
	struct wire_out o;

	stack_reply_to(s, p, &o);
	o.seq = seg->ack;
	o.ack = seg->seq + 1;
	o.tcp_flags = TCP_FIN | TCP_ACK;
	o.win = persona->window >> persona->wscale;
	o.options = options;
	o.noptions = tcp_options(options, &look, stack_host_clock(s, &p->w.dst, persona), NULL, 0);
	recent_add(&s->recent, p->hash, o.ack, o.seq + 1, now32(s));
	stack_answer(s, p, &o, (struct span){ 0 });
}

/* A segment of a conversation that ended: its last ACK again if the peer still wants it. */
static void
late(struct stack *s, struct packet *p, const struct recent_entry *was)
{
	const struct persona *persona = p->range->persona != NULL ? p->range->persona : &persona_linux;
	const struct wire_tcp *seg = &p->w.tcp;
	uint8_t options[TCP_OPTIONS_MAX];
	struct flow look = { .flags = seg->has_ts ? FLOW_TS : 0, .ts_recent = seg->ts_val };
	struct wire_out o;

	drop(s, DROP_RECENTLY_CLOSED);
	if (!(seg->flags & TCP_FIN))
		return;
	stack_reply_to(s, p, &o);
	o.seq = was->snd_nxt;
	o.ack = was->rcv_nxt;
	o.tcp_flags = TCP_ACK;
	o.win = persona->window >> persona->wscale;
	o.options = options;
	o.noptions = tcp_options(options, &look, stack_host_clock(s, &p->w.dst, persona), NULL, 0);
	stack_answer(s, p, &o, (struct span){ 0 });
}

/* The cookie is good: from here on the peer is real. */
static void
open_flow(struct stack *s, struct packet *p, const struct target *target, bool awaited, const struct cookie *what)
{
	const struct wire_tcp *seg = &p->w.tcp;
	const struct model *m = target->action == ACTION_ANSWER ? s->set->slot[target->slot] : NULL;
	bool first = awaited || (m != NULL && model_speaks_first(m)), bare = p->w.payload.n == 0;
	struct flow *f;

	halfopen_del(&s->half, p->hash);
	prefixes_charge(&s->one_to_one, flow_prefix(&p->w.src), PROVEN_CREDIT, now32(s));
	if (bare && !first && seg->flags & TCP_FIN) {
		end_lone(s, p, TCP_FIN | TCP_ACK);
		close_at_once(s, p);
		return;
	}
	if (bare && !first && s->flows.used > s->flows.n - s->flows.n / 8)
		return;		/* nothing to remember yet; its data will open it */
	f = stack_open(s, p, m != NULL ? target->slot : 0, s->c.idle_tcp_ms);
	if (f == NULL)
		return;
	lone_forget(&s->lone, &p->w.src, p->w.dport, p->hash);
	f->rcv_nxt = seg->seq;
	f->snd_una = f->snd_nxt = seg->ack;
	f->snd_wnd = seg->win;
	f->mss_class = what->mss_class;
	f->wscale = what->wscale;
	f->flags = (seg->has_ts ? FLOW_TS : 0) | (what->sack ? FLOW_SACK : 0);
	f->ts_recent = seg->has_ts ? seg->ts_val : now32(s);
	if (awaited)
		stack_related_came(s, p, f);
	stack_begin(s, p, f);
}

static void
acknowledgement(struct stack *s, struct packet *p, const struct target *target, bool awaited)
{
	const struct wire_tcp *seg = &p->w.tcp;
	const struct recent_entry *was = recent_find(&s->recent, p->hash, seg->seq, now32(s));
	struct cookie what;

	if (was != NULL) {
		late(s, p, was);
		return;
	}
	if (target->action == ACTION_RESET) {
		reset(s, p);
		return;
	}
	if (cookie_check(&s->cookies, &p->key, seg->seq - 1, seg->ack - 1, &what, s->now_ms / 1000)) {
		open_flow(s, p, target, awaited, &what);
		return;
	}
	drop(s, DROP_BAD_COOKIE);
	/* Data may have overtaken the segment with the cookie: a reset would kill a real client. */
	if (p->w.payload.n == 0 && !(seg->flags & TCP_FIN) && p->range->other_tcp.action == ACTION_RESET)
		reset(s, p);
}

void
stack_stranger(struct stack *s, struct packet *p)
{
	bool awaited = stack_related_awaits(s, p);
	struct target target = awaited ? (struct target){ ACTION_HANDSHAKE, 0 } :
	    set_lookup(p->range, PROTO_TCP, p->w.dport);
	uint8_t flags = p->w.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
	bool serves = target.action == ACTION_ANSWER || target.action == ACTION_HANDSHAKE;

	COUNT(s->count.syn_in, flags == TCP_SYN);
	if (flags & TCP_RST) {
		halfopen_del(&s->half, p->hash);
		if (!end_lone(s, p, TCP_RST))
			stack_scan(s, p);
		drop(s, DROP_NO_FLOW);
		return;
	}
	if (!serves && target.action != ACTION_DROP)
		stack_scan(s, p);
	if (!serves && target.action != ACTION_RESET) {
		drop(s, DROP_ACTION);
		return;
	}
	if (flags & TCP_ACK && !(flags & TCP_SYN)) {
		acknowledgement(s, p, &target, awaited);
		return;
	}
	if (flags & TCP_ACK || (serves && flags != TCP_SYN)) {
		drop(s, DROP_NO_FLOW);	/* backscatter; odd flags to a listener: RFC 9293 3.10.7.2 */
		return;
	}
	if (serves)
		syn(s, p, &target, awaited);
	else
		reset(s, p);
}
