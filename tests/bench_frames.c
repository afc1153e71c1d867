/*
 * bench_frames.c - frames in, frames out: the cost of a worker's turn per packet and per conversation.
 *
 * The table is filled first, to 13/16 or ten million, with idle conversations whose places and free list lie in no
 * order. Then each figure is measured in short slices, with the reference responder between them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/parley.h"

enum { SLICES = 10, FILL_MOST = 10000000, LIVE = 256, UDP_PEERS_PART = 32 };

struct bench {
	struct bench_options o;
	struct parley p;
	struct samples s, ref;
	uint64_t random;
	uint32_t filled;		/* clients 0 to filled - 1 have, or had, an idle conversation */
	uint32_t idle_after;		/* those from here on still have */
	uint32_t *ack;			/* per idle conversation: what its client acknowledges */
	struct client live[LIVE];	/* conversations that talk, for the mix */
	uint32_t talker;
};

static const char *const step_names[PARLEY_STEPS] = { "conv-syn", "conv-ack-banner", "conv-request", "conv-fin",
	"conv-last-ack" };

/* Ends one conversation each of a random order, so that the free list leads everywhere. */
static void
make_room(struct bench *b, uint32_t n)
{
	uint32_t *order = malloc(n * sizeof *order);

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(bench_random(&b->random) % (i + 1)), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < n; i += LOOP_BURST) {
		for (unsigned k = 0; k < LOOP_BURST && i + k < n; k++) {
			struct client c = parley_client(order[i + k], CROWD_WEB);

			c.seq++;
			c.ack = b->ack[c.number];
			parley_segment(&b->p, &c, TCP_RST | TCP_ACK, (struct span){ 0 });
		}
		loop_turn(&b->p.l);
	}
	free(order);
}

/* Clients whose conversations end are the first ones, and numbers are scattered over the address space. */
static void
fill(struct bench *b)
{
	uint32_t extra = b->o.flows / 16, target = MIN(FILL_MOST, b->o.flows / 16 * 13);
	struct client c[LOOP_BURST];
	uint32_t all = (target + extra) / LOOP_BURST * LOOP_BURST;

	extra = extra / LOOP_BURST * LOOP_BURST;
	b->ack = malloc((all + LOOP_BURST) * sizeof *b->ack);
	while (b->p.next < all) {
		uint32_t first = b->p.next;

		parley_handshakes(&b->p, c, CROWD_WEB, 0);
		for (unsigned i = 0; i < LOOP_BURST; i++)
			b->ack[first + i] = c[i].ack;
	}
	b->filled = b->p.next;
	b->idle_after = extra;
	make_room(b, extra);
	if (stack_flows(b->p.l.stack) != all - extra)
		bench_die("The table has %u conversations, not %u.", stack_flows(b->p.l.stack), all - extra);
}

static void
reference_burst(struct bench *b)
{
	struct client c[LOOP_BURST];

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = parley_client((uint32_t)bench_random(&b->random) >> 8, CROWD_WEB);
		parley_syn(&b->p, &c[i]);
	}
	samples_add(&b->ref, loop_reference(&b->p.l));
	parley_hear(&b->p, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
}

static void
syn_burst(struct bench *b, uint16_t port)
{
	struct client c[LOOP_BURST];

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = parley_client((1u << 30) + ((uint32_t)bench_random(&b->random) >> 8), port);
		parley_syn(&b->p, &c[i]);
	}
	samples_add(&b->s, loop_turn(&b->p.l));
	parley_hear(&b->p, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
}

static void
bench_syn(struct bench *b)
{
	syn_burst(b, CROWD_WEB);
}

static void
bench_syn_first(struct bench *b)
{
	syn_burst(b, CROWD_FTP);
}

/*
 * Segments of nobody: random numbers everywhere. All are dropped for that reason, and reset or not. Counters tell, not
 * frames: timers may say an earlier SYN-ACK again in any turn. One in 2^23 guesses a cookie: never two in a burst.
 */
static void
stranger_burst(struct bench *b, uint8_t flags, struct span payload, enum drop why, unsigned resets)
{
	const struct counters *n = stack_counters(b->p.l.stack);
	uint64_t dropped = n->drop[why], reset = n->rst_out;

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct client c = parley_client((1u << 30) + ((uint32_t)bench_random(&b->random) >> 8), CROWD_WEB);

		c.ack = (uint32_t)bench_random(&b->random);
		parley_segment(&b->p, &c, flags, payload);
	}
	samples_add(&b->s, loop_turn(&b->p.l));
	if (n->drop[why] - dropped < LOOP_BURST - 1 || n->rst_out - reset + 1 < resets || b->p.l.nout + 1 < resets)
		bench_die("Segments of nobody: %llu dropped as %s, %llu reset, %u frames out.",
		    (unsigned long long)(n->drop[why] - dropped), drop_name(why),
		    (unsigned long long)(n->rst_out - reset), b->p.l.nout);
}

static void
bench_ack_flood(struct bench *b)
{
	stranger_burst(b, TCP_ACK, (struct span){ 0 }, DROP_BAD_COOKIE, LOOP_BURST);	/* as the range says */
}

static void
bench_data_flood(struct bench *b)
{
	stranger_burst(b, TCP_ACK | TCP_PSH, crowd_request(0), DROP_BAD_COOKIE, 0);
}

static void
bench_rst_flood(struct bench *b)
{
	stranger_burst(b, TCP_RST, (struct span){ 0 }, DROP_NO_FLOW, 0);
}

static void
bench_udp(struct bench *b)
{
	uint32_t peers = MAX(b->o.flows / UDP_PEERS_PART, LOOP_BURST), first = b->talker, n;

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		n = b->talker++ % peers;
		loop_length(&b->p.l, crowd_datagram(&b->p.crowd, loop_frame(&b->p.l), n));
	}
	samples_add(&b->s, loop_turn(&b->p.l));
	if (b->p.l.nout < LOOP_BURST)
		bench_die("%u replies to %d datagrams.", b->p.l.nout, LOOP_BURST);
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct wire w;

		loop_parse(&b->p.l, i, &w);
		n = (first + i) % peers;
		if (w.proto != PROTO_UDP || w.dport != crowd_port(n) || w.payload.n != CROWD_ANSWER ||
		    memcmp(w.payload.p + 4, crowd_request(n).p + 6, 20) != 0)
			bench_die("A datagram was answered wrongly.");
	}
}

static void
bench_conv(struct bench *b, struct samples step[PARLEY_STEPS])
{
	uint64_t t[PARLEY_STEPS], all = 0;

	parley_conversations(&b->p, t);
	for (unsigned i = 0; i < PARLEY_STEPS; i++) {
		samples_add(&step[i], t[i]);
		all += t[i];
	}
	samples_add(&b->s, all);
}

static void
open_live(struct bench *b)
{
	for (unsigned i = 0; i < LIVE; i += LOOP_BURST)
		parley_handshakes(&b->p, b->live + i, CROWD_FTP, CROWD_BANNER);
}

/* One packet of the mix: its client if it will be heard of again. */
static struct client *
put_of_mix(struct bench *b)
{
	uint32_t draw = (uint32_t)(bench_random(&b->random) % 100), number = (uint32_t)bench_random(&b->random);
	struct client c = parley_client((1u << 30) + (number >> 8), CROWD_WEB), *live;

	if (draw < 90) {
		parley_syn(&b->p, &c);
		return NULL;
	}
	if (draw < 95) {	/* of an idle conversation anywhere in the table */
		c = parley_client(b->idle_after + number % (b->filled - b->idle_after), CROWD_WEB);
		c.seq++;
		c.ack = b->ack[c.number];
		parley_segment(&b->p, &c, TCP_ACK, (struct span){ 0 });
		return NULL;
	}
	if (draw < 98) {
		live = &b->live[b->talker++ % LIVE];
		parley_segment(&b->p, live, TCP_ACK | TCP_PSH, crowd_request(live->number));
		live->seq += CROWD_REQUEST;
		return live;
	}
	if (draw < 99)
		loop_length(&b->p.l, crowd_datagram(&b->p.crowd, loop_frame(&b->p.l),
		    number % MAX(b->o.flows / UDP_PEERS_PART, LOOP_BURST)));
	else
		loop_length(&b->p.l, crowd_ping(&b->p.crowd, loop_frame(&b->p.l), number >> 8));
	return NULL;
}

static void
bench_mix(struct bench *b)
{
	struct client *heard[LOOP_BURST];
	unsigned nheard = 0, at = 0;

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct client *c = put_of_mix(b);

		if (c != NULL)
			heard[nheard++] = c;
	}
	samples_add(&b->s, loop_turn(&b->p.l));
	for (unsigned i = 0; i < b->p.l.nout; i++) {
		struct wire w;

		loop_parse(&b->p.l, i, &w);
		/* Behind the answers may come what timers say again. */
		if (w.proto == PROTO_TCP && w.sport == CROWD_FTP && at < nheard &&
		    (w.payload.n != CROWD_ANSWER || !crowd_hears(heard[at++], &w)))
			bench_die("A conversation of the mix was answered wrongly.");
	}
	if (at != nheard)
		bench_die("%u of %u requests of the mix were answered.", at, nheard);
}

static void
slices(struct bench *b, void (*one)(struct bench *b), struct samples step[PARLEY_STEPS], double tick_hz)
{
	uint64_t slice = (uint64_t)(b->o.seconds * tick_hz / SLICES);

	for (int i = 0; i < SLICES; i++) {
		uint64_t end = bench_ticks() + slice / 4;

		while (bench_ticks() < end)
			reference_burst(b);
		end = bench_ticks() + slice;
		while (bench_ticks() < end)
			if (one != NULL)
				one(b);
			else
				bench_conv(b, step);
	}
}

static void
measure(struct bench *b, const char *name, void (*one)(struct bench *b), double tick_hz)
{
	static struct samples step[PARLEY_STEPS];
	const char *unit = one != NULL ? "ticks/packet" : "ticks/conversation";
	char ref[64];

	if (!bench_wanted(&b->o, name))
		return;
	samples_reset(&b->s);
	samples_reset(&b->ref);
	for (unsigned i = 0; one == NULL && i < PARLEY_STEPS; i++)
		samples_init(&step[i]);
	slices(b, one, step, tick_hz);
	bench_figure(name, unit, &b->s, LOOP_BURST);
	snprintf(ref, sizeof ref, "%s:reference", name);
	bench_figure(ref, "ticks/packet", &b->ref, LOOP_BURST);
	for (unsigned i = 0; one == NULL && i < PARLEY_STEPS; i++) {
		bench_figure(step_names[i], "ticks/packet", &step[i], LOOP_BURST);
		samples_fini(&step[i]);
	}
}

static double
resident_mib(void)
{
	unsigned long all, resident;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%lu %lu", &all, &resident) != 2)
		bench_die("/proc/self/statm cannot be read.");
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* Tables are touched when they are made, so what is resident hardly depends on how full they are. */
static void
report_memory(struct bench *b)
{
	struct stack_memory m;
	char name[64];

	stack_memory(b->p.l.stack, &m);
	bench_value("flows", "conversations", stack_flows(b->p.l.stack));
	bench_value("resident-filled", "MiB", resident_mib());
	bench_value("all-tables", "bytes/flow", (double)worker_bytes(b->p.l.w) / b->o.flows);
	for (unsigned c = 0; c < CLASSES_N; c++) {
		snprintf(name, sizeof name, "flow-%s", flow_class_name((enum flow_class)c));
		bench_value(name, "bytes/flow", m.class[c].bytes + m.wheel_bytes);
	}
}

int
main(int argc, char **argv)
{
	static struct bench b = { .random = 1 };
	double tick_hz;

	bench_start(&b.o, argc, argv);
	tick_hz = bench_tick_hz(50);
	samples_init(&b.s);
	samples_init(&b.ref);
	parley_open(&b.p, &b.o);
	bench_value("resident-empty", "MiB", resident_mib());
	fill(&b);
	report_memory(&b);
	measure(&b, "syn", bench_syn, tick_hz);
	measure(&b, "syn-server-first", bench_syn_first, tick_hz);
	measure(&b, "ack-flood", bench_ack_flood, tick_hz);
	measure(&b, "data-flood", bench_data_flood, tick_hz);
	measure(&b, "rst-flood", bench_rst_flood, tick_hz);
	measure(&b, "udp", bench_udp, tick_hz);
	measure(&b, "conv", NULL, tick_hz);
	open_live(&b);
	measure(&b, "mix", bench_mix, tick_hz);
	parley_close(&b.p);
	samples_fini(&b.s);
	samples_fini(&b.ref);
	free(b.ack);
	return 0;
}
