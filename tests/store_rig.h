#pragma once
/*
 * store_rig.h - what the tests of the store share: files to put in, and the check that a store
 * on disk is whole.
 *
 * A model's file says its version, a capture's file says its number, so that any mix-up shows.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "control/durable.h"
#include "control/manifest.h"
#include "control/store.h"

static const struct store_limits no_limits;

static inline void PRINTF(2, 3)
put_text(const char *path, const char *fmt, ...)
{
	FILE *f = fopen(path, "w");
	va_list ap;

	cr_assert_not_null(f, "%s", path);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	cr_assert_eq(fclose(f), 0, "%s", path);
}

static inline size_t
get_text(char *to, size_t room, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(to, 1, room - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	to[n] = '\0';
	return n;
}

static inline const char *
version_of(unsigned i)
{
	static char version[24];

	snprintf(version, sizeof version, "%016x", i);
	return version;
}

/* Adds model i out of a file in the current folder. */
static inline int
add_model(struct store *s, const char *service, unsigned i, struct diag *why)
{
	put_text("m.mynah", "image %s\n", version_of(i));
	return store_add_model(s, service, "m.mynah", version_of(i), ORIGIN_LOADED, why);
}

static inline int
add_capture(struct store *s, const char *service, unsigned i, struct diag *why)
{
	char name[40];

	snprintf(name, sizeof name, "c%u.pcap", i);
	put_text(name, "capture %u\n", i);
	return store_add_capture(s, service, name, why);
}

static inline unsigned
files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	unsigned n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		n += e->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* An open store's folder holds what its record says, byte by byte, and nothing else. */
static inline void
expect_whole(const struct store_service *v, const char *folder)
{
	char text[256], want[256], path[256], sum[DURABLE_SUM];
	uint64_t bytes;

	for (uint32_t i = 0; i < v->nmodels; i++) {
		snprintf(want, sizeof want, "image %s\n", v->model[i].version);
		get_text(text, sizeof text, v->model[i].file);
		cr_expect_str_eq(text, want, "%s", v->model[i].file);
	}
	for (uint32_t i = 0; i < v->ncaptures; i++) {
		int fd = durable_open(v->capture[i].file);

		cr_assert_geq(fd, 0, "%s", v->capture[i].file);
		cr_expect_eq(durable_sum(fd, sum, &bytes), 0);
		close(fd);
		cr_expect_str_eq(sum, v->capture[i].sha256);
		cr_expect_eq(bytes, v->capture[i].bytes);
	}
	snprintf(path, sizeof path, "%s/%s/models", folder, v->name);
	cr_expect_eq(files_in(path), v->nmodels, "models: %u files", files_in(path));
	snprintf(path, sizeof path, "%s/%s/captures", folder, v->name);
	cr_expect_eq(files_in(path), v->ncaptures, "captures: %u files", files_in(path));
	snprintf(path, sizeof path, "%s/%s", folder, v->name);
	cr_expect_eq(files_in(path), 3u, "%s: %u names", path, files_in(path));
}
