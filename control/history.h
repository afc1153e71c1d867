#pragma once
/*
 * history.h - what a service speaks now and what it spoke before, in files.
 *
 * With a store both outlive the program; without one (NULL) the names of the files are
 * remembered as long as it runs, and a file that holds another model by then is no way back.
 *
 * Threads: control.
 */
#include <limits.h>

#include "control/store.h"

struct past;			/* a list, by service; used without a store */

struct history_model {
	char file[PATH_MAX];
	char version[17];
};

/* Called before a model is published: the store gets its copy. 0, or -errno with a sentence. */
int	history_keep(struct store *s, const char *service, const char *file, const char *version,
	    enum model_origin origin, struct diag *why);
/* Called when it is: 0, or -errno with a sentence; the model speaks in any case. */
int	history_aired(struct store *s, struct past **past, const char *service, const char *file,
	    const char *version, struct diag *why);
/* What was on air before. 0, or -errno with a sentence. */
int	history_before(struct store *s, const struct past *past, const char *service,
	    struct history_model *to, struct diag *why);
/*
 * What was on air when the program ended last, if that still counts: the configured file is the
 * one it was then, and not that very model. 1: yes; 0: the configured file counts.
 */
int	history_last(struct store *s, const char *service, const char *configured,
	    struct history_model *to, struct diag *why);
void	history_fini(struct past **past);
