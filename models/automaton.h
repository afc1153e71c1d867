#pragma once
/*
 * automaton.h - all client templates of one service as one deterministic automaton.
 *
 * Build side only: compile.c puts the tables into an image, match.h runs them. The union of
 * the templates becomes a position automaton, is made deterministic over byte classes and
 * minimised (states that accept other templates, or that a dying message would leave with
 * another nearest template, stay apart). spec: unified-model 3.
 *
 * Budget: 65,535 states and 16 MiB while it is built (comb.h makes it small). Beyond it those templates are left out that have most
 * bytes for their support: the general ones stay, and answer for them.
 * Deterministic; no time, no randomness. Owner of the tables is the caller (automaton_fini()).
 */
#include "models/diag.h"
#include "models/text.h"

enum { AUTOMATON_DEAD = 0, AUTOMATON_START = 1 };
enum { AUTOMATON_STATES = 65535, AUTOMATON_BYTES = 16 << 20 };

struct automaton {
	uint32_t ntemplates;	/* of the text's; the others are left out */
	uint32_t nstates, nclasses;
	uint8_t cls[256];	/* byte -> class */
	uint16_t *next;		/* [nstates][nclasses]; state 0 is dead and leads nowhere */
	uint32_t *accept;	/* per state: where its list starts in list[]; list[0] is empty */
	uint16_t *near;		/* per state: most supported template still possible, + 1 */
	uint16_t *list;		/* count, then so many templates in the order of the text */
	uint32_t nlist;
};

/* 0, -ENOMEM. A text without templates gives an automaton that dies on the first byte. */
int	automaton_build(struct automaton *a, const struct text *t, struct diag *why);
void	automaton_fini(struct automaton *a);
