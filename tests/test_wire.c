#include <stdio.h>
#include <stdlib.h>

#include "dataplane/wire.h"
#include "tests/cases.h"

static const uint8_t mac_a[6] = { 2, 0, 0, 0, 0, 1 }, mac_b[6] = { 2, 0, 0, 0, 0, 2 };
/* MSS 1460, SACK permitted, timestamps 1 2, NOP, window scale 7 */
static const uint8_t syn_options[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 };

enum { ROOM = 70000, IP = WIRE_ETHER_HEADER, L4 = IP + WIRE_IPV4_HEADER };

static struct wire_out
out_of(uint8_t proto)
{
	struct wire_out o = { .src = addr_v4(0xc6130a07), .dst = addr_v4(0xc6120103),
		.proto = proto, .ttl = 64, .tos = 0x10, .ip_id = 0x1234, .df = true,
		.sport = 21, .dport = 40001, .seq = 0xfffffff0, .ack = 7, .tcp_flags = TCP_PSH | TCP_ACK,
		.win = 65535, .icmp_type = 0, .icmp_code = 0, .icmp_rest = 0x00070009 };

	memcpy(o.smac, mac_a, sizeof mac_a);
	memcpy(o.dmac, mac_b, sizeof mac_b);
	return o;
}

/* A frame of n payload bytes, exactly as large as its allocation. */
static struct span
frame_of(const struct wire_out *o, size_t n)
{
	size_t header = wire_header_bytes(o), room = header + n;
	uint8_t *p = malloc(room);

	for (size_t i = 0; i < n; i++)
		p[header + i] = (uint8_t)(i * 7 + 3);
	cr_assert_eq(wire_build(o, p, room, n), room);
	return span_of(p, room);
}

static uint32_t
naive_sum(struct span s)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < s.n; i++) {
		sum += (uint32_t)s.p[i] << (i % 2 ? 0 : 8);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

Test(wire, sum_by_words_equals_the_sum_by_bytes)
{
	uint8_t b[600];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	memset(b + 100, 0xff, 200);	/* carries all the way */
	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 500; n++) {
			struct span s = span_of(b + at, n);
			size_t even = n / 3 & ~(size_t)1;
			uint64_t two = wire_sum(span_sub(s, even, SIZE_MAX), wire_sum(span_sub(s, 0, even), 0));

			cr_assert_eq(wire_sum_fold(wire_sum(s, 0)), (uint16_t)~naive_sum(s), "%zu+%zu", at, n);
			cr_assert_eq(wire_sum_fold(two), (uint16_t)~naive_sum(s), "%zu+%zu in two", at, n);
		}
	}
}

static const struct {
	const char *what;
	uint8_t proto;
	bool v6;
	uint8_t nvlan;
	bool options;
} shapes[] = {
	{ "tcp", PROTO_TCP, false, 0, false },
	{ "tcp with options", PROTO_TCP, false, 0, true },
	{ "tcp behind a tag", PROTO_TCP, false, 1, true },
	{ "tcp behind two tags", PROTO_TCP, false, 2, false },
	{ "udp", PROTO_UDP, false, 0, false },
	{ "udp behind two tags", PROTO_UDP, false, 2, false },
	{ "icmp", PROTO_ICMP, false, 0, false },
	{ "tcp over IPv6", PROTO_TCP, true, 0, true },
	{ "udp over IPv6", PROTO_UDP, true, 1, false },
	{ "icmp over IPv6", PROTO_ICMP6, true, 0, false },
};

static struct wire_out
shape(size_t i)
{
	struct wire_out o = out_of(shapes[i].proto);

	o.nvlan = shapes[i].nvlan;
	o.vlan[0] = 100;
	o.vlan[1] = 4001;
	if (shapes[i].options) {
		o.options = syn_options;
		o.noptions = sizeof syn_options;
	}
	if (shapes[i].v6) {
		addr_parse(&o.src, "2001:db8::1");
		addr_parse(&o.dst, "2001:db8:1::2");
	}
	return o;
}

EACH_CASE(wire, what_was_built_parses_to_the_same, shapes)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 8, 9, 63, 511, 1399, 1460, 65000 };
	struct wire_out o = shape(*i);

	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		struct span frame = frame_of(&o, sizes[k]);
		struct wire w;

		cr_assert_eq(wire_parse(&w, WIRE_ETHER, frame, WIRE_CHECK_SUMS), WIRE_OK, "%s %zu: %s",
		    shapes[*i].what, sizes[k],
		    wire_fault_name(wire_parse(&w, WIRE_ETHER, frame, WIRE_CHECK_SUMS)));
		cr_expect(addr_eq(&w.src, &o.src) && addr_eq(&w.dst, &o.dst));
		cr_expect_arr_eq(w.smac, o.smac, 6);
		cr_expect_arr_eq(w.dmac, o.dmac, 6);
		cr_expect_eq(w.proto, o.proto);
		cr_expect_eq(w.ttl, o.ttl);
		cr_expect_eq(w.tos, o.tos);
		cr_expect_eq(w.nvlan, o.nvlan);
		for (unsigned v = 0; v < o.nvlan; v++)
			cr_expect_eq(w.vlan[v], o.vlan[v]);
		cr_expect_eq(w.payload.n, sizes[k]);
		cr_expect(span_eq(w.payload, span_sub(frame, wire_header_bytes(&o), SIZE_MAX)));
		if (o.proto == PROTO_TCP) {
			cr_expect_eq(w.tcp.seq, o.seq);
			cr_expect_eq(w.tcp.ack, o.ack);
			cr_expect_eq(w.tcp.flags, o.tcp_flags);
			cr_expect_eq(w.tcp.win, o.win);
			cr_expect_eq(w.tcp.has_ts, shapes[*i].options);
		}
		if (o.proto == PROTO_TCP || o.proto == PROTO_UDP)
			cr_expect(w.sport == o.sport && w.dport == o.dport);
		else
			cr_expect(w.icmp_id == 7 && w.icmp_seq == 9);
		free((void *)frame.p);
	}
}

EACH_CASE(wire, every_shorter_frame_is_refused_without_reading_beyond_it, shapes)
{
	struct wire_out o = shape(*i);
	struct span whole = frame_of(&o, 33);

	for (size_t n = 0; n < whole.n; n++) {
		uint8_t *p = malloc(n);
		struct wire w;

		if (n > 0)
			memcpy(p, whole.p, n);
		for (int link = WIRE_ETHER; link <= WIRE_NULL; link++)
			wire_parse(&w, link, span_of(p, n), WIRE_ALLOW_CUT);
		cr_expect_neq(wire_parse(&w, WIRE_ETHER, span_of(p, n), WIRE_CHECK_SUMS), WIRE_OK,
		    "%s at %zu", shapes[*i].what, n);
		if (n >= wire_header_bytes(&o)) {
			cr_expect_eq(wire_parse(&w, WIRE_ETHER, span_of(p, n), WIRE_ALLOW_CUT), WIRE_OK);
			cr_expect_eq(w.payload.n + w.cut, 33, "%s at %zu", shapes[*i].what, n);
		}
		free(p);
	}
	free((void *)whole.p);
}

EACH_CASE(wire, any_flipped_bit_behind_the_link_header_breaks_a_sum, shapes)
{
	struct wire_out o = shape(*i);
	struct span frame = frame_of(&o, 21);
	uint8_t *p = (uint8_t *)frame.p;
	size_t l4 = frame.n - 21 - (wire_header_bytes(&o) - WIRE_ETHER_HEADER - 4u * o.nvlan -
	    (shapes[*i].v6 ? WIRE_IPV6_HEADER : WIRE_IPV4_HEADER));
	struct wire w;

	for (size_t bit = l4 * 8; bit < frame.n * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_neq(wire_parse(&w, WIRE_ETHER, frame, WIRE_CHECK_SUMS), WIRE_OK, "%s bit %zu",
		    shapes[*i].what, bit);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(p);
}

/* A good frame with a few bytes overwritten. */
static const struct {
	const char *what;
	uint8_t proto;
	unsigned flags;
	size_t at;
	uint8_t n, b[4];
	enum wire_fault fault;
} bad[] = {
	{ "802.3 length instead of a type", PROTO_TCP, 0, 12, 2, { 0, 46 }, WIRE_NOT_IP },
	{ "version 6 behind the IPv4 type", PROTO_TCP, 0, IP, 1, { 0x65 }, WIRE_BAD_VERSION },
	{ "version 4 behind the IPv6 type", PROTO_TCP, 0, 12, 2, { 0x86, 0xdd }, WIRE_BAD_VERSION },
	{ "header of 16 bytes", PROTO_TCP, 0, IP, 1, { 0x44 }, WIRE_BAD_IHL },
	{ "header of 60 in a packet of 45", PROTO_TCP, 0, IP, 4, { 0x4f, 0, 0, 45 }, WIRE_BAD_IHL },
	{ "total length 0", PROTO_TCP, 0, IP + 2, 2, { 0, 0 }, WIRE_SHORT_IP },
	{ "total length 0 in a capture of offloaded segments", PROTO_TCP, WIRE_ALLOW_CUT, IP + 2, 2, { 0, 0 }, WIRE_OK },
	{ "total length 19", PROTO_TCP, 0, IP + 2, 2, { 0, 19 }, WIRE_SHORT_IP },
	{ "total length beyond the frame", PROTO_TCP, 0, IP + 2, 2, { 1, 0 }, WIRE_CUT },
	{ "total length beyond the capture", PROTO_TCP, WIRE_ALLOW_CUT, IP + 2, 2, { 1, 0 }, WIRE_OK },
	{ "wrong header sum", PROTO_TCP, WIRE_CHECK_SUMS, IP + 10, 2, { 0, 0 }, WIRE_BAD_IP_SUM },
	{ "wrong header sum, nobody asked", PROTO_TCP, 0, IP + 10, 2, { 0, 0 }, WIRE_OK },
	{ "total length ends in the TCP header", PROTO_TCP, 0, IP + 2, 2, { 0, 39 }, WIRE_SHORT_L4 },
	{ "data offset 4", PROTO_TCP, 0, L4 + 12, 1, { 0x40 }, WIRE_BAD_OFFSET },
	{ "data offset beyond the segment", PROTO_TCP, 0, L4 + 12, 1, { 0xf0 }, WIRE_BAD_OFFSET },
	{ "wrong TCP sum", PROTO_TCP, WIRE_CHECK_SUMS, L4 + 16, 2, { 0, 0 }, WIRE_BAD_L4_SUM },
	{ "total length ends in the UDP header", PROTO_UDP, 0, IP + 2, 2, { 0, 27 }, WIRE_SHORT_L4 },
	{ "UDP length 7", PROTO_UDP, 0, L4 + 4, 2, { 0, 7 }, WIRE_BAD_UDP_LENGTH },
	{ "UDP length beyond the packet", PROTO_UDP, 0, L4 + 4, 2, { 0, 200 }, WIRE_BAD_UDP_LENGTH },
	{ "UDP without a sum", PROTO_UDP, WIRE_CHECK_SUMS, L4 + 6, 2, { 0, 0 }, WIRE_OK },
	{ "UDP with a wrong sum", PROTO_UDP, WIRE_CHECK_SUMS, L4 + 6, 2, { 0, 1 }, WIRE_BAD_L4_SUM },
	{ "total length ends in the ICMP header", PROTO_ICMP, 0, IP + 2, 2, { 0, 27 }, WIRE_SHORT_L4 },
	{ "wrong ICMP sum", PROTO_ICMP, WIRE_CHECK_SUMS, L4 + 2, 2, { 0, 1 }, WIRE_BAD_L4_SUM },
	{ "first fragment: no ports", PROTO_TCP, 0, IP + 6, 2, { 0x20, 0 }, WIRE_OK },
	{ "a tag and nothing IP behind it", PROTO_TCP, 0, 12, 2, { 0x81, 0 }, WIRE_NOT_IP },
};

EACH_CASE(wire, malformed_frames_name_their_first_fault, bad)
{
	struct wire_out o = out_of(bad[*i].proto);
	struct span frame = frame_of(&o, 5);
	struct wire w;
	enum wire_fault f;

	memcpy((uint8_t *)frame.p + bad[*i].at, bad[*i].b, bad[*i].n);
	f = wire_parse(&w, WIRE_ETHER, frame, bad[*i].flags);
	cr_expect_eq(f, bad[*i].fault, "%s: %s", bad[*i].what, wire_fault_name(f));
	if (w.more_fragments)
		cr_expect(w.sport == 0 && w.payload.n == WIRE_TCP_HEADER + 5);
	free((void *)frame.p);
}

/* Options as they stand behind the TCP header, and what must come out. */
static const struct {
	const char *what;
	uint8_t n, b[40];
	bool mss, wscale, sack_ok, ts;
	uint8_t nsack;
} options[] = {
	{ "all of a SYN", sizeof syn_options, { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 },
		true, true, true, true, 0 },
	{ "two SACK blocks", 20, { 1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4 }, .nsack = 2 },
	{ "a SACK of seven bytes counts for nothing", 12, { 5, 9, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2 } },
	{ "an unknown kind is skipped", 8, { 254, 4, 9, 9, 2, 4, 2, 0 }, .mss = true },
	{ "length 0 stops", 8, { 254, 0, 9, 9, 2, 4, 2, 0 } },
	{ "length 1 stops", 8, { 254, 1, 9, 9, 2, 4, 2, 0 } },
	{ "a length beyond the header stops", 8, { 2, 4, 2, 0, 254, 5, 3, 3 }, .mss = true },
	{ "a kind without its length stops", 4, { 1, 1, 1, 2 } },
	{ "the end is the end", 8, { 0, 0, 0, 0, 2, 4, 2, 0 } },
	{ "an MSS of one byte counts for nothing", 8, { 2, 3, 5, 3, 3, 5, 1, 1 }, .wscale = true },
	{ "five SACK blocks do not fit four", 40, { 5, 38, [38] = 4, 2 }, .sack_ok = true },
};

EACH_CASE(wire, tcp_options_are_read_as_far_as_they_are_honest, options)
{
	struct wire_out o = out_of(PROTO_TCP);
	struct span frame;
	struct wire w;

	o.options = options[*i].b;
	o.noptions = options[*i].n;
	frame = frame_of(&o, 3);
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, frame, WIRE_CHECK_SUMS), WIRE_OK);
	cr_expect_eq(w.tcp.has_mss, options[*i].mss, "%s", options[*i].what);
	cr_expect_eq(w.tcp.has_wscale, options[*i].wscale, "%s", options[*i].what);
	cr_expect_eq(w.tcp.has_sack_ok, options[*i].sack_ok, "%s", options[*i].what);
	cr_expect_eq(w.tcp.has_ts, options[*i].ts, "%s", options[*i].what);
	cr_expect_eq(w.tcp.nsack, options[*i].nsack, "%s", options[*i].what);
	if (options[*i].ts)
		cr_expect(w.tcp.mss == 1460 && w.tcp.wscale == 7 && w.tcp.ts_val == 1 && w.tcp.ts_ecr == 2);
	if (options[*i].nsack == 2)
		cr_expect(w.tcp.sack[1].from == 3 && w.tcp.sack[1].to == 4);
	free((void *)frame.p);
}

static struct wire_tcp
options_read(const uint8_t *bytes, uint8_t n)
{
	struct wire_out o = out_of(PROTO_TCP);
	struct span frame;
	struct wire w;

	o.options = bytes;
	o.noptions = n;
	frame = frame_of(&o, 0);
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, frame, WIRE_CHECK_SUMS), WIRE_OK);
	free((void *)frame.p);
	return w.tcp;
}

/* Behind four NOPs nothing is recognised: the options are read one by one. */
Test(wire, a_layout_that_is_recognised_is_read_as_its_options_are)
{
	uint8_t plain[20], behind[24] = { 1, 1, 1, 1 };

	for (unsigned at = 0; at < sizeof plain; at++) {
		for (unsigned with = 0; with < 16; with++) {
			struct wire_tcp a, b;

			memcpy(plain, syn_options, sizeof plain);
			plain[at] ^= (uint8_t)with;
			memcpy(behind + 4, plain, sizeof plain);
			a = options_read(plain, sizeof plain);
			b = options_read(behind, sizeof behind);
			cr_assert(a.has_mss == b.has_mss && a.mss == b.mss && a.has_wscale == b.has_wscale &&
			    a.wscale == b.wscale && a.has_sack_ok == b.has_sack_ok && a.has_ts == b.has_ts &&
			    a.ts_val == b.ts_val && a.ts_ecr == b.ts_ecr && a.nsack == b.nsack, "%u ^ %u", at, with);
		}
	}
}

Test(wire, ip_options_move_the_tcp_header)
{
	struct wire_out o = out_of(PROTO_TCP);
	struct span plain = frame_of(&o, 9);
	uint8_t b[100];
	struct wire w;

	memcpy(b, plain.p, L4);
	memset(b + L4, 1, 8);	/* eight no-operations */
	memcpy(b + L4 + 8, plain.p + L4, plain.n - L4);
	b[IP] = 0x47;
	b[IP + 3] += 8;
	memset(b + IP + 10, 0, 2);
	store_be16(b + IP + 10, wire_sum_fold(wire_sum(span_of(b + IP, 28), 0)));
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(b, plain.n + 8), WIRE_CHECK_SUMS), WIRE_OK);
	cr_expect_eq(w.ihl, 28);
	cr_expect_eq(w.sport, 21);
	cr_expect_eq(w.payload.n, 9);
	free((void *)plain.p);
}

Test(wire, padding_behind_the_packet_is_no_payload)
{
	struct wire_out o = out_of(PROTO_UDP);
	struct span plain = frame_of(&o, 1);
	uint8_t b[60] = { 0 };
	struct wire w;

	memcpy(b, plain.p, plain.n);
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(b, sizeof b), WIRE_CHECK_SUMS), WIRE_OK);
	cr_expect_eq(w.payload.n, 1);
	free((void *)plain.p);
}

/* IPv6 to TCP through count destination-option headers. */
static enum wire_fault
through_extensions(struct wire *w, size_t count)
{
	uint8_t b[40 + 10 * 8 + 20] = { 0x60, [5] = (uint8_t)(count * 8 + 20), [6] = count ? 60 : 6, 64 };

	for (size_t k = 0; k < count; k++)
		b[40 + k * 8] = k + 1 < count ? 60 : PROTO_TCP;
	b[40 + count * 8 + 12] = 0x50;
	b[40 + count * 8 + 1] = 80;
	return wire_parse(w, WIRE_RAW_IP, span_of(b, 40 + count * 8 + 20), 0);
}

Test(wire, eight_extension_headers_and_no_more)
{
	struct wire w;

	cr_expect_eq(through_extensions(&w, 0), WIRE_OK);
	cr_expect_eq(through_extensions(&w, 8), WIRE_OK);
	cr_expect_eq(w.sport, 80);
	cr_expect_eq(w.ihl, 104);
	cr_expect_eq(through_extensions(&w, 9), WIRE_BAD_EXTENSION);
}

static const struct {
	const char *what;
	enum wire_link link;
	uint8_t n, b[20];
	enum wire_fault fault;
} links[] = {
	{ "raw", WIRE_RAW_IP, 0, { 0 }, WIRE_OK },
	{ "cooked v1", WIRE_SLL, 16, { [14] = 8, 0 }, WIRE_OK },
	{ "cooked v2", WIRE_SLL2, 20, { 8, 0 }, WIRE_OK },
	{ "loopback, little endian", WIRE_NULL, 4, { 2, 0, 0, 0 }, WIRE_OK },
	{ "loopback, big endian", WIRE_NULL, 4, { 0, 0, 0, 2 }, WIRE_OK },
	{ "loopback of another family", WIRE_NULL, 4, { 0, 0, 0, 7 }, WIRE_NOT_IP },
	{ "loopback saying IPv6", WIRE_NULL, 4, { 0, 0, 0, 30 }, WIRE_BAD_VERSION },
	{ "cooked v1, tagged", WIRE_SLL, 20, { [14] = 0x81, 0, 0, 5, 8, 0 }, WIRE_OK },
};

EACH_CASE(wire, every_link_layer_leads_to_the_same_packet, links)
{
	struct wire_out o = out_of(PROTO_UDP);
	struct span frame = frame_of(&o, 4);
	uint8_t b[100];
	struct wire w;

	memcpy(b, links[*i].b, links[*i].n);
	memcpy(b + links[*i].n, frame.p + IP, frame.n - IP);
	cr_expect_eq(wire_parse(&w, links[*i].link, span_of(b, links[*i].n + frame.n - IP), WIRE_CHECK_SUMS),
	    links[*i].fault, "%s", links[*i].what);
	if (links[*i].fault == WIRE_OK)
		cr_expect(w.dport == 40001 && w.payload.n == 4, "%s", links[*i].what);
	free((void *)frame.p);
}

Test(wire, an_arp_request_is_answered_behind_its_tag)
{
	uint8_t ask[46] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x20, 9, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 198, 19, 3, 4 };
	uint8_t reply[46];
	struct wire w, answer;

	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(ask, sizeof ask), 0), WIRE_OK);
	cr_expect(w.arp_op == 1 && w.arp_tpa == 0xc6130304 && w.vlan[0] == 9);
	cr_expect_eq(wire_build_arp(&w, mac_a, reply, 45), 0);
	cr_assert_eq(wire_build_arp(&w, mac_a, reply, sizeof reply), 46);
	cr_assert_eq(wire_parse(&answer, WIRE_ETHER, span_of(reply, 46), 0), WIRE_OK);
	cr_expect(answer.arp_op == 2 && answer.arp_spa == 0xc6130304 && answer.arp_tpa == 0xc0000201);
	cr_expect_arr_eq(answer.dmac, mac_b, 6);
	cr_expect_arr_eq(answer.arp_sha, mac_a, 6);
	cr_expect_eq(answer.vlan[0], 9);
	ask[23] = 5;
	cr_expect_eq(wire_parse(&w, WIRE_ETHER, span_of(ask, sizeof ask), 0), WIRE_BAD_ARP);
	cr_expect_eq(wire_parse(&w, WIRE_ETHER, span_of(ask, sizeof ask - 1), 0), WIRE_BAD_ARP);
}

Test(wire, a_frame_that_does_not_fit_is_not_built)
{
	struct wire_out o = out_of(PROTO_TCP);
	uint8_t *b = malloc(ROOM);

	cr_expect_eq(wire_build(&o, b, wire_header_bytes(&o) - 1, 0), 0);
	cr_expect_eq(wire_build(&o, b, wire_header_bytes(&o) + 4, 5), 0);
	cr_expect_eq(wire_build(&o, b, ROOM, 65535 - 40), 14 + 65535);
	cr_expect_eq(wire_build(&o, b, ROOM, 65536 - 40), 0);
	free(b);
}

Test(wire, every_fault_has_its_own_name)
{
	for (int a = 0; a < WIRE_FAULTS; a++) {
		for (int b = 0; b < a; b++)
			cr_expect_str_neq(wire_fault_name(a), wire_fault_name(b));
	}
}
