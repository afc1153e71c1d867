/*
 * stress_set.c - models come and go as fast as they can under conversations that stay.
 *
 * Two readers hold conversations of random length, each pinned to the model it began with, and
 * ask it for its name at every step; the writer swaps and retires. A model freed too early shows
 * as a wrong name, or to a sanitizer. A plain program: ThreadSanitizer does not run under Criterion.
 */
#include <pthread.h>
#include <time.h>

#include "models/set.h"
#include "tests/model_of.h"

enum { READERS = 2, OPEN = 32, SECONDS = 2 };

static const char small[] =
    "mynah-model 1\nservice \"small\" tcp\nlearner \"hand\" order 1 seed 1\nstart 0\n"
    "state 0 support 1 \"only\"\n";

struct reader_thread {
	struct pins pins;
	pthread_t thread;
	uint64_t conversations, wrong;
	uint32_t seed;
};

static bool stop;

static uint32_t
draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	return *seed ^= *seed << 5;
}

static void *
converse(void *arg)
{
	static const struct addr own = { { [10] = 0xff, 0xff, 198, 19, 0, 1 } };
	struct reader_thread *r = arg;
	struct { uint8_t slot; uint32_t left; } open[OPEN] = { 0 };

	set_reader_begin();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		const struct set *s = set_current();

		for (unsigned i = 0; i < OPEN; i++) {
			struct span name;

			if (open[i].left == 0) {
				open[i].slot = set_lookup(set_profile(set_range(s, &own), &own), MODEL_TCP, 21).slot;
				open[i].left = draw(&r->seed) % 1000 + 1;
				pin(&r->pins, open[i].slot);
				r->conversations++;
			}
			name = model_name(s->slot[open[i].slot]);
			r->wrong += !span_eq(name, span_str("small"));
			if (--open[i].left == 0)
				unpin(&r->pins, open[i].slot);
		}
		set_reader_quiet();
		if (draw(&r->seed) % 4096 == 0) {
			set_reader_out();
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
			set_reader_in();
		}
	}
	for (unsigned i = 0; i < OPEN; i++)
		if (open[i].left > 0)
			unpin(&r->pins, open[i].slot);
	set_reader_end();
	return NULL;
}

static struct set *
first_set(void)
{
	struct addr wide = { { [10] = 0xff, 0xff, 198, 19, 0, 0 } };
	struct set *s = set_create(NULL);
	struct range *r = set_add_range(s, &wide, 112);

	r->profile[0]->tcp[21] = (struct target){ ACTION_ANSWER, (uint8_t)set_add(s, "small", model_of(small)) };
	return s;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
main(void)
{
	static struct reader_thread reader[READERS];
	const struct pins *pins[READERS];
	uint64_t swaps = 0, freed = 0, busy = 0, conversations = 0, wrong = 0;
	int64_t end;

	set_publish(first_set());
	for (unsigned i = 0; i < READERS; i++) {
		pins[i] = &reader[i].pins;
		reader[i].seed = 2463534242u + i;
		pthread_create(&reader[i].thread, NULL, converse, &reader[i]);
	}
	for (end = now_ms() + SECONDS * 1000; now_ms() < end;) {
		struct set *s = set_create(set_current());
		struct model *m = model_of(small);
		int old = set_find(s, "small"), slot = set_add(s, "small", m);

		if (slot > 0) {
			set_repoint(s, (uint8_t)old, (uint8_t)slot);
			set_publish(s);
			swaps++;
		} else {
			set_discard(s);
			model_destroy(m);
			busy++;
		}
		freed += (uint64_t)set_retire(pins, READERS);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(reader[i].thread, NULL);
		conversations += reader[i].conversations;
		wrong += reader[i].wrong;
	}
	freed += (uint64_t)set_retire(pins, READERS);
	printf("%lu swaps, %lu models freed, %lu times busy, %lu conversations, %lu wrong\n", swaps,
	    freed, busy, conversations, wrong);
	set_fini();
	return wrong == 0 && swaps > 0 && freed == swaps && conversations > 0 ? 0 : 1;
}
