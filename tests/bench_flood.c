/*
 * bench_flood.c - ten thousand genuine conversations while SYNs of nobody arrive as fast as the worker takes them.
 *
 * Of each burst of 32 frames, 4 are the next segments of 64 conversations that are under way, the rest SYNs from random
 * addresses to the same /16. A conversation's time is from its SYN to the answer to its FIN, by the clock: the flood's
 * frames, and the generator's own work, are in it. One that is not answered at once has failed: here nothing is lost,
 * so only the worker can have refused it. The same without the flood is measured in turn.
 */
#include <stdio.h>

#include "tests/parley.h"

enum { CONVERSATIONS = 10000, PARTS = 10, LIVE = 64, GENUINE = 4, LAST = PARLEY_STEPS - 1 };

struct visit {
	struct client c;
	uint64_t began;
	unsigned step;
};

struct bench {
	struct parley p;
	struct visit live[LIVE];
	unsigned turn;
	uint64_t random, flooded;
	unsigned finished, failed;
	struct samples time;
};

/* What answers each step, and with how many bytes; nothing answers the last. */
static const struct { uint8_t flags; size_t payload; } answers[LAST] = {
	{ TCP_SYN | TCP_ACK, 0 }, { TCP_ACK | TCP_PSH, CROWD_BANNER }, { TCP_ACK | TCP_PSH, CROWD_ANSWER },
	{ TCP_ACK | TCP_FIN, 0 },
};

static void
begin(struct bench *b, struct visit *v)
{
	*v = (struct visit){ .c = parley_client(b->p.next++, CROWD_FTP), .began = bench_ticks() };
}

static void
say(struct bench *b, struct visit *v)
{
	static const uint8_t flags[PARLEY_STEPS] = { 0, TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_ACK };
	struct span payload = v->step == 2 ? crowd_request(v->c.number) : (struct span){ 0 };

	if (v->step == 0) {
		parley_syn(&b->p, &v->c);
		return;
	}
	parley_segment(&b->p, &v->c, flags[v->step], payload);
	v->c.seq += (uint32_t)payload.n + !!(flags[v->step] & TCP_FIN);
}

/* The answer to v among the replies from *at on; those of the flood and of timers lie between. */
static bool
heard(struct bench *b, struct visit *v, unsigned *at)
{
	for (unsigned i = *at; i < b->p.l.nout; i++) {
		struct client c = v->c;
		struct wire w;

		loop_parse(&b->p.l, i, &w);
		if (w.proto != PROTO_TCP || w.sport != CROWD_FTP || !crowd_hears(&c, &w) ||
		    w.tcp.flags != answers[v->step].flags || w.payload.n != answers[v->step].payload)
			continue;
		v->c = c;
		*at = i + 1;
		return true;
	}
	return false;
}

static void
go_on(struct bench *b, struct visit *v, unsigned *at)
{
	if (v->step < LAST && !heard(b, v, at)) {
		b->failed++;
		begin(b, v);
	} else if (v->step == LAST) {
		b->finished++;
		begin(b, v);
	} else if (++v->step == LAST) {
		samples_add(&b->time, bench_ticks() - v->began);
	}
}

static void
turn(struct bench *b, bool flood)
{
	struct visit *v = &b->live[b->turn++ % (LIVE / GENUINE) * GENUINE];
	unsigned at = 0;

	for (unsigned i = 0; i < GENUINE; i++)
		say(b, &v[i]);
	for (unsigned i = GENUINE; flood && i < LOOP_BURST; i++) {
		struct client c = parley_client((1u << 30) + ((uint32_t)bench_random(&b->random) >> 8), CROWD_WEB);

		parley_syn(&b->p, &c);
		b->flooded++;
	}
	loop_turn(&b->p.l);
	for (unsigned i = 0; i < GENUINE; i++)
		go_on(b, &v[i], &at);
}

/* Begins with new ones: whoever waited while the other part was measured says nothing of time. */
static void
part(struct bench *b, bool flood)
{
	unsigned until = b->finished + b->failed + CONVERSATIONS / PARTS;

	for (unsigned i = 0; i < LIVE; i++)
		begin(b, &b->live[i]);
	while (b->finished + b->failed < until)
		turn(b, flood);
}

static void
report(struct bench *b, const char *name, double tick_hz, uint64_t ticks)
{
	char figure[64];

	snprintf(figure, sizeof figure, "finished-%s", name);
	bench_value(figure, "%", 100.0 * b->finished / (b->finished + b->failed));
	snprintf(figure, sizeof figure, "time-%s", name);
	bench_figure(figure, "us", &b->time, tick_hz / 1e6);
	snprintf(figure, sizeof figure, "flood-%s", name);
	bench_value(figure, "SYN/s", (double)b->flooded * tick_hz / (double)ticks);
}

int
main(int argc, char **argv)
{
	static struct bench b[2];	/* without and with; they share the loop */
	static const char *const name[2] = { "alone", "flooded" };
	uint64_t ticks[2] = { 0 };
	struct bench_options o;
	struct parley p;
	double tick_hz;

	bench_start(&o, argc, argv);
	tick_hz = bench_tick_hz(50);
	parley_open(&p, &o);
	for (unsigned i = 0; i < 2; i++) {
		b[i].random = 5;
		samples_init(&b[i].time);
	}
	for (unsigned n = 0; n < 2 * PARTS; n++) {
		struct bench *x = &b[n % 2];
		uint64_t t0 = bench_ticks();

		x->p = p;
		part(x, n % 2 == 1);
		p = x->p;
		ticks[n % 2] += bench_ticks() - t0;
	}
	for (unsigned i = 0; i < 2; i++) {
		report(&b[i], name[i], tick_hz, ticks[i]);
		samples_fini(&b[i].time);
	}
	parley_close(&p);
	return 0;
}
