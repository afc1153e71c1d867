/*
 * stress_ring.c - the ring between a worker and control, with a producer and a consumer as fast as they
 * can: every record comes out whole, in order, once, or was counted as dropped.
 *
 * The ring is made and used with the calls of worker.c. A plain program: ThreadSanitizer does not run
 * under Criterion.
 */
#include <pthread.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/record.h"

enum { PLACES = 256, RECORDS = 1000000, AT_ONCE = 64 };

static struct rte_ring *ring;
static uint64_t dropped;	/* written by the producer */
static bool over;

/* Every byte says which record it belongs to. */
static void
fill(struct record *r, uint64_t number)
{
	memset(r, (int)(number % 251), sizeof *r);
	r->flow_id = number;
}

static bool
is_whole(const struct record *r)
{
	struct record want;

	fill(&want, r->flow_id);
	return memcmp(r, &want, sizeof want) == 0;
}

static void *
produce(void *arg)
{
	struct record r;

	(void)arg;
	for (uint64_t i = 1; i <= RECORDS; i++) {
		fill(&r, i);
		if (rte_ring_sp_enqueue_elem(ring, &r, sizeof r) != 0)
			__atomic_store_n(&dropped, dropped + 1, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	return NULL;
}

int
main(void)
{
	static struct record r[AT_ONCE];
	ssize_t bytes = rte_ring_get_memsize_elem(sizeof r[0], PLACES);
	uint64_t came = 0, last = 0, wrong = 0, seen_dropped = 0;
	pthread_t thread;
	bool ended;

	ring = aligned_alloc(128, ((size_t)bytes + 127) / 128 * 128);
	if (ring == NULL || rte_ring_init(ring, "records", PLACES, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
		return 1;
	pthread_create(&thread, NULL, produce, NULL);
	do {
		unsigned n;

		ended = __atomic_load_n(&over, __ATOMIC_ACQUIRE);
		while ((n = rte_ring_sc_dequeue_burst_elem(ring, r, sizeof r[0], AT_ONCE, NULL)) > 0) {
			for (unsigned i = 0; i < n; i++) {
				wrong += !is_whole(&r[i]) || r[i].flow_id <= last;
				last = r[i].flow_id;
			}
			came += n;
		}
		wrong += __atomic_load_n(&dropped, __ATOMIC_RELAXED) < seen_dropped;
		seen_dropped = __atomic_load_n(&dropped, __ATOMIC_RELAXED);
	} while (!ended);
	pthread_join(thread, NULL);
	printf("%lu records came, %lu dropped, %lu wrong\n", came, dropped, wrong);
	free(ring);
	return wrong == 0 && came > 0 && came + dropped == RECORDS ? 0 : 1;
}
