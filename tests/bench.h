#pragma once
/*
 * bench.h - what every bench_*.c shares: its options, the clock, samples, figures on standard output.
 *
 * A figure is one line of JSON, read by scripts/bench. The unit of time is the tick of the time
 * stamp counter. Samples are of whole bursts, because reading the counter costs as much as a
 * small packet; a figure divides by what a burst held.
 */
#include <x86intrin.h>

#include "models/bytes.h"

struct bench_options {
	double seconds;		/* to measure each figure */
	uint32_t flows;		/* capacity of the table */
	unsigned cpu, other_cpu;	/* of the measured thread; of a second one */
	bool huge;		/* 2 MiB pages for DPDK */
	bool trust_sums;	/* as behind a card that verifies them */
	char **only;		/* names of figures, up to NULL; none: all */
};

/* Reads the command line; ends the program on a wrong one. Stays on o->cpu from here on. */
void	bench_start(struct bench_options *o, int argc, char **argv);
bool	bench_wanted(const struct bench_options *o, const char *name);
void	bench_die(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));

static inline uint64_t
bench_ticks(void)
{
	unsigned aux;
	uint64_t t = __rdtscp(&aux);	/* everything before it has been done */

	_mm_lfence();			/* nothing behind it has begun */
	return t;
}

/* Ticks per second by CLOCK_MONOTONIC_RAW over that many ms. */
double	bench_tick_hz(unsigned ms);
/* Ticks that a tick-to-tick pair costs by itself. */
double	bench_empty(void);
uint64_t bench_random(uint64_t *state);		/* splitmix64 */

/* Beyond its room, samples replace earlier ones evenly. */
struct samples {
	uint32_t *v;
	size_t n, room, seen;
	double sum;
	uint32_t worst;
};

void	samples_init(struct samples *s);
void	samples_add(struct samples *s, uint64_t ticks);
void	samples_reset(struct samples *s);
void	samples_fini(struct samples *s);
double	samples_part(struct samples *s, double part);	/* sorts: 0.5 is the median */

/* {"figure": name, "unit": unit, "p5": ..., "p50": ..., "p95": ..., "mean": ..., "samples": n} */
void	bench_figure(const char *name, const char *unit, struct samples *s, double per);
void	bench_value(const char *name, const char *unit, double value);
