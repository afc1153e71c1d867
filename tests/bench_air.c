/*
 * bench_air.c - what real clients say, against all that was learned: IMAGE CAPTURE PORT ... as arguments, PORT 0
 * where the capture holds one service.
 *
 * Each image is loaded four times, as if four makers' servers of that service were on air, each with a table of its own.
 * Messages are those of the captures' clients. Which service is asked falls off as 1 / rank, in the order of the
 * arguments; maker and message are drawn evenly. Bursts of 32, copied
 * first, since a message has just been received; matched side by side as the stack does, and one at a time in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/corpus.h"
#include "models/match.h"
#include "models/model.h"
#include "tests/bench.h"

enum { MAKERS = 4, SERVICES = 64, MESSAGES = 4096, BURST = 32, PART = 1024 };

struct service {
	struct model *maker[MAKERS];
	struct span message[MESSAGES];
	unsigned n;
};

struct bench {
	struct bench_options o;
	struct service service[SERVICES];
	unsigned n;
	double rank[SERVICES];		/* sums of 1 / rank up to here */
	uint64_t random, bytes, alive, tables;
	struct samples abreast, alone;
};

struct source {
	struct service *to;
	const char *capture;
	uint16_t port;
};

/* Evenly over the capture, copied: the pool is gone afterwards. */
static int
take_messages(struct pool *pool, void *ctx)
{
	const struct source *from = ctx;
	struct service *to = from->to;
	struct corpus_options o = { .proto = model_proto(to->maker[0]) == MODEL_TCP ? PROTO_TCP : PROTO_UDP,
		.port = from->port };
	struct corpus *c;
	struct diag why;

	if (corpus_load(&c, pool, &o, &from->capture, 1, &why) < 0)
		bench_die("%s", why.text);
	for (uint32_t i = 0; i < c->nmessages && to->n < MESSAGES; i += c->nmessages / MESSAGES + 1) {
		const struct message *x = &c->messages[i];
		uint8_t *copy;

		if (x->side != SIDE_CLIENT || x->cut || x->bytes.n == 0 || x->bytes.n > MODEL_MESSAGE_BYTES)
			continue;
		copy = malloc(x->bytes.n);
		if (copy == NULL)
			bench_die("No memory for the messages of %s.", from->capture);
		memcpy(copy, x->bytes.p, x->bytes.n);
		to->message[to->n++] = span_of(copy, x->bytes.n);
	}
	return 0;
}

static void
add_service(struct bench *b, const char *image, const char *capture, uint16_t port)
{
	struct service *s = &b->service[b->n];
	struct source from = { s, capture, port };
	uint32_t states, classes;
	struct pool pool;
	struct diag why;

	if (b->n == SERVICES)
		bench_die("At most %d services.", SERVICES);
	for (unsigned i = 0; i < MAKERS; i++) {
		if (model_load(&s->maker[i], image, &why) < 0)
			bench_die("%s", why.text);
		b->tables += model_automaton(s->maker[i], &states, &classes);
	}
	pool_init(&pool, 0);
	pool_run(&pool, take_messages, &from);
	pool_fini(&pool);
	if (s->n == 0)
		bench_die("%s: no client says anything.", capture);
	b->rank[b->n] = (b->n > 0 ? b->rank[b->n - 1] : 0) + 1.0 / (b->n + 1);
	b->n++;
}

static struct match_ahead
draw(struct bench *b)
{
	double at = (double)(bench_random(&b->random) >> 11) / (double)(1ull << 53) * b->rank[b->n - 1];
	uint64_t r = bench_random(&b->random);
	const struct service *s = b->service;

	while (at >= b->rank[s - b->service])
		s++;
	return (struct match_ahead){ .i = &s->maker[r % MAKERS]->i, .message = s->message[(r >> 8) % s->n] };
}

static void
burst(struct bench *b, bool abreast)
{
	static uint8_t frames[BURST * MODEL_MESSAGE_BYTES];
	struct match_ahead a[BURST];
	uint64_t t0, bytes = 0, alive = 0;

	for (unsigned i = 0; i < BURST; i++) {
		a[i] = draw(b);
		a[i].message.p = memcpy(frames + bytes, a[i].message.p, a[i].message.n);
		bytes += a[i].message.n;
	}
	t0 = bench_ticks();
	if (abreast) {
		match_side_by_side(a, BURST);
	} else {
		for (unsigned i = 0; i < BURST; i++) {
			uint16_t node = MATCH_START;

			alive += match_run(a[i].i, &node, a[i].message.p, a[i].message.n, false);
		}
		b->bytes += bytes;
		b->alive += alive;
	}
	samples_add(abreast ? &b->abreast : &b->alone, (bench_ticks() - t0) * PART / bytes);
}

int
main(int argc, char **argv)
{
	static struct bench b = { .random = 11 };
	uint64_t end;

	bench_start(&b.o, argc, argv);
	if (b.o.only[0] == NULL)
		bench_die("usage: bench_air [--seconds S] IMAGE CAPTURE PORT...");
	for (char **p = b.o.only; p[0] != NULL; p += 3) {
		if (p[1] == NULL || p[2] == NULL)
			bench_die("%s: which capture is it from, and which port?", p[0]);
		add_service(&b, p[0], p[1], (uint16_t)atoi(p[2]));
	}
	samples_init(&b.abreast);
	samples_init(&b.alone);
	end = bench_ticks() + (uint64_t)(b.o.seconds * bench_tick_hz(50));
	while (bench_ticks() < end) {
		burst(&b, true);
		burst(&b, false);
	}
	bench_value("models", "models", b.n * MAKERS);
	bench_value("tables", "bytes", (double)b.tables);
	bench_value("bytes-alive", "%", 100.0 * (double)b.alive / (double)b.bytes);
	bench_figure("side-by-side", "ticks/byte", &b.abreast, PART);
	bench_figure("one-at-a-time", "ticks/byte", &b.alone, PART);
	samples_fini(&b.abreast);
	samples_fini(&b.alone);
	return 0;
}
