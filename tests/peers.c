#include "tests/peers.h"

enum { OWN_UDP = 53, FIRST_PORT = 40000, PAYLOAD_MAX = 1400, IP_AT = WIRE_ETHER_HEADER, IP6_FRAGMENT = 44 };
/* who: what the frame is besides a segment of peer who % PEERS */
enum { WHO_FRAGMENTS = 208, WHO_CHANGED = 216, WHO_OTHER_PORT = 224, WHO_ICMP = 232, WHO_UDP = 240 };

static const uint16_t own_tcp[] = { 21, 22, 23, 9, 80, 65535 };

void
peers_init(struct peers *p, bool six)
{
	p->nrest = 0;
	p->six = six;
	for (unsigned i = 0; i < PEERS; i++)
		p->peer[i] = (struct peer){ .port = (uint16_t)(FIRST_PORT + i), .seq = i * 0x40000000u - 3000 };
}

void
peers_learn(struct peers *p, struct rig *r)
{
	struct rig_frame f;
	struct wire w;

	while (rig_take(r, &f)) {
		if (wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS) != WIRE_OK)
			__builtin_trap();	/* whatever comes in, what goes out is well formed */
		if (w.ethertype == ETHERTYPE_ARP4 || w.proto != PROTO_TCP || w.tcp.flags & TCP_RST)
			continue;
		if ((w.tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			__builtin_trap();	/* no SYN ever leaves */
		for (unsigned i = 0; i < PEERS; i++) {
			struct peer *peer = &p->peer[i];

			if (peer->port != w.dport)
				continue;
			peer->ack = w.tcp.seq + (uint32_t)w.payload.n +
			    !!(w.tcp.flags & (TCP_SYN | TCP_FIN));
			peer->seq = w.tcp.ack;
		}
	}
}

static const char *const words[] = { "GET\r\n", "ECHO abcdef\r\n", "BIG\r\n", "LATER\r\n", "BYE\r\n",
	"DROP\r\n", "nonsense\r\n", "GE", "T\r\n", "ECHO ", "\r\n", "HUSH\r\n", "GET\r\nGET\r\nECHO x\r\n", "" };
static const uint8_t kinds[] = { TCP_SYN, TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_PSH, TCP_ACK,
	TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_RST, TCP_ACK | TCP_PSH | TCP_FIN, TCP_ACK | TCP_URG,
	TCP_SYN | TCP_ACK, TCP_RST | TCP_ACK };

static size_t
put_payload(uint8_t *to, struct reader *from)
{
	uint8_t which = rd_u8(from), times = which >> 5;
	struct span word = { 0 };
	size_t at = 0;

	if (which % (ARRAY_LEN(words) + 1) < ARRAY_LEN(words))
		word = span_str(words[which % (ARRAY_LEN(words) + 1)]);
	else
		word = rd_bytes(from, MIN((size_t)rd_u8(from), (size_t)(from->end - from->p)));
	for (unsigned i = 0; i <= (times == 7 ? 100u : times / 2u) && word.n > 0; i++) {
		if (at + word.n > PAYLOAD_MAX)
			break;
		memcpy(to + at, word.p, word.n);
		at += word.n;
	}
	return at;
}

/* A number near base: mostly itself, else a little off, else far away. */
static uint32_t
near(uint32_t base, uint8_t how, uint32_t far)
{
	if (how < 160)
		return base;
	if (how < 240)
		return base + (uint32_t)(int32_t)(how - 200);
	return base + far;
}

/* What Linux offers, in part. */
static uint8_t
put_syn_options(uint8_t *to, uint8_t which, uint32_t ts)
{
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 }, sack_wscale[] = { 4, 2, 3, 3, 7, 1, 1, 1 };
	uint8_t n = 0;

	if (which & 8) {
		memcpy(to, mss, sizeof mss);
		n += (uint8_t)sizeof mss;
	}
	if (which & 16) {
		memcpy(to + n, sack_wscale, sizeof sack_wscale);
		n += (uint8_t)sizeof sack_wscale;
	}
	if (which & 4) {
		memcpy(to + n, (uint8_t[]){ 1, 1, 8, 10 }, 4);
		store_be32(to + n + 4, ts);
		store_be32(to + n + 8, 0);
		n += 12;
	}
	return n;
}

/* RFC 8200 8.1, where no extension stands before the L4 header. */
static void
repair_sum_six(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + IP_AT, *l4 = ip + WIRE_IPV6_HEADER, tail[8];
	unsigned at = ip[6] == PROTO_TCP ? 16 : ip[6] == PROTO_UDP ? 6 : 2;
	size_t n = load_be16(ip + 4);

	if (len < IP_AT + WIRE_IPV6_HEADER + n || n < at + 2)
		return;
	store_be32(tail, (uint32_t)n);
	store_be32(tail + 4, ip[6]);
	store_be16(l4 + at, 0);
	store_be16(l4 + at, wire_sum_fold(wire_sum(span_of(l4, n), wire_sum(span_of(tail, 8), wire_sum(span_of(ip + 8, 32), 0)))));
}

/* Sums that fit whatever the headers now say, where they say something possible. */
static void
repair_sums(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + IP_AT, *l4;
	size_t header, n;
	unsigned at;

	if (len < IP_AT + WIRE_IPV4_HEADER)
		return;
	header = (ip[0] & 15) * 4u;
	n = load_be16(ip + 2);
	if (header < WIRE_IPV4_HEADER || header > n || n > len - IP_AT)
		return;
	store_be16(ip + 10, 0);
	store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, header), 0)));
	l4 = ip + header;
	n -= header;
	at = ip[9] == PROTO_TCP ? 16 : ip[9] == PROTO_UDP ? 6 : 2;
	if (n < at + 2)
		return;
	store_be16(l4 + at, 0);
	if (ip[9] == PROTO_ICMP) {
		store_be16(l4 + at, wire_sum_fold(wire_sum(span_of(l4, n), 0)));
	} else {
		uint8_t pseudo[12] = { [9] = ip[9], [10] = (uint8_t)(n >> 8), [11] = (uint8_t)n };

		memcpy(pseudo, ip + 12, 8);
		store_be16(l4 + at, wire_sum_fold(wire_sum(span_of(l4, n), wire_sum(span_of(pseudo, 12), 0))));
	}
}

/* A few bytes of the frame become others; its sums fit again or do not. */
static void
change(uint8_t *frame, size_t len, struct reader *from)
{
	uint8_t how = rd_u8(from);

	for (unsigned i = 0; i <= how % 4u; i++) {
		size_t at = rd_be16(from) % len;

		frame[at] = rd_u8(from);
	}
	if (how < 0xc0 && len > IP_AT + WIRE_IPV6_HEADER && load_be16(frame + 12) == ETHERTYPE_IP6)
		repair_sum_six(frame, len);
	else if (how < 0xc0)
		repair_sums(frame, len);
}

/* Cuts the packet in two; returns the length of the part that comes first. */
static uint32_t
cut(struct peers *p, uint8_t *frame, uint32_t len, uint8_t how)
{
	enum { PAYLOAD_AT = IP_AT + WIRE_IPV4_HEADER };
	uint32_t head = 8u + how % 32 * 8u, n = len - PAYLOAD_AT;

	if (len <= PAYLOAD_AT + head)
		return len;
	p->nrest = len - head;
	memcpy(p->rest, frame, PAYLOAD_AT);
	memcpy(p->rest + PAYLOAD_AT, frame + PAYLOAD_AT + head, n - head);
	store_be16(p->rest + IP_AT + 2, (uint16_t)(p->nrest - IP_AT));
	store_be16(p->rest + IP_AT + 6, (uint16_t)(head / 8 - (how >= 0xf0)));	/* or they overlap */
	store_be16(frame + IP_AT + 2, (uint16_t)(WIRE_IPV4_HEADER + head));
	store_be16(frame + IP_AT + 6, 0x2000);
	for (int i = 0; i < 2; i++) {	/* L4 sums stay: they are of the whole */
		uint8_t *ip = (i == 0 ? frame : p->rest) + IP_AT;

		store_be16(ip + 10, 0);
		store_be16(ip + 10, wire_sum_fold(wire_sum(span_of(ip, WIRE_IPV4_HEADER), 0)));
	}
	return PAYLOAD_AT + head;
}

/* The same of IPv6, with a fragment header in each. */
static uint32_t
cut_six(struct peers *p, uint8_t *frame, uint32_t len, uint8_t how)
{
	enum { HEADER = 8, L4_AT = IP_AT + WIRE_IPV6_HEADER };
	uint32_t head = 8u + how % 32 * 8u, n = len - L4_AT, at = head - 8 * (how >= 0xf0);	/* or they overlap */

	if (len <= L4_AT + head || len + HEADER > PEER_FRAME)
		return len;
	memcpy(p->rest, frame, L4_AT);
	memcpy(p->rest + L4_AT + HEADER, frame + L4_AT + head, n - head);
	memmove(frame + L4_AT + HEADER, frame + L4_AT, head);
	for (int i = 0; i < 2; i++) {
		uint8_t *ip = (i == 0 ? frame : p->rest) + IP_AT;

		memcpy(ip + WIRE_IPV6_HEADER, (uint8_t[HEADER]){ ip[6], 0, i == 0 ? 0 : (uint8_t)(at >> 8),
			i == 0 ? 1 : (uint8_t)at, 0, 0, 0, how }, HEADER);
		ip[6] = IP6_FRAGMENT;
		store_be16(ip + 4, (uint16_t)(HEADER + (i == 0 ? head : n - head)));
	}
	p->nrest = L4_AT + HEADER + n - head;
	return L4_AT + HEADER + head;
}

/* Headers of which some say how long they are, and some lie; returns the frame's length. */
static uint32_t
extend(uint8_t *frame, uint32_t len, uint8_t how)
{
	static const uint8_t headers[] = { 60, 0, 43, 135, 51, 60, 59, 99 };
	uint8_t *ip = frame + IP_AT;

	if (len + 8 > PEER_FRAME)
		return len;
	memmove(ip + WIRE_IPV6_HEADER + 8, ip + WIRE_IPV6_HEADER, len - IP_AT - WIRE_IPV6_HEADER);
	memcpy(ip + WIRE_IPV6_HEADER, (uint8_t[]){ ip[6], how >= 0xf0, 1, 4, 0, 0, 0, 0 }, 8);
	ip[6] = headers[how % ARRAY_LEN(headers)];
	store_be16(ip + 4, (uint16_t)(load_be16(ip + 4) + 8));
	return len + 8;
}

/* The headers of a frame from who; far is what numbers are when they are far from right. */
static void
put_header(struct peer *peer, struct wire_out *o, uint8_t options[24], uint8_t who,
    uint8_t extra, uint32_t far)
{
	if (extra & 4) {
		memcpy(options, (uint8_t[]){ 1, 1, 8, 10 }, 4);
		store_be32(options + 4, peer->ts++ + (extra & 8 ? far : 0));
		store_be32(options + 8, far);
		o->noptions = 12;
	}
	if (o->tcp_flags == TCP_SYN)
		o->noptions = put_syn_options(options, extra, peer->ts);
	if (who >= WHO_UDP) {
		o->proto = PROTO_UDP;
		o->dport = OWN_UDP;
	} else if (who >= WHO_ICMP) {
		o->proto = addr_is_v4(&o->src) ? PROTO_ICMP : PROTO_ICMP6;
		o->icmp_type = extra & 16 ? 8 : 3;
		o->icmp_code = extra & 16 ? 0 : 4;
		if (o->proto == PROTO_ICMP6) {
			o->icmp_type = extra & 32 ? ICMP6_SOLICIT : extra & 16 ? ICMP6_ECHO : ICMP6_TOO_BIG;
			o->icmp_code = 0;
			o->ttl = extra & 1 ? 255 : 64;
		}
		o->icmp_rest = far;
	} else if (who >= WHO_OTHER_PORT) {
		o->dport = own_tcp[extra % ARRAY_LEN(own_tcp)];
	}
}

bool
peers_frame(struct peers *p, struct reader *from, uint64_t *wait_ns, uint8_t frame[PEER_FRAME],
    uint32_t *len)
{
	static const uint64_t waits_ms[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 5, 50, 250, 1100, 7000, 70000 };
	uint8_t options[24], who, kind, how_seq, how_ack, extra;
	struct wire_out o;
	struct peer *peer;
	uint32_t far;
	size_t at, n;

	if (p->nrest > 0) {
		memcpy(frame, p->rest, *len = p->nrest);
		p->nrest = 0;
		*wait_ns = 0;
		return true;
	}
	who = rd_u8(from);
	kind = rd_u8(from);
	how_seq = rd_u8(from);
	how_ack = rd_u8(from);
	*wait_ns = waits_ms[rd_u8(from) % ARRAY_LEN(waits_ms)] * 1000000;
	extra = rd_u8(from);
	far = rd_be32(from);
	peer = &p->peer[who % PEERS];
	o = (struct wire_out){ .src = p->six ? rig_map(RIG_CLIENT) : addr_v4(RIG_CLIENT),
		.dst = p->six ? rig_map(RIG_OWN) : addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = peer->port, .dport = own_tcp[0], .options = options,
		.tcp_flags = kinds[kind % ARRAY_LEN(kinds)], .seq = near(peer->seq, how_seq, far),
		.ack = near(peer->ack, how_ack, far),
		.win = extra & 1 ? 65535 : extra & 2 ? 0 : (uint16_t)(far >> 8) };
	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	put_header(peer, &o, options, who, extra, far);
	at = wire_header_bytes(&o);
	n = put_payload(frame + at, from);
	if (o.proto == PROTO_ICMP6 && o.icmp_type == ICMP6_SOLICIT) {
		struct addr wanted = rig_map(kind % 2 ? RIG_LINK : RIG_OWN);

		o.icmp_rest = 0;
		memcpy(frame + at, wanted.b, n = sizeof wanted.b);
	}
	if (o.tcp_flags == TCP_SYN)
		n = 0;
	*len = (uint32_t)wire_build(&o, frame, PEER_FRAME, n);
	if (p->six && extra % 8 == 7)
		*len = extend(frame, *len, extra);
	if (extra >= 248)		/* a flipped bit; the sums will not agree, the parser must hold */
		frame[far % *len] ^= (uint8_t)(1u << (far >> 29));
	if (extra == 247)
		*len -= far % *len;
	if (who >= WHO_CHANGED && who < WHO_OTHER_PORT)
		change(frame, *len, from);
	else if (who >= WHO_FRAGMENTS && who < WHO_CHANGED)
		*len = p->six ? cut_six(p, frame, *len, extra) : cut(p, frame, *len, extra);
	return !from->bad;
}

bool
peers_step(struct peers *p, struct rig *r, struct reader *from)
{
	uint8_t frame[PEER_FRAME];
	uint64_t wait_ns;
	uint32_t len;

	if (!peers_frame(p, from, &wait_ns, frame, &len))
		return false;
	rig_wait(r, wait_ns, false);
	rig_input(r, frame, len);
	return true;
}
