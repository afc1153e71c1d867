#pragma once
/*
 * neutral.h - the published rules: what leaves an answer as it was. SM05 4.1, and 5 for the closure.
 *
 * In D, C1..Cn, D, where both answers are equal, C1..Cn restores what D reads: C1,...,Cn =/=> D. The paper
 * leaves open which pairs of D are looked at, and whether arguments must agree: enum readings. The closure
 * adds, by transitivity and diminution, what the paper's two hypotheses say; both are unsound
 * (docs/learning.md), so nothing at run time comes from here: it is for reproducing the published counts.
 *
 * Rules are sequences of forms, one trace at a time as in the paper. The closure stops after
 * NEUTRAL_RULES rules, and derives none longer than its limit.
 */
#include "learning/mining/form.h"

enum { NEUTRAL_RULES = 20000, NEUTRAL_LENGTH = DEFINITION_NMAX };
enum neutral_source { NEUTRAL_OBSERVED, NEUTRAL_TRANSITIVITY, NEUTRAL_DIMINUTION };

struct neutral_reading {
	bool all_pairs;		/* of D; else only neighbouring ones */
	bool same_arguments;	/* of both D */
	uint32_t nmax;		/* interactions between them at most */
};

struct neutral_rule {		/* lhs =/=> rhs */
	uint8_t nlhs, source;
	uint16_t lhs[NEUTRAL_LENGTH], rhs;
	uint32_t support;
};

struct neutral {
	struct neutral_rule *rule;
	uint32_t n, room;
	uint32_t initial;	/* the first of them were observed */
	bool cut;		/* the closure had more than NEUTRAL_RULES */
	struct intern known;
	struct pool *pool;
};

/* The rules of one conversation. */
void	neutral_observe(struct neutral *to, struct pool *pool, const struct forms *f, uint32_t conversation,
    const struct neutral_reading *how);
/* Adds what follows by transitivity and diminution, no derived rule longer than most. */
void	neutral_close(struct neutral *n, uint32_t most);
bool	neutral_has(const struct neutral *n, const uint16_t *lhs, uint32_t nlhs, uint16_t rhs);
