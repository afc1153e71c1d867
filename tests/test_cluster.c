#include <cblas.h>
#include <errno.h>

#include "learning/cluster.h"
#include "tests/asap.h"
#include "tests/itunes.h"
#include "tests/pooled.h"

/* Client lines of a command protocol, 8 commands, arguments that hardly repeat. */
static void
command_lines(struct pool *pool, struct span *m, uint32_t *command, uint32_t n)
{
	static const char *const verb[] = { "USER %u\r\n", "PASS %u\r\n", "LIST\r\n", "CWD /%u\r\n",
		"RETR file%u\r\n", "TYPE I\r\n", "QUIT\r\n", "SYST\r\n" };
	uint32_t seed = 3;

	for (uint32_t i = 0; i < n; i++) {
		char *text = pool_alloc(pool, 32);

		seed = seed * 1664525 + 1013904223;
		command[i] = seed >> 29;
		/* the argument uses the same generator so that it is no function of the verb */
		m[i] = span_of(text, snprintf(text, 32, verb[command[i]], seed >> 4 & 0xffff));
	}
}

static bool
same_partition(const uint32_t *a, const uint32_t *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if ((a[i] == a[k]) != (b[i] == b[k]))
				return false;
		}
	}
	return true;
}

static void
check(const struct clustering *c)
{
	uint32_t sum = 0;

	for (uint32_t j = 0; j < c->k; j++) {
		cr_assert_gt(c->size[j], 0, "no empty cluster");
		sum += c->size[j];
	}
	cr_assert_eq(sum, c->n);
	cr_assert(c->null_label == CLUSTER_NONE || c->null_label == c->k - 1);
	for (uint32_t i = 0; i < c->n; i++)
		cr_assert_lt(c->label[i], c->k);
}

POOLED(cluster, nmf_separates_the_commands_of_a_small_capture)
{
	enum { N = 240 };
	struct span m[N];
	uint32_t command[N];
	struct cluster_input in = { m, N, NULL };
	struct cluster_params p = cluster_params();
	struct clustering c, again;

	openblas_set_num_threads(1);
	command_lines(pool, m, command, N);
	cr_assert_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), 0);
	check(&c);
	cr_expect(c.report.text);
	cr_expect(same_partition(c.label, command, N), "%u clusters", c.k);
	cr_assert_not_null(c.basis);
	/* a message never seen goes where its command goes */
	for (uint32_t i = 0; i < 8; i++) {
		if (command[i] == 0)
			cr_expect_eq(cluster_assign(pool, c.basis, span_str("USER nobody\r\n")),
			    c.label[i]);
	}
	cr_expect_eq(cluster_assign(pool, c.basis, span_str("NOOP\r\n")), CLUSTER_NONE);
	clusterer_find("nmf")->run(&again, pool, &in, &p);
	cr_expect_eq(memcmp(c.label, again.label, sizeof command), 0);
	cr_expect_eq(memcmp(c.basis->b.v, again.basis->b.v,
	    (size_t)c.basis->b.rows * c.basis->b.cols * sizeof(double)), 0);
}

POOLED(cluster, too_little_to_tell_apart_is_said)
{
	struct span m[4] = { span_str("a"), span_str("b"), span_str("c"), span_str("d") };
	struct cluster_input in = { m, 4, NULL };
	struct cluster_params p = cluster_params();
	struct clustering c;

	cr_expect_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), -ENODATA);
	cr_expect_eq(c.report.limits.nkept, 0);
	cr_expect_eq(c.report.limits.nfeatures, 4);
	in.n = 0;
	cr_expect_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), -ENODATA);
	cr_expect_eq(clusterer_find("first-token")->run(&c, pool, &in, &p), -ENODATA);
	cluster_whole(&c, pool, 4);
	check(&c);
	cr_expect_eq(c.k, 1);
	cr_expect_null(clusterer_find("no such"));
}

POOLED(cluster, first_tokens_name_their_clusters)
{
	struct span m[] = { span_str("USER a\r\n"), span_str("  USER b"), span_str("QUIT\r\n"),
		span_str("\r\n"), span_str("USER c"), span_str("QUIT"), span_str("RARE x") };
	struct cluster_input in = { m, ARRAY_LEN(m), NULL };
	struct cluster_params p = cluster_params();
	uint32_t all[] = { 0, 0, 1, 9, 0, 1, 2 }, few[] = { 0, 0, 1, 9, 0, 1, 9 };
	struct clustering c;

	clusterer_find("first-token")->run(&c, pool, &in, &p);
	check(&c);
	cr_expect(same_partition(c.label, all, ARRAY_LEN(all)));
	cr_expect(span_eq(c.key[c.label[2]], span_str("QUIT")));
	cr_expect_eq(c.null_label, c.label[3]);
	p.max_tokens = 3;	/* USER, QUIT and the empty one are the most frequent or first */
	clusterer_find("first-token")->run(&c, pool, &in, &p);
	check(&c);
	cr_expect(same_partition(c.label, few, ARRAY_LEN(few)));
	cr_expect(c.report.capped);
}

POOLED(cluster, regular_bytes_sort_binary_messages)
{
	enum { N = 200 };
	struct span m[N];
	uint32_t kind[N], seed = 9;
	struct cluster_input in = { m, N, NULL };
	struct cluster_params p = cluster_params();
	struct clustering c;

	for (uint32_t i = 0; i < N; i++) {
		uint8_t *b = pool_alloc(pool, 8);

		seed = seed * 1664525 + 1013904223;
		kind[i] = seed >> 30;
		memcpy(b, &(uint64_t){ seed * 0x9e3779b97f4a7c15u }, 8);	/* an id */
		b[4] = 0;
		b[5] = (uint8_t)kind[i];
		m[i] = span_of(b, 8);
	}
	clusterer_find("first-token")->run(&c, pool, &in, &p);
	check(&c);
	cr_expect_not(c.report.text);
	cr_expect(same_partition(c.label, kind, N), "%u clusters", c.k);
}

POOLED(cluster, a_product_tells_what_either_tells)
{
	struct span m[6] = { span_str("a"), span_str("a"), span_str("b"), span_str("b"),
		span_str("a"), span_str("b") };
	struct cluster_input in = { m, 6, NULL };
	struct cluster_params p = cluster_params();
	uint32_t other[] = { 0, 1, 0, 0, 1, 0 }, want[] = { 0, 1, 2, 2, 1, 2 };
	struct clustering a, b, c;

	clusterer_find("first-token")->run(&a, pool, &in, &p);
	cluster_whole(&b, pool, 6);
	b.label = other;
	b.k = 2;
	cluster_product(&c, pool, &a, &b);
	check(&c);
	cr_expect_eq(c.k, 3);
	cr_expect(same_partition(c.label, want, 6));
}

POOLED(cluster, the_cap_on_the_inner_dimension_is_reported)
{
	enum { N = 240 };
	struct span m[N];
	uint32_t command[N];
	struct cluster_input in = { m, N, NULL };
	struct cluster_params p = cluster_params();
	struct clustering c;

	openblas_set_num_threads(1);
	command_lines(pool, m, command, N);
	p.max_inner = 4;
	cr_assert_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), 0);
	cr_expect(c.report.capped && c.report.inner == 4);
	check(&c);
}

POOLED(cluster, asap_through_the_front_door)
{
	struct span *text = pool_array(pool, ASAP_MESSAGES, sizeof *text);
	double of_distinct[ASAP_DISTINCT], *column = pool_array(pool, ASAP_MESSAGES, sizeof *column);
	struct cluster_input in = { text, ASAP_MESSAGES, NULL };
	struct cluster_params p = cluster_params();
	struct clustering c;
	uint32_t label_of[8], agree = 0;

	openblas_set_num_threads(1);
	if (asap_texts(pool, text) < 0 || asap_numbers("remapper.txt", column, ASAP_MESSAGES) < 0
	    || asap_numbers("labels_loo_replicate.txt", of_distinct, ASAP_DISTINCT) < 0)
		SKIP_WITHOUT("reference/asap");
	p.text = embed_params(EMBED_WHITESPACE, 1);
	p.nmf.max_finish = 0;
	cr_assert_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), 0);
	check(&c);
	for (int l = 0; l < 8; l++)
		label_of[l] = CLUSTER_NONE;
	for (uint32_t i = 0; i < ASAP_MESSAGES; i++) {
		uint32_t *l = &label_of[(uint32_t)of_distinct[(uint32_t)column[i]] & 7];

		if (*l == CLUSTER_NONE)
			*l = c.label[i];
		agree += *l == c.label[i];
	}
	printf("asap: %u clusters / 8, labels as the reference %u / 10000\n", c.k, agree);
	cr_expect_eq(c.k, 8);
	cr_expect_eq(agree, ASAP_MESSAGES);
}

/* Share of pairs of messages that both put together or both keep apart. */
static double
rand_index(const struct clustering *c, const uint32_t *event)
{
	uint64_t same = 0, pairs = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		/* the original throws messages without features in with event 1 */
		for (uint32_t k = 0; c->label[i] != c->null_label && k < i; k++) {
			if (c->label[k] == c->null_label)
				continue;
			pairs++;
			same += (c->label[i] == c->label[k]) == (event[i] == event[k]);
		}
	}
	return (double)same / pairs;
}

POOLED(cluster, itunes_has_the_events_of_the_original)
{
	struct span *m = pool_array(pool, ITUNES_MESSAGES, sizeof *m);
	struct cluster_input in = { m, ITUNES_MESSAGES, NULL };
	struct cluster_params p = cluster_params();
	uint32_t event[ITUNES_MESSAGES];
	struct clustering c;
	int n = itunes_messages(pool, m);

	openblas_set_num_threads(1);
	if (n < 0 || itunes_events(event) != ITUNES_MESSAGES)
		SKIP_WITHOUT("reference/itunes-xbmc");
	p.bytes = CLUSTER_TEXT;		/* pictures and sound are most of the bytes */
	p.text = embed_params(EMBED_WHITESPACE, 2);
	p.select = select_params();
	p.select.test = SELECT_NORMAL;
	/* the folds of cv5 depend on the order of columns, which is not the package's here */
	for (int how = NMF_LOO_REPLICATE; how <= NMF_CV5; how++) {
		p.nmf = nmf_params();
		p.nmf.ridge = how;
		p.nmf.still = how == NMF_LOO_REPLICATE ? p.nmf.still : 0;
		p.nmf.max_finish = how == NMF_LOO_REPLICATE ? p.nmf.max_finish : 0;
		cr_assert_eq(clusterer_find("nmf")->run(&c, pool, &in, &p), 0);
		check(&c);
		printf("itunes: messages %d / 822, features %u / 910, constant %u / 0, volatile %u "
		       "/ 836, kept %u / 74, groups %u / 37, distinct %u / 87, dimension %u / 10\n"
		       "  ridge choice %d: clusters %u + null / 10, null %u / 21, objective %.3f / "
		       "214.634, Rand index %.4f / 1\n", n, c.report.limits.nfeatures,
		    c.report.limits.nconstant, c.report.limits.nvolatile, c.report.limits.nkept,
		    c.report.groups, c.report.distinct, c.report.estimated, how, c.k - 1,
		    c.null_label == CLUSTER_NONE ? 0 : c.size[c.null_label], c.report.objective,
		    rand_index(&c, event));
		cr_expect_eq(n, ITUNES_MESSAGES);
		cr_expect_eq(c.report.limits.nfeatures, 910);
		cr_expect_eq(c.report.limits.nconstant, 0);
		cr_expect_eq(c.report.limits.nvolatile, 836);
		cr_expect_eq(c.report.limits.nkept, 74);
		cr_expect_eq(c.report.groups, 37);
		cr_expect_eq(c.report.distinct, 87);
		cr_expect_eq(c.report.estimated, 10);
		cr_assert_neq(c.null_label, CLUSTER_NONE);
		cr_expect_eq(c.size[c.null_label], 21);
		cr_expect_gt(rand_index(&c, event), 0.97);
	}
}
