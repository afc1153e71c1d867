#include "tests/peers.h"

enum { OWN_TCP = 21, OWN_UDP = 53, FIRST_PORT = 40000 };

void
peers_init(struct peers *p)
{
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
		if (w.ethertype != ETHERTYPE_IP4 || w.proto != PROTO_TCP || w.tcp.flags & TCP_RST)
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
	const char *word = words[which % ARRAY_LEN(words)];
	size_t n = strlen(word), at = 0;

	for (unsigned i = 0; i <= (times == 7 ? 100u : times / 2u); i++) {
		if (at + n > 1400)
			break;
		memcpy(to + at, word, n);
		at += n;
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

bool
peers_step(struct peers *p, struct rig *r, struct reader *from)
{
	static const uint64_t waits_ms[] = { 0, 0, 0, 1, 5, 50, 250, 1100, 7000, 70000 };
	uint8_t who = rd_u8(from), kind = rd_u8(from), how_seq = rd_u8(from), how_ack = rd_u8(from),
	    pause = rd_u8(from), extra = rd_u8(from);
	uint32_t far = rd_be32(from);
	struct peer *peer = &p->peer[who % PEERS];
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = peer->port, .dport = OWN_TCP };
	uint8_t frame[PEER_FRAME], options[12] = { 1, 1, 8, 10 };
	size_t at, n, len;

	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	o.tcp_flags = kinds[kind % ARRAY_LEN(kinds)];
	o.seq = near(peer->seq, how_seq, far);
	o.ack = near(peer->ack, how_ack, far);
	o.win = extra & 1 ? 65535 : extra & 2 ? 0 : (uint16_t)(far >> 8);
	if (extra & 4) {
		store_be32(options + 4, peer->ts++ + (extra & 8 ? far : 0));
		store_be32(options + 8, far);
		o.options = options;
		o.noptions = sizeof options;
	}
	if (who >= 240) {
		o.proto = PROTO_UDP;
		o.dport = OWN_UDP;
	} else if (who >= 232) {
		o.proto = PROTO_ICMP;
		o.icmp_type = extra & 16 ? 8 : 3;
		o.icmp_code = extra & 16 ? 0 : 4;
		o.icmp_rest = far;
	}
	at = wire_header_bytes(&o);
	n = put_payload(frame + at, from);
	if (o.tcp_flags == TCP_SYN)
		n = 0;
	len = wire_build(&o, frame, sizeof frame, n);
	if (extra >= 248 && len > 20)		/* a flipped bit; the sums will not agree, the parser must hold */
		frame[far % len] ^= (uint8_t)(1u << (far >> 29));
	if (extra == 247)
		len -= far % len;
	if (from->bad)
		return false;
	rig_wait(r, waits_ms[pause % ARRAY_LEN(waits_ms)] * 1000000, false);
	rig_input(r, frame, (uint32_t)len);
	return true;
}
