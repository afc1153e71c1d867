#pragma once
/*
 * pause.h - how long a server takes on purpose before it answers: after a wrong password, say.
 */
#include "learning/memory.h"
#include "learning/rules.h"

/*
 * The median of the times between a message and its reply over an answer's samples that came in a state
 * or one that backs off to it (before[e]: the state in which exchange e came), in ms; where these are fewer than
 * five, in the state that this one backs off to, and so on. 0 where there are few of all, where they do not agree (the upper
 * quartile is more than twice the lower one), and where the lower quartile is below what a peer would notice.
 */
uint32_t pause_of(const struct answer *a, const struct exchanges *x, const struct memory *m,
    const uint32_t *before, uint32_t state, struct pool *pool);
