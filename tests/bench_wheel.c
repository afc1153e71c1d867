/*
 * bench_wheel.c - timers: arm, move earlier, and a million that are due at once.
 *
 * Moving a deadline later costs a store in the flow and nothing here (wheel.h); what is measured as re-arming is the other
 * direction. Expiry is taken in portions of 256, as a worker's turn does; the longest portion is the
 * price that a frame in that turn would pay.
 */
#include <stdlib.h>

#include "dataplane/wheel.h"
#include "tests/bench.h"

enum { N = 1000000, BURST = 32, PORTION = 256, SPREAD_MS = 300000 };

static uint32_t
draw(uint64_t *random, uint32_t below)
{
	return (uint32_t)((bench_random(random) >> 32) * below >> 32);
}

static void
arm_all(struct wheel *w, uint64_t *random, struct samples *s)
{
	uint64_t t0, at[BURST];

	for (uint32_t id = 1; id + BURST <= N + 1; id += BURST) {
		for (unsigned i = 0; i < BURST; i++)
			at[i] = draw(random, SPREAD_MS);
		t0 = bench_ticks();
		for (unsigned i = 0; i < BURST; i++)
			wheel_add(w, id + i, at[i]);
		samples_add(s, bench_ticks() - t0);
	}
}

static void
move_all(struct wheel *w, uint64_t *random, struct samples *s, uint32_t span_ms)
{
	uint32_t id[BURST];
	uint64_t t0, at[BURST];

	for (unsigned round = 0; round < N / BURST; round++) {
		for (unsigned i = 0; i < BURST; i++) {
			id[i] = 1 + draw(random, w->used);
			at[i] = draw(random, span_ms);
		}
		t0 = bench_ticks();
		for (unsigned i = 0; i < BURST; i++) {
			wheel_del(w, id[i]);
			wheel_add(w, id[i], at[i]);
		}
		samples_add(s, bench_ticks() - t0);
	}
}

/* All become due; portions until nothing is left. */
static void
expire_all(struct wheel *w, struct samples *s)
{
	uint32_t all = w->used, popped = 0;
	unsigned n = PORTION;

	while (n == PORTION) {
		uint64_t t0 = bench_ticks();

		for (n = 0; n < PORTION && wheel_pop(w, 2 * SPREAD_MS) != 0; n++)
			;
		if (n == PORTION)
			samples_add(s, bench_ticks() - t0);
		popped += n;
	}
	if (popped != all || w->used != 0)
		bench_die("%u of %u timers came.", popped, all);
}

int
main(int argc, char **argv)
{
	static struct samples arm, move, pop;
	struct bench_options o;
	uint64_t random = 5;
	struct wheel w;
	void *mem;

	bench_start(&o, argc, argv);
	samples_init(&arm);
	samples_init(&move);
	samples_init(&pop);
	mem = calloc(1, wheel_bytes(N));
	if (mem == NULL)
		bench_die("No memory for %d timers.", N);
	wheel_init(&w, mem, N, 0);
	arm_all(&w, &random, &arm);
	move_all(&w, &random, &move, SPREAD_MS);
	expire_all(&w, &pop);
	bench_figure("wheel-arm", "ticks/timer", &arm, BURST);
	bench_figure("wheel-earlier", "ticks/timer", &move, BURST);
	bench_figure("wheel-expire", "ticks/timer", &pop, PORTION);
	bench_figure("wheel-portion", "ticks/256 timers", &pop, 1);
	samples_fini(&arm);
	samples_fini(&move);
	samples_fini(&pop);
	free(mem);
	return 0;
}
