/*
 * A library to preload (LD_PRELOAD): counts calls of allocating functions by thread, and passes them on.
 *
 * The programs link jemalloc, which takes malloc and its kin from libc; a preloaded library stands before
 * both, and dlsym(RTLD_NEXT) finds what would have been called. Freeing counts as well: a worker
 * that frees has something that was allocated.
 */
#undef _FILE_OFFSET_BITS	/* it would make mmap another name of mmap64: both are defined here */
#include "tests/alloc_count.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EARLY = 1 << 16 };

static struct alloc_counts nowhere, *counts = &nowhere;
static void *next[ALLOC_KINDS_N];
/* dlsym() may allocate before there is anything to pass on to. */
static _Alignas(16) uint8_t early[EARLY];
static size_t early_used;

static const char *const names[ALLOC_KINDS_N] = {
#define ALLOC_NAME(name) [ALLOC_##name] = #name,
	ALLOC_KINDS(ALLOC_NAME)
#undef ALLOC_NAME
};

static bool
is_early(const void *p)
{
	return (const uint8_t *)p >= early && (const uint8_t *)p < early + EARLY;
}

static void *
take_early(size_t n)
{
	void *p = early + early_used;

	n = (n + 15) & ~(size_t)15;
	if (early_used + n > EARLY)
		abort();
	early_used += n;
	return p;
}

static void __attribute__((constructor))
begin(void)
{
	const char *path = getenv("ALLOC_COUNT");
	int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *mem;

	if (fd < 0 || ftruncate(fd, sizeof nowhere) < 0)
		return;
	mem = (void *)syscall(SYS_mmap, NULL, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		return;
	memcpy(mem, &nowhere, sizeof nowhere);
	counts = mem;
	for (int i = 0; i < ALLOC_KINDS_N; i++)
		strcpy(counts->name[i], names[i]);
}

static void
note_first(enum alloc_kind what, const void *from)
{
	Dl_info who = { 0 };

	dladdr(from, &who);
	snprintf(counts->first, sizeof counts->first, "%s from %s+%#zx (%s)", names[what],
	    who.dli_fname != NULL ? who.dli_fname : "?",
	    (size_t)from - (size_t)who.dli_fbase, who.dli_sname != NULL ? who.dli_sname : "?");
}

static void
count(enum alloc_kind what, const void *from)
{
	char name[16] = "";
	uint64_t *n = counts->other;

	prctl(PR_GET_NAME, name);	/* no cache: threads get their names late */
	if (strncmp(name, ALLOC_WORKER, strlen(ALLOC_WORKER)) == 0)
		n = counts->worker;
	if (__atomic_fetch_add(&n[what], 1, __ATOMIC_RELAXED) == 0 && n == counts->worker)
		note_first(what, from);
}

/* The function that would have been called; NULL while it is being looked for. */
static void *
next_of(enum alloc_kind what)
{
	static __thread bool looking __attribute__((tls_model("initial-exec")));

	if (next[what] == NULL && !looking) {
		looking = true;
		next[what] = dlsym(RTLD_NEXT, names[what]);
		looking = false;
	}
	return next[what];
}

#define HERE __builtin_return_address(0)
/* One that passes on what it is given, and is never called early. */
#define PASS(type, name, params, args)                                                         \
	type name params;                                                                      \
	type name params                                                                       \
	{                                                                                      \
		type (*pass) params = (type (*) params)next_of(ALLOC_##name);                  \
		count(ALLOC_##name, HERE);                                                     \
		return pass args;                                                              \
	}

void *
malloc(size_t n)
{
	void *(*pass)(size_t) = (void *(*)(size_t))next_of(ALLOC_malloc);

	count(ALLOC_malloc, HERE);
	return pass != NULL ? pass(n) : take_early(n);
}

void *
calloc(size_t n, size_t each)
{
	void *(*pass)(size_t, size_t) = (void *(*)(size_t, size_t))next_of(ALLOC_calloc);

	count(ALLOC_calloc, HERE);
	return pass != NULL ? pass(n, each) : take_early(n * each);
}

void *
realloc(void *p, size_t n)
{
	void *(*pass)(void *, size_t) = (void *(*)(void *, size_t))next_of(ALLOC_realloc);

	count(ALLOC_realloc, HERE);
	if (!is_early(p) && pass != NULL)
		return pass(p, n);
	return memcpy(malloc(n), p, n < EARLY ? n : EARLY);
}

void
free(void *p)
{
	void (*pass)(void *) = (void (*)(void *))next_of(ALLOC_free);

	count(ALLOC_free, HERE);
	if (!is_early(p) && pass != NULL)
		pass(p);
}

PASS(void *, aligned_alloc, (size_t to, size_t n), (to, n))
PASS(int, posix_memalign, (void **p, size_t to, size_t n), (p, to, n))
PASS(void *, memalign, (size_t to, size_t n), (to, n))
PASS(void *, valloc, (size_t n), (n))
PASS(void *, sbrk, (intptr_t n), (n))
PASS(void *, mallocx, (size_t n, int flags), (n, flags))
PASS(void *, rallocx, (void *p, size_t n, int flags), (p, n, flags))
PASS(size_t, xallocx, (void *p, size_t n, size_t more, int flags), (p, n, more, flags))
PASS(void, dallocx, (void *p, int flags), (p, flags))
PASS(void, sdallocx, (void *p, size_t n, int flags), (p, n, flags))
PASS(void *, rte_malloc_socket, (const char *w, size_t n, unsigned to, int s), (w, n, to, s))
PASS(void *, rte_malloc, (const char *w, size_t n, unsigned to), (w, n, to))
PASS(void *, rte_zmalloc_socket, (const char *w, size_t n, unsigned to, int s), (w, n, to, s))
PASS(void *, rte_zmalloc, (const char *w, size_t n, unsigned to), (w, n, to))
PASS(void *, rte_calloc_socket, (const char *w, size_t n, size_t e, unsigned to, int s), (w, n, e, to, s))
PASS(void *, rte_calloc, (const char *w, size_t n, size_t e, unsigned to), (w, n, e, to))
PASS(void *, rte_realloc_socket, (void *p, size_t n, unsigned to, int s), (p, n, to, s))
PASS(void *, rte_realloc, (void *p, size_t n, unsigned to), (p, n, to))
PASS(void, rte_free, (void *p), (p))

/* The kernel's own are asked directly: the allocator needs them while it is being looked for. */
void *
mmap(void *p, size_t n, int prot, int flags, int fd, off_t at)
{
	count(ALLOC_mmap, HERE);
	return (void *)syscall(SYS_mmap, p, n, prot, flags, fd, at);
}

void *mmap64(void *p, size_t n, int prot, int flags, int fd, off64_t at) __attribute__((alias("mmap")));

int
munmap(void *p, size_t n)
{
	count(ALLOC_munmap, HERE);
	return (int)syscall(SYS_munmap, p, n);
}

void *
mremap(void *p, size_t old, size_t n, int flags, ...)
{
	void *to = NULL;

	if (flags & MREMAP_FIXED) {
		__builtin_va_list ap;

		__builtin_va_start(ap, flags);
		to = __builtin_va_arg(ap, void *);
		__builtin_va_end(ap);
	}
	count(ALLOC_mremap, HERE);
	return (void *)syscall(SYS_mremap, p, old, n, flags, to);
}

int
madvise(void *p, size_t n, int advice)
{
	count(ALLOC_madvise, HERE);
	return (int)syscall(SYS_madvise, p, n, advice);
}
