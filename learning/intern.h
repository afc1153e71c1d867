#pragma once
/*
 * intern.h - byte strings to small numbers and back, so that learning compares numbers.
 *
 * Ids count from 0 in the order of first sight; the same input gives the same ids. The bytes
 * are not copied: they must live as long as the interner. Memory from the job's pool.
 */
#include "learning/pool.h"
#include "models/bytes.h"

struct intern {
	struct pool *pool;
	struct span *value;	/* by id */
	uint32_t n, room;
	uint32_t *slot;		/* id + 1, 0 free */
	uint32_t nslots;	/* power of two */
};

enum { INTERN_NONE = UINT32_MAX };

void	intern_init(struct intern *t, struct pool *pool);
uint32_t intern_add(struct intern *t, struct span s);
/* INTERN_NONE when it was never added. */
uint32_t intern_find(const struct intern *t, struct span s);
