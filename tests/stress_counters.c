/*
 * stress_counters.c - a stack at work, and beside it a thread that reads all that control reads of it:
 * counters, pins, what the memory is for.
 *
 * A plain program: ThreadSanitizer does not run under Criterion. Without it the reader still sees
 * to it that no counter ever goes back.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/peers.h"

enum { STEPS = 20000, STEP_BYTES = 32, COUNTERS = sizeof(struct counters) / sizeof(uint64_t) };

static struct rig rig;
static bool over;

struct reading {
	uint64_t last[COUNTERS], reads, wrong, pinned;
};

static void
read_all(struct reading *r)
{
	const uint64_t *count = (const uint64_t *)stack_counters(rig.s);
	const struct pins *pins = stack_pins(rig.s);
	struct stack_memory memory;

	for (unsigned i = 0; i < COUNTERS; i++) {
		uint64_t now = __atomic_load_n(&count[i], __ATOMIC_RELAXED);

		r->wrong += now < r->last[i];
		r->last[i] = now;
	}
	for (unsigned i = 0; i < SET_SLOTS; i++)
		r->pinned += __atomic_load_n(&pins->n[i], __ATOMIC_ACQUIRE);
	stack_memory(rig.s, &memory);
	for (int p = 0; p < PARTS_N; p++)
		r->wrong += memory.part[p].n > 0 && memory.part[p].used > memory.part[p].n;
	r->wrong += stack_flows(rig.s) > rig.c.flows;
	r->reads++;
}

static void *
watch(void *arg)
{
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		read_all(arg);
	read_all(arg);
	return NULL;
}

int
main(void)
{
	static uint8_t bytes[STEPS * STEP_BYTES];
	static struct reading reading;
	struct reader from = reader_of(span_of(bytes, sizeof bytes));
	uint64_t x = 88172645463325252u;
	struct peers peers;
	pthread_t thread;

	for (size_t i = 0; i < sizeof bytes; i++) {
		x ^= x << 13;	/* xorshift64, Marsaglia 2003 */
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)(x >> 20);
	}
	rig_init(&rig);
	rig_service(&rig, PROTO_TCP, 21, ACTION_ANSWER, rig_model(&rig, "talk-small"));
	rig_service(&rig, PROTO_UDP, 53, ACTION_ANSWER, rig_model(&rig, "udp-small"));
	rig_service(&rig, PROTO_TCP, 80, ACTION_ANSWER, rig_model(&rig, "ftp-small"));
	rig_start(&rig);
	pthread_create(&thread, NULL, watch, &reading);
	peers_init(&peers, false);
	while (peers_step(&peers, &rig, &from)) {
		peers_learn(&peers, &rig);
		rig.nrecords = 0;
	}
	stack_shutdown(rig.s, rig.set, 0);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	printf("%lu readings, %lu conversations, %lu turns, %lu wrong\n", reading.reads,
	    stack_counters(rig.s)->flows_opened, stack_counters(rig.s)->turns, reading.wrong);
	rig_fini(&rig);
	return reading.wrong == 0 && reading.reads > 1 && reading.pinned > 0 ? 0 : 1;
}
