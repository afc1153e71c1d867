#pragma once
/*
 * trainer.h - learning in the running sensor: one job at a time, on a thread of its own that
 * keeps to the control cores, with limits on time and memory, ended by an image file and a
 * verdict (gate.h).
 *
 * The job: load the captures, hold out the conversations that are always held out
 * (corpus_held_out()), make up anew the secrets of all of them, learn the others, warm-started from the running model's basis, record
 * self-test vectors, compile, write the image, then let the gate compare it with the running
 * model. It publishes nothing and touches no store: control does that with the result.
 *
 * Threads: control calls everything here; the thread is the trainer's own. It inherits the
 * affinity of whoever calls trainer_start(), takes no signals, and is the last that the
 * scheduler serves.
 */
#include "control/gate.h"

struct trainer_job {
	const char *service;		/* strings are copied */
	uint8_t proto;
	uint16_t port;			/* tried first; what the captures hold otherwise */
	const char *const *captures;
	uint32_t nold, nnew;		/* learned already come first */
	const char *running;		/* image file of the model on air */
	const char *definition;		/* file, of the service (learning/mining/definition.h); NULL: none */
	const char *image;		/* to be written: whole under that name, or not at all */
	uint64_t seed;
	uint32_t seconds, memory_mb;	/* limits; 0: none */
	unsigned hold_out;		/* percent of conversations */
	bool no_scrub;			/* secrets of the clients stay as they are (learning/scrub.h) */
};

struct trainer_view {
	bool busy;
	char service[64];
	const char *stage;		/* static */
	double fraction;		/* of the stage */
	int64_t started_ms;		/* monotonic */
};

struct trainer_result {
	char service[64];
	int err;			/* 0: there is a verdict; -ECANCELED, -ETIMEDOUT, -ENOMEM, ... */
	bool unfit;			/* err: the new captures are at fault, not the moment */
	struct diag why;		/* one sentence, also for err */
	struct gate_verdict verdict;
	char version[17];		/* of the image; "" none was made */
	bool *unreadable;		/* per capture, or NULL: no new one is. Freed by trainer_result_fini() */
	uint32_t *conversations;	/* per capture; likewise */
	uint32_t ncaptures;
	bool warm;			/* NMF began from the running model's basis */
	double seconds;
	size_t peak_bytes;		/* of the job's pool */
};

struct trainer;

int	trainer_create(struct trainer **out, struct diag *why);
/* -EBUSY: a job is under way, or its result has not been taken. */
int	trainer_start(struct trainer *t, const struct trainer_job *job, struct diag *why);
void	trainer_view(const struct trainer *t, struct trainer_view *to);
/* Asks; the job ends within a second or so and reports -ECANCELED, unless it was done already. */
void	trainer_cancel(struct trainer *t);
/* Readable when a job has ended. */
int	trainer_fd(const struct trainer *t);
/* True once per job; then the caller owns *r. */
bool	trainer_done(struct trainer *t, struct trainer_result *r);
void	trainer_result_fini(struct trainer_result *r);
/* Cancels and waits for the job; a result that nobody took goes, with its image. */
void	trainer_destroy(struct trainer *t);
