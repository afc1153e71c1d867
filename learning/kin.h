#pragma once
/*
 * kin.h - what is said to values that this question never had, but others.
 *
 * A file whose size was told can be fetched, a key that was set can be got: where a field of the message
 * decides, values that came only with other questions are not strangers. What is known of such a
 * value are facts: this question was asked of it, and this kind of reply came. Each fact is
 * weighed by the values that came with both questions, in different conversations; what all facts of a value
 * say together decides whether it gets what known values get, or what strangers get. That is
 * believed where it foretells the replies to sampled values, each left out, clearly better.
 */
#include "learning/decide.h"
#include "learning/keyed.h"

struct kin {				/* what was said of every value */
	const struct rules *r;
	struct mention *mention;	/* by value, then exchange */
	uint32_t *first;		/* per value of exchanges.values, and one more */
	struct intern facts;		/* question and kind of reply */
};

/* Looks at all exchanges, at their words. Memory is the pool's. */
void	kin_learn(struct kin *out, struct pool *pool, const struct rules *r);
/*
 * Adds a choice for kin to a node whose field decides, before what is said to strangers. k: the samples,
 * by their values of that field; exchange: of each, by k.sample.
 */
void	kin_choose(const struct kin *kin, struct pool *pool, struct node *nd, const struct source *field,
	    const struct keyed *k, const uint32_t *exchange, uint32_t n);
