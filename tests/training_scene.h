#pragma once
/*
 * training_scene.h - two services, ftp and dns, a folder of their own, and a trainer and an air that are made
 * up: a job ends when the test says so, and a model goes on air as the test wants it. The store and the spool
 * are real.
 */
#include "control/training.h"
#include "tests/cases.h"

struct fake_trainer {		/* the job that was asked for last */
	bool busy, over, cancelled;
	unsigned started;
	char service[64], image[4096], running[4096], definition[64];
	uint32_t nold, nnew;
	struct trainer_result result;
};

struct fake_air {
	int slot;		/* what reload_later() answers */
	unsigned loads;
	char file[4096];
	bool waits;		/* file: nothing else went on air since */
};

extern struct fake_trainer fake;
extern struct fake_air air;
extern struct training *t;
extern struct store *store;
extern struct export export;
extern struct diag why;
extern int64_t now;

/* Of a TestSuite(). */
void	begin(void);
void	end(void);
/* As after a restart. */
void	open_all(void);
void	close_all(void);
/* As reload.c does: what is published is written down. */
void	goes_on_air(const char *service, const char *version);
void	put(const char *file, const char *text);
/* Turns until the spool is empty and complete. */
void	turns(void);
void	arrive(const char *file, const char *bytes);
/* The job ends with a verdict on a candidate that it wrote. */
void	finish(bool passes, const char *version);
void	fail(int err, bool unfit);
/* "new learned" by age. */
const char *states(const char *service);
/* The actions of all notes so far: "training verdict load". */
const char *notes(void);
