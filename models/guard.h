#pragma once
/*
 * guard.h - what must hold for an alternative to be taken (docs/model-format.md 5): a field, a line of a message, the
 * sets and registers of the host, the history.
 *
 * Threads: a worker's; nothing is allocated.
 */
#include "models/image.h"
#include "models/session.h"

struct guard_view {			/* what guards see */
	const struct image *i;
	const struct session *s;
	const struct session_env *env;
	const struct fields *f;
};

bool	guard_holds(const struct image_guard *g, const struct guard_view *v);
