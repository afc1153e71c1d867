#pragma once
/*
 * alloc_count.h - what alloc_count.c, preloaded into a program, writes into the file that the environment
 * variable ALLOC_COUNT names: how often which allocating function was called, by workers (threads
 * whose name begins with ALLOC_WORKER) and by all other threads. Words in the machine's byte order.
 */
#include <stdint.h>

#define ALLOC_WORKER "rte-worker"	/* DPDK 22.11 calls them so; tests/lab/test_storm.py looks */

#define ALLOC_KINDS(X)                                                                         \
	X(malloc) X(calloc) X(realloc) X(free)                                                 \
	X(aligned_alloc) X(posix_memalign) X(memalign) X(valloc)                               \
	X(mmap) X(munmap) X(mremap) X(madvise) X(sbrk)                                         \
	X(mallocx) X(rallocx) X(xallocx) X(dallocx) X(sdallocx)                                \
	X(rte_malloc_socket) X(rte_malloc) X(rte_zmalloc_socket) X(rte_zmalloc)                \
	X(rte_calloc_socket) X(rte_calloc) X(rte_realloc_socket) X(rte_realloc) X(rte_free)
#define ALLOC_ENUM(name) ALLOC_##name,
enum alloc_kind { ALLOC_KINDS(ALLOC_ENUM) ALLOC_KINDS_N };
#undef ALLOC_ENUM

struct alloc_counts {
	uint64_t worker[ALLOC_KINDS_N], other[ALLOC_KINDS_N];
	char name[ALLOC_KINDS_N][24];	/* of the functions */
	char first[256];		/* who called first in a worker, "" if nobody did */
};
