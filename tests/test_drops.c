/* Every reason of DROPS happens: one case each, alone, so that the right counter moves and no other. */
#include "dataplane/expect.h"
#include "tests/cases.h"
#include "tests/rig.h"

enum { CLIENT_PORT = 4000, TCP_PORT = 21, CHANNEL_PORT = 20, UDP_PORT = 53, SILENT_PORT = 99, TS_BYTES = 12 };

static const uint8_t foreign[6] = { 2, 0, 0, 0, 0, 9 };

static struct wire_out
to_us(uint8_t proto, uint16_t port)
{
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = proto,
		.ttl = 64, .sport = CLIENT_PORT, .dport = port, .icmp_type = 8, .win = 1000 };

	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	return o;
}

static uint32_t
build(const struct wire_out *o, const char *payload, uint8_t frame[RIG_ROOM])
{
	memcpy(frame + wire_header_bytes(o), payload, strlen(payload));
	return (uint32_t)wire_build(o, frame, RIG_ROOM, strlen(payload));
}

static void
send(struct rig *r, const struct wire_out *o, const char *payload)
{
	uint8_t frame[RIG_ROOM];

	rig_input(r, frame, build(o, payload, frame));
}

/* A conversation that has begun; the next segment of o continues it. */
static struct wire_out
connected_to(struct rig *r, uint16_t port, uint16_t sport, const uint8_t *options)
{
	struct wire_out o = to_us(PROTO_TCP, port);
	struct rig_frame f;
	struct wire w;

	o.sport = sport;
	o.options = options;
	o.noptions = options != NULL ? TS_BYTES : 0;
	o.tcp_flags = TCP_SYN;
	r->nout = 0;
	send(r, &o, "");
	cr_assert(rig_take(r, &f));
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS), WIRE_OK);
	o.seq++;
	o.ack = w.tcp.seq + 1;
	o.tcp_flags = TCP_ACK;
	send(r, &o, "");
	return o;
}

static struct wire_out
connected(struct rig *r, uint16_t sport, const uint8_t *options)
{
	return connected_to(r, TCP_PORT, sport, options);
}

static void
none(struct rig *r)	/* what is as it should be counts nowhere */
{
	struct wire_out o = connected(r, CLIENT_PORT, NULL);

	send(r, &o, "GET\r\n");
}

static void
malformed(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);
	uint8_t frame[RIG_ROOM];
	uint32_t n = build(&o, "ping", frame);

	frame[n - 1] ^= 1;
	rig_input(r, frame, n);
}

static void
not_ours(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	memcpy(o.dmac, foreign, sizeof o.dmac);
	send(r, &o, "ping");
}

static void
martian(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	o.src = addr_v4(0x7f000001);
	send(r, &o, "ping");
}

static void
action(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, SILENT_PORT);

	send(r, &o, "ping");
}

static void
bad_cookie(struct rig *r)
{
	struct wire_out o = to_us(PROTO_TCP, TCP_PORT);

	o.seq = 5;
	o.ack = 77;
	o.tcp_flags = TCP_ACK;
	send(r, &o, "GET\r\n");
}

static void
out_of_window(struct rig *r)
{
	struct wire_out o = connected(r, CLIENT_PORT, NULL);

	o.seq += 1u << 24;
	send(r, &o, "GET\r\n");
}

static void
paws(struct rig *r)
{
	static const uint8_t now[TS_BYTES] = { 1, 1, 8, 10, 0, 0, 1, 0 };
	static const uint8_t before[TS_BYTES] = { 1, 1, 8, 10, 0, 0, 0, 255 };
	struct wire_out o = connected(r, CLIENT_PORT, now);

	o.options = before;
	send(r, &o, "GET\r\n");
}

static void
recently_closed(struct rig *r)
{
	struct wire_out o = connected(r, CLIENT_PORT, NULL);

	o.tcp_flags = TCP_ACK | TCP_RST;
	send(r, &o, "");
	o.tcp_flags = TCP_ACK;
	send(r, &o, "");
}

static void
ratio(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	send(r, &o, "long");
}

static void
rate(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, SILENT_PORT);

	rig_service(r, PROTO_UDP, SILENT_PORT, ACTION_RESET, 0);
	send(r, &o, "once");
	send(r, &o, "and at once again");
}

static void
no_flow(struct rig *r)
{
	struct wire_out o = to_us(PROTO_TCP, TCP_PORT);

	o.tcp_flags = TCP_RST;
	send(r, &o, "");
}

/* Every conversation has its own way back, and there are 256 of those. */
static void
table_full(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	for (uint16_t i = 0; i < 1000 && stack_counters(r->s)->drop[DROP_TABLE_FULL] == 0; i++) {
		o.sport++;
		o.smac[4] = (uint8_t)(i >> 8);
		o.smac[5] = (uint8_t)i;
		send(r, &o, "echo x");
	}
}

static void
no_talk(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	for (uint32_t i = 0; i <= r->c.talks; i++) {
		o.sport++;
		send(r, &o, "ping");
	}
}

static void
no_hold(struct rig *r)
{
	for (uint16_t i = 0; i <= r->c.holds; i++) {
		struct wire_out o = connected(r, (uint16_t)(CLIENT_PORT + i), NULL);

		send(r, &o, "half a mess");
	}
}

/* One conversation of the pair more than there are places for what it expects. */
static void
no_channel(struct rig *r)
{
	for (uint16_t i = 0; i <= EXPECT_WAYS; i++) {
		struct wire_out o = connected_to(r, CHANNEL_PORT, (uint16_t)(CLIENT_PORT + i), NULL);

		send(r, &o, "EPSV\r\n");
	}
}

/* The first answer leaves in the frame that came in, the second has none. */
static void
no_frame(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);

	r->no_frames = true;
	send(r, &o, "two");
}

static void
fragment(struct rig *r)
{
	struct wire_out o = to_us(PROTO_UDP, UDP_PORT);
	uint8_t frame[RIG_ROOM], *ip = frame + 14;
	uint32_t n = build(&o, "a word of 32 bytes, eight times 4", frame) - 1;
	uint16_t sum;

	ip[3]--;		/* a multiple of eight, and more to come */
	ip[6] = 0x20;
	ip[10] = ip[11] = 0;
	sum = wire_sum_fold(wire_sum(span_of(ip, 20), 0));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	rig_input(r, frame, n);
}

static void
unhandled(struct rig *r)
{
	struct wire_out o = to_us(47, 0);

	send(r, &o, "GRE");
}

static const struct {
	void (*happens)(struct rig *r);
} drops[DROP_N] = {
	[DROP_NONE] = { none },
	[DROP_MALFORMED] = { malformed },
	[DROP_NOT_OURS] = { not_ours },
	[DROP_MARTIAN] = { martian },
	[DROP_ACTION] = { action },
	[DROP_BAD_COOKIE] = { bad_cookie },
	[DROP_OUT_OF_WINDOW] = { out_of_window },
	[DROP_PAWS] = { paws },
	[DROP_RECENTLY_CLOSED] = { recently_closed },
	[DROP_RATIO] = { ratio },
	[DROP_RATE] = { rate },
	[DROP_NO_FLOW] = { no_flow },
	[DROP_TABLE_FULL] = { table_full },
	[DROP_NO_TALK] = { no_talk },
	[DROP_NO_CHANNEL] = { no_channel },
	[DROP_NO_HOLD] = { no_hold },
	[DROP_NO_FRAME] = { no_frame },
	[DROP_FRAGMENT] = { fragment },
	[DROP_UNHANDLED] = { unhandled },
};

/* A reason that stack.h gains lacks its row, and fails here. */
EACH_CASE(drops, each_reason_happens_and_moves_its_counter_alone, drops)
{
	struct rig r;

	cr_assert_not_null(drops[*i].happens, "no case for the drop reason %s", drop_name((enum drop)*i));
	rig_init(&r);
	rig_service(&r, PROTO_TCP, TCP_PORT, ACTION_ANSWER, rig_model(&r, "talk-small"));
	rig_service(&r, PROTO_TCP, CHANNEL_PORT, ACTION_ANSWER, rig_model(&r, "channel"));
	rig_service(&r, PROTO_UDP, UDP_PORT, ACTION_ANSWER, rig_model(&r, "udp-small"));
	rig_service(&r, PROTO_UDP, SILENT_PORT, ACTION_SILENT, 0);
	r.c.flows = *i == DROP_TABLE_FULL ? 1024 : 256;
	r.c.talks = *i == DROP_NO_TALK ? 4 : 0;
	r.c.holds = 64;
	rig_start(&r);
	drops[*i].happens(&r);
	for (size_t d = 0; d < DROP_N; d++)
		cr_expect_eq(stack_counters(r.s)->drop[d], d == *i && d != DROP_NONE, "%s: %s %llu times",
		    drop_name((enum drop)*i), drop_name((enum drop)d),
		    (unsigned long long)stack_counters(r.s)->drop[d]);
	stack_check(r.s);
	cr_expect_eq(r.frames, 0);
	rig_fini(&r);
}
