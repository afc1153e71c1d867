#pragma once
/*
 * durable.h - files that are whole after a crash, or were never there.
 *
 * Everything is written beside its name, synced, and renamed (models/beside.h, whose beside_sync() the
 * caller calls when all files of a folder are in place). Links, FIFOs and devices are refused
 * everywhere. All return 0 or more, or -errno.
 *
 * Threads: any.
 */
#include <sys/types.h>

#include "models/base.h"

enum { DURABLE_SUM = 65 };	/* SHA-256 in hexadecimal, with the NUL */

/* A descriptor to read path from; -EINVAL: it is no ordinary file. Never waits. */
int	durable_open(const char *path);
/* The folder is there afterwards, and its own name lasts. */
int	durable_mkdir(const char *folder, mode_t mode);
int	durable_write(const char *folder, const char *name, const void *bytes, size_t n);
/* Everything that fd can still read; 64 KiB at a time. */
int	durable_copy(const char *folder, const char *name, int fd);
/* The same bytes under another name, without copying; -EXDEV and others: copy then. */
int	durable_link(const char *folder, const char *name, int fd);
/* Removes path as long as it is the file behind fd; another that took its name stays. */
int	durable_unlink(const char *path, int fd);
/* SHA-256 of a file from its beginning; leaves the descriptor at the end. */
int	durable_sum(int fd, char hex[DURABLE_SUM], uint64_t *bytes);
