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
	return WIRE_ETHER_HEADER + 4u * o->nvlan +
	    (addr_is_v4(&o->src) ? WIRE_IPV4_HEADER : WIRE_IPV6_HEADER) + l4_header_bytes(o);
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

static uint8_t *
put_ip4(uint8_t *p, const struct wire_out *o, size_t total)
{
	p[0] = 0x45;
	p[1] = o->tos;
	store_be16(p + 2, (uint16_t)total);
	store_be16(p + 4, o->ip_id);
	store_be16(p + 6, o->df ? 0x4000 : 0);
	p[8] = o->ttl;
	p[9] = o->proto;
	store_be16(p + 10, 0);
	store_be32(p + 12, addr_to_v4(&o->src));
	store_be32(p + 16, addr_to_v4(&o->dst));
	store_be16(p + 10, wire_sum_fold(wire_sum(span_of(p, WIRE_IPV4_HEADER), 0)));
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

/* The L4 header before n bytes of header and payload, with its sum. */
static void
put_l4(uint8_t *p, const struct wire_out *o, size_t n)
{
	uint8_t *sum_at = p;
	uint64_t sum = o->proto == PROTO_ICMP ? 0 : wire_sum_pseudo(&o->src, &o->dst, o->proto, n);
	uint16_t folded;

	switch (o->proto) {
	case PROTO_TCP:
		assert(o->noptions % 4 == 0 && o->noptions <= 40);
		store_be16(p, o->sport);
		store_be16(p + 2, o->dport);
		store_be32(p + 4, o->seq);
		store_be32(p + 8, o->ack);
		p[12] = (uint8_t)((WIRE_TCP_HEADER + o->noptions) / 4 << 4);
		p[13] = o->tcp_flags;
		store_be16(p + 14, o->win);
		store_be32(p + 16, 0);
		if (o->noptions > 0)
			memcpy(p + WIRE_TCP_HEADER, o->options, o->noptions);
		sum_at = p + 16;
		break;
	case PROTO_UDP:
		store_be16(p, o->sport);
		store_be16(p + 2, o->dport);
		store_be16(p + 4, (uint16_t)n);
		store_be16(p + 6, 0);
		sum_at = p + 6;
		break;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		p[0] = o->icmp_type;
		p[1] = o->icmp_code;
		store_be16(p + 2, 0);
		store_be32(p + 4, o->icmp_rest);
		sum_at = p + 2;
		break;
	default:
		return;
	}
	folded = wire_sum_fold(wire_sum(span_of(p, n), sum));
	if (o->proto == PROTO_UDP && folded == UDP_NO_SUM)
		folded = 0xffff;	/* RFC 768 */
	store_be16(sum_at, folded);
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
	put_l4(p, o, l4_header_bytes(o) + n);
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
