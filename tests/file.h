#pragma once
/*
 * file.h - a small file in memory, for tests; aborts when it is empty or cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>

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
