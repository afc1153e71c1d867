/* Datagrams: one in, one turn, as many out as the turn says and the ratio allows. */
#include "dataplane/inside.h"

enum { DATAGRAM_MAX = STACK_MTU - WIRE_UDP_HEADER, DATAGRAMS_MAX = 16 };	/* with the IP header */

/* Services that answer anything: two of them would talk for ever. */
static bool
is_loop(uint16_t peer_port)
{
	switch (peer_port) {
	case 7:		/* echo */
	case 13:	/* daytime */
	case 17:	/* quote */
	case 19:	/* chargen */
		return true;
	}
	return false;
}

static bool
say(struct stack *s, struct packet *p, struct flow *f, struct span datagram)
{
	uint32_t bytes = (uint32_t)(wire_ip_header(&p->w.src) + WIRE_UDP_HEADER + datagram.n);
	struct wire_out o;

	if (!prefix_allow(prefixes_of(&s->udp, flow_prefix(&s->flows, &p->w.src), now32(s)), bytes, s->c.udp_ratio, 0)) {
		drop(s, DROP_RATIO);
		return false;
	}
	stack_flow_to(s, f, &o);
	if (!stack_answer(s, p, &o, datagram))
		return false;
	stack_count_out(f, bytes);
	return true;
}

/* The answer is rendered here and now: nothing is ever said again over UDP. */
static void
say_turn(struct stack *s, struct packet *p, struct flow *f, const struct speaker *who,
    const struct session *sess, const struct fields *fields, const struct turn *turn)
{
	size_t at = 0;

	for (int i = 0; i < DATAGRAMS_MAX && at < turn->out_len; i++) {
		size_t boundary = turn->out_len;
		size_t n = session_render(sess, fields, who->m, &who->env, at, s->scratch,
		    DATAGRAM_MAX - wire_ip_header(&p->w.src), &boundary);

		if (boundary <= at || !say(s, p, f, span_of(s->scratch, n)))
			return;
		at = boundary;
	}
}

static void
answer(struct stack *s, struct packet *p, struct flow *f)
{
	struct fields fields;
	const struct speaker *who = stack_speaker(s, f);
	struct turn turn = { 0 };
	struct arena *a = NULL;
	struct talk *t;

	fields.has = 0;
	if (f->talk == 0) {
		f->talk = talk_open(&s->talks, who);
		if (f->talk == 0) {
			drop(s, DROP_NO_TALK);
			return;
		}
	}
	t = talk_at(&s->talks, f->talk);
	if (t->arena == 0 && session_wants_arena(&t->sess, who->m)) {
		t->arena = slab_take(&s->talks.arena);
		if (t->arena != 0)
			memset(slab_at(&s->talks.arena, t->arena), 0, sizeof *a);
	}
	if (t->arena != 0)
		a = slab_at(&s->talks.arena, t->arena);
	session_feed(&t->sess, a, who->m, &who->env, p->w.payload, FEED_DATAGRAM | FEED_END, &fields, &turn);
	if (!turn.taken)
		return;
	stack_turn(s, f, &turn);
	say_turn(s, p, f, who, &t->sess, &fields, &turn);
}

void
stack_udp(struct stack *s, struct packet *p)
{
	struct target target = set_lookup(p->profile, PROTO_UDP, p->w.dport);
	struct flow *f;

	if (is_loop(p->w.sport)) {
		drop(s, DROP_MARTIAN);
		return;
	}
	if (target.action == ACTION_RESET) {
		stack_scan(s, p);
		stack_unreachable(s, p);
		return;
	}
	if (target.action != ACTION_ANSWER && target.action != ACTION_HANDSHAKE) {
		if (target.action == ACTION_SILENT)
			stack_scan(s, p);
		drop(s, DROP_ACTION);
		return;
	}
	f = stack_flow_of(s, p);
	if (f == NULL)
		f = stack_open(s, p, target.action == ACTION_ANSWER ? target.slot : 0, s->c.idle_udp_ms);
	if (f == NULL)
		return;
	prefix_charge(prefixes_of(&s->udp, flow_prefix(&s->flows, &p->w.src), now32(s)), (uint32_t)p->w.ip.n);
	stack_count_in(f, p);
	stack_due(s, f, TIMER_IDLE, s->c.idle_udp_ms);
	if (f->slot != 0)
		answer(s, p, f);
}
