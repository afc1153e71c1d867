/*
 * stress_swaps.c - callers on one thread, on another their model is swapped as fast as that goes.
 *
 * The worker's half is the real stack; the other half is reload with files, as mynahd has it. Which version a caller gets
 * is left to the race; from then on every byte must be that version's. A plain program: ThreadSanitizer does
 * not run under Criterion.
 */
#include <pthread.h>
#include <unistd.h>

#include "tests/swaps.h"

enum { CALLERS = 1000, STEPS = 100, FLOWS = 2048, SWAPS = 300, CALLS = 1 << 22 };

static bool enough, done;

static void *
converse(void *arg)
{
	struct swaps *w = arg;
	struct callers *c = &w->callers;

	set_reader_begin();
	while (c->fault[0] == '\0' && (!c->closing || stack_flows(w->rig.s) > 0)) {
		c->closing = __atomic_load_n(&enough, __ATOMIC_RELAXED);
		callers_round(c, set_current(), STEPS);
		w->rig.nrecords = 0;
		set_reader_quiet();
	}
	set_reader_end();
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int
swap_until_done(struct swaps *w, struct diag *why)
{
	unsigned version = 0;
	int slot = 0;

	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		if (w->reload.loaded > SWAPS || slot < 0) {
			__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
			usleep(1000);
		} else if (reload_waiting(&w->reload) == 0) {
			slot = swaps_offer(w, ++version, why);
		} else {
			usleep(1000);
		}
		reload_retire(&w->reload);
	}
	reload_retire(&w->reload);
	return slot;
}

int
main(void)
{
	static struct swaps w;
	const struct callers *c = &w.callers;
	struct diag why = { "" };
	pthread_t thread;
	bool good;
	int err;

	swaps_begin(&w, CALLERS, FLOWS, CALLS);
	callers_fill(&w.callers, set_current());
	if (pthread_create(&thread, NULL, converse, &w) != 0)
		return 1;
	err = swap_until_done(&w, &why);
	pthread_join(thread, NULL);
	printf("%lu swaps, %lu busy, %lu retried, %u conversations, %lu answers, %lu sent again off air; "
	    "%u slots in use; %s%s\n", w.reload.loaded - 1, w.reload.busy, w.reload.retried, c->conversations,
	    c->answers, c->again_off_air, swaps_slots(), c->fault, err < 0 ? why.text : "");
	good = err >= 0 && c->fault[0] == '\0' && w.reload.loaded > SWAPS && c->again_off_air > 0 &&
	    swaps_slots() == 1;
	swaps_end(&w);
	return good ? 0 : 1;
}
