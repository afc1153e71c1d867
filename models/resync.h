#pragma once
/*
 * resync.h - where a conversation goes when a known message comes that its state does not
 * expect: for each template the state that most probably expects it (docs/model-format.md 6,
 * step 2). Found once, by compile.c.
 */
#include "models/image.h"
#include "models/text.h"

/* Fills resync of t's templates; state[] has their first turns. False: no memory. */
bool	resync_find(struct image_template *tpl, const struct image_state *state,
    const struct text *t);
