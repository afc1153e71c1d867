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

static int
two_stages_by_turns(struct pool *pool, void *ctx)
{
	struct job *j = ctx;

	progress_at(&j->progress, "one", 0);
	pool_alloc(pool, 8 << 20);
	progress_at(&j->progress, "one", 0.5);
	progress_at(&j->progress, "two", 0);
	progress_at(&j->progress, "one", 0);
	pool_alloc(pool, 8 << 20);
	progress_at(&j->progress, "two", 0);
	return 0;
}

Test(job, keeps_one_account_of_a_stage_that_comes_back)
{
	struct diag why = { "" };
	struct job j;

	cr_assert_eq(job_init(&j, 0, &why), 0, "%s", why.text);
	job_watch(&j);
	cr_expect_eq(pool_run(&j.pool, two_stages_by_turns, &j), 0);
	job_stop_watch(&j);
	cr_assert_eq(j.nstages, 2);
	cr_expect_str_eq(j.stage[0].name, "one");
	cr_expect_str_eq(j.stage[1].name, "two");
	cr_expect_geq(j.stage[0].seconds, 0);
	for (unsigned i = 0; i < j.nstages; i++)
		cr_expect(j.stage[i].cpu_seconds > 0 && j.stage[i].cpu_seconds < j.stage[i].seconds + 0.01);
	cr_expect_geq(j.stage[0].pool_bytes, (size_t)16 << 20);
	cr_expect_eq(j.stage[1].pool_bytes, j.pool.used_bytes);
	job_fini(&j);
}

Test(job, more_stages_than_it_can_tell_apart_are_not_its_end)
{
	static const char names[JOB_STAGES + 3][2] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",
		"m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "0" };
	struct diag why = { "" };
	struct job j;

	cr_assert_eq(job_init(&j, 0, &why), 0, "%s", why.text);
	job_watch(&j);
	for (unsigned i = 0; i < JOB_STAGES + 3; i++)
		progress_at(&j.progress, names[i], 0);
	job_stop_watch(&j);
	cr_expect_eq(j.nstages, JOB_STAGES);
	job_fini(&j);
}
