#pragma once
/*
 * keyed.h - samples by the value that may decide their answer, for decide.c.
 */
#include "learning/decide.h"
#include "learning/tally.h"

enum {
	KEYED_MISSING = '-', KEYED_THERE = '+',
	KEYED_STRANGERS = 3,	/* values that got an answer before strangers do, */
	KEYED_SHARE = 20,	/* and one in so many of all */
};

struct keyed {
	struct span key;
	uint32_t sample;	/* order of first sight */
	const struct answer *answer;
};

/*
 * One field in place; of two a copy with a zero byte between, as GUARD_PAIR has it. Where lines decide,
 * too, KEYED_THERE or KEYED_MISSING stands for each before a copy of the field.
 */
struct span keyed_bytes(const struct rules *r, struct pool *pool, const struct key *key, uint32_t exchange);
/* By key, each in the order of its samples. */
void	keyed_sort(struct keyed *k, uint32_t n);
/* A copy in which equal keys are neighbours, each in the order of its samples. */
struct keyed *keyed_gather(struct pool *pool, const struct keyed *k, uint32_t n);
/* An answer that need not know the value. */
bool	keyed_for_anybody(const struct answer *a);
/* What values never seen before got, among answers for anybody. False: few got any. */
bool	keyed_fresh(const struct rules *r, const struct keyed *k, uint32_t n, struct tally *scratch,
	    const struct answer **out);
/* The key at from: its most frequent answer, and how many samples it has; returns where the next begins. */
uint32_t keyed_group(const struct exchanges *x, const struct keyed *k, uint32_t n, uint32_t from,
	    struct tally *scratch, struct tally *top);
/* How well samples are foretold when the key decides, each left out of its own value's evidence. */
void	keyed_judge(const struct rules *r, struct pool *pool, const struct key *key, const struct keyed *k,
	    uint32_t n, struct tally *scratch, uint8_t *right);
