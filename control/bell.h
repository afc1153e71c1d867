#pragma once
/*
 * bell.h - signals that the sensor heeds: SIGTERM and SIGINT end it, SIGHUP opens its record file anew.
 *
 * A handler, not a signalfd: OpenBLAS's sleeping thread started before main() with nothing
 * blocked, and would die of what the others leave to the descriptor. One bell per program.
 */
#include "models/diag.h"

struct bell_heard {
	bool end, reopen;
};

/* Hears from now on; SIGPIPE is ignored. 0, or -errno and a sentence. */
int	bell_hang(struct diag *why);
/* Readable once a signal came. */
int	bell_fd(void);
/* What was heard since the last call. Thread: control. */
struct bell_heard bell_heed(void);
