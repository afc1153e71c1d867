#include <errno.h>

#include "learning/cluster.h"
#include "tests/pooled.h"

enum { N = 400 };

static const char *const line[] = { "USER a", "USER b", "LIST a", "TYPE a", "TYPE b" };

static int
run(struct clustering *c, struct pool *pool, const struct span *m, const uint32_t *reply,
    uint32_t n)
{
	struct cluster_input in = { .message = m, .n = n, .reply = reply };
	struct cluster_params p = cluster_params();

	return clusterer_find("reply-supervised")->run(c, pool, &in, &p);
}

POOLED(supervised, divides_what_is_answered_differently_and_nothing_else)
{
	static const uint32_t answer[] = { 331, 530, 150, 200, 200 };
	struct span m[N];
	uint32_t reply[N];
	struct clustering c;

	for (uint32_t i = 0; i < N; i++) {
		m[i] = span_str(line[i % 5]);
		reply[i] = i % 9 == 0 ? CLUSTER_NONE : answer[i % 5];
	}
	cr_assert_eq(run(&c, pool, m, reply, N), 0);
	cr_expect_neq(c.label[0], c.label[1], "the argument decides");
	cr_expect_eq(c.label[3], c.label[4], "the argument decides nothing");
	cr_expect_eq(c.k, 4);
	for (uint32_t i = 5; i < N; i++)
		cr_assert_eq(c.label[i], c.label[i % 5], "also where the reply is not known");
}

POOLED(supervised, chance_divides_nothing)
{
	struct span m[N];
	uint32_t reply[N], seed = 5;
	struct clustering c;

	for (uint32_t i = 0; i < N; i++) {
		seed = seed * 1664525 + 1013904223;
		m[i] = span_str(line[i % 5]);
		reply[i] = seed >> 30;
	}
	cr_assert_eq(run(&c, pool, m, reply, N), 0);
	cr_expect_eq(c.k, 1);
}

POOLED(supervised, without_replies_there_is_nothing_to_go_by)
{
	struct span m[] = { span_str("a"), span_str("b") };
	uint32_t none[] = { CLUSTER_NONE, CLUSTER_NONE };
	struct clustering c;

	cr_expect_eq(run(&c, pool, m, NULL, 2), -ENODATA);
	cr_expect_eq(run(&c, pool, m, none, 0), -ENODATA);
	cr_assert_eq(run(&c, pool, m, none, 2), 0);
	cr_expect_eq(c.k, 1);
}

POOLED(supervised, templates_are_clusters_too)
{
	struct span m[] = { span_str("a"), span_str("b"), span_str("c") };
	uint32_t template[] = { 7, 3, 7 };
	struct cluster_input in = { .message = m, .n = 3, .template = template };
	struct cluster_params p = cluster_params();
	struct clustering c;

	cr_assert_eq(clusterer_find("template")->run(&c, pool, &in, &p), 0);
	cr_expect(c.k == 2 && c.label[0] == 0 && c.label[1] == 1 && c.label[2] == 0);
	in.template = NULL;
	cr_expect_eq(clusterer_find("template")->run(&c, pool, &in, &p), -ENODATA);
}
