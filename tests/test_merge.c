/* Which learner is right about which kind of message. */
#include "learning/merge.h"

#include "tests/handmade.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

enum { N = 10 };

static struct handmade
recorded(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">USER a\r\n", "<331 go on\r\n", ">QUIT\r\n", "<221 bye\r\n",
		    ">NOOP\r\n", NULL);
	return h;
}

/* What it says to the connection, to USER, NOOP and QUIT; an empty answer is none. */
static struct eval_report
played(struct pool *pool, const struct handmade *h, const char *connect, const char *user, const char *noop,
    const char *quit)
{
	const char *say[] = { connect, user, noop, quit }, *event[] = { "connect", "message 0", "message 1", "message 2" };
	static const unsigned order[] = { 1, 2, 3, 0 };
	struct eval_report r;
	struct model *m;
	char text[2048];
	int n = snprintf(text, sizeof text,
	    "mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\nstart 0\neom 0 term \"\\r\\n\" error 0.0\n"
	    "template 0 support 1 from hand\n  match \"USER \" line \"\\r\\n\"\n"
	    "template 1 support 1 from hand\n  match \"NOOP\\r\\n\"\n"
	    "template 2 support 1 from hand\n  match \"QUIT\\r\\n\"\n");

	for (unsigned i = 0; i < 4; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "reply %u support 1 from hand\n  say \"%s\\r\\n\"\n", i, say[i]);
	n += snprintf(text + n, sizeof text - (size_t)n, "state 0 eom 0 support 1 \"\"\n");
	for (unsigned i = 0; i < 4; i++)
		if (say[order[i]][0] != '\0')
			n += snprintf(text + n, sizeof text - (size_t)n, "  on %s\n    alt weight 1 say %u goto 0 from hand\n",
			    event[order[i]], order[i]);
	m = model_of(text);
	eval(&r, pool, m, h->c, NULL, EVAL_CLASSES, NULL);
	model_destroy(m);
	return r;
}

static const struct merge_kind *
kind(const struct merge_report *r, int32_t template)
{
	for (uint32_t k = 0; k < r->n; k++)
		if (r->kind[k].template == template)
			return &r->kind[k];
	cr_assert_fail("no messages of kind %d", template);
	return NULL;
}

/* Two learners were heard, the first of them speaks. */
static void
sort_two(struct merge_report *r, struct pool *pool, const struct handmade *h, const struct eval_report *a,
    const struct eval_report *b)
{
	struct merge m;

	merge_begin(&m, pool, h->c, 2);
	merge_hear(&m, 0, a);
	merge_hear(&m, 1, b);
	merge_sort(r, pool, &m, 0, a);
}

POOLED(merge, every_kind_of_message_has_its_own_score)
{
	struct handmade h = recorded(pool);
	struct eval_report a = played(pool, &h, "220 ready", "331 go on", "", "500 what"),
		b = played(pool, &h, "220 ready", "500 what", "", "221 bye");
	struct merge_report r;

	sort_two(&r, pool, &h, &a, &b);
	cr_expect_eq(r.n, 3, "the connection, USER, QUIT; nobody ever answered NOOP");
	cr_expect_eq(kind(&r, 0)->score[0].right, N);
	cr_expect_eq(kind(&r, 0)->score[1].right, 0);
	cr_expect_eq(kind(&r, 0)->score[1].lost, N);
	cr_expect_eq(kind(&r, 2)->score[0].right, 0);
	cr_expect_eq(kind(&r, 2)->score[1].right, N);
	cr_expect_eq(kind(&r, 2)->score[1].won, N);
	cr_expect_eq(kind(&r, MERGE_CONNECT)->score[1].right, N);
	cr_expect_eq(kind(&r, MERGE_CONNECT)->score[1].won + kind(&r, MERGE_CONNECT)->score[1].lost, 0);
}

POOLED(merge, silence_is_a_kind_and_speaking_unasked_counts)
{
	struct handmade h = recorded(pool);
	struct eval_report a = played(pool, &h, "220 ready", "331 go on", "", ""),
		b = played(pool, &h, "220 ready", "331 go on", "200 here", "221 bye");
	const struct merge_score *s;
	struct merge_report r;

	sort_two(&r, pool, &h, &a, &b);
	s = kind(&r, MERGE_SILENT)->score;
	cr_expect_eq(s[0].played, N, "QUIT");
	cr_expect_eq(s[0].right, 0);
	cr_expect_eq(s[1].right, N);
	cr_expect_eq(s[1].unasked, N, "NOOP");
	cr_expect_eq(s[1].won, N);
	cr_expect_eq(s[1].lost, N);
}

POOLED(merge, what_is_not_understood_is_no_template_whatever_all_conversations_taught)
{
	struct handmade h = recorded(pool);
	struct eval_report all = played(pool, &h, "220 ready", "331 go on", "", "221 bye"), part = all;
	struct merge_report r;
	struct merge m;

	for (uint32_t t = 0; t < part.conversations; t++)
		for (uint32_t i = 0; i < part.talk[t].played.n; i++)
			part.talk[t].played.line[i].match = MATCH_OTHER;
	merge_begin(&m, pool, h.c, 1);
	merge_hear(&m, 0, &part);
	merge_sort(&r, pool, &m, 0, &all);
	cr_expect_eq(r.n, 2);
	cr_expect_eq(kind(&r, MERGE_OTHER)->score[0].played, 2 * N);
	cr_expect_eq(kind(&r, MERGE_CONNECT)->score[0].played, N);
}

static const bool anybody[MERGE_LEARNERS] = { true, true, true };

POOLED(merge, a_second_learner_answers_what_it_was_right_about_clearly_more_often)
{
	struct handmade h = recorded(pool);
	struct eval_report a = played(pool, &h, "220 ready", "331 go on", "", "500 what"),
		b = played(pool, &h, "220 ready", "500 what", "", "221 bye");
	struct text_template template[3] = { { .support = 1 }, { .support = 1 }, { .support = 1 } };
	struct text first = { .template = template, .ntemplate = 3 }, second = { .nsource = 1, .prisma.order = 2 };
	struct merge_report r;

	sort_two(&r, pool, &h, &a, &b);
	merge_choose(&r, anybody, 2);
	cr_assert_eq(r.second, 1);
	cr_expect_eq(kind(&r, 0)->by, 0);
	cr_expect_eq(kind(&r, 2)->by, 1);
	cr_expect_eq(kind(&r, MERGE_CONNECT)->by, 0, "equals: the first");
	merge_write(&first, &second, &r);
	cr_expect_eq(first.second, &second);
	cr_expect(!template[0].second && !template[1].second && template[2].second);
	cr_expect_eq(first.second_for, 0);
	cr_expect_eq(second.nsource + second.prisma.order, 0);
}

POOLED(merge, a_second_learner_may_answer_where_the_first_is_silent)
{
	struct handmade h = recorded(pool);
	struct eval_report a = played(pool, &h, "220 ready", "331 go on", "", ""),
		b = played(pool, &h, "220 ready", "500 what", "", "221 bye");
	struct text first = { 0 }, second = { 0 };
	struct merge_report r;

	sort_two(&r, pool, &h, &a, &b);
	merge_choose(&r, (bool []){ true, false, true }, 2);
	cr_expect_eq(r.second, 0, "who may not, does not");
	merge_choose(&r, anybody, 2);
	merge_write(&first, &second, &r);
	cr_expect_eq(first.second_for, 1u << SECOND_SILENT);
}

Test(merge, what_chance_may_do_and_what_is_hardly_worth_it_makes_no_second)
{
	struct merge_kind some[] = {
		{ .template = 0, .score = { { .played = 100 }, { .won = 5, .lost = 3 } } },
		{ .template = 1, .score = { { .played = 500 }, { .won = 2, .closer = 1 } } },
	};
	struct merge_report r = { .kind = some, .n = 2 };

	merge_choose(&r, anybody, 2);
	cr_expect_eq(r.second, 0, "2 of 600");
	some[1].score[0].played = 300;
	merge_choose(&r, anybody, 2);
	cr_expect_eq(r.second, 1);
	cr_expect_eq(some[0].by, 0, "5 to 3 may be chance");
	cr_expect_eq(some[1].by, 1);
}

Test(merge, what_the_first_answers_goes_to_nobody_who_is_not_nearer_to_the_byte)
{
	struct merge_kind some[] = {
		{ .template = MERGE_SILENT, .score = { { .played = 50 }, { .won = 20 } } },
		{ .template = 0, .score = { { .played = 50 }, { .won = 20 } } },
		{ .template = 1, .score = { { .played = 50 }, { .won = 20, .closer = 3, .farther = 3 } } },
		{ .template = 2, .score = { { .played = 50 }, { .won = 20, .closer = 4, .farther = 3 } } },
	};
	struct merge_report r = { .kind = some, .n = 4 };

	merge_choose(&r, anybody, 2);
	cr_expect_eq(some[0].by, 1, "better than nothing");
	cr_expect_eq(some[1].by, 0);
	cr_expect_eq(some[2].by, 0);
	cr_expect_eq(some[3].by, 1);
}

Test(merge, a_retraining_keeps_what_the_second_answers_by_what_templates_look_like)
{
	struct text_elem quit = { .kind = ELEM_LIT, .lit = span_str("QUIT\r\n") }, noop = { .kind = ELEM_LIT,
		.lit = span_str("NOOP\r\n") };
	struct text_template old[] = { { .elem = &noop, .nelem = 1 }, { .elem = &quit, .nelem = 1, .second = true } },
		new[] = { { .elem = &quit, .nelem = 1 }, { .elem = &noop, .nelem = 1 } };
	struct text before = { .template = old, .ntemplate = 2, .second_for = 1u << SECOND_OTHER },
		again = { .template = new, .ntemplate = 2 }, second = { 0 };

	merge_again(&again, &second, &before);
	cr_expect(new[0].second && !new[1].second);
	cr_expect_eq(again.second_for, 1u << SECOND_OTHER);
	cr_expect_eq(again.second, &second);
}
