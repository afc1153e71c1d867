#pragma once
/*
 * lens.h - a model's part on how both sides talk (struct text_prisma), made to talk.
 *
 * LENS of PRISMA12 (spec/prisma.md 9), in either role: what the other side says is matched with
 * what it may say next, what is said next is drawn by how often it was. Departures, all towards
 * what was seen: the match with most fixed bytes is taken, not the first one; a message that no
 * next state explains is looked for in states of another past, then the nearest by tokens stands
 * for it; and a template is drawn by how often it followed the last ones.
 *
 * Deterministic by the seed. What is said lives in the pool; struct lens is the caller's.
 */
#include "learning/intern.h"
#include "learning/prisma.h"

struct lens_book {			/* a model, indexed; read only */
	const struct text_prisma *p;
	uint32_t *first;		/* per node, and one more: its forms */
	uint32_t *form;			/* sorted by node */
	struct intern contexts;		/* by their forms; the number is the context's */
};

/* p must have an order; it outlives the book. */
void	lens_book(struct lens_book *b, struct pool *pool, const struct text_prisma *p);

struct lens_past {			/* one message, said or heard */
	int32_t form;			/* -1: before the first, or not understood */
	struct span *field;
};

struct lens {
	struct pool *pool;
	const struct lens_book *book;
	bool server;			/* the side it plays */
	uint64_t dice;
	uint32_t node;
	struct lens_past past[PRISMA_MAX_ORDER];	/* newest first */
};

enum lens_turn { LENS_SAYS, LENS_WAITS, LENS_ENDS };

void	lens_init(struct lens *l, struct pool *pool, const struct lens_book *b, bool server,
	    uint64_t seed);
/* The other side said this. False: nothing like it was learned; the state stays. */
bool	lens_hear(struct lens *l, struct span message);
/*
 * What this side does now. must: the other side is silent, so it is this side's turn or the end.
 * *to is set for LENS_SAYS; it lives in the pool.
 */
enum lens_turn lens_speak(struct lens *l, bool must, struct span *to);
