#pragma once
/*
 * select.h - which features tell messages apart, and which messages are then the same.
 *
 * A feature is dropped as volatile when its count does not rule out "about 0", as constant
 * when it does not rule out "about 1": two one-sided binomial tests with Holm's correction
 * (PRISMA12 "Feature selection"; spec/prisma.md 3). Both are monotone in the count, so
 * they come down to two integers. Then features of the same messages become one group,
 * and messages of the same groups one distinct message with a weight.
 */
#include "learning/embed.h"

enum select_test {
	SELECT_EXACT,		/* binomial tail */
	SELECT_NORMAL		/* its normal approximation, as the R package computes it */
};

struct select_params {
	enum select_test test;
	double alpha;
	/*
	 * "About 0" is expected / n. Below full_n messages expected shrinks in proportion
	 * (full_n 0: never): the published value asks for 20 messages however few there are.
	 */
	double expected;
	uint32_t full_n;
	/* 0, or how many features may stay; the least informative go first */
	uint32_t max_kept;
};

struct select_limits {
	uint32_t c_min, c_max;		/* kept: c_min <= count <= c_max; c_min > c_max: none */
	uint32_t nfeatures, nconstant, nvolatile, nkept;
	uint32_t nthinned;		/* passed both tests, dropped by max_kept */
};

struct selection {
	struct select_limits limits;
	struct sparse x;		/* groups x distinct messages */
	double *weight;			/* replicates of each distinct message */
	uint32_t *first_message;	/* of each distinct message; in this order */
	uint32_t *distinct_of;		/* per message: the remapper */
	uint32_t *group_of;		/* per kept feature; groups in the order of their first */
	uint32_t *first_feature;	/* of each group */
	uint32_t ngroups, ndistinct;
};

/* As published, exact: alpha 0.05, expected 7.5, full_n 0. */
struct select_params select_params(void);
/* of[c] features occur in exactly c of n messages. nkept 0: too little data. */
struct select_limits select_limits(const struct select_params *p, const uint32_t *of,
	    uint32_t n);
/* Groups and distinct messages of an embedding that holds the kept features only. */
void	select_reduce(struct selection *s, struct pool *pool, const struct embedding *e,
	    uint64_t seed);
