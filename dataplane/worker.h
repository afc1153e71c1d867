#pragma once
/*
 * worker.h - one core, one queue pair per port, one loop. Workers share nothing but the set.
 *
 * Control creates a worker and its memory, starts worker_main() on a thread of its own, reads
 * counters, drains records, asks it to stop, and destroys it once the thread has ended. A
 * worker has one stack per port, because MAC and link address belong to a port.
 */
#include "dataplane/port.h"

enum { WORKER_PORTS = 8, WORKER_VIEWS = 256 };

struct worker_config {
	unsigned number;
	unsigned nports;
	struct port *port[WORKER_PORTS];
	struct stack_config stack[WORKER_PORTS];
	unsigned records;		/* its ring holds so many; power of two */
};

struct worker_counters {		/* written by the worker, read by anyone, relaxed */
	_Alignas(64) uint64_t turns, busy_turns, sleeps, records_dropped;
};

struct worker;

/* 0, or -errno with a sentence. Memory is touched here, so that the first packets don't pay. */
int	worker_create(struct worker **out, const struct worker_config *c, struct diag *why);
/* The loop; returns after worker_stop(), with every conversation ended and recorded. For eal_run(). */
int	worker_main(void *worker);
/*
 * One turn of that loop: a burst of every port, and what is due. For a thread that runs a worker by itself, step
 * by step, and is a reader (set.h). Returns the frames received; *due_ns is the time to the next timer.
 */
unsigned worker_turn(struct worker *w, uint64_t *due_ns);
void	worker_stop(struct worker *w);
bool	worker_polls(const struct worker *w);		/* the loop runs */
/* At most n finished records; for one thread. */
unsigned worker_records(struct worker *w, struct record *to, unsigned n);
const struct worker_counters *worker_counters(const struct worker *w);
unsigned worker_ports(const struct worker *w);
const struct stack *worker_stack(const struct worker *w, unsigned port);
/*
 * Conversations under way, at most WORKER_VIEWS: worker_look() asks, the worker lists them in its next turns, some
 * thousand places in each, and never waits. worker_seen() gives the list, which stays as it is until the next
 * worker_look(), or -1 while it is not ready. For one thread.
 */
void	worker_look(struct worker *w);
int	worker_seen(const struct worker *w, const struct flow_view **list);
uint64_t worker_tx_dropped(const struct worker *w);
size_t	worker_bytes(const struct worker *w);		/* its tables */
void	worker_destroy(struct worker *w);

/*
 * How to wait after so many empty turns in a row: spin, spin slower, then sleep; 0 ns means
 * don't sleep. A ring of 4096 fills in 275 us at 14.88 Mpps, so sleeps stay short where traffic
 * has just been, and reach max_ns when there has been none for a while.
 */
uint64_t worker_back_off_ns(unsigned empty_turns, uint64_t max_ns, uint64_t due_ns);
