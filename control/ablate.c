#include "control/ablate.h"

#include <errno.h>
#include <jansson.h>

#include "control/figures.h"

struct ablation {
	const struct corpus *corpus;
	const bool *held;
	struct learn_params params;
	bool json;
	struct diag *why;
};

static void
print_row(const struct ablation *row, const struct trial *t)
{
	const struct learn_report *l = &t->made.report;
	const struct eval_report *r = &t->report;
	char asked[64];

	if (row->params.clusterer != NULL)
		snprintf(asked, sizeof asked, "%s", row->params.clusterer);
	else if (row->params.order != 0)
		snprintf(asked, sizeof asked, "auto, order %u", row->params.order);
	else
		snprintf(asked, sizeof asked, "auto");
	if (row->json) {
		json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:f}", "asked", asked,
		    "clusterer", l->clusterer, "order", (int)l->order, "clusters", (int)l->clusters,
		    "foretold", l->foretold,
		    "class_agreement_messages", share(r->class_messages, r->messages),
		    "class_agreement_conversations", share(r->class_conversations, r->conversations));

		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	} else {
		printf("%-30s %5u %8u %8.2f %% %8.2f %% %8.2f %%  ", asked, l->order, l->clusters,
		    100 * l->foretold, 100 * share(r->class_messages, r->messages),
		    100 * share(r->class_conversations, r->conversations));
		puts(row->params.clusterer == NULL ? l->clusterer : "");
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
	if (err == 0)
		print_row(row, &t);
	return err;
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

int
ablate(struct pool *pool, const struct corpus *c, const bool *held, const struct learn_params *p,
    bool json, struct diag *why)
{
	static const uint32_t orders[] = { 1, 2, 4, 0 };	/* 0, the last: everything is free */
	struct ablation row = { c, held, *p, json, why };
	int err = 0;

	row.params.progress = NULL;
	if (!json)
		printf("%-30s %5s %8s %10s %10s %10s\n", "clusterer", "order", "clusters", "foretold",
		    "messages", "whole");
	for (const struct clusterer *a = clusterers; err == 0 && a->name != NULL; a++)
		err = in_own_pool(&row, pool, a->name, 0);
	for (const struct clusterer *a = clusterers; err == 0 && a->name != NULL; a++)
		for (const struct clusterer *b = a + 1; err == 0 && b->name != NULL; b++)
			err = try_product(&row, pool, a->name, b->name);
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(orders); i++)
		err = in_own_pool(&row, pool, NULL, orders[i]);
	return err;
}
