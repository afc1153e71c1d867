#pragma once
/*
 * fuzz.h - what the fuzz_*.c share. Each is one function from bytes to nothing, or abort().
 *
 * Linked with fuzz_main.c it is a plain program that tries files (docs/testing.md); built with
 * -Dfuzz=true it is a libFuzzer target.
 */
#include <stdio.h>
#include <stdlib.h>

#include "models/bytes.h"
#include "models/diag.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FUZZ_PATH = 64 };
/* An unnamed file with these bytes; path becomes its name until the descriptor is closed. */
int	fuzz_file(struct span bytes, char path[FUZZ_PATH]);

static inline void
fuzz_must(bool so, const char *what)
{
	if (!so) {
		fprintf(stderr, "fuzz: not true: %s\n", what);
		abort();
	}
}

/* A refusal is one sentence. */
static inline void
fuzz_must_say_why(const struct diag *why)
{
	size_t n = strnlen(why->text, sizeof why->text);

	fuzz_must(n > 0 && n < sizeof why->text, "a refusal says why");
	fuzz_must(strchr(why->text, '\n') == NULL, "a refusal is one line");
}
