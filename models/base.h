#pragma once
/*
 * base.h - the few macros everything else uses.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))
#define likely(x)    __builtin_expect(!!(x), 1)
#define unlikely(x)  __builtin_expect(!!(x), 0)
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
enum side { SIDE_CLIENT, SIDE_SERVER, SIDES };	/* of a conversation */

/*
 * Adds to a number that one thread writes and others may read at any time: no torn value, no
 * lock prefix. They read with __atomic_load_n(.., __ATOMIC_RELAXED).
 */
#define COUNT(n, by) __atomic_store_n(&(n), (n) + (by), __ATOMIC_RELAXED)

/*
 * On a function that works on vectors: compiled also for wider ones, and chosen by what the processor can when the
 * program starts. Sanitizers watch the choosing itself before they are ready to.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDE
#endif
