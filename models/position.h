#pragma once
/*
 * position.h - the templates as a position automaton, which automaton.c makes deterministic.
 *
 * One row of positions per template, one behind the other. Where not all have room, those stay
 * that were heard most for their length: general ones, which answer what the others would. STEP takes a byte and goes on, STAR
 * takes bytes and stays or goes on without one, OPT takes a byte or jumps to the end of its run
 * (skipping part of a run accepts nothing that ending it does not), COUNT takes a byte and goes to
 * that many positions before the end of its run. The bytes that any position
 * tells apart become classes. Deterministic.
 */
#include <errno.h>

#include "models/text.h"

enum position_kind { STEP, STAR, OPT, COUNT, END };
enum { OVER_BUDGET = -EFBIG };	/* so templates are left out */

struct position {
	uint32_t jump;		/* OPT, COUNT: end of the run; END: template */
	uint16_t set;		/* of bytes it takes */
	uint8_t kind;
};

struct positions {
	const struct text *t;
	uint8_t (*set)[32];	/* distinct byte sets */
	uint32_t nsets;
	uint16_t *classes;	/* of each set: [nsets][257], count first */
	uint32_t nclasses;
	uint8_t cls[256];	/* byte -> class */
	struct position *pos;
	uint32_t npos;
	uint32_t *row;		/* where a template's positions begin; [t->ntemplate + 1] */
	uint32_t *worth;	/* templates that have positions, most support for their length first */
	uint32_t nworth;
};

/* 0 or -ENOMEM; positions_fini() either way. t must outlive it. */
int	positions_init(struct positions *p, const struct text *t);
void	positions_fini(struct positions *p);

/* The bytes that an element may take at each place: also for the tables of match.c. */
void	position_elem_class(const struct text *t, const struct text_elem *e, uint8_t has[32]);
