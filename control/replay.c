#include "control/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/stack.h"
#include "learning/trace.h"

enum { FLOWS = 1 << 14, FRAME = 70000, OUT_ROOM = 2048, QUEUE = 256, ACK_AFTER_MS = 40,
	LINGER_MS = 2000, QUIET_S = 60, LIFE_S = 3700, START_S = 1000, TABLE_FIRST = 1024, HOST_BITS = 128, LEAST_BITS = 104 };
#define LATEST_NS (INT64_MAX / 2)	/* the year 2116; later times are taken for it, those before 1970 for 1970 */
enum { OPT_END = 0, OPT_NOP = 1, OPT_SACK = 5, OPT_TS = 8 };

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 }, client_mac[6] = { 2, 0, 0, 0, 0, 2 };

/* A conversation of the capture, and where ours of the same name stands. */
struct conv {
	struct addr client, server;
	uint16_t client_port, server_port;
	uint8_t proto;
	bool used, called;		/* called: its SYN was seen */
	bool backwards;			/* a server's own call to its client, as active FTP makes */
	bool heard;			/* our side answered */
	bool ended;			/* reset by either side */
	uint32_t isn, seq;		/* first and next of the client's, as recorded */
	uint32_t ack;			/* next of ours */
	uint32_t acked;			/* what the client has told us of that */
	uint32_t ts_val, ts_ecr;	/* last of the client's, last of ours */
	bool has_ts;
	uint8_t ttl;
	uint16_t win;
	int64_t last_ns;		/* its last datagram */
	int64_t due_ns;			/* when the shim acknowledges by itself; 0: nothing to */
	bool queued;
	struct conv *next;		/* due after this one */
};

struct replayer {
	struct stack *s;
	struct set *set;
	struct trace_out *out;
	struct replay_report *report;
	struct conv *conv;		/* open addressing, at most half full */
	size_t nconv, room;
	int64_t first_ns, now_ns;	/* Unix time of the capture's first packet, and now */
	int64_t skipped_ns;		/* of that, what the stack's clock did not see */
	int64_t idle_udp_ns;
	struct frame queue[QUEUE];	/* sent, not yet looked at */
	unsigned queued;
	struct conv *first, *last;	/* whose acknowledgement may be due, soonest first */
	uint8_t *frame;			/* FRAME bytes */
};

/* ---- conversations ---- */

static uint64_t
hash_of(const struct conv *k)
{
	uint64_t h = span_hash(span_of(k->client.b, sizeof k->client.b), k->client_port);

	h = span_hash(span_of(k->server.b, sizeof k->server.b), h ^ k->server_port);
	return h ^ k->proto;
}

static bool
same(const struct conv *a, const struct conv *b)
{
	return a->proto == b->proto && a->client_port == b->client_port &&
	    a->server_port == b->server_port && addr_eq(&a->client, &b->client) &&
	    addr_eq(&a->server, &b->server);
}

static struct conv *
place_of(const struct replayer *r, const struct conv *k)
{
	size_t at = hash_of(k) & (r->room - 1);

	while (r->conv[at].used && !same(&r->conv[at], k))
		at = (at + 1) & (r->room - 1);
	return &r->conv[at];
}

static int
grow(struct replayer *r)
{
	struct conv *old = r->conv;
	size_t room = r->room;

	r->room = room != 0 ? 2 * room : TABLE_FIRST;
	r->conv = calloc(r->room, sizeof *r->conv);
	if (r->conv == NULL) {
		r->conv = old;
		r->room = room;
		return -ENOMEM;
	}
	for (size_t i = 0; i < room; i++) {
		if (old[i].used)
			*place_of(r, &old[i]) = old[i];
	}
	free(old);
	return 0;
}

static struct conv
key_of(const struct wire *w, bool from_client)
{
	return from_client ?
	    (struct conv){ .client = w->src, .server = w->dst, .client_port = w->sport,
		.server_port = w->dport, .proto = w->proto } :
	    (struct conv){ .client = w->dst, .server = w->src, .client_port = w->dport,
		.server_port = w->sport, .proto = w->proto };
}

/* Is this a packet that the stack can be asked about? Counts why not. */
static bool
is_usable(struct wire *w, const struct trace_packet *p, struct replay_report *n)
{
	n->packets++;
	if (wire_parse(w, p->link, p->data, WIRE_ALLOW_CUT) != WIRE_OK) {
		n->skipped_damaged++;
		return false;
	}
	if (w->ethertype == ETHERTYPE_ARP4) {
		n->skipped_others++;
		return false;
	}
	if (!addr_is_v4(&w->dst)) {
		n->skipped_ip6++;
		return false;
	}
	if (w->more_fragments || w->frag_offset > 0) {
		n->skipped_fragments++;
		return false;
	}
	if (w->proto != PROTO_TCP && w->proto != PROTO_UDP) {
		n->skipped_others++;
		return false;
	}
	return true;
}

static int64_t
moment_of(const struct trace_packet *p)
{
	return MAX(0, MIN(p->ts_ns, LATEST_NS));
}

/* A capture in which nobody calls anybody, and what is in it instead. */
static int
no_conversation(const char *path, const struct replay_report *n, struct diag *why)
{
	static const struct { size_t at; const char *what; } reasons[] = {
		{ offsetof(struct replay_report, skipped_ip6), "IPv6" },
		{ offsetof(struct replay_report, skipped_fragments), "fragments" },
		{ offsetof(struct replay_report, skipped_damaged), "damaged or not IP" },
		{ offsetof(struct replay_report, skipped_others), "neither TCP nor UDP" },
	};
	char most[64] = "";
	uint64_t least = n->packets / 2;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		uint64_t k = *(const uint64_t *)((const char *)n + reasons[i].at);

		if (k <= least)
			continue;
		least = k;
		snprintf(most, sizeof most, ", %llu of them %s", (unsigned long long)k, reasons[i].what);
	}
	return diag_set(why, -ENODATA, "%s: no conversation begins in it (%llu packets read%s).%s%s", path,
	    (unsigned long long)n->packets, most, n->warning[0] != '\0' ? " " : "", n->warning);
}

/* First reading: who is a client of whom? A SYN says so, or who sends the first datagram. */
static int
learn_sides(struct replayer *r, const char *path, struct diag *why)
{
	struct replay_report seen = { 0 };
	struct trace_packet p;
	struct trace *t;
	struct wire w;
	int err = trace_open(&t, path, why);

	if (err < 0)
		return err;
	while (err == 0 && trace_next(t, &p)) {
		struct conv k, *at;

		if (r->first_ns == 0)
			r->first_ns = moment_of(&p);
		if (!is_usable(&w, &p, &seen))
			continue;
		if (w.proto == PROTO_TCP && (w.tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
			continue;
		k = key_of(&w, false);
		if (w.proto == PROTO_UDP && place_of(r, &k)->used)
			continue;	/* an answer */
		k = key_of(&w, true);
		at = place_of(r, &k);
		if (at->used)
			continue;
		*at = k;
		at->used = true;
		if (++r->nconv > r->room / 2 && (err = grow(r)) < 0)
			diag_set(why, err, "%s: not enough memory for its %zu conversations.", path, r->nconv);
	}
	if (trace_warning(t) != NULL)
		snprintf(seen.warning, sizeof seen.warning, "%s", trace_warning(t));
	trace_close(t);
	if (err == 0 && r->nconv == 0)
		err = no_conversation(path, &seen, why);
	return err;
}

/* An address, and how much more often it was called than it called. */
struct host {
	struct addr addr;
	int64_t balance;
};

static int
by_addr(const void *a, const void *b)
{
	return memcmp(((const struct host *)a)->addr.b, ((const struct host *)b)->addr.b, sizeof(struct addr));
}

static bool
is_server(const struct host *h, size_t n, const struct addr *a)
{
	struct host key = { .addr = *a };
	const struct host *at = bsearch(&key, h, n, sizeof *h, by_addr);

	return at != NULL && at->balance > 0;
}

/* Who both calls and is called is what it is more often; calls the other way are left out. */
static int
part_hosts(struct replayer *r)
{
	struct host *h = calloc(2 * r->nconv, sizeof *h);
	size_t n = 0, kept = 0;

	if (h == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < r->room; i++) {
		if (!r->conv[i].used)
			continue;
		h[n++] = (struct host){ r->conv[i].server, 1 };
		h[n++] = (struct host){ r->conv[i].client, -1 };
	}
	qsort(h, n, sizeof *h, by_addr);
	for (size_t i = 1; i < n; i++) {
		if (addr_eq(&h[kept].addr, &h[i].addr))
			h[kept].balance += h[i].balance;
		else
			h[++kept] = h[i];
	}
	for (size_t i = 0; i < r->room; i++) {
		struct conv *c = &r->conv[i];

		c->backwards = c->used && (!is_server(h, kept + 1, &c->server) ||
		    is_server(h, kept + 1, &c->client));
	}
	free(h);
	return 0;
}

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
	for (size_t i = 0; i < r->room; i++) {
		struct range *range;

		if (!r->conv[i].used || r->conv[i].backwards || has_range(r->set, &r->conv[i].server, bits))
			continue;
		range = set_add_range(r->set, &r->conv[i].server, bits);
		if (range == NULL)
			return -ENOSPC;
		range->ping = true;
		range->persona = &persona_linux;
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
	for (size_t i = 0; i < r->room; i++) {
		const struct conv *c = &r->conv[i];
		const struct range *range;
		struct target *t = NULL;

		if (!c->used || c->backwards)
			continue;
		for (uint32_t k = 0; k < r->set->nranges; k++) {
			range = r->set->range[k];
			if (!addr_in(&c->server, &range->prefix, range->bits))
				continue;
			t = c->proto == PROTO_TCP ? r->set->range[k]->tcp : r->set->range[k]->udp;
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
	return (uint64_t)(r->now_ns - r->first_ns - r->skipped_ns) + START_S * 1000000000ull;
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
		k = key_of(&w, false);
		c = place_of(r, &k);
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

		if (!is_usable(&w, &p, r->report))
			continue;
		k = key_of(&w, true);
		c = place_of(r, &k);
		if (!c->used) {
			k = key_of(&w, false);
			++*(place_of(r, &k)->used ? &r->report->server_packets : &r->report->skipped_mid);
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
		wait_until(r, moment_of(&p));
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
	config.flows = FLOWS;
	config.seed = 1;
	r.idle_udp_ns = config.idle_udp_ms * 1000000ll;
	memcpy(config.mac, our_mac, sizeof config.mac);
	r.frame = malloc(FRAME);
	mem = aligned_alloc(64, stack_bytes(&config));
	if (r.frame == NULL || mem == NULL || grow(&r) < 0) {
		err = diag_set(why, -ENOMEM, "%s: not enough memory to replay it.", in);
		goto free_memory;
	}
	memset(mem, 0, stack_bytes(&config));
	err = learn_sides(&r, in, why);
	if (err < 0)
		goto free_memory;
	r.now_ns = r.first_ns;
	if (part_hosts(&r) < 0) {
		err = diag_set(why, -ENOMEM, "%s: not enough memory to replay it.", in);
		goto free_memory;
	}
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
	free(r.conv);
	free(mem);
	free(r.frame);
	return err;
}
