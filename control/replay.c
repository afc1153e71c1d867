#include "control/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/calls.h"
#include "dataplane/stack.h"

enum { FLOWS = 1 << 14, FRAME = 70000, OUT_ROOM = 2048, QUEUE = 256, ACK_AFTER_MS = 40,
	LINGER_MS = 2000, QUIET_S = 60, LIFE_S = 3700, START_S = 1000, HOST_BITS = 128, LEAST_BITS = 104 };

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 }, client_mac[6] = { 2, 0, 0, 0, 0, 2 };

struct replayer {
	struct stack *s;
	struct set *set;
	struct trace_out *out;
	struct replay_report *report;
	struct calls calls;
	int64_t now_ns;			/* Unix time */
	int64_t skipped_ns;		/* since the first packet, what the stack's clock did not see */
	int64_t idle_udp_ns;
	struct frame queue[QUEUE];	/* sent, not yet looked at */
	unsigned queued;
	struct conv *first, *last;	/* whose acknowledgement may be due, soonest first */
	uint8_t *frame;			/* FRAME bytes */
};

/* ---- the set: every server of the capture is an address of ours ---- */

static bool
has_range(const struct set *s, const struct addr *a, unsigned bits)
{
	for (uint32_t i = 0; i < s->nranges; i++) {
		if (s->range[i]->bits == bits && addr_in(a, &s->range[i]->prefix, bits))
			return true;
	}
	return false;
}

/* One range per server, or per common prefix where there are too many. */
static int
add_ranges(struct replayer *r, unsigned bits)
{
	for (size_t i = 0; i < r->calls.room; i++) {
		struct range *range;

		if (!r->calls.conv[i].used || r->calls.conv[i].backwards || has_range(r->set, &r->calls.conv[i].server, bits))
			continue;
		range = set_add_range(r->set, &r->calls.conv[i].server, bits);
		if (range == NULL)
			return -ENOSPC;
		range->profile[0]->ping = true;
		}
	return 0;
}

static int
make_set(struct replayer *r, const struct replay_service *services, unsigned n, const char *in,
    struct diag *why)
{
	uint8_t slot[REPLAY_MODELS];
	char name[16];

	for (unsigned bits = HOST_BITS;; bits--) {
		r->set = set_create(NULL);
		if (r->set == NULL)
			return diag_set(why, -ENOMEM, "%s: not enough memory to replay it.", in);
		if (add_ranges(r, bits) == 0)
			break;
		set_discard(r->set);
		r->set = NULL;
		if (bits <= LEAST_BITS)
			return diag_set(why, -ENOSPC, "%s: its servers are spread too widely.", in);
	}
	for (unsigned k = 0; k < n; k++) {
		int got;

		snprintf(name, sizeof name, "replay-%u", k);
		got = set_add(r->set, name, services[k].m);
		if (got < 0)
			return diag_set(why, got, "There are too many models.");
		slot[k] = (uint8_t)got;
	}
	for (size_t i = 0; i < r->calls.room; i++) {
		const struct conv *c = &r->calls.conv[i];
		const struct range *range;
		struct target *t = NULL;

		if (!c->used || c->backwards)
			continue;
		for (uint32_t k = 0; k < r->set->nranges; k++) {
			range = r->set->range[k];
			if (!addr_in(&c->server, &range->prefix, range->bits))
				continue;
			t = c->proto == PROTO_TCP ? range->profile[0]->tcp : range->profile[0]->udp;
			break;
		}
		for (unsigned k = 0; t != NULL && k < n; k++) {
			bool exact = services[k].port == c->server_port;

			if (model_proto(services[k].m) == c->proto && (exact || services[k].port == 0) &&
			    (exact || t[c->server_port].slot == 0))
				t[c->server_port] = (struct target){ ACTION_ANSWER, slot[k] };
		}
	}
	return 0;
}

/* ---- the sink ---- */

static struct frame
get(void *ctx)
{
	(void)ctx;
	return (struct frame){ .data = malloc(OUT_ROOM), .room = OUT_ROOM };
}

/* Only queued: the stack is in the middle of a packet. */
static void
put(void *ctx, const struct frame *f)
{
	struct replayer *r = ctx;

	if (r->queued == QUEUE) {	/* more than any packet may cause; the peer would see it as loss */
		free(f->data);
		return;
	}
	r->queue[r->queued++] = *f;
}

/* ---- the shim ---- */

static uint64_t
clock_ns(const struct replayer *r)
{
	return (uint64_t)(r->now_ns - r->calls.first_ns - r->skipped_ns) + START_S * 1000000000ull;
}

/* Every delay is the same, so whoever comes last is due last. */
static void
enqueue(struct replayer *r, struct conv *c)
{
	c->queued = true;
	c->next = NULL;
	*(r->first != NULL ? &r->last->next : &r->first) = c;
	r->last = c;
}

/* What our stack sent goes into the file, and the shim learns from it. */
static void
hear(struct replayer *r)
{
	for (unsigned i = 0; i < r->queued; i++) {
		struct span s = span_of(r->queue[i].data, r->queue[i].len);
		struct conv k, *c;
		struct wire w;

		trace_write(r->out, r->now_ns, s);
		r->report->our_packets++;
		if (wire_parse(&w, WIRE_ETHER, s, 0) != WIRE_OK || w.proto != PROTO_TCP)
			goto done;
		k = calls_key(&w, false);
		c = calls_place(&r->calls, &k);
		if (!c->used)
			goto done;
		if (w.tcp.flags & TCP_RST) {
			c->ended = true;
			c->due_ns = 0;
			goto done;
		}
		if (w.tcp.has_ts)
			c->ts_ecr = w.tcp.ts_val;
		if (!c->heard || w.tcp.flags & TCP_SYN || (int32_t)(w.tcp.seq - c->ack) <= 0) {
			uint32_t end = w.tcp.seq + (uint32_t)w.payload.n +
			    !!(w.tcp.flags & (TCP_SYN | TCP_FIN));

			if (!c->heard || w.tcp.flags & TCP_SYN || (int32_t)(end - c->ack) > 0)
				c->ack = end;
			if (w.tcp.flags & TCP_SYN)
				c->acked = w.tcp.seq + 1;	/* the recorded ACK will come */
		}
		c->heard = true;
		if (c->due_ns == 0 && c->ack != c->acked && !c->ended) {
			c->due_ns = r->now_ns + ACK_AFTER_MS * 1000000ll;
			if (!c->queued)
				enqueue(r, c);
		}
done:
		free(r->queue[i].data);
	}
	r->queued = 0;
}

static void
say(struct replayer *r, struct wire_out *o, struct span payload)
{
	size_t at = wire_header_bytes(o), len;
	struct frame f = { .data = r->frame, .room = FRAME };

	memcpy(o->smac, client_mac, sizeof o->smac);
	memcpy(o->dmac, our_mac, sizeof o->dmac);
	if (payload.n > 0)
		memcpy(r->frame + at, payload.p, payload.n);
	len = wire_build(o, r->frame, FRAME, payload.n);
	if (len == 0)
		return;
	trace_write(r->out, r->now_ns, span_of(r->frame, len));
	f.len = (uint32_t)len;
	f.room = f.len;		/* our copy: the stack answers in frames of its own */
	stack_burst(r->s, r->set, &f, 1, clock_ns(r), r->now_ns / 1000000);
	/* The stack may still turn the frame round; then it lies in the queue, whose owner frees. */
	if (f.data == NULL)
		r->frame = NULL;
	hear(r);
	if (r->frame == NULL)
		r->frame = malloc(FRAME);
}

/* The client's own options, with our clock echoed and without SACK blocks. Returns their length. */
static uint8_t
adapt_options(uint8_t to[40], const struct wire *w, const struct conv *c)
{
	struct span o = w->tcp.options;

	memcpy(to, o.p, o.n);
	for (size_t i = 0; i < o.n;) {
		size_t n;

		if (to[i] == OPT_END)
			break;
		if (to[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= o.n || to[i + 1] < 2 || i + to[i + 1] > o.n)
			break;
		n = to[i + 1];
		if (to[i] == OPT_TS && n == 10 && w->tcp.flags & TCP_ACK)
			store_be32(to + i + 6, c->ts_ecr);
		else if (to[i] == OPT_SACK)
			memset(to + i, OPT_NOP, n);
		i += n;
	}
	return (uint8_t)o.n;
}

static void
client_tcp(struct replayer *r, struct conv *c, const struct wire *w)
{
	uint8_t options[40];
	uint32_t end = w->tcp.seq + (uint32_t)w->payload.n + !!(w->tcp.flags & TCP_SYN) +
	    !!(w->tcp.flags & TCP_FIN);
	struct wire_out o = { .src = w->src, .dst = w->dst, .proto = PROTO_TCP, .ttl = w->ttl,
		.tos = w->tos, .ip_id = w->ip_id, .df = w->df, .sport = w->sport, .dport = w->dport,
		.seq = w->tcp.seq, .tcp_flags = w->tcp.flags, .win = w->tcp.win, .options = options };

	if (w->tcp.flags & TCP_SYN && (!c->called || w->tcp.seq != c->isn)) {
		/* the first, or the same ports again */
		c->called = true;
		c->heard = c->ended = false;
		c->isn = w->tcp.seq;
		c->seq = end;
		c->ack = c->acked = c->ts_ecr = 0;
		c->due_ns = 0;
		r->report->conversations++;
	}
	if (!c->called || c->ended) {
		++*(c->called ? &r->report->skipped_ended : &r->report->skipped_mid);
		return;
	}
	if ((int32_t)(end - c->seq) > 0)
		c->seq = end;
	c->ttl = w->ttl;
	c->win = w->tcp.win;
	c->has_ts = w->tcp.has_ts;
	c->ts_val = w->tcp.ts_val;
	o.noptions = adapt_options(options, w, c);
	if (w->tcp.flags & TCP_ACK) {
		o.ack = c->ack;
		c->acked = c->ack;
		c->due_ns = 0;
	}
	c->ended = w->tcp.flags & TCP_RST;
	r->report->client_packets++;
	say(r, &o, w->payload);
}

static void
client_udp(struct replayer *r, struct conv *c, const struct wire *w)
{
	struct wire_out o = { .src = w->src, .dst = w->dst, .proto = PROTO_UDP, .ttl = w->ttl,
		.tos = w->tos, .ip_id = w->ip_id, .df = w->df, .sport = w->sport, .dport = w->dport };

	if (!c->called || r->now_ns - c->last_ns > r->idle_udp_ns)	/* our stack, too, forgets it by then */
		r->report->conversations++;
	c->called = true;
	c->last_ns = r->now_ns;
	r->report->client_packets++;
	say(r, &o, w->payload);
}

/* Acknowledges what our side said and no recorded packet answered in time. */
static void
acknowledge(struct replayer *r, struct conv *c)
{
	uint8_t options[12] = { OPT_NOP, OPT_NOP, OPT_TS, 10 };
	struct wire_out o = { .src = c->client, .dst = c->server, .proto = PROTO_TCP, .ttl = c->ttl,
		.df = true, .sport = c->client_port, .dport = c->server_port, .seq = c->seq,
		.ack = c->ack, .tcp_flags = TCP_ACK, .win = c->win };

	c->due_ns = 0;
	c->acked = c->ack;
	if (c->has_ts) {
		store_be32(options + 4, c->ts_val);
		store_be32(options + 8, c->ts_ecr);
		o.options = options;
		o.noptions = sizeof options;
	}
	r->report->added_acks++;
	say(r, &o, (struct span){ 0 });
}

/* The next moment at which the shim has to do something, or limit. */
static int64_t
next_due(struct replayer *r, int64_t limit)
{
	while (r->first != NULL && r->first->due_ns == 0) {
		r->first->queued = false;
		r->first = r->first->next;
	}
	return r->first != NULL ? MIN(r->first->due_ns, limit) : limit;
}

/* Nothing is under way any more, or nothing of it that could outlive the longest life of a flow. */
static bool
is_quiet(const struct replayer *r, int64_t waited_ns)
{
	return waited_ns > LIFE_S * 1000000000ll ||
	    (waited_ns > QUIET_S * 1000000000ll && stack_flows(r->s) == 0 && r->first == NULL);
}

/*
 * Time passes until then: timers of the stack, acknowledgements of the shim. A capture may lie still for
 * years, or say so: once all is quiet the rest goes by without the stack's clock.
 */
static void
wait_until(struct replayer *r, int64_t then_ns)
{
	int64_t from_ns = r->now_ns;

	while (r->now_ns < then_ns) {
		int64_t due, step;

		step = (int64_t)stack_timers(r->s, r->set, clock_ns(r), r->now_ns / 1000000);
		hear(r);
		due = next_due(r, then_ns);
		if (is_quiet(r, r->now_ns - from_ns)) {
			r->skipped_ns += then_ns - r->now_ns;
			r->now_ns = then_ns;
			return;
		}
		if (due <= r->now_ns) {
			acknowledge(r, r->first);
			continue;
		}
		r->now_ns = MIN(due, r->now_ns + MAX(step, 1000000));
	}
}

static int
run(struct replayer *r, const char *in, struct diag *why)
{
	struct trace_packet p;
	struct trace *t;
	struct wire w;
	int err = trace_open(&t, in, why);

	if (err < 0)
		return err;
	while (trace_next(t, &p)) {
		struct conv k, *c;

		if (!calls_usable(&w, &p, r->report))
			continue;
		k = calls_key(&w, true);
		c = calls_place(&r->calls, &k);
		if (!c->used) {
			k = calls_key(&w, false);
			++*(calls_place(&r->calls, &k)->used ? &r->report->server_packets : &r->report->skipped_mid);
			continue;
		}
		if (c->backwards) {
			r->report->skipped_backwards++;
			continue;
		}
		if (w.cut > 0) {
			r->report->skipped_cut++;
			continue;
		}
		wait_until(r, calls_moment(&p));
		if (w.proto == PROTO_TCP)
			client_tcp(r, c, &w);
		else
			client_udp(r, c, &w);
		if (r->frame == NULL) {
			err = diag_set(why, -ENOMEM, "%s: not enough memory to replay it.", in);
			break;
		}
	}
	if (trace_warning(t) != NULL)
		snprintf(r->report->warning, sizeof r->report->warning, "%s", trace_warning(t));
	trace_close(t);
	if (err == 0)
		wait_until(r, r->now_ns + LINGER_MS * 1000000ll);
	r->report->turns = stack_counters(r->s)->turns;
	return err;
}

int
replay(const struct replay_service *services, unsigned n, const char *in, const char *out,
    struct replay_report *report, struct diag *why)
{
	struct replayer r = { .report = report };
	const struct sink sink = { get, put, NULL, &r };
	struct stack_config config;
	void *mem = NULL;
	int err;

	assert(n <= REPLAY_MODELS);
	*report = (struct replay_report){ 0 };
	stack_defaults(&config);
	config.flows = config.flows_six = FLOWS;
	config.seed = 1;
	r.idle_udp_ns = config.idle_udp_ms * 1000000ll;
	memcpy(config.mac, our_mac, sizeof config.mac);
	r.frame = malloc(FRAME);
	mem = aligned_alloc(64, stack_bytes(&config));
	if (r.frame == NULL || mem == NULL) {
		err = diag_set(why, -ENOMEM, "%s: not enough memory to replay it.", in);
		goto free_memory;
	}
	memset(mem, 0, stack_bytes(&config));
	err = calls_read(&r.calls, in, why);
	if (err < 0)
		goto free_memory;
	r.now_ns = r.calls.first_ns;
	err = make_set(&r, services, n, in, why);
	if (err < 0)
		goto discard;
	r.s = stack_init(mem, &config, &sink);
	err = trace_create(&r.out, out, why);
	if (err < 0)
		goto discard;
	err = run(&r, in, why);
	if (err < 0)
		trace_abandon(r.out);
	else
		err = trace_finish(r.out, why);
discard:
	if (r.set != NULL)
		set_discard(r.set);
free_memory:
	calls_fini(&r.calls);
	free(mem);
	free(r.frame);
	return err;
}
