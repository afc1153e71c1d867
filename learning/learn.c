#include "learning/learn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "learning/dfa.h"
#include "learning/scrub.h"
#include "learning/sides.h"
#include "learning/usual.h"
#include "learning/vectors.h"

enum { CHOSEN_ANEW = 4 };

struct learner {
	struct pool *pool;
	const struct learn_params *p;
	struct learn_report *report;
	const char *name;		/* of the service */
	struct exchanges x;
	struct templates client, server;
	struct rules rules;
};

static void
basis_of(struct text_basis *out, struct pool *pool, const struct cluster_basis *b)
{
	out->nfeature = b->nfeatures;
	out->feature = b->feature;
	out->ngram = b->embed.kind == EMBED_BYTES ? b->embed.ngram : 0;
	out->ncluster = (uint32_t)b->b.cols;
	out->column = pool_array(pool, out->ncluster, sizeof *out->column);
	out->ncolumn = pool_array(pool, out->ncluster, sizeof *out->ncolumn);
	for (uint32_t j = 0; j < out->ncluster; j++) {
		out->column[j] = pool_array(pool, b->nfeatures, sizeof **out->column);
		for (uint32_t f = 0; f < b->nfeatures; f++) {
			double v = dense_row(&b->b, b->group_of[f])[j];

			if (v > 0)
				out->column[j][out->ncolumn[j]++] = (struct text_weight){ f, v };
		}
	}
}

static const char *
service_name(uint8_t proto, uint16_t port, struct pool *pool)
{
	char name[32];
	int n = snprintf(name, sizeof name, "%s-%u", proto == PROTO_TCP ? "tcp" : "udp", port);

	return pool_copy(pool, name, (size_t)n + 1);
}

static void
describe(struct text *t, struct learner *l, const struct corpus *c, const struct outcome *best)
{
	t->name = span_str(l->name);
	t->proto = c->proto == PROTO_TCP ? MODEL_TCP : MODEL_UDP;
	t->channel = CHANNEL_PLAIN;
	t->learner = span_str("prisma");
	t->order = best->order;
	t->seed = l->p->seed;
	t->clusterer = span_str(best->naming.clusterer);
	t->chosen_of = l->report->kept ? l->p->before->chosen_of : l->report->conversations;
	t->source = pool_array(l->pool, c->nsources, sizeof *t->source);
	t->nsource = c->nsources;
	for (uint32_t i = 0; i < c->nsources; i++) {
		const char *slash = strrchr(c->sources[i].name, '/');

		t->source[i].name = span_str(slash == NULL ? c->sources[i].name : slash + 1);
	}
	for (uint32_t i = 0; i < c->nconversations; i++) {
		struct text_source *s = &t->source[c->conversations[i].source];

		if (l->x.first[i + 1] > l->x.first[i]) {
			s->conversations++;
			s->messages += c->conversations[i].n;
		}
	}
}

static bool
is_binary(const struct corpus *c, struct pool *pool)
{
	struct span *m = pool_array(pool, c->nmessages + 1, sizeof *m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nmessages; i++)
		if (c->messages[i].side == SIDE_CLIENT)
			m[n++] = c->messages[i].bytes;
	return !embed_is_text(m, n);
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

/* Exchanges, the templates of both sides, and the rules between them. */
static int
prepare(struct learner *l, const struct corpus *c, const bool *use, struct diag *why)
{
	l->report->binary = is_binary(c, l->pool);
	odd_count(&l->report->odd, c, use);
	progress_at(l->p->progress, "exchanges", 0);
	exchanges_make(&l->x, l->pool, c, use, l->report->binary);
	progress_at(l->p->progress, "templates", 0);
	templates_of_server(&l->server, l->pool, &l->x);
	if (l->server.n == 0)
		return diag_set(why, -ENODATA, "%s: the server on %s/%u never answers what a client says, "
		    "so there is nothing to learn; see that both directions were captured.",
		    c->sources[0].name, c->proto == PROTO_TCP ? "tcp" : "udp", c->port);
	templates_of_client(&l->client, l->pool, &l->x, &l->server);
	progress_at(l->p->progress, "rules", 0);
	rules_learn(&l->rules, l->pool, &l->x, &l->client, &l->server);
	return 0;
}

static void
report_sizes(const struct learner *l, const struct outcome *best)
{
	struct learn_report *report = l->report;
	struct dfa dfa, minimal;
	uint32_t *map;

	report->exchanges = l->x.n;
	report->pipelined = l->x.pipelined;
	report->silent = l->x.silent;
	report->extra = l->x.extra;
	report->client_templates = l->client.n;
	report->server_templates = l->server.n;
	report->answers = l->rules.n;
	report->markov_states = best->markov.nfull;
	dfa_of_markov(&dfa, l->pool, &best->markov);
	map = pool_array(l->pool, dfa.nstates + 1, sizeof *map);
	dfa_minimize(&minimal, map, l->pool, &dfa);
	report->dfa_states = dfa.nstates;
	report->minimal_states = minimal.nstates;
}

/* How both sides talk, in the events that were chosen. */
static void
write_prisma(struct text *t, struct learner *l, const struct corpus *c, const struct outcome *best)
{
	struct prisma_params p = prisma_params(l->report->binary);
	struct prisma_input in;

	progress_at(l->p->progress, "sides", 0);
	sides_of(&in, l->pool, c, &l->rules, &best->naming);
	prisma_learn(&t->prisma, l->pool, &in, &p, &l->report->sides);
	t->prisma.port = c->port;
	progress_at(l->p->progress, "sides", 1);
}

/* The text model of what was chosen. */
static void
write_text(struct text *t, struct learner *l, const struct corpus *c, const struct outcome *best)
{
	struct emit_input in = { .x = &l->x, .client = &l->client, .server = &l->server,
		.rules = &l->rules, .decisions = &best->decisions, .memory = &best->memory, .manners = &best->manners,
		.default_idle_ms = c->proto == PROTO_TCP ? 300000 : 30000 };

	progress_at(l->p->progress, "emit", 0);
	in.after = pool_array(l->pool, l->x.prompts.nrules, sizeof *in.after);
	for (uint32_t rule = 1; rule < l->x.prompts.nrules; rule++)
		in.after[rule] = usual_after(&l->rules, l->pool, rule);
	emit(t, l->pool, &in, &l->report->emit);
	describe(t, l, c, best);
	for (unsigned side = 0; side < SIDES; side++)
		if (best->naming.basis[side] != NULL)
			basis_of(&t->basis[side], l->pool, best->naming.basis[side]);
	progress_at(l->p->progress, "emit", 1);
}

/*
 * What named the events of the model before still does where it is the same service's and that was
 * chosen among about as many conversations: 1 in CHOSEN_ANEW more or fewer. NULL: it does not.
 */
static const char *
clusterer_before(const struct learner *l)
{
	const struct text *before = l->p->before;
	uint32_t n = l->report->conversations, of = before == NULL ? 0 : before->chosen_of;
	struct diag why;
	char *name;

	if (of == 0 || l->p->clusterer != NULL || l->p->order != 0 || before->clusterer.n == 0 ||
	    !span_eq(before->name, span_str(l->name)) ||
	    n > of + of / CHOSEN_ANEW || n < of - of / CHOSEN_ANEW)
		return NULL;
	name = pool_alloc(l->pool, before->clusterer.n + 1);
	memcpy(name, before->clusterer.p, before->clusterer.n);
	return choose_check(name, before->order, &why) == 0 ? name : NULL;
}

/* As before, or the best of all. */
static int
name_events(struct learner *l, struct outcome *best)
{
	const struct text *before = l->p->before;
	struct choose_params how = { .clusterer = clusterer_before(l), .seed = l->p->seed,
		.basis = before == NULL ? NULL : before->basis, .progress = l->p->progress };

	l->report->kept = how.clusterer != NULL;
	if (l->report->kept) {
		how.order = before->order;
		if (choose(best, l->pool, &l->rules, &how, &l->report->choice) == 0)
			return 0;
		l->report->kept = false;
	}
	how.clusterer = l->p->clusterer;
	how.order = l->p->order;
	return choose(best, l->pool, &l->rules, &how, &l->report->choice);
}

int
learn_corpus(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	struct learner l = { .pool = pool, .p = p, .report = report };
	struct outcome best;
	int err;

	l.name = p->name != NULL ? p->name : service_name(c->proto, c->port, pool);
	*t = (struct text){ 0 };
	*report = (struct learn_report){ .corpus = c };
	err = choose_check(p->clusterer, p->order, why);
	if (err == 0)
		err = check_corpus(c, use, report, why);
	if (err == 0)
		err = prepare(&l, c, use, why);
	if (err < 0)
		return err;
	err = name_events(&l, &best);
	if (err < 0)
		return diag_set(why, err, "%s: %s cannot sort these messages; try another clusterer.",
		    c->sources[0].name, p->clusterer);
	report_sizes(&l, &best);
	write_text(t, &l, c, &best);
	write_prisma(t, &l, c, &best);
	return 0;
}

/* What compile() and model_from_bytes() took from elsewhere, until the pool ends. */
struct built {
	uint8_t *image;
	struct model *m;
};

static void
drop_built(void *arg)
{
	struct built *b = arg;

	free(b->image);
	model_destroy(b->m);
}

static int
build(struct learned *out, struct pool *pool, struct diag *why)
{
	struct built *b = pool_alloc(pool, sizeof *b);
	size_t n;
	int err;

	pool_defer(pool, drop_built, b);	/* before there is something to drop */
	err = compile(&out->text, &b->image, &n, &out->compiled, why);
	if (err < 0)
		return err;
	out->image = span_of(b->image, n);
	err = model_from_bytes(&b->m, "what was learned", out->image, why);
	out->model = b->m;
	return err;
}

const struct corpus *
learn_scrub(struct pool *pool, const struct corpus *c, const struct learn_params *p)
{
	struct exchanges x;

	if (p->no_scrub)
		return c;
	progress_at(p->progress, "scrub", 0);
	exchanges_make(&x, pool, c, NULL, is_binary(c, pool));
	return scrub(pool, c, &x, p->seed);
}

int
learn_image(struct learned *out, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct diag *why)
{
	int err = learn_corpus(&out->text, pool, c, use, p, &out->report, why);

	if (err < 0)
		return err;
	progress_at(p->progress, "compile", 0);
	err = build(out, pool, why);
	if (err < 0)
		return err;
	progress_at(p->progress, "vectors", 0);
	vectors_record(&out->text, pool, out->model, c, use);
	err = build(out, pool, why);
	if (err == 0)
		err = selftest_run(out->model, why);	/* nobody would take a model that fails it */
	progress_at(p->progress, "vectors", 1);
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
