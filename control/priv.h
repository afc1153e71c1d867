#pragma once
/*
 * priv.h - giving up what is no longer needed.
 *
 * Called by control once ports, sockets and files are open: no new privileges through exec
 * ever after, and another user where the configuration names one.
 */
#include "models/diag.h"

/* Does that user exist? 0, or -ENOENT with a sentence. */
int	priv_check(const char *user, struct diag *why);
/*
 * user NULL: stays who we are. Gives the paths (each may be NULL) to the user before, a
 * folder with what is in it, as far as that is ours.
 */
int	priv_drop(const char *user, const char *const *paths, size_t npaths, struct diag *why);
