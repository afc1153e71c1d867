#pragma once
/*
 * image_save.h - an image into a file, such that a reader never sees half of one.
 */
#include "models/bytes.h"
#include "models/diag.h"

/*
 * Writes beside (PATH.tmp), syncs, renames: a reader sees the old file or the whole new one.
 * Replaces models and empty files only. 0 or -errno with a sentence.
 */
int	image_save(const char *path, struct span image, struct diag *why);
/* Would it? For those who work long before they save; leaves everything as it was. */
int	image_may_save(const char *path, struct diag *why);
