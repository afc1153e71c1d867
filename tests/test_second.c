/* Two machines in one model, from a capture to the file and to the model that replaces it: merge.h, second.h. */
#include <cblas.h>

#include "learning/built.h"
#include "learning/trial.h"
#include "tests/cases.h"
#include "tests/pooled.h"
#include "tests/tool.h"

#define SNMP "\"$D\"/snmp-small.pcap.gz"
#define LEARN "\"$M\" learn -p udp/161 "

/* Replies of the right kind to the conversations that were held out. */
static uint32_t
right(struct pool *pool, const struct text *t, const struct eval_scale *s, const bool *held)
{
	struct built *b = built_new(pool);
	struct eval_report r;
	struct diag why = { "" };

	cr_assert_eq(built_make(b, t, NULL, &why), 0, "%s", why.text);
	eval_on(&r, pool, b->model, s, held, NULL);
	built_drop(b);
	return r.class_messages;
}

/* The first machine of a model, which answers all. */
static struct text
first_of(struct pool *pool, const struct text *both)
{
	struct text t = *both;

	t.second = NULL;
	t.second_for = 0;
	t.template = pool_copy(pool, t.template, t.ntemplate * sizeof *t.template);
	for (uint32_t i = 0; i < t.ntemplate; i++)
		t.template[i].second = false;
	return t;
}

POOLED(second, both_are_right_more_often_than_either)
{
	const char *path = TEST_ROOT "/tests/data/snmp-small.pcap.gz";
	struct corpus_options options = { .proto = PROTO_UDP, .port = 161 };
	struct learn_params p = { .name = "snmp" };
	struct diag why = { "" };
	const struct merge_report *m;
	uint32_t kinds[MERGE_LEARNERS] = { 0 };
	struct eval_scale scale;
	struct corpus *c;
	struct text first;
	struct trial t;
	bool *held;

	openblas_set_num_threads(1);
	cr_assert_eq(corpus_load(&c, pool, &options, &path, 1, &why), 0, "%s", why.text);
	held = corpus_split(pool, c, 40, 4);
	cr_assert_eq(trial_run(&t, pool, c, held, &p, EVAL_CLASSES, &why), 0, "%s", why.text);
	cr_assert_not_null(t.made.text.second);
	m = &t.made.report.join.merge;
	cr_assert_neq(m->first, m->second);
	for (uint32_t k = 0; k < m->n; k++)
		kinds[m->kind[k].by]++;
	cr_expect(kinds[m->first] > 0 && kinds[m->second] > 0);

	eval_scale(&scale, pool, c, EVAL_CLASSES);
	cr_assert_eq(t.report.class_messages, right(pool, &t.made.text, &scale, held));
	first = first_of(pool, &t.made.text);
	cr_expect_gt(t.report.class_messages, right(pool, &first, &scale, held));
	cr_expect_gt(t.report.class_messages, right(pool, t.made.text.second, &scale, held));
}

static const struct {
	const char *what, *line;
} cases[] = {
	{ "who stands beside is said by learn, show and text", LEARN "-o m.mynah " SNMP " >out && "
	    "grep -q 'beside it scriptgen answers' out && \"$M\" show m.mynah | grep -q '^beside  *scriptgen' && "
	    "\"$M\" show --text m.mynah | sed -n 's/^learner \"\\([a-z]*\\)\".*/\\1/p' >who && "
	    "printf 'prisma\\nscriptgen\\n' | cmp - who" },
	{ "the report names both, by kind of message", LEARN "-r r.json -o m.mynah " SNMP " >out && "
	    "python3 -c 'import json; r = json.load(open(\"r.json\")); by = {k[\"by\"] for k in r[\"kinds\"]}; "
	    "assert by == {\"prisma\", \"scriptgen\"}, by; "
	    "assert {l[\"learner\"] for l in r[\"learners\"]} == by'" },
	{ "read back as text it is the same image", LEARN "-o a.mynah " SNMP " >out && "
	    "\"$M\" show --text a.mynah >a.txt && \"$M\" compile a.txt -o b.mynah >out && cmp a.mynah b.mynah" },
	{ "learned again from as many it keeps both without a contest", LEARN "-o a.mynah " SNMP " >out && "
	    LEARN "-b a.mynah -r r.json -o b.mynah " SNMP " >out && \"$M\" show a.mynah | grep '^beside' >a && "
	    "\"$M\" show b.mynah | grep '^beside' >b && cmp a b && "
	    "python3 -c 'import json; assert json.load(open(\"r.json\"))[\"learners\"] == []'" },
};

EACH_CASE(second, from_a_capture_to_a_file, cases)
{
	tool_enter();
	cr_expect_eq(tool_run(cases[*i].line), 0, "%s", cases[*i].what);
	tool_leave();
}
