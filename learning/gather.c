#include "learning/gather.h"

enum { FIRST_SLOTS = 1 << 12, FRAG_ENTRIES = 128, FRAG_ROOM = 65515 };

struct key {
	struct addr a[2];	/* the smaller endpoint first */
	uint16_t port[2];
	uint32_t proto;
};

struct talk_slot {
	struct talk_slot *chain;
	struct key key;
	struct talk *talk;
};

struct pass {	/* to deliver(): whose bytes */
	struct gather *g;
	struct talk *t;
	enum side side;
};

static struct key
key_of(uint8_t proto, const struct addr *a, uint16_t aport, const struct addr *b, uint16_t bport)
{
	int c = memcmp(a->b, b->b, sizeof a->b);
	bool swap = c > 0 || (c == 0 && aport > bport);

	return swap ? (struct key){ { *b, *a }, { bport, aport }, proto } :
	    (struct key){ { *a, *b }, { aport, bport }, proto };
}

static struct talk_slot **
bucket(const struct gather *g, const struct key *k)
{
	return &g->table[span_hash(span_of(k, sizeof *k), g->options->seed) & (g->slots - 1)];
}

static struct talk_slot *
find(const struct gather *g, const struct key *k)
{
	for (struct talk_slot *s = *bucket(g, k); s != NULL; s = s->chain) {
		if (memcmp(&s->key, k, sizeof *k) == 0)
			return s;
	}
	return NULL;
}

static void
grow_table(struct gather *g)
{
	struct talk_slot **old = g->table, *next;
	uint32_t n = g->slots;

	g->slots = n == 0 ? FIRST_SLOTS : n * 2;
	g->table = pool_array(g->pool, g->slots, sizeof *g->table);
	for (uint32_t i = 0; i < n; i++) {
		for (struct talk_slot *s = old[i]; s != NULL; s = next) {
			struct talk_slot **b = bucket(g, &s->key);

			next = s->chain;
			s->chain = *b;
			*b = s;
		}
	}
}

/* From now on this key means this talk. */
static void
point(struct gather *g, const struct key *k, struct talk *t)
{
	struct talk_slot *s = find(g, k);

	if (s == NULL) {
		if (g->used >= g->slots)
			grow_table(g);
		s = pool_alloc(g->pool, sizeof *s);
		s->key = *k;
		s->chain = *bucket(g, k);
		*bucket(g, k) = s;
		g->used++;
	}
	s->talk = t;
}

/* A UDP server may answer from another port: its address alone. */
static struct key
loose_key(const struct addr *client, uint16_t cport, const struct addr *server)
{
	return key_of(PROTO_UDP, client, cport, server, 0);
}

static struct talk *
new_talk(struct gather *g, const struct wire *w, bool sender_serves, bool guessed, int64_t ts_ns)
{
	struct talk *t = pool_alloc(g->pool, sizeof *t);
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
	if (g->last != NULL)
		g->last->next = t;
	else
		g->first = t;
	g->last = t;
	if (g->source_first == NULL)
		g->source_first = t;
	point(g, &k, t);
	if (t->proto == PROTO_UDP) {
		k = loose_key(&t->addr[SIDE_CLIENT], t->port[SIDE_CLIENT], &t->addr[SIDE_SERVER]);
		point(g, &k, t);
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

		t->messages = pool_grow(g->pool, t->messages, t->n, room, sizeof *m);
		t->room = room;
	}
	m = &t->messages[t->n++];
	bytes.n = MIN(bytes.n, (size_t)CORPUS_MESSAGE_BYTES);
	*m = (struct message){ .side = side, .first_ns = ts_ns, .last_ns = ts_ns,
		.bytes = span_of(pool_copy(g->pool, bytes.p, bytes.n), bytes.n) };
	t->bytes_room = bytes.n;
	return m;
}

static void
append(struct gather *g, struct talk *t, struct message *m, struct span bytes)
{
	size_t n = MIN(bytes.n, CORPUS_MESSAGE_BYTES - m->bytes.n);

	m->cut |= n < bytes.n;
	if (m->bytes.n + n > t->bytes_room) {
		t->bytes_room = MAX(2 * t->bytes_room, m->bytes.n + n);
		m->bytes.p = pool_grow(g->pool, m->bytes.p, m->bytes.n, t->bytes_room, 1);
	}
	memcpy((uint8_t *)m->bytes.p + m->bytes.n, bytes.p, n);	/* our own copy, see new_message() */
	m->bytes.n += n;
}

/* Bytes of a TCP stream, in order: a message goes on until the other side speaks. */
static void
deliver(void *ctx, struct span bytes, int64_t ts_ns)
{
	struct pass *pass = ctx;
	struct talk *t = pass->t;
	struct message *m = t->n > 0 ? &t->messages[t->n - 1] : NULL;

	if (m != NULL && m->side == pass->side) {
		append(pass->g, t, m, bytes);
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
	struct talk_slot *s = find(g, &k);
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
	struct talk_slot *s = find(g, &k);
	struct talk *t;

	if (s == NULL) {
		struct key loose = loose_key(&w->dst, w->dport, &w->src);

		s = find(g, &loose);
		if (s == NULL || !answers(s->talk, w))
			return NULL;
	}
	t = s->talk;
	if (ts_ns - t->end_ns > CORPUS_UDP_IDLE_S * INT64_C(1000000000))
		return NULL;
	if (memcmp(&s->key, &k, sizeof k) != 0) {
		t->moved = true;
		point(g, &k, t);
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

void
gather_packet(struct gather *g, const struct trace_packet *packet)
{
	struct wire w;
	enum wire_fault f = wire_parse(&w, packet->link, packet->data, WIRE_ALLOW_CUT);

	g->report->packets++;
	g->report->bytes += packet->data.n;
	g->report->fault[f]++;
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
	*g = (struct gather){ .pool = p, .options = o, .report = report };
	for (int i = 0; i < 2; i++)
		g->others[i] = pool_array(p, 65536, sizeof *g->others[i]);
	grow_table(g);
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
	}
	g->source_first = NULL;
	g->source++;
	memset(g->table, 0, g->slots * sizeof *g->table);
	g->used = 0;
}
