#pragma once
/*
 * world.h - the state that commands read and change, and what they do with it: sound mode's vocabulary.
 *
 * A world is one register, a path that each conversation begins anew, and two sets of paths that last as
 * long as the definition's scope says. A program is what a form does: its guard tells whether it succeeds,
 * its effect happens then. An argument means the path that it names below the register. Everything here
 * exists in the runtime model (docs/model-format.md section 5), so a learned program compiles.
 *
 * world_run() lets programs predict recorded interactions. What the server really answered is known after
 * each, so that one mistake is one mistake: effects follow the recording, and what a set
 * must have held is put right. Cost: a few steps per interaction.
 */
#include "learning/mining/form.h"

enum { WORLD_SETS = 2, WORLD_KEYS = 1 << 16 };

enum world_guard { WORLD_TRUE, WORLD_IN, WORLD_NOTIN, WORLD_NEITHER, WORLD_CHILDLESS, WORLD_DEEP, WORLD_GUARDS };
enum world_effect { WORLD_NONE, WORLD_ADD, WORLD_DEL, WORLD_PUSH, WORLD_POP, WORLD_EFFECTS };

struct program {
	uint8_t guard, set;	/* CHILDLESS: in set, and nothing below; DEEP: register is not the root */
	uint8_t parent;		/* 1 + set that the path's parent must be in; 0: no matter */
	uint8_t effect, into;	/* ADD, DEL: set */
};

struct world {
	const struct forms *f;
	struct pool *pool;
	struct intern key;	/* path -> number; 0 is where conversations begin */
	uint32_t *parent;	/* of a key */
	uint64_t *joined;	/* cache: register and argument -> key */
	uint32_t *joined_key;
	uint8_t *base[WORLD_SETS];	/* by key: a member before anybody did anything */
	uint8_t *inner;		/* by key: something unnamed is below it */
	uint32_t *group;	/* per conversation: who shares its sets */
	uint32_t *order;	/* conversations, those of one group one behind the other */
	uint32_t ngroups;
	uint32_t nrun;		/* conversations that a run goes through: the first of order */
	bool *good;		/* per interaction: it succeeded */
	bool *counts;		/* per interaction: whether the prediction is of interest */
	uint32_t ncounts;
	bool *shows;		/* per form: its answer is the register */
	/* of a run */
	uint8_t *member[WORLD_SETS];
	uint16_t *children;
	uint32_t *touched, ntouched;
	uint8_t *is_touched;
	uint32_t *vote[WORLD_SETS + 1][2];	/* by key: outside, inside; the last: below it */
};

/* What the world was when an interaction came, and after it. */
struct world_view {
	uint32_t key, before, after;	/* of the argument; the register */
	uint8_t in, childless, parent;	/* bits by set; childless: bit 0 */
	bool predicted;
};

void	world_make(struct world *w, struct pool *pool, const struct forms *f);
/*
 * What was in the sets at the beginning, told by what first came of each name, where at least so many groups
 * say so. While programs are compared that must be more than one, or any name could excuse any program. Returns how
 * many members that are.
 */
uint32_t world_learn_base(struct world *w, const struct program *p, uint32_t least);
/* Interactions of those that count which are told right; view (may be NULL): one per interaction. */
uint32_t world_run(struct world *w, const struct program *p, struct world_view *view);
bool	world_holds(const struct program *p, const struct world_view *v);
