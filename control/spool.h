#pragma once
/*
 * spool.h - captures that people or programs put down for the sensor to learn from.
 *
 * SPOOL/SERVICE/anything.pcap[.gz]: the folder says which service it is of. A file counts when
 * it was closed after writing or renamed into place (inotify), or lies there at the start; names
 * that begin with a dot or end in .tmp or .part are somebody's work in progress. Nothing is
 * removed here: store.h takes files over. Links, FIFOs and devices are passed over, with a line
 * in the log. A service's folder that was removed counts again once it is back.
 *
 * Threads: control. Never waits.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/diag.h"

enum {
	SPOOL_SETTLE_MS = 2000,		/* without an arrival before a batch counts as complete */
	SPOOL_LONGEST_MS = 60 * 1000,	/* after its first arrival it does in any case */
	SPOOL_WAITING = 1 << 16,	/* files per service that wait to be taken; more are left alone */
};

struct spool;

/* Makes SPOOL and SPOOL/SERVICE for every name; the names are copied. 0, or -errno with a sentence. */
int	spool_open(struct spool **out, const char *folder, const char *const *services, size_t n,
	    struct diag *why);
/* Becomes readable when something arrived. */
int	spool_fd(const struct spool *s);
/*
 * Reads what inotify has to say, a bounded part at a time. A queue that overflowed makes it look
 * through the folders again. now_ms: any monotonic clock, here and below.
 */
void	spool_turn(struct spool *s, int64_t now_ms);
/*
 * A service whose batch is complete, or -1. Index into services, which take turns: after one from
 * which a file was taken comes the next.
 */
int	spool_ready(const struct spool *s, int64_t now_ms);
/*
 * The next file of a service; false: no more. Each is given once unless it arrives again. The first
 * closes the batch: what arrives from then on belongs to the next.
 */
bool	spool_take(struct spool *s, int service, char *path, size_t room);
/* No batch of the service is half taken. */
bool	spool_batch_over(const struct spool *s, int service);
/* Folders of services by name that are not known, files in SPOOL itself: said once in the log. */
void	spool_close(struct spool *s);
