/* NMF that starts at the basis of the model before: sooner done, not worse, and only where it fits. */
#include "learning/warm.h"

#include "learning/learn.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

/* What came of learning with nmf; the text goes on living in the pool. */
struct once {
	struct text t;
	struct learn_report r;
};

static struct once
learn_once(struct pool *pool, const struct corpus *c, const bool *use, const struct text *before)
{
	struct learn_params p = { .name = "service", .clusterer = "nmf", .order = 2, .before = before };
	struct diag why = { "" };
	struct once o;

	cr_assert_eq(learn_corpus(&o.t, pool, c, use, &p, &o.r, &why), 0, "%s", why.text);
	return o;
}

/* With nothing prescribed but the model before. */
static struct once
learn_again(struct pool *pool, const struct corpus *c, const bool *use, const struct text *before)
{
	struct learn_params p = { .name = "service", .before = before };
	struct diag why = { "" };
	struct once o;

	cr_assert_eq(learn_corpus(&o.t, pool, c, use, &p, &o.r, &why), 0, "%s", why.text);
	return o;
}

static struct corpus *
shipped(struct pool *pool, const char *name)
{
	struct corpus_options options = { .seed = 1 };
	char path[512];
	const char *paths[1] = { path };
	struct diag why = { "" };
	struct corpus *c;

	snprintf(path, sizeof path, TEST_ROOT "/tests/data/%s.pcap.gz", name);
	cr_assert_eq(corpus_load(&c, pool, &options, paths, 1, &why), 0, "%s", why.text);
	return c;
}

static uint32_t
sweeps(const struct once *o)
{
	return o->r.nmf.sweeps + o->r.nmf.finish_sweeps;
}

/* Are the templates put together in the same way, whatever the clusters are called? */
static bool
same_clusters(const struct text *a, const struct text *b)
{
	if (a->ntemplate != b->ntemplate)
		return false;
	for (uint32_t i = 0; i < a->ntemplate; i++)
		for (uint32_t k = 0; k < i; k++)
			if ((a->template[i].cluster == a->template[k].cluster) !=
			    (b->template[i].cluster == b->template[k].cluster))
				return false;
	return true;
}

POOLED(warm, the_same_conversations_end_where_they_ended_in_a_fraction_of_the_sweeps)
{
	struct corpus *c = shipped(pool, "ftp-proftpd");
	struct once cold = learn_once(pool, c, NULL, NULL);
	struct once warm = learn_once(pool, c, NULL, &cold.t);

	printf("cold %u sweeps, objective %.4f; warm %u, %.4f\n", sweeps(&cold), cold.r.nmf.objective,
	    sweeps(&warm), warm.r.nmf.objective);
	cr_expect(warm.r.nmf.warm && !cold.r.nmf.warm);
	cr_expect_eq(warm.r.nmf.known, 1.0);
	cr_expect_eq(warm.r.nmf.more, 0);
	cr_expect_leq(4 * sweeps(&warm), sweeps(&cold), "%u, cold %u", sweeps(&warm), sweeps(&cold));
	cr_expect_leq(warm.r.nmf.objective, cold.r.nmf.objective);
	cr_expect(same_clusters(&cold.t, &warm.t));
}

POOLED(warm, one_conversation_in_a_hundred_more_costs_few_sweeps)
{
	struct corpus *c = shipped(pool, "ftp-proftpd");
	bool *use = corpus_split(pool, c, 1, 3);	/* the hundredth is true */
	struct once old, cold, warm;

	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = !use[i];
	old = learn_once(pool, c, use, NULL);
	cold = learn_once(pool, c, NULL, NULL);
	warm = learn_once(pool, c, NULL, &old.t);
	printf("cold %u sweeps, objective %.4f; warm %u, %.4f\n", sweeps(&cold), cold.r.nmf.objective,
	    sweeps(&warm), warm.r.nmf.objective);
	cr_expect_lt(old.r.conversations, warm.r.conversations);
	cr_expect(warm.r.nmf.warm);
	cr_expect_leq(2 * sweeps(&warm), sweeps(&cold), "%u, cold %u", sweeps(&warm), sweeps(&cold));
	cr_expect_leq(warm.r.nmf.objective, cold.r.nmf.objective * 1.05);
}

POOLED(warm, what_named_the_events_still_does_until_there_are_a_quarter_more_conversations)
{
	struct corpus *c = shipped(pool, "ftp-small");
	bool *half = pool_array(pool, c->nconversations, sizeof *half);
	bool *most = pool_array(pool, c->nconversations, sizeof *most);
	struct once old, grown, all;

	for (uint32_t i = 0; i < c->nconversations; i++) {
		most[i] = i % 10 != 0;
		half[i] = i % 2 != 0;
	}
	old = learn_again(pool, c, most, NULL);
	cr_expect_not(old.r.kept);
	cr_expect_eq(old.t.chosen_of, old.r.conversations);
	cr_expect_gt(old.r.choice.ncandidates, 3);
	all = learn_again(pool, c, NULL, &old.t);
	cr_expect(all.r.kept);
	cr_expect_eq(all.r.choice.ncandidates, 1);
	cr_expect(span_eq(all.t.clusterer, old.t.clusterer));
	cr_expect_eq(all.t.order, old.t.order);
	cr_expect_eq(all.t.chosen_of, old.r.conversations, "it was not chosen again");
	old = learn_again(pool, c, half, NULL);
	grown = learn_again(pool, c, NULL, &old.t);
	cr_expect_not(grown.r.kept);
	cr_expect_eq(grown.t.chosen_of, grown.r.conversations);
	old.t.clusterer = span_str("tea-leaves");
	old.t.chosen_of = grown.r.conversations;
	cr_expect_not(learn_again(pool, c, NULL, &old.t).r.kept, "nobody knows that clusterer");
}

POOLED(warm, both_sides_begin_where_they_ended)
{
	struct corpus *c = shipped(pool, "ftp-proftpd");
	struct once cold = learn_once(pool, c, NULL, NULL), warm;

	cr_expect_gt(cold.t.basis[SIDE_SERVER].ncluster, 3);
	warm = learn_once(pool, c, NULL, &cold.t);
	cr_expect_eq(warm.t.basis[SIDE_SERVER].ncluster, cold.t.basis[SIDE_SERVER].ncluster);
}

POOLED(warm, the_basis_of_another_service_changes_nothing)
{
	struct once ftp = learn_once(pool, shipped(pool, "ftp-small"), NULL, NULL);
	static const char *const others[] = { "http-small", "dns-small" };	/* words; bytes */

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct corpus *c = shipped(pool, others[i]);
		struct once alone = learn_once(pool, c, NULL, NULL);
		struct once with = learn_once(pool, c, NULL, &ftp.t);
		char *a, *b;
		size_t n;

		cr_expect_not(with.r.nmf.warm, "%s", others[i]);
		cr_expect_lt(with.r.nmf.known, WARM_KNOWN, "%s", others[i]);
		cr_assert(text_print(&alone.t, &a, &n) == 0 && text_print(&with.t, &b, &n) == 0);
		cr_expect_str_eq(a, b);
		free(a);
		free(b);
	}
}

/* Five commands; a sixth in some of the last ones. */
static struct handmade
commands(struct pool *pool, unsigned conversations, unsigned with_sixth)
{
	static const char *const words[] = { "RETR", "STOR", "DELE", "SIZE", "MDTM" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < conversations; i++) {
		handmade_open(&h);
		for (unsigned k = 0; k < 5; k++) {
			unsigned w = (i + k * (1 + i % 2)) % 5;

			handmade_say(&h, SIDE_CLIENT, span_str(handmade_line(&h, "%s f%u\r\n", words[w],
			    7919 * (5 * i + k))));
			handmade_say(&h, SIDE_SERVER, span_str(handmade_line(&h, "%u done\r\n", 200 + w)));
		}
		if (i < conversations - with_sixth)
			continue;
		handmade_say(&h, SIDE_CLIENT, span_str("HASH\r\n"));
		handmade_say(&h, SIDE_SERVER, span_str("299 hashed\r\n"));
	}
	return h;
}

static int32_t
cluster_of(const struct text *t, const char *command)
{
	for (uint32_t i = 0; i < t->ntemplate; i++)
		for (uint32_t k = 0; k < t->template[i].nelem; k++)
			if (t->template[i].elem[k].lit.n >= 4 &&
			    memcmp(t->template[i].elem[k].lit.p, command, 4) == 0)
				return t->template[i].cluster;
	return -2;
}

POOLED(warm, a_command_that_the_basis_does_not_know_gets_a_cluster)
{
	static const char *const words[] = { "RETR", "STOR", "DELE", "SIZE", "MDTM" };
	struct handmade before = commands(pool, 100, 0), after = commands(pool, 130, 30);
	struct once old = learn_once(pool, before.c, NULL, NULL);
	struct once warm = learn_once(pool, after.c, NULL, &old.t);

	cr_assert(warm.r.nmf.warm, "%.3f known", warm.r.nmf.known);
	cr_expect_lt(warm.r.nmf.known, 1.0);
	cr_expect_eq(warm.r.nmf.more, 1);
	cr_expect_geq(cluster_of(&warm.t, "HASH"), 0);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		cr_expect_neq(cluster_of(&warm.t, words[i]), cluster_of(&warm.t, "HASH"), "%s", words[i]);
}

/* A model file may hold any finite weights. */
POOLED(warm, a_basis_of_nonsense_does_no_harm)
{
	struct handmade h = commands(pool, 100, 0);
	struct once old = learn_once(pool, h.c, NULL, NULL);
	double weights[] = { 0, -1, 1e308, 1e-308 };

	for (size_t i = 0; i < ARRAY_LEN(weights); i++) {
		struct once o;

		for (uint32_t j = 0; j < old.t.basis[SIDE_CLIENT].ncluster; j++)
			for (uint32_t k = 0; k < old.t.basis[SIDE_CLIENT].ncolumn[j]; k++)
				old.t.basis[SIDE_CLIENT].column[j][k].value = weights[i];
		o = learn_once(pool, h.c, NULL, &old.t);
		cr_expect_geq(cluster_of(&o.t, "RETR"), 0, "%g", weights[i]);
	}
}
