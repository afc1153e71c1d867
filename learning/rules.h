#pragma once
/*
 * rules.h - how the fields of a reply follow from what the client said.
 *
 * PRISMA12 "Templates and Rules" (spec/prisma.md 8): copy, seq, add, part, data, tried in that
 * order and accepted when at least 90 % of the samples follow. Departures, each because it
 * answers better on held-out conversations:
 *  - seq infers its increment; the rest of an add is constant, or follows by a rule of its own;
 *  - where nothing holds for 90 %, what holds for most is still better than a drawn value;
 *  - a source in an earlier message is "the last message of that template", at any distance;
 *  - map stands before data: where a field of the client decides the value (a name its
 *    address), the value seen with it is repeated, and nothing is made up for other values;
 *  - a single sample teaches no rule but a copy of three bytes or more, or in the same place;
 *  - a byte of a binary reply is copied from where servers copy it in general (habit.h), whole
 *    or some of its bits, and from elsewhere only where it takes several values;
 *  - what all samples have in common is a copy too where the client said it in a field.
 */
#include "learning/habit.h"
#include "learning/rule.h"
#include "learning/scope.h"

enum {
	RULES_MORE = 128,	/* answers besides those of pairs */
	RULES_DRAWN = 8,	/* samples of an answer whose values are worth drawing */
};

struct answer {			/* one server template said to one client template */
	uint32_t client;	/* template; the number of templates: to CONNECT */
	uint32_t server;
	uint32_t *exchange;	/* samples */
	uint32_t n;
	bool *is_field;		/* per token: of the template, and what it repeats of the client */
	struct rule *rule;	/* one per field, in order */
	uint32_t nfields;
	bool has_map;
	const struct answer *drawn;	/* has_map: the same for values never seen (drawn.h), or NULL */
	struct source key;	/* of its map rules */
	/*
	 * Many recorded values in one reply (a listing) belong together: then what stands from the
	 * first to the last of them is drawn as one.
	 */
	bool is_joined;
	uint32_t join_first, join_last;	/* tokens */
	struct rule joined;		/* DATA */
	uint32_t invented;	/* fields that say what was recorded, drawn or by a key */
	uint32_t closes;	/* samples after which the server closed */
};

struct rules {
	struct pool *pool;
	const struct exchanges *x;
	const struct templates *client, *server;
	/* sorted by client, then server; behind these each without its key, then those of rules_answer() */
	struct answer *answer;
	uint32_t n, nmore;
	struct habits habits;
	bool **telling;		/* sources_telling() */
	const struct scope_place *place;	/* per exchange */
	uint64_t map_right, map_repeated; /* how well keys foretold values, over all answers */
};

void	rules_learn(struct rules *out, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server);
/*
 * An answer to whatever was said in some exchanges, that may use earlier messages alone; for
 * as many as RULES_MORE, then NULL. They keep the exchanges.
 */
const struct answer *rules_answer(struct rules *r, uint32_t server, uint32_t *exchange, uint32_t n);
/* Room for one more answer behind the others, or NULL. */
struct answer *rules_more(struct rules *r);
/* The answer for a pair, or NULL. */
const struct answer *rules_find(const struct rules *r, uint32_t client, uint32_t server);
