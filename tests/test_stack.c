#include <stdio.h>
#include <stdlib.h>

#include "dataplane/stack.h"
#include "tests/cases.h"
#include "tests/peers.h"

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* How often an integer part of a thousand. */
static bool
chance(uint64_t *x, unsigned per_mille)
{
	return next_random(x) % 1000 < per_mille;
}

static void
talk_rig_of(struct rig *r, uint32_t flows, bool six)
{
	rig_init(r);
	if (six)
		rig_six(r);
	rig_service(r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(r, "talk-small"));
	rig_service(r, PROTO_UDP, 53, ACTION_ANSWER, rig_model(r, "udp-small"));
	r->c.flows = flows;
	r->c.flows_six = six ? flows : 0;
	rig_start(r);
}

static void
talk_rig(struct rig *r, uint32_t flows)
{
	talk_rig_of(r, flows, false);
}

static void
random_segments(bool six)
{
	enum { STEPS = 100000, BYTES = 11 };
	static uint8_t bytes[STEPS * BYTES];
	struct reader from = reader_of(span_of(bytes, sizeof bytes));
	struct peers peers;
	struct rig r;
	uint64_t x = 12345;
	unsigned steps = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(next_random(&x) >> 20);
	talk_rig_of(&r, 64, six);
	peers_init(&peers, six);
	while (peers_step(&peers, &r, &from)) {
		peers_learn(&peers, &r);
		stack_check(r.s);
		cr_assert_eq(r.frames, 0, "step %u", steps);
		r.no_frames = steps % 97 == 0;
		r.no_room = steps % 13 == 0;
		r.nrecords = 0;
		steps++;
	}
	cr_expect_gt(steps, STEPS / 2);
	/* It must have gone deep, or it proves nothing. */
	cr_expect_gt(stack_counters(r.s)->flows_opened, 1000);
	cr_expect_gt(stack_counters(r.s)->turns, 1000);
	cr_expect_gt(stack_counters(r.s)->retransmits, 100);
	stack_shutdown(r.s, r.set, 0);
	stack_check(r.s);
	cr_expect_eq(stack_flows(r.s), 0);
	rig_fini(&r);
}

Test(stack, random_segments_of_live_flows_break_no_invariant, .timeout = 240)
{
	random_segments(false);
}

Test(stack, random_segments_over_ipv6_break_none_either, .timeout = 240)
{
	random_segments(true);
}

/* ---- the same conversation, over a good wire and over bad ones ---- */

enum { QUEUE = 4096, STREAM = 1 << 16, TICK_MS = 5, AGAIN_MS = 300 };

struct wire_item {
	uint64_t at_ms;
	bool to_client;
	uint32_t len;
	uint8_t bytes[RIG_ROOM];
};

struct line {				/* a wire with faults, per mille */
	unsigned lose, twice, delay_ms;
	uint64_t random;
	struct wire_item *item;
	unsigned n;
};

struct client {
	const char *script;
	bool timestamps, hungry;	/* hungry: does not wait for answers */
	enum { CALLING, TALKING, GONE } state;
	uint32_t isn, una, nxt, rcv;	/* una, nxt: bytes of script; FIN is the one after */
	uint32_t their_isn;
	uint64_t last_ms;
	uint8_t got[STREAM];
	uint32_t ngot;
	bool their_fin;
	uint32_t ts_recent;
};

static void
post(struct line *l, const uint8_t *bytes, uint32_t len, bool to_client, uint64_t now_ms)
{
	for (int copies = chance(&l->random, l->twice) ? 2 : 1; copies > 0; copies--) {
		struct wire_item *i;

		if (chance(&l->random, l->lose))
			continue;
		cr_assert_lt(l->n, QUEUE);
		i = &l->item[l->n++];
		i->at_ms = now_ms + (l->delay_ms ? next_random(&l->random) % l->delay_ms : 0);
		i->to_client = to_client;
		i->len = len;
		memcpy(i->bytes, bytes, len);
	}
}

static void
client_send(struct client *c, struct line *l, uint8_t flags, uint32_t from, uint32_t n, uint64_t now_ms)
{
	uint8_t frame[RIG_ROOM], options[20] = { 2, 4, 5, 0xb4, 4, 2, 8, 10 }, late[12] = { 1, 1, 8, 10 };
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = 50000, .dport = 21, .seq = c->isn + 1 + from, .ack = c->rcv,
		.tcp_flags = flags, .win = 65535 };
	size_t at, len;

	memcpy(o.smac, rig_router, sizeof o.smac);
	memcpy(o.dmac, rig_mac, sizeof o.dmac);
	if (flags & TCP_SYN) {
		o.seq = c->isn;
		o.ack = 0;
		store_be32(options + 8, (uint32_t)now_ms);
		o.options = options;
		o.noptions = c->timestamps ? 16 : 4;
	} else if (c->timestamps) {
		store_be32(late + 4, (uint32_t)now_ms);
		store_be32(late + 8, c->ts_recent);
		o.options = late;
		o.noptions = sizeof late;
	}
	at = wire_header_bytes(&o);
	memcpy(frame + at, c->script + from, n);
	len = wire_build(&o, frame, sizeof frame, n);
	post(l, frame, (uint32_t)len, false, now_ms);
}

/* Sends from nxt on: in pieces of random size, and FIN once all of the answer is here. */
static void
client_talk(struct client *c, struct line *l, uint64_t now_ms)
{
	uint32_t total = (uint32_t)strlen(c->script);

	while (c->nxt < total) {
		uint32_t line = (uint32_t)(strchr(c->script + c->nxt, '\n') - c->script) + 1;
		uint32_t n = 1 + (uint32_t)(next_random(&l->random) % 40);

		n = MIN(n, line - c->nxt);
		client_send(c, l, TCP_ACK | TCP_PSH, c->nxt, n, now_ms);
		c->nxt += n;
		if (!c->hungry && c->nxt == line)
			break;
	}
	if (c->nxt == total && c->their_fin) {
		client_send(c, l, TCP_ACK | TCP_FIN, total, 0, now_ms);
		c->nxt++;
	}
}

static void
client_take(struct client *c, struct line *l, const struct wire_item *i, uint64_t now_ms)
{
	struct wire w;
	uint32_t skip;

	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(i->bytes, i->len), WIRE_CHECK_SUMS), WIRE_OK);
	cr_assert(!(w.tcp.flags & TCP_RST) || c->state == GONE, "reset after %u bytes", c->ngot);
	if (w.tcp.flags & TCP_SYN) {
		if (c->state == CALLING) {
			c->state = TALKING;
			c->rcv = w.tcp.seq + 1;
			c->ts_recent = w.tcp.ts_val;
		}
		client_send(c, l, TCP_ACK, c->nxt, 0, now_ms);
		return;
	}
	if (c->state != TALKING)
		return;
	if ((int32_t)(w.tcp.ack - c->isn - 1 - c->una) > 0) {
		c->una = w.tcp.ack - c->isn - 1;
		c->nxt = MAX(c->nxt, c->una);
		c->last_ms = now_ms;
	}
	skip = c->rcv - w.tcp.seq;
	if (skip <= w.payload.n && (int32_t)skip >= 0) {	/* what is out of order is dropped */
		uint32_t n = (uint32_t)w.payload.n - skip;

		cr_assert_lt(c->ngot + n, STREAM);
		memcpy(c->got + c->ngot, w.payload.p + skip, n);
		c->ngot += n;
		c->rcv += n;
		c->ts_recent = w.tcp.ts_val;
		if (w.tcp.flags & TCP_FIN && !c->their_fin) {
			c->their_fin = true;
			c->rcv++;
		}
	}
	if (w.payload.n > 0 || w.tcp.flags & TCP_FIN)
		client_send(c, l, TCP_ACK, c->nxt, 0, now_ms);
	if (c->una == strlen(c->script) + 1)
		c->state = GONE;
	else if (c->una == c->nxt)
		client_talk(c, l, now_ms);
}

static void
client_tick(struct client *c, struct line *l, uint64_t now_ms)
{
	if (c->state == GONE || now_ms - c->last_ms < AGAIN_MS)
		return;
	c->last_ms = now_ms;
	if (c->state == CALLING) {
		client_send(c, l, TCP_SYN, 0, 0, now_ms);
		return;
	}
	c->nxt = c->una;
	client_talk(c, l, now_ms);
}

/* Runs the script to its end; returns false if the end never came. */
static bool
converse(struct client *c, struct line *l, const char *model)
{
	struct rig_frame f;
	struct rig r;
	bool ended;

	rig_init(&r);
	rig_service(&r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&r, model));
	rig_start(&r);
	l->item = malloc(QUEUE * sizeof *l->item);
	l->n = 0;
	client_send(c, l, TCP_SYN, 0, 0, r.now_ns / 1000000);
	c->last_ms = r.now_ns / 1000000;
	for (int tick = 0; tick < 200000 && (c->state != GONE || stack_flows(r.s) > 0); tick++) {
		uint64_t now_ms = r.now_ns / 1000000;

		for (unsigned i = 0; i < l->n;) {
			struct wire_item item = l->item[i];

			if (item.at_ms > now_ms) {
				i++;
				continue;
			}
			l->item[i] = l->item[--l->n];
			if (item.to_client)
				client_take(c, l, &item, now_ms);
			else
				rig_input(&r, item.bytes, item.len);
		}
		client_tick(c, l, now_ms);
		rig_wait(&r, TICK_MS * 1000000, false);
		while (rig_take(&r, &f))
			post(l, f.bytes, f.len, true, r.now_ns / 1000000);
	}
	stack_check(r.s);
	ended = c->state == GONE && stack_flows(r.s) == 0;
	free(l->item);
	rig_fini(&r);
	return ended;
}

static const char ftp_script[] = "USER anonymous\r\nPASS me@\r\nSYST\r\nPWD\r\nCWD pub\r\nMKD new\r\nNOOP x\r\n"
	"CWD nowhere\r\nSYST\r\nPWD\r\nQUIT\r\n";
static const char talk_script[] = "GET\r\nBIG\r\nECHO one\r\nBIG\r\nGET\r\nHUSH\r\nECHO two\r\nLATER\r\nGET\r\nBIG\r\n"
	"nonsense\r\nGET\r\nBYE\r\n";

static const struct {
	const char *what, *model, *script;
	unsigned lose, twice, delay_ms;
	bool timestamps, hungry;
} wires[] = {
	{ "loss", "ftp-small", ftp_script, 100, 0, 0, false, false },
	{ "loss with timestamps", "ftp-small", ftp_script, 100, 0, 0, true, false },
	{ "duplicates", "ftp-small", ftp_script, 0, 300, 20, false, false },
	{ "disorder", "ftp-small", ftp_script, 0, 0, 60, false, true },
	{ "everything", "ftp-small", ftp_script, 80, 100, 60, true, true },
	{ "everything, waiting for answers", "ftp-small", ftp_script, 80, 100, 60, false, false },
	{ "long answers, loss", "talk-small", talk_script, 80, 0, 0, false, false },
	{ "long answers, pipelined, disorder", "talk-small", talk_script, 0, 50, 60, true, true },
	{ "long answers, pipelined, everything", "talk-small", talk_script, 60, 50, 60, false, true },
};

EACH_CASE(stack, the_client_reads_the_same_bytes_whatever_the_wire_does, wires)
{
	enum { ROUNDS = 60 };
	static struct client good, bad;
	struct line wire = { .random = 99 };

	good = (struct client){ .script = wires[*i].script, .isn = 77, .timestamps = wires[*i].timestamps };
	cr_assert(converse(&good, &wire, wires[*i].model));
	cr_assert_gt(good.ngot, 100);
	for (int round = 0; round < ROUNDS; round++) {
		wire = (struct line){ .lose = wires[*i].lose, .twice = wires[*i].twice,
			.delay_ms = wires[*i].delay_ms, .random = 1000u + (unsigned)round };
		bad = (struct client){ .script = wires[*i].script, .isn = 0xfffffff0u - (unsigned)round * 7,
			.timestamps = wires[*i].timestamps, .hungry = wires[*i].hungry };
		cr_assert(converse(&bad, &wire, wires[*i].model), "%s, round %d: no end", wires[*i].what,
		    round);
		cr_assert_eq(bad.ngot, good.ngot, "%s, round %d: %u bytes instead of %u", wires[*i].what,
		    round, bad.ngot, good.ngot);
		cr_assert_arr_eq(bad.got, good.got, good.ngot, "%s, round %d", wires[*i].what, round);
	}
}

Test(stack, every_drop_has_its_own_name)
{
	for (int a = 0; a < DROP_N; a++) {
		cr_assert_not_null(drop_name(a));
		for (int b = 0; b < a; b++)
			cr_expect_str_neq(drop_name(a), drop_name(b));
	}
}

Test(stack, impossible_configurations_have_no_size)
{
	struct stack_config c;

	stack_defaults(&c);
	cr_expect_gt(stack_bytes(&c), 0);
	c.flows = 32;
	cr_expect_eq(stack_bytes(&c), 0);
	stack_defaults(&c);
	c.udp_ratio = 4;
	cr_expect_eq(stack_bytes(&c), 0);
}

/* A handshake from port sport to port; what says may be empty. */
static void
call(struct rig *r, uint16_t sport, uint16_t port, const char *says)
{
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = sport, .dport = port, .seq = 7, .tcp_flags = TCP_SYN, .win = 1000 };
	uint8_t frame[200];
	struct rig_frame f;
	struct wire w;

	memcpy(o.smac, rig_router, 6);
	memcpy(o.dmac, rig_mac, 6);
	r->nout = 0;
	rig_input(r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 0));
	cr_assert(rig_take(r, &f));
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), 0), WIRE_OK);
	o.seq++;
	o.ack = w.tcp.seq + 1;
	o.tcp_flags = TCP_ACK | TCP_PSH;
	memcpy(frame + wire_header_bytes(&o), says, strlen(says));
	rig_input(r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, strlen(says)));
}

Test(stack, memory_is_reported_by_part_and_by_what_a_flow_has_taken)
{
	struct stack_memory m;
	uint64_t all = 0;
	struct rig r;
	uint16_t port = 1000;

	rig_init(&r);
	rig_service(&r, PROTO_TCP, 20, ACTION_ANSWER, rig_model(&r, "pause-small"));	/* remembers no field */
	rig_service(&r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&r, "talk-small"));
	r.c.flows = 1000;	/* any number */
	rig_start(&r);
	for (int i = 0; i < 5; i++)
		call(&r, port++, 20, "");
	for (int i = 0; i < 4; i++)
		call(&r, port++, 20, "half a mess");
	for (int i = 0; i < 3; i++)
		call(&r, port++, 21, "ECHO x\r\n");
	stack_memory(r.s, &m);
	for (int i = 0; i < PARTS_N; i++)
		all += m.part[i].bytes;
	cr_expect_eq(all, stack_bytes(&r.c));
	cr_expect_eq(m.class[CLASS_IDLE].flows, 5);
	cr_expect_eq(m.class[CLASS_TALK].flows, 4);
	cr_expect_eq(m.class[CLASS_ARENA].flows, 3);
	cr_expect_eq(m.part[PART_FLOWS].used, 12);
	cr_expect_eq(m.part[PART_HOLDS].used, 4);
	/* docs/architecture.md, the sizes that were decided */
	cr_expect_leq(m.class[CLASS_IDLE].bytes, 80, "%u", m.class[CLASS_IDLE].bytes);
	cr_expect_leq(m.class[CLASS_TALK].bytes, 144, "%u", m.class[CLASS_TALK].bytes);
	cr_expect_leq(m.class[CLASS_ARENA].bytes, 272, "%u", m.class[CLASS_ARENA].bytes);
	stack_shutdown(r.s, r.set, 0);
	stack_memory(r.s, &m);
	for (int i = 0; i < CLASSES_N; i++)
		cr_expect_eq(m.class[i].flows, 0);
	cr_expect_eq(m.part[PART_HOLDS].used, 0);
	cr_expect_eq(m.part[PART_HOLDS].peak, 4);
	rig_fini(&r);
}

Test(stack, conversations_are_listed_piece_by_piece_and_as_they_stand)
{
	enum { FLOWS = 10 };
	struct flow_view v[FLOWS];
	uint32_t at = 0;
	unsigned n = 0, pieces = 0;
	struct rig r;

	talk_rig(&r, 64);
	cr_expect_eq(stack_list(r.s, &at, 100, v, FLOWS), 0);
	cr_expect_eq(at, 0);
	for (uint16_t k = 0; k < FLOWS; k++)
		call(&r, (uint16_t)(1000 + k), 21, k == 3 ? "GET\r\n" : "");
	rig_wait(&r, 2500000000, false);
	do {
		n += stack_list(r.s, &at, 3, v + n, FLOWS - n);
		pieces++;
	} while (at != 0);
	cr_expect_eq(n, FLOWS);
	cr_expect_eq(pieces, 4);
	for (unsigned k = 0; k < n; k++) {
		cr_expect_eq(v[k].peer_port, 1000 + k);
		cr_expect_eq(addr_to_v4(&v[k].own), RIG_OWN);
		cr_expect_eq(v[k].own_port, 21);
		cr_expect_eq(v[k].age_ms, 2500);
		cr_expect_eq(v[k].turns, k == 3);
		cr_expect_str_eq(flow_state_name(v[k].state), "established");
	}
	at = 0;
	cr_expect_eq(stack_list(r.s, &at, 100, v, 4), 4, "no more than there is room for");
	cr_expect_eq(at, 5);
	rig_fini(&r);
}

/* A SYN of client i to port 21; every client has a network of its own. */
static void
input_syn(struct rig *r, uint32_t i)
{
	static const uint8_t mss[] = { OPT_MSS, 4, 0x05, 0xb4 };
	struct wire_out o = { .src = addr_v4(0x01000000 + i * 7919), .dst = addr_v4(RIG_OWN),
		.proto = PROTO_TCP, .ttl = 64, .sport = 4000, .dport = 21, .seq = i * 31, .tcp_flags = TCP_SYN,
		.options = mss, .noptions = sizeof mss };
	uint8_t frame[100];

	memcpy(o.smac, rig_router, 6);
	memcpy(o.dmac, rig_mac, 6);
	rig_input(r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 0));
}

Test(stack, a_flood_of_syns_keeps_nothing_and_answers_one_for_one)
{
	struct rig r;

	talk_rig(&r, 64);
	for (uint32_t i = 0; i < 5000; i++) {
		input_syn(&r, i);
		r.nout = 0;
	}
	cr_expect_eq(stack_flows(r.s), 0);
	cr_expect_eq(stack_counters(r.s)->syn_ack_out, 5000);
	cr_expect_eq(stack_counters(r.s)->bytes_out, stack_counters(r.s)->bytes_in);
	rig_fini(&r);
}

/* RFC 9293 3.7.1: the MSS is announced to who offered none. Its four bytes are more than came, so they are few. */
Test(stack, the_mss_that_nobody_offered_is_announced_on_a_small_budget)
{
	enum { SYNS = 1000, HEADER = WIRE_ETHER_HEADER + WIRE_IPV4_HEADER + WIRE_TCP_HEADER };
	uint8_t frame[100];
	unsigned with = 0;
	struct rig r;

	talk_rig(&r, 64);
	for (uint32_t i = 0; i < SYNS; i++) {
		struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
			.ttl = 64, .sport = (uint16_t)(1024 + i), .dport = 21, .tcp_flags = TCP_SYN };

		memcpy(o.smac, rig_router, 6);
		memcpy(o.dmac, rig_mac, 6);
		rig_input(&r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 0));
		cr_assert_eq(r.nout, 1, "SYN %u is answered", i);
		with += r.out[0].len == HEADER + 4;
		cr_assert(r.out[0].len == HEADER + 4 || r.out[0].len == HEADER);
		r.nout = 0;
	}
	cr_expect_eq(with, 32);
	cr_expect_leq(stack_counters(r.s)->bytes_out, stack_counters(r.s)->bytes_in + 128);
	rig_fini(&r);
}

Test(stack, a_crowd_of_forgotten_handshakes_is_reminded_a_few_at_a_time)
{
	enum { SYNS = 600, TURN_MOST = 64 };
	struct rig r;
	unsigned all = 0, turns = 0;

	rig_init(&r);
	rig_service(&r, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&r, "ftp-small"));
	r.c.flows = 1 << 14;
	rig_start(&r);
	for (uint32_t i = 0; i < SYNS; i++)
		input_syn(&r, i);
	r.nout = 0;
	r.now_ns += 1100000000;		/* a worker that was not scheduled: all are due at once */
	for (unsigned n = 1; n > 0; turns++) {
		stack_timers(r.s, r.set, r.now_ns, 0);
		n = r.nout;
		cr_assert_leq(n, (unsigned)TURN_MOST);
		all += n;
		r.nout = 0;
	}
	cr_expect_gt(all, SYNS / 2, "%u; some shared a place", all);
	cr_expect_gt(turns, all / TURN_MOST);
	rig_fini(&r);
}

Test(stack, a_full_table_sheds_and_counts)
{
	struct rig r;
	struct rig_frame f;
	struct wire w;
	uint8_t frame[100];
	uint64_t before;

	talk_rig(&r, 64);
	for (uint32_t i = 0; i < 500; i++) {
		struct wire_out o = { .src = addr_v4(0x01000000 + i * 7919), .dst = addr_v4(RIG_OWN),
			.proto = PROTO_TCP, .ttl = 64, .sport = 4000, .dport = 21, .seq = i * 31,
			.tcp_flags = TCP_SYN };

		memcpy(o.smac, rig_router, 6);
		memcpy(o.dmac, rig_mac, 6);
		rig_input(&r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 0));
		cr_assert(rig_take(&r, &f));
		cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), 0), WIRE_OK);
		o.seq++;
		o.ack = w.tcp.seq + 1;
		o.tcp_flags = TCP_ACK | TCP_PSH;
		memcpy(frame + wire_header_bytes(&o), "GET\r\n", 5);
		rig_input(&r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 5));
		stack_check(r.s);
		r.nout = 0;
	}
	cr_expect_eq(stack_flows(r.s), 64);
	cr_expect_eq(stack_counters(r.s)->flows_opened, 500);
	cr_expect_eq(stack_counters(r.s)->flows_evicted, 500 - 64);
	before = r.nrecords;
	stack_shutdown(r.s, r.set, 0);
	cr_expect_eq(stack_flows(r.s), 0);
	cr_expect_eq(r.nrecords - before, 64);
	stack_check(r.s);
	rig_fini(&r);
}

static const struct {
	const char *what;
	uint8_t smac[6];
	bool answered;
} senders[] = {
	{ "a card", { 2, 0, 0, 0, 0, 9 }, true },
	{ "everybody", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, false },
	{ "a group", { 1, 0, 0x5e, 0, 0, 1 }, false },
};

EACH_CASE(stack, no_frame_is_answered_to_a_group_of_hosts, senders)
{
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = 4000, .dport = 21, .tcp_flags = TCP_SYN };
	struct wire arp = { .arp_tpa = 0xcb007105, .arp_spa = 0xc0000202 };
	uint8_t frame[100];
	struct rig r;

	talk_rig(&r, 64);
	memcpy(o.smac, senders[*i].smac, 6);
	memcpy(o.dmac, rig_mac, 6);
	rig_input(&r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, 0));
	cr_expect_eq(r.nout, senders[*i].answered, "SYN of %s", senders[*i].what);
	/* The reply of the client to us, made a request for our address. */
	memcpy(arp.smac, rig_mac, 6);
	wire_build_arp(&arp, senders[*i].smac, frame, sizeof frame);
	frame[21] = 1;
	rig_input(&r, frame, WIRE_ETHER_HEADER + WIRE_ARP_PACKET);
	cr_expect_eq(r.nout, 2 * senders[*i].answered, "ARP request of %s", senders[*i].what);
	cr_expect_eq(stack_counters(r.s)->drop[DROP_MARTIAN], 2 * !senders[*i].answered);
	rig_fini(&r);
}
