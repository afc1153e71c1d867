#pragma once
/*
 * emit.h - what was learned, as a text model.
 *
 * Runtime states are the Markov states that decide something or lead to one that does; the
 * others answer as the shorter history they back off to. Everything emitted lives in the pool
 * and points into it or into the corpus.
 */
#include "learning/decide.h"
#include "models/text.h"

struct emit_input {
	const struct exchanges *x;
	const struct templates *client, *server;
	const struct rules *rules;
	const struct decisions *decisions;
	const struct markov *markov;
	const uint32_t *client_symbol;	/* per client template: its Markov symbol */
	const uint32_t *server_symbol;	/* per server template */
	const uint32_t *start;		/* history before the first exchange */
	uint32_t nstart;
	uint32_t silence, connect;	/* symbols of no reply, of the connection */
	uint32_t default_idle_ms;
};

struct emit_report {
	uint32_t rule[RULE_KINDS];	/* emitted, by kind */
	uint32_t states, turns, no_slot;
};

/* Fills all but name, sources and parameters of t. */
void	emit(struct text *t, struct pool *pool, const struct emit_input *in,
	    struct emit_report *report);
