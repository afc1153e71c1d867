#pragma once
/*
 * memory.h - where a conversation stands: its last symbols and the values of its latches.
 *
 * A state is a tuple of numbers, the recent symbols first, oldest first, then the latches, the
 * first one last. It backs off to the tuple without its first number: old symbols are forgotten
 * first, then recent ones, the latches last; where these decide nothing, the last symbol alone is asked:
 * some questions only follow from what was just said, whatever is held, and would
 * have little evidence in each combination of latches. States are those tuples and all their suffixes that
 * were seen, the longest first, and lone symbols; without latches they are those of the order-k model (markov.h).
 * memory_step() is the transition: it leads on from histories that were never seen, too.
 */
#include "learning/intern.h"
#include "learning/latch.h"

#define MEMORY_NONE  UINT32_MAX
#define MEMORY_START (UINT32_MAX - 1)	/* before the first symbol */
#define MEMORY_ANY   (UINT32_MAX - 2)	/* whatever latches hold */

enum {
	MEMORY_MAX_ORDER = 4,
	MEMORY_MAX = MEMORY_MAX_ORDER + LATCHES,
	MEMORY_CHAIN = MEMORY_MAX + 2,	/* a tuple, all its suffixes, and a lone symbol */
};

struct symbols {		/* names of what is said: clients' even, servers' odd */
	const uint32_t *client, *server;	/* per template */
	uint32_t silence, connect;
};

struct history {
	uint32_t recent[MEMORY_MAX_ORDER];	/* order of them */
	struct held held;
};

struct memory_state {
	const uint32_t *number;		/* recent symbols, then latches */
	uint32_t length;
	uint32_t rank;			/* places behind it in the back-off: 0 for length 0 */
	bool lone;			/* a symbol, then MEMORY_ANY */
	uint32_t back;			/* without its first; of a lone symbol that of length 0, whose own is MEMORY_NONE */
	uint32_t count;			/* exchanges that came in it */
};

struct memory {
	uint32_t order, full;		/* recent symbols; with latches */
	const struct latches *latches;
	struct symbols symbols;
	uint32_t nclient;		/* templates; this one: CONNECT */
	struct intern tuples;		/* ids are states */
	struct memory_state *state;
	uint32_t nstates, room;
};

/* before[e] := the state in which exchange e's client message came. */
void	memory_build(struct memory *m, struct pool *pool, const struct exchanges *x,
	    const struct templates *client, const struct templates *server,
	    const struct symbols *names, const struct latches *latches, uint32_t order,
	    uint32_t *before);
/* The same before[e] again, of a memory that is built. Caller's room for x->n. */
void	memory_before(const struct memory *m, struct pool *pool, const struct exchanges *x,
	    const struct templates *client, const struct templates *server, uint32_t *before);
/* The beginning of a conversation. */
struct history memory_start(const struct memory *m);
/* After a client template (the number of templates: CONNECT) and a server template or NO_TEMPLATE. */
struct history memory_step(const struct memory *m, const struct history *h, uint32_t client,
	    uint32_t server);
/* The state of a tuple, or MEMORY_NONE; that of no numbers is always there. */
uint32_t memory_find(const struct memory *m, const uint32_t *number, uint32_t length);
/*
 * The states that a tuple of m->full numbers backs off to, of its recent symbols only the last nrecent;
 * returns how many, those that were never seen left out. The last is that of no numbers. to: room for
 * MEMORY_CHAIN.
 */
uint32_t memory_chain(const struct memory *m, const uint32_t *tuple, uint32_t nrecent, uint32_t *to);
/* The tuple of a history, m->full numbers. */
void	memory_tuple(const struct memory *m, const struct history *h, uint32_t *to);
