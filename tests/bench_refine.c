/*
 * bench_refine - how long a machine of so many states takes to learn one conversation more.
 *
 *	bench_refine [STATES [SAMPLES]]
 *
 * Made-up binary conversations: a negotiation, then twelve requests of one of four kinds with identifiers of
 * their own. Prints seconds of the processor for the machine from nothing, then milliseconds per sample added: median and most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "learning/scriptgen/machine.h"
#include "tests/negotiate.h"

enum { MOST = 20000 };	/* conversations: the made-up clients begin to repeat themselves */

struct order {
	uint32_t states, samples;
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
add_talk(struct machine *m, struct intern *messages, uint32_t *seed)
{
	enum { WORDS = 12 };
	struct sequence s = { pool_array(m->pool, WORDS + 1, sizeof *s.step), WORDS + 1 };
	struct span first = negotiate_request(m->pool, seed, negotiate_random(seed) % 3);

	s.step[0].request = intern_add(messages, first);
	s.step[0].response = intern_add(messages,
	    negotiate_answer(m->pool, seed, first, negotiate_random(seed)));
	for (uint32_t i = 1; i <= WORDS; i++) {
		uint32_t command = negotiate_random(seed) % 4, n = 40 + 10 * command;
		uint8_t *asked = pool_alloc(m->pool, n), *said = pool_alloc(m->pool, 40);

		memcpy(asked, first.p, 40);
		asked[3] = (uint8_t)(n - 4);
		asked[8] = (uint8_t)(0x70 + command);
		asked[NEGOTIATE_MID] = (uint8_t)i;
		memset(asked + 39, 'p' + (int)command, n - 39);
		memcpy(said, asked, 40);
		said[13] = 0x98;
		said[39] = (uint8_t)command;
		s.step[i].request = intern_add(messages, span_of(asked, n));
		s.step[i].response = intern_add(messages, span_of(said, 40));
	}
	machine_add(m, s);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
run(struct pool *pool, void *ctx)
{
	const struct order *o = ctx;
	struct machine_params p = machine_params(false);
	double *ms = pool_array(pool, o->samples + 1, sizeof *ms), began = 0;
	struct intern messages;
	struct machine m;
	uint32_t seed = 1;

	intern_init(&messages, pool);
	machine_init(&m, pool, &messages, &p);
	while (m.nstates < o->states && m.nsequences < MOST) {
		for (uint32_t i = 0; i < 200; i++)
			add_talk(&m, &messages, &seed);
		began = now_s();
		machine_update(&m);
		began = now_s() - began;
	}
	printf("%u states of %u conversations; the last 200 took %.3f s\n", m.nstates, m.nsequences, began);
	for (uint32_t i = 0; i < o->samples; i++) {
		add_talk(&m, &messages, &seed);
		began = now_s();
		machine_update(&m);
		ms[i] = 1000 * (now_s() - began);
	}
	qsort(ms, o->samples, sizeof *ms, by_size);
	printf("%u samples added one at a time: median %.1f ms, most %.1f ms\n", o->samples,
	    ms[o->samples / 2], ms[o->samples - 1]);
	return 0;
}

int
main(int argc, char **argv)
{
	struct order o = { argc > 1 ? (uint32_t)atoi(argv[1]) : 10000, argc > 2 ? (uint32_t)atoi(argv[2]) : 50 };
	struct pool pool;
	int err;

	pool_init(&pool, 0);
	err = o.samples > 0 ? pool_run(&pool, run, &o) : 0;
	pool_fini(&pool);
	return err < 0;
}
