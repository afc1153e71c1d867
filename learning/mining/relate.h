#pragma once
/*
 * relate.h - which values belong together: SM05 4.2, dependencies from arguments and answers.
 *
 * Values of two interactions at most nmax apart are compared with the definition's meta-rules: (a) equal,
 * (b) one in the other, (c) neither in the other, (d) one in the other after replacing. A rule A => B is
 * kept where the test holds in RELATE_SUPPORT pairs and nine of ten, clearly more often than for
 * the A before the last one; only pairs where A, or B, had a certain class may count. Lists are compared
 * name by name. As in the paper these rules stay out of the closure. They are for people: what the
 * model does comes from programs.
 */
#include "learning/mining/form.h"

enum { RELATE_SUPPORT = 3, RELATE_PERCENT = 90 };
enum relate_when { WHEN_ALWAYS, WHEN_FIRST, WHEN_SECOND };	/* whose class the condition is about */

struct relation {
	uint16_t a, b;			/* forms: the earlier, the later */
	uint8_t rule;			/* of the definition */
	uint8_t a_pos, b_pos;		/* argument, or SYMBOL_RESPONSE */
	uint8_t when;			/* enum relate_when */
	int8_t class;			/* of its condition */
	uint32_t support, pairs;	/* the test held; pairs looked at */
};

struct relations {
	struct relation *r;
	uint32_t n;
};

void	relate(struct relations *to, struct pool *pool, const struct forms *f);
/* "CD arg => PWD answer: map path, when CD is YES (31 of 31)". */
struct span relation_words(const struct forms *f, struct pool *pool, const struct relation *r);
