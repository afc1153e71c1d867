/*
 * bench_flow.c - the table of conversations alone: insert, hit, miss, delete, at three loads.
 *
 * Random keys over the whole table, in bursts of 32 as the stack does it: hash all and ask for their buckets, ask for
 * the entries that these name, then look.
 * Every result is checked. --flows is the capacity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/flow.h"
#include "dataplane/wire.h"
#include "tests/bench.h"

enum { BURST = 32 };

struct bench {
	struct bench_options o;
	struct flow_table t;
	struct flow_key k[BURST];
	uint64_t hash[BURST];
	uint32_t maybe[BURST];		/* flow_expect() */
	uint64_t random;
	uint32_t used, gone;		/* keys gone .. gone + used - 1 are in the table */
};

/* Key number n: addresses and ports that look like traffic. */
static void
take_key(struct bench *b, unsigned i, uint32_t n)
{
	b->k[i] = (struct flow_key){ .peer = 0x0a000000 | (n * 0x9e3779b1u & 0xffffff), .own = 0xc6130000 |
	    (n * 0x85ebca6bu >> 16), .peer_port = (uint16_t)(1024 + (n >> 24)), .own_port = 80, .proto = PROTO_TCP };
}

static void
look_ahead(struct bench *b)
{
	for (unsigned i = 0; i < BURST; i++) {
		b->hash[i] = flow_hash(&b->t, &b->k[i]);
		flow_prefetch(&b->t, b->hash[i]);
	}
	for (unsigned i = 0; i < BURST; i++)
		b->maybe[i] = flow_expect(&b->t, b->hash[i]);
}

/* As the stack finds one (stack.c). */
static struct flow *
find(const struct bench *b, unsigned i)
{
	if (b->maybe[i] == FLOW_MANY)
		return flow_find(&b->t, &b->k[i], b->hash[i]);
	return b->maybe[i] != 0 ? flow_confirm(&b->t, &b->k[i], b->maybe[i]) : NULL;
}

/* A key that is there, or one that never was. */
static void
choose(struct bench *b, bool there)
{
	for (unsigned i = 0; i < BURST; i++) {
		uint32_t r = (uint32_t)(bench_random(&b->random) >> 16);

		take_key(b, i, there ? b->gone + r % b->used : (1u << 31) + (r >> 8));
	}
}

static uint64_t
find_burst(struct bench *b, bool there)
{
	unsigned found = 0;
	uint64_t t0;

	choose(b, there);
	t0 = bench_ticks();
	look_ahead(b);
	for (unsigned i = 0; i < BURST; i++) {
		struct flow *f = find(b, i);

		if (f != NULL) {
			f->packets_in++;	/* the entry's line is part of the cost */
			found++;
		}
	}
	t0 = bench_ticks() - t0;
	if (found != (there ? BURST : 0))
		bench_die("%u keys of a burst were found.", found);
	return t0;
}

static uint64_t
add_burst(struct bench *b)
{
	uint64_t t0;
	unsigned added = 0;

	for (unsigned i = 0; i < BURST; i++)
		take_key(b, i, b->gone + b->used + i);
	t0 = bench_ticks();
	look_ahead(b);
	for (unsigned i = 0; i < BURST; i++) {
		struct flow *f = flow_add(&b->t, &b->k[i], b->hash[i], NULL);

		if (f != NULL) {
			f->state = FLOW_ESTABLISHED;
			added++;
		}
	}
	t0 = bench_ticks() - t0;
	b->used += BURST;
	if (added != BURST)
		bench_die("Only %u keys of a burst found a place at %u of %u.", added, b->t.used, b->t.n);
	return t0;
}

static uint64_t
delete_burst(struct bench *b)
{
	uint64_t t0;

	for (unsigned i = 0; i < BURST; i++)
		take_key(b, i, b->gone + i);
	t0 = bench_ticks();
	look_ahead(b);
	for (unsigned i = 0; i < BURST; i++)
		flow_del(&b->t, find(b, i));
	t0 = bench_ticks() - t0;
	b->gone += BURST;
	b->used -= BURST;
	return t0;
}

static void
report(const char *what, unsigned percent, struct samples *s)
{
	char name[64];

	snprintf(name, sizeof name, "flow-%s-%u", what, percent);
	bench_figure(name, "ticks/key", s, BURST);
	samples_reset(s);
}

static void
measure(struct bench *b, unsigned percent, uint64_t slice)
{
	static struct samples hit, miss, add, del;

	samples_init(&hit);
	samples_init(&miss);
	samples_init(&add);
	samples_init(&del);
	while (b->used < b->t.n / 100 * percent)
		add_burst(b);
	for (uint64_t end = bench_ticks() + slice; bench_ticks() < end;) {
		samples_add(&hit, find_burst(b, true));
		samples_add(&miss, find_burst(b, false));
		samples_add(&del, delete_burst(b));
		samples_add(&add, add_burst(b));
	}
	report("hit", percent, &hit);
	report("miss", percent, &miss);
	report("insert", percent, &add);
	report("delete", percent, &del);
	samples_fini(&hit);
	samples_fini(&miss);
	samples_fini(&add);
	samples_fini(&del);
}

int
main(int argc, char **argv)
{
	static const unsigned loads[] = { 10, 60, 85 };
	static struct bench b = { .random = 7 };
	const uint64_t secret[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	double tick_hz;
	size_t bytes;
	void *mem;

	bench_start(&b.o, argc, argv);
	tick_hz = bench_tick_hz(50);
	bytes = flow_table_bytes(b.o.flows, 0);
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		bench_die("No memory for a table of %u flows: %zu MiB.", b.o.flows, bytes >> 20);
	madvise(mem, bytes, MADV_HUGEPAGE);	/* as dataplane/worker.c */
	memset(mem, 0, bytes);
	flow_table_init(&b.t, mem, b.o.flows, 0, secret);
	bench_value("flow-bytes", "bytes/flow", (double)bytes / b.o.flows);
	for (unsigned i = 0; i < ARRAY_LEN(loads); i++)
		measure(&b, loads[i], (uint64_t)(b.o.seconds * tick_hz));
	munmap(mem, bytes);
	return 0;
}
