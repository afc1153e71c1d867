/* A conversation's birth and end. */
#include "dataplane/say.h"

enum { LOOK_AT = 16, LAST_TRY = 3 };

/* Offset by a keyed hash of the address: hosts must not share one clock. RFC 7323 5.4. */
uint32_t
stack_host_clock(const struct stack *s, const struct addr *own, const struct persona *persona)
{
	const struct packet *p = stack_packet_to(s, own);
	uint32_t offset = p != NULL && p->w.proto == PROTO_TCP ? p->clock : (uint32_t)keyed(s->clock_key, own->b, sizeof own->b);

	return offset + (uint32_t)(s->now_ms * persona->ts_hz / 1000);
}

/* The ordinal only has to differ from the pair's other conversations, and to stay. */
static uint32_t
connection_of(const struct flow *f)
{
	return f->start_ms ^ (uint32_t)f->peer_port << 16 ^ f->own_port;
}

/* What conversations of these ends (peer NULL: of anybody with our own address) left behind. */
static struct host *
host_left(struct stack *s, const struct model *m, const struct addr *own, const struct addr *peer)
{
	struct {
		struct addr own, peer;
		uint64_t schema;
	} who = { .own = *own, .schema = model_schema(m) };

	if (peer != NULL)
		who.peer = *peer;
	return hosts_find(&s->hosts, keyed(s->clock_key, &who, sizeof who) | 1ull << 63, (uint32_t)s->now_ms);
}

void
stack_meet(struct stack *s, const struct flow *f)
{
	const struct packet *p = s->here != NULL && s->here->flow == f ? s->here : NULL;
	struct session_env *env = &s->scene.speaker.env;

	s->scene.flow = f;
	s->scene.speaker.m = s->set->slot[f->slot];
	*env = (struct session_env){ .own_port = f->own_port, .peer_port = f->peer_port,
		.connection = connection_of(f), .now_ms = s->wall_ms };
	env->own = p != NULL ? p->w.dst : flow_own(&s->flows, f);
	env->peer = p != NULL ? p->w.src : flow_peer(&s->flows, f);
	env->ahead = p != NULL ? p->ahead : NULL;
	memcpy(env->key, s->c.key, sizeof env->key);
	s->scene.persona = persona_of(p != NULL ? p->profile : profile_of(s, &env->own), &s->persona);
	if (f->state == FLOW_UDP)
		return;
	s->scene.window = persona_window(s->scene.persona, f->wscale != TCP_NO_WSCALE,
	    (f->flags & FLOW_TS ? OFFER_TS : 0) | (flow_is_six(&s->flows, f) ? OFFER_SIX : 0));
	s->scene.clock = f->flags & FLOW_TS ? stack_host_clock(s, &env->own, s->scene.persona) : 0;
}

const struct speaker *
stack_speaker(struct stack *s, const struct flow *f)
{
	const struct model *m = s->set->slot[f->slot];
	struct speaker *who = &s->scene.speaker;

	if (s->scene.flow != f || who->m != m || (m != NULL && model_opens(m)))
		stack_meet(s, f);
	if (m != NULL && model_keeps_pair(m))
		who->env.pair_host = host_left(s, m, &who->env.own, &who->env.peer);
	if (m != NULL && model_keeps_own(m))
		who->env.own_host = host_left(s, m, &who->env.own, NULL);
	if (m != NULL && model_opens(m))
		stack_related_speaker(s, f, &who->env);
	return who;
}

void
stack_count_in(struct flow *f, const struct packet *p)
{
	f->bytes_in += (uint32_t)MIN(p->w.ip.n, UINT32_MAX - f->bytes_in);
	f->packets_in += f->packets_in < UINT16_MAX;
	if (p->w.tcp.flags & TCP_PSH)
		f->flags |= FLOW_SAW_PSH;
	if (p->w.tcp.flags & TCP_URG)
		f->flags |= FLOW_SAW_URG;
}

void
stack_count_out(struct flow *f, size_t ip_bytes)
{
	f->bytes_out += (uint32_t)MIN(ip_bytes, UINT32_MAX - f->bytes_out);
	f->packets_out += f->packets_out < UINT16_MAX;
}

void
stack_flow_to(struct stack *s, const struct flow *f, struct wire_out *o)
{
	const struct scene *c = stack_scene(s, f);
	const struct persona *persona = c->persona;

	*o = (struct wire_out){ .src = c->speaker.env.own, .dst = c->speaker.env.peer,
		.proto = f->state == FLOW_UDP ? PROTO_UDP : PROTO_TCP,
		.ttl = persona->ttl, .df = persona->df, .sport = f->own_port, .dport = f->peer_port,
		.seq = f->snd_nxt, .ack = f->rcv_nxt };
	/* A counter per conversation starts anywhere: RFC 6864 allows any with DF. */
	o->ip_id = persona->ids != IDS_FLOW || !persona->df ? stack_ident(s, o, persona) :
	    (uint16_t)((connection_of(f) * 0x9e3779b1u >> 16) + f->packets_out);
	link_write(o, &s->links.link[f->link], s->c.mac);
}

/* Worse to lose first: what closes anyway, then what has been idle longest. */
static bool
is_better_victim(const struct flow *a, const struct flow *b)
{
	bool a_closes = a->state > FLOW_ESTABLISHED, b_closes = b->state > FLOW_ESTABLISHED;

	if (a_closes != b_closes)
		return a_closes;
	return (int32_t)(a->due_ms - b->due_ms) < 0;
}

static void
evict_one(struct stack *s, const struct flow_key *k)
{
	struct flow *victim = NULL;

	for (int i = 0; i < LOOK_AT; i++) {
		uint32_t id = flow_any(&s->flows, k, stack_random(s));
		struct flow *f = id != 0 ? flow_at(&s->flows, id) : NULL;

		if (f != NULL && id < flow_fresh(&s->flows) && f->state != FLOW_FREE &&
		    (victim == NULL || is_better_victim(f, victim)))
			victim = f;
	}
	if (victim != NULL)
		stack_end(s, victim, END_EVICTED);
}

struct flow *
stack_open(struct stack *s, struct packet *p, uint8_t slot, uint32_t idle_ms)
{
	struct flow_pair pair = { p->w.dst, p->w.src };
	struct flow *f = NULL;
	int link = link_hold(&s->links, &p->w);

	for (int i = 0; link >= 0 && f == NULL && i < LAST_TRY; i++) {
		if (flow_is_full(&s->flows, &p->key) || i > 0)
			evict_one(s, &p->key);
		f = flow_add(&s->flows, &p->key, p->hash, &pair);
	}
	if (f == NULL) {
		if (link >= 0)
			link_drop(&s->links, (uint8_t)link);
		drop(s, DROP_TABLE_FULL);
		return NULL;
	}
	p->flow = f;
	f->link = (uint8_t)link;
	f->slot = slot;
	f->start_ms = now32(s);
	f->due_ms = now32(s) + idle_ms;
	f->timer = TIMER_IDLE;
	wheel_add(&s->wheel, flow_id(&s->flows, f), s->now_ms + idle_ms);
	if (slot != 0)
		pin(&s->pins, slot);
	COUNT(s->count.flows_opened, 1);
	return f;
}

void
stack_due(struct stack *s, struct flow *f, enum flow_timer what, uint32_t in_ms)
{
	uint32_t lived = now32(s) - f->start_ms, due;
	uint32_t left = lived < s->c.lifetime_ms ? s->c.lifetime_ms - lived : 0;
	bool earlier;

	in_ms = MIN(in_ms, left);
	due = now32(s) + in_ms;
	earlier = (int32_t)(due - f->due_ms) < 0;
	f->due_ms = due;
	f->timer = what;
	if (earlier) {
		wheel_del(&s->wheel, flow_id(&s->flows, f));
		wheel_add(&s->wheel, flow_id(&s->flows, f), s->now_ms + in_ms);
	}
}

static uint8_t
flags_in(const struct flow *f, enum record_end how)
{
	if (f->state == FLOW_UDP)
		return 0;
	return (uint8_t)(TCP_SYN | TCP_ACK | (f->flags & FLOW_SAW_PSH ? TCP_PSH : 0) |
	    (f->flags & FLOW_SAW_URG ? TCP_URG : 0) | (f->flags & FLOW_PEER_FIN ? TCP_FIN : 0) |
	    (how == END_PEER_RESET ? TCP_RST : 0));
}

static uint8_t
flags_out(const struct flow *f, enum record_end how)
{
	if (f->state == FLOW_UDP)
		return 0;
	return (uint8_t)(TCP_SYN | TCP_ACK | (f->flags & FLOW_SAID ? TCP_PSH : 0) |
	    (f->flags & FLOW_FIN_SENT ? TCP_FIN : 0) | (how == END_OUR_RESET ? TCP_RST : 0));
}

uint64_t
stack_flow_id(const struct stack *s, const struct flow *f)
{
	uint64_t name[2] = { flow_hash_of(&s->flows, f), f->start_ms };

	return keyed(s->clock_key, name, sizeof name) & RECORD_FLOW_ID;
}

static void
report(struct stack *s, const struct flow *f, enum record_end how)
{
	const struct session_env *ends = &stack_scene(s, f)->speaker.env;
	const struct link *way = &s->links.link[f->link];
	struct record r = { .kind = RECORD_FLOW, .end = (uint8_t)how, .slot = f->slot,
		.proto = f->state == FLOW_UDP ? PROTO_UDP : PROTO_TCP,
		.peer = ends->peer, .own = ends->own, .peer_port = f->peer_port,
		.own_port = f->own_port, .last_ms = s->wall_ms,
		.start_ms = s->wall_ms - (now32(s) - f->start_ms),
		.bytes_in = f->bytes_in, .bytes_out = f->bytes_out,
		.packets_in = f->packets_in, .packets_out = f->packets_out,
		.flags_in = flags_in(f, how), .flags_out = flags_out(f, how),
		.worker = s->c.worker, .vlan_n = way->nvlan, .vlan = { way->vlan[0], way->vlan[1] },
		.closed_first = f->flags & FLOW_PEER_FIRST ? 1 : f->flags & FLOW_WE_FIRST ? 2 : 0,
		.flow_id = stack_flow_id(s, f), .parent = stack_related_parent(s, f) };

	if (f->talk != 0 && !is_related(s, f)) {
		const struct session *sess = &talk_at(&s->talks, f->talk)->sess;

		r.turns = sess->turn;
		r.missed = sess->missed;
		r.conf = sess->conf;
		memcpy(r.path, sess->path, sizeof r.path);
	}
	stack_record(s, &r);
}

void
stack_end(struct stack *s, struct flow *f, enum record_end how)
{
	uint32_t sent = f->snd_nxt;

	report(s, f, how);
	if (f->slot != 0 && f->state != FLOW_UDP && model_opens(s->set->slot[f->slot]))
		stack_related_end(s, f);
	if (f->talk != 0) {
		sent += talk_at(&s->talks, f->talk)->behind;
		talk_close(&s->talks, f->talk);
		f->talk = 0;
	}
	if (f->state != FLOW_UDP)
		recent_add(&s->recent, flow_hash_of(&s->flows, f), &(struct recent_end){ f->rcv_nxt, sent,
		    .waits = f->state == FLOW_TIME_WAIT }, now32(s));
	if (f->slot != 0)
		unpin(&s->pins, f->slot);
	link_drop(&s->links, f->link);
	wheel_del(&s->wheel, flow_id(&s->flows, f));
	flow_del(&s->flows, f);
	s->scene.flow = NULL;
	COUNT(s->count.flows_closed, 1);
	COUNT(s->count.flows_evicted, how == END_EVICTED);
}

static void
report_scan(struct stack *s, const struct packet *p)
{
	uint64_t name[2] = { p->hash, (uint64_t)s->wall_ms };
	struct record r = { .kind = RECORD_SCAN, .end = END_CLOSED, .proto = p->w.proto,
		.peer = p->w.src, .own = p->w.dst, .peer_port = p->w.sport, .own_port = p->w.dport,
		.start_ms = s->wall_ms, .last_ms = s->wall_ms, .bytes_in = (uint32_t)p->w.ip.n,
		.packets_in = 1, .flags_in = p->w.proto == PROTO_TCP ? p->w.tcp.flags : 0,
		.worker = s->c.worker, .vlan_n = p->w.nvlan, .vlan = { p->w.vlan[0], p->w.vlan[1] },
		.flow_id = keyed(s->clock_key, name, sizeof name) & RECORD_FLOW_ID };

	stack_record(s, &r);
}

static void
report_lone(struct stack *s, const struct lone_syn *l, uint8_t how)
{
	uint64_t name[2] = { l->hash, (uint64_t)l->start_ms };
	struct record r = { .kind = RECORD_SCAN, .end = END_CLOSED, .proto = PROTO_TCP, .peer = l->peer,
		.own = l->own, .peer_port = l->peer_port, .own_port = l->own_port, .start_ms = l->start_ms,
		.last_ms = how != 0 ? s->wall_ms : l->start_ms, .bytes_in = l->bytes_in,
		.bytes_out = l->bytes_out, .packets_in = 1, .packets_out = 1, .flags_in = TCP_SYN | how,
		.flags_out = TCP_SYN | TCP_ACK, .worker = s->c.worker, .vlan_n = l->nvlan,
		.vlan = { l->vlan[0], l->vlan[1] }, .flow_id = keyed(s->clock_key, name, sizeof name) & RECORD_FLOW_ID };

	stack_record(s, &r);
}

void
stack_scan(struct stack *s, const struct packet *p)
{
	if (bucket_take(&s->scans, now32(s)))
		report_scan(s, p);
}

void
stack_lone(struct stack *s, const struct lone_syn *l, uint8_t how)
{
	if (bucket_take(&s->scans, now32(s)))
		report_lone(s, l, how);
}

static void
note_unknown(struct stack *s, const struct flow *f, const struct turn *t)
{
	struct record r = { .kind = RECORD_UNKNOWN, .slot = f->slot,
		.proto = f->state == FLOW_UDP ? PROTO_UDP : PROTO_TCP, .conf = t->conf,
		.peer = flow_peer(&s->flows, f), .own = flow_own(&s->flows, f), .peer_port = f->peer_port,
		.own_port = f->own_port, .start_ms = s->wall_ms - (now32(s) - f->start_ms),
		.last_ms = s->wall_ms, .worker = s->c.worker, .flow_id = stack_flow_id(s, f) };

	stack_record(s, &r);
}

void
stack_turn(struct stack *s, const struct flow *f, const struct turn *t)
{
	COUNT(s->count.turns, 1);
	COUNT(s->count.match[MIN(t->match, MATCH_NONE)], 1);
	if (t->match >= MATCH_NEAR && bucket_take(&s->unknowns, now32(s)))
		note_unknown(s, f, t);
}
