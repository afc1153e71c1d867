#pragma once
/*
 * goal.h - what a rule has to explain, for rules.c, map.c and constant.c.
 */
#include "learning/rules.h"

enum { MAX_SOURCES = 64 };	/* that are tried */

/* A token of the reply, or what an add leaves over at its front. */
struct goal {
	uint32_t token;
	const struct rule *outer;	/* NULL: the whole token */
};

static inline struct span
goal_bytes(const struct rules *r, const struct answer *a, uint32_t sample, const struct goal *g)
{
	const struct exchange *e = &r->x->exchange[a->exchange[sample]];
	struct span t = r->x->unit[e->server].token[g->token].bytes;

	if (g->outer != NULL) {
		struct span from = source_bytes(r, &g->outer->from, a->exchange[sample]);

		t.n -= MIN(t.n, from.n + g->outer->after.n);
	}
	return t;
}
