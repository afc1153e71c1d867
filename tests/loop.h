#pragma once
/*
 * loop.h - workers as mynahd runs them, on a port whose rings lead back to us, and a generator for each.
 *
 * A loop is one worker, on one core and in one thread: frames go into the ring, the worker has one turn, which alone is timed,
 * what it sent is taken out of the ring. The worker and its port are those of dataplane/; only limits that a
 * configuration has are chosen here. net_ring stands in for a card, whose driver costs 60 to 80 core cycles more per packet.
 *
 * Aborts the program, with a sentence, on anything that would make a figure worthless.
 */
#include "dataplane/wire.h"
#include "dataplane/worker.h"
#include "tests/bench.h"

enum { LOOP_BURST = 32, LOOP_REPLIES = 512, LOOP_RECORDS = 16384 };

struct loop {
	struct worker *w;
	const struct stack *stack;
	struct port *port;
	uint16_t port_id;
	struct rte_ring *ring;
	struct rte_mempool *pool;
	struct rte_mbuf *in[LOOP_BURST], *out[LOOP_REPLIES];
	unsigned n, nout;		/* frames of this burst; replies of the last turn */
	uint64_t sent, received, records;
	uint64_t bursts;		/* sums are verified in every 64th */
};

extern const uint8_t loop_mac[6];	/* the generator's; port_mac() is the other one */

/*
 * EAL, with n - 1 threads of it on o->other_cpu; a port of n queues; n workers; set is published. Whoever turns a loop
 * is a reader (set.h).
 */
void	loop_open(struct loop l[], unsigned n, const struct bench_options *o, struct set *set);
/* One more frame of the next burst: its bytes, 2048 of them, and afterwards its length. */
uint8_t *loop_frame(struct loop *l);
void	loop_length(struct loop *l, size_t n);
/* One turn; ticks that it took. The replies are in out[], valid until the next call. */
uint64_t loop_turn(struct loop *l);
/* The same frames answered by the reference responder instead. */
uint64_t loop_reference(struct loop *l);
struct span loop_reply(const struct loop *l, unsigned i);
/* Parses reply i, in every 64th burst with its sums verified by DPDK's functions; aborts if it is not well formed. */
void	loop_parse(const struct loop *l, unsigned i, struct wire *w);
/* Everything must be back. No thread is a reader any more. */
void	loop_close(struct loop l[], unsigned n);
