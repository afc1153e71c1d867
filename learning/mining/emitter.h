#pragma once
/*
 * emitter.h - shared by emit.c, which writes templates and sets, emit_state.c, which writes what is
 * answered, and emit_transfer.c, which writes what goes over related connections. Private to these three.
 */
#include <stdlib.h>

#include "learning/mining/emit.h"

enum { EMIT_VERB = 1 };		/* slot of the verb, where nobody declared it */

struct emitter {
	struct text *t;
	struct pool *pool;
	const struct mined *m;
	const struct definition *d;
	uint32_t *form_of;	/* per template */
	bool *alias;		/* per template: it stands for a form whose words it does not have */
	int32_t *map_of;	/* per form: reply that says its recalled answer, -1 none yet */
	int32_t *reply_of;	/* per phrase: reply, -1 none yet */
	int32_t *late_of;	/* per phrase: reply when the related connection has ended, -1 none */
	int32_t *contents;	/* per form: map of what is sent for its argument, -1 none yet; behind it that of what is said */
	int32_t *content_of;	/* per template: reply that is sent where no map knows better, -1 none yet */
	int32_t refused;	/* reply where there is no connection, -1 none */
	uint32_t *usual;	/* per form: phrase of its success, SYMBOL_NONE none yet */
	uint32_t *slot_of;	/* per form: slot of its first argument for later replies, 0 none */
	uint32_t nslot;		/* given away; 0 is the present message's argument */
	uint32_t *sample;	/* per phrase: an interaction that was answered with it */
};

void	emit_op(struct emitter *e, struct text_reply *r, struct text_op op);
int32_t	emit_reply(struct emitter *e, const struct text_reply *r);
/* What a turn of the form says to success becomes one that announces, sends or takes; or stays what it is. */
void	emit_transfer_begin(struct emitter *e);
/* alt, a success, becomes one, two or three alternatives behind to[n]; returns how many there are then. */
uint32_t emit_transfer(struct emitter *e, struct text_alt *to, uint32_t n, const struct text_alt *usual,
    uint32_t template, uint32_t phrase);
/* The turns of a phase that hear how a related connection went; returns how many. */
uint32_t emit_transfer_turns(struct emitter *e, struct text_turn *to, uint32_t phase);

/* States, turns and replies; templates and sets are there. */
void	emit_states(struct emitter *e);
