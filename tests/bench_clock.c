/*
 * bench_clock.c - is the clock fit to measure with, and what does measuring cost?
 *
 * The counter's rate against CLOCK_MONOTONIC_RAW, twice, and a chain of dependent additions, one core cycle each:
 * ticks per addition tell how fast the core really runs.
 */
#include "tests/bench.h"

enum { CHAIN = 100000, ROUNDS = 400, APART_MS = 200 };

static void
add_chain(void)
{
	static struct samples s;
	uint64_t x = 1;

	samples_init(&s);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t0 = bench_ticks();

		for (int k = 0; k < CHAIN / 8; k++)
			__asm__ volatile("add %0, %0\n\tadd %0, %0\n\tadd %0, %0\n\tadd %0, %0\n\t"
			    "add %0, %0\n\tadd %0, %0\n\tadd %0, %0\n\tadd %0, %0" : "+r"(x));
		samples_add(&s, bench_ticks() - t0);
	}
	bench_figure("addition", "ticks", &s, CHAIN);
	samples_fini(&s);
}

int
main(int argc, char **argv)
{
	struct bench_options o;
	double hz[2];

	bench_start(&o, argc, argv);
	hz[0] = bench_tick_hz(APART_MS);
	hz[1] = bench_tick_hz(APART_MS);
	bench_value("tick-rate", "MHz", hz[0] / 1e6);
	bench_value("tick-drift", "ppm", (hz[1] / hz[0] - 1) * 1e6);
	add_chain();
	bench_value("empty-measurement", "ticks", bench_empty());
	return 0;
}
