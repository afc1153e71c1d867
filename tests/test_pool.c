#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "learning/pool.h"

static int
fill_without_end(struct pool *p, void *ctx)
{
	while (pool_alloc(p, 1000) != NULL)
		++*(int *)ctx;
	return 0;
}

Test(pool, running_out_ends_the_job_not_the_program)
{
	struct pool p;
	int n = 0;

	pool_init(&p, 8 << 20);
	cr_expect_eq(pool_run(&p, fill_without_end, &n), -ENOMEM);
	cr_expect_gt(n, 7000);
	pool_fini(&p);
}

static void
count(void *arg)
{
	++*(int *)arg;
}

static int
cancel_myself(struct pool *p, void *ctx)
{
	pool_defer(p, count, ctx);
	pool_cancel(p);
	pool_alloc(p, 1);
	return 0;
}

Test(pool, a_cancelled_job_still_releases_what_it_deferred)
{
	struct pool p;
	int released = 0;

	pool_init(&p, 0);
	cr_expect_eq(pool_run(&p, cancel_myself, &released), -ECANCELED);
	cr_expect_eq(released, 0);
	pool_fini(&p);
	cr_expect_eq(released, 1);
}

static int
work_without_memory(struct pool *p, void *ctx)
{
	pool_check(p);
	++*(int *)ctx;
	pool_cancel(p);
	pool_check(p);
	++*(int *)ctx;
	return 0;
}

Test(pool, a_job_that_allocates_nothing_can_be_cancelled_too)
{
	struct pool p;
	int reached = 0;

	pool_init(&p, 0);
	cr_expect_eq(pool_run(&p, work_without_memory, &reached), -ECANCELED);
	cr_expect_eq(reached, 1);
	pool_fini(&p);
}

static int
overflow(struct pool *p, void *ctx)
{
	(void)ctx;
	return pool_array(p, SIZE_MAX / 2, 3) != NULL;
}

Test(pool, a_size_that_overflows_is_no_memory)
{
	struct pool p;

	pool_init(&p, 0);
	cr_expect_eq(pool_run(&p, overflow, NULL), -ENOMEM);
	pool_fini(&p);
}

static int
try_and_release(struct pool *p, void *ctx)
{
	uint8_t *kept = pool_alloc(p, 100), *tried;
	struct pool_mark m = pool_mark(p);
	size_t used = p->used_bytes;

	for (int i = 0; i < 100; i++) {		/* more than the limit in all */
		tried = memset(pool_alloc(p, 1000), 0xff, 1000);
		memset(pool_alloc(p, 2 << 20), 0xff, 2 << 20);
		pool_release(p, &m);
		cr_assert_eq(p->used_bytes, used);
	}
	cr_expect_eq(pool_alloc(p, 1000), tried, "the same memory again");
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(tried[i], 0);
	cr_expect_eq(kept[0], 0);
	*(size_t *)ctx = p->peak_bytes;
	return 0;
}

Test(pool, what_is_released_serves_again_and_comes_zeroed)
{
	struct pool p;
	size_t peak = 0;

	pool_init(&p, 8 << 20);
	cr_expect_eq(pool_run(&p, try_and_release, &peak), 0);
	cr_expect_geq(peak, (size_t)2 << 20);
	cr_expect_leq(peak, (size_t)4 << 20);
	pool_fini(&p);
	cr_expect_eq(p.used_bytes, 0);
}

struct rounds {
	size_t held[8];
	int n;
};

/* Something a little larger each time, beside what stays. */
static int
work_again_and_again(struct pool *p, void *ctx)
{
	struct rounds *r = ctx;
	struct pool work;
	uint8_t *kept = pool_alloc(p, 4);

	pool_within(&work, p);
	for (r->n = 0; r->n < 8; r->n++) {
		uint8_t *large = pool_alloc(&work, (3 << 20) + (size_t)r->n * 1000), *small = pool_alloc(&work, 10);

		cr_assert(large[0] == 0 && large[3 << 20] == 0 && small[9] == 0);
		memset(large, 0xff, 3 << 20);
		memset(small, 0xff, 10);
		cr_assert_eq(kept[3], 0);
		r->held[r->n] = p->used_bytes;
		pool_again(&work);
	}
	return 0;
}

Test(pool, what_is_made_again_needs_its_memory_once)
{
	struct rounds r = { .n = 0 };
	struct pool p;

	pool_init(&p, 0);
	cr_expect_eq(pool_run(&p, work_again_and_again, &r), 0);
	cr_expect_eq(r.held[7], r.held[0]);
	pool_fini(&p);
	cr_expect_eq(p.used_bytes, 0);
}

static int
fill_within(struct pool *p, void *ctx)
{
	struct pool work;

	pool_within(&work, p);
	return fill_without_end(&work, ctx);
}

static int
cancel_within(struct pool *p, void *ctx)
{
	struct pool work;

	pool_within(&work, p);
	pool_cancel(p);
	pool_check(&work);
	return *(int *)ctx = 1;
}

Test(pool, what_lies_within_ends_the_job_of_the_outer_one)
{
	struct pool p;
	int n = 0;

	pool_init(&p, 8 << 20);
	cr_expect_eq(pool_run(&p, fill_within, &n), -ENOMEM);
	cr_expect(n > 5000 && n < 8400, "%d", n);
	cr_expect_eq(pool_run(&p, cancel_within, &n), -ECANCELED);
	cr_expect_neq(n, 1);
	pool_fini(&p);
}
