/*
 * fuzz_text - any bytes: they are refused, or what is printed of them reads back to itself.
 * Built without libFuzzer (mutate_text) it runs the files given, or with -n N SEED before them
 * N mutations of each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "models/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct text t, again;
	char *once, *twice;
	size_t on, tn;

	if (text_parse(&t, "fuzz", span_of(data, n), NULL) != 0)
		return 0;
	if (text_print(&t, &once, &on) != 0 ||
	    text_parse(&again, "again", span_of(once, on), NULL) != 0 ||
	    text_print(&again, &twice, &tn) != 0 || on != tn || memcmp(once, twice, on) != 0)
		abort();
	text_fini(&t);
	text_fini(&again);
	free(once);
	free(twice);
	return 0;
}

#ifndef FUZZ_LIBRARY
static uint64_t seed;

static uint32_t
next(uint32_t n)
{
	seed ^= seed << 13;	/* xorshift64, Marsaglia 2003 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % n;
}

/* A few local changes: bytes, a cut, a copied line, a number. */
static size_t
mutate(uint8_t *p, size_t n, size_t room)
{
	for (uint32_t k = next(4) + 1; k > 0 && n > 16; k--) {
		size_t at = next((uint32_t)n), len = next(24) + 1u, to = next((uint32_t)n);
		switch (next(5)) {
		case 0:
			p[at] = (uint8_t)next(256);
			break;
		case 1:
			p[at] = (uint8_t)"0123456789 \"\n"[next(13)];
			break;
		case 2:
			n = next(16) == 0 ? at : n;
			break;
		case 3:
			len = MIN(len, n - at);
			memmove(p + at, p + at + len, n - at - len);
			n -= len;
			break;
		default:
			len = MIN(MIN(len, n - at), room - n);
			uint8_t piece[24];
			memcpy(piece, p + at, len);
			memmove(p + to + len, p + to, n - to);
			memcpy(p + to, piece, len);
			n += len;
		}
	}
	return n;
}

int
main(int argc, char **argv)
{
	enum { ROOM = 1 << 20 };
	bool many = argc > 3 && strcmp(argv[1], "-n") == 0;
	long runs = many ? atol(argv[2]) : 1;
	uint8_t *from = malloc(ROOM), *p = malloc(2 * ROOM);

	seed = (many ? strtoull(argv[3], NULL, 10) : 0) * 2 + 88172645463325252u;
	for (int i = many ? 4 : 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(from, 1, ROOM, f);
		fclose(f);
		for (long k = 0; k < runs; k++) {
			memcpy(p, from, n);
			LLVMFuzzerTestOneInput(p, many ? mutate(p, n, 2 * ROOM) : n);
		}
	}
	free(from);
	free(p);
	return 0;
}
#endif
