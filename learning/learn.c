#include "learning/learn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "learning/dfa.h"
#include "learning/vectors.h"

static const uint32_t orders[] = { 1, 2, 4 };
#define SUPERVISED "reply-supervised"

struct learner {
	struct pool *pool;
	const struct learn_params *p;
	struct learn_report *report;
	struct exchanges x;
	struct templates client, server;
	struct rules rules;
	struct markov_seq *seq;		/* per conversation that is used */
	uint32_t nseq;
	uint32_t *before;		/* per exchange: Markov state it came in */
	uint32_t silence, connect;
};

/* One way to name events, tried with every order. */
struct trial {
	const char *name;
	uint32_t *client_label, *server_label, k;	/* per template */
	const struct cluster_basis *basis;
};

struct outcome {
	struct markov markov;
	struct decisions decisions;
	struct trial trial;
	uint32_t order;
};

/* Most frequent label among a template's members; a tie goes to the lower one. */
static uint32_t
vote(const struct template *t, const uint32_t *label, uint32_t k, uint32_t *count)
{
	uint32_t best = 0;

	memset(count, 0, k * sizeof *count);
	for (uint32_t i = 0; i < t->support; i++)
		count[label[t->member[i]]]++;
	for (uint32_t c = 1; c < k; c++)
		best = count[c] > count[best] ? c : best;
	return best;
}

/* Runs a clusterer over one side's messages; labels of templates out. 0 or its error. */
static int
cluster_side(struct learner *l, const struct clusterer *c, bool server, uint32_t **out,
    uint32_t *k, struct clustering *clusters)
{
	const struct templates *t = server ? &l->server : &l->client;
	struct cluster_params params = cluster_params();
	struct cluster_input in = { 0 };
	uint32_t *unit = pool_array(l->pool, l->x.n, sizeof *unit), *label, *count;
	struct span *m = pool_array(l->pool, l->x.n, sizeof *m);
	int err;

	for (uint32_t i = 0; i < l->x.n; i++) {
		uint32_t u = server ? l->x.exchange[i].server : l->x.exchange[i].client;

		if (u == NO_UNIT)
			continue;
		unit[in.n] = u;
		m[in.n++] = l->x.unit[u].bytes;
	}
	in.message = m;
	params.bytes = l->x.client_lexer.binary ? CLUSTER_BINARY : CLUSTER_TEXT;
	params.seed = l->p->seed;
	params.progress = l->p->progress;
	params.basis = server ? NULL : l->p->basis;	/* a model carries the clients' only */
	err = c->run(clusters, l->pool, &in, &params);
	if (err == -ENODATA)
		cluster_whole(clusters, l->pool, in.n);
	else if (err < 0)
		return err;
	label = pool_array(l->pool, l->x.nunit + 1, sizeof *label);
	for (uint32_t i = 0; i < in.n; i++)
		label[unit[i]] = clusters->label[i];
	count = pool_array(l->pool, clusters->k + 1, sizeof *count);
	*out = pool_array(l->pool, t->n + 1, sizeof **out);
	for (uint32_t i = 0; i < t->n; i++)
		(*out)[i] = vote(&t->t[i], label, clusters->k, count);
	*k = clusters->k;
	return 0;
}

static int
make_trial(struct learner *l, struct trial *t, const struct clusterer *c)
{
	struct clustering client, server;
	uint32_t nc, ns;
	int err;

	*t = (struct trial){ .name = c->name };
	err = cluster_side(l, c, false, &t->client_label, &nc, &client);
	if (err == 0)
		err = cluster_side(l, c, true, &t->server_label, &ns, &server);
	if (err < 0)
		return err;
	t->k = MAX(nc, ns);
	if (client.basis != NULL) {
		t->basis = client.basis;
		l->report->nmf = client.report;
		l->report->has_nmf = true;
		l->report->warm = client.report.warm;
	}
	return 0;
}

/* Reply-supervised: every template is an event of its own (its splits follow the replies). */
static void
trial_of_templates(struct learner *l, struct trial *t)
{
	*t = (struct trial){ .name = SUPERVISED, .k = MAX(l->client.n, l->server.n) };
	t->client_label = pool_array(l->pool, l->client.n + 1, sizeof *t->client_label);
	t->server_label = pool_array(l->pool, l->server.n + 1, sizeof *t->server_label);
	for (uint32_t i = 0; i < l->client.n; i++)
		t->client_label[i] = i;
	for (uint32_t i = 0; i < l->server.n; i++)
		t->server_label[i] = i;
}

/* Symbols: client events even, server events odd; two more for silence and the connection. */
static void
symbols_of(struct learner *l, const struct trial *t, uint32_t **client, uint32_t **server)
{
	*client = pool_array(l->pool, l->client.n + 1, sizeof **client);
	*server = pool_array(l->pool, l->server.n + 1, sizeof **server);
	for (uint32_t i = 0; i < l->client.n; i++)
		(*client)[i] = 2 * t->client_label[i];
	for (uint32_t i = 0; i < l->server.n; i++)
		(*server)[i] = 2 * t->server_label[i] + 1;
	l->silence = 2 * t->k + 1;
	l->connect = 2 * t->k;
}

static void
sequences(struct learner *l, const uint32_t *client, const uint32_t *server)
{
	const struct exchanges *x = &l->x;

	l->nseq = 0;
	l->seq = pool_array(l->pool, x->conversations, sizeof *l->seq);
	for (uint32_t c = 0; c < x->conversations; c++) {
		uint32_t from = x->first[c], n = x->first[c + 1] - from;
		uint32_t *s;

		if (n == 0)
			continue;
		s = pool_array(l->pool, 2 * (size_t)n, sizeof *s);
		for (uint32_t i = 0; i < n; i++) {
			const struct exchange *e = &x->exchange[from + i];

			s[2 * i] = e->client == NO_UNIT ? l->connect
			    : client[l->client.of[LEVEL_FULL][e->client]];
			s[2 * i + 1] = e->server == NO_UNIT ? l->silence
			    : server[l->server.of[LEVEL_FULL][e->server]];
		}
		l->seq[l->nseq++] = (struct markov_seq){ s, 2 * n };
	}
}

static void
try_order(struct learner *l, struct outcome *o, const struct trial *t, uint32_t order)
{
	uint32_t *client, *server, *where = pool_array(l->pool, 2 * (size_t)l->x.n + 1, sizeof *where);
	struct learn_report *r = l->report;
	uint32_t start[MARKOV_MAX_ORDER], s0, q = 0;

	*o = (struct outcome){ .trial = *t, .order = order };
	symbols_of(l, t, &client, &server);
	sequences(l, client, server);
	markov_build(&o->markov, l->pool, l->seq, l->nseq, order);
	for (uint32_t i = 0; i < order; i++)
		start[i] = MARKOV_START;
	s0 = markov_longest(&o->markov, start, order);
	for (uint32_t c = 0; c < l->x.conversations; c++) {
		uint32_t from = l->x.first[c], n = l->x.first[c + 1] - from;

		if (n == 0)
			continue;
		markov_walk(&o->markov, &l->seq[q++], where);
		for (uint32_t i = 0; i < n; i++)
			l->before[from + i] = i == 0 ? s0 : where[2 * i - 1];
	}
	decide(&o->decisions, l->pool, &l->rules, &o->markov, l->before);
	if (r->ncandidates < LEARN_CANDIDATES)
		r->candidate[r->ncandidates++] = (struct learn_candidate){ t->name, order, t->k,
			(double)o->decisions.right / (double)MAX(o->decisions.judged, 1u) };
}

/* Every clusterer with every order; the outcome that foretells most replies, simplest first. */
static int
choose(struct learner *l, struct outcome *best)
{
	bool have = false;

	for (uint32_t c = 0;; c++) {
		bool supervised = clusterers[c].name == NULL;
		struct trial t;

		if (supervised)
			trial_of_templates(l, &t);
		else if (l->p->clusterer != NULL && strcmp(l->p->clusterer, clusterers[c].name) != 0)
			continue;
		else if (make_trial(l, &t, &clusterers[c]) < 0)
			continue;
		if (supervised && l->p->clusterer != NULL && strcmp(l->p->clusterer, t.name) != 0)
			break;
		for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
			struct outcome o;

			if (l->p->order != 0 && l->p->order != orders[i])
				continue;
			progress_at(l->p->progress, "choose", (double)i / ARRAY_LEN(orders));
			try_order(l, &o, &t, orders[i]);
			if (!have || o.decisions.right > best->decisions.right + best->decisions.judged / 500) {
				*best = o;
				have = true;
				l->report->chosen = l->report->ncandidates - 1;
			}
		}
		if (supervised)
			break;
	}
	return have ? 0 : -EINVAL;
}

static void
basis_of(struct text *t, struct pool *pool, const struct cluster_basis *b)
{
	struct text_basis *out = &t->basis;

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
describe(struct text *t, struct learner *l, const struct corpus *c, uint32_t order)
{
	const char *name = l->p->name != NULL ? l->p->name : service_name(c->proto, c->port, l->pool);

	t->name = span_str(name);
	t->proto = c->proto == PROTO_TCP ? MODEL_TCP : MODEL_UDP;
	t->channel = CHANNEL_PLAIN;
	t->learner = span_str("prisma");
	t->order = order;
	t->seed = l->p->seed;
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

/* Does the choice of clusterer and order leave anything to try? */
static int
check_params(const struct learn_params *p, struct diag *why)
{
	bool known = p->order == 0;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		known |= p->order == orders[i];
	if (!known)
		return diag_set(why, -EINVAL, "order %u is not one of 1, 2 and 4.", p->order);
	if (p->clusterer != NULL && strcmp(p->clusterer, SUPERVISED) != 0 &&
	    clusterer_find(p->clusterer) == NULL)
		return diag_set(why, -EINVAL, "there is no clusterer \"%s\"; nmf, first-token and "
		    SUPERVISED " are.", p->clusterer);
	return 0;
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
	progress_at(l->p->progress, "exchanges", 0);
	exchanges_make(&l->x, l->pool, c, use, l->report->binary);
	progress_at(l->p->progress, "templates", 0);
	templates_of_server(&l->server, l->pool, &l->x);
	if (l->server.n == 0)
		return diag_set(why, -ENODATA, "%s: the server on %s/%u never says anything, so "
		    "there is nothing to learn; is the capture of both directions?",
		    c->sources[0].name, c->proto == PROTO_TCP ? "tcp" : "udp", c->port);
	templates_of_client(&l->client, l->pool, &l->x, &l->server);
	progress_at(l->p->progress, "rules", 0);
	rules_learn(&l->rules, l->pool, &l->x, &l->client, &l->server);
	l->before = pool_array(l->pool, l->x.n + 1, sizeof *l->before);
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

/* The text model of what was chosen. */
static void
write_text(struct text *t, struct learner *l, const struct corpus *c, struct outcome *best)
{
	uint32_t start[MARKOV_MAX_ORDER];
	struct emit_input in = { .x = &l->x, .client = &l->client, .server = &l->server,
		.rules = &l->rules, .decisions = &best->decisions, .markov = &best->markov,
		.start = start, .nstart = best->order,
		.default_idle_ms = c->proto == PROTO_TCP ? 300000 : 30000 };

	progress_at(l->p->progress, "emit", 0);
	for (uint32_t i = 0; i < best->order; i++)
		start[i] = MARKOV_START;
	symbols_of(l, &best->trial, (uint32_t **)&in.client_symbol, (uint32_t **)&in.server_symbol);
	in.silence = l->silence;
	in.connect = l->connect;
	emit(t, l->pool, &in, &l->report->emit);
	describe(t, l, c, best->order);
	if (best->trial.basis != NULL)
		basis_of(t, l->pool, best->trial.basis);
	progress_at(l->p->progress, "emit", 1);
}

int
learn_corpus(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	struct learner l = { .pool = pool, .p = p, .report = report };
	struct outcome best;
	int err;

	*t = (struct text){ 0 };
	*report = (struct learn_report){ .corpus = c };
	err = check_params(p, why);
	if (err == 0)
		err = check_corpus(c, use, report, why);
	if (err == 0)
		err = prepare(&l, c, use, why);
	if (err < 0)
		return err;
	err = choose(&l, &best);
	if (err < 0)
		return diag_set(why, err, "%s: %s cannot sort these messages; try another clusterer.",
		    c->sources[0].name, p->clusterer);
	report_sizes(&l, &best);
	write_text(t, &l, c, &best);
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
	struct corpus_options o = { .proto = p->proto, .port = p->port, .seed = p->seed };
	struct corpus *c;
	int err;

	if (p->progress != NULL) {
		o.progress = p->progress->fn;
		o.ctx = p->progress->ctx;
	}
	err = corpus_load(&c, pool, &o, paths, n, why);
	return err < 0 ? err : learn_image(out, pool, c, all_but_held_out(pool, c, p->spare), p, why);
}
