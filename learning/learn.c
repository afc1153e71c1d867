#include "learning/learn.h"

#include <errno.h>
#include <string.h>

#include "learning/built.h"
#include "learning/learners.h"
#include "learning/scrub.h"
#include "learning/vectors.h"

static const struct {
	const char *name;
	learner_fn *learn;
} learners[] = {
	{ "auto", learn_auto },
	{ "prisma", learn_prisma },
	{ "scriptgen", learn_scriptgen },
	{ "mining", learn_mining },
};

static size_t
find_learner(const char *name)
{
	size_t k = 0;

	while (k < ARRAY_LEN(learners) && strcmp(name, learners[k].name) != 0)
		k++;
	return k;
}

bool
learn_has_learner(const char *name)
{
	return find_learner(name) < ARRAY_LEN(learners);
}

bool
learn_uses_definition(const struct learn_params *p)
{
	if (p->learner != NULL && strcmp(p->learner, "auto") != 0)
		return strcmp(p->learner, "mining") == 0;
	return p->clusterer == NULL && p->order == 0;	/* else it is PRISMA */
}

bool
learn_uses_related(const struct learn_params *p)
{
	return p->definition != NULL && learn_uses_definition(p) && definition_has_data(p->definition);
}

/* Are there conversations enough? Counts them. */
static int
check_corpus(const struct corpus *c, const bool *use, struct learn_report *report, struct diag *why)
{
	for (uint32_t i = 0; i < c->nconversations; i++)
		report->conversations += (use == NULL || use[i]) && c->conversations[i].n > 0;
	if (report->conversations < LEARN_MIN_CONVERSATIONS)
		return diag_set(why, -ENODATA, "%s: %u conversations of %s/%u are too few to learn "
		    "from; give captures with at least %d.", c->sources[0].name,
		    report->conversations, c->proto == PROTO_TCP ? "tcp" : "udp", c->port,
		    LEARN_MIN_CONVERSATIONS);
	return 0;
}

int
learn_corpus(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	size_t k = p->learner == NULL ? 0 : find_learner(p->learner);
	int err;

	*t = (struct text){ 0 };
	*report = (struct learn_report){ .corpus = c };
	if (k == ARRAY_LEN(learners))
		return diag_set(why, -EINVAL, "There is no learner %s.", p->learner);
	err = check_corpus(c, use, report, why);
	return err < 0 ? err : learners[k].learn(t, pool, c, use, p, report, why);
}

const struct corpus *
learn_scrub(struct pool *pool, const struct corpus *c, const struct learn_params *p)
{
	struct exchanges x;

	if (p->no_scrub)
		return c;
	progress_at(p->progress, "scrub", 0);
	exchanges_make(&x, pool, c, NULL, lesson_is_binary(c, pool));
	return scrub(pool, c, &x, p->seed);
}

int
learn_image(struct learned *out, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct diag *why)
{
	struct built *built = built_new(pool);
	int err = learn_corpus(&out->text, pool, c, use, p, &out->report, why);

	if (err < 0)
		return err;
	progress_at(p->progress, "compile", 0);
	err = built_make(built, &out->text, &out->compiled, why);
	if (err < 0)
		return err;
	progress_at(p->progress, "vectors", 0);
	vectors_record(&out->text, pool, built->model, c, use);
	err = built_vectors(built, &out->text, why);
	out->compiled.image_bytes = built->n;
	if (err == 0)
		err = selftest_run(built->model, why);	/* nobody would take a model that fails it */
	progress_at(p->progress, "vectors", 1);
	out->image = span_of(built->image, built->n);
	out->model = built->model;
	return MIN(err, 0);
}

static bool *
all_but_held_out(struct pool *pool, const struct corpus *c, unsigned percent)
{
	bool *use = corpus_held_out(pool, c, percent);

	for (uint32_t i = 0; i < c->nconversations; i++)
		use[i] = !use[i];
	return use;
}

int
learn(struct learned *out, struct pool *pool, const char *const *paths, size_t n,
    const struct learn_params *p, struct diag *why)
{
	struct corpus_options o = { .proto = p->proto, .port = p->port, .seed = p->seed,
		.related = learn_uses_related(p),
		.budget_bytes = p->budget_bytes > 0 ? p->budget_bytes : LEARN_BUDGET_BYTES };
	struct corpus *c;
	int err;

	if (p->progress != NULL) {
		o.progress = p->progress->fn;
		o.ctx = p->progress->ctx;
	}
	err = corpus_load(&c, pool, &o, paths, n, why);
	if (err < 0)
		return err;
	return learn_image(out, pool, learn_scrub(pool, c, p), all_but_held_out(pool, c, p->spare), p, why);
}
