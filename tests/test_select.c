#include <math.h>

#include "learning/select.h"
#include "tests/asap.h"
#include "tests/cases.h"
#include "tests/pooled.h"

/* Smallest surviving count at the Bonferroni level: spec/prisma.md 3, measured there. */
static const struct {
	enum select_test test;
	uint32_t features, c_min;
} cuts[] = {
	{ SELECT_NORMAL, 100, 17 }, { SELECT_NORMAL, 10000, 20 }, { SELECT_NORMAL, 100000, 21 },
	{ SELECT_EXACT, 100, 19 }, { SELECT_EXACT, 1000, 21 }, { SELECT_EXACT, 10000, 23 },
	{ SELECT_EXACT, 100000, 25 },
};

EACH_CASE(select, the_cut_is_a_nearly_constant_count, cuts)
{
	enum { N = 10000 };
	static uint32_t of[N + 1];
	struct select_params p = select_params();
	struct select_limits l;

	p.test = cuts[*i].test;
	/* one feature below the cut and one at it, each tried alone among the others */
	for (uint32_t c = cuts[*i].c_min - 1; c <= cuts[*i].c_min; c++) {
		memset(of, 0, sizeof of);
		of[1] = cuts[*i].features - 1;
		of[c] = 1;
		l = select_limits(&p, of, N);
		cr_expect_eq(l.nkept, c == cuts[*i].c_min, "count %u of %u features", c,
		    cuts[*i].features);
		cr_expect_eq(l.nvolatile + l.nkept, cuts[*i].features);
	}
}

/* The plain way: a p-value per feature, sorted, Holm, both families. */
static uint32_t
naive_kept(const uint32_t *count, uint32_t m, uint32_t n, double expected)
{
	uint8_t rejected[2][64] = { { 0 } };
	uint32_t kept = 0;

	for (int family = 0; family < 2; family++) {
		double worst = 0;
		uint8_t done[64] = { 0 };

		for (uint32_t rank = 0; rank < m; rank++) {
			uint32_t best = m;
			double p, least = 2;

			for (uint32_t f = 0; f < m; f++) {
				uint32_t c = family ? n - count[f] : count[f];

				p = 0;
				for (uint32_t k = c; k <= n; k++)
					p += exp(lgamma(n + 1.) - lgamma(k + 1.) - lgamma(n - k + 1.)
					    + k * log(expected / n) + (n - k) * log1p(-expected / n));
				if (!done[f] && p < least) {
					least = p;
					best = f;
				}
			}
			done[best] = 1;
			worst = fmax(worst, least * (m - rank));
			rejected[family][best] = worst < 0.05;
		}
	}
	for (uint32_t f = 0; f < m; f++)
		kept += rejected[0][f] && rejected[1][f];
	return kept;
}

Test(select, the_histogram_walk_equals_a_test_per_feature)
{
	struct select_params p = select_params();
	uint32_t x = 1, some = 0;

	for (uint32_t n = 40; n < 120; n += 7) {
		uint32_t count[40], of[128] = { 0 };
		struct select_limits l;

		for (uint32_t f = 0; f < ARRAY_LEN(count); f++) {
			x = x * 1664525 + 1013904223;
			count[f] = 1 + (x >> 8) % n;
			of[count[f]]++;
		}
		l = select_limits(&p, of, n);
		cr_expect_eq(l.nkept, naive_kept(count, ARRAY_LEN(count), n, 7.5), "n %u", n);
		some += l.nkept;
	}
	cr_expect_gt(some, 0);
}

Test(select, too_little_data_keeps_nothing_unless_scaled)
{
	uint32_t of[31] = { [1] = 50, [10] = 3, [15] = 4, [30] = 5 };
	struct select_params p = select_params();
	struct select_limits l = select_limits(&p, of, 30);
	uint32_t none[1] = { 0 };

	cr_expect_eq(l.nkept, 0);
	p.full_n = 1000;
	l = select_limits(&p, of, 30);
	cr_expect_eq(l.nkept, 7);
	cr_expect_eq(l.nconstant, 5);
	cr_expect_eq(l.nvolatile, 50);
	cr_expect_eq(select_limits(&p, none, 0).nkept, 0);
}

Test(select, too_many_features_lose_those_that_tell_least)
{
	static uint32_t of[10001] = { [30] = 5, [40] = 7, [5000] = 3, [9970] = 6 };
	struct select_params p = select_params();
	struct select_limits l = select_limits(&p, of, 10000);

	cr_expect_eq(l.nkept, 21);
	p.max_kept = 12;
	l = select_limits(&p, of, 10000);
	cr_expect_eq(l.nkept, 10);
	cr_expect_eq(l.nthinned, 11);
	cr_expect(l.c_min == 31 && l.c_max == 9969);
	p.max_kept = 3;
	cr_expect_eq(select_limits(&p, of, 10000).nkept, 3);
}

POOLED(select, equal_features_group_and_equal_messages_merge)
{
	/* u and v go together; w alone */
	struct span m[] = { span_str("v u"), span_str("w"), span_str("u v"), span_str("w v u"),
		span_str(""), span_str("w") };
	struct embed_params p = embed_params(EMBED_WHITESPACE, 1);
	struct embed_count c;
	struct embedding e;
	struct selection s;

	embed_count(&c, pool, &p, m, ARRAY_LEN(m));
	embed_index(&e, pool, &c, 1, ARRAY_LEN(m));
	select_reduce(&s, pool, &e, 7);
	cr_expect_eq(s.ngroups, 2);
	cr_expect(s.group_of[0] == 0 && s.group_of[1] == 0 && s.group_of[2] == 1);
	cr_expect_eq(s.ndistinct, 4);
	cr_expect(s.distinct_of[2] == 0 && s.distinct_of[5] == 1 && s.distinct_of[4] == 3);
	cr_expect(s.weight[0] == 2 && s.weight[1] == 2 && s.weight[2] == 1 && s.weight[3] == 1);
	cr_expect_eq(sparse_count(&s.x, 3), 0);
	cr_expect_eq(s.first_message[2], 3);
}

POOLED(select, asap_keeps_what_the_original_keeps)
{
	struct span *text = pool_array(pool, ASAP_MESSAGES, sizeof *text);
	double *column = pool_array(pool, ASAP_MESSAGES, sizeof *column);
	uint32_t column_of[ASAP_DISTINCT];
	struct embed_params p = embed_params(EMBED_WHITESPACE, 1);

	if (asap_texts(pool, text) < 0
	    || asap_numbers("remapper.txt", column, ASAP_MESSAGES) < 0)
		SKIP_WITHOUT("reference/asap");
	for (int test = SELECT_EXACT; test <= SELECT_NORMAL; test++) {
		struct select_params how = select_params();
		struct select_limits l;
		struct embed_count c;
		struct embedding e;
		struct selection s;

		how.test = test;
		embed_count(&c, pool, &p, text, ASAP_MESSAGES);
		l = select_limits(&how, embed_histogram(pool, &c), ASAP_MESSAGES);
		embed_index(&e, pool, &c, l.c_min, l.c_max);
		select_reduce(&s, pool, &e, 1);
		printf("asap, test %d: features %u / 10034, constant %u / 12, volatile %u / 9999, "
		       "kept %u / 23, groups %u / 12, distinct %u / 24\n", test, l.nfeatures,
		    l.nconstant, l.nvolatile, l.nkept, s.ngroups, s.ndistinct);
		cr_expect_eq(l.nfeatures, 10034);
		cr_expect_eq(l.nconstant, 12);
		cr_expect_eq(l.nvolatile, 9999);
		cr_expect_eq(e.x.rows, 23);
		cr_expect_eq(s.ngroups, ASAP_GROUPS);
		cr_assert_eq(s.ndistinct, ASAP_DISTINCT);
		/* the remapper is the package's, up to the order of columns */
		for (uint32_t d = 0; d < s.ndistinct; d++)
			column_of[d] = (uint32_t)column[s.first_message[d]];
		for (uint32_t m = 0; m < ASAP_MESSAGES; m++)
			cr_assert_eq(column_of[s.distinct_of[m]], (uint32_t)column[m]);
	}
}
