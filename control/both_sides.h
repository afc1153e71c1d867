#pragma once
/*
 * both_sides.h - conversations of a model with itself, one after the other.
 *
 * What learning/simulate.h needs of a compiled model, and memory that does not grow with their number.
 */
#include "learning/simulate.h"
#include "models/diag.h"

struct both_sides {
	const struct model *model;
	const char *name;		/* of the model, in sentences */
	bool prisma;			/* the server is LENS, too */
	uint64_t seed;
	uint32_t conversations;
	/* Takes one, which lives in the pool until it returns. Not 0: stop, and return this. */
	int (*each)(void *ctx, struct pool *pool, uint32_t number, const struct simulated *s);
	void *ctx;
};

/* 0, what each() said, or -errno and a sentence; -ENODATA: the model does not know how clients talk. */
int	both_sides_run(const struct both_sides *how, struct diag *why);
