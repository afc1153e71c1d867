#include "learning/gather.h"

#include "learning/announce.h"

enum {
	FRAG_ENTRIES = 128,
	FRAG_ROOM = 65515,
	LOOK_S = 30,		/* a talk is not looked at again before */
	ENDED_S = 60,		/* after a FIN or RST: then a connection is over */
	IDLE_S = 300,		/* ... and without one */
};

struct pass {	/* to deliver(): whose bytes */
	struct gather *g;
	struct talk *t;
	enum side side;
};

static struct left_out *
left_out_like(struct gather *g, const struct talk *t)
{
	uint32_t row = (t->source + t->port[SIDE_SERVER]) % LEFT_OUT_ROWS;
	struct left_out *l = g->left_out[row];

	while (l != NULL && (l->source != t->source || l->proto != t->proto || l->port != t->port[SIDE_SERVER]))
		l = l->next;
	if (l == NULL) {
		l = pool_alloc(g->pool, sizeof *l);
		*l = (struct left_out){ .next = g->left_out[row], .source = t->source, .proto = t->proto,
			.port = t->port[SIDE_SERVER] };
		g->left_out[row] = l;
	}
	return l;
}

/* Counts the talk, and forgets the rest of it. */
static void
leave_out(struct gather *g, struct talk *t)
{
	struct left_out *l = left_out_like(g, t);

	l->packets += t->packets;
	l->answered += talk_is_answered(t);
	if (talk_count(t, &l->report)) {
		l->conversations++;
		l->messages += t->n;
	}
	*(t->before != NULL ? &t->before->next : &g->first) = t->next;
	*(t->next != NULL ? &t->next->before : &g->last) = t->before;
	if (g->source_first == t)
		g->source_first = t->next;
	keys_forget(&g->keys, t);
	for (uint32_t i = 0; i < t->n; i++)
		reuse_give(&g->memory, (void *)t->messages[i].bytes.p, t->messages[i].bytes.n);	/* our own copy */
	reuse_give(&g->memory, t->messages, t->room * sizeof *t->messages);
	reuse_give(&g->memory, t, sizeof *t);
}

static void
enqueue(struct gather *g, struct talk *t)
{
	t->queued_ns = t->end_ns;
	t->queued = NULL;
	*(g->queue == NULL ? &g->queue : &g->queue_end->queued) = t;
	g->queue_end = t;
}

static struct talk *
dequeue(struct gather *g)
{
	struct talk *t = g->queue;

	g->queue = t->queued;
	return t;
}

static int64_t
patience_ns(const struct talk *t)
{
	int64_t s = t->proto == PROTO_UDP ? CORPUS_UDP_IDLE_S : t->end != END_NONE ? ENDED_S : IDLE_S;

	return s * INT64_C(1000000000);
}

static void
judge(struct gather *g, struct talk *t)
{
	thin_add(&g->thin, t);
	while ((t = thin_surplus(&g->thin)) != NULL)
		leave_out(g, t);
}

/*
 * Talks that came to rest go to where it is decided whether they are kept. One that is kept may
 * still go on, one that is not and speaks again begins anew.
 */
static void
settle(struct gather *g, int64_t now_ns)
{
	struct talk *t;

	for (int looked = 0; looked < 2 && g->queue != NULL; looked++) {
		if (now_ns - g->queue->queued_ns < LOOK_S * INT64_C(1000000000))
			return;
		t = dequeue(g);
		if (now_ns - t->end_ns < patience_ns(t)) {
			enqueue(g, t);
			continue;
		}
		judge(g, t);
	}
}

static struct talk *
new_talk(struct gather *g, const struct wire *w, bool sender_serves, bool guessed, int64_t ts_ns)
{
	struct talk *t = reuse_alloc(&g->memory, sizeof *t);
	struct key k = key_of(w->proto, &w->src, w->sport, &w->dst, w->dport);

	t->addr[SIDE_CLIENT] = w->src;
	t->addr[SIDE_SERVER] = w->dst;
	t->port[SIDE_CLIENT] = w->sport;
	t->port[SIDE_SERVER] = w->dport;
	t->proto = w->proto;
	t->guessed = guessed;
	t->source = g->source;
	t->start_ns = t->end_ns = ts_ns;
	if (sender_serves)
		talk_flip(t);
	t->before = g->last;
	*(g->last != NULL ? &g->last->next : &g->first) = t;
	g->last = t;
	if (g->thin.budget > 0)
		enqueue(g, t);
	if (g->source_first == NULL)
		g->source_first = t;
	keys_point(&g->keys, &k, t);
	if (t->proto == PROTO_UDP) {
		k = key_loose(&t->addr[SIDE_CLIENT], t->port[SIDE_CLIENT], &t->addr[SIDE_SERVER]);
		keys_point(&g->keys, &k, t);
	}
	return t;
}

void
talk_flip(struct talk *t)
{
	static const uint8_t flipped[] = { [END_NONE] = END_NONE,
		[END_FIN_CLIENT] = END_FIN_SERVER, [END_FIN_SERVER] = END_FIN_CLIENT,
		[END_RST_CLIENT] = END_RST_SERVER, [END_RST_SERVER] = END_RST_CLIENT };
	struct addr addr = t->addr[0];
	uint16_t port = t->port[0];
	struct reasm dir = t->dir[0];
	uint32_t gaps = t->gaps[0];

	t->addr[0] = t->addr[1], t->addr[1] = addr;
	t->port[0] = t->port[1], t->port[1] = port;
	t->dir[0] = t->dir[1], t->dir[1] = dir;
	t->gaps[0] = t->gaps[1], t->gaps[1] = gaps;
	t->end = flipped[t->end];
	for (uint32_t i = 0; i < t->n; i++)
		t->messages[i].side ^= 1;
}

static struct message *
new_message(struct gather *g, struct talk *t, enum side side, struct span bytes, int64_t ts_ns)
{
	struct message *m;

	if (t->n == t->room) {
		uint32_t room = t->room == 0 ? 4 : t->room * 2;

		t->messages = reuse_grow(&g->memory, t->messages, t->n, room, sizeof *m);
		t->room = room;
	}
	m = &t->messages[t->n++];
	bytes.n = MIN(bytes.n, (size_t)CORPUS_MESSAGE_BYTES);
	*m = (struct message){ .side = side, .first_ns = ts_ns, .last_ns = ts_ns,
		.bytes = span_of(reuse_grow(&g->memory, NULL, 0, bytes.n, 1), bytes.n) };
	memcpy((uint8_t *)m->bytes.p, bytes.p, bytes.n);
	return m;
}

static void
append(struct gather *g, struct message *m, struct span bytes)
{
	size_t n = MIN(bytes.n, CORPUS_MESSAGE_BYTES - m->bytes.n), all = m->bytes.n + n;

	m->cut |= n < bytes.n;
	if (all > reuse_room(m->bytes.n))
		m->bytes.p = reuse_grow(&g->memory, (void *)m->bytes.p, m->bytes.n, all, 1);
	memcpy((uint8_t *)m->bytes.p + m->bytes.n, bytes.p, n);	/* our own copy, see new_message() */
	m->bytes.n = all;
}

/* Ports that the server announces: a connection of the client to one of them is wanted, too. */
static void
note_announced(struct gather *g, struct talk *t, struct span said)
{
	struct announced a;
	struct key k;

	while (announce_next(&a, &said, &t->addr[SIDE_SERVER])) {
		k = key_loose(&t->addr[SIDE_SERVER], a.port, &t->addr[SIDE_CLIENT]);
		keys_point(&g->keys, &k, t);
	}
}

/* Bytes of a TCP stream, in order: a message goes on until the other side speaks. */
static void
deliver(void *ctx, struct span bytes, int64_t ts_ns)
{
	struct pass *pass = ctx;
	struct talk *t = pass->t;
	struct message *m = t->n > 0 ? &t->messages[t->n - 1] : NULL;

	if (pass->g->options->related && pass->side == SIDE_SERVER && !t->related)
		note_announced(pass->g, t, bytes);
	if (m != NULL && m->side == pass->side) {
		append(pass->g, m, bytes);
		m->last_ns = MAX(m->last_ns, ts_ns);
	} else {
		m = new_message(pass->g, t, pass->side, bytes, ts_ns);
		m->cut = bytes.n > CORPUS_MESSAGE_BYTES;
	}
	if (t->gaps[pass->side] != t->dir[pass->side].gaps) {
		t->gaps[pass->side] = t->dir[pass->side].gaps;
		m->cut = true;
	}
}

static enum side
side_of(const struct talk *t, const struct wire *w)
{
	return t->port[SIDE_CLIENT] == w->sport && addr_eq(&t->addr[SIDE_CLIENT], &w->src) ?
	    SIDE_CLIENT : SIDE_SERVER;
}

/* Without a SYN: the service's port tells who serves, else the lower port. */
static bool
sender_serves(const struct gather *g, const struct wire *w)
{
	uint16_t port = g->options->port;

	if (port != 0 && (w->sport == port || w->dport == port))
		return w->dport != port;
	return w->proto == PROTO_TCP && w->sport < w->dport;
}

/* Does this SYN begin another connection than the one known under its ports? */
static bool
is_new_connection(const struct talk *t, const struct wire *w)
{
	enum side side = side_of(t, w);
	const struct reasm *own = &t->dir[side];

	if (w->tcp.flags & TCP_ACK)	/* an answer: only where nothing is going on any more */
		return t->end != END_NONE && own->has_syn && own->isn != w->tcp.seq;
	if (own->has_syn)
		return own->isn != w->tcp.seq;
	return side == SIDE_SERVER ? !t->guessed || t->n > 0 : own->open && own->next != w->tcp.seq + 1;
}

/* The talk of a TCP segment; NULL when it begins none. */
static struct talk *
tcp_talk(struct gather *g, const struct wire *w, int64_t ts_ns)
{
	struct key k = key_of(w->proto, &w->src, w->sport, &w->dst, w->dport);
	struct talk_key *s = keys_find(&g->keys, &k);
	bool syn = w->tcp.flags & TCP_SYN && !(w->tcp.flags & TCP_RST);

	if (s != NULL && !(syn && is_new_connection(s->talk, w)))
		return s->talk;
	if (syn)
		return new_talk(g, w, w->tcp.flags & TCP_ACK, false, ts_ns);
	if (w->payload.n == 0 || w->tcp.flags & TCP_RST)
		return NULL;
	return new_talk(g, w, sender_serves(g, w), true, ts_ns);
}

/* Which side serves was guessed before anybody said anything; a SYN knows. */
static void
correct_guess(struct talk *t, const struct wire *w)
{
	bool serves = w->tcp.flags & TCP_ACK;

	if (t->guessed && (side_of(t, w) == SIDE_SERVER) != serves)
		talk_flip(t);
	t->guessed = false;
}

static void
note_end(struct talk *t, enum side side, uint8_t flags)
{
	if (t->end != END_NONE || !(flags & (TCP_FIN | TCP_RST)))
		return;
	if (flags & TCP_RST)
		t->end = side == SIDE_CLIENT ? END_RST_CLIENT : END_RST_SERVER;
	else
		t->end = side == SIDE_CLIENT ? END_FIN_CLIENT : END_FIN_SERVER;
}

/* Is it of a connection to a port that a talk of the same two announced? */
static bool
is_announced(struct gather *g, const struct wire *w)
{
	struct key there = key_loose(&w->dst, w->dport, &w->src), back = key_loose(&w->src, w->sport, &w->dst);

	return keys_find(&g->keys, &there) != NULL || keys_find(&g->keys, &back) != NULL;
}

/* Beside the service; where that is still to be worked out, corpus.c asks for its port once it is known. */
static bool
is_related(struct gather *g, const struct talk *t, const struct wire *w)
{
	const struct corpus_options *o = g->options;

	return o->port != 0 ? t->port[SIDE_SERVER] != o->port : o->related && is_announced(g, w);
}

static void
take_tcp(struct gather *g, const struct wire *w, int64_t ts_ns)
{
	struct talk *t = tcp_talk(g, w, ts_ns);
	uint8_t flags = w->tcp.flags;
	struct pass own, other;

	if (t == NULL) {
		g->report->stray++;
		return;
	}
	t->packets++;
	t->end_ns = MAX(t->end_ns, ts_ns);
	t->cut |= w->cut > 0;
	if (flags & TCP_SYN)
		correct_guess(t, w);
	t->related = is_related(g, t, w);
	own = (struct pass){ g, t, side_of(t, w) };
	other = (struct pass){ g, t, own.side ^ 1 };
	note_end(t, own.side, flags);
	if (flags & TCP_RST)
		return;
	if (flags & TCP_SYN)
		reasm_syn(&t->dir[own.side], w->tcp.seq);
	if (flags & TCP_ACK)
		reasm_acked(&t->dir[other.side], w->tcp.ack);
	if (w->payload.n == 0 && !(flags & TCP_FIN))
		return;
	reasm_settle(&t->dir[other.side], deliver, &other);
	reasm_segment(&t->dir[own.side], g->pool, w->tcp.seq + (flags & TCP_SYN ? 1 : 0), w->payload,
	    flags & TCP_FIN, ts_ns, deliver, &own);
	if (t->dir[own.side].first != NULL)	/* else an acknowledgement merely came early */
		reasm_settle(&t->dir[own.side], deliver, &own);
}

/*
 * Can this be the talk's server, from another port? Not where both sides use the service's
 * port: there the datagram is a question of its own.
 */
static bool
answers(const struct talk *t, const struct wire *w)
{
	return t->port[SIDE_CLIENT] == w->dport && addr_eq(&t->addr[SIDE_CLIENT], &w->dst) &&
	    w->dport != t->port[SIDE_SERVER];
}

/* The talk of a datagram, if it is not over. A server that moved is found by its address. */
static struct talk *
udp_talk(struct gather *g, const struct wire *w, int64_t ts_ns)
{
	struct key k = key_of(w->proto, &w->src, w->sport, &w->dst, w->dport);
	struct talk_key *s = keys_find(&g->keys, &k);
	struct talk *t;

	if (s == NULL) {
		struct key loose = key_loose(&w->dst, w->dport, &w->src);

		s = keys_find(&g->keys, &loose);
		if (s == NULL || !answers(s->talk, w))
			return NULL;
	}
	t = s->talk;
	if (ts_ns - t->end_ns > CORPUS_UDP_IDLE_S * INT64_C(1000000000))
		return NULL;
	if (memcmp(&s->key, &k, sizeof k) != 0) {
		t->moved = true;
		keys_point(&g->keys, &k, t);
	}
	return t;
}

static void
take_udp(struct gather *g, const struct wire *w, int64_t ts_ns)
{
	struct talk *t = udp_talk(g, w, ts_ns);

	if (t == NULL)
		t = new_talk(g, w, sender_serves(g, w), true, ts_ns);
	t->packets++;
	t->end_ns = MAX(t->end_ns, ts_ns);
	t->cut |= w->cut > 0;
	new_message(g, t, side_of(t, w), w->payload, ts_ns)->cut = w->cut > 0;
}

/* Is the packet of the service asked for? Without one everything is. */
static bool
wanted(struct gather *g, const struct wire *w, int64_t ts_ns)
{
	const struct corpus_options *o = g->options;
	bool tcp = w->proto == PROTO_TCP;

	if (o->proto != 0 && o->proto != w->proto)
		return false;
	if (o->port == 0 || w->sport == o->port || w->dport == o->port)
		return true;
	if (!tcp && udp_talk(g, w, ts_ns) != NULL)
		return true;
	if (tcp && o->related && is_announced(g, w))
		return true;
	g->others[tcp ? 0 : 1][w->dport] += !tcp || (w->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return false;
}

/* A fragment becomes nothing or, with the last of them, a packet. */
static bool
defragment(struct gather *g, struct wire *w, int64_t ts_ns)
{
	struct span packet;
	enum frag_verdict v;
	enum wire_fault f;

	if (g->frag == NULL)
		g->frag = frag_init(pool_alloc(g->pool, frag_bytes(FRAG_ENTRIES, FRAG_ROOM)),
		    FRAG_ENTRIES, FRAG_ROOM, g->options->seed);
	v = frag_input(g->frag, w, ts_ns, &packet);
	g->report->frag[v]++;
	g->report->frag_lost = g->frag->aged + g->frag->evicted;
	if (v != FRAG_WHOLE)
		return false;
	f = wire_parse(w, WIRE_RAW_IP, packet, 0);
	g->report->fault[f] += f != WIRE_OK;
	return f == WIRE_OK;
}

bool
talk_is_whole(const struct talk *t)
{
	if (t->cut || t->dir[0].gaps > 0 || t->dir[1].gaps > 0)
		return false;
	return t->proto == PROTO_UDP || (t->dir[0].has_syn && t->dir[1].has_syn);
}

bool
talk_is_answered(const struct talk *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->messages[i].side == SIDE_SERVER)
			return true;
	}
	return false;
}

bool
talk_count(const struct talk *t, struct corpus_report *r)
{
	if (t->n == 0 && !talk_is_whole(t)) {
		if (t->dir[SIDE_CLIENT].has_syn && !t->dir[SIDE_SERVER].has_syn)
			r->unanswered++;
		else
			r->silent++;
		return false;
	}
	r->gaps += t->cut || t->dir[0].gaps > 0 || t->dir[1].gaps > 0;
	r->no_handshake += t->proto == PROTO_TCP && !(t->dir[0].has_syn && t->dir[1].has_syn);
	return true;
}

void
gather_packet(struct gather *g, const struct trace_packet *packet)
{
	struct wire w;
	enum wire_fault f = wire_parse(&w, packet->link, packet->data, WIRE_ALLOW_CUT);

	g->report->packets++;
	g->report->bytes += packet->data.n;
	g->report->fault[f]++;
	settle(g, packet->ts_ns);
	if (f != WIRE_OK)
		return;
	g->report->cut_packets += w.cut > 0;
	if ((w.more_fragments || w.frag_offset > 0) && !defragment(g, &w, packet->ts_ns))
		return;
	if (w.ip.n == 0 || (w.proto != PROTO_TCP && w.proto != PROTO_UDP))
		g->report->other_protocol++;
	else if (!wanted(g, &w, packet->ts_ns))
		g->report->other_service++;
	else if (w.proto == PROTO_TCP)
		take_tcp(g, &w, packet->ts_ns);
	else
		take_udp(g, &w, packet->ts_ns);
}

void
gather_init(struct gather *g, struct pool *p, const struct corpus_options *o,
    struct corpus_report *report)
{
	*g = (struct gather){ .pool = p, .options = o, .report = report, .memory.pool = p };
	thin_init(&g->thin, p, o->budget_bytes);
	for (int i = 0; i < 2; i++)
		g->others[i] = pool_array(p, 65536, sizeof *g->others[i]);
	keys_init(&g->keys, &g->memory, o->seed);
}

void
gather_end_source(struct gather *g)
{
	for (struct talk *t = g->source_first; t != NULL; t = t->next) {
		for (int side = 0; t->proto == PROTO_TCP && side < 2; side++) {
			struct pass pass = { g, t, (enum side)side };

			reasm_end(&t->dir[side], deliver, &pass);
			g->report->old_bytes += t->dir[side].old_bytes;
		}
		keys_forget(&g->keys, t);
	}
	while (g->queue != NULL)
		judge(g, dequeue(g));
	g->source_first = NULL;
	g->source++;
}
