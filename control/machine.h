#pragma once
/*
 * machine.h - how conversations go, as a picture: SVG, drawn by graphviz in a child.
 *
 * It is the state machine of PRISMA12 (struct text_prisma), seen from one message to the next: a
 * box for each event of a side, with what is usually said there.
 */
#include <stdio.h>

#include "models/text.h"

enum machine_drawn { MACHINE_DRAWN, MACHINE_NONE, MACHINE_NO_GRAPHVIZ, MACHINE_FAILED };

/*
 * Boxes, those of most messages, and of each the commonest ways to others if they are gone often
 * enough: what can be read, and drawn in a second.
 */
enum { MACHINE_BOXES = 30, MACHINE_WAYS = 5, MACHINE_PERCENT = 5 };

struct machine_size {
	uint32_t shown, all;		/* boxes */
};

/* NONE: the model does not say it. Nothing is written unless it is drawn. */
enum machine_drawn machine_draw(FILE *to, const struct text *t, struct machine_size *size);
