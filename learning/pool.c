#include "learning/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, ALIGN = 16 };

struct pool_chunk {
	struct pool_chunk *next;
	size_t bytes;
};

struct pool_defer {
	struct pool_defer *next;
	void (*fn)(void *);
	void *arg;
};

static void *
heap_get(void *ctx, size_t bytes)
{
	(void)ctx;
	return malloc(bytes);
}

static void
heap_put(void *ctx, void *p, size_t bytes)
{
	(void)ctx;
	(void)bytes;
	free(p);
}

void
pool_init(struct pool *p, size_t limit_bytes)
{
	*p = (struct pool){ .get = heap_get, .put = heap_put, .limit_bytes = limit_bytes };
}

void
pool_inner(struct pool *p, const struct pool *outer)
{
	pool_init(p, 0);
	p->get = outer->get;
	p->put = outer->put;
	p->ctx = outer->ctx;
}

static void *
outer_get(void *ctx, size_t bytes)
{
	return pool_alloc(ctx, bytes);
}

void
pool_within(struct pool *p, struct pool *outer)
{
	*p = (struct pool){ .get = outer_get, .ctx = outer, .outer = outer };
}

int
pool_run(struct pool *p, int (*job)(struct pool *, void *ctx), void *ctx)
{
	int err = setjmp(p->out);

	if (err == 0) {
		p->running = 1;
		err = job(p, ctx);
	}
	p->running = 0;
	return err;
}

static void
give_up(struct pool *p, int err)
{
	while (p->outer != NULL)
		p = p->outer;
	if (!p->running)
		abort();	/* our own bug: pools allocate inside pool_run() only */
	longjmp(p->out, err);
}

void
pool_check(struct pool *p)
{
	if (__atomic_load_n(p->outer != NULL ? &p->outer->cancelled : &p->cancelled, __ATOMIC_RELAXED))
		give_up(p, -ECANCELED);
}

/* One of so many bytes that was given back, or NULL. */
static struct pool_chunk *
take_spare(struct pool *p, size_t want)
{
	struct pool_chunk *c;

	for (struct pool_chunk **at = &p->spare; (c = *at) != NULL; at = &c->next)
		if (c->bytes >= want) {
			*at = c->next;
			break;
		}
	return c;
}

static struct pool_chunk *
get_chunk(struct pool *p, size_t want)
{
	struct pool_chunk *c;

	if (p->outer != NULL)
		want += want / 4;	/* the next time it may be a little more */
	c = p->get(p->ctx, want);
	if (c == NULL)
		give_up(p, -ENOMEM);
	c->bytes = want;
	p->used_bytes += want;
	p->peak_bytes = MAX(p->peak_bytes, p->used_bytes);
	return c;
}

static void
add_chunk(struct pool *p, size_t bytes)
{
	struct pool_chunk *c;
	size_t want = MAX(bytes + ALIGN + sizeof *c, (size_t)CHUNK_BYTES);

	if (want < bytes || (p->limit_bytes > 0 && p->limit_bytes - p->used_bytes < want))
		give_up(p, -ENOMEM);
	c = take_spare(p, want);
	if (c == NULL)
		c = get_chunk(p, want);
	c->next = p->chunks;
	p->chunks = c;
	p->at = (uint8_t *)c + ALIGN;
	p->end = (uint8_t *)c + c->bytes;
}

void *
pool_alloc(struct pool *p, size_t bytes)
{
	size_t need = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *mem;

	static_assert(sizeof(struct pool_chunk) <= ALIGN, "the chunk's head is one unit");
	if (need < bytes)
		give_up(p, -ENOMEM);
	pool_check(p);
	if ((size_t)(p->end - p->at) < need)
		add_chunk(p, need);
	mem = p->at;
	p->at += need;
	return memset(mem, 0, need);
}

void *
pool_array(struct pool *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		give_up(p, -ENOMEM);
	return pool_alloc(p, bytes);
}

void *
pool_copy(struct pool *p, const void *from, size_t bytes)
{
	void *to = pool_alloc(p, bytes);

	if (bytes > 0)
		memcpy(to, from, bytes);
	return to;
}

void *
pool_grow(struct pool *p, const void *old, size_t old_n, size_t new_n, size_t size)
{
	void *to = pool_array(p, new_n, size);

	if (old_n > 0)
		memcpy(to, old, old_n * size);
	return to;
}

void
pool_defer(struct pool *p, void (*fn)(void *), void *arg)
{
	struct pool_defer *d = pool_alloc(p, sizeof *d);

	*d = (struct pool_defer){ p->defers, fn, arg };
	p->defers = d;
}

struct pool_mark
pool_mark(const struct pool *p)
{
	return (struct pool_mark){ p->chunks, p->defers, p->at, p->end };
}

/* Chunks newer than that one. */
static void
put_chunks(struct pool *p, const struct pool_chunk *until)
{
	for (struct pool_chunk *c = p->chunks, *next; c != until; c = next) {
		next = c->next;
		if (p->outer != NULL) {
			c->next = p->spare;
			p->spare = c;
			continue;
		}
		p->used_bytes -= c->bytes;
		p->put(p->ctx, c, c->bytes);
	}
}

void
pool_release(struct pool *p, const struct pool_mark *m)
{
	assert(p->defers == m->defers);
	put_chunks(p, m->chunks);
	p->chunks = m->chunks;
	p->at = m->at;
	p->end = m->end;
}

void
pool_again(struct pool *p)
{
	pool_release(p, &(struct pool_mark){ 0 });
}

void
pool_cancel(struct pool *p)
{
	__atomic_store_n(&p->cancelled, 1, __ATOMIC_RELAXED);
}

void
pool_fini(struct pool *p)
{
	for (struct pool_defer *d = p->defers; d != NULL; d = d->next)
		d->fn(d->arg);
	put_chunks(p, NULL);
	p->chunks = NULL;
	p->defers = NULL;
	p->at = p->end = NULL;
}
