#pragma once
/*
 * progress.h - how far a learning job is, for whoever watches it.
 *
 * Called from the job's own thread at bounded steps; stage is a static string, fraction
 * 0 .. 1 within the stage. The callback may cancel the job's pool and end the job there and
 * then (pool_check()), but must not allocate from it.
 */
#include <stddef.h>

struct progress {
	void (*fn)(void *ctx, const char *stage, double fraction);
	void *ctx;
};

static inline void
progress_at(const struct progress *p, const char *stage, double fraction)
{
	if (p != NULL && p->fn != NULL)
		p->fn(p->ctx, stage, fraction);
}
