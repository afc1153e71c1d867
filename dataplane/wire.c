#include "dataplane/wire.h"

#include "dataplane/wire_part.h"

enum { MAX_EXTENSIONS = 8 };
enum { IP6_HOP = 0, IP6_ROUTE = 43, IP6_FRAGMENT = 44, IP6_AUTH = 51, IP6_DEST = 60,
	IP6_MOBILITY = 135 };
enum { OPT_END, OPT_NOP, OPT_MSS, OPT_WSCALE, OPT_SACK_OK, OPT_SACK, OPT_TS = 8 };

static const char *const fault_names[WIRE_FAULTS] = {
	[WIRE_OK] = "ok",
	[WIRE_SHORT_LINK] = "short-link",
	[WIRE_NOT_IP] = "not-ip",
	[WIRE_SHORT_IP] = "short-ip",
	[WIRE_BAD_VERSION] = "bad-version",
	[WIRE_BAD_IHL] = "bad-ihl",
	[WIRE_CUT] = "cut",
	[WIRE_BAD_IP_SUM] = "bad-ip-sum",
	[WIRE_SHORT_L4] = "short-l4",
	[WIRE_BAD_OFFSET] = "bad-offset",
	[WIRE_BAD_UDP_LENGTH] = "bad-udp-length",
	[WIRE_BAD_L4_SUM] = "bad-l4-sum",
	[WIRE_BAD_ARP] = "bad-arp",
	[WIRE_BAD_EXTENSION] = "bad-extension",
};

const char *
wire_fault_name(enum wire_fault f)
{
	return (unsigned)f < WIRE_FAULTS ? fault_names[f] : "unknown";
}

/* Is the sum over the L4 bytes right? A cut packet cannot be judged. */
static inline bool
l4_sum_good(const struct wire *w, struct span s, bool pseudo)
{
	if (w->cut > 0)
		return true;
	return sum_fold(sum_span(s, pseudo ?
	    sum_pseudo(&w->src, &w->dst, w->proto, s.n) : 0)) == 0;
}

/* An option's body of n bytes; inline, so that of a known kind nothing is asked. */
static inline void
parse_tcp_option(struct wire_tcp *t, uint8_t kind, const uint8_t *p, size_t n)
{
	switch (kind) {
	case OPT_MSS:
		if (n != 2)
			return;
		t->has_mss = true;
		t->mss = load_be16(p);
		return;
	case OPT_WSCALE:
		if (n != 1)
			return;
		t->has_wscale = true;
		t->wscale = *p;
		return;
	case OPT_SACK_OK:
		t->has_sack_ok |= n == 0;
		return;
	case OPT_SACK:
		if (n == 0 || n % 8 != 0)
			return;
		t->nsack = 0;
		for (; n > 0 && t->nsack < ARRAY_LEN(t->sack); p += 8, n -= 8, t->nsack++) {
			t->sack[t->nsack].from = load_be32(p);
			t->sack[t->nsack].to = load_be32(p + 4);
		}
		return;
	case OPT_TS:
		if (n != 8)
			return;
		t->has_ts = true;
		t->ts_val = load_be32(p);
		t->ts_ecr = load_be32(p + 4);
		return;
	}
}

/* NOP NOP TS alone: RFC 7323 appendix A, and nearly every segment behind the SYN. */
static bool
is_timestamp_alone(const uint8_t *p, size_t n)
{
	return n == 12 && load_be32(p) == (OPT_NOP << 24 | OPT_NOP << 16 | OPT_TS << 8 | 10);
}

/* MSS SACK_OK TS NOP WSCALE: the SYN of Linux, and of most that are no tool. */
static bool
is_linux_syn(const uint8_t *p, size_t n)
{
	static const uint8_t is[8] = { OPT_MSS, 4, 0, 0, OPT_SACK_OK, 2, OPT_TS, 10 };
	static const uint8_t matters[8] = { 255, 255, 0, 0, 255, 255, 255, 255 };

	return n == 20 && (load_le64(p) & load_le64(matters)) == load_le64(is) &&
	    load_be32(p + 16) >> 8 == (OPT_NOP << 16 | OPT_WSCALE << 8 | 3);
}

/* RFC 9293 3.1: unknown kinds are skipped by their length; one that lies ends the list. */
static void
parse_tcp_options(struct wire_tcp *t, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	if (is_timestamp_alone(p, n)) {
		parse_tcp_option(t, OPT_TS, p + 4, 8);
		return;
	}
	if (is_linux_syn(p, n)) {
		parse_tcp_option(t, OPT_MSS, p + 2, 2);
		parse_tcp_option(t, OPT_SACK_OK, p + 6, 0);
		parse_tcp_option(t, OPT_TS, p + 8, 8);
		parse_tcp_option(t, OPT_WSCALE, p + 19, 1);
		return;
	}
	while (p < end && *p != OPT_END) {
		if (*p == OPT_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return;
		parse_tcp_option(t, p[0], p + 2, p[1] - 2u);
		p += p[1];
	}
}

static enum wire_fault
parse_tcp(struct wire *w, const uint8_t *p, size_t n, unsigned flags)
{
	struct wire_tcp *t = &w->tcp;
	size_t header;

	if (n < WIRE_TCP_HEADER)
		return WIRE_SHORT_L4;
	header = (p[12] >> 4) * 4u;
	w->sport = load_be16(p);
	w->dport = load_be16(p + 2);
	t->seq = load_be32(p + 4);
	t->ack = load_be32(p + 8);
	t->header = (uint8_t)header;
	t->flags = p[13];
	t->win = load_be16(p + 14);
	t->urgent = load_be16(p + 18);
	if (header < WIRE_TCP_HEADER || header > n)
		return WIRE_BAD_OFFSET;
	t->options = span_of(p + WIRE_TCP_HEADER, header - WIRE_TCP_HEADER);
	w->payload = span_of(p + header, n - header);
	if (flags & WIRE_CHECK_SUMS && !l4_sum_good(w, span_of(p, n), true))
		return WIRE_BAD_L4_SUM;
	parse_tcp_options(t, p + WIRE_TCP_HEADER, header - WIRE_TCP_HEADER);
	return WIRE_OK;
}

static enum wire_fault
parse_udp(struct wire *w, unsigned flags)
{
	struct reader r = reader_of(w->l4);
	uint16_t len, sum;

	w->sport = rd_be16(&r);
	w->dport = rd_be16(&r);
	len = rd_be16(&r);
	sum = rd_be16(&r);
	if (r.bad)
		return WIRE_SHORT_L4;
	if (len < WIRE_UDP_HEADER || len > w->l4.n + w->cut)
		return WIRE_BAD_UDP_LENGTH;
	w->l4 = span_sub(w->l4, 0, len);
	w->payload = span_sub(w->l4, WIRE_UDP_HEADER, SIZE_MAX);
	if (sum == UDP_NO_SUM)	/* RFC 768: none sent; RFC 8200 8.1 does not allow that */
		return addr_is_v4(&w->src) || !(flags & WIRE_CHECK_SUMS) ? WIRE_OK : WIRE_BAD_L4_SUM;
	if (flags & WIRE_CHECK_SUMS && !l4_sum_good(w, w->l4, true))
		return WIRE_BAD_L4_SUM;
	return WIRE_OK;
}

static enum wire_fault
parse_icmp(struct wire *w, unsigned flags)
{
	struct reader r = reader_of(w->l4);

	w->icmp_type = rd_u8(&r);
	w->icmp_code = rd_u8(&r);
	rd_be16(&r);
	w->icmp_id = rd_be16(&r);
	w->icmp_seq = rd_be16(&r);
	if (r.bad)
		return WIRE_SHORT_L4;
	w->payload = span_of(r.p, (size_t)(r.end - r.p));
	if (flags & WIRE_CHECK_SUMS && !l4_sum_good(w, w->l4, w->proto == PROTO_ICMP6))
		return WIRE_BAD_L4_SUM;
	return WIRE_OK;
}

/* p: the L4 header and all behind it, n bytes. Known here, they are not read back from where they were just written. */
static enum wire_fault
parse_l4(struct wire *w, const uint8_t *p, size_t n, bool fragment, unsigned flags)
{
	w->l4 = span_of(p, n);
	w->payload = span_of(p, n);
	if (fragment)
		return WIRE_OK;
	switch (w->proto) {
	case PROTO_TCP:
		return parse_tcp(w, p, n, flags);
	case PROTO_UDP:
		return parse_udp(w, flags);
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return parse_icmp(w, flags);
	}
	return WIRE_OK;
}

/* Without options, as nearly all are, it is three words. */
static inline bool
ip4_sum_good(const uint8_t *p, size_t ihl)
{
	uint64_t sum = sum_more(sum_more(load_le64(p), load_le64(p + 8)), load_le32(p + 16));

	return sum_fold(ihl == WIRE_IPV4_HEADER ? sum :
	    sum_span(span_of(p + WIRE_IPV4_HEADER, ihl - WIRE_IPV4_HEADER), sum)) == 0;
}

/* Trims w->ip to total bytes, or says how many of them are missing. */
static inline enum wire_fault
take_total(struct wire *w, size_t total, unsigned flags)
{
	if (total > w->ip.n) {
		if (!(flags & WIRE_ALLOW_CUT))
			return WIRE_CUT;
		w->cut = (uint32_t)(total - w->ip.n);
	}
	w->ip.n = MIN(w->ip.n, total);
	return WIRE_OK;
}

static enum wire_fault
parse_ip4(struct wire *w, unsigned flags)
{
	const uint8_t *p = w->ip.p;
	uint16_t total, frag, ihl;
	enum wire_fault f;

	if (w->ip.n > 0 && p[0] >> 4 != 4)
		return WIRE_BAD_VERSION;
	if (w->ip.n < WIRE_IPV4_HEADER)
		return WIRE_SHORT_IP;
	w->ihl = ihl = (p[0] & 15) * 4;
	w->tos = p[1];
	total = load_be16(p + 2);
	w->ip_id = load_be16(p + 4);
	frag = load_be16(p + 6);
	w->ttl = p[8];
	w->proto = p[9];
	w->src = addr_v4(load_be32(p + 12));
	w->dst = addr_v4(load_be32(p + 16));
	w->df = frag >> 14 & 1;
	w->more_fragments = frag >> 13 & 1;
	w->frag_offset = (uint16_t)((frag & 0x1fff) * 8);
	if (ihl < WIRE_IPV4_HEADER)
		return WIRE_BAD_IHL;
	if (total > 0 || !(flags & WIRE_ALLOW_CUT)) {
		if (total < WIRE_IPV4_HEADER)
			return WIRE_SHORT_IP;
		if (ihl > total)
			return WIRE_BAD_IHL;
		f = take_total(w, total, flags);
		if (f != WIRE_OK)
			return f;
	}
	if (ihl > w->ip.n)
		return WIRE_SHORT_IP;
	if (flags & WIRE_CHECK_SUMS && !ip4_sum_good(p, ihl))
		return WIRE_BAD_IP_SUM;
	return parse_l4(w, p + ihl, w->ip.n - ihl, frag & 0x3fff, flags);
}

/* Walks the extension headers up to the first that is none. RFC 8200 4; bounded by us. */
static enum wire_fault
parse_ip6_extensions(struct wire *w, uint8_t next, struct reader *r)
{
	for (int hops = 0;; hops++) {
		struct reader at = *r;	/* an unknown header is the payload, from its first byte */
		uint8_t after, len;
		uint16_t frag;

		w->proto = next;
		switch (next) {
		case IP6_HOP:
		case IP6_ROUTE:
		case IP6_DEST:
		case IP6_MOBILITY:
		case IP6_AUTH:
			after = rd_u8(r);
			len = rd_u8(r);
			/* AH counts in fours without the first two: RFC 4302 2.2 */
			rd_bytes(r, next == IP6_AUTH ? len * 4u + 6 : len * 8u + 6);
			break;
		case IP6_FRAGMENT:
			after = rd_u8(r);
			rd_u8(r);
			frag = rd_be16(r);
			w->ip_id = (uint16_t)rd_be32(r);
			w->more_fragments = frag & 1;
			w->frag_offset = frag & 0xfff8;
			break;
		default:
			*r = at;
			return WIRE_OK;
		}
		if (r->bad)
			return WIRE_SHORT_IP;
		if (hops == MAX_EXTENSIONS)
			return WIRE_BAD_EXTENSION;
		if (w->more_fragments || w->frag_offset > 0) {
			w->proto = after;
			return WIRE_OK;
		}
		next = after;
	}
}

static enum wire_fault
parse_ip6(struct wire *w, unsigned flags)
{
	struct reader r = reader_of(w->ip);
	uint32_t first = rd_be32(&r);
	uint16_t n = rd_be16(&r);
	uint8_t next = rd_u8(&r);
	struct span src, dst;
	enum wire_fault f;

	if (!r.bad && first >> 28 != 6)
		return WIRE_BAD_VERSION;
	w->tos = first >> 20 & 0xff;
	w->ttl = rd_u8(&r);
	src = rd_bytes(&r, sizeof w->src.b);
	dst = rd_bytes(&r, sizeof w->dst.b);
	if (r.bad)
		return WIRE_SHORT_IP;
	memcpy(w->src.b, src.p, src.n);
	memcpy(w->dst.b, dst.p, dst.n);
	if (n > 0 || !(flags & WIRE_ALLOW_CUT)) {
		f = take_total(w, WIRE_IPV6_HEADER + (size_t)n, flags);
		if (f != WIRE_OK)
			return f;
	}
	r.end = w->ip.p + w->ip.n;
	f = parse_ip6_extensions(w, next, &r);
	if (f != WIRE_OK)
		return f;
	w->ihl = (uint16_t)(r.p - w->ip.p);
	return parse_l4(w, r.p, (size_t)(r.end - r.p), w->more_fragments || w->frag_offset > 0, flags);
}

/* RFC 826, only IPv4 over Ethernet. */
static enum wire_fault
parse_arp(struct wire *w, struct reader *r)
{
	uint16_t hardware = rd_be16(r), protocol = rd_be16(r);
	uint8_t hlen = rd_u8(r), plen = rd_u8(r);
	struct span sha;

	w->arp_op = rd_be16(r);
	sha = rd_bytes(r, ETHER_ADDR);
	w->arp_spa = rd_be32(r);
	rd_bytes(r, ETHER_ADDR);
	w->arp_tpa = rd_be32(r);
	if (r->bad || hardware != ARP_ETHER || protocol != ETHERTYPE_IP4 ||
	    hlen != ETHER_ADDR || plen != 4)
		return WIRE_BAD_ARP;
	memcpy(w->arp_sha, sha.p, sha.n);
	return WIRE_OK;
}

static bool
is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN1 || ethertype == ETHERTYPE_QINQ ||
	    ethertype == ETHERTYPE_QINQ_OLD;
}

static enum wire_fault
parse_ethertype(struct wire *w, struct reader *r, unsigned flags)
{
	while (w->nvlan < MAX_VLANS && is_tag(w->ethertype)) {
		w->tpid[w->nvlan] = w->ethertype;
		w->vlan[w->nvlan++] = rd_be16(r) & 0x0fff;
		w->ethertype = rd_be16(r);
	}
	if (r->bad)
		return WIRE_SHORT_LINK;
	w->ip = span_of(r->p, (size_t)(r->end - r->p));
	switch (w->ethertype) {
	case ETHERTYPE_IP4:
		return parse_ip4(w, flags);
	case ETHERTYPE_IP6:
		return parse_ip6(w, flags);
	}
	w->ip.n = 0;
	return w->ethertype == ETHERTYPE_ARP4 ? parse_arp(w, r) : WIRE_NOT_IP;
}

/* The family of BSD loopback stands in the recording host's byte order, and AF_INET6 differs. */
static uint16_t
family_ethertype(uint32_t family)
{
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return ETHERTYPE_IP4;
	case 10: case 24: case 28: case 30:
		return ETHERTYPE_IP6;
	}
	return 0;
}

static void
rd_mac(uint8_t *to, struct reader *r)
{
	struct span s = rd_bytes(r, ETHER_ADDR);

	if (!r->bad)
		memcpy(to, s.p, s.n);
}

/* Leaves w->ethertype and the reader behind the link header. */
static void
parse_link(struct wire *w, struct reader *r)
{
	switch (w->link) {
	case WIRE_ETHER:
		rd_mac(w->dmac, r);
		rd_mac(w->smac, r);
		w->ethertype = rd_be16(r);
		return;
	case WIRE_SLL:		/* 2 type, 2 hardware, 2 length, 8 address, 2 protocol */
		rd_bytes(r, 6);
		rd_mac(w->smac, r);
		rd_be16(r);
		w->ethertype = rd_be16(r);
		return;
	case WIRE_SLL2:		/* 2 protocol, 2 zero, 4 index, 2 hardware, 1 type, 1 length, 8 address */
		w->ethertype = rd_be16(r);
		rd_bytes(r, 10);
		rd_mac(w->smac, r);
		rd_be16(r);
		return;
	case WIRE_NULL:
		w->ethertype = family_ethertype(rd_be32(r));
		return;
	case WIRE_RAW_IP:
		w->ethertype = r->p == r->end ? 0 : *r->p >> 4 == 4 ? ETHERTYPE_IP4 :
		    *r->p >> 4 == 6 ? ETHERTYPE_IP6 : 0;
		return;
	}
}

/* In pieces that a compiler writes with vectors; for the whole it takes an instruction that is slow to begin. */
static void
clear(struct wire *w)
{
	uint8_t *p = (uint8_t *)w;

	static_assert(sizeof *w > 3 * 64 && sizeof *w <= 4 * 64, "four pieces");
	memset(p, 0, 64);
	memset(p + 64, 0, 64);
	memset(p + 128, 0, 64);
	memset(p + 192, 0, sizeof *w - 192);
}

enum wire_fault
wire_parse(struct wire *w, enum wire_link link, struct span frame, unsigned flags)
{
	struct reader r = reader_of(frame);

	clear(w);
	w->link = link;
	if (link == WIRE_ETHER && frame.n >= WIRE_ETHER_HEADER && load_be16(frame.p + 12) == ETHERTYPE_IP4) {
		memcpy(w->dmac, frame.p, ETHER_ADDR);	/* nearly all frames: no tags */
		memcpy(w->smac, frame.p + ETHER_ADDR, ETHER_ADDR);
		w->ethertype = ETHERTYPE_IP4;
		w->ip = span_of(frame.p + WIRE_ETHER_HEADER, frame.n - WIRE_ETHER_HEADER);
		return parse_ip4(w, flags);
	}
	parse_link(w, &r);
	if (r.bad)
		return WIRE_SHORT_LINK;
	if (link == WIRE_RAW_IP && w->ethertype == 0)
		return frame.n == 0 ? WIRE_SHORT_IP : WIRE_BAD_VERSION;
	return parse_ethertype(w, &r, flags);
}
