/* One model of all learners: who answers best is taken. */
#include "learning/join.h"

#include <cblas.h>
#include <stdio.h>

#include "learning/learn.h"
#include "tests/mining_rig.h"

struct joined {
	struct text t;
	struct learn_report r;
};

static struct joined
join(struct pool *pool, const struct corpus *c, const bool *use, const struct text *before,
    const struct definition *definition)
{
	struct learn_params p = { .name = "service", .before = before, .definition = definition };
	struct diag why = { "" };
	struct joined j;

	openblas_set_num_threads(1);
	cr_assert_eq(learn_corpus(&j.t, pool, c, use, &p, &j.r, &why), 0, "%s", why.text);
	return j;
}

static const char *
taken(const struct joined *j)
{
	cr_assert_lt(j->r.join.chosen, j->r.join.n);
	return j->r.join.entry[j->r.join.chosen].learner;
}

static bool
is_of(const struct text *t, const char *learner)
{
	return span_eq(t->learner, span_str(learner));
}

/* Visitors who are greeted by name: too few for words, enough for bytes. */
static struct handmade
visits(struct pool *pool, unsigned n)
{
	struct handmade h = handmade(pool, PROTO_TCP, 777);

	for (unsigned i = 0; i < n; i++) {
		const char *name = handmade_line(&h, "%c%c%c%u", 'a' + i, 'z' - i, 'k' + i % 9, i * 7 % 10);
		unsigned book = 100 + i * 37 % 90;

		handmade_talk(&h, "<desk ready\r\n", handmade_line(&h, ">name %s\r\n", name),
		    handmade_line(&h, "<ok hello %s\r\n", name), handmade_line(&h, ">take %u\r\n", book),
		    handmade_line(&h, "<book %u for %s\r\n", book, name), ">bye\r\n", "<so long\r\n", NULL);
	}
	return h;
}

/* What a page is depends on its name, and the names are many. */
static struct handmade
pages(struct pool *pool, unsigned n)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);

	for (unsigned i = 0; i < n; i++)
		handmade_talk(&h, "<200 ready\r\n", handmade_line(&h, ">GET page%u\r\n", i * 7 % 15),
		    i * 7 % 15 % 3 == 0 ? "<404 none\r\n" : i * 7 % 15 % 3 == 1 ? "<200 here\r\n" : "<301 moved\r\n",
		    ">QUIT\r\n", "<221 bye\r\n", NULL);
	return h;
}

POOLED(join, who_answers_best_is_taken)
{
	struct handmade few = visits(pool, 8), text = pages(pool, 60);
	struct joined a = join(pool, few.c, NULL, NULL, NULL), b = join(pool, text.c, NULL, NULL, NULL);

	cr_expect_str_eq(taken(&a), "scriptgen");
	cr_expect(is_of(&a.t, "scriptgen"));
	cr_expect_eq(a.t.ntemplate > 0 ? a.t.template[0].origin : ORIGIN_N, ORIGIN_SCRIPTGEN);
	cr_expect_gt(a.r.join.entry[a.r.join.chosen].equal, a.r.join.entry[0].equal);
	cr_expect_str_eq(taken(&b), "prisma");
	cr_expect(is_of(&b.t, "prisma"));
	cr_expect_gt(b.r.join.entry[0].right, b.r.join.entry[1].right);
	cr_expect_eq(b.r.join.n, 2, "without a definition nothing is mined");
}

POOLED(join, what_is_hopeless_is_not_played_to_the_end)
{
	struct handmade few = pages(pool, 60), many = pages(pool, 300);
	struct joined a = join(pool, few.c, NULL, NULL, NULL), b = join(pool, many.c, NULL, NULL, NULL);

	cr_expect_eq(a.r.join.entry[0].played, 3 * 60, "few are no evidence");
	cr_expect_gt(b.r.join.entry[0].played, 0);
	cr_expect_lt(b.r.join.entry[0].played, 3 * 300, "%u", b.r.join.entry[0].played);
}

POOLED(join, a_definition_brings_service_mining_in)
{
	const char *path = TEST_ROOT "/tests/data/ftp-walks.pcap.gz";
	struct corpus_options options = { .seed = 1 };
	struct diag why = { "" };
	struct corpus *c;
	struct joined j;
	bool *use;

	cr_assert_eq(corpus_load(&c, pool, &options, &path, 1, &why), 0, "%s", why.text);
	use = pool_array(pool, c->nconversations, sizeof *use);
	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = i % 2 == 0;
	j = join(pool, c, use, NULL, ftp_definition(pool));
	cr_expect_str_eq(taken(&j), "mining");
	cr_expect(is_of(&j.t, "mining"));
	cr_expect_not_null(j.r.mining.mined);
}

POOLED(join, the_learner_is_kept_until_there_are_a_quarter_more_conversations)
{
	struct handmade some = visits(pool, 8), more = visits(pool, 10), many = visits(pool, 11);
	struct joined first = join(pool, some.c, NULL, NULL, NULL), again, anew;

	cr_expect_not(first.r.kept);
	cr_expect_eq(first.t.chosen_of, 8);
	again = join(pool, more.c, NULL, &first.t, NULL);
	cr_expect(again.r.kept);
	cr_expect(is_of(&again.t, "scriptgen"));
	cr_expect_eq(again.r.join.n, 0, "nothing was played");
	cr_expect_eq(again.t.chosen_of, 8);
	anew = join(pool, many.c, NULL, &again.t, NULL);
	cr_expect_not(anew.r.kept);
	cr_expect_eq(anew.t.chosen_of, 11);
	first.t.learner = span_str("mining");
	cr_expect_not(join(pool, more.c, NULL, &first.t, NULL).r.kept, "there is no definition any more");
	first.t.learner = span_str("scriptgen");
	cr_expect_not(join(pool, more.c, NULL, &first.t, ftp_definition(pool)).r.kept, "the definition is to be heard");
}

/* Both: who is greeted, and what a page is. */
static struct handmade
mixed(struct pool *pool, unsigned n)
{
	struct handmade h = handmade(pool, PROTO_TCP, 777);

	for (unsigned i = 0; i < n; i++) {
		const char *name = handmade_line(&h, "%c%c%c%u", 'a' + i % 26, 'z' - i % 25, 'k' + i % 9, i * 7 % 10);
		unsigned page = i * 7 % 11;

		handmade_talk(&h, "<200 ready\r\n", handmade_line(&h, ">name %s\r\n", name),
		    handmade_line(&h, "<210 hello %s\r\n", name), handmade_line(&h, ">GET page%u\r\n", page),
		    page % 3 == 0 ? "<404 none\r\n" : page % 3 == 1 ? "<200 here\r\n" : "<301 moved\r\n",
		    ">QUIT\r\n", "<221 bye\r\n", NULL);
	}
	return h;
}

POOLED(join, every_kind_of_message_says_who_answers_it)
{
	struct handmade h = mixed(pool, 60);
	struct joined j = join(pool, h.c, NULL, NULL, NULL);
	const struct merge_report *m = &j.r.join.merge;
	uint32_t played = 0;

	cr_expect_eq(m->first, j.r.join.chosen);
	for (uint32_t k = 0; k < m->n; k++) {
		const struct merge_kind *kind = &m->kind[k];

		played += kind->score[m->first].played;
		cr_expect(kind->by == m->first || kind->by == m->second);
		if (kind->template >= 0)
			cr_expect_eq(j.t.template[kind->template].second, kind->by != m->first);
	}
	cr_expect_eq(played, j.r.join.entry[m->first].played);
	cr_expect_eq(j.t.second != NULL, m->second != m->first);
}
