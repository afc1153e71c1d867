#include "control/curve.h"

#include <errno.h>

#include "control/figures.h"

enum { CURVE_SEED = 11 };		/* of which conversations are the first to be learned from */

struct attempt {
	const struct corpus *corpus;
	const bool *held;
	const struct learn_params *params;
	unsigned part;			/* one in so many */
	struct curve_point point;
	struct diag *why;
};

/* Conversations that are neither held out nor beyond this part of the rest. */
static uint32_t
take_part(bool *use, struct pool *pool, const struct attempt *a)
{
	const bool *part = a->part == 1 ? NULL : corpus_split(pool, a->corpus, 100 / a->part, CURVE_SEED);
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->corpus->nconversations; i++) {
		use[i] = !a->held[i] && (part == NULL || part[i]);
		n += use[i];
	}
	return n;
}

static int
try_part(struct pool *pool, void *ctx)
{
	struct attempt *a = ctx;
	struct curve_point *to = &a->point;
	bool *use = pool_array(pool, a->corpus->nconversations + 1, sizeof *use);
	struct eval_report r;
	struct learned made;
	int err;

	to->conversations = take_part(use, pool, a);
	if (to->conversations < LEARN_MIN_CONVERSATIONS)
		return 0;
	err = learn_image(&made, pool, a->corpus, use, a->params, a->why);
	if (err < 0)
		return err;
	eval(&r, pool, made.model, a->corpus, a->held, EVAL_ALL, a->params->progress);
	to->states = made.text.nstate;
	to->image_bytes = (uint32_t)made.image.n;
	to->class_messages = share(r.class_messages, r.messages);
	to->class_conversations = share(r.class_conversations, r.conversations);
	to->similarity = r.similarity;
	return 0;
}

int
curve_measure(struct curve *out, struct pool *pool, const struct corpus *c, const bool *held,
    const struct learn_params *p, struct diag *why)
{
	int err = 0;

	out->n = 0;
	for (unsigned part = 1 << (CURVE_POINTS - 1); err == 0 && part > 0; part /= 2) {
		struct attempt a = { c, held, p, part, { 0 }, why };
		struct pool *own = pool_alloc(pool, sizeof *own);

		pool_check(pool);
		pool_inner(own, pool);
		err = pool_run(own, try_part, &a);
		pool_fini(own);
		if (err == 0 && a.point.states > 0)
			out->at[out->n++] = a.point;
	}
	return err;
}

json_t *
curve_json(const struct curve *k)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < k->n; i++) {
		const struct curve_point *p = &k->at[i];

		json_array_append_new(all, json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}",
		    "conversations", (json_int_t)p->conversations, "states", (json_int_t)p->states,
		    "image_bytes", (json_int_t)p->image_bytes,
		    "class_agreement_messages", p->class_messages,
		    "class_agreement_conversations", p->class_conversations, "similarity", p->similarity));
	}
	if (k->n > 0)
		return all;
	json_decref(all);
	return json_null();
}

void
curve_print(const struct curve *k)
{
	if (k->n == 0)
		return;
	printf("\n%-12s %8s %12s %12s %14s %12s\n", "learned from", "states", "image bytes", "class agrees",
	    "conversations", "similarity");
	for (unsigned i = 0; i < k->n; i++) {
		const struct curve_point *p = &k->at[i];

		printf("%12u %8u %12u %10.2f %% %12.2f %% %10.2f %%\n", p->conversations, p->states,
		    p->image_bytes, 100 * p->class_messages, 100 * p->class_conversations, 100 * p->similarity);
	}
}
