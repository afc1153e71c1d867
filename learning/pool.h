#pragma once
/*
 * pool.h - the memory of one learning job.
 *
 * A job allocates and frees nothing by itself: the pool returns everything at its end, or, of
 * a trial, what was allocated since a mark. Running out of the limit, or being cancelled, ends
 * the job at once: control returns to pool_run(), so learning code has no error path for memory.
 * The caller says where chunks come from (jemalloc arena in the programs, malloc in tests).
 *
 * Threads: one pool belongs to one thread, except pool_cancel(), which any thread
 * may call. Nothing that must be released by hand (a FILE, a pcap handle) may be held
 * across an allocation or a report of progress unless pool_defer() was told how to release it.
 */
#include <setjmp.h>

#include "models/base.h"

struct pool_chunk;
struct pool_defer;

struct pool {
	void *(*get)(void *ctx, size_t bytes);	/* NULL when there is no more */
	void (*put)(void *ctx, void *p, size_t bytes);
	void *ctx;
	size_t limit_bytes;		/* 0: no limit */
	size_t used_bytes, peak_bytes;	/* held from get(): now, and at most so far */
	struct pool_chunk *chunks;
	struct pool_defer *defers;
	uint8_t *at, *end;		/* free part of the newest chunk */
	struct pool *outer;		/* pool_within(): whose memory it is; else NULL */
	struct pool_chunk *spare;	/* of such a one: given back, to be used again */
	jmp_buf out;
	int running, cancelled;
};

struct pool_mark {
	struct pool_chunk *chunks;
	struct pool_defer *defers;
	uint8_t *at, *end;
};

/* Chunks from malloc. limit_bytes 0: none. */
void	pool_init(struct pool *p, size_t limit_bytes);
/* Chunks from where another's come; nothing of it is the other's. No limit. */
void	pool_inner(struct pool *p, const struct pool *outer);
/*
 * For what is made anew again and again: memory is the outer one's, and lasts as long; what
 * pool_again() and pool_release() give back serves the next time. It is used while the outer one
 * runs, and neither run nor cancelled.
 */
void	pool_within(struct pool *p, struct pool *outer);
/* Gives back all that such a one holds. */
void	pool_again(struct pool *p);
/* Runs job(ctx). Returns its value, -ENOMEM past the limit, -ECANCELED after pool_cancel(). */
int	pool_run(struct pool *p, int (*job)(struct pool *, void *ctx), void *ctx);
/* Zeroed memory, 16-byte aligned; does not return when there is none. */
void	*pool_alloc(struct pool *p, size_t bytes);
/* n * size, checked for overflow. */
void	*pool_array(struct pool *p, size_t n, size_t size);
/* A copy of bytes, or of a string with its NUL. */
void	*pool_copy(struct pool *p, const void *from, size_t bytes);
/* A larger copy of an array of old_n elements; the old one stays until the end. */
void	*pool_grow(struct pool *p, const void *old, size_t old_n, size_t new_n, size_t size);
/* Calls fn(arg) at pool_fini(), last in first out, also after a job that ended early. */
void	pool_defer(struct pool *p, void (*fn)(void *), void *arg);
/*
 * Gives back all that was allocated since the mark was taken: for trials of which only the result
 * is kept. Nothing older may point to it, nothing may have been deferred meanwhile, and a mark
 * taken later is void.
 */
struct pool_mark pool_mark(const struct pool *p);
void	pool_release(struct pool *p, const struct pool_mark *m);
void	pool_cancel(struct pool *p);
/* Does not return when the job was cancelled: for long work that allocates nothing. */
void	pool_check(struct pool *p);
void	pool_fini(struct pool *p);
