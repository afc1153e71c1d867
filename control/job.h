#pragma once
/*
 * job.h - a learning job's memory, which the tool and the trainer share, and the tool's progress
 * line.
 *
 * The job's pool takes its chunks from a jemalloc arena of its own, which is destroyed with
 * everything in it when the job ends; so the peak goes back to the system.
 */
#include "learning/pool.h"
#include "learning/progress.h"
#include "models/diag.h"

struct job {
	struct pool pool;
	unsigned arena;
	struct progress progress;	/* nobody's until job_show() or the caller says whose */
	const char *stage;		/* being shown */
	int percent;
};

/* limit_bytes 0: none. -ENOMEM when there is no arena to be had. */
int	job_init(struct job *j, size_t limit_bytes, struct diag *why);
/* Progress becomes a line on the terminal; nothing where standard error is none. */
void	job_show(struct job *j);
void	job_fini(struct job *j);
