#pragma once
/*
 * beside.h - a file that is whole under its name, or as it was.
 *
 * Who writes one writes beside it, at PATH.tmp, and gives it its name when all of it is there and synced.
 * The name itself lasts once its folder is synced. What a killed program left beside is written over.
 *
 * All return 0 or more, or -errno; nothing is kept between calls. Threads: any, one a path.
 */
#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include "models/bytes.h"

enum { BESIDE_PATH = PATH_MAX };

/* PATH.tmp; -ENAMETOOLONG. */
int	beside_name(char temp[BESIDE_PATH], const char *path);
/* A new file beside path, for writing; its name goes to temp. Never through a link that stands there. */
int	beside_open(char temp[BESIDE_PATH], const char *path, mode_t mode);
/* Could one be opened? For those who work long before they write; leaves everything as it was. 0 or -errno. */
int	beside_may(const char *path);
int	beside_write(int fd, struct span bytes);
/*
 * err: what went wrong until here. Syncs and closes fd and renames temp to path; on any error temp is
 * gone and path as it was.
 */
int	beside_place(int fd, int err, const char *temp, const char *path);
/* The same for a stream over such a descriptor. */
int	beside_place_stream(FILE *stream, int err, const char *temp, const char *path);
/* The folder that path stands in; -ENAMETOOLONG. */
int	beside_folder(char folder[BESIDE_PATH], const char *path);
/* The names in a folder last. A file system that cannot is forgiven. */
int	beside_sync(const char *folder);
