#pragma once
/*
 * emitter.h - shared by emit.c, which writes templates and sets, and emit_state.c, which writes what is
 * answered. Private to these two.
 */
#include <stdlib.h>

#include "learning/mining/emit.h"

struct emitter {
	struct text *t;
	struct pool *pool;
	const struct mined *m;
	const struct definition *d;
	uint32_t *form_of;	/* per template */
	bool *alias;		/* per template: it stands for a form whose words it does not have */
	int32_t *map_of;	/* per form: reply that says its recalled answer, -1 none yet */
	int32_t *reply_of;	/* per phrase: reply, -1 none yet */
	uint32_t *slot_of;	/* per form: slot of its first argument for later replies, 0 none */
	uint32_t nslot;		/* given away; 0 is the present message's argument */
	uint32_t *sample;	/* per phrase: an interaction that was answered with it */
};

/* States, turns and replies; templates and sets are there. */
void	emit_states(struct emitter *e);
