#include "learning/learners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "learning/dfa.h"
#include "learning/sides.h"

enum { CHOSEN_ANEW = 4 };

struct pupil {
	struct pool *pool;
	const struct learn_params *p;
	struct learn_report *report;
	const char *name;		/* of the service */
	struct lesson lesson;
	struct outcome best;
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
name_of(struct pool *pool, const struct corpus *c, const struct learn_params *p)
{
	char name[32];
	int n = snprintf(name, sizeof name, "%s-%u", c->proto == PROTO_TCP ? "tcp" : "udp", c->port);

	return p->name != NULL ? p->name : pool_copy(pool, name, (size_t)n + 1);
}

/* What was learned from; taught: the conversations that were. */
static void
describe(struct text *t, struct pool *pool, const struct learn_params *p, const struct corpus *c,
    const bool *taught, const struct learn_report *report)
{
	t->seed = p->seed;
	t->chosen_of = report->kept ? p->before->chosen_of : report->conversations;
	t->source = pool_array(pool, c->nsources, sizeof *t->source);
	t->nsource = c->nsources;
	for (uint32_t i = 0; i < c->nsources; i++) {
		const char *slash = strrchr(c->sources[i].name, '/');

		t->source[i].name = span_str(slash == NULL ? c->sources[i].name : slash + 1);
	}
	for (uint32_t i = 0; i < c->nconversations; i++) {
		struct text_source *s = &t->source[c->conversations[i].source];

		if (taught[i]) {
			s->conversations++;
			s->messages += c->conversations[i].n;
		}
	}
}

static void
report_exchanges(const struct pupil *l)
{
	struct learn_report *report = l->report;
	const struct exchanges *x = &l->lesson.x;

	report->binary = l->lesson.binary;
	report->exchanges = x->n;
	report->pipelined = x->pipelined;
	report->silent = x->silent;
	report->extra = x->extra;
}

static void
report_sizes(const struct pupil *l)
{
	struct learn_report *report = l->report;
	struct markov markov;
	struct dfa dfa, minimal;
	uint32_t *map;

	report_exchanges(l);
	report->client_templates = l->lesson.client.n;
	report->server_templates = l->lesson.server.n;
	report->answers = l->lesson.rules.n;
	outcome_markov(&markov, &l->best);
	report->markov_states = markov.nfull;
	dfa_of_markov(&dfa, l->pool, &markov);
	map = pool_array(l->pool, dfa.nstates + 1, sizeof *map);
	dfa_minimize(&minimal, map, l->pool, &dfa);
	report->dfa_states = dfa.nstates;
	report->minimal_states = minimal.nstates;
}

/* How both sides talk, in the events that were chosen. */
static void
write_prisma(struct text *t, struct pupil *l, const struct corpus *c)
{
	struct prisma_params p = prisma_params(&l->lesson.x.client_lexer);
	struct prisma_input in;

	progress_at(l->p->progress, "sides", 0);
	sides_of(&in, l->pool, c, &l->lesson.rules, &l->best.naming);
	prisma_learn(&t->prisma, l->pool, &in, &p, &l->report->sides);
	t->prisma.port = c->port;
	progress_at(l->p->progress, "sides", 1);
}

/* The conversations in which something was asked. */
static const bool *
taught_by(const struct pupil *l, const struct corpus *c)
{
	bool *taught = pool_array(l->pool, c->nconversations, sizeof *taught);

	for (uint32_t i = 0; i < c->nconversations; i++)
		taught[i] = l->lesson.x.first[i + 1] > l->lesson.x.first[i];
	return taught;
}

/* The text model of what was chosen. */
static void
write_text(struct text *t, struct pupil *l, const struct corpus *c)
{
	progress_at(l->p->progress, "emit", 0);
	outcome_emit(t, &l->best, l->name, &l->report->emit);
	describe(t, l->pool, l->p, c, taught_by(l, c), l->report);
	t->clusterer = span_str(l->report->clusterer);
	for (unsigned side = 0; side < SIDES; side++)
		if (l->best.naming.basis[side] != NULL)
			basis_of(&t->basis[side], l->pool, l->best.naming.basis[side]);
	progress_at(l->p->progress, "emit", 1);
}

const struct text *
learner_before(struct pool *pool, const struct corpus *c, const struct learn_params *p, uint32_t conversations)
{
	const struct text *before = p->before;
	uint32_t of = before == NULL ? 0 : before->chosen_of;

	if (of == 0 || !span_eq(before->name, span_str(name_of(pool, c, p))) ||
	    conversations > of + of / CHOSEN_ANEW || conversations < of - of / CHOSEN_ANEW)
		return NULL;
	return before;
}

/* What named the events of the model before, where it still serves; or NULL. */
static const char *
clusterer_before(const struct pupil *l, const struct corpus *c)
{
	const struct text *before = learner_before(l->pool, c, l->p, l->report->conversations);
	struct diag why;
	char *name;

	if (before == NULL || l->p->clusterer != NULL || l->p->order != 0 || before->clusterer.n == 0)
		return NULL;
	name = pool_alloc(l->pool, before->clusterer.n + 1);
	memcpy(name, before->clusterer.p, before->clusterer.n);
	return choose_check(name, before->order, &why) == 0 ? name : NULL;
}

/* What is said gets its names, and histories in these names decide. */
static int
name_all(struct pupil *l, const char *clusterer, uint32_t order)
{
	const struct text *before = l->p->before;
	struct learn_report *r = l->report;
	struct sorting sorting;
	struct sorted sorted;
	struct naming naming;
	int err;

	sorting_init(&sorting, &l->lesson, l->p->seed, before == NULL ? NULL : before->basis,
	    l->p->progress);
	err = sorting_run_named(&sorting, &sorted, clusterer);
	if (err < 0)
		return -EINVAL;
	naming_of(&naming, &sorting, &sorted);
	outcome_of(&l->best, &l->lesson, &naming, order);
	r->clusterer = pool_copy(l->pool, clusterer, strlen(clusterer) + 1);
	r->order = order;
	r->clusters = naming.k;
	r->foretold = outcome_foretold(&l->best);
	r->has_nmf = sorted.side[SIDE_CLIENT].basis != NULL;
	r->nmf = sorted.side[SIDE_CLIENT].report;
	return 0;
}

/* As before, or as the best of all does. */
static int
name_events(struct pupil *l, const struct corpus *c, const bool *use, struct diag *why)
{
	const struct text *before = l->p->before;
	struct choose_params how = { .clusterer = clusterer_before(l, c), .seed = l->p->seed,
		.basis = before == NULL ? NULL : before->basis, .progress = l->p->progress };
	struct choose_report *choice = &l->report->choice;
	int err;

	l->report->kept = how.clusterer != NULL;
	how.order = l->report->kept ? before->order : l->p->order;
	if (!l->report->kept)
		how.clusterer = l->p->clusterer;
	err = choose(choice, l->pool, c, use, &how);
	if (err == 0)
		err = lesson_learn(&l->lesson, l->pool, c, use, l->p->progress, why);
	if (err < 0)
		return err;
	err = name_all(l, choice->candidate[choice->chosen].clusterer,
	    choice->candidate[choice->chosen].order);
	if (err == 0 || l->p->clusterer != NULL)
		return err;
	l->report->kept = false;	/* it sorted a part only, or what was there before; this sorts anything */
	return name_all(l, "template", choice->candidate[choice->chosen].order);
}

/* Captures alone, of binary services above all: regions and dependencies. */
int
learn_scriptgen(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	struct pupil l = { .pool = pool, .p = p, .report = report };
	struct lesson *lesson = &l.lesson;

	odd_count(&report->odd, c, use);
	lesson->binary = lesson_is_binary(c, pool);
	progress_at(p->progress, "exchanges", 0);
	exchanges_make(&lesson->x, pool, c, use, lesson->binary);
	progress_at(p->progress, "scriptgen", 0);
	if (!scriptgen_make(t, pool, &lesson->x, c, !lesson->binary, p->server_only,
		&report->scriptgen))
		return diag_set(why, -ENODATA, "%s: no conversation on %s/%u was captured from its beginning and "
		    "has an answer, so there is nothing to learn; see that both directions were captured.",
		    c->sources[0].name, c->proto == PROTO_TCP ? "tcp" : "udp", c->port);
	report_exchanges(&l);
	report->emit.states = report->scriptgen.states;
	report->emit.turns = report->scriptgen.turns;
	t->name = span_str(name_of(pool, c, p));
	t->channel = CHANNEL_PLAIN;
	t->learner = span_str("scriptgen");
	t->order = 1;
	describe(t, pool, p, c, taught_by(&l, c), report);
	progress_at(p->progress, "scriptgen", 1);
	return 0;
}

/* Captures alone: clusters, states, rules. */
int
learn_prisma(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	struct pupil l = { .pool = pool, .p = p, .report = report };
	int err;

	l.name = name_of(pool, c, p);
	err = choose_check(p->clusterer, p->order, why);
	if (err < 0)
		return err;
	odd_count(&report->odd, c, use);
	err = name_events(&l, c, use, why);
	if (err == -EINVAL)
		return diag_set(why, err, "%s: %s cannot sort these messages; try another clusterer.",
		    c->sources[0].name, p->clusterer);
	if (err < 0)
		return err;
	report_sizes(&l);
	write_text(t, &l, c);
	if (!p->server_only)
		write_prisma(t, &l, c);
	return 0;
}

/* A definition of the service beside the captures: commands with a memory. */
int
learn_mining(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	bool *taught = pool_array(pool, c->nconversations, sizeof *taught);
	int err;

	if (p->definition == NULL)
		return diag_set(why, -EINVAL, "The learner mining needs the definition of the service; give it with "
		    "--definition.");
	progress_at(p->progress, "mining", 0);
	odd_count(&report->odd, c, use);
	t->name = span_str(name_of(pool, c, p));
	t->proto = c->proto == PROTO_TCP ? MODEL_TCP : MODEL_UDP;
	t->channel = CHANNEL_PLAIN;
	t->learner = span_str("mining");
	err = mining_learn(t, pool, c, use, p->definition, &report->mining, why);
	if (err < 0)
		return err;
	for (uint32_t i = 0; i < c->nconversations; i++)
		taught[i] = (use == NULL || use[i]) && c->conversations[i].n > 0;
	describe(t, pool, p, c, taught, report);
	progress_at(p->progress, "mining", 1);
	return 0;
}
