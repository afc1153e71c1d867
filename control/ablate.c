#include "control/ablate.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "control/figures.h"
#include "control/gate.h"

enum { LEARNERS = 3 };

struct single {				/* one that competes alone, of clusterers or of learners */
	const char *name;		/* NULL: none yet */
	uint32_t right;
	bool *is_right;			/* per reply of what is held out */
};

struct ablation {
	const struct corpus *corpus;
	const bool *held;
	struct learn_params params;
	bool json;
	struct diag *why;
	bool is_single, is_joint;	/* the row: competes alone; chooses among those that do */
	struct single best;		/* so far */
	struct single learner[LEARNERS];
	unsigned nlearners;
};

/* Kinds of replies of what is held out, and where one learner alone is right about more of them than the joint model. */
struct kinds {
	unsigned n, below, worse;	/* of these: by more than chance */
	uint32_t lacking;		/* replies that those are right about more */
};

static void
take_single(struct single *s, const char *name, const struct eval_report *r)
{
	s->name = name;
	s->right = r->class_messages;
	for (uint32_t i = 0; i < r->nlines; i++)
		s->is_right[i] = r->line[i].same_class;
}

static void
note_single(struct ablation *row, const struct eval_report *r)
{
	bool is_learner = row->params.clusterer == NULL;
	const char *name = is_learner ? row->params.learner : row->params.clusterer;

	if (row->best.name == NULL || r->class_messages > row->best.right)
		take_single(&row->best, name, r);
	if (is_learner)
		take_single(&row->learner[row->nlearners++], name, r);
}

/* The replies of one kind, that of line first: who is right about how many. */
static void
count_kind(const struct ablation *row, const struct eval_report *r, uint32_t first, struct kinds *to)
{
	uint32_t most = 0, joint = 0;
	bool worse = false;

	for (unsigned k = 0; k < row->nlearners; k++) {
		uint32_t right = 0, won = 0, lost = 0;

		for (uint32_t i = first; i < r->nlines; i++) {
			if (!klass_eq(&r->line[i].klass, &r->line[first].klass))
				continue;
			right += row->learner[k].is_right[i];
			won += r->line[i].same_class && !row->learner[k].is_right[i];
			lost += row->learner[k].is_right[i] && !r->line[i].same_class;
		}
		joint = right + won - lost;
		most = MAX(most, right);
		worse |= gate_worse(won, lost);
	}
	to->n++;
	to->below += most > joint;
	to->lacking += most > joint ? most - joint : 0;
	to->worse += worse;
}

static struct kinds
compare_kinds(const struct ablation *row, const struct eval_report *r)
{
	struct kinds k = { 0 };

	for (uint32_t i = 0; i < r->nlines; i++) {
		uint32_t earlier = 0;

		while (!klass_eq(&r->line[earlier].klass, &r->line[i].klass))
			earlier++;
		if (earlier == i)
			count_kind(row, r, i, &k);
	}
	return k;
}

/* What the free choice costs: its replies against those of the one that turned out best. */
static void
print_distance(const struct ablation *row, const struct eval_report *r)
{
	const struct single *best = &row->best;
	uint32_t won = 0, lost = 0;
	double points = 100 * (share(r->class_messages, r->messages) - share(best->right, r->messages));
	struct kinds k = compare_kinds(row, r);
	bool chance;

	for (uint32_t i = 0; i < r->nlines; i++) {
		won += r->line[i].same_class && !best->is_right[i];
		lost += best->is_right[i] && !r->line[i].same_class;
	}
	chance = !gate_worse(won, lost) && !gate_worse(lost, won);
	if (row->json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:b}", "asked", "distance", "of",
		    row->params.learner, "best_single", best->name, "messages", (int)r->messages, "won", (int)won,
		    "lost", (int)lost, "points", points, "by_chance", chance);

		if (row->nlearners > 0)
			json_object_set_new(o, "kinds", json_pack("{s:i, s:i, s:i, s:i}", "all", (int)k.n, "below", (int)k.below,
			    "lacking", (int)k.lacking, "worse", (int)k.worse));
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
		return;
	}
	printf("%s against %s, the best one alone: %+.2f points (of %u messages %u won, %u lost%s)\n",
	    row->params.learner, best->name, points, r->messages, won, lost,
	    won + lost == 0 ? "" : chance ? "; may be chance" : "; more than chance");
	if (row->nlearners > 0)
		printf("by kind of reply: of %u kinds one learner alone is right more often in %u (%u replies), in %u more than "
		    "chance\n", k.n, k.below, k.lacking, k.worse);
}

static void
print_row(const struct ablation *row, const struct trial *t)
{
	const struct learn_report *l = &t->made.report;
	const struct eval_report *r = &t->report;
	struct span learner = t->made.text.learner;
	char asked[64];

	if (row->params.clusterer != NULL)
		snprintf(asked, sizeof asked, "%s", row->params.clusterer);
	else if (row->params.order != 0)
		snprintf(asked, sizeof asked, "%s, order %u", row->params.learner, row->params.order);
	else
		snprintf(asked, sizeof asked, "%s", row->params.learner);
	if (row->json) {
		json_t *o = json_pack("{s:s, s:s%, s:s?, s:i, s:i, s:f, s:f, s:f}", "asked", asked,
		    "learner", learner.p, learner.n, "clusterer", l->clusterer, "order", (int)l->order,
		    "clusters", (int)l->clusters,
		    "foretold", l->foretold,
		    "class_agreement_messages", share(r->class_messages, r->messages),
		    "class_agreement_conversations", share(r->class_conversations, r->conversations));

		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	} else {
		printf("%-30s %5u %8u %8.2f %% %8.2f %% %8.2f %%  %.*s %s\n", asked, l->order, l->clusters,
		    100 * l->foretold, 100 * share(r->class_messages, r->messages),
		    100 * share(r->class_conversations, r->conversations), (int)learner.n, (const char *)learner.p,
		    l->clusterer == NULL ? "" : l->clusterer);
	}
	fflush(stdout);
}

static int
try_row(struct pool *pool, void *ctx)
{
	struct ablation *row = ctx;
	struct trial t;
	int err = trial_run(&t, pool, row->corpus, row->held, &row->params, EVAL_CLASSES, row->why);

	if (err == -EINVAL && row->params.clusterer != NULL) {
		if (!row->json)
			printf("%-30s cannot sort these messages\n", row->params.clusterer);
		return 0;
	}
	if (err < 0)
		return err;
	print_row(row, &t);
	if (row->is_joint)
		print_distance(row, &t.report);
	else if (row->is_single)
		note_single(row, &t.report);
	return 0;
}

/* In a pool of its own, from the same place, so that no row keeps what it needed. */
static int
in_own_pool(struct ablation *row, struct pool *outer, const char *clusterer, uint32_t order)
{
	struct pool *own = pool_alloc(outer, sizeof *own);
	int err;

	pool_check(outer);
	pool_inner(own, outer);
	row->params.clusterer = clusterer;
	row->params.order = order;
	err = pool_run(own, try_row, row);
	pool_fini(own);
	return err;
}

static int
try_product(struct ablation *row, struct pool *pool, const char *a, const char *b)
{
	char name[64];

	snprintf(name, sizeof name, "%s+%s", a, b);
	return in_own_pool(row, pool, name, 0);
}

/* PRISMA's clusterers and orders, then what it chooses. */
static int
try_prisma(struct ablation *row, struct pool *pool)
{
	static const uint32_t orders[] = { 1, 2, 4 };
	int err = 0;

	row->params.learner = "prisma";
	row->is_single = true;
	for (const struct clusterer *a = clusterers; err == 0 && a->name != NULL; a++)
		err = in_own_pool(row, pool, a->name, 0);
	row->is_single = false;
	for (const struct clusterer *a = clusterers; err == 0 && a->name != NULL; a++)
		for (const struct clusterer *b = a + 1; err == 0 && b->name != NULL; b++)
			err = try_product(row, pool, a->name, b->name);
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(orders); i++)
		err = in_own_pool(row, pool, NULL, orders[i]);
	row->is_joint = row->best.name != NULL;
	return err < 0 ? err : in_own_pool(row, pool, NULL, 0);
}

/* The learners alone, then all of them. */
static int
try_learners(struct ablation *row, struct pool *pool)
{
	static const char *const alone[] = { "prisma", "scriptgen", "mining" };
	int err = 0;

	row->best.name = NULL;
	row->is_single = true;
	row->is_joint = false;
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(alone); i++) {
		row->params.learner = alone[i];
		if (strcmp(alone[i], "mining") != 0 || row->params.definition != NULL)
			err = in_own_pool(row, pool, NULL, 0);
	}
	row->params.learner = "auto";
	row->is_joint = true;
	return err < 0 ? err : in_own_pool(row, pool, NULL, 0);
}

int
ablate(struct pool *pool, const struct corpus *c, const bool *held, const struct learn_params *p,
    bool json, struct diag *why)
{
	struct ablation row = { c, held, *p, json, why };
	int err;

	row.best.is_right = pool_array(pool, (size_t)c->nmessages + 1, sizeof(bool));
	for (unsigned i = 0; i < LEARNERS; i++)
		row.learner[i].is_right = pool_array(pool, (size_t)c->nmessages + 1, sizeof(bool));
	row.params.progress = NULL;
	if (!json)
		printf("%-30s %5s %8s %10s %10s %10s  %s\n", "what is asked", "order", "clusters", "foretold",
		    "messages", "whole", "what it came to");
	err = try_prisma(&row, pool);
	return err < 0 ? err : try_learners(&row, pool);
}
