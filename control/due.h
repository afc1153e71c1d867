#pragma once
/*
 * due.h - which new captures the next job learns, so that one that no job can afford does not hold
 * up the others for ever.
 *
 * Captures that no job past a limit (time, memory) has had are learned together. When such a job
 * fails, the next takes half of its captures, and so on: each failure at least halves the
 * company that a capture is in, so that the one at fault is alone after log2 n failures, while the
 * parts without it are learned. Those that failed alone come one at a time, the oldest first, once
 * behind each batch; store.h refuses them after STORE_TRIES.
 *
 * Pure functions of the record. Threads: any.
 */
#include <stdbool.h>

#include "control/store.h"

enum due {
	DUE_NONE,	/* no capture is new */
	DUE_PART,	/* of those that failed together */
	DUE_FRESH,	/* all that have not failed */
	DUE_ALONE,	/* one that failed alone */
};

enum due_end {
	DUE_JUDGED,	/* its new captures are learned or refused */
	DUE_PAST,	/* past a limit: store_past_limit() */
	DUE_FEW,	/* too few conversations for a verdict: store_within_limit() */
};

/* take[i]: capture i belongs to the job; there is room for every capture. */
enum due due_next(const struct store_service *v, bool *take);
/*
 * After a job of that kind with nnew new captures has ended and that is recorded: is there more to be
 * done at once? Ends by itself: captures are judged or their company is halved, and what had too few
 * conversations waits for others to arrive.
 */
bool	due_more(const struct store_service *v, enum due kind, enum due_end end, uint32_t nnew);
