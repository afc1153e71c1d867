#include "dataplane/frag.h"

enum { WAYS = 4, HEADER_ROOM = 64, HEADER_MAX = 60, IP_MAX = 65535 };

struct key {
	struct addr src, dst;
	uint32_t id;
	uint16_t proto;		/* of IPv4: RFC 791; IPv6 has none in it: RFC 8200 4.5 */
	uint16_t used;		/* also tells a free entry */
};
static_assert(sizeof(struct key) == 40, "no gaps: it is compared as bytes");

struct frag_entry {
	struct key key;
	bool condemned;
	uint8_t n, header;	/* pieces; bytes of the first fragment's header, 0: not seen */
	uint32_t total;		/* bytes of L4, 0: the last has not been seen */
	uint32_t have;
	int64_t first_ns;
	struct { uint32_t from, to; } piece[FRAG_PIECES];
	_Alignas(16) uint8_t bytes[];	/* HEADER_ROOM, then L4 */
};

static const char *const names[FRAG_VERDICTS] = {
	[FRAG_HELD] = "held",
	[FRAG_WHOLE] = "whole",
	[FRAG_DUPLICATE] = "duplicate",
	[FRAG_NOT_IP] = "not-ip",
	[FRAG_CUT] = "cut",
	[FRAG_TINY] = "tiny",
	[FRAG_ODD] = "odd-length",
	[FRAG_TOO_BIG] = "too-big",
	[FRAG_TOO_MANY] = "too-many",
	[FRAG_OVERLAP] = "overlap",
	[FRAG_CONDEMNED] = "condemned",
};

const char *
frag_verdict_name(enum frag_verdict v)
{
	return (unsigned)v < FRAG_VERDICTS ? names[v] : "unknown";
}

static uint32_t
round_entries(uint32_t entries)
{
	uint32_t n = WAYS;

	while (n < entries && n < 1u << 20)
		n *= 2;
	return n;
}

static size_t
entry_stride(uint32_t room)
{
	room = MIN(room, (uint32_t)(IP_MAX - WIRE_IPV4_HEADER));
	return (sizeof(struct frag_entry) + HEADER_ROOM + room + 15) & ~(size_t)15;
}

static size_t
head_bytes(void)
{
	return (sizeof(struct frag_table) + 15) & ~(size_t)15;
}

size_t
frag_bytes(uint32_t entries, uint32_t room)
{
	return head_bytes() + round_entries(entries) * entry_stride(room);
}

struct frag_table *
frag_init(void *mem, uint32_t entries, uint32_t room, uint64_t seed)
{
	struct frag_table *t = mem;

	*t = (struct frag_table){ .entries = round_entries(entries), .seed = seed,
		.room = MIN(room, (uint32_t)(IP_MAX - WIRE_IPV4_HEADER)),
		.stride = entry_stride(room), .age_ns = FRAG_AGE_S * INT64_C(1000000000) };
	return t;
}

static struct frag_entry *
entry_at(struct frag_table *t, uint32_t i)
{
	return (struct frag_entry *)((uint8_t *)t + head_bytes() + i * t->stride);
}

/* The datagram's entry, made if it is new. */
static struct frag_entry *
find(struct frag_table *t, const struct key *k, int64_t now_ns)
{
	uint32_t base = (uint32_t)span_hash(span_of(k, sizeof *k), t->seed) & (t->entries - 1) & ~(WAYS - 1u);
	struct frag_entry *victim = NULL;

	for (uint32_t i = 0; i < WAYS; i++) {
		struct frag_entry *e = entry_at(t, base + i);

		if (e->key.used && now_ns - e->first_ns > t->age_ns) {
			t->aged += !e->condemned;
			e->key.used = 0;
		}
		if (e->key.used && memcmp(&e->key, k, sizeof *k) == 0)
			return e;
		if (victim == NULL || (victim->key.used &&
		    (!e->key.used || e->first_ns < victim->first_ns)))
			victim = e;
	}
	t->evicted += victim->key.used && !victim->condemned;
	*victim = (struct frag_entry){ .key = *k, .first_ns = now_ns };
	return victim;
}

/* The least that the first fragment must hold, so that nobody hides ports or flags (RFC 1858). */
static size_t
l4_least(uint8_t proto)
{
	return proto == PROTO_TCP ? WIRE_TCP_HEADER : 8;
}

/* What can be said of the fragment alone. */
static enum frag_verdict
judge_alone(const struct frag_table *t, const struct wire *w, size_t n)
{
	if (w->ethertype != ETHERTYPE_IP4 && w->ethertype != ETHERTYPE_IP6)
		return FRAG_NOT_IP;
	if (w->cut > 0)
		return FRAG_CUT;
	if (n == 0 || (w->frag_offset == 0 && n < l4_least(w->proto)) ||
	    (w->proto == PROTO_TCP && w->frag_offset > 0 && w->frag_offset < WIRE_TCP_HEADER))
		return FRAG_TINY;
	if (w->more_fragments && n % 8 != 0)
		return FRAG_ODD;
	if (w->frag_offset + n > t->room || w->ihl + w->frag_offset + n > IP_MAX)
		return FRAG_TOO_BIG;
	return FRAG_HELD;
}

/* What can be said of it beside the others; FRAG_HELD has noted its range. */
static enum frag_verdict
judge_beside(struct frag_entry *e, uint32_t from, uint32_t to, bool last)
{
	if (e->condemned)
		return FRAG_CONDEMNED;
	for (unsigned i = 0; i < e->n; i++) {
		if (e->piece[i].from == from && e->piece[i].to == to)
			return last == (to == e->total) ? FRAG_DUPLICATE : FRAG_OVERLAP;
		if (from < e->piece[i].to && e->piece[i].from < to)
			return FRAG_OVERLAP;
		if (last && e->piece[i].to > to)
			return FRAG_OVERLAP;
	}
	if (e->total > 0 && (last || to > e->total))
		return FRAG_OVERLAP;
	if (e->n == FRAG_PIECES)
		return FRAG_TOO_MANY;
	e->piece[e->n].from = from;
	e->piece[e->n++].to = to;
	e->have += to - from;
	if (last)
		e->total = to;
	return FRAG_HELD;
}

static bool
is_six(const struct wire *w)
{
	return w->ethertype == ETHERTYPE_IP6;
}

static struct key
key_of(const struct wire *w)
{
	/* Of IPv6 the identification is the end of the fragment header, which stands before what it is of. */
	return (struct key){ w->src, w->dst, is_six(w) ? load_be32(w->l4.p - 4) : w->ip_id, is_six(w) ? 0 : w->proto, 1 };
}

/* The header of the whole, right before its bytes. */
static void
keep_header(struct frag_entry *e, const struct wire *w)
{
	e->header = (uint8_t)(is_six(w) ? WIRE_IPV6_HEADER : w->ihl);
	assert(e->header <= HEADER_MAX);
	memcpy(e->bytes + HEADER_ROOM - e->header, w->ip.p, e->header);
	if (is_six(w))
		e->bytes[HEADER_ROOM - WIRE_IPV6_HEADER + 6] = w->proto;	/* what the fragment header announced */
}

/* The header no longer says fragment. */
static enum frag_verdict
finish(struct frag_entry *e, struct span *packet)
{
	uint8_t *ip = e->bytes + HEADER_ROOM - e->header;
	size_t n = e->header + (size_t)e->total;

	e->key.used = 0;
	if (n > IP_MAX)
		return FRAG_TOO_BIG;
	if (ip[0] >> 4 == 6) {
		store_be16(ip + 4, (uint16_t)e->total);
	} else {
		store_be16(ip + 2, (uint16_t)n);
		store_be16(ip + 6, 0);
		store_be16(ip + 10, 0);
		store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, e->header), 0)));
	}
	*packet = span_of(ip, n);
	return FRAG_WHOLE;
}

static enum frag_verdict
take(struct frag_table *t, const struct wire *w, int64_t now_ns, struct span *packet)
{
	struct span s = w->l4;
	enum frag_verdict v = judge_alone(t, w, s.n);
	struct frag_entry *e;
	struct key k;

	if (v != FRAG_HELD)
		return v;
	k = key_of(w);
	e = find(t, &k, now_ns);
	v = judge_beside(e, w->frag_offset, w->frag_offset + (uint32_t)s.n, !w->more_fragments);
	if (v != FRAG_HELD) {
		e->condemned |= v != FRAG_DUPLICATE;
		return v;
	}
	memcpy(e->bytes + HEADER_ROOM + w->frag_offset, s.p, s.n);
	if (w->frag_offset == 0)
		keep_header(e, w);
	/* without overlaps, as many bytes as the total says means no hole */
	return e->total > 0 && e->have == e->total ? finish(e, packet) : FRAG_HELD;
}

enum frag_verdict
frag_input(struct frag_table *t, const struct wire *w, int64_t now_ns, struct span *packet)
{
	enum frag_verdict v = take(t, w, now_ns, packet);

	t->count[v]++;
	return v;
}
