#include "models/comb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 512 };		/* places looked at for one row; the next one begins behind what was in vain */

struct builder {
	const struct automaton *a;
	struct comb *c;
	uint32_t room, end, low;	/* cells; behind the last one taken; nothing is looked for before low */
	uint32_t *on;			/* [room + 1] where a search for a free cell goes on; a free one: itself */
};

static const uint16_t *
row_of(const struct automaton *a, uint32_t state)
{
	return a->next + (size_t)state * a->nclasses;
}

/* Successor that most classes have, the lowest of several; count is zeroed, per state, and is again afterwards. */
static uint16_t
usual_of(const struct automaton *a, uint32_t state, uint16_t *count)
{
	const uint16_t *next = row_of(a, state);
	uint16_t best = next[0];

	for (uint32_t k = 0; k < a->nclasses; k++)
		count[next[k]]++;
	for (uint32_t k = 0; k < a->nclasses; k++)
		if (count[next[k]] > count[best] || (count[next[k]] == count[best] && next[k] < best))
			best = next[k];
	for (uint32_t k = 0; k < a->nclasses; k++)
		count[next[k]] = 0;
	return best;
}

static int
find_usual(struct builder *b)
{
	const struct automaton *a = b->a;
	uint16_t *count = calloc(AUTOMATON_STATES + 1, sizeof *count);

	if (count == NULL)
		return -ENOMEM;
	for (uint32_t s = 0; s < a->nstates; s++)
		b->c->step[s].usual = usual_of(a, s, count);
	free(count);
	return 0;
}

/* Cells from at on for one row more. */
static int
make_room(struct builder *b, uint32_t at)
{
	uint32_t want = at + b->a->nclasses, room = MAX(want, 2 * b->room);
	struct image_cell *cell;
	uint32_t *on;

	if (want > b->room) {
		cell = realloc(b->c->cell, room * sizeof *cell);
		if (cell == NULL)
			return -ENOMEM;
		memset(cell + b->room, 0, (room - b->room) * sizeof *cell);
		b->c->cell = cell;
		on = realloc(b->on, (room + 1) * sizeof *on);
		if (on == NULL)
			return -ENOMEM;
		for (uint32_t k = b->room; k <= room; k++)
			on[k] = k;
		b->on = on;
		b->room = room;
	}
	b->c->ncells = MAX(b->c->ncells, want);
	return 0;
}

/* A cell of nobody has owner 0: node 0 is dead and needs none. */
static bool
fits(const struct builder *b, const uint16_t *next, uint16_t usual, uint32_t base)
{
	for (uint32_t k = 0; k < b->a->nclasses && base + k < b->end; k++)
		if (next[k] != usual && b->c->cell[base + k].owner != 0)
			return false;
	return true;
}

/* The first cell from at on that is nobody's; ways there are halved as they are gone. */
static uint32_t
next_free(struct builder *b, uint32_t at)
{
	while (b->on[at] != at)
		at = b->on[at] = b->on[b->on[at]];
	return at;
}

/* The first base from where all of a row's cells are free; its first cell is of class first. */
static uint32_t
place(struct builder *b, const uint16_t *next, uint16_t usual, uint32_t first)
{
	uint32_t tries = 0;

	for (uint32_t at = next_free(b, MAX(b->low, first)); at < b->end; at = next_free(b, at + 1)) {
		if (fits(b, next, usual, at - first))
			return at - first;
		if (++tries == TRIES)
			b->low = at;
	}
	return b->end;
}

static int
lay(struct builder *b, uint32_t state)
{
	const uint16_t *next = row_of(b->a, state);
	struct image_step *step = &b->c->step[state];
	uint32_t first = 0;

	while (first < b->a->nclasses && next[first] == step->usual)
		first++;
	if (first == b->a->nclasses)
		return 0;
	step->base = place(b, next, step->usual, first);
	if (make_room(b, step->base) < 0)
		return -ENOMEM;
	for (uint32_t k = first; k < b->a->nclasses; k++) {
		if (next[k] == step->usual)
			continue;
		b->c->cell[step->base + k] = (struct image_cell){ .owner = (uint16_t)state, .next = next[k] };
		b->on[step->base + k] = step->base + k + 1;
		b->end = MAX(b->end, step->base + k + 1);
	}
	return 0;
}

int
comb_build(struct comb *c, const struct automaton *a)
{
	struct builder b = { .a = a, .c = c };
	int err = -ENOMEM;

	*c = (struct comb){ .step = calloc(a->nstates, sizeof *c->step) };
	if (c->step != NULL)
		err = find_usual(&b);
	if (err == 0)
		err = make_room(&b, 0);		/* rows with nothing of their own begin at 0 */
	for (uint32_t i = 0; i < a->nstates && err == 0; i++)
		err = lay(&b, i);
	free(b.on);
	if (err < 0)
		comb_fini(c);
	return err;
}

void
comb_fini(struct comb *c)
{
	free(c->step);
	free(c->cell);
	*c = (struct comb){ 0 };
}
