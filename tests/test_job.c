#include "control/job.h"

#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <string.h>

#include "tests/cases.h"

static int
fill(struct pool *pool, void *ctx)
{
	size_t bytes = *(size_t *)ctx;

	memset(pool_alloc(pool, bytes), 0x5a, bytes);
	return 7;
}

Test(job, runs_with_a_pool_of_its_own_and_gives_the_memory_back)
{
	size_t bytes = 8 << 20;
	struct diag why = { "" };
	struct job j;

	cr_assert_eq(job_init(&j, 0, &why), 0, "%s", why.text);
	cr_expect_eq(pool_run(&j.pool, fill, &bytes), 7);
	cr_expect_geq(j.pool.used_bytes, bytes);
	job_fini(&j);
}

Test(job, ends_at_its_limit_and_the_next_one_is_not_harmed)
{
	size_t bytes = 8 << 20, few = 1000;
	struct diag why = { "" };
	struct job j;

	cr_assert_eq(job_init(&j, 1 << 20, &why), 0, "%s", why.text);
	cr_expect_eq(pool_run(&j.pool, fill, &bytes), -ENOMEM);
	job_fini(&j);
	cr_assert_eq(job_init(&j, 4 << 20, &why), 0, "%s", why.text);
	cr_expect_eq(pool_run(&j.pool, fill, &few), 7);
	job_fini(&j);
}

Test(job, arenas_do_not_add_up)
{
	unsigned before, after;
	size_t size = sizeof before, bytes = 1000;
	struct diag why = { "" };

	for (unsigned i = 0; i < 50; i++) {
		struct job j;

		cr_assert_eq(job_init(&j, 0, &why), 0, "%s", why.text);
		cr_expect_eq(pool_run(&j.pool, fill, &bytes), 7);
		job_fini(&j);
		if (i == 0)
			mallctl("arenas.narenas", &before, &size, NULL, 0);
	}
	cr_assert_eq(mallctl("arenas.narenas", &after, &size, NULL, 0), 0);
	cr_expect_eq(after, before);
}

Test(job, two_jobs_at_once_have_arenas_of_their_own)
{
	struct diag why = { "" };
	struct job a, b;

	cr_assert_eq(job_init(&a, 0, &why), 0, "%s", why.text);
	cr_assert_eq(job_init(&b, 0, &why), 0, "%s", why.text);
	cr_expect_neq(a.arena, b.arena);
	job_fini(&a);
	job_fini(&b);
}
