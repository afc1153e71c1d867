#pragma once
/*
 * secret.h - the site's secret: 16 random bytes in a file of mode 0600.
 *
 * Made once, on the first start; who has it can predict cookies and host identities. The same
 * file gives the same hosts again after a restart.
 */
#include "models/diag.h"

enum { SECRET_BYTES = 16 };

/* Reads it, or makes it when there is no file. 0, or -errno with a sentence. */
int	secret_load(uint8_t to[SECRET_BYTES], const char *path, struct diag *why);
/* Looks only: a file that is there must be right, one that is not can be made later. */
int	secret_check(const char *path, struct diag *why);
