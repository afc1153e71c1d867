/*
 * fuzz_trace.c - any bytes as a capture file, read into a corpus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "learning/corpus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
load(struct pool *p, void *ctx)
{
	struct corpus_options o = { .port = 0 };
	const char *path = ctx;
	struct corpus *c;
	struct diag why;
	int err = corpus_load(&c, p, &o, &path, 1, &why);

	for (uint32_t i = 0; err == 0 && i < c->nconversations; i++) {
		if (c->conversations[i].first + c->conversations[i].n > c->nmessages)
			abort();
	}
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("capture", 0);
	struct pool p;
	char path[64];

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	pool_init(&p, 256 << 20);
	pool_run(&p, load, path);
	pool_fini(&p);
	close(fd);
	return 0;
}
