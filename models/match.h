#pragma once
/*
 * match.h - a message against all templates at once, and one template's fields out of it.
 *
 * match_run() is the hot loop: per byte its class, the node's step and a cell (comb.h); resumable at any byte.
 * match_capture() is the second pass, only over messages whose turn is taken, only over the
 * template that was chosen. Pure; any thread. The image has passed image_verify().
 */
#include "models/image.h"
#include "models/session.h"

enum { MATCH_DEAD = 0, MATCH_START = 1 };

/* Where a byte of class k leads from node at. */
static inline uint32_t
match_next(const struct image_step *step, const struct image_cell *cell, uint32_t at, uint8_t k)
{
	struct image_cell c = cell[step[at].base + k];

	return c.owner == at ? c.next : step[at].usual;
}

/*
 * From *node on over p[0..n). Returns how many bytes were taken alive; *node is where that led,
 * also when the next byte would have led nowhere (the result is less than n then, unless
 * stop_final is set and *node is final: nothing can follow).
 */
static inline size_t
match_run(const struct image *i, uint16_t *node, const uint8_t *p, size_t n, bool stop_final)
{
	const uint8_t *cls = i->clsmap;
	const struct image_step *step = i->step;
	const struct image_cell *cell = i->cell;
	uint32_t at = *node;
	size_t k;

	if (stop_final) {
		for (k = 0; k < n && !i->node[at].final; k++) {
			uint32_t next = match_next(step, cell, at, cls[p[k]]);

			if (next == MATCH_DEAD)
				break;
			at = next;
		}
	} else {
		for (k = 0; k < n; k++) {
			uint32_t next = match_next(step, cell, at, cls[p[k]]);

			if (next == MATCH_DEAD)
				break;
			at = next;
		}
	}
	*node = (uint16_t)at;
	return k;
}

/* A run from MATCH_START over a message that is there as a whole, ahead of the turn that asks for it. */
struct match_ahead {
	const struct image *i;
	struct span message;
	uint16_t node;		/* given back: where it led; MATCH_DEAD: it ended on the way, nobody asked where */
};

/*
 * The same as match_run() of each. Each step waits for a load; side by side four messages wait for theirs at
 * the same time.
 */
void	match_side_by_side(struct match_ahead *a, unsigned n);

struct capture {
	bool whole;		/* all elements are complete and took all bytes */
	uint32_t literal;	/* lit and nocase bytes among those taken */
};

/*
 * The fields of template t in a message of which it takes (or, for the nearest template, begins
 * to take) all bytes: f's slots that t fills are set where all their elements are complete, and
 * emptied where not. docs/model-format.md sections 4 and 6.
 */
struct capture match_capture(const struct image *i, uint32_t t, struct span message, struct fields *f);
/* Only the fields, without a look at what stands behind the last one. */
void	match_fields(const struct image *i, uint32_t t, struct span message, struct fields *f);

/* The value of a slot; no bytes when nothing is remembered. */
static inline struct span
field_of(const struct fields *f, uint32_t slot)
{
	return f->has >> slot & 1 ? f->slot[slot] : (struct span){ NULL, 0 };
}

/* The value of a key in a map; p is NULL where there is none. */
struct span match_map(const struct image *i, uint32_t map, struct span key);
/* Does value begin with the last key of a map that is not greater than it? */
bool	match_begins(const struct image *i, uint32_t map, struct span value);
