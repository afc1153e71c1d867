/*
 * A million malformed frames from anywhere, and as many into open conversations: each is accounted once, none
 * moves a conversation that it may not move, and afterwards everything is given back.
 */
#include <stdio.h>

#include "tests/cases.h"
#include "tests/peers.h"
#include "tests/storm.h"

enum { FRAMES = 1000000, SEED = 20260101, LOOK_EVERY = 512 };
#define LINK_ADDR 0xc0000202u
#define US 1000ull
#define MINUTE_NS 60000000000ull

static uint64_t
dropped(const struct rig *r)
{
	const struct counters *c = stack_counters(r->s);
	uint64_t n = 0;

	for (int i = 0; i < DROP_N; i++)
		n += c->drop[i];
	return n;
}

static void
air(struct rig *r)
{
	uint8_t talk, ftp, udp;

	rig_init(r);
	talk = rig_model(r, "talk-small");
	ftp = rig_model(r, "ftp-small");
	udp = rig_model(r, "udp-small");
	for (int six = 0; six < 2; six++) {
		if (six)
			rig_six(r);
		rig_service(r, PROTO_TCP, 21, ACTION_ANSWER, talk);
		rig_service(r, PROTO_TCP, 80, ACTION_ANSWER, ftp);
		rig_service(r, PROTO_TCP, 99, ACTION_SILENT, 0);
		rig_service(r, PROTO_UDP, 53, ACTION_ANSWER, udp);
	}
	rig_start(r);
}

/* What was said of the frame that just came: at most one reason, and one if it must be refused. */
static bool
account(const struct rig *r, uint64_t before, const struct storm_frame *f, unsigned i)
{
	uint64_t reasons = dropped(r) - before;

	cr_assert_leq(reasons, 1, "frame %u (%s) has %u reasons", i, storm_fault_name(f->fault), (unsigned)reasons);
	cr_assert(reasons == 1 || !f->certain, "frame %u (%s) was taken", i, storm_fault_name(f->fault));
	return reasons == 1;
}

/* Everything given back once all is over. */
static void
expect_full_pools(struct rig *r)
{
	struct stack_memory m;

	rig_wait(r, 10 * MINUTE_NS, false);
	stack_check(r->s);
	cr_expect_eq(stack_flows(r->s), 0);
	cr_expect_eq(r->frames, 0, "%d frames did not come back", r->frames);
	stack_memory(r->s, &m);
	for (int i = 0; i < PARTS_N; i++)
		cr_expect_eq(m.part[i].used, 0, "%u places of %s are not free", m.part[i].used, stack_part_name(i));
	for (int i = 0; i < SET_SLOTS; i++)
		cr_expect_eq(stack_pins(r->s)->n[i], 0);
}

/* ---- from anywhere ---- */

static unsigned six[256];	/* answers over IPv6, by protocol */

/* Nobody has proven anything here, so what leaves answers the frame that just came, or repeats a SYN-ACK. */
static void
expect_modest(const struct rig *r, const struct storm_frame *f, unsigned i)
{
	static const uint8_t flags[] = { TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK | TCP_ECE, TCP_RST, TCP_RST | TCP_ACK };

	for (unsigned k = 0; k < r->nout; k++) {
		const struct rig_frame *out = &r->out[k];
		struct wire w;
		bool known = false;

		cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(out->bytes, out->len), WIRE_CHECK_SUMS), WIRE_OK);
		cr_assert_eq(w.dmac[0] & 1, 0, "frame %u (%s) is answered to a group", i, storm_fault_name(f->fault));
		if (w.ethertype == ETHERTYPE_ARP4)
			continue;
		cr_assert(set_range(r->set, &w.src) != NULL || addr_eq(&w.src, &r->c.link_addr_six), "frame %u", i);
		if (w.ethertype == ETHERTYPE_IP6)
			six[w.proto]++;
		for (unsigned j = 0; w.proto == PROTO_TCP && j < ARRAY_LEN(flags); j++)
			known |= w.tcp.flags == flags[j];
		cr_assert(known || w.proto != PROTO_TCP, "frame %u: flags %x", i, w.tcp.flags);
	}
}

static const struct counters *
begin(struct rig *r, struct storm *s)
{
	printf("seed %d\n", SEED);
	air(r);
	storm_init(s, SEED, rig_router, rig_mac, RIG_OWN & 0xffff0000u, LINK_ADDR);
	return stack_counters(r->s);
}

Test(storm, a_million_frames_from_anywhere_leave_nothing_behind, .timeout = 280)
{
	static struct storm s;
	static struct storm_frame f;
	uint64_t refused = 0, taken = 0, certain = 0, mended = 0;
	const struct counters *c;
	struct rig r;

	c = begin(&r, &s);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint64_t before = dropped(&r), sums = c->fault[WIRE_BAD_IP_SUM] + c->fault[WIRE_BAD_L4_SUM];

		storm_next(&s, &f);
		rig_input(&r, f.bytes, f.len);
		certain += f.certain;
		if (account(&r, before, &f, i))
			refused++;
		else
			taken++;
		mended += c->fault[WIRE_BAD_IP_SUM] + c->fault[WIRE_BAD_L4_SUM] == sums;
		cr_assert_leq(r.nout, 1, "frame %u (%s) has %u answers", i, storm_fault_name(f.fault), r.nout);
		expect_modest(&r, &f, i);
		r.nout = r.nrecords = 0;
		r.now_ns += 20 * US;
		if (i % 64 == 0)
			rig_wait(&r, 0, false);
		expect_modest(&r, &f, i);
		if (i % LOOK_EVERY == 0)
			stack_check(r.s);
		r.nout = r.nrecords = 0;
	}
	cr_expect_eq(c->frames_in, FRAMES);
	cr_expect_eq(c->frames_in, refused + taken);
	/* It must have gone everywhere, or it proves nothing. */
	for (int i = WIRE_OK + 1; i < WIRE_FAULTS; i++)
		cr_expect_gt(c->fault[i], 100, "%s", wire_fault_name(i));
	cr_expect_gt(certain, FRAMES / 3);
	cr_expect_gt(mended, FRAMES / 2);
	cr_expect_gt(taken, FRAMES / 20);
	cr_expect_gt(c->drop[DROP_FRAGMENT], FRAMES / 50);
	cr_expect_gt(six[PROTO_TCP], 1000);
	cr_expect_gt(six[PROTO_ICMP6], 1000);
	cr_expect_gt(c->syn_ack_out, 5000);
	cr_expect_gt(c->rst_out, 5000);
	cr_expect_gt(c->echo_out, 5000);
	expect_full_pools(&r);
	rig_fini(&r);
}

/* ---- into open conversations, with frames that must not move them ---- */

enum { VICTIMS = 32, STEPS = 4, FIRST_PORT = 50000, BIG_LINES = 60, BIG_LINE = 102 };

struct victim {
	uint16_t port;
	bool timestamps;
	uint32_t seq, ack;	/* next of ours, next of theirs */
	uint32_t ts;
	uint32_t open, next;	/* of want: the first byte not heard, its end */
	unsigned step;
	bool fin;
	char want[1 << 14];	/* what it has to hear, since the last turn */
};

static struct victim victims[VICTIMS];

static void
segment(struct rig *r, struct victim *v, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t ts, const char *says)
{
	uint8_t frame[RIG_ROOM], options[12] = { 1, 1, 8, 10 };
	struct wire_out o = { .src = addr_v4(RIG_CLIENT), .dst = addr_v4(RIG_OWN), .proto = PROTO_TCP,
		.ttl = 64, .sport = v->port, .dport = 21, .seq = seq, .ack = ack, .tcp_flags = flags, .win = 65535 };
	size_t n = strlen(says);

	memcpy(o.smac, rig_router, 6);
	memcpy(o.dmac, rig_mac, 6);
	store_be32(options + 4, ts);
	o.options = options;
	o.noptions = v->timestamps ? sizeof options : 0;
	memcpy(frame + wire_header_bytes(&o), says, n);
	rig_input(r, frame, (uint32_t)wire_build(&o, frame, sizeof frame, n));
}

/* Takes what the stack said since: in order, and exactly what each of them expects. */
static void
hear(struct rig *r)
{
	struct rig_frame f;
	struct wire w;

	while (rig_take(r, &f)) {
		struct victim *v;
		uint32_t skip, n;

		cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS), WIRE_OK);
		cr_assert(w.dport >= FIRST_PORT && w.dport < FIRST_PORT + VICTIMS);
		v = &victims[w.dport - FIRST_PORT];
		cr_assert_eq(w.tcp.flags & (TCP_RST | TCP_SYN), 0, "conversation %u: flags %x", v->port, w.tcp.flags);
		skip = v->ack - w.tcp.seq;
		if (skip > w.payload.n)
			continue;	/* after a gap, or old */
		n = (uint32_t)w.payload.n - skip;
		cr_assert_leq(v->open + n, v->next, "conversation %u: more than was asked for", v->port);
		cr_assert_eq(memcmp(w.payload.p + skip, v->want + v->open, n), 0,
		    "conversation %u: '%.*s' expected, heard '%.*s'", v->port, (int)n, v->want + v->open,
		    (int)n, (const char *)w.payload.p + skip);
		v->open += n;
		v->ack += n;
		if (w.tcp.flags & TCP_FIN && !v->fin) {
			v->fin = true;
			v->ack++;
		}
	}
}

static void
say(struct rig *r, struct victim *v, const char *what)
{
	segment(r, v, what[0] != '\0' ? TCP_ACK | TCP_PSH : TCP_ACK, v->seq, v->ack, v->ts, what);
	v->seq += (uint32_t)strlen(what);
	hear(r);
}

static void
expect(struct victim *v, const char *what)
{
	size_t n = strlen(what);

	if (v->open == v->next)
		v->open = v->next = 0;
	cr_assert_lt(v->next + n, sizeof v->want);
	memcpy(v->want + v->next, what, n);
	v->next += (uint32_t)n;
}

/* Acknowledges until all that was asked for is there. */
static void
listen(struct rig *r, struct victim *v)
{
	for (int i = 0; i < 200 && v->open < v->next; i++) {
		say(r, v, "");
		rig_wait(r, 2000 * US, true);
		hear(r);
	}
	cr_assert_eq(v->open, v->next, "conversation %u waits for '%s'", v->port, v->want + v->open);
	say(r, v, "");
}

static void
dial(struct rig *r, struct victim *v)
{
	uint32_t isn = v->seq;
	struct rig_frame f;
	struct wire w;

	segment(r, v, TCP_SYN, isn, 0, v->ts, "");
	cr_assert(rig_take(r, &f));
	cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(f.bytes, f.len), WIRE_CHECK_SUMS), WIRE_OK);
	v->seq = isn + 1;
	v->ack = w.tcp.seq + 1;
	say(r, v, "");
}

/* A turn of a dialogue that always stands in the middle of something. */
static void
go_on(struct rig *r, struct victim *v)
{
	char line[200];

	v->ts++;
	switch (v->step++ % STEPS) {
	case 0:		/* half a message */
		snprintf(line, sizeof line, "ECHO %u", v->port + v->step);
		say(r, v, line);
		break;
	case 1:		/* the other half, and the answer not acknowledged */
		snprintf(line, sizeof line, "%u\r\n", v->port + v->step - 1);
		expect(v, line);
		say(r, v, "\r\n");
		break;
	case 2:		/* a long answer of which we take the first window */
		listen(r, v);
		for (int i = 0; i < BIG_LINES; i++) {
			snprintf(line, sizeof line, "%04d abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
			    "0123456789abcdefghijklmnopqrstu\r\n", i);
			expect(v, line);
		}
		say(r, v, "BIG\r\n");
		break;
	default:	/* two at once */
		listen(r, v);
		expect(v, "ok\r\nwhat\r\n");
		say(r, v, "GET\r\nnonsense\r\n");
	}
}

/* Well formed, from the right address and port, and refused all the same. RFC 9293, 5961, 7323. */
static void
blind(struct rig *r, struct storm *s, struct victim *v)
{
	uint32_t some = 1 + storm_pick(s, 1000), far = (1u << 20) + storm_pick(s, 1u << 30);
	bool old = v->timestamps && storm_pick(s, 4) == 0;
	uint32_t ts = v->ts - (old ? some : 0);
	const char *word = "BYE\r\n";

	switch (storm_pick(s, old ? 2 : 10)) {
	case 0:
		segment(r, v, old ? TCP_ACK | TCP_PSH : TCP_RST, v->seq + (old ? 0 : some), v->ack, ts, old ? word : "");
		return;
	case 1:
		segment(r, v, old ? TCP_ACK | TCP_FIN : TCP_RST | TCP_ACK, v->seq + (old ? 0 : far), v->ack, ts, "");
		return;
	case 2:
		segment(r, v, TCP_SYN, v->seq + some, 0, ts, "");
		return;
	case 3:
		segment(r, v, TCP_SYN | TCP_ACK, v->seq, v->ack, ts, "");
		return;
	case 4:
		segment(r, v, TCP_PSH, v->seq, v->ack, ts, word);
		return;
	case 5:
		segment(r, v, TCP_ACK | TCP_PSH, v->seq, v->ack + 100000 + far, ts, word);
		return;
	case 6:
		segment(r, v, TCP_ACK | TCP_PSH | TCP_FIN, v->seq, v->ack - 0x50000000 - some, ts, word);
		return;
	case 7:
		segment(r, v, TCP_ACK | TCP_PSH, v->seq + far, v->ack, ts, word);
		return;
	case 8:
		segment(r, v, TCP_ACK | TCP_PSH, v->seq - (uint32_t)strlen(word) - some, v->ack, ts, word);
		return;
	default:
		segment(r, v, TCP_FIN | TCP_ACK, v->seq - 1 - some, v->ack, ts, "");
	}
}

static void
hang_up(struct rig *r, struct victim *v)
{
	while (v->step % STEPS != 0)
		go_on(r, v);
	listen(r, v);
	expect(v, "bye\r\n");
	say(r, v, "BYE\r\n");
	listen(r, v);
	cr_expect(v->fin, "conversation %u does not end", v->port);
	segment(r, v, TCP_ACK | TCP_FIN, v->seq, v->ack, v->ts, "");
	r->nout = 0;
}

Test(storm, a_million_frames_move_no_conversation_that_they_may_not_move, .timeout = 280)
{
	static struct storm s;
	static struct storm_frame f;
	const struct counters *c;
	struct rig r;

	c = begin(&r, &s);
	for (unsigned i = 0; i < VICTIMS; i++) {
		victims[i] = (struct victim){ .port = (uint16_t)(FIRST_PORT + i), .timestamps = i % 2,
			.seq = i * 0x10000000u - 5000, .ts = 0x7fffff00u };
		dial(&r, &victims[i]);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		struct victim *v = &victims[storm_pick(&s, VICTIMS)];
		struct storm_target at = { RIG_CLIENT, RIG_OWN, v->port, 21, v->seq, v->ack };
		uint64_t before = dropped(&r);

		if (storm_pick(&s, 2)) {
			storm_aim(&s, &at, &f);
			rig_input(&r, f.bytes, f.len);
		} else {
			f.fault = STORM_FLAGS;
			f.certain = true;
			blind(&r, &s, v);
		}
		account(&r, before, &f, i);
		hear(&r);
		rig_wait(&r, 20 * US, false);
		hear(&r);
		if (i % 128 == 0)
			go_on(&r, &victims[i / 128 % VICTIMS]);
		if (i % LOOK_EVERY == 0)
			stack_check(r.s);
	}
	cr_expect_eq(stack_flows(r.s), VICTIMS);
	cr_expect_eq(c->flows_closed, 0);
	cr_expect_gt(c->turns, 1000);
	for (int i = 0; i < VICTIMS; i++)
		hang_up(&r, &victims[i]);
	cr_expect_eq(stack_flows(r.s), 0, "%u conversations are still there", stack_flows(r.s));
	cr_expect_eq(c->flows_opened, VICTIMS);
	cr_expect_eq(c->flows_evicted, 0);
	expect_full_pools(&r);
	rig_fini(&r);
}

/* ---- into open conversations, with segments that may move them ---- */

static bool
is_established(const struct rig *r, uint16_t port)
{
	struct flow_view v[2 * PEERS];
	uint32_t at = 0;
	unsigned n = stack_list(r->s, &at, UINT32_MAX, v, ARRAY_LEN(v));

	for (unsigned i = 0; i < n; i++)
		if (v[i].proto == PROTO_TCP && v[i].peer_port == port && v[i].own_port == 21)
			return strcmp(flow_state_name(v[i].state), "established") == 0;
	return false;
}

/* Has the stack said word to port? Then, or if not, what it sent is learnt from. */
static bool
was_said(struct rig *r, struct peers *p, uint16_t port, const char *word)
{
	bool said = false;
	struct wire w;

	for (unsigned i = 0; i < r->nout; i++) {
		cr_assert_eq(wire_parse(&w, WIRE_ETHER, span_of(r->out[i].bytes, r->out[i].len), 0), WIRE_OK);
		said |= w.dport == port && memmem(w.payload.p, w.payload.n, word, strlen(word)) != NULL;
	}
	peers_learn(p, r);
	return said;
}

enum fate { ANSWERED, ENDED, STUCK };

/* A client that acknowledges and asks; half a message or bytes behind a gap may stand before its question. */
static enum fate
ask(struct rig *r, struct peers *p, struct peer *peer)
{
	struct victim v = { .port = peer->port };
	char line[64], word[32];

	for (int i = 0; i < 4000; i++) {
		if (!is_established(r, peer->port))
			return ENDED;
		snprintf(word, sizeof word, "still%d\r\n", i);
		snprintf(line, sizeof line, "\r\nECHO %s", word);
		segment(r, &v, TCP_ACK | TCP_PSH, peer->seq, peer->ack, 0, line);
		rig_wait(r, 100 * 1000 * US, false);
		if (was_said(r, p, peer->port, word))
			return ANSWERED;
	}
	return STUCK;
}

Test(storm, a_million_torn_segments_leave_conversations_that_answer_or_have_ended, .timeout = 280)
{
	enum { BYTES = 300 };	/* the most that a step takes */
	struct peers peers;
	struct storm s = { .random = SEED };
	unsigned fates[STUCK + 1] = { 0 };
	struct rig r;

	printf("seed %d\n", SEED);
	air(&r);
	peers_init(&peers, false);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint64_t before = dropped(&r), came = stack_counters(r.s)->frames_in, late;
		uint8_t bytes[BYTES];
		struct reader from;

		for (int k = 0; k < BYTES; k += 4)
			store_be32(bytes + k, storm_pick(&s, UINT32_MAX));
		from = reader_of(span_of(bytes, sizeof bytes));
		cr_assert(peers_step(&peers, &r, &from));
		late = dropped(&r) - before;
		came = stack_counters(r.s)->frames_in - came;
		cr_assert_leq(late, came, "step %u: %u reasons for %u frames", i, (unsigned)late, (unsigned)came);
		peers_learn(&peers, &r);
		cr_assert_eq(r.frames, 0, "step %u", i);
		r.nrecords = 0;
		if (i % LOOK_EVERY == 0)
			stack_check(r.s);
		if (i % 500 == 499) {
			struct peer *peer = &peers.peer[storm_pick(&s, PEERS)];

			if (is_established(&r, peer->port))
				fates[ask(&r, &peers, peer)]++;
			cr_assert_eq(fates[STUCK], 0, "step %u: conversation %u does not answer", i, peer->port);
		}
	}
	cr_expect_gt(fates[ANSWERED], 20);
	cr_expect_gt(stack_counters(r.s)->flows_opened, 10000);
	cr_expect_gt(stack_counters(r.s)->turns, 10000);
	cr_expect_gt(stack_counters(r.s)->retransmits, 1000);
	for (int i = 0; i < PEERS; i++)
		if (is_established(&r, peers.peer[i].port))
			cr_expect_neq(ask(&r, &peers, &peers.peer[i]), STUCK);
	expect_full_pools(&r);
	rig_fini(&r);
}
