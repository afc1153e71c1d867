#pragma once
/*
 * job.h - a learning job's memory, which the tool and the trainer share; the tool's progress line,
 * and what each stage took.
 *
 * The job's pool takes its chunks from a jemalloc arena of its own, which is destroyed with
 * everything in it when the job ends; so the peak goes back to the system.
 */
#include "learning/pool.h"
#include "learning/progress.h"
#include "models/diag.h"

enum { JOB_STAGES = 24 };		/* that are told apart; learning has 14 */

struct job_stage {			/* all its turns together: some stages come back */
	const char *name;
	double seconds, cpu_seconds;	/* by the clock; of the thread that learns */
	size_t pool_bytes;		/* held at most until the end of its last turn */
};

struct job {
	struct pool pool;
	unsigned arena;
	struct progress progress;	/* nobody's until job_watch() or the caller says whose */
	struct job_stage stage[JOB_STAGES];	/* in the order of their first turns */
	unsigned nstages;
	struct job_stage *now;		/* NULL: none yet */
	double since_s, cpu_since_s;	/* its turn began */
	bool shows;
	int percent;			/* on the terminal */
};

/* limit_bytes 0: none. -ENOMEM when there is no arena to be had. */
int	job_init(struct job *j, size_t limit_bytes, struct diag *why);
/* Stages are timed from here on; where standard error is a terminal, progress is a line on it. */
void	job_watch(struct job *j);
/* The stage under way is over, and the line is wiped. For the end of the work, before stage[] is read. */
void	job_stop_watch(struct job *j);
void	job_fini(struct job *j);
