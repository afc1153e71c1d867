#pragma once
/*
 * learner.h - all that learns in the running sensor, as the configuration has it: spool, trainer
 * and what decides between them (training.h); and its commands of the control socket.
 *
 * Without a state-folder nothing is learned, and the functions say so. Threads: control.
 */
#include "control/conf.h"
#include "control/training.h"

struct learner {
	struct training *training;	/* NULL: nothing is learned */
	struct trainer *trainer;
	struct spool *spool;
	struct training_service *service;
};

/* Can the definitions of the services be read? For learner_open() and --check. 0, or -errno with a sentence. */
int	learner_check(const struct conf *c, struct diag *why);
/* Needs reload->store; becomes reload's ended(). 0, or -errno with a sentence. */
int	learner_open(struct learner *l, const struct conf *c, struct reload *r, struct export *x, struct diag *why);
/* Become readable when learner_turn() has something to do; -1: never. */
int	learner_spool_fd(const struct learner *l);
int	learner_trainer_fd(const struct learner *l);
void	learner_turn(struct learner *l, int64_t now_ms);
/* "retrain", "cancel", "corpus"; NULL: not one of ours. For ctl_answer. */
json_t	*learner_answer(struct learner *l, unsigned argc, char *const *argv, bool *ok);
/* What "status" tells of learning. */
void	learner_tell(const struct learner *l, json_t *status, int64_t now_ms);
/* Ends a job under way. */
void	learner_close(struct learner *l);
