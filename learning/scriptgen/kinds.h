#pragma once
/*
 * kinds.h - the labels of a set of messages: macroclusters, microclusters, regions, labels.
 *
 * SG05: the requests that leave one state are aligned, clustered and described. A set may be large;
 * KINDS_FANOUT of its distinct messages are aligned at a time (those with the lowest hashes, so
 * that the choice depends on the set and not on its order), what their labels match is done,
 * and the rest goes the same way. A message that resembles no other, and was said once, goes through
 * the same with its first KINDS_HEAD bytes, then with KINDS_FRONT, behind which anything may come: an
 * uploaded file resembles nothing, what stands in front of it does. In the end every message has the
 * most specific label that matches it, as at run time.
 *
 * The result is a function of the set. What it costs is remembered in a memo: distances of pairs,
 * alignments by how they were joined, labels of clusters. So a set with one message more
 * costs that message's own distances and the joins above it, which is what makes a machine
 * grow (machine.h) without starting over.
 */
#include "learning/scriptgen/guide.h"
#include "learning/scriptgen/matches.h"
#include "learning/scriptgen/micro.h"

enum { KINDS_FANOUT = 64, KINDS_ROUNDS = 64, KINDS_HEAD = 64, KINDS_FRONT = 16 };
#define KINDS_NONE UINT32_MAX
#define KINDS_CONNECT (UINT32_MAX - 1)	/* of a step: the label of the connection itself */

struct kinds_params {
	struct region_params region;
	struct micro_params micro;
	double cut;			/* greatest distance inside of a macrocluster */
	bool text;
};

struct kinds_member {
	uint32_t message;		/* in memo's messages; each once */
	uint32_t weight;		/* how often it was said */
	struct tally next;		/* what was answered; n 0: not known */
};

struct kinds {
	struct label *label;		/* in the order of label_order() */
	struct span *key;
	uint32_t n;
	uint32_t *of;			/* per member: its label, or KINDS_NONE where rounds ran out */
};

struct kinds_memo;

/* The memo lives in the pool; messages too, and may grow. Results lie in work (matches.h). */
struct kinds_memo *kinds_memo_create(struct pool *pool, struct pool *work, const struct intern *messages);
struct kinds_params kinds_params(bool text);
void	kinds_find(struct kinds *out, struct kinds_memo *memo, const struct kinds_member *m, uint32_t n,
    const struct kinds_params *p);
/* Anew which label each member has: after labels changed. Sorts labels, equal ones become one. */
void	kinds_assign(struct kinds *k, struct kinds_memo *memo, const struct kinds_member *m, uint32_t n);
/* A label that no member has is none. */
void	kinds_drop_unused(struct kinds *k, struct pool *pool, uint32_t n);
/* What the memo knows of labels and messages. */
struct matches *kinds_matches(const struct kinds_memo *memo);
