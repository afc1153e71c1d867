#include "control/job.h"

#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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

static double
now_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* NULL past JOB_STAGES; that time is in no stage then. */
static struct job_stage *
stage_of(struct job *j, const char *name)
{
	for (unsigned i = 0; i < j->nstages; i++)
		if (strcmp(j->stage[i].name, name) == 0)
			return &j->stage[i];
	if (j->nstages == JOB_STAGES)
		return NULL;
	j->stage[j->nstages] = (struct job_stage){ .name = name };
	return &j->stage[j->nstages++];
}

static void
end_turn(struct job *j)
{
	if (j->now == NULL)
		return;
	j->now->seconds += now_s(CLOCK_MONOTONIC) - j->since_s;
	j->now->cpu_seconds += now_s(CLOCK_THREAD_CPUTIME_ID) - j->cpu_since_s;
	j->now->pool_bytes = j->pool.peak_bytes;
}

static void
wipe(struct job *j)
{
	if (j->shows && j->percent >= 0)
		fputs("\r\033[K", stderr);
	j->percent = -1;
}

/* One line, rewritten in place. */
static void
watch(void *ctx, const char *name, double fraction)
{
	struct job *j = ctx;
	int percent = (int)(fraction * 100);

	if (j->now == NULL || strcmp(j->now->name, name) != 0) {
		end_turn(j);
		wipe(j);
		j->now = stage_of(j, name);
		j->since_s = now_s(CLOCK_MONOTONIC);
		j->cpu_since_s = now_s(CLOCK_THREAD_CPUTIME_ID);
	}
	if (!j->shows || percent == j->percent)
		return;
	j->percent = percent;
	fprintf(stderr, "\r%s %d %%\033[K", name, percent);
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
job_watch(struct job *j)
{
	j->shows = isatty(STDERR_FILENO);
	j->progress = (struct progress){ watch, j };
}

void
job_stop_watch(struct job *j)
{
	end_turn(j);
	j->now = NULL;
	wipe(j);
}

void
job_fini(struct job *j)
{
	char name[64];

	wipe(j);
	pool_fini(&j->pool);
	snprintf(name, sizeof name, "arena.%u.destroy", j->arena);
	mallctl(name, NULL, NULL, NULL, 0);
}
