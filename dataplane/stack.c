#include "dataplane/stack.h"

#include <stdlib.h>

#include "dataplane/say.h"

enum { TIMERS_PER_CALL = 256, JIFFY_MS = 4, WAIT_MS = 1000, LONE_LOOK_MS = 250 };
enum { SCANS_PER_S = 50, UNKNOWNS_PER_S = 20, ARPS_PER_S = 1000, UNREACHABLES_PER_S = 1000,
	UNREACHABLES_BURST = 50 };	/* Linux: icmp_msgs_per_sec, icmp_msgs_burst */
enum { FRAG_ROOM = 4096, ONCE_PLACES = 4096, PREFIX_PLACES = 16384, MAX_CELLS = UINT16_MAX,
	MAX_TALKS = 1 << 22, MAX_ARENAS = 1 << 21 };	/* unless more are asked for */

static const char *const drop_names[DROP_N] = {
#define DROP_NAME(name, text) [name] = text,
	DROPS(DROP_NAME)
#undef DROP_NAME
};

const char *
drop_name(enum drop d)
{
	return (unsigned)d < DROP_N ? drop_names[d] : "unknown";
}

void
stack_defaults(struct stack_config *c)
{
	*c = (struct stack_config){ .flows = 1 << 16, .idle_tcp_ms = 300000, .idle_udp_ms = 30000,
		.lifetime_ms = 3600000, .udp_ratio = 3, .syn_ack_per_prefix = 100000 };
}

static uint32_t
share(uint32_t wanted, uint32_t flows, uint32_t part, uint32_t least, uint32_t most)
{
	return wanted != 0 ? MIN(wanted, most) : MIN(MAX(flows / part, least), most);
}

/* Of a table that is addressed by bits of a hash: a power of two. least and most are. */
static uint32_t
places(uint32_t flows, uint32_t part, uint32_t least, uint32_t most)
{
	uint32_t n = least;

	while (n < most && 2 * n <= flows / part)
		n *= 2;
	return n;
}

/* How many of everything a configuration has. */
struct sizes {
	uint32_t talks, arenas, cells, losses, recent, hosts, expects, half, lone, frags, once, prefixes;
};

static struct sizes
sizes_of(const struct stack_config *c)
{
	return (struct sizes){
		.talks = share(c->talks, c->flows, 2, 64, c->talks != 0 ? c->flows : MAX_TALKS),
		.arenas = share(c->arenas, c->flows, 4, 64, c->arenas != 0 ? c->flows : MAX_ARENAS),
		.cells = share(c->holds, c->flows, 16, 64, MAX_CELLS),
		.losses = places(c->flows, 64, 16, 1 << 12),
		.recent = places(c->flows, 1, 1024, 1 << 16),
		.hosts = places(c->flows, 32, 16, 1 << 13),
		.expects = places(c->flows, 64, 16, 1 << 10),
		.half = places(c->flows, 16, 64, 1 << 12),
		.lone = places(c->flows, 16, 64, 1 << 10),
		.frags = places(c->flows, 256, 16, 1 << 12),
		.once = places(c->flows, 1, 64, ONCE_PLACES),
		.prefixes = places(c->flows, 1, 64, PREFIX_PLACES),
	};
}

static size_t
aligned(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

size_t
stack_bytes(const struct stack_config *c)
{
	struct sizes z = sizes_of(c);

	if (c->flows < 64 || c->flows > 1u << 30 || c->flows_six > c->flows ||
	    c->udp_ratio < 1 || c->udp_ratio > 3)
		return 0;
	return aligned(sizeof(struct stack)) + aligned(flow_table_bytes(c->flows, c->flows_six)) +
	    aligned(wheel_bytes(c->flows + c->flows_six)) + aligned(talks_bytes(z.talks, z.arenas, z.cells)) +
	    aligned(losses_bytes(z.losses)) + aligned(recent_bytes(z.recent)) +
	    aligned(hosts_bytes(z.hosts)) + aligned(expects_bytes(z.expects)) + aligned(halfopen_bytes(z.half)) +
	    aligned(lone_bytes(z.lone)) + aligned(frag_bytes(z.frags, FRAG_ROOM)) + aligned(once_bytes(z.once)) +
	    2 * aligned(prefixes_bytes(z.prefixes));
}

uint64_t
stack_random(struct stack *s)	/* splitmix64 */
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void *
carve(uint8_t **at, size_t bytes)
{
	uint8_t *p = *at;

	*at += aligned(bytes);
	return p;
}

struct stack *
stack_init(void *mem, const struct stack_config *c, const struct sink *sink)
{
	struct sizes z = sizes_of(c);
	struct stack *s = mem;
	uint8_t *at = (uint8_t *)mem + aligned(sizeof *s);
	uint64_t secret[2];

	assert(stack_bytes(c) > 0);
	s->c = *c;
	s->sink = *sink;
	s->persona = persona_linux;
	persona_make(&s->persona);
	s->random = c->seed;
	secret[0] = stack_random(s);
	secret[1] = stack_random(s);
	flow_table_init(&s->flows, carve(&at, flow_table_bytes(c->flows, c->flows_six)), c->flows, c->flows_six, secret);
	wheel_init(&s->wheel, carve(&at, wheel_bytes(c->flows + c->flows_six)), c->flows + c->flows_six, 0);
	talks_init(&s->talks, carve(&at, talks_bytes(z.talks, z.arenas, z.cells)), z.talks, z.arenas,
	    z.cells);
	losses_init(&s->losses, carve(&at, losses_bytes(z.losses)), z.losses);
	recent_init(&s->recent, carve(&at, recent_bytes(z.recent)), z.recent);
	hosts_init(&s->hosts, carve(&at, hosts_bytes(z.hosts)), z.hosts);
	expects_init(&s->expects, carve(&at, expects_bytes(z.expects)), z.expects, secret[0]);
	halfopen_init(&s->half, carve(&at, halfopen_bytes(z.half)), z.half);
	lone_init(&s->lone, carve(&at, lone_bytes(z.lone)), z.lone);
	s->frags = frag_init(carve(&at, frag_bytes(z.frags, FRAG_ROOM)), z.frags, FRAG_ROOM,
	    stack_random(s));
	once_init(&s->unreachable, carve(&at, once_bytes(z.once)), z.once);
	prefixes_init(&s->one_to_one, carve(&at, prefixes_bytes(z.prefixes)), z.prefixes);
	prefixes_init(&s->udp, carve(&at, prefixes_bytes(z.prefixes)), z.prefixes);
	secret[0] = stack_random(s);
	secret[1] = stack_random(s);
	cookies_init(&s->cookies, secret);
	/* The site's key, not the seed: a host's clock outlives a restart of ours. */
	memcpy(s->clock_key, c->key, sizeof s->clock_key);
	bucket_init(&s->unreachable_all, UNREACHABLES_PER_S, UNREACHABLES_BURST, 0);
	bucket_init(&s->scans, SCANS_PER_S, SCANS_PER_S, 0);
	bucket_init(&s->unknowns, UNKNOWNS_PER_S, UNKNOWNS_PER_S, 0);
	bucket_init(&s->arps, ARPS_PER_S, ARPS_PER_S, 0);
	return s;
}

uint16_t
stack_ident(struct stack *s, const struct wire_out *o, const struct persona *persona)
{
	struct addr pair[2] = { o->src, o->dst };

	if (persona->ids == IDS_RANDOM)
		return (uint16_t)stack_random(s);
	if (o->df && persona->ids <= IDS_ZERO)
		return 0;
	return ident_next(&s->idents, keyed(s->clock_key, pair, sizeof pair), persona->ids == IDS_FLOW ? JIFFY_MS : 0,
	    now32(s), (uint32_t)stack_random(s));
}

void
stack_reply_to(struct stack *s, const struct packet *p, struct wire_out *o)
{
	const struct persona *persona = persona_of(p->profile, &s->persona);

	*o = (struct wire_out){ .src = p->w.dst, .dst = p->w.src, .proto = p->w.proto,
		.ttl = persona->ttl, .df = persona->df, .sport = p->w.dport, .dport = p->w.sport };
	if (persona->ids > IDS_ZERO || !persona->df)
		o->ip_id = stack_ident(s, o, persona);
	link_return(o, &p->w, s->c.mac);
}

bool
stack_frame(struct stack *s, struct packet *p, size_t bytes, struct frame *to)
{
	if (p != NULL && p->frame->data != NULL && p->frame->room >= bytes) {
		*to = *p->frame;
		p->frame->data = NULL;
		return true;
	}
	*to = s->sink.get(s->sink.ctx);
	if (to->data == NULL) {
		drop(s, DROP_NO_FRAME);
		return false;
	}
	assert(to->room >= bytes);
	return true;
}

void
stack_send(struct stack *s, struct frame *f, const struct wire_out *o, size_t n)
{
	f->len = (uint32_t)wire_build(o, f->data, f->room, n);
	assert(f->len > 0);
	COUNT(s->count.frames_out, 1);
	COUNT(s->count.bytes_out, f->len);
	s->sink.put(s->sink.ctx, f);
}

bool
stack_answer(struct stack *s, struct packet *p, const struct wire_out *o, struct span payload)
{
	size_t at = wire_header_bytes(o);
	struct frame f;

	if (!stack_frame(s, p, at + payload.n, &f))
		return false;
	if (payload.n > 0)
		memmove(f.data + at, payload.p, payload.n);	/* may be the same frame */
	stack_send(s, &f, o, payload.n);
	return true;
}

void
stack_record(struct stack *s, const struct record *r)
{
	COUNT(s->count.records, 1);
	if (s->sink.record != NULL)
		s->sink.record(s->sink.ctx, r);
}

/*
 * Sources that no packet can honestly have; LAND is among them, since dst is ours. In IPv6 no end is an address of
 * IPv4: what we answered would go to whomever the last bytes of src name.
 */
static bool
is_martian(const struct stack *s, const struct packet *p)
{
	static const struct addr loopback = { .b = { [15] = 1 } }, nobody;
	const struct addr *src = &p->w.src;
	uint8_t first = src->b[12];

	if (addr_eq(src, &p->w.dst))
		return true;
	if (p->w.ethertype == ETHERTYPE_IP6 ? src->b[0] == 0xff || addr_eq(src, &loopback) || addr_eq(src, &nobody) ||
	    addr_is_v4(src) || addr_is_v4(&p->w.dst) :			/* RFC 4291 2.5 */
	    first == 0 || first == 127 || first >= 224)			/* RFC 1122 3.2.1.3 */
		return true;
	if ((p->w.proto == PROTO_TCP || p->w.proto == PROTO_UDP) && p->w.sport == 0)
		return true;
	return set_range(s->set, src) != NULL;
}

/* Puts fragments together: w then describes the whole packet. False: nothing to do yet. */
static bool
assemble(struct stack *s, struct packet *p, uint64_t now_ns)
{
	enum frag_verdict v;
	struct wire link = p->w;
	struct span whole;
	enum wire_fault fault;

	v = frag_input(s->frags, &p->w, (int64_t)now_ns, &whole);
	if (v != FRAG_WHOLE) {
		drop(s, DROP_FRAGMENT);
		return false;
	}
	fault = wire_parse(&p->w, WIRE_RAW_IP, whole, s->c.trust_sums ? 0 : WIRE_CHECK_SUMS);
	if (fault != WIRE_OK) {
		COUNT(s->count.fault[fault], 1);
		drop(s, DROP_MALFORMED);
		return false;
	}
	memcpy(p->w.smac, link.smac, sizeof p->w.smac);
	memcpy(p->w.dmac, link.dmac, sizeof p->w.dmac);
	memcpy(p->w.vlan, link.vlan, sizeof p->w.vlan);
	memcpy(p->w.tpid, link.tpid, sizeof p->w.tpid);
	p->w.nvlan = link.nvlan;
	p->whole = true;
	return true;
}

/* Asks somebody on the link who has an address? RFC 4861 4.3. */
static bool
is_solicitation(const struct wire *w)
{
	return w->ethertype == ETHERTYPE_IP6 && w->proto == PROTO_ICMP6 && w->icmp_type == ICMP6_SOLICIT &&
	    w->frag_offset == 0 && !w->more_fragments;
}

/* Is the frame's destination our card, or everybody whom a question about addresses goes to? */
static bool
is_to_us(const struct stack *s, const struct wire *w)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(w->dmac, s->c.mac, sizeof all) == 0 ||
	    (w->ethertype == ETHERTYPE_ARP4 && memcmp(w->dmac, all, sizeof all) == 0) ||
	    (w->dmac[0] == 0x33 && w->dmac[1] == 0x33 && is_solicitation(w));	/* RFC 2464 7 */
}

/* Pass B: parse, refuse what is not for us, hash the rest. False: the frame is done with. */
static bool
classify(struct stack *s, struct packet *p, uint64_t now_ns)
{
	struct wire *w = &p->w;
	enum wire_fault fault = wire_parse(w, WIRE_ETHER, span_of(p->frame->data, p->frame->len),
	    s->c.trust_sums ? 0 : WIRE_CHECK_SUMS);

	p->whole = false;
	if (fault == WIRE_OK && !is_to_us(s, w)) {
		drop(s, DROP_NOT_OURS);
		return false;
	}
	if (fault != WIRE_OK) {
		COUNT(s->count.fault[fault], 1);
		drop(s, fault == WIRE_NOT_IP ? DROP_UNHANDLED : DROP_MALFORMED);
		return false;
	}
	if (w->smac[0] & 1) {	/* a group sends nothing, and our answer would go to all of it: IEEE 802.3 3.2.3 */
		drop(s, DROP_MARTIAN);
		return false;
	}
	if (w->ethertype == ETHERTYPE_ARP4)
		return true;
	if (is_solicitation(w)) {
		COUNT(s->count.icmp_in, 1);
		stack_solicited(s, p);
		return false;
	}
	p->profile = profile_of(s, &w->dst);
	if (p->profile == NULL) {
		drop(s, DROP_NOT_OURS);
		return false;
	}
	if ((w->more_fragments || w->frag_offset > 0) && !assemble(s, p, now_ns))
		return false;
	if (is_martian(s, p)) {
		drop(s, DROP_MARTIAN);
		return false;
	}
	flow_key_of(&s->flows, &p->key, &w->dst, w->dport, &w->src, w->sport, w->proto);
	p->hash = flow_hash(&s->flows, &p->key);
	flow_prefetch(&s->flows, p->hash);
	if (w->proto == PROTO_TCP)
		__builtin_prefetch(&p->profile->tcp[w->dport]);
	prefixes_prefetch(w->proto == PROTO_UDP ? &s->udp : &s->one_to_one, flow_prefix(&s->flows, &w->src));
	return true;
}

/* The packet's conversation; one more look only if it may have begun in this burst. */
struct flow *
stack_flow_of(const struct stack *s, struct packet *p)
{
	const struct flow_table *t = &s->flows;
	struct flow *f = p->maybe == FLOW_MANY || t->added != p->added ? flow_find(t, &p->key, p->hash) :
	    p->maybe != 0 ? flow_confirm(t, &p->key, p->maybe) : NULL;

	p->flow = f;
	return f;
}

/* A packet of IP. */
static void
dispatch(struct stack *s, struct packet *p)
{
	struct flow *f;

	switch (p->w.proto) {
	case PROTO_TCP:
		COUNT(s->count.tcp_in, 1);
		f = stack_flow_of(s, p);
		if (f != NULL)
			stack_segment(s, p, f);
		else
			stack_stranger(s, p);
		stack_related_tell(s);
		return;
	case PROTO_UDP:
		COUNT(s->count.udp_in, 1);
		stack_udp(s, p);
		return;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		COUNT(s->count.icmp_in, 1);
		stack_icmp(s, p);
		return;
	}
	COUNT(s->count.other_in, 1);
	drop(s, DROP_UNHANDLED);
}

/* Pass F: one packet, in order of arrival. */
static void
decide(struct stack *s, struct packet *p)
{
	if (p->w.ethertype == ETHERTYPE_ARP4) {
		COUNT(s->count.arp_in, 1);
		stack_arp(s, p);
		return;
	}
	s->here = p;
	s->scene.flow = NULL;
	dispatch(s, p);
	s->scene.flow = NULL;
	s->here = NULL;
}

static void
set_clock(struct stack *s, const struct set *set, uint64_t now_ns, int64_t wall_ms)
{
	s->set = set;
	s->now_ms = now_ns / 1000000;
	s->wall_ms = wall_ms;
	s->scene.flow = NULL;
}

void
stack_burst(struct stack *s, const struct set *set, struct frame *frames, unsigned n,
    uint64_t now_ns, int64_t wall_ms)
{
	struct packet packets[BURST_CHUNK], *kept[BURST_CHUNK];
	struct foreseen foreseen;

	set_clock(s, set, now_ns, wall_ms);
	for (unsigned from = 0; from < n; from += BURST_CHUNK) {
		unsigned m = MIN(n - from, BURST_CHUNK), nkept = 0;

		for (unsigned i = 0; i < m; i++)
			__builtin_prefetch(frames[from + i].data);
		for (unsigned i = 0; i < m; i++) {
			struct packet *p = &packets[i];

			p->frame = &frames[from + i];
			COUNT(s->count.frames_in, 1);
			COUNT(s->count.bytes_in, p->frame->len);
			if (!classify(s, p, now_ns))
				continue;
			kept[nkept++] = p;
			/* A whole packet lies in the table only until the next fragment comes. */
			if (p->whole) {
				stack_foresee(s, &foreseen, &kept[--nkept], 1);
				decide(s, p);
			}
		}
		stack_foresee(s, &foreseen, kept, nkept);
		for (unsigned i = 0; i < nkept; i++)
			decide(s, kept[i]);
	}
}

uint64_t
stack_timers(struct stack *s, const struct set *set, uint64_t now_ns, int64_t wall_ms)
{
	uint32_t id;

	set_clock(s, set, now_ns, wall_ms);
	for (int i = 0; i < TIMERS_PER_CALL && (id = wheel_pop(&s->wheel, s->now_ms)) != 0; i++) {
		struct flow *f = flow_at(&s->flows, id);
		int32_t left = (int32_t)(f->due_ms - now32(s));

		/* In the wheel whatever happens: who ends the flow takes it out. */
		wheel_add(&s->wheel, id, s->now_ms + (uint64_t)MAX(left, 0));
		if (left <= 0)
			stack_flow_due(s, f);
		stack_related_tell(s);
	}
	stack_related_due(s);
	stack_halfopen(s);
	stack_lone_due(s);
	if (s->half.head != s->half.tail)
		return 10 * 1000000ull;
	return wheel_wait(&s->wheel, s->now_ms, s->lone.waiting > 0 ? LONE_LOOK_MS : WAIT_MS) * 1000000;
}

void
stack_shutdown(struct stack *s, const struct set *set, int64_t wall_ms)
{
	set_clock(s, set, s->now_ms * 1000000, wall_ms);
	for (uint32_t id = 1; id < flow_fresh(&s->flows); id++) {
		if (flow_at(&s->flows, id)->state != FLOW_FREE)
			stack_end(s, flow_at(&s->flows, id), END_SHUTDOWN);
	}
}

const struct counters *
stack_counters(const struct stack *s)
{
	return &s->count;
}

const struct pins *
stack_pins(const struct stack *s)
{
	return &s->pins;
}

uint32_t
stack_flows(const struct stack *s)
{
	return __atomic_load_n(&s->flows.used, __ATOMIC_RELAXED);
}

uint32_t
stack_bytes_per_flow(const struct stack *s)
{
	return (uint32_t)(stack_bytes(&s->c) / s->flows.n);
}

void
stack_check(const struct stack *s)
{
	uint32_t talks = 0, arenas = 0, cells = 0, ways = 0, related = 0;
	static struct pins pinned;

	memset(&pinned, 0, sizeof pinned);
	flow_table_check(&s->flows);
	wheel_check(&s->wheel);
	slab_check(&s->talks.talk);
	slab_check(&s->talks.arena);
	slab_check(&s->talks.cell);
	for (uint32_t id = 1; id < flow_fresh(&s->flows); id++) {
		const struct flow *f = flow_at(&s->flows, id);

		if (f->state == FLOW_FREE)
			continue;
		if (f->slot != 0)
			pinned.n[f->slot]++;
		ways++;
		related += f->talk != 0 && is_related(s, f);
		if (f->talk == 0)
			continue;
		talk_check(&s->talks, talk_at(&s->talks, f->talk));
		talks++;
		arenas += talk_at(&s->talks, f->talk)->arena != 0;
		cells += (talk_at(&s->talks, f->talk)->hold != 0) +
		    (talk_at(&s->talks, f->talk)->out != 0);
	}
	for (uint32_t i = 0; i < s->expects.n; i++) {
		const struct expected *e = &s->expects.e[i];

		if (e->control == 0)
			continue;
		pinned.n[e->slot]++;
		related -= e->data != 0;
		if (flow_at(&s->flows, e->control)->slot != e->slot ||
		    (e->data != 0 && !is_related(s, flow_at(&s->flows, e->data))))
			abort();
	}
	for (int i = 0; i < LINKS; i++)
		ways -= s->links.link[i].flows;
	if (talks != s->talks.talk.used || arenas != s->talks.arena.used ||
	    cells != s->talks.cell.used || ways != 0 || related != 0 || s->wheel.used != s->flows.used ||
	    memcmp(&pinned, &s->pins, sizeof pinned) != 0 ||
	    s->count.flows_opened != s->count.flows_closed + s->flows.used)
		abort();
}
