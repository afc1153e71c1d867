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
#include "learning/lexer.h"
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
	const char *separators;		/* of tokens; NULL: every byte is one, */
	bool has_run;			/* but what stands behind the head and before */
	uint32_t head;			/* the next delimiter */
	uint8_t delimiter;
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

/* What a model carries: order 2, tokens at white space, or bytes and the run that the lexer knows. */
struct prisma_params prisma_params(const struct lexer *l);
void	prisma_learn(struct text_prisma *out, struct pool *pool, const struct prisma_input *in,
	    const struct prisma_params *p, struct prisma_report *report);

/*
 * Token i of a message, or of what is fixed in a form, and *rest after it: a run of separators or of
 * other bytes; where separators is empty one byte, or the one run. What the PRISMA_TOKENS-th is, is
 * the caller's.
 */
enum { PRISMA_TOKENS = 192 };
struct span prisma_token(const struct text_prisma *p, uint32_t i, struct span *rest);
/* What stands before, or after, the first separator; nothing where there is none. */
struct span prisma_part(struct span from, struct span separator, bool after);
