#include "control/job.h"

#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *
arena_get(void *ctx, size_t bytes)
{
	const struct job *j = ctx;

	return mallocx(bytes, MALLOCX_ARENA(j->arena) | MALLOCX_TCACHE_NONE);
}

static void
arena_put(void *ctx, void *p, size_t bytes)
{
	const struct job *j = ctx;

	sdallocx(p, bytes, MALLOCX_ARENA(j->arena) | MALLOCX_TCACHE_NONE);
}

/* One line, rewritten in place; a new stage starts a new line. */
static void
show_progress(void *ctx, const char *stage, double fraction)
{
	struct job *j = ctx;
	int percent = (int)(fraction * 100);

	if (j->stage == stage && j->percent == percent)
		return;
	if (j->stage != NULL && j->stage != stage)
		fputs("\r\033[K", stderr);
	j->stage = stage;
	j->percent = percent;
	fprintf(stderr, "\r%s %d %%\033[K", stage, percent);
	fflush(stderr);
}

int
job_init(struct job *j, size_t limit_bytes, struct diag *why)
{
	size_t size = sizeof j->arena;
	int err;

	*j = (struct job){ .percent = -1 };
	err = mallctl("arenas.create", &j->arena, &size, NULL, 0);
	if (err != 0)
		return diag_set(why, -err, "no memory arena for the job: %s", strerror(err));
	pool_init(&j->pool, limit_bytes);
	j->pool.get = arena_get;
	j->pool.put = arena_put;
	j->pool.ctx = j;
	return 0;
}

void
job_show(struct job *j)
{
	if (isatty(STDERR_FILENO))
		j->progress = (struct progress){ show_progress, j };
}

void
job_fini(struct job *j)
{
	char name[64];

	if (j->stage != NULL)
		fputs("\r\033[K", stderr);
	pool_fini(&j->pool);
	snprintf(name, sizeof name, "arena.%u.destroy", j->arena);
	mallctl(name, NULL, NULL, NULL, 0);
}
