#pragma once
/*
 * image_save.h - an image into a file, such that a reader never sees half of one.
 */
#include "models/bytes.h"
#include "models/diag.h"

/*
 * Writes beside (PATH.tmp), syncs, renames: a reader sees the old file or the whole new one.
 * 0 or -errno with a sentence; a device or another odd file is not replaced.
 */
int	image_save(const char *path, struct span image, struct diag *why);
