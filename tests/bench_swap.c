/*
 * bench_swap.c - what a change of models costs the frames that arrive meanwhile.
 *
 * Conversations and SYNs in turn; in every second window another thread puts a new model on air every 10 ms and
 * frees the old ones, as reload.c does. Each turn of the worker is one sample, with and without. The
 * longest turns are mostly the machine's own: only the pair of them says something.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "tests/parley.h"

enum { WINDOWS = 10, EVERY_MS = 10, SYNS = PARLEY_STEPS };

struct swapper {
	unsigned cpu;
	const struct pins *pins;
	bool on, stop;
	uint64_t swaps, busy, freed;
	struct samples publish_ns;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
swap_once(struct swapper *s)
{
	struct model *m = crowd_model((unsigned)s->swaps);
	struct set *set = set_create(set_current());
	int old = set_find(set, "ftp"), slot = set_add(set, "ftp", m);
	uint64_t t0;

	if (slot < 0) {
		set_discard(set);
		model_destroy(m);
		s->busy++;
		return;
	}
	set_repoint(set, (uint8_t)old, (uint8_t)slot);
	t0 = now_ns();
	set_publish(set);
	samples_add(&s->publish_ns, now_ns() - t0);
	s->swaps++;
}

static void *
swap_on_and_off(void *arg)
{
	struct swapper *s = arg;
	const struct timespec pause = { .tv_nsec = EVERY_MS * 1000000 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(s->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0)
		bench_die("There is no CPU %u for the thread that swaps.", s->cpu);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		nanosleep(&pause, NULL);
		if (__atomic_load_n(&s->on, __ATOMIC_RELAXED))
			swap_once(s);
		s->freed += (uint64_t)set_retire(&s->pins, 1);
	}
	return NULL;
}

static void
window(struct parley *p, struct samples *s, uint64_t ticks)
{
	struct client c[LOOP_BURST];
	uint64_t t[PARLEY_STEPS];

	for (uint64_t end = bench_ticks() + ticks; bench_ticks() < end;) {
		parley_conversations(p, t);
		for (unsigned i = 0; i < PARLEY_STEPS; i++)
			samples_add(s, t[i]);
		for (unsigned i = 0; i < SYNS; i++) {
			for (unsigned k = 0; k < LOOP_BURST; k++) {
				c[k] = parley_client(p->next++, CROWD_WEB);
				parley_syn(p, &c[k]);
			}
			samples_add(s, loop_turn(&p->l));
			parley_hear(p, c, LOOP_BURST, TCP_SYN | TCP_ACK, 0);
		}
	}
}

int
main(int argc, char **argv)
{
	static struct samples with, without;
	static struct swapper s;
	static struct parley p;
	struct bench_options o;
	pthread_t thread;
	double tick_hz;

	bench_start(&o, argc, argv);
	if (o.cpu == o.other_cpu)
		bench_die("Swapping is measured on two CPUs; give --cpu and --other-cpu.");
	tick_hz = bench_tick_hz(50);
	samples_init(&with);
	samples_init(&without);
	samples_init(&s.publish_ns);
	parley_open(&p, &o);
	s.cpu = o.other_cpu;
	s.pins = stack_pins(p.l.stack);
	if ((errno = pthread_create(&thread, NULL, swap_on_and_off, &s)) != 0)
		bench_die("The thread that swaps does not start.");
	for (unsigned i = 0; i < WINDOWS; i++) {
		__atomic_store_n(&s.on, i % 2 == 1, __ATOMIC_RELAXED);
		window(&p, i % 2 == 1 ? &with : &without, (uint64_t)(o.seconds * tick_hz / WINDOWS));
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	set_reader_out();		/* or its last publication waits for us */
	pthread_join(thread, NULL);
	set_reader_in();
	bench_value("swaps", "swaps", (double)s.swaps);
	bench_value("swaps-refused", "swaps", (double)s.busy);
	bench_figure("turn-without-swaps", "ticks/turn", &without, 1);
	bench_figure("turn-with-swaps", "ticks/turn", &with, 1);
	if (s.swaps > 0)
		bench_figure("publish", "us", &s.publish_ns, 1000);
	parley_close(&p);
	samples_fini(&with);
	samples_fini(&without);
	samples_fini(&s.publish_ns);
	return 0;
}
