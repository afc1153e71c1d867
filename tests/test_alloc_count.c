/* The library that counts allocations in workers misses none: without this its zero would mean nothing. */
#include <stdlib.h>
#include <string.h>

#include "tests/alloc_count.h"
#include "tests/cases.h"
#include "tests/file.h"

static const struct {
	enum alloc_kind kind;
	uint64_t least;		/* in the worker; jemalloc itself may ask the kernel for more */
} calls[] = {
	{ ALLOC_malloc, 1 }, { ALLOC_calloc, 1 }, { ALLOC_realloc, 1 }, { ALLOC_free, 7 },
	{ ALLOC_aligned_alloc, 1 }, { ALLOC_posix_memalign, 1 }, { ALLOC_memalign, 1 }, { ALLOC_valloc, 1 },
	{ ALLOC_mmap, 1 }, { ALLOC_munmap, 1 }, { ALLOC_mremap, 1 }, { ALLOC_madvise, 1 }, { ALLOC_sbrk, 1 },
	{ ALLOC_mallocx, 2 }, { ALLOC_rallocx, 1 }, { ALLOC_xallocx, 1 }, { ALLOC_dallocx, 1 },
	{ ALLOC_sdallocx, 1 },
};

EACH_CASE(alloc_count, every_call_is_counted_where_it_was_made, calls)
{
	char place[] = "/tmp/mynah-alloc-XXXXXX";
	const struct alloc_counts *c;
	enum alloc_kind k = calls[*i].kind;
	struct span file;

	enter_new_folder(place);
	cr_assert_eq(system("ALLOC_COUNT=counts LD_PRELOAD='" TEST_PRELOAD "' '" TEST_CALLS "'"), 0);
	file = file_bytes("counts");
	cr_assert_eq(file.n, sizeof *c);
	c = (const void *)file.p;
	cr_expect_geq(c->worker[k], calls[*i].least, "%s: %u", c->name[k], (unsigned)c->worker[k]);
	cr_expect_geq(c->other[k], 2 * calls[*i].least, "%s: %u", c->name[k], (unsigned)c->other[k]);
	cr_expect_not_null(strstr(c->first, "alloc_calls"), "the first was '%s'", c->first);
	unlink("counts");
	rmdir(place);
	free((void *)(uintptr_t)file.p);
}
