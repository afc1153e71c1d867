#pragma once
/*
 * prisma.h - PRISMA12's model of both sides of a conversation: states, templates and rules.
 *
 * From conversations of messages, each with an event and a side, to struct text_prisma
 * (models/text.h): Markov states of the last symbols, the forms of each state by number of tokens
 * and what separates them ("Templates", spec/prisma.md 7), and for every context of successive
 * forms how the fields of the last one come about ("Rules", spec/prisma.md 8; context.h). Either as
 * published (forms by number of tokens alone), or, which is what a model carries, with an increment
 * that is inferred, with rules that two different occurrences bear out, and with contexts of every
 * lower order.
 *
 * Result and scratch are the pool's; the result points into the messages, which must outlive it.
 */
#include "learning/pool.h"
#include "models/text.h"

struct prisma_message {
	struct span bytes;
	uint32_t event;			/* cluster, counted for each side */
	bool server;
};

struct prisma_input {
	const struct prisma_message *message;
	const uint32_t *first;		/* per conversation, and one more: its messages */
	uint32_t nconversations;
};

struct prisma_params {
	uint32_t order;			/* 1 .. PRISMA_MAX_ORDER */
	const char *separators;		/* of tokens; NULL: every byte is one */
	bool original;			/* as published: see above */
	/* Limits, 0: none. What is longer ends in one token; is cut; what is more is left out. */
	uint32_t max_tokens, max_bytes;	/* of a message */
	uint32_t max_rows;		/* of a table of values: the commonest; 128 bytes for each */
	uint32_t max_seen;		/* occurrences of a context that are looked at, evenly spread */
};

struct prisma_report {
	uint32_t order;			/* less than asked for where there were too many states */
	uint32_t nodes, forms, with_fields, contexts;
	uint32_t rule[PRISMA_RULE_N];
	uint64_t rows, rows_left_out;
};

/* What a model carries: order 2, tokens at white space or bytes. */
struct prisma_params prisma_params(bool binary);
void	prisma_learn(struct text_prisma *out, struct pool *pool, const struct prisma_input *in,
	    const struct prisma_params *p, struct prisma_report *report);

/*
 * The next token of a message and *rest after it: a run of separators or of other bytes, or one
 * byte where separators is empty. What the PRISMA_TOKENS-th is, is the caller's.
 */
enum { PRISMA_TOKENS = 192 };
struct span prisma_token(struct span separators, struct span *rest);
/* What stands before, or after, the first separator; nothing where there is none. */
struct span prisma_part(struct span from, struct span separator, bool after);
