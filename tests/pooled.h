#pragma once
/*
 * pooled.h - the body of a test that needs a learning job's pool.
 *
 * POOLED(suite, name) { ... pool ... } runs the body inside pool_run(); an early end of
 * the job fails the test. SKIP_WITHOUT("reference/x") says what is missing and skips.
 */
#include <stdio.h>

#include <criterion/criterion.h>

#include "learning/pool.h"

#define POOLED(suite, name)                                                                    \
	static int job_##suite##_##name(struct pool *pool, void *ctx);                         \
	static void body_##suite##_##name(struct pool *pool);                                  \
	Test(suite, name)                                                                      \
	{                                                                                      \
		struct pool memory;                                                            \
		pool_init(&memory, 0);                                                         \
		cr_expect_eq(pool_run(&memory, job_##suite##_##name, NULL), 0);                \
		pool_fini(&memory);                                                            \
	}                                                                                      \
	static int job_##suite##_##name(struct pool *pool, void *ctx)                          \
	{                                                                                      \
		(void)ctx;                                                                     \
		body_##suite##_##name(pool);                                                   \
		return 0;                                                                      \
	}                                                                                      \
	static void body_##suite##_##name(struct pool *pool)

#define SKIP_WITHOUT(what)                                                                     \
	do {                                                                                   \
		printf("skipped: no " what " in '%s'\n", TEST_SHARED);                         \
		fflush(stdout);                                                                \
		cr_skip_test("no " what " in '%s'", TEST_SHARED);                              \
	} while (0)
