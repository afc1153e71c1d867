/*
 * bench_workers.c - two workers at once, each on a CPU of its own, against one: whole conversations of the same kind.
 *
 * Windows in turn: the first alone, the second alone, both. Each turn of a worker is timed by itself, so that what a
 * shared machine takes away is seen in p95 and not in the median. Workers share the set, its models and the port's pool.
 */
#include <sched.h>

#include "dataplane/eal.h"
#include "tests/parley.h"

enum { WORKERS = 2, WINDOWS = 30 };

struct hand {
	struct parley p;
	struct samples alone, together;
};

static struct hand hand[WORKERS];
static unsigned at_gate, gate_round;
static uint64_t window_ticks;

/* Both have come. */
static void
meet(void)
{
	unsigned round = __atomic_load_n(&gate_round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&at_gate, 1, __ATOMIC_ACQ_REL) == WORKERS) {
		__atomic_store_n(&at_gate, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&gate_round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	set_reader_out();
	while (__atomic_load_n(&gate_round, __ATOMIC_ACQUIRE) == round)
		sched_yield();
	set_reader_in();
}

static void
converse(struct parley *p, struct samples *s)
{
	uint64_t t[PARLEY_STEPS];

	for (uint64_t end = bench_ticks() + window_ticks; bench_ticks() < end;) {
		uint64_t all = 0;

		parley_conversations(p, t);
		for (unsigned i = 0; i < PARLEY_STEPS; i++)
			all += t[i];
		samples_add(s, all);
	}
}

static void
windows(unsigned self)
{
	struct hand *h = &hand[self];

	for (unsigned i = 0; i < WINDOWS; i++) {
		unsigned who = i % (WORKERS + 1);

		meet();
		if (who == WORKERS)
			converse(&h->p, &h->together);
		else if (who == self)
			converse(&h->p, &h->alone);
	}
	meet();
}

static int
second(void *arg)
{
	struct hand *self = arg;

	set_reader_begin();
	windows((unsigned)(self - hand));
	set_reader_end();
	return 0;
}

int
main(int argc, char **argv)
{
	struct loop l[WORKERS];
	struct bench_options o;
	double speed = 0;

	bench_start(&o, argc, argv);
	if (o.cpu == o.other_cpu)
		bench_die("Two workers are measured on two CPUs; give --cpu and --other-cpu.");
	window_ticks = (uint64_t)(o.seconds * bench_tick_hz(50) / WINDOWS);
	loop_open(l, WORKERS, &o, crowd_set());
	for (unsigned i = 0; i < WORKERS; i++) {
		parley_join(&hand[i].p, &l[i], i);
		samples_init(&hand[i].alone);
		samples_init(&hand[i].together);
	}
	set_reader_begin();
	if (eal_run(0, second, &hand[1]) < 0)
		bench_die("The second worker's thread does not start.");
	windows(0);
	set_reader_out();
	eal_wait(0);
	set_reader_in();
	set_reader_end();
	for (unsigned i = 0; i < WORKERS; i++) {
		bench_figure(i == 0 ? "first-alone" : "second-alone", "ticks/conversation", &hand[i].alone, LOOP_BURST);
		bench_figure(i == 0 ? "first-of-two" : "second-of-two", "ticks/conversation", &hand[i].together, LOOP_BURST);
		speed += samples_part(&hand[i].alone, 0.5) / samples_part(&hand[i].together, 0.5);
		l[i] = hand[i].p.l;
		samples_fini(&hand[i].alone);
		samples_fini(&hand[i].together);
	}
	bench_value("two-against-one", "times", speed);
	loop_close(l, WORKERS);
	return 0;
}
