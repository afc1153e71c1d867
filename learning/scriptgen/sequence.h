#pragma once
/*
 * sequence.h - conversations as SG05 takes them: requests and what was answered to each.
 *
 * Made from exchanges (learning/exchange.h), which are cut, ordered and paired already. The
 * connection is the first request where the server speaks first. Left out: conversations whose beginning was
 * not captured, those without a request, and what comes after SEQUENCE_STEPS exchanges.
 */
#include "learning/exchange.h"

enum { SEQUENCE_STEPS = 64 };
#define STEP_CONNECT (UINT32_MAX - 1)	/* a request: the connection itself */
#define STEP_SILENCE (UINT32_MAX - 1)	/* an answer */
#define STEP_UNKNOWN UINT32_MAX		/* an answer: it cannot be told which it was */

struct step {
	uint32_t request, response;	/* messages, or one of the above */
	uint32_t exchange;		/* where it comes from */
	int64_t time_s;			/* when it was answered; 0: it was not */
};

struct sequence {
	struct step *step;
	uint32_t n;
};

struct sequences {
	struct intern messages;		/* of both sides */
	struct sequence *sequence;
	uint32_t n;
	uint32_t left_out, cut;		/* conversations: not used; longer than is looked at */
};

void	sequences_make(struct sequences *out, struct pool *pool, const struct exchanges *x,
    const struct corpus *c);
