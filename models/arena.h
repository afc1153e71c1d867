#pragma once
/*
 * arena.h - what a conversation remembers of what its client said (struct arena, session.h).
 *
 * Records one behind the other, oldest first: slot, length, bytes. Two machines (second.h) share an arena; the second
 * one's slots are MODEL_SLOTS higher, and the first record is where it stands. Pure, any thread; the image has passed
 * image_verify(). docs/model-format.md sections 4 and 13.
 */
#include "models/image.h"
#include "models/session.h"

/* Where the second machine of a conversation stands. */
struct arena_place {
	uint16_t state;
	uint16_t history[SESSION_HISTORY];	/* as in struct session */
};

/* Adds to f what machine i remembers. a may be NULL. */
void	arena_show(struct fields *f, const struct arena *a, const struct image *i);
/*
 * After a turn of machine i: what its template filled and somebody may read goes into the arena, and what those more
 * specific templates fill that match the message, but had no answer; the oldest goes out where there is no room. What f
 * shows of the arena moves to its copy first. template < 0: none answers. matched: all that match, their number
 * first; NULL: no message.
 */
void	arena_remember(struct arena *a, struct fields *f, const struct image *i, int32_t template,
    struct span message, const uint16_t *matched);
/* Before an arena is used for two machines: start is the state of the second one, unless it went on already. */
void	arena_place(struct arena *a, uint32_t start, struct arena_place *place);
void	arena_move(struct arena *a, const struct arena_place *place);
