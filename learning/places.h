#pragma once
/*
 * places.h - the states that a model has at run time, and where every answer leads.
 *
 * A place is what is held in the latches and as much of the recent symbols as decides
 * something, or leads to a place where it does. In a place with no recent symbols every template has its
 * turn; in the others those stand that answer otherwise, or lead elsewhere, than the place with
 * fewer symbols that they back off to. Latches are never backed off from: whatever is said,
 * known or unknown, seen together in training or not, a place leads to the one with the right values.
 */
#include "learning/decide.h"

enum { PLACES_MAX = 4096 };	/* with recent symbols; those without are few and always there */

struct way {			/* one alternative of a turn */
	const struct node *node;
	const struct choice *choice;
	uint32_t next;		/* place */
};

struct turning {		/* what may be answered to a template */
	uint32_t client;	/* the number of templates: CONNECT */
	uint32_t first, n;	/* in way[]: guarded ones first, at most one unguarded */
};

struct place {
	struct history history;	/* MEMORY_NONE where symbols make no difference */
	uint32_t nrecent;	/* the last so many do */
	uint32_t back;		/* place, MEMORY_NONE: no recent symbols are left */
	uint32_t first, n;	/* in turning[] */
	uint32_t support;	/* exchanges of the captures that came here */
};

struct places {
	const struct memory *m;
	struct intern tuples;	/* of places, ids are theirs: recent symbols, then latches */
	struct intern kept;	/* recent symbols that make a difference */
	struct place *place;	/* 0 is where a conversation starts */
	struct turning *turning;
	struct way *way;
	uint32_t n, nturnings, nways;
};

void	places_find(struct places *out, struct pool *pool, const struct memory *m,
	    const struct decisions *d);
/* Where an answer leads that no way of a place gives; the place itself where captures tell nothing. */
uint32_t places_after(const struct places *p, uint32_t place, uint32_t client, uint32_t server);
