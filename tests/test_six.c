/* What is of IPv6 only; everything else is a twin of what IPv4 does: docs/conversations.md. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/inside.h"
#include "tests/cases.h"
#include "tests/rig.h"

enum { EXTENSIONS = 16 };

static struct rig rig;

static void
open_rig(void)
{
	rig_init(&rig);
	rig_six(&rig);
	rig_service(&rig, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&rig, "talk-small"));
	rig_start(&rig);
}

static void
close_rig(void)
{
	rig_fini(&rig);
}

static struct wire_out
from_client(uint8_t proto)
{
	struct wire_out o = { .src = rig_map(RIG_CLIENT), .dst = rig_map(RIG_OWN), .proto = proto, .ttl = 64,
		.sport = 40000, .dport = 21, .tcp_flags = TCP_SYN, .seq = 7, .icmp_type = ICMP6_ECHO };

	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	return o;
}

static void
send(const struct wire_out *o, size_t payload)
{
	uint8_t b[RIG_ROOM] = { 0 };

	rig_input(&rig, b, (uint32_t)wire_build(o, b, sizeof b, payload));
	stack_check(rig.s);
}

static const struct {
	const char *what, *src;
	unsigned answers;
} sources[] = {
	{ "an honest one", "2001:db8:cb00:7100::5", 1 },
	{ "a link-local neighbour", "fe80::1", 1 },
	{ "nobody", "::", 0 },
	{ "ourselves, looped", "::1", 0 },
	{ "a group", "ff02::1", 0 },
	{ "an IPv4 address in disguise", "::ffff:203.0.113.5", 0 },
	{ "an address of ours", "2001:db8:c613:9900::9", 0 },
};

EACH_CASE(six, answers_only_what_has_an_honest_source, sources)
{
	struct wire_out o = from_client(PROTO_TCP);
	uint8_t b[RIG_ROOM] = { 0 };
	struct addr src;
	size_t n;

	open_rig();
	n = wire_build(&o, b, sizeof b, 0);
	cr_assert_eq(addr_parse(&src, sources[*i].src), 0);
	memcpy(b + WIRE_ETHER_HEADER + 8, src.b, sizeof src.b);
	rig.s->c.trust_sums = true;	/* the sum is of another address */
	rig_input(&rig, b, (uint32_t)n);
	cr_expect_eq(rig.nout, sources[*i].answers, "%s", sources[*i].what);
	cr_expect_eq(stack_counters(rig.s)->drop[DROP_MARTIAN], 1 - sources[*i].answers);
	close_rig();
}

/* Answered, it would be in IPv4, to whomever the last four bytes of the source name. */
Test(six, an_ipv4_address_of_ours_in_disguise_is_not_answered)
{
	struct wire_out o = from_client(PROTO_TCP);
	uint8_t b[RIG_ROOM] = { 0 };
	struct addr own = addr_v4(RIG_OWN);
	size_t n;

	open_rig();
	rig.s->c.trust_sums = true;	/* the sum is of another address */
	for (int udp = 0; udp < 2; udp++) {
		o.proto = udp ? PROTO_UDP : PROTO_TCP;
		n = wire_build(&o, b, sizeof b, 0);
		memcpy(b + WIRE_ETHER_HEADER + 24, own.b, sizeof own.b);
		rig_input(&rig, b, (uint32_t)n);
	}
	cr_expect_eq(rig.nout, 0);
	cr_expect_eq(stack_counters(rig.s)->drop[DROP_MARTIAN], 2);
	close_rig();
}

/* Extension headers between IP and TCP, eight bytes each; RFC 8200 4. */
static const struct {
	const char *what;
	uint8_t kinds[EXTENSIONS];
	unsigned answers;
} chains[] = {
	{ "none", { 0 }, 1 },
	{ "options for every hop", { 255 }, 1 },	/* 255 stands for 0 */
	{ "options for us, twice", { 60, 60 }, 1 },
	{ "hop by hop, routing, destination", { 255, 43, 60 }, 1 },
	{ "eight", { 255, 60, 60, 60, 60, 60, 60, 60 }, 1 },
	{ "one too many", { 255, 60, 60, 60, 60, 60, 60, 60, 60, 60 }, 0 },
	{ "a header nobody knows", { 253 }, 0 },
};

EACH_CASE(six, looks_behind_extension_headers, chains)
{
	struct wire_out o = from_client(PROTO_TCP);
	uint8_t b[RIG_ROOM] = { 0 }, *ip = b + WIRE_ETHER_HEADER, *next = ip + 6;
	size_t n, count = 0, at;

	open_rig();
	n = wire_build(&o, b, sizeof b, 0);
	while (chains[*i].kinds[count] != 0)
		count++;
	memmove(ip + WIRE_IPV6_HEADER + 8 * count, ip + WIRE_IPV6_HEADER, n - WIRE_ETHER_HEADER - WIRE_IPV6_HEADER);
	store_be16(ip + 4, (uint16_t)(load_be16(ip + 4) + 8 * count));
	for (size_t k = 0; k < count; k++) {
		*next = chains[*i].kinds[k] == 255 ? 0 : chains[*i].kinds[k];
		at = WIRE_IPV6_HEADER + 8 * k;
		memset(ip + at, 0, 8);
		ip[at + 2] = 1;		/* PadN over the rest */
		ip[at + 3] = 4;
		next = ip + at;
	}
	*next = PROTO_TCP;
	rig_input(&rig, b, (uint32_t)(n + 8 * count));
	cr_expect_eq(rig.nout, chains[*i].answers, "%s", chains[*i].what);
	close_rig();
}

Test(six, an_unknown_protocol_and_fragments_are_counted)
{
	struct wire_out o = from_client(PROTO_TCP);
	uint8_t b[RIG_ROOM] = { 0 }, *ip = b + WIRE_ETHER_HEADER;
	size_t n;

	open_rig();
	n = wire_build(&o, b, sizeof b, 0);
	ip[6] = PROTO_ICMP;		/* is of IPv4 */
	rig_input(&rig, b, (uint32_t)n);
	memmove(ip + WIRE_IPV6_HEADER + 8, ip + WIRE_IPV6_HEADER, n - WIRE_ETHER_HEADER - WIRE_IPV6_HEADER);
	store_be16(ip + 4, (uint16_t)(load_be16(ip + 4) + 8));
	ip[6] = 44;
	memcpy(ip + WIRE_IPV6_HEADER, (uint8_t[]){ PROTO_TCP, 0, 0, 1, 0, 0, 0, 9 }, 8);
	rig_input(&rig, b, (uint32_t)(n + 8));
	cr_expect_eq(stack_counters(rig.s)->drop[DROP_FRAGMENT], 1);
	cr_expect_eq(rig.nout, 0);
	close_rig();
}

static const struct {
	const char *what, *src, *target;
	uint8_t hops;
	unsigned answers;
} questions[] = {
	{ "the link address", "fe80::1", "2001:db8:c000:200::c000:202", 255, 1 },
	{ "through a router", "fe80::1", "2001:db8:c000:200::c000:202", 254, 0 },
	{ "a routed address", "fe80::1", "2001:db8:c613:1::1", 255, 0 },
	{ "somebody else's", "fe80::1", "2001:db8::9", 255, 0 },
	{ "a group", "ff02::1", "2001:db8:c000:200::c000:202", 255, 0 },
	{ "who has it himself", "2001:db8:c000:200::c000:202", "2001:db8:c000:200::c000:202", 255, 0 },
	{ "who tries it out for himself", "::", "2001:db8:c000:200::c000:202", 255, 0 },
};

EACH_CASE(six, a_neighbour_is_answered, questions)
{
	struct wire_out o = from_client(PROTO_ICMP6);
	uint8_t b[RIG_ROOM] = { 0 };
	struct addr target;

	open_rig();
	cr_assert(addr_parse(&o.src, questions[*i].src) == 0 && addr_parse(&target, questions[*i].target) == 0);
	o.icmp_type = ICMP6_SOLICIT;
	o.ttl = questions[*i].hops;
	memcpy(b + wire_header_bytes(&o), target.b, sizeof target.b);
	rig_input(&rig, b, (uint32_t)wire_build(&o, b, sizeof b, 24));
	cr_expect_eq(rig.nout, questions[*i].answers, "%s", questions[*i].what);
	cr_expect_eq(stack_counters(rig.s)->icmp_in, 1);
	close_rig();
}

Test(six, neighbours_are_answered_a_thousand_times_a_second_at_most)
{
	struct wire_out o = from_client(PROTO_ICMP6);
	struct addr target = rig_map(RIG_LINK);
	uint8_t b[RIG_ROOM] = { 0 };
	struct rig_frame f;
	unsigned answers = 0;

	open_rig();
	o.icmp_type = ICMP6_SOLICIT;
	o.ttl = 255;
	memcpy(b + wire_header_bytes(&o), target.b, sizeof target.b);
	wire_build(&o, b, sizeof b, 24);
	for (unsigned k = 0; k < 3000; k++) {
		rig_input(&rig, b, (uint32_t)wire_header_bytes(&o) + 24);
		answers += rig_take(&rig, &f);
	}
	cr_expect_eq(answers, 1000);
	cr_expect_eq(stack_counters(rig.s)->drop[DROP_RATE], 2000);
	close_rig();
}

Test(six, limits_are_of_a_64_and_of_nothing_smaller)
{
	struct wire_out o = from_client(PROTO_TCP);

	rig_init(&rig);
	rig.c.syn_ack_per_prefix = 3;
	rig_six(&rig);
	rig_service(&rig, PROTO_TCP, 21, ACTION_HANDSHAKE, 0);
	rig_start(&rig);
	for (unsigned k = 0; k < 10; k++) {
		o.src.b[15] = (uint8_t)k;
		send(&o, 0);
	}
	cr_expect_eq(rig.nout, 3);
	o.src.b[7] ^= 1;		/* the next one */
	send(&o, 0);
	cr_expect_eq(rig.nout, 4);
	close_rig();
}

/* As of IPv4: what can still be opened by the data that follows takes nobody's place. */
Test(six, handshakes_alone_shed_no_conversation)
{
	struct wire_out o = from_client(PROTO_TCP);
	struct rig_frame f;
	struct wire w;

	rig_init(&rig);
	rig_six(&rig);
	rig.c.flows_six = 16;
	rig_service(&rig, PROTO_TCP, 21, ACTION_HANDSHAKE, 0);
	rig_start(&rig);
	for (unsigned k = 0; k < 40; k++) {
		o.sport = (uint16_t)(40000 + k);
		o.tcp_flags = TCP_SYN;
		o.seq = 7;
		send(&o, 0);
		cr_assert(rig_take(&rig, &f));
		cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS), WIRE_OK);
		o.tcp_flags = TCP_ACK;
		o.seq = 8;
		o.ack = w.tcp.seq + 1;
		send(&o, 0);
	}
	cr_expect_eq(stack_flows(rig.s), 16);
	cr_expect_eq(stack_counters(rig.s)->flows_evicted, 0);
	send(&o, 10);
	cr_expect_eq(stack_flows(rig.s), 16);
	cr_expect_eq(stack_counters(rig.s)->flows_evicted, 1);
	close_rig();
}

Test(six, ping_is_answered_with_the_hop_limit_of_a_host)
{
	struct wire_out o = from_client(PROTO_ICMP6);
	struct rig_frame f;
	struct wire w;

	open_rig();
	o.icmp_rest = 0x12340001;
	send(&o, 1400);
	cr_assert(rig_take(&rig, &f));
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS), WIRE_OK);
	cr_expect(w.icmp_type == ICMP6_ECHO_REPLY && w.ttl == 64 && w.icmp_id == 0x1234 && w.payload.n == 1400);
	close_rig();
}

Test(six, whatever_comes_leaves_the_tables_in_order)
{
	struct addr targets[] = { rig_map(RIG_OWN), rig_map(RIG_OWN + 1), rig_map(RIG_LINK) };
	static const uint8_t protos[] = { PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP6, PROTO_ICMP };

	open_rig();
	srand(6);
	for (unsigned k = 0; k < 100000; k++) {
		struct wire_out o = from_client(protos[rand() % 5]);
		uint8_t b[RIG_ROOM] = { 0 };
		size_t n;

		o.dst = targets[rand() % 3];
		o.src.b[15] = (uint8_t)(rand() % 4);
		o.dport = rand() % 4 == 0 ? (uint16_t)rand() : 21;
		o.tcp_flags = (uint8_t)rand();
		o.ack = (uint32_t)rand();
		o.icmp_type = rand() % 2 ? (uint8_t)rand() : ICMP6_TOO_BIG;
		n = wire_build(&o, b, sizeof b, (size_t)rand() % 100);
		for (int flips = rand() % 3; flips > 0; flips--)
			b[WIRE_ETHER_HEADER + rand() % (int)(n - WIRE_ETHER_HEADER)] ^= (uint8_t)(1 << rand() % 8);
		rig.s->c.trust_sums = rand() % 2;
		rig_input(&rig, b, (uint32_t)n);
		rig.nout = 0;
		if (k % 64 == 0)
			rig_wait(&rig, 50000000, false);
		rig.nout = rig.nrecords = 0;
		if (k % 1000 == 0)
			stack_check(rig.s);
	}
	stack_check(rig.s);
	close_rig();
}
