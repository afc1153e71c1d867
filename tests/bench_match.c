/*
 * bench_match.c - a message against all templates, as match_run() does it: one at a time.
 *
 * Models are made so that the automaton's table has a given size: templates of one long random literal each, and
 * messages that stay alive to their end, each in another part of the table. Between two bursts
 * nothing else runs, so a table within a cache level stays there; in a sensor it competes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/match.h"
#include "tests/bench.h"
#include "tests/model_of.h"

enum { LONGEST = 1460, BURST = 32, BURST_BYTES = 2048, LETTERS = 31,
	STATE_BYTES = sizeof(struct image_step) + sizeof(struct image_cell) };	/* of a literal: one way on */

static const char letters[] = "abcdefghijklmnopqrstuvwxyz01234";
static const size_t sizes[] = { 16, 60, 256, LONGEST };

struct bench {
	struct bench_options o;
	uint64_t random;
	uint32_t ntemplates;
	char *literal;			/* ntemplates of LONGEST bytes */
	struct samples s;
};

/* Templates that together have about that many bytes of table. */
static struct model *
build(struct bench *b, size_t table_bytes)
{
	size_t states = table_bytes / STATE_BYTES, length = MIN(states, (size_t)LONGEST), n, room, at;
	struct model *m;
	char *text;

	b->ntemplates = (uint32_t)((states + length / 2) / length);
	b->literal = realloc(b->literal, (size_t)b->ntemplates * LONGEST);
	room = 65536 + (size_t)b->ntemplates * (LONGEST + 256);
	text = malloc(room);
	if (b->literal == NULL || text == NULL)
		bench_die("No memory for a model of %u templates.", b->ntemplates);
	at = (size_t)snprintf(text, room, "mynah-model 1\nservice \"big\" tcp\nchannel plain\n"
	    "learner \"hand\" order 1 seed 1\nstart 0\neom 0 push error 0x0p+0\n");
	for (uint32_t t = 0; t < b->ntemplates; t++) {
		char *lit = b->literal + (size_t)t * LONGEST;

		for (n = 0; n < LONGEST; n++)
			lit[n] = letters[bench_random(&b->random) % LETTERS];
		at += (size_t)snprintf(text + at, room - at, "template %u support 1 from hand\n  match \"%.*s\"\n", t,
		    (int)length, lit);
	}
	snprintf(text + at, room - at, "reply 0 support 1 from hand\n  say \"ok\"\nstate 0 eom 0 support 1 \"any\"\n"
	    "  on other\n    alt weight 1 say 0 goto 0 from hand\n");
	m = model_of(text);
	free(text);
	return m;
}

static uint64_t
match_burst(struct bench *b, const struct image *i, size_t n, unsigned burst)
{
	const uint8_t *p[BURST];
	size_t taken = 0;
	uint64_t t0;

	for (unsigned k = 0; k < burst; k++)
		p[k] = (const uint8_t *)b->literal + bench_random(&b->random) % b->ntemplates * LONGEST;
	t0 = bench_ticks();
	for (unsigned k = 0; k < burst; k++) {
		uint16_t node = MATCH_START;

		taken += match_run(i, &node, p[k], n, false);
	}
	t0 = bench_ticks() - t0;
	if (taken != burst * n)
		bench_die("Messages died after %zu bytes of %zu.", taken, burst * n);
	return t0;
}

static void
measure(struct bench *b, size_t kib, uint64_t slice)
{
	struct model *m = build(b, kib << 10);
	uint32_t states, classes;
	size_t bytes = model_automaton(m, &states, &classes);
	size_t alive = MIN((kib << 10) / STATE_BYTES, (size_t)LONGEST);
	unsigned burst;
	char name[64];

	snprintf(name, sizeof name, "match-%zuk-bytes", kib);
	bench_value(name, "bytes", (double)bytes);
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		size_t n = sizes[i];

		if (n > alive)
			break;		/* a small table has no longer messages */
		/* A sample long enough that reading the clock does not count, short enough to be rarely interrupted. */
		burst = (unsigned)MIN(MAX(BURST_BYTES / n, 1), (size_t)BURST);
		for (uint64_t end = bench_ticks() + slice / 4; bench_ticks() < end;)
			match_burst(b, &m->i, n, burst);	/* tables into their caches */
		samples_reset(&b->s);
		for (uint64_t end = bench_ticks() + slice; bench_ticks() < end;)
			samples_add(&b->s, match_burst(b, &m->i, n, burst));
		snprintf(name, sizeof name, "match-%zuk-%zu", kib, sizes[i]);
		bench_figure(name, "ticks/byte", &b->s, (double)burst * (double)n);
	}
	model_destroy(m);
}

int
main(int argc, char **argv)
{
	static const size_t tables[] = { 16, 64, 256, 700 };	/* KiB; there are at most AUTOMATON_STATES */
	static struct bench b = { .random = 3 };
	double tick_hz;

	bench_start(&b.o, argc, argv);
	tick_hz = bench_tick_hz(50);
	samples_init(&b.s);
	for (unsigned i = 0; i < ARRAY_LEN(tables); i++)
		measure(&b, tables[i], (uint64_t)(b.o.seconds * tick_hz / ARRAY_LEN(sizes)));
	samples_fini(&b.s);
	free(b.literal);
	return 0;
}
