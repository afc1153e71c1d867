/*
 * Calls every allocating function that a program without DPDK can call, once in a thread with the name
 * of a worker and twice in the main thread: what test_alloc_count.c expects to be counted.
 */
#include <jemalloc/jemalloc.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/alloc_count.h"

static void *volatile sink;	/* or the compiler leaves pairs of malloc and free out */

static void
give_back(void *p)
{
	sink = p;
	free(sink);
}

static void *
call_each(void *unused)
{
	void *p;

	give_back(malloc(100));
	give_back(calloc(10, 10));
	give_back(realloc(malloc(10), 100));	/* realloc(NULL) becomes malloc() */
	give_back(aligned_alloc(64, 128));
	if (posix_memalign(&p, 64, 128) == 0)
		give_back(p);
	give_back(memalign(64, 128));
	give_back(valloc(128));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, 4096, MADV_DONTNEED);
	munmap(mremap(p, 4096, 8192, MREMAP_MAYMOVE), 8192);
	sink = sbrk(0);
	p = mallocx(100, 0);
	xallocx(p, 100, 0, 0);
	dallocx(rallocx(p, 200, 0), 0);
	sdallocx(mallocx(64, 0), 64, 0);
	return unused;
}

static void *
as_worker(void *unused)
{
	pthread_setname_np(pthread_self(), ALLOC_WORKER "-1");
	return call_each(unused);
}

int
main(void)
{
	pthread_t t;

	call_each(NULL);
	call_each(NULL);
	if (pthread_create(&t, NULL, as_worker, NULL) != 0)
		return 1;
	return pthread_join(t, NULL) != 0;
}
