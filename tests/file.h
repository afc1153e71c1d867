#pragma once
/*
 * file.h - files for tests: a small one in memory, a folder of one's own; aborts when there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "models/bytes.h"

/* malloc'ed, at most 1 MiB of it; a zero byte follows. */
static inline struct span
file_bytes(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);
	size_t n = f != NULL ? fread(text, 1, (1 << 20) - 1, f) : 0;

	if (n == 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		abort();
	}
	fclose(f);
	return span_of(text, n);
}

/* A folder of the test's own, entered; place is a mkdtemp() pattern and becomes its name. */
static inline void
enter_new_folder(char *place)
{
	if (mkdtemp(place) == NULL || chdir(place) != 0) {
		fprintf(stderr, "%s cannot be made or entered\n", place);
		abort();
	}
}
