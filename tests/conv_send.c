#include "tests/conv_inside.h"

/* The frame's IP header is at ip; makes its sum new. */
static void
sum_ip(uint8_t *ip)
{
	memset(ip + 10, 0, 2);
	store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, (ip[0] & 15u) * 4u), 0)));
}

/* Writes into ip that the n bytes behind its headers are those from at on; returns the bytes of all headers. */
static size_t
say_fragment(uint8_t *ip, bool six, size_t n, size_t at, bool more)
{
	enum { FRAGMENT = 44, FRAGMENT_HEADER = 8 };

	if (!six) {
		store_be16(ip + 2, (uint16_t)(WIRE_IPV4_HEADER + n));
		store_be16(ip + 4, 0x77);
		store_be16(ip + 6, (uint16_t)(at / 8 | (more ? 0x2000 : 0)));
		sum_ip(ip);
		return WIRE_IPV4_HEADER;
	}
	memcpy(ip + WIRE_IPV6_HEADER, (uint8_t[]){ ip[6], 0, (uint8_t)(at >> 8), (uint8_t)(at | more), 0, 0, 0, 0x77 }, 8);
	ip[6] = FRAGMENT;
	store_be16(ip + 4, (uint16_t)(FRAGMENT_HEADER + n));
	return WIRE_IPV6_HEADER + FRAGMENT_HEADER;
}

static void
send_fragments(struct conv *c, const struct spec *p, const uint8_t *frame, size_t len, size_t l2)
{
	size_t header = l2 + wire_ip_header(&p->o.src), body = len - header, piece = (size_t)p->split & ~7u;
	size_t count = (body + piece - 1) / piece;

	for (size_t i = 0; i < count; i++) {
		size_t k = p->reversed ? count - 1 - i : i, at = k * piece, n = MIN(piece, body - at), to;
		uint8_t b[RIG_ROOM];

		if (p->gap && k == 0)
			continue;
		if (p->overlap && k == 1) {
			at -= 8;
			n += 8;
		}
		memcpy(b, frame, header);
		to = l2 + say_fragment(b + l2, !addr_is_v4(&p->o.src), n, at, at + n < body);
		memcpy(b + to, frame + header + at, n);
		rig_input(&c->rig, b, (uint32_t)(to + n));
	}
}

static void
send_arp(struct conv *c, const struct spec *p)
{
	uint8_t b[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	size_t at = 12;

	memcpy(b + 6, rig_router, 6);
	for (int i = 0; i < c->nvlan; i++, at += 4) {
		store_be16(b + at, ETHERTYPE_VLAN1);
		store_be16(b + at + 2, c->vlan[i]);
	}
	store_be16(b + at, ETHERTYPE_ARP4);
	memcpy(b + at + 2, "\0\1\10\0\6\4\0\1", 8);
	memcpy(b + at + 10, rig_router, 6);
	store_be32(b + at + 16, 0xc0000201);
	store_be32(b + at + 26, p->arp_target);
	rig_input(&c->rig, b, sizeof b);
}

/* The same question in IPv6, to the group of those whose addresses end alike: RFC 4861 4.3. */
static void
send_solicitation(struct conv *c, const struct spec *p)
{
	static const uint8_t group[13] = { 0xff, 2, [11] = 1, [12] = 0xff };
	struct addr target = conv_addr(c, p->arp_target);
	struct wire_out o = { .src = conv_addr(c, 0xc0000201), .proto = PROTO_ICMP6, .icmp_type = ICMP6_SOLICIT,
		.ttl = (uint8_t)(p->ttl == 64 ? 255 : p->ttl), .dmac = { 0x33, 0x33, 0xff }, .nvlan = c->nvlan };
	uint8_t b[RIG_ROOM];
	size_t at = wire_header_bytes(&o);

	memcpy(o.dst.b, group, sizeof group);
	memcpy(o.dst.b + 13, target.b + 13, 3);
	memcpy(o.dmac + 3, target.b + 13, 3);
	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.vlan, c->vlan, sizeof c->vlan);
	memcpy(b + at, target.b, sizeof target.b);
	memcpy(b + at + 16, (uint8_t[]){ 1, 1 }, 2);
	memcpy(b + at + 18, rig_router, 6);
	rig_input(&c->rig, b, (uint32_t)wire_build(&o, b, sizeof b, 24));
}

/* The IP header and 8 bytes of a segment of ours, as a router would quote them. */
static size_t
write_quote(struct conv *c, const struct spec *p, uint8_t *to)
{
	struct wire_out o = { .src = conv_addr(c, c->own), .dst = conv_addr(c, c->client), .proto = PROTO_TCP,
		.sport = conv_conn(c, p->port)->own_port, .dport = p->port, .seq = p->quote_seq };

	if (c->six) {
		uint8_t b[RIG_ROOM];

		wire_build(&o, b, sizeof b, 0);
		memcpy(to, b + WIRE_ETHER_HEADER, 48);
		return 48;
	}
	memset(to, 0, 28);
	to[0] = 0x45;
	to[9] = PROTO_TCP;
	store_be32(to + 12, c->own);
	store_be32(to + 16, c->client);
	store_be16(to + 20, conv_conn(c, p->port)->own_port);
	store_be16(to + 22, p->port);
	store_be32(to + 24, p->quote_seq);
	return 28;
}

int
conv_send(struct conv *c)
{
	static struct spec p;
	static uint8_t frame[PAYLOAD + 100];
	size_t at, len, l2;

	if (c->rig.nout > 0)
		return conv_fail(c, "something was sent that no line expects");
	if (conv_read_spec(c, &p, false) < 0)
		return -1;
	if (p.arp) {
		if (c->six)
			send_solicitation(c, &p);
		else
			send_arp(c, &p);
		return 0;
	}
	p.o.src = conv_addr(c, p.src);
	p.o.dst = conv_addr(c, p.dst);
	p.o.sport = p.port;
	p.o.dport = conv_conn(c, p.port)->own_port;
	p.o.ttl = (uint8_t)p.ttl;
	p.o.nvlan = c->nvlan;
	memcpy(p.o.vlan, c->vlan, sizeof c->vlan);
	memcpy(p.o.smac, rig_router, 6);
	memcpy(p.o.dmac, rig_mac, 6);
	if (p.foreign)
		p.o.dmac[5] = 99;
	if (p.o.proto == PROTO_TCP && !p.has_seq)
		p.o.seq = conv_conn(c, p.port)->isn;
	if (p.noptions > 0) {
		while (p.noptions % 4 != 0)
			p.options[p.noptions++] = 0;
		p.o.options = p.options;
		p.o.noptions = (uint8_t)p.noptions;
	}
	if (p.quoting && !p.has_payload)
		p.n = write_quote(c, &p, p.payload);
	at = wire_header_bytes(&p.o);
	memcpy(frame + at, p.payload, p.n);
	len = wire_build(&p.o, frame, sizeof frame, p.n);
	if (len == 0)
		return conv_fail(c, "this packet cannot be built");
	l2 = WIRE_ETHER_HEADER + 4u * c->nvlan;
	if (p.ip_options) {		/* four no-operations */
		memmove(frame + l2 + 24, frame + l2 + 20, len - l2 - 20);
		memset(frame + l2 + 20, 1, 4);
		frame[l2] = 0x46;
		store_be16(frame + l2 + 2, (uint16_t)(len - l2 + 4));
		sum_ip(frame + l2);
		len += 4;
	}
	if (p.offset > 0)
		frame[l2 + wire_ip_header(&p.o.src) + 12] = (uint8_t)((p.offset - 1) << 4);
	if (p.bad_sum)
		frame[len - 1] ^= 1;
	if (p.bad_ip_sum)
		frame[l2 + 10] ^= 1;
	if (p.no_sum)
		memset(frame + l2 + wire_ip_header(&p.o.src) + 6, 0, 2);
	memset(frame + len, 0, (size_t)p.pad);
	len += (size_t)p.pad - (size_t)p.cut;
	if (p.split > 0)
		send_fragments(c, &p, frame, len, l2);
	else
		rig_input(&c->rig, frame, (uint32_t)len);
	stack_check(c->rig.s);
	return 0;
}
