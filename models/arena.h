#pragma once
/*
 * arena.h - what a conversation remembers of what its client said (struct arena, session.h).
 *
 * Pure, any thread; the image has passed image_verify(). docs/model-format.md section 4.
 */
#include "models/image.h"
#include "models/session.h"

/*
 * After a turn: what its template filled and somebody may read goes into the arena, and what those more specific
 * templates fill that match the message, but had no answer; the oldest goes out where there is no room. What f
 * shows of the arena moves to its copy first. template < 0: none answers. matched: all that match, their number
 * first; NULL: no message.
 */
void	arena_remember(struct arena *a, struct fields *f, const struct image *i, int32_t template,
    struct span message, const uint16_t *matched);
