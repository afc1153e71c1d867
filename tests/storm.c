#include "tests/storm.h"

enum { MORE_FRAGMENTS = 0x2000, PIECE = 8, CERTAIN = STORM_FRAGMENTS };

static const struct {
	const char *name;
	bool certain;
} faults[STORM_N] = {
#define STORM_ROW(name, text, certain) [name] = { text, certain },
	STORM_FAULTS(STORM_ROW)
#undef STORM_ROW
};

const char *
storm_fault_name(enum storm_fault f)
{
	return faults[f].name;
}

void
storm_init(struct storm *s, uint64_t seed, const uint8_t smac[6], const uint8_t dmac[6],
    uint32_t prefix, uint32_t link_addr)
{
	*s = (struct storm){ .random = seed, .prefix = prefix, .link_addr = link_addr };
	memcpy(s->smac, smac, sizeof s->smac);
	memcpy(s->dmac, dmac, sizeof s->dmac);
}

static uint64_t
next_random(struct storm *s)	/* splitmix64 */
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t
storm_pick(struct storm *s, uint32_t n)
{
	return (uint32_t)((next_random(s) >> 32) * n >> 32);
}

static void
fill(struct storm *s, uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)next_random(s);
}

/* ---- a good frame to begin with ---- */

static const char *const words[] = { "", "BYE\r\n", "GET\r\n", "ping", "USER x\r\n", "DROP\r\n" };
static const uint16_t ports[] = { 21, 53, 80, 99, 22, 0 };

static struct wire_out
anybody(struct storm *s)
{
	static const uint32_t nets[] = { 0xcb007100, 0xc6336400, 0xc0000200 };	/* documentation prefixes */
	static const uint8_t protos[] = { PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP };
	struct wire_out o = {
		.src = addr_v4(nets[storm_pick(s, ARRAY_LEN(nets))] + 3 + storm_pick(s, 250)),
		.dst = addr_v4(s->prefix + storm_pick(s, 1 << 16)),
		.proto = protos[storm_pick(s, ARRAY_LEN(protos))], .ttl = 64,
		.ip_id = s->ip_id++,	/* no two datagrams of the storm are taken for one */
		.sport = (uint16_t)(1024 + storm_pick(s, 60000)), .dport = ports[storm_pick(s, ARRAY_LEN(ports))],
		.seq = (uint32_t)next_random(s), .ack = (uint32_t)next_random(s), .win = 1000,
		.tcp_flags = storm_pick(s, 2) ? TCP_SYN : TCP_ACK | TCP_PSH, .icmp_type = 8,
		.icmp_rest = (uint32_t)next_random(s) };

	o.nvlan = storm_pick(s, 8) == 0 ? (uint8_t)(1 + storm_pick(s, 2)) : 0;
	o.vlan[0] = (uint16_t)storm_pick(s, 4096);
	o.vlan[1] = (uint16_t)storm_pick(s, 4096);
	return o;
}

/* What would end or change the conversation, were it taken. */
static struct wire_out
one_of(struct storm *s, const struct storm_target *at)
{
	static const uint8_t flags[] = { TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_RST, TCP_RST | TCP_ACK,
		TCP_ACK | TCP_PSH | TCP_FIN };

	return (struct wire_out){ .src = addr_v4(at->peer), .dst = addr_v4(at->own), .proto = PROTO_TCP,
		.ttl = 64, .ip_id = s->ip_id++, .sport = at->peer_port, .dport = at->own_port,
		.seq = at->seq, .ack = at->ack, .win = 65535,
		.tcp_flags = flags[storm_pick(s, ARRAY_LEN(flags))] };
}

static size_t
build(struct storm *s, struct wire_out *o, struct storm_frame *to, size_t least)
{
	const char *word = words[storm_pick(s, ARRAY_LEN(words))];
	size_t at = wire_header_bytes(o), n = strlen(word);

	memcpy(o->smac, s->smac, sizeof o->smac);
	memcpy(o->dmac, s->dmac, sizeof o->dmac);
	memcpy(to->bytes + at, word, n);
	if (n < least || storm_pick(s, 16) == 0) {
		size_t more = least + storm_pick(s, 1200);

		fill(s, to->bytes + at + n, more);
		n += more;
	}
	to->len = (uint32_t)wire_build(o, to->bytes, sizeof to->bytes, n);
	return WIRE_ETHER_HEADER + 4u * o->nvlan;
}

/* Sums over what the headers say now, as far as there are bytes. */
static void
mend_sums(struct storm_frame *f, size_t at)
{
	uint8_t *ip = f->bytes + at, *l4;
	size_t there = f->len - at, ihl = MIN(MAX((ip[0] & 15) * 4u, 20u), there);
	size_t total = MIN(MAX((size_t)load_be16(ip + 2), ihl), there), n = total - ihl;
	uint8_t tail[4] = { 0, ip[9], (uint8_t)(n >> 8), (uint8_t)n };
	size_t sum_at = ip[9] == PROTO_TCP ? 16 : ip[9] == PROTO_UDP ? 6 : 2;
	uint64_t pseudo = 0;

	if (there < WIRE_IPV4_HEADER)
		return;
	store_be16(ip + 10, 0);
	store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, ihl), 0)));
	if (n < sum_at + 2 || load_be16(ip + 6) & 0x3fff)
		return;
	l4 = ip + ihl;
	if (ip[9] != PROTO_ICMP)
		pseudo = wire_sum(span_of(tail, sizeof tail), wire_sum(span_of(ip + 12, 8), 0));
	store_be16(l4 + sum_at, 0);
	store_be16(l4 + sum_at, wire_sum_fold(wire_sum(span_of(l4, n), pseudo)));
}

/* ---- one fault each; at: where the IP header is ---- */

static void
set_total(uint8_t *ip, uint32_t total)
{
	store_be16(ip + 2, (uint16_t)MIN(total, (uint32_t)UINT16_MAX));
}

/* A sum that is right cannot be right with one bit turned; the IP header's if L4 has none. */
static void
bad_sum(struct storm *s, struct storm_frame *f, size_t at)
{
	bool udp = f->bytes[at + 9] == PROTO_UDP;
	size_t from = udp || storm_pick(s, 2) ? at + 12 : at + WIRE_IPV4_HEADER;

	/* Addresses are in both sums; of TCP and ICMP any byte behind the header is in one. */
	if (from == at + 12)
		f->bytes[from + storm_pick(s, 4)] ^= (uint8_t)(1u << storm_pick(s, 8));
	else
		f->bytes[from + storm_pick(s, f->len - (uint32_t)from)] ^= (uint8_t)(1u << storm_pick(s, 8));
}

static void
bad_l4_length(struct storm *s, uint8_t *ip, uint32_t n)	/* n: bytes of L4 */
{
	uint8_t *l4 = ip + WIRE_IPV4_HEADER;

	switch (ip[9]) {
	case PROTO_TCP:
		if (n < 60 && storm_pick(s, 2))
			l4[12] = 0xf0;
		else
			l4[12] = (uint8_t)(storm_pick(s, 5) << 4);
		return;
	case PROTO_UDP:
		store_be16(l4 + 4, (uint16_t)(storm_pick(s, 2) ? storm_pick(s, 8) : n + 1 + storm_pick(s, 60000 - n)));
		return;
	}
	set_total(ip, WIRE_IPV4_HEADER + storm_pick(s, WIRE_ICMP_HEADER));	/* ICMP has no length but IP's */
}

static void
certain_fault(struct storm *s, struct storm_frame *f, size_t at)
{
	uint8_t *ip = f->bytes + at;
	uint32_t n = f->len - (uint32_t)at, l4 = ip[9] == PROTO_TCP ? WIRE_TCP_HEADER : WIRE_UDP_HEADER;

	switch (f->fault) {
	case STORM_VERSION:
		ip[0] = (uint8_t)((ip[0] & 15) | (4 + 1 + storm_pick(s, 15)) << 4);
		break;
	case STORM_IHL:
		ip[0] = (uint8_t)(0x40 | (n < 60 && storm_pick(s, 2) ? 15 : storm_pick(s, 5)));
		break;
	case STORM_TOTAL_SHORT:
		set_total(ip, storm_pick(s, WIRE_IPV4_HEADER));
		break;
	case STORM_TOTAL_LONG:
		set_total(ip, n + 1 + storm_pick(s, storm_pick(s, 2) ? 8 : 60000));
		break;
	case STORM_CUT:
		f->len = STORM_LEAST + storm_pick(s, f->len - STORM_LEAST);
		break;
	case STORM_SHORT_L4:
		set_total(ip, WIRE_IPV4_HEADER + storm_pick(s, l4));
		break;
	case STORM_L4_LENGTH:
		bad_l4_length(s, ip, n - WIRE_IPV4_HEADER);
		break;
	case STORM_TINY:	/* RFC 1858, RFC 3128 */
		set_total(ip, WIRE_IPV4_HEADER + storm_pick(s, 8));
		store_be16(ip + 6, MORE_FRAGMENTS);
		break;
	case STORM_BEYOND:
		store_be16(ip + 6, (uint16_t)(0x1fff | (storm_pick(s, 2) ? MORE_FRAGMENTS : 0)));
		break;
	default:
		break;
	}
}

/* A good frame gets its certain fault; half of them otherwise with right sums. */
static void
spoil(struct storm *s, struct storm_frame *f, size_t at)
{
	if (f->fault == STORM_BAD_SUM) {
		bad_sum(s, f, at);
		return;
	}
	certain_fault(s, f, at);
	if (storm_pick(s, 2) && f->len > at)
		mend_sums(f, at);
}

/* Pieces of one datagram that may overlap, lack, repeat themselves and come in any order. */
static void
cut_up(struct storm *s, const struct storm_frame *whole, size_t at, bool certain)
{
	const uint8_t *l4 = whole->bytes + at + WIRE_IPV4_HEADER;
	uint32_t n = whole->len - (uint32_t)at - WIRE_IPV4_HEADER, from = 0;

	while (s->npieces < STORM_PIECES && from < n) {
		struct storm_frame *p = &s->piece[s->npieces];
		uint32_t take = PIECE * (2 + storm_pick(s, 6)), back = 0;
		uint8_t *ip = p->bytes + at;
		bool last;

		/*
		 * One that must be refused overlaps in its second piece, behind the TCP header: what
		 * overlaps that is refused alone, and the others are a good datagram without it.
		 */
		if (certain && from == 0)
			take = MAX(take, 5u * PIECE);
		take = MIN(take, n - from);
		last = from + take == n;
		if (from > 0 && (s->npieces == 1 || storm_pick(s, 3) == 0) && (certain || storm_pick(s, 2)))
			back = PIECE * (1 + storm_pick(s, 2));	/* the first piece is at least that */
		memcpy(p->bytes, whole->bytes, at + WIRE_IPV4_HEADER);
		memcpy(ip + WIRE_IPV4_HEADER, l4 + from - back, take + back);
		set_total(ip, WIRE_IPV4_HEADER + take + back);
		store_be16(ip + 6, (uint16_t)((from - back) / 8 | (last ? 0 : MORE_FRAGMENTS)));
		p->len = (uint32_t)at + WIRE_IPV4_HEADER + take + back;
		p->fault = STORM_FRAGMENTS;
		p->certain = certain;
		mend_sums(p, at);
		s->npieces += certain || storm_pick(s, 8) != 0;
		from += take;
	}
	for (unsigned i = s->npieces; !certain && i > 1; i--) {
		unsigned k = storm_pick(s, i);
		struct storm_frame other = s->piece[k];

		s->piece[k] = s->piece[i - 1];
		s->piece[i - 1] = other;
	}
}

static void
take_piece(struct storm *s, struct storm_frame *to)
{
	*to = s->piece[0];
	memmove(s->piece, s->piece + 1, --s->npieces * sizeof s->piece[0]);
}

/* Lists whose lengths are 0, 1, beyond the end, or those of another kind. */
static void
tcp_options(struct storm *s, struct wire_out *o, uint8_t options[40])
{
	static const uint8_t kinds[] = { 2, 3, 4, 5, 8, 19, 29, 34, 254 };
	static const uint8_t lengths[] = { 0, 1, 2, 3, 4, 10, 18, 34, 255 };

	o->proto = PROTO_TCP;
	o->options = options;
	o->noptions = (uint8_t)(4 * (1 + storm_pick(s, 10)));
	fill(s, options, o->noptions);
	for (uint32_t i = 0; i + 1 < o->noptions; i += 2 + storm_pick(s, 10)) {
		options[i] = kinds[storm_pick(s, ARRAY_LEN(kinds))];
		options[i + 1] = lengths[storm_pick(s, ARRAY_LEN(lengths))];
	}
}

static void
ip_options(struct storm *s, struct storm_frame *f, size_t at)
{
	uint32_t n = 4 * (1 + storm_pick(s, 10));
	uint8_t *ip = f->bytes + at;

	n = MIN(n, (STORM_ROOM - f->len) & ~3u);
	memmove(ip + WIRE_IPV4_HEADER + n, ip + WIRE_IPV4_HEADER, f->len - at - WIRE_IPV4_HEADER);
	fill(s, ip + WIRE_IPV4_HEADER, n);
	ip[0] = (uint8_t)(0x40 | (WIRE_IPV4_HEADER + n) / 4);
	f->len += n;
	set_total(ip, f->len - (uint32_t)at);
}

static void
impossible_source(struct storm *s, struct wire_out *o)
{
	static const uint32_t sources[] = { 0, 0x7f000001, 0xffffffff, 0xe0000001, 0xf0000001 };

	switch (storm_pick(s, 4)) {
	case 0:
		o->src = o->dst;	/* LAND */
		break;
	case 1:
		o->src = addr_v4(s->prefix + storm_pick(s, 1 << 16));
		break;
	case 2:
		o->sport = 0;
		break;
	default:
		o->src = addr_v4(sources[storm_pick(s, ARRAY_LEN(sources))]);
	}
}

/* A request for our link address, and then something is wrong with it, or its sender is nobody. */
static void
arp(struct storm *s, struct storm_frame *f)
{
	static const uint8_t head[] = { 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *p = f->bytes + 12;

	memset(f->bytes, storm_pick(s, 2) ? 0xff : 0, 60);
	if (f->bytes[0] == 0)
		memcpy(f->bytes, s->dmac, 6);
	memcpy(f->bytes + 6, s->smac, 6);
	memcpy(p, head, sizeof head);
	memcpy(p + 10, s->smac, 6);
	store_be32(p + 16, storm_pick(s, 4) ? s->link_addr - 1 : s->link_addr);
	store_be32(p + 26, storm_pick(s, 4) ? s->link_addr : s->prefix + storm_pick(s, 1 << 16));
	if (storm_pick(s, 8) != 0)
		p[2 + storm_pick(s, 24)] ^= (uint8_t)(1u << storm_pick(s, 8));
	f->len = storm_pick(s, 2) ? 60 : STORM_LEAST + storm_pick(s, 46);
}

static void
some_bytes(struct storm *s, struct storm_frame *f, size_t at)
{
	for (uint32_t i = 0, n = 1 + storm_pick(s, 6); i < n; i++)
		f->bytes[at + storm_pick(s, MIN(f->len - (uint32_t)at, 48u))] = (uint8_t)next_random(s);
}

/* ---- IPv6 ---- */

enum { IP6_DEST = 60, IP6_FRAGMENT = 44, EXTENSION = 8 };

/* Where an IPv4 address is in IPv6: 2001:db8::/32, its /24 a /64, as rig_map() has it. */
static struct addr
six_of(const struct addr *four)
{
	uint32_t a = addr_to_v4(four);
	struct addr six = { .b = { 0x20, 0x01, 0x0d, 0xb8 } };

	store_be32(six.b + 4, a & 0xffffff00);
	store_be32(six.b + 12, a);
	return six;
}

/* Eight bytes in front of what is behind the IPv6 header. */
static void
insert(struct storm_frame *f, size_t at, uint8_t kind, const uint8_t rest[7])
{
	uint8_t *ip = f->bytes + at, *l4 = ip + WIRE_IPV6_HEADER;

	memmove(l4 + EXTENSION, l4, f->len - at - WIRE_IPV6_HEADER);
	l4[0] = ip[6];
	memcpy(l4 + 1, rest, 7);
	ip[6] = kind;
	f->len += EXTENSION;
	store_be16(ip + 4, (uint16_t)(load_be16(ip + 4) + EXTENSION));
}

/* Two fragments, which may overlap, of which one may be missing, in any order. */
static void
cut_six(struct storm *s, struct storm_frame *f, size_t at)
{
	uint32_t body = f->len - (uint32_t)at - WIRE_IPV6_HEADER, head = PIECE * (3 + storm_pick(s, 10));
	uint32_t back = storm_pick(s, 4) == 0 ? PIECE : 0;
	uint8_t id = (uint8_t)s->ip_id;

	if (body <= head || f->len + EXTENSION > STORM_ROOM || s->npieces + 2 > STORM_PIECES)
		return;
	for (int i = 0; i < 2; i++) {
		struct storm_frame *p = &s->piece[s->npieces];
		uint32_t from = i == 0 ? 0 : head - back, n = i == 0 ? head : body - from;

		*p = *f;
		memcpy(p->bytes + at + WIRE_IPV6_HEADER, f->bytes + at + WIRE_IPV6_HEADER + from, n);
		p->len = (uint32_t)at + WIRE_IPV6_HEADER + n;
		store_be16(p->bytes + at + 4, (uint16_t)n);
		insert(p, at, IP6_FRAGMENT, (uint8_t[]){ 0, (uint8_t)(from >> 8), (uint8_t)(from | (i == 0)), 0, 0, 0, id });
		s->npieces += storm_pick(s, 8) != 0;
	}
	if (s->npieces >= 2 && storm_pick(s, 2)) {
		struct storm_frame last = s->piece[s->npieces - 1];

		s->piece[s->npieces - 1] = s->piece[s->npieces - 2];
		s->piece[s->npieces - 2] = last;
	}
	if (s->npieces > 0)
		take_piece(s, f);
}

/* From somebody to an address of ours: a segment, a datagram, an echo, an error, a question for a neighbour. */
static void
ip6_to_us(struct storm *s, struct storm_frame *f)
{
	static const uint8_t types[] = { ICMP6_ECHO, ICMP6_ECHO, ICMP6_SOLICIT, ICMP6_TOO_BIG, ICMP6_ADVERT, 134 };
	struct wire_out o = anybody(s);
	struct addr link = addr_v4(s->link_addr);
	size_t at;

	o.src = six_of(&o.src);
	o.dst = six_of(&o.dst);
	if (o.proto == PROTO_ICMP) {
		o.proto = PROTO_ICMP6;
		o.icmp_type = types[storm_pick(s, ARRAY_LEN(types))];
	}
	if (o.proto == PROTO_ICMP6 && o.icmp_type == ICMP6_SOLICIT) {
		link = six_of(&link);
		o.ttl = 255;
		o.icmp_rest = 0;
		memcpy(o.smac, s->smac, sizeof o.smac);
		memcpy(o.dmac, s->dmac, sizeof o.dmac);
		memcpy(f->bytes + wire_header_bytes(&o), storm_pick(s, 4) ? link.b : o.dst.b, sizeof link.b);
		f->len = (uint32_t)wire_build(&o, f->bytes, sizeof f->bytes, sizeof link.b);
		return;
	}
	at = build(s, &o, f, storm_pick(s, 2) ? 64 : 0);
	switch (storm_pick(s, 6)) {
	case 0:
	case 1:
		cut_six(s, f, at);
		break;
	case 2:
		if (f->len + EXTENSION <= STORM_ROOM)	/* options that say how long they are, or lie */
			insert(f, at, IP6_DEST, (uint8_t[]){ storm_pick(s, 8) == 0, 1, 4, 0, 0, 0, 0 });
		break;
	case 3:
		some_bytes(s, f, at);
		break;
	}
}

/* IPv6 with a chain of extension headers that may lie about their lengths. */
static void
ip6(struct storm *s, struct storm_frame *f)
{
	static const uint8_t chain[] = { 0, 43, 60, 135, 51, 44, 6, 17, 58, 59 };
	uint32_t kinds = storm_pick(s, 4) ? ARRAY_LEN(chain) : 4;	/* those that only lead to the next */
	uint8_t *ip = f->bytes + WIRE_ETHER_HEADER;
	uint32_t n = storm_pick(s, 300);

	memcpy(f->bytes, s->dmac, 6);
	memcpy(f->bytes + 6, s->smac, 6);
	store_be16(f->bytes + 12, ETHERTYPE_IP6);
	fill(s, ip, WIRE_IPV6_HEADER + n);
	ip[0] = 0x60;
	store_be16(ip + 4, (uint16_t)(storm_pick(s, 4) ? n : storm_pick(s, 65536)));
	ip[6] = chain[storm_pick(s, kinds)];
	for (uint32_t i = 0; i + 8 <= n; i += 8) {
		ip[WIRE_IPV6_HEADER + i] = chain[storm_pick(s, kinds)];
		ip[WIRE_IPV6_HEADER + i + 1] = (uint8_t)(storm_pick(s, 8) ? 0 : storm_pick(s, 256));
	}
	f->len = WIRE_ETHER_HEADER + WIRE_IPV6_HEADER + n;
	if (storm_pick(s, 4) == 0)
		f->len = STORM_LEAST + storm_pick(s, f->len - STORM_LEAST);
}

static void
rubbish(struct storm *s, struct storm_frame *f)
{
	static const uint16_t types[] = { ETHERTYPE_IP4, ETHERTYPE_IP6, ETHERTYPE_ARP4, ETHERTYPE_VLAN1,
		ETHERTYPE_QINQ };

	f->len = STORM_LEAST + storm_pick(s, storm_pick(s, 8) ? 80 : STORM_ROOM - STORM_LEAST);
	fill(s, f->bytes, f->len);
	memcpy(f->bytes, s->dmac, 6);
	memcpy(f->bytes + 6, s->smac, 6);
	if (storm_pick(s, 4) != 0)
		store_be16(f->bytes + 12, types[storm_pick(s, ARRAY_LEN(types))]);
}

/* ---- whole frames ---- */

static void
uncertain(struct storm *s, struct storm_frame *to)
{
	struct wire_out o = anybody(s);
	uint8_t options[40];
	size_t at;

	if (to->fault == STORM_TCP_OPTIONS)
		tcp_options(s, &o, options);
	else if (to->fault == STORM_SOURCE)
		impossible_source(s, &o);
	o.tcp_flags = to->fault == STORM_FLAGS ? (uint8_t)next_random(s) : o.tcp_flags;
	if (to->fault == STORM_FLAGS) {
		o.icmp_type = (uint8_t)storm_pick(s, 20);
		o.icmp_code = (uint8_t)storm_pick(s, 6);
	}
	at = build(s, &o, to, 0);
	if (to->fault == STORM_IP_OPTIONS)
		ip_options(s, to, at);
	else if (to->fault == STORM_BYTES)
		some_bytes(s, to, at);
	else if (to->fault == STORM_SOURCE && storm_pick(s, 4) == 0)
		to->bytes[6] |= 1;	/* a group's MAC address */
	if (storm_pick(s, 2))
		mend_sums(to, at);
}

void
storm_next(struct storm *s, struct storm_frame *to)
{
	struct wire_out o;
	size_t at;

	if (s->npieces > 0 && storm_pick(s, 2)) {
		take_piece(s, to);
		return;
	}
	to->fault = (enum storm_fault)storm_pick(s, STORM_N);
	to->certain = faults[to->fault].certain;
	switch (to->fault) {
	case STORM_ARP:
		arp(s, to);
		return;
	case STORM_IP6:
		(storm_pick(s, 3) ? ip6_to_us : ip6)(s, to);
		return;
	case STORM_RUBBISH:
		rubbish(s, to);
		return;
	case STORM_FRAGMENTS:
		o = anybody(s);
		at = build(s, &o, to, 64);
		cut_up(s, to, at, false);
		if (s->npieces > 0)
			take_piece(s, to);
		return;
	default:
		break;
	}
	if (!to->certain) {
		uncertain(s, to);
		return;
	}
	o = anybody(s);
	at = build(s, &o, to, 0);
	spoil(s, to, at);
}

void
storm_aim(struct storm *s, const struct storm_target *target, struct storm_frame *to)
{
	struct wire_out o = one_of(s, target);
	size_t at;

	if (s->npieces > 0) {
		take_piece(s, to);
		return;
	}
	to->fault = (enum storm_fault)storm_pick(s, CERTAIN + 1);
	to->certain = true;
	if (to->fault == STORM_FRAGMENTS) {
		o.tcp_flags = TCP_ACK | TCP_PSH;
		at = build(s, &o, to, 64);
		cut_up(s, to, at, true);
		take_piece(s, to);
		return;
	}
	at = build(s, &o, to, 0);
	spoil(s, to, at);
}
