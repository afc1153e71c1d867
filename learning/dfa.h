#pragma once
/*
 * dfa.h - deterministic automata with partial transitions, and their minimisation.
 *
 * The dead state of spec/prisma.md 6.3 is implicit: a missing edge leads there, and so
 * does every edge into a state from which nothing is accepted. Result and scratch live in
 * the pool.
 */
#include "learning/markov.h"

#define DFA_DEAD UINT32_MAX

struct dfa_edge {
	uint32_t symbol, to;
};

struct dfa {
	uint32_t nstates, nedges;
	uint32_t start;			/* DFA_DEAD: nothing is accepted */
	uint32_t *first;		/* nstates + 1: the edges of s are first[s] .. first[s+1] */
	struct dfa_edge *edge;		/* ascending by symbol within a state */
	uint8_t *accept;
};

/* The order-k states of m under their own numbers; those that end in END accept. */
void	dfa_of_markov(struct dfa *d, struct pool *pool, const struct markov *m);
/* Where symbol leads, DFA_DEAD included. */
uint32_t dfa_step(const struct dfa *d, uint32_t state, uint32_t symbol);
/*
 * The smallest automaton of the same language, without the dead state. map[old] is the
 * new state, or DFA_DEAD if old is unreachable or accepts nothing; new numbers follow the
 * smallest old one of each class. Costs O(edges log states).
 */
void	dfa_minimize(struct dfa *out, uint32_t *map, struct pool *pool, const struct dfa *d);
