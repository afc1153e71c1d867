#include "tests/bench.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void
usage(const char *program)
{
	fprintf(stderr, "usage: %s [--seconds S] [--flows N] [--cpu N] [--other-cpu N] [--huge] [--trust-sums] "
	    "[FIGURE...]\n", program);
	exit(2);
}

static void
stay_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu >= CPU_SETSIZE || sched_setaffinity(0, sizeof set, &set) < 0)
		bench_die("This program may not run on CPU %u: %s.", cpu, strerror(errno));
}

void
bench_start(struct bench_options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "flows", required_argument, NULL, 'f' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "other-cpu", required_argument, NULL, 'o' },
		{ "huge", no_argument, NULL, 'H' },
		{ "trust-sums", no_argument, NULL, 't' },
		{ 0 },
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int c;

	*o = (struct bench_options){ .seconds = 0.2, .flows = 1 << 16, .cpu = cpus > 1 ? 1 : 0 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 's': o->seconds = strtod(optarg, NULL); break;
		case 'f': o->flows = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'c': o->cpu = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'o': o->other_cpu = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'H': o->huge = true; break;
		case 't': o->trust_sums = true; break;
		default: usage(argv[0]);
		}
	if (!(o->seconds > 0) || o->flows == 0)
		usage(argv[0]);
	o->only = argv + optind;
	stay_on(o->cpu);
}

bool
bench_wanted(const struct bench_options *o, const char *name)
{
	if (o->only[0] == NULL)
		return true;
	for (char **p = o->only; *p != NULL; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return false;
}

static double
raw_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
bench_tick_hz(unsigned ms)
{
	double s0 = raw_s(), s1;
	uint64_t t0 = bench_ticks();

	do
		s1 = raw_s();
	while (s1 - s0 < ms / 1e3);
	return (double)(bench_ticks() - t0) / (s1 - s0);
}

double
bench_empty(void)
{
	struct samples s;
	double ticks;

	samples_init(&s);
	for (int i = 0; i < 100000; i++) {
		uint64_t t0 = bench_ticks();

		samples_add(&s, bench_ticks() - t0);
	}
	ticks = samples_part(&s, 0.5);
	samples_fini(&s);
	return ticks;
}

uint64_t
bench_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void
samples_init(struct samples *s)
{
	*s = (struct samples){ .v = calloc(ROOM, sizeof *s->v), .room = ROOM };
	if (s->v == NULL)
		bench_die("No memory for samples.");
	memset(s->v, 1, ROOM * sizeof *s->v);	/* no page fault while measuring */
}

void
samples_add(struct samples *s, uint64_t ticks)
{
	uint32_t v = (uint32_t)MIN(ticks, UINT32_MAX);

	s->v[s->seen++ % s->room] = v;
	s->n = MIN(s->seen, s->room);
	s->sum += v;
	s->worst = MAX(s->worst, v);
}

void
samples_reset(struct samples *s)
{
	s->n = s->seen = 0;
	s->sum = 0;
	s->worst = 0;
}

void
samples_fini(struct samples *s)
{
	free(s->v);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double
samples_part(struct samples *s, double part)
{
	if (s->n == 0)
		bench_die("Nothing was measured.");
	qsort(s->v, s->n, sizeof *s->v, by_value);
	return s->v[(size_t)(part * (double)(s->n - 1))];
}

void
bench_figure(const char *name, const char *unit, struct samples *s, double per)
{
	printf("{\"figure\": \"%s\", \"unit\": \"%s\", \"p5\": %.3f, \"p50\": %.3f, \"p95\": %.3f, \"p999\": %.3f, "
	    "\"worst\": %.3f, \"mean\": %.3f, \"samples\": %zu}\n", name, unit, samples_part(s, 0.05) / per,
	    samples_part(s, 0.5) / per, samples_part(s, 0.95) / per, samples_part(s, 0.999) / per,
	    s->worst / per, s->sum / (double)s->seen / per, s->seen);
	fflush(stdout);
}

void
bench_value(const char *name, const char *unit, double value)
{
	printf("{\"figure\": \"%s\", \"unit\": \"%s\", \"p50\": %.4f}\n", name, unit, value);
	fflush(stdout);
}
