#pragma once
/*
 * emitter.h - what the parts of emit() share: the model under construction, and its replies.
 *
 * Inside of learning/emit*.c only. Everything lives in the pool.
 */
#include "learning/emit.h"

enum { LOCAL_SLOTS = 22, NOT_EMITTED = -1 };
enum { MESSAGE_SLOT = LOCAL_SLOTS - 1 };	/* all of the message that is answered, where a reply asks for it */

struct list {			/* a growing array in the pool */
	void *at;
	uint32_t n, room;
};

struct slot_use {		/* one source and the slot that holds it */
	struct source from;
	uint32_t slot;
};

struct emitter {
	struct pool *pool;
	struct text *t;
	const struct emit_input *in;
	struct emit_report *report;
	struct list replies, datas, maps, slots;
	struct list prompted;	/* of struct text_state: behind prompts, after all others */
	uint32_t *nlocal;	/* per client template: local slots in use */
	uint32_t nearlier;	/* slots from the top */
	int32_t *reply_of;	/* per answer: reply, or NOT_EMITTED */
	int32_t *map_of;	/* per answer: map that its key is asked in, or NOT_EMITTED */
	int32_t *bits_of;	/* per mask and rest of a rule about bits: map, or NOT_EMITTED */
	int32_t *bare_of;	/* per server template: reply without fields */
	uint32_t *before;	/* per exchange: the state in which it came */
	uint32_t *template_of;	/* per client template: its number in the model */
	int32_t *besides_of;	/* per client template and column of its besides: map, or NOT_EMITTED */
	bool asks_lines;	/* some reply or guard does: for lines of the message */
	int32_t **guard_of;	/* per node and choice: map of its values, or NOT_EMITTED */
};

/* A new element of size bytes, zeroed; a pointer to it holds until the next one. */
void	*emitter_push(struct emitter *e, struct list *l, size_t size);
/* The slot that holds a source, MODEL_SLOTS when there is none left. */
uint32_t emitter_slot(struct emitter *e, const struct source *s);
/* A map of these pairs, sorted by key; its number. */
int32_t	emitter_map(struct emitter *e, struct text_pair *pair, uint32_t n);
/* The reply of an answer, NOT_EMITTED for silence. */
int32_t	emitter_reply(struct emitter *e, const struct answer *a);
