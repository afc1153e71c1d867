#pragma once
/*
 * context.h - the rules of one context: how the fields of its last form follow from what was said.
 *
 * PRISMA12 "Rules" (spec/prisma.md 8). A rule holds if it gives nine tenths of the occurrences; of
 * single bytes all, unless as published, for a name of which some bytes follow is none.
 * Kinds are tried in their order, of each the sources from near to far, then inside the message
 * itself; what is left is recorded, one row for all of them together.
 * Memory is the pool's.
 */
#include "learning/intern.h"
#include "learning/prisma.h"

struct said {				/* all messages as rows of tokens */
	struct intern values;		/* bytes of a token by its number */
	uint32_t *token;
	uint32_t *first;		/* per message, and one more: its tokens */
};

struct occurrences {			/* of one context */
	const struct said *said;
	uint32_t *message;		/* its last message; the ones before stand before it */
	uint32_t n, allowed;		/* of them a rule may fail on so many */
	uint32_t nform;			/* messages in view */
	struct {			/* by how many messages before */
		const uint32_t *at;	/* token of each field */
		uint32_t n;
	} field[PRISMA_MAX_ORDER + 1];
};

struct tables {				/* of values; equal ones are one */
	struct pool *pool;
	struct text_values *v;
	uint32_t n, room, max_rows;
	struct intern known;
	uint64_t rows, left_out;
};

void	tables_init(struct tables *t, struct pool *pool, uint32_t max_rows);
/*
 * Fills c->rule. shorter: the same without its oldest form, or NULL; where this context bears
 * nothing out, its rules hold if they do not fail here.
 */
void	context_rules(struct text_context *c, struct pool *pool, const struct occurrences *o,
	    const struct prisma_params *p, const struct text_context *shorter, struct tables *tables);
