#pragma once
/*
 * latch.h - what a conversation remembers however long ago it was: "logged in", "mailbox
 * selected", "inside a transaction".
 *
 * A latch holds a value, 0 at the start, that some exchanges set; all others leave it as it is.
 * Latches and the exchanges that set them are learned: the step that lets most kinds of replies be foretold
 * from (client template, values held), each left out of its own evidence, is taken, again and
 * again; it must gain in both halves of the conversations, so that chance becomes no memory.
 * An order-k history (markov.h) forgets what is k messages old; a merged automaton (passive Mealy
 * inference) would need to have seen every pair of state and message, or to guess what an unseen
 * one leads to. Here an exchange sets its value whatever was held before, and one that was never seen
 * sets nothing: two memories that are independent need not have been seen in all combinations.
 */
#include "learning/template.h"

enum { LATCHES = 3, LATCH_VALUES = 4, LATCH_KEEP = 255 };

/* What was said, and what to it: templates; client == templates: CONNECT, server NO_TEMPLATE: silence. */
struct latch_pair {
	uint32_t client, server;
	uint8_t set[LATCHES];		/* value, or LATCH_KEEP */
};

struct latches {
	uint32_t n;			/* in use, the one that foretells most first */
	uint32_t nvalues[LATCHES];
	struct latch_pair *pair;	/* sorted; client templates of all levels */
	uint32_t npairs;
};

struct held {			/* the values of a conversation's latches */
	uint8_t value[LATCHES];
};

/* All memory is the pool's. */
void	latches_learn(struct latches *out, struct pool *pool, const struct exchanges *x,
	    const struct templates *client, const struct templates *server);
/* What is held after an exchange. */
struct held latches_after(const struct latches *l, struct held held, uint32_t client, uint32_t server);
