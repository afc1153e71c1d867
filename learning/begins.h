#pragma once
/*
 * begins.h - what is said to values never seen, by how they begin: numbers that begin with 9 are
 * unknown, what lies below /private is refused.
 *
 * Values that were seen are a tree by their beginnings, and each votes for what it got at first. In the
 * tree the fewest changes of the answer are looked for that explain most votes: a change pays
 * if it mends so many of them (BEGINS_PRICE). What comes out is believed where each half of the values
 * foretells the other clearly better with it. Binary values begin with lengths and say nothing so.
 */
#include "learning/keyed.h"

enum {
	BEGINS_PRICE = 4,	/* votes that a beginning must mend */
	BEGINS_BYTES = 48,	/* of a value that are looked at */
};

struct beginning {
	struct span bytes;
	const struct answer *answer;	/* NULL: silence */
	uint32_t within;	/* how many others it begins with */
	uint32_t support;	/* values that got it */
};

struct beginnings {
	struct beginning *of;	/* each behind those that it begins with */
	uint32_t n;
};

enum begins_from { BEGINS_ONE_HALF, BEGINS_OTHER_HALF, BEGINS_ALL, BEGINS_FROM };

/* What is said where nothing begins so. */
struct strangers {
	bool known;
	const struct answer *answer;	/* NULL: silence */
};

/* The half of the values that a value belongs to. */
enum begins_from begins_half(struct span value);
/*
 * Learned from either half of the values, and from all; n is 0 in all three where it foretells
 * nothing. Samples of one value are neighbours, first sight first. Memory is the pool's.
 */
void	begins_learn(struct beginnings out[BEGINS_FROM], struct pool *pool, const struct rules *r,
	    const struct keyed *k, uint32_t n, struct strangers strangers);
/* What is said to a value never seen. */
struct strangers begins_find(const struct beginnings *b, struct span value, struct strangers strangers);
