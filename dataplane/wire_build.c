/* Frames of our own: headers around a payload, and ARP replies. */
#include "dataplane/wire.h"

#include "dataplane/wire_part.h"

static size_t
l4_header_bytes(const struct wire_out *o)
{
	switch (o->proto) {
	case PROTO_TCP:
		return WIRE_TCP_HEADER + (size_t)o->noptions;
	case PROTO_UDP:
		return WIRE_UDP_HEADER;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return WIRE_ICMP_HEADER;
	}
	return 0;
}

size_t
wire_header_bytes(const struct wire_out *o)
{
	return WIRE_ETHER_HEADER + 4u * o->nvlan + wire_ip_header(&o->src) + l4_header_bytes(o);
}

/* Link header with its tags; returns what follows. */
static uint8_t *
put_link(uint8_t *p, const uint8_t *dmac, const uint8_t *smac, const uint16_t *vlan,
    const uint16_t *tpid, unsigned nvlan, uint16_t ethertype)
{
	assert(nvlan <= MAX_VLANS);
	memcpy(p, dmac, ETHER_ADDR);
	memcpy(p + ETHER_ADDR, smac, ETHER_ADDR);
	p += 2 * ETHER_ADDR;
	for (unsigned i = 0; i < nvlan; i++, p += 4) {
		store_be16(p, tpid[i] != 0 ? tpid[i] :
		    i + 1 < nvlan ? ETHERTYPE_QINQ : ETHERTYPE_VLAN1);
		store_be16(p + 2, vlan[i]);
	}
	store_be16(p, ethertype);
	return p + 2;
}

/* Words are made and summed in registers and stored whole: bytes just stored are read again late. */
static inline void
put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

/* As 16 bits of a word that lies in network order. */
static inline uint64_t
net16(uint16_t v, unsigned at)
{
	return (uint64_t)__builtin_bswap16(v) << at;
}

static inline uint64_t
net32(uint32_t v, unsigned at)
{
	return (uint64_t)__builtin_bswap32(v) << at;
}

static uint8_t *
put_ip4(uint8_t *p, const struct wire_out *o, size_t total)
{
	uint64_t a = 0x45 | (uint64_t)o->tos << 8 | net16((uint16_t)total, 16) | net16(o->ip_id, 32) |
	    net16(o->df ? 0x4000 : 0, 48);
	uint64_t b = o->ttl | (uint64_t)o->proto << 8 | net32(addr_to_v4(&o->src), 32);
	uint32_t c = (uint32_t)net32(addr_to_v4(&o->dst), 0);

	put64(p, a);
	put64(p + 8, b | net16(sum_fold(sum_more(sum_more(c, a), b)), 16));
	put32(p + 16, c);
	return p + WIRE_IPV4_HEADER;
}

static uint8_t *
put_ip6(uint8_t *p, const struct wire_out *o, size_t total)
{
	store_be32(p, 6u << 28 | (uint32_t)o->tos << 20);
	store_be16(p + 4, (uint16_t)(total - WIRE_IPV6_HEADER));
	p[6] = o->proto;
	p[7] = o->ttl;
	memcpy(p + 8, o->src.b, sizeof o->src.b);
	memcpy(p + 24, o->dst.b, sizeof o->dst.b);
	return p + WIRE_IPV6_HEADER;
}

/* Headers of L4 before n bytes of payload that sum to sum, with the pseudo header. */
static void
put_tcp(uint8_t *p, const struct wire_out *o, uint64_t sum)
{
	uint64_t a = net16(o->sport, 0) | net16(o->dport, 16) | net32(o->seq, 32);
	uint64_t b = net32(o->ack, 0) | (uint64_t)((WIRE_TCP_HEADER + o->noptions) / 4 << 4) << 32 |
	    (uint64_t)o->tcp_flags << 40 | net16(o->win, 48);
	uint64_t words = 0;

	assert(o->noptions % 4 == 0 && o->noptions <= 40);
	for (size_t i = 0; i < o->noptions; i += 4) {	/* as they were written, or each read waits */
		uint32_t word = load_le32(o->options + i);

		put32(p + WIRE_TCP_HEADER + i, word);
		words += word;
	}
	sum = sum_more(sum_more(sum_more(sum, a), b), words);
	put64(p, a);
	put64(p + 8, b);
	put32(p + 16, (uint32_t)net16(sum_fold(sum), 0));
}

static void
put_udp(uint8_t *p, const struct wire_out *o, size_t n, uint64_t sum)
{
	uint64_t a = net16(o->sport, 0) | net16(o->dport, 16) | net16((uint16_t)(WIRE_UDP_HEADER + n), 32);
	uint16_t folded = sum_fold(sum_more(sum, a));

	put64(p, a | net16(folded == UDP_NO_SUM ? 0xffff : folded, 48));	/* RFC 768 */
}

static void
put_icmp(uint8_t *p, const struct wire_out *o, uint64_t sum)
{
	uint64_t a = o->icmp_type | (uint64_t)o->icmp_code << 8 | net32(o->icmp_rest, 32);

	put64(p, a | net16(sum_fold(sum_more(sum, a)), 16));
}

static void
put_l4(uint8_t *p, const struct wire_out *o, size_t n)
{
	size_t header = l4_header_bytes(o);
	uint64_t sum = o->proto == PROTO_ICMP ? 0 : sum_pseudo(&o->src, &o->dst, o->proto, header + n);

	if (header == 0)
		return;
	if (n > 0)
		sum = sum_span(span_of(p + header, n), sum);
	switch (o->proto) {
	case PROTO_TCP:
		put_tcp(p, o, sum);
		break;
	case PROTO_UDP:
		put_udp(p, o, n, sum);
		break;
	default:
		put_icmp(p, o, sum);
	}
}

size_t
wire_build(const struct wire_out *o, uint8_t *frame, size_t room, size_t n)
{
	size_t headers = wire_header_bytes(o);
	bool v4 = addr_is_v4(&o->src);
	size_t total = headers - WIRE_ETHER_HEADER - 4u * o->nvlan + n;
	uint8_t *p;

	if (headers > room || n > room - headers || total > UINT16_MAX)
		return 0;
	p = put_link(frame, o->dmac, o->smac, o->vlan, o->tpid, o->nvlan,
	    v4 ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
	p = v4 ? put_ip4(p, o, total) : put_ip6(p, o, total);
	put_l4(p, o, n);
	return headers + n;
}

size_t
wire_build_arp(const struct wire *request, const uint8_t is_at[6], uint8_t *frame, size_t room)
{
	size_t n = WIRE_ETHER_HEADER + 4u * request->nvlan + WIRE_ARP_PACKET;
	uint8_t *p;

	if (room < n)
		return 0;
	p = put_link(frame, request->smac, is_at, request->vlan, request->tpid, request->nvlan,
	    ETHERTYPE_ARP4);
	store_be16(p, ARP_ETHER);
	store_be16(p + 2, ETHERTYPE_IP4);
	p[4] = ETHER_ADDR;
	p[5] = 4;
	store_be16(p + 6, ARP_REPLY);
	memcpy(p + 8, is_at, ETHER_ADDR);
	store_be32(p + 14, request->arp_tpa);
	memcpy(p + 18, request->arp_sha, ETHER_ADDR);
	store_be32(p + 24, request->arp_spa);
	return n;
}
