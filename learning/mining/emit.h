#pragma once
/*
 * emit.h - what was mined as a text model: templates by verb, phases as states, programs as guards and
 * effects, phrases as replies.
 *
 * A form becomes one template per verb and spelling; its argument is slot 0. The register of the world is
 * register 0, its sets are sets 1 and 2 below it. All memory is the pool's: do not text_fini().
 */
#include "learning/mining/wording.h"
#include "learning/mining/phase.h"
#include "learning/mining/recall.h"
#include "learning/mining/transfer.h"
#include "models/text.h"

struct mined {
	const struct world *w;
	const struct program *program;	/* per form */
	const struct world_view *view;	/* per interaction */
	const struct phases *phases;
	const struct phrases *phrases;
	const struct recall *recall;
	const struct transfers *transfers;
};

/* Fills templates, replies, sets, states; name and sources are the caller's. */
void	mining_emit(struct text *t, struct pool *pool, const struct mined *m);
