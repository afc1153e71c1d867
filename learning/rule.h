#pragma once
/*
 * rule.h - one rule: how one value of a reply follows from bytes of the client.
 *
 * PRISMA12 "Templates and Rules" (spec/prisma.md 8), with seq's increment inferred, map, which
 * repeats what the captures' server said for a value, and bits, a copy of some bits of a byte.
 */
#include "learning/source.h"
#include "models/text.h"

enum { RULE_MIN_ECHO = 3 };	/* bytes of a copy or a part that chance would hardly give */

enum rule_kind { RULE_COPY, RULE_SEQ, RULE_ADD, RULE_PART, RULE_MAP, RULE_DATA, RULE_BITS,
	RULE_KINDS };
extern const char *const rule_names[RULE_KINDS];

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
	uint8_t scope;		/* DATA, of several: whom a choice is the same for (scope.h) */
	uint8_t mask, rest_bits; /* BITS: those under mask are the source's, the others constant */
};

/* Does the rule yield to from from? Not for MAP and DATA, which are tables. */
bool	rule_yields(const struct rule *rule, struct span from, struct span to);
/* The rule of a kind, COPY to PART, that this one pair suggests. False: none. */
bool	rule_guess(struct rule *rule, enum rule_kind kind, const struct source *src,
	    struct span from, struct span to);
