#include "learning/choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint32_t orders[] = { 1, 2, 4 };

struct chooser {
	struct pool *pool;
	const struct rules *r;
	const struct choose_params *p;
	struct choose_report *report;
	uint32_t *before;		/* per exchange: Markov state it came in */
};

int
choose_check(const char *clusterer, uint32_t order, struct diag *why)
{
	bool known = order == 0;
	char names[128] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		known |= order == orders[i];
	if (!known)
		return diag_set(why, -EINVAL, "order %u is not one of 1, 2 and 4.", order);
	if (clusterer == NULL || clusterer_find(clusterer) != NULL)
		return 0;
	for (const struct clusterer *c = clusterers; c->name != NULL; c++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "", c->name);
	return diag_set(why, -EINVAL, "there is no clusterer \"%s\"; there are %s.", clusterer, names);
}

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

/* What the server said to an exchange's client, one more for silence. */
static uint32_t
answered(const struct chooser *c, uint32_t i)
{
	const struct exchange *e = &c->r->x->exchange[i];

	return !e->known ? CLUSTER_NONE
	    : e->server == NO_UNIT ? c->r->server->n : c->r->server->of[LEVEL_FULL][e->server];
}

/* What the client says after an exchange, in the same conversation. */
static uint32_t
said_next(const struct chooser *c, uint32_t i)
{
	const struct exchange *e = &c->r->x->exchange[i];

	if (i + 1 == c->r->x->n || e[1].conversation != e->conversation || e[1].client == NO_UNIT)
		return CLUSTER_NONE;
	return c->r->client->of[LEVEL_FULL][e[1].client];
}

/* Runs a clusterer over one side's messages; labels of templates out. 0 or its error. */
static int
cluster_side(struct chooser *c, const struct clusterer *how, bool server, uint32_t **out,
    struct clustering *clusters)
{
	const struct exchanges *x = c->r->x;
	const struct templates *t = server ? c->r->server : c->r->client;
	struct cluster_params params = cluster_params();
	struct cluster_input in = { 0 };
	uint32_t *unit = pool_array(c->pool, x->n, sizeof *unit), *label, *count;
	uint32_t *reply = pool_array(c->pool, x->n, sizeof *reply);
	uint32_t *template = pool_array(c->pool, x->n, sizeof *template);
	struct span *m = pool_array(c->pool, x->n, sizeof *m);
	int err;

	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t u = server ? x->exchange[i].server : x->exchange[i].client;

		if (u == NO_UNIT)
			continue;
		unit[in.n] = u;
		template[in.n] = t->of[LEVEL_FULL][u];
		reply[in.n] = server ? said_next(c, i) : answered(c, i);
		m[in.n++] = x->unit[u].bytes;
	}
	in.message = m;
	in.reply = reply;
	in.template = template;
	params.bytes = x->client_lexer.binary ? CLUSTER_BINARY : CLUSTER_TEXT;
	params.seed = c->p->seed;
	params.progress = c->p->progress;
	params.basis = server ? NULL : c->p->basis;	/* a model carries the clients' only */
	err = how->run(clusters, c->pool, &in, &params);
	if (err == -ENODATA)
		cluster_whole(clusters, c->pool, in.n);
	else if (err < 0)
		return err;
	label = pool_array(c->pool, x->nunit + 1, sizeof *label);
	for (uint32_t i = 0; i < in.n; i++)
		label[unit[i]] = clusters->label[i];
	count = pool_array(c->pool, clusters->k + 1, sizeof *count);
	*out = pool_array(c->pool, t->n + 1, sizeof **out);
	for (uint32_t i = 0; i < t->n; i++)
		(*out)[i] = vote(&t->t[i], label, clusters->k, count);
	return 0;
}

/* From labels to symbols. */
static void
number_symbols(const struct chooser *c, struct naming *n)
{
	for (uint32_t i = 0; i < c->r->client->n; i++)
		n->client[i] = 2 * n->client[i];
	for (uint32_t i = 0; i < c->r->server->n; i++)
		n->server[i] = 2 * n->server[i] + 1;
	n->connect = 2 * n->k;
	n->silence = 2 * n->k + 1;
}

static int
name_by_clusters(struct chooser *c, struct naming *n, const struct clusterer *how)
{
	struct clustering client, server;
	int err;

	*n = (struct naming){ .clusterer = how->name };
	err = cluster_side(c, how, false, &n->client, &client);
	if (err == 0)
		err = cluster_side(c, how, true, &n->server, &server);
	if (err < 0)
		return err;
	n->k = MAX(client.k, server.k);
	n->basis = client.basis;
	if (client.basis != NULL) {
		c->report->nmf = client.report;
		c->report->has_nmf = true;
	}
	number_symbols(c, n);
	return 0;
}

static void
sequences(struct chooser *c, const struct naming *n, struct markov_seq *seq, uint32_t *nseq)
{
	const struct exchanges *x = c->r->x;

	*nseq = 0;
	for (uint32_t v = 0; v < x->conversations; v++) {
		uint32_t from = x->first[v], len = x->first[v + 1] - from;
		uint32_t *s;

		if (len == 0)
			continue;
		s = pool_array(c->pool, 2 * (size_t)len, sizeof *s);
		for (uint32_t i = 0; i < len; i++) {
			const struct exchange *e = &x->exchange[from + i];

			s[2 * i] = e->client == NO_UNIT ? n->connect
			    : n->client[c->r->client->of[LEVEL_FULL][e->client]];
			s[2 * i + 1] = e->server == NO_UNIT ? n->silence
			    : n->server[c->r->server->of[LEVEL_FULL][e->server]];
		}
		seq[(*nseq)++] = (struct markov_seq){ s, 2 * len };
	}
}

static void
try_order(struct chooser *c, struct outcome *o, const struct naming *n, uint32_t order)
{
	const struct exchanges *x = c->r->x;
	uint32_t *where = pool_array(c->pool, 2 * (size_t)x->n + 1, sizeof *where);
	struct markov_seq *seq = pool_array(c->pool, x->conversations, sizeof *seq);
	uint32_t start[MARKOV_MAX_ORDER], s0, nseq, q = 0;

	*o = (struct outcome){ .naming = *n, .order = order };
	sequences(c, n, seq, &nseq);
	markov_build(&o->markov, c->pool, seq, nseq, order);
	for (uint32_t i = 0; i < order; i++)
		start[i] = MARKOV_START;
	s0 = markov_longest(&o->markov, start, order);
	for (uint32_t v = 0; v < x->conversations; v++) {
		uint32_t from = x->first[v], len = x->first[v + 1] - from;

		if (len == 0)
			continue;
		markov_walk(&o->markov, &seq[q++], where);
		for (uint32_t i = 0; i < len; i++)
			c->before[from + i] = i == 0 ? s0 : where[2 * i - 1];
	}
	decide(&o->decisions, c->pool, c->r, &o->markov, c->before);
}

/* Takes what foretells clearly more than the best so far. */
static void
try_orders(struct chooser *c, struct outcome *best, bool *have, const struct naming *n)
{
	struct choose_report *r = c->report;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct outcome o;

		if (c->p->order != 0 && c->p->order != orders[i])
			continue;
		progress_at(c->p->progress, "choose", (double)i / ARRAY_LEN(orders));
		try_order(c, &o, n, orders[i]);
		r->candidate[r->ncandidates++] = (struct candidate){ n->clusterer, orders[i], n->k,
			(double)o.decisions.right / (double)MAX(o.decisions.judged, 1u) };
		if (*have && o.decisions.right <= best->decisions.right + best->decisions.judged / 500)
			continue;
		*best = o;
		*have = true;
		r->chosen = r->ncandidates - 1;
	}
}

static bool
is_wanted(const struct chooser *c, const char *name)
{
	return c->p->clusterer == NULL || strcmp(c->p->clusterer, name) == 0;
}

int
choose(struct outcome *out, struct pool *pool, const struct rules *r,
    const struct choose_params *p, struct choose_report *report)
{
	struct chooser c = { .pool = pool, .r = r, .p = p, .report = report };
	struct naming n;
	bool have = false;

	*report = (struct choose_report){ 0 };
	c.before = pool_array(pool, r->x->n + 1, sizeof *c.before);
	for (const struct clusterer *how = clusterers; how->name != NULL; how++)
		if (is_wanted(&c, how->name) && name_by_clusters(&c, &n, how) == 0)
			try_orders(&c, out, &have, &n);
	return have ? 0 : -EINVAL;
}
