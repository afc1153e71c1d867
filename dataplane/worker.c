#include "dataplane/worker.h"

#include <errno.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum { SPIN_TURNS = 200, PAUSE_TURNS = 2000, DOZE_TURNS = 3000, PAUSES = 64 };
enum { LOOK_PER_TURN = 4096 };	/* places: some 50 us */
enum { DOZE_NS = 50 * 1000, HUGE_PAGE = 2 << 20 };

struct seat {			/* what a worker has at one port */
	struct worker *w;
	struct queue *queue;
	struct stack *stack;
	void *memory;
	size_t bytes;
};

struct worker {
	struct worker_counters count;
	volatile bool stop;
	bool polls;
	unsigned number, nseats;
	uint64_t sleep_max_ns;
	struct rte_ring *records;
	struct seat seat[WORKER_PORTS];
	struct {
		uint32_t asked, served;	/* equal: view belongs to control, else to the worker */
		unsigned seat, n;
		uint32_t at;
		struct flow_view view[WORKER_VIEWS];
	} look;
};

static struct frame
sink_get(void *ctx)
{
	return queue_get(((struct seat *)ctx)->queue);
}

static void
sink_put(void *ctx, const struct frame *f)
{
	queue_put(((struct seat *)ctx)->queue, f);
}

/* Never waits: a full ring means that control is behind, and that is counted. */
static void
sink_record(void *ctx, const struct record *r)
{
	struct worker *w = ((struct seat *)ctx)->w;

	if (rte_ring_sp_enqueue_elem(w->records, (void *)r, sizeof *r) != 0)
		__atomic_store_n(&w->count.records_dropped, w->count.records_dropped + 1, __ATOMIC_RELAXED);
}

static void *
map_tables(size_t bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, bytes, MADV_HUGEPAGE);
	return memset(mem, 0, bytes);
}

static int
take_seat(struct worker *w, struct port *port, const struct stack_config *c, struct diag *why)
{
	struct seat *s = &w->seat[w->nseats];
	struct sink sink = { sink_get, sink_put, sink_record, s };
	size_t bytes = stack_bytes(c);

	if (bytes == 0)
		return diag_set(why, -EINVAL, "The limits do not go together: no stack has them.");
	s->w = w;
	s->queue = port_queue(port, w->number);
	s->bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	s->memory = map_tables(s->bytes);
	if (s->memory == NULL)
		return diag_set(why, -ENOMEM, "No memory for the %zu MiB of a worker's tables; lower limits: flows.",
		    s->bytes >> 20);
	s->stack = stack_init(s->memory, c, &sink);
	w->nseats++;
	w->sleep_max_ns = MIN(w->sleep_max_ns, port_sleep_ns(port));
	return 0;
}

int
worker_create(struct worker **out, const struct worker_config *c, struct diag *why)
{
	struct worker *w = aligned_alloc(64, (sizeof *w + 63) / 64 * 64);
	char name[32];
	int err = 0;

	if (w == NULL)
		return diag_set(why, -ENOMEM, "No memory for a worker.");
	memset(w, 0, sizeof *w);
	w->number = c->number;
	w->sleep_max_ns = UINT64_MAX;
	snprintf(name, sizeof name, "records%u", c->number);
	w->records = rte_ring_create_elem(name, sizeof(struct record), c->records, SOCKET_ID_ANY,
	    RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (w->records == NULL)
		err = diag_set(why, -ENOMEM, "No memory for a ring of %u records.", c->records);
	for (unsigned i = 0; err == 0 && i < c->nports; i++)
		err = take_seat(w, c->port[i], &c->stack[i], why);
	if (err < 0) {
		worker_destroy(w);
		return err;
	}
	*out = w;
	return 0;
}

uint64_t
worker_back_off_ns(unsigned empty_turns, uint64_t max_ns, uint64_t due_ns)
{
	if (empty_turns < PAUSE_TURNS)
		return 0;
	return MIN(empty_turns < DOZE_TURNS ? MIN(max_ns, (uint64_t)DOZE_NS) : max_ns, due_ns);
}

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* One burst of one port. Returns the frames received; *due_ns shrinks to its next timer. */
static unsigned
serve(struct seat *s, const struct set *set, uint64_t ns, int64_t wall_ms, uint64_t *due_ns)
{
	struct frame frames[PORT_BURST];
	unsigned n = queue_rx(s->queue, frames, PORT_BURST);
	uint64_t due;

	if (n > 0)
		stack_burst(s->stack, set, frames, n, ns, wall_ms);
	for (unsigned i = 0; i < n; i++)
		if (frames[i].data != NULL)	/* not turned round */
			queue_free(s->queue, &frames[i]);
	due = stack_timers(s->stack, set, ns, wall_ms);
	queue_flush(s->queue);
	*due_ns = MIN(*due_ns, due);
	return n;
}

/* Some of the list that control asked for. */
static void
look(struct worker *w)
{
	uint32_t asked = __atomic_load_n(&w->look.asked, __ATOMIC_ACQUIRE);

	if (asked == w->look.served)
		return;
	if (w->look.seat == 0 && w->look.at == 0)
		w->look.n = 0;
	w->look.n += stack_list(w->seat[w->look.seat].stack, &w->look.at, LOOK_PER_TURN,
	    w->look.view + w->look.n, WORKER_VIEWS - w->look.n);
	w->look.seat += w->look.at == 0;
	if (w->look.seat < w->nseats && w->look.n < WORKER_VIEWS)
		return;
	w->look.seat = w->look.at = 0;
	__atomic_store_n(&w->look.served, asked, __ATOMIC_RELEASE);
}

static void
back_off(struct worker *w, unsigned empty_turns, uint64_t due_ns)
{
	uint64_t ns = worker_back_off_ns(empty_turns, w->sleep_max_ns, due_ns);

	if (ns > 0) {
		set_reader_out();	/* or every publication would wait for us */
		nanosleep(&(struct timespec){ .tv_nsec = (long)MIN(ns, 999999999u) }, NULL);
		set_reader_in();
		__atomic_store_n(&w->count.sleeps, w->count.sleeps + 1, __ATOMIC_RELAXED);
		return;
	}
	for (int i = 0; i < (empty_turns < SPIN_TURNS ? 1 : PAUSES); i++)
		rte_pause();
}

static void
end_conversations(struct worker *w)
{
	int64_t wall_ms = (int64_t)(now_ns(CLOCK_REALTIME) / 1000000);

	for (unsigned i = 0; i < w->nseats; i++) {
		stack_shutdown(w->seat[i].stack, set_current(), wall_ms);
		queue_flush(w->seat[i].queue);
	}
}

unsigned
worker_turn(struct worker *w, uint64_t *due_ns)
{
	uint64_t ns = now_ns(CLOCK_MONOTONIC);
	int64_t wall_ms = (int64_t)(now_ns(CLOCK_REALTIME_COARSE) / 1000000);
	const struct set *set = set_current();	/* good until the quiescent state */
	unsigned n = 0;

	*due_ns = UINT64_MAX;
	for (unsigned i = 0; i < w->nseats; i++)
		n += serve(&w->seat[i], set, ns, wall_ms, due_ns);
	look(w);
	set_reader_quiet();
	__atomic_store_n(&w->count.turns, w->count.turns + 1, __ATOMIC_RELAXED);
	if (n > 0)
		__atomic_store_n(&w->count.busy_turns, w->count.busy_turns + 1, __ATOMIC_RELAXED);
	return n;
}

int
worker_main(void *worker)
{
	struct worker *w = worker;
	unsigned empty = 0;
	uint64_t due_ns;

	prctl(PR_SET_TIMERSLACK, 1);	/* ns; the default adds 50 us to every sleep */
	set_reader_begin();
	__atomic_store_n(&w->polls, true, __ATOMIC_RELEASE);
	while (!w->stop) {
		if (worker_turn(w, &due_ns) > 0)
			empty = 0;
		else
			back_off(w, empty++, due_ns);
	}
	end_conversations(w);
	set_reader_end();
	__atomic_store_n(&w->polls, false, __ATOMIC_RELEASE);
	return 0;
}

void
worker_stop(struct worker *w)
{
	w->stop = true;
}

bool
worker_polls(const struct worker *w)
{
	return __atomic_load_n(&w->polls, __ATOMIC_ACQUIRE);
}

unsigned
worker_records(struct worker *w, struct record *to, unsigned n)
{
	return rte_ring_sc_dequeue_burst_elem(w->records, to, sizeof *to, n, NULL);
}

const struct worker_counters *
worker_counters(const struct worker *w)
{
	return &w->count;
}

unsigned
worker_ports(const struct worker *w)
{
	return w->nseats;
}

const struct stack *
worker_stack(const struct worker *w, unsigned port)
{
	return w->seat[port].stack;
}

void
worker_look(struct worker *w)
{
	uint32_t served = __atomic_load_n(&w->look.served, __ATOMIC_ACQUIRE);

	if (w->look.asked == served)	/* else the last one is still under way */
		__atomic_store_n(&w->look.asked, served + 1, __ATOMIC_RELEASE);
}

int
worker_seen(const struct worker *w, const struct flow_view **list)
{
	if (__atomic_load_n(&w->look.served, __ATOMIC_ACQUIRE) != w->look.asked)
		return -1;
	*list = w->look.view;
	return (int)w->look.n;
}

uint64_t
worker_tx_dropped(const struct worker *w)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < w->nseats; i++)
		n += queue_tx_dropped(w->seat[i].queue);
	return n;
}

size_t
worker_bytes(const struct worker *w)
{
	size_t n = 0;

	for (unsigned i = 0; i < w->nseats; i++)
		n += w->seat[i].bytes;
	return n;
}

void
worker_destroy(struct worker *w)
{
	for (unsigned i = 0; i < WORKER_PORTS; i++)
		if (w->seat[i].memory != NULL)
			munmap(w->seat[i].memory, w->seat[i].bytes);
	rte_ring_free(w->records);
	free(w);
}
