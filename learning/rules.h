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
 *  - what all samples have in common is a copy too where the client said it in a field.
 */
#include "learning/template.h"

enum rule_kind { RULE_COPY, RULE_SEQ, RULE_ADD, RULE_PART, RULE_MAP, RULE_DATA, RULE_KINDS };
extern const char *const rule_names[RULE_KINDS];

struct source {			/* bytes of a client message */
	uint32_t template;
	uint32_t first, last;	/* tokens, inclusive */
	bool earlier;		/* the last message of that template before this one */
};

struct rule {
	uint8_t kind;
	struct source from;	/* not DATA */
	int64_t delta;		/* SEQ */
	struct span before, after; /* ADD: what stands around; PART: before is the separator */
	struct rule *rest;	/* ADD: how what stands before follows, when it varies; or NULL */
	bool second;		/* PART: the part after the separator */
	struct text_pair *pair;	/* MAP, sorted by key */
	struct text_choice *choice; /* DATA, most frequent first */
	uint32_t n;
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
	struct source key;	/* of its map rules */
	/*
	 * Many recorded values in one reply (a listing) belong together: then what stands from the
	 * first to the last of them is drawn as one.
	 */
	bool is_joined;
	uint32_t join_first, join_last;	/* tokens */
	struct rule joined;		/* DATA */
	uint32_t closes;	/* samples after which the server closed */
};

struct rules {
	struct pool *pool;
	const struct exchanges *x;
	const struct templates *client, *server;
	struct answer *answer;	/* sorted by client, then server */
	uint32_t n;
	bool *generic;		/* per server template: said to many different subjects */
	bool *echo_byte;	/* binary, per token: servers repeat the client's byte there */
	uint64_t map_right, map_repeated; /* how well keys foretold values, over all answers */
};

void	rules_learn(struct rules *out, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server);
/* The answer for a pair, or NULL. */
const struct answer *rules_find(const struct rules *r, uint32_t client, uint32_t server);
/* The bytes that a source has in an exchange; p == NULL: it has none. */
struct span source_bytes(const struct rules *r, const struct source *s, uint32_t exchange);
/* Fields of a client template, and runs from one field to another: at most max. */
uint32_t sources_of(const struct rules *r, uint32_t template, struct source *out, uint32_t max);
/* Of these the ones that may decide a value: not the bytes beside a run that varies. */
uint32_t sources_deciding(const struct rules *r, uint32_t template, struct source *out, uint32_t max);
/*
 * From the first word or run that varies to the last field before the rest: what a message is
 * about. False: nothing varies.
 */
bool	source_subject(const struct rules *r, uint32_t template, struct source *out);
/*
 * Fields of earlier messages in the conversations of some exchanges, nearest first; each once.
 */
uint32_t sources_earlier(const struct rules *r, const uint32_t *exchange, uint32_t n,
    struct source *out, uint32_t max);
