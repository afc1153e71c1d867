#pragma once
/*
 * news.h - what happens to the models on air, as records: somebody loads one or goes back, it is
 * refused, it is freed. What learning does is told by training.h. Threads: control.
 */
#include "control/export.h"
#include "control/reload.h"

struct news {
	bool held[SET_SLOTS];	/* slots that held a model when we looked last */
};

/*
 * A command ("load", "rollback") was heeded: slot speaks, or -errno with a sentence. service: as
 * it was asked for, NULL: by no name.
 */
void	news_command(struct export *x, const struct reload *r, const char *command, const char *service, int slot,
    const struct diag *why, int64_t unix_ms);
/* Call after every reload_retire(): a slot is empty for one turn at least. */
void	news_retired(struct news *n, struct export *x, const struct reload *r, int64_t unix_ms);
