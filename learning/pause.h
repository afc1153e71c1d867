#pragma once
/*
 * pause.h - how long a server takes on purpose before it answers: after a wrong password, say.
 */
#include "learning/rules.h"

/*
 * The median of the times between a message and its reply over an answer's samples, in ms. 0
 * where there are few samples, where they do not agree (the upper quartile is more than twice the
 * lower one), and where the lower quartile is below what a peer would notice.
 */
uint32_t pause_of(const struct answer *a, const struct exchanges *x, struct pool *pool);
