#pragma once
/*
 * matches.h - which label matches which message, remembered.
 *
 * On its way to a machine every message is held against the same labels several times (kinds.h),
 * and a set with one message more has nearly the same labels again. A label is known by its key, so
 * each pair is looked at once and costs two bits.
 */
#include "learning/scriptgen/label.h"

struct matches_label;

struct matches {
	struct pool *pool, *work;	/* what is remembered; what results are made of */
	const struct intern *messages;	/* may grow */
	struct intern keys;
	struct matches_label *label;	/* by number */
	uint32_t room;
	uint64_t *rank;
	uint32_t nranks, rank_room;
};

/* work may be the pool, or one that is emptied between two results (pool_within()). */
void	matches_init(struct matches *m, struct pool *pool, struct pool *work, const struct intern *messages);
/* The number of a label, which is copied when it is new. */
uint32_t matches_label(struct matches *m, const struct label *l, struct span key);
/* A hash of each message: an order in which they stand as by chance. Until the next call. */
const uint64_t *matches_ranks(struct matches *m);
bool	matches_has(struct matches *m, uint32_t label, uint32_t message);
