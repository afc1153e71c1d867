#pragma once
/*
 * markov.h - what follows what: an order-k model over sequences of symbols.
 *
 * A symbol is any number below MARKOV_START (a cluster with its direction, say). A state
 * is the tuple of the last k symbols, the newest last; a sequence is read as START^k,
 * its symbols, END (PRISMA12 "Markov model"; spec/prisma.md 6.2). Counts only, no
 * smoothing; what was never seen is met by backing off: the same is kept for every
 * shorter tuple, down to the empty one.
 *
 * States 0 .. nfull-1 are the order-k states in the order they were first seen, 0 is
 * START^k; then those of k-1, ..., 0. Result and scratch live in the pool.
 */
#include "learning/pool.h"

#define MARKOV_START (UINT32_MAX - 1)
#define MARKOV_END   UINT32_MAX
#define MARKOV_NONE  UINT32_MAX

enum { MARKOV_MAX_ORDER = 16 };

struct markov_seq {
	const uint32_t *symbol;
	uint32_t n;
};

struct markov_edge {
	uint32_t symbol;		/* read; the newest symbol of the target */
	uint32_t to;			/* of length min(length + 1, k) */
	uint64_t count;
};

struct markov_state {
	const uint32_t *symbol;		/* oldest first */
	uint32_t length;		/* k, or less for a state to back off to */
	uint32_t back;			/* without its oldest symbol; MARKOV_NONE for length 0 */
	uint32_t first, nedges;		/* in edge[], ascending by symbol */
	uint64_t count;			/* times the sequences were here */
};

struct markov {
	uint32_t order;
	uint32_t nstates, nfull;
	uint32_t nedges;
	struct markov_state *state;
	struct markov_edge *edge;
	uint32_t *slot;			/* hash table of state numbers + 1 */
	uint32_t nslots;		/* power of two */
};

/* order 1 .. MARKOV_MAX_ORDER. An empty sequence counts as START^k -> END. */
void	markov_build(struct markov *m, struct pool *pool, const struct markov_seq *seqs,
	    size_t nseqs, uint32_t order);
/* The state of exactly these symbols, or MARKOV_NONE. */
uint32_t markov_state_of(const struct markov *m, const uint32_t *symbol, uint32_t length);
/*
 * The state of the longest suffix of a history (oldest first) that was seen; a history
 * shorter than k is padded with START. Never MARKOV_NONE: the empty tuple is always known.
 */
uint32_t markov_longest(const struct markov *m, const uint32_t *history, uint32_t n);
/* The edge of a state that reads symbol, or NULL. */
const struct markov_edge *markov_edge_of(const struct markov *m, uint32_t state,
	    uint32_t symbol);
/* where[i] := the state after symbol i, the one that message i belongs to. */
void	markov_walk(const struct markov *m, const struct markov_seq *seq, uint32_t *where);
