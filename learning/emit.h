#pragma once
/*
 * emit.h - what was learned, as a text model.
 *
 * States are the places of places.h. Everything emitted lives in the pool and points into it
 * or into the corpus.
 */
#include "learning/places.h"
#include "learning/regardless.h"
#include "models/text.h"

struct emit_input {
	const struct exchanges *x;
	const struct templates *client, *server;
	const struct rules *rules;
	const struct decisions *decisions;
	const struct memory *memory;
	const struct manners *manners;
	const struct answer **after;	/* per prompts.rule: usual_after() */
	uint32_t default_idle_ms;
};

struct emit_report {
	uint32_t rule[RULE_KINDS];	/* emitted, by kind */
	uint32_t states, turns;
	uint32_t no_slot;	/* values that replies or guards ask for, and no slot is left to keep */
};

/* Fills all but name, sources and parameters of t. */
void	emit(struct text *t, struct pool *pool, const struct emit_input *in,
	    struct emit_report *report);
