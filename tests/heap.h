#pragma once
/*
 * heap.h - how many bytes of malloc()ed memory a program holds, exact to the byte. For one file of a program: it puts
 * itself in malloc()'s place, or asks AddressSanitizer, which already stands there.
 */
#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);	/* gcc 12 comes without its header */

static inline size_t
heap_bytes(void)
{
	return __sanitizer_get_current_allocated_bytes();
}
#else
#include <errno.h>
#include <malloc.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static size_t heap_held;	/* usable bytes */

static inline size_t
heap_bytes(void)
{
	return __atomic_load_n(&heap_held, __ATOMIC_RELAXED);
}

static void *
heap_count(void *p)
{
	if (p != NULL)
		__atomic_add_fetch(&heap_held, malloc_usable_size(p), __ATOMIC_RELAXED);
	return p;
}

static void
heap_uncount(void *p)
{
	if (p != NULL)
		__atomic_sub_fetch(&heap_held, malloc_usable_size(p), __ATOMIC_RELAXED);
}

void *
malloc(size_t n)
{
	return heap_count(__libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return heap_count(__libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	void *q;

	heap_uncount(p);
	q = __libc_realloc(p, n);
	heap_count(q != NULL || n == 0 ? q : p);
	return q;
}

void *
memalign(size_t align, size_t n)
{
	return heap_count(__libc_memalign(align, n));
}

void *
aligned_alloc(size_t align, size_t n)
{
	return heap_count(__libc_memalign(align, n));
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	void *q = heap_count(__libc_memalign(align, n));

	if (q == NULL)
		return ENOMEM;
	*p = q;
	return 0;
}

void
free(void *p)
{
	heap_uncount(p);
	__libc_free(p);
}
#endif
