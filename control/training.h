#pragma once
/*
 * training.h - what the sensor learns next, and what becomes of it.
 *
 * Captures go from the spool into the store and wait there as NEW; a batch that is complete, or
 * `mynah ctl retrain`, begins a job as soon as the trainer is free: old captures are those that
 * are LEARNED, new ones those that are NEW. Then
 *
 *	passed		the image is kept and published; when it is on air, the captures are LEARNED
 *	refused, unfit	the captures are REFUSED
 *	unreadable	those captures are REFUSED; the others are learned without them
 *	past a limit	they stay NEW and are tried in smaller parts (due.h); one that fails alone
 *			STORE_TRIES times is REFUSED
 *	cancelled, or anything else	they stay NEW; the next batch or retrain tries again
 *
 * A candidate that was judged against a model that is no longer on air is learned again. One that
 * finds no free slot waits in reload.h; its service learns nothing meanwhile. Everything that
 * happens is a record (export_note()) and a line in the log.
 *
 * The store's folder, the spool and so on are the caller's and outlive this. Threads: control.
 */
#include <jansson.h>

#include "control/export.h"
#include "control/reload.h"
#include "control/spool.h"
#include "control/store.h"
#include "control/trainer.h"

struct training_service {
	const char *name;		/* borrowed */
	const char *file;		/* the configured image, until the store knows of one */
	const char *definition;		/* file of the service's; NULL: none. Both borrowed */
	uint8_t proto;
	uint16_t port;			/* 0: none is configured */
};

struct training_config {
	struct store *store;
	struct spool *spool;		/* its services are ours, in our order; NULL: none */
	struct reload *reload;
	struct trainer *trainer;
	struct export *export;
	const char *folder;		/* the store's; candidates are written in its services' folders */
	const struct training_service *service;	/* copied */
	uint32_t nservices;
	uint32_t seconds, memory_mb;	/* limits of a job; 0: none */
	unsigned hold_out;		/* percent */
	bool no_scrub;			/* secrets of the clients stay as they are */
};

struct training;

/* 0 or -ENOMEM. Removes candidates that a killed program left. */
int	training_create(struct training **out, const struct training_config *c, struct diag *why);
/* Takes what arrived and what was learned, begins what is due. Call it in every turn of the main loop. */
void	training_turn(struct training *t, int64_t now_ms);
/* From struct reload's ended(): was the file one of ours? */
bool	training_ended(struct training *t, const char *file, const char *name, int slot, const struct diag *why);
/* 0: it has begun; 1: it waits for its turn; -errno with a sentence. */
int	training_retrain(struct training *t, const char *name, struct diag *why);
/* The job under way and all that wait; -ENOENT: there is none. */
int	training_cancel(struct training *t, struct diag *why);
/* Is something being learned, for "status": service, stage, percent, seconds, queue. */
json_t	*training_status(const struct training *t, int64_t now_ms);
/* The last result of each service that had one. */
json_t	*training_results(const struct training *t);
/* NULL with a sentence: no such service. */
json_t	*training_corpus(const struct training *t, const char *name, struct diag *why);
void	training_destroy(struct training *t);
