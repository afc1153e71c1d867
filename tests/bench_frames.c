/*
 * bench_frames.c - frames in, frames out: the cost of a worker's turn per packet and per conversation.
 *
 * The table is filled first, to 13/16 or ten million, with idle conversations whose places and free list lie in no
 * order. Then each figure is measured in short slices, with the reference responder between them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crowd.h"
#include "tests/loop.h"

enum { SLICES = 10, FILL_MOST = 10000000, LIVE = 1024, UDP_PEERS_PART = 32 };
enum { STEPS = 5 };

struct bench {
	struct bench_options o;
	struct loop l;
	struct crowd crowd;
	struct samples s, ref;
	uint64_t random;
	uint32_t filled;		/* clients 0 to filled - 1 have, or had, an idle conversation */
	uint32_t idle_after;		/* those from here on still have */
	uint32_t next;			/* number of the next new client */
	uint32_t *ack;			/* per idle conversation: what its client acknowledges */
	struct client live[LIVE];	/* conversations that talk, for the mix */
	uint32_t talker;
};

static const char *const step_names[STEPS] = { "conv-syn", "conv-ack-banner", "conv-request", "conv-fin",
	"conv-last-ack" };

static struct client
client_of(uint32_t number, uint16_t port)
{
	return (struct client){ .number = number, .port = port, .seq = crowd_isn(number) };
}

static void
put_syn(struct bench *b, const struct client *c)
{
	loop_length(&b->l, crowd_syn(&b->crowd, loop_frame(&b->l), c));
}

static void
put_segment(struct bench *b, const struct client *c, uint8_t flags, struct span payload)
{
	loop_length(&b->l, crowd_segment(&b->crowd, loop_frame(&b->l), c, flags, payload));
}

/* Replies in the order of the clients, one each; every one is looked at, and those of some bursts with sums. */
static void
hear(struct bench *b, struct client *c, unsigned n, uint8_t flags, size_t payload)
{
	if (b->l.nout < n)
		bench_die("%u replies to %u frames.", b->l.nout, n);
	for (unsigned i = 0; i < n; i++) {
		struct wire w;

		if (loop_checks(&b->l))
			loop_parse(&b->l, i, &w);
		else
			wire_parse(&w, WIRE_ETHER, loop_reply(&b->l, i), 0);
		if (!crowd_hears(&c[i], &w) || w.tcp.flags != flags || w.payload.n != payload)
			bench_die("Client %u got a reply that is not its own (flags %02x, %zu bytes).", c[i].number,
			    w.tcp.flags, w.payload.n);
	}
}

/* 32 new conversations as far as a handshake goes. */
static void
shake_hands(struct bench *b, struct client c[LOOP_BURST], uint16_t port, size_t banner)
{
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = client_of(b->next++, port);
		put_syn(b, &c[i]);
		c[i].seq++;
	}
	loop_turn(&b->l);
	hear(b, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
	for (unsigned i = 0; i < LOOP_BURST; i++)
		put_segment(b, &c[i], TCP_ACK, (struct span){ 0 });
	loop_turn(&b->l);
	if (banner > 0)
		hear(b, c, LOOP_BURST, TCP_ACK | TCP_PSH, banner);
}

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
			struct client c = client_of(order[i + k], CROWD_WEB);

			c.seq++;
			c.ack = b->ack[c.number];
			put_segment(b, &c, TCP_RST | TCP_ACK, (struct span){ 0 });
		}
		loop_turn(&b->l);
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
	while (b->next < all) {
		uint32_t first = b->next;

		shake_hands(b, c, CROWD_WEB, 0);
		for (unsigned i = 0; i < LOOP_BURST; i++)
			b->ack[first + i] = c[i].ack;
	}
	b->filled = b->next;
	b->idle_after = extra;
	make_room(b, extra);
	if (stack_flows(b->l.stack) != all - extra)
		bench_die("The table has %u conversations, not %u.", stack_flows(b->l.stack), all - extra);
}

static void
reference_burst(struct bench *b)
{
	struct client c[LOOP_BURST];

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = client_of((uint32_t)bench_random(&b->random) >> 8, CROWD_WEB);
		put_syn(b, &c[i]);
		c[i].seq++;
	}
	samples_add(&b->ref, loop_reference(&b->l));
	hear(b, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
}

static void
syn_burst(struct bench *b, uint16_t port)
{
	struct client c[LOOP_BURST];

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = client_of((1u << 30) + ((uint32_t)bench_random(&b->random) >> 8), port);
		put_syn(b, &c[i]);
		c[i].seq++;
	}
	samples_add(&b->s, loop_turn(&b->l));
	hear(b, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
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

/* Segments of nobody: random numbers everywhere. */
static void
stranger_burst(struct bench *b, uint8_t flags, struct span payload, unsigned replies)
{
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct client c = client_of((1u << 30) + ((uint32_t)bench_random(&b->random) >> 8), CROWD_WEB);

		c.ack = (uint32_t)bench_random(&b->random);
		put_segment(b, &c, flags, payload);
	}
	samples_add(&b->s, loop_turn(&b->l));
	if (b->l.nout != replies)
		bench_die("%u replies instead of %u to segments of nobody.", b->l.nout, replies);
}

static void
bench_ack_flood(struct bench *b)
{
	stranger_burst(b, TCP_ACK, (struct span){ 0 }, LOOP_BURST);	/* each is reset, as the range says */
}

static void
bench_data_flood(struct bench *b)
{
	stranger_burst(b, TCP_ACK | TCP_PSH, crowd_request(0), 0);
}

static void
bench_rst_flood(struct bench *b)
{
	stranger_burst(b, TCP_RST, (struct span){ 0 }, 0);
}

static void
bench_udp(struct bench *b)
{
	uint32_t peers = MAX(b->o.flows / UDP_PEERS_PART, LOOP_BURST), first = b->talker, n;

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		n = b->talker++ % peers;
		loop_length(&b->l, crowd_datagram(&b->crowd, loop_frame(&b->l), n));
	}
	samples_add(&b->s, loop_turn(&b->l));
	if (b->l.nout != LOOP_BURST)
		bench_die("%u replies to %d datagrams.", b->l.nout, LOOP_BURST);
	if (!loop_checks(&b->l))
		return;
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		struct wire w;

		loop_parse(&b->l, i, &w);
		n = (first + i) % peers;
		if (w.proto != PROTO_UDP || w.dport != crowd_port(n) || w.payload.n != CROWD_ANSWER ||
		    memcmp(w.payload.p + 4, crowd_request(n).p + 6, 20) != 0)
			bench_die("A datagram was answered wrongly.");
	}
}

/* SYN; ACK -> banner; request -> answer; FIN -> FIN; last ACK. */
static void
bench_conv(struct bench *b, struct samples step[STEPS])
{
	struct client c[LOOP_BURST];
	uint64_t t[STEPS] = { 0 };

	for (unsigned i = 0; i < LOOP_BURST; i++) {
		c[i] = client_of(b->next++, CROWD_FTP);
		put_syn(b, &c[i]);
		c[i].seq++;
	}
	t[0] = loop_turn(&b->l);
	hear(b, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
	for (unsigned i = 0; i < LOOP_BURST; i++)
		put_segment(b, &c[i], TCP_ACK, (struct span){ 0 });
	t[1] = loop_turn(&b->l);
	hear(b, c, LOOP_BURST, TCP_ACK | TCP_PSH, CROWD_BANNER);
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		put_segment(b, &c[i], TCP_ACK | TCP_PSH, crowd_request(c[i].number));
		c[i].seq += CROWD_REQUEST;
	}
	t[2] = loop_turn(&b->l);
	hear(b, c, LOOP_BURST, TCP_ACK | TCP_PSH, CROWD_ANSWER);
	for (unsigned i = 0; i < LOOP_BURST; i++) {
		put_segment(b, &c[i], TCP_ACK | TCP_FIN, (struct span){ 0 });
		c[i].seq++;
	}
	t[3] = loop_turn(&b->l);
	hear(b, c, LOOP_BURST, TCP_ACK | TCP_FIN, 0);
	for (unsigned i = 0; i < LOOP_BURST; i++)
		put_segment(b, &c[i], TCP_ACK, (struct span){ 0 });
	t[4] = loop_turn(&b->l);
	if (b->l.nout != 0)
		bench_die("The last ACK of a conversation was answered.");
	for (unsigned i = 0; i < STEPS; i++)
		samples_add(&step[i], t[i]);
	samples_add(&b->s, t[0] + t[1] + t[2] + t[3] + t[4]);
}

static void
open_live(struct bench *b)
{
	for (unsigned i = 0; i < LIVE; i += LOOP_BURST)
		shake_hands(b, b->live + i, CROWD_FTP, CROWD_BANNER);
}

/* One packet of the mix: its client if it will be heard of again. */
static struct client *
put_of_mix(struct bench *b)
{
	uint32_t draw = (uint32_t)(bench_random(&b->random) % 100), number = (uint32_t)bench_random(&b->random);
	struct client c = client_of((1u << 30) + (number >> 8), CROWD_WEB), *live;

	if (draw < 90) {
		put_syn(b, &c);
		return NULL;
	}
	if (draw < 95) {	/* of an idle conversation anywhere in the table */
		c = client_of(b->idle_after + number % (b->filled - b->idle_after), CROWD_WEB);
		c.seq++;
		c.ack = b->ack[c.number];
		put_segment(b, &c, TCP_ACK, (struct span){ 0 });
		return NULL;
	}
	if (draw < 98) {
		live = &b->live[b->talker++ % LIVE];
		put_segment(b, live, TCP_ACK | TCP_PSH, crowd_request(live->number));
		live->seq += CROWD_REQUEST;
		return live;
	}
	if (draw < 99)
		loop_length(&b->l, crowd_datagram(&b->crowd, loop_frame(&b->l),
		    number % MAX(b->o.flows / UDP_PEERS_PART, LOOP_BURST)));
	else
		loop_length(&b->l, crowd_ping(&b->crowd, loop_frame(&b->l), number >> 8));
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
	samples_add(&b->s, loop_turn(&b->l));
	for (unsigned i = 0; i < b->l.nout; i++) {
		struct wire w;

		if (loop_checks(&b->l))
			loop_parse(&b->l, i, &w);
		else
			wire_parse(&w, WIRE_ETHER, loop_reply(&b->l, i), 0);
		if (w.proto == PROTO_TCP && w.sport == CROWD_FTP &&
		    (at == nheard || w.payload.n != CROWD_ANSWER || !crowd_hears(heard[at++], &w)))
			bench_die("A conversation of the mix was answered wrongly.");
	}
	if (at != nheard)
		bench_die("%u of %u requests of the mix were answered.", at, nheard);
}

static void
slices(struct bench *b, void (*one)(struct bench *b), struct samples step[STEPS], double tick_hz)
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
	static struct samples step[STEPS];
	const char *unit = one != NULL ? "ticks/packet" : "ticks/conversation";
	char ref[64];

	if (!bench_wanted(&b->o, name))
		return;
	samples_reset(&b->s);
	samples_reset(&b->ref);
	for (unsigned i = 0; one == NULL && i < STEPS; i++)
		samples_init(&step[i]);
	slices(b, one, step, tick_hz);
	bench_figure(name, unit, &b->s, LOOP_BURST);
	snprintf(ref, sizeof ref, "%s:reference", name);
	bench_figure(ref, "ticks/packet", &b->ref, LOOP_BURST);
	for (unsigned i = 0; one == NULL && i < STEPS; i++) {
		bench_figure(step_names[i], "ticks/packet", &step[i], LOOP_BURST);
		samples_fini(&step[i]);
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
	loop_open(&b.l, &b.o, crowd_set());
	memcpy(b.crowd.mac, loop_mac, 6);
	memcpy(b.crowd.sensor_mac, port_mac(b.l.port), 6);
	fill(&b);
	bench_value("flows", "conversations", stack_flows(b.l.stack));
	measure(&b, "syn", bench_syn, tick_hz);
	measure(&b, "syn-server-first", bench_syn_first, tick_hz);
	measure(&b, "ack-flood", bench_ack_flood, tick_hz);
	measure(&b, "data-flood", bench_data_flood, tick_hz);
	measure(&b, "rst-flood", bench_rst_flood, tick_hz);
	measure(&b, "udp", bench_udp, tick_hz);
	measure(&b, "conv", NULL, tick_hz);
	open_live(&b);
	measure(&b, "mix", bench_mix, tick_hz);
	loop_close(&b.l);
	samples_fini(&b.s);
	samples_fini(&b.ref);
	free(b.ack);
	return 0;
}
