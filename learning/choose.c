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
	struct cluster_input in[2];	/* what each side says, enum side */
	uint32_t *unit[2];		/* of each of these messages */
	const struct latches *latches;
	uint32_t *before;		/* per exchange: state it came in */
	uint32_t *alike[CHOOSE_CANDIDATES]; /* what each candidate tells apart: see alike() */
};

struct sorted {				/* both sides by one clusterer, or by two */
	const char *name;
	struct clustering side[2];
};

/* Is name one of those that a plus joins? */
static bool
is_among(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (; names != NULL; names = strchr(names, '+')) {
		names += *names == '+';
		if (strncmp(names, name, n) == 0 && (names[n] == '\0' || names[n] == '+'))
			return true;
	}
	return false;
}

/* A clusterer's name, or two different ones with a plus between. */
static bool
is_known(const char *names)
{
	size_t known = 0, length = 0;

	for (const struct clusterer *c = clusterers; c->name != NULL; c++) {
		if (is_among(names, c->name)) {
			known++;
			length += strlen(c->name);
		}
	}
	return (known == 1 || known == 2) && strlen(names) == length + known - 1;
}

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
	if (clusterer == NULL || is_known(clusterer))
		return 0;
	for (const struct clusterer *c = clusterers; c->name != NULL; c++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "", c->name);
	return diag_set(why, -EINVAL, "there is no clusterer \"%s\"; there are %s, and two of them as "
	    "A+B.", clusterer, names);
}

/* What the server said to an exchange's client, one more for silence. */
static uint32_t
answered(const struct rules *r, uint32_t i)
{
	const struct exchange *e = &r->x->exchange[i];

	return !e->known ? CLUSTER_NONE
	    : e->server == NO_UNIT ? r->server->n : r->server->of[LEVEL_FULL][e->server];
}

/* What the client says after an exchange, in the same conversation. */
static uint32_t
said_next(const struct rules *r, uint32_t i)
{
	const struct exchange *e = &r->x->exchange[i];

	if (i + 1 == r->x->n || e[1].conversation != e->conversation || e[1].client == NO_UNIT)
		return CLUSTER_NONE;
	return r->client->of[LEVEL_FULL][e[1].client];
}

static void
gather_side(struct chooser *c, enum side side)
{
	const struct exchanges *x = c->r->x;
	const struct templates *t = side == SIDE_SERVER ? c->r->server : c->r->client;
	uint32_t *reply = pool_array(c->pool, (size_t)x->n + 1, sizeof *reply), n = 0;
	uint32_t *template = pool_array(c->pool, (size_t)x->n + 1, sizeof *template);
	struct span *m = pool_array(c->pool, (size_t)x->n + 1, sizeof *m);

	c->unit[side] = pool_array(c->pool, (size_t)x->n + 1, sizeof *c->unit[side]);
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t u = side == SIDE_SERVER ? x->exchange[i].server : x->exchange[i].client;

		if (u == NO_UNIT)
			continue;
		c->unit[side][n] = u;
		m[n] = x->unit[u].bytes;
		template[n] = t->of[LEVEL_FULL][u];
		reply[n++] = side == SIDE_SERVER ? said_next(c->r, i) : answered(c->r, i);
	}
	c->in[side] = (struct cluster_input){ m, n, reply, template };
}

/* 0 or the clusterer's error; where it says nothing all messages are alike. */
static int
sort_by(struct chooser *c, struct sorted *s, const struct clusterer *how)
{
	struct cluster_params p = cluster_params();

	*s = (struct sorted){ .name = how->name };
	p.bytes = c->r->x->client_lexer.binary ? CLUSTER_BINARY : CLUSTER_TEXT;
	p.seed = c->p->seed;
	p.progress = c->p->progress;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		int err;

		p.basis = c->p->basis == NULL ? NULL : &c->p->basis[side];
		err = how->run(&s->side[side], c->pool, &c->in[side], &p);

		if (err == -ENODATA)
			cluster_whole(&s->side[side], c->pool, c->in[side].n);
		else if (err < 0)
			return err;
	}
	if (s->side[SIDE_CLIENT].basis != NULL) {
		c->report->nmf = s->side[SIDE_CLIENT].report;
		c->report->has_nmf = true;
	}
	return 0;
}

static void
multiply(struct chooser *c, struct sorted *s, const struct sorted *a, const struct sorted *b)
{
	size_t room = strlen(a->name) + strlen(b->name) + 2;
	char *name = pool_alloc(c->pool, room);

	snprintf(name, room, "%s+%s", a->name, b->name);
	s->name = name;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		cluster_product(&s->side[side], c->pool, &a->side[side], &b->side[side]);
		s->side[side].basis = a->side[side].basis != NULL ? a->side[side].basis
								  : b->side[side].basis;
	}
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

/* Symbols of one side's templates: twice the label, and one more for the server. */
static uint32_t *
symbols(struct chooser *c, const struct sorted *s, enum side side)
{
	const struct templates *t = side == SIDE_SERVER ? c->r->server : c->r->client;
	const struct clustering *cl = &s->side[side];
	uint32_t *of_unit = pool_array(c->pool, (size_t)c->r->x->nunit + 1, sizeof *of_unit);
	uint32_t *count = pool_array(c->pool, (size_t)cl->k + 1, sizeof *count);
	uint32_t *symbol = pool_array(c->pool, (size_t)t->n + 1, sizeof *symbol);

	for (uint32_t i = 0; i < cl->n; i++)
		of_unit[c->unit[side][i]] = cl->label[i];
	for (uint32_t i = 0; i < t->n; i++)
		symbol[i] = 2 * vote(&t->t[i], of_unit, cl->k, count) + (side == SIDE_SERVER);
	return symbol;
}

static struct naming
name(struct chooser *c, const struct sorted *s)
{
	uint32_t k = MAX(s->side[SIDE_CLIENT].k, s->side[SIDE_SERVER].k);

	return (struct naming){ .clusterer = s->name, .k = k, .connect = 2 * k, .silence = 2 * k + 1,
		.client = symbols(c, s, SIDE_CLIENT), .server = symbols(c, s, SIDE_SERVER),
		.basis = { s->side[SIDE_CLIENT].basis, s->side[SIDE_SERVER].basis } };
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

/* The Markov model of what was chosen. */
static void
report_markov(struct chooser *c, struct outcome *o)
{
	struct markov_seq *seq = pool_array(c->pool, c->r->x->conversations, sizeof *seq);
	uint32_t nseq;

	sequences(c, &o->naming, seq, &nseq);
	markov_build(&o->markov, c->pool, seq, nseq, o->order);
}

static void
try_order(struct chooser *c, struct outcome *o, const struct naming *n, uint32_t order)
{
	struct symbols symbols = { n->client, n->server, n->silence, n->connect };

	*o = (struct outcome){ .naming = *n, .order = order };
	memory_build(&o->memory, c->pool, c->r->x, c->r->client, c->r->server, &symbols, c->latches,
	    order, c->before);
	decide(&o->decisions, c->pool, c->r, &o->memory, c->before);
}

static size_t
templates(const struct chooser *c)
{
	return (size_t)c->r->client->n + c->r->server->n;
}

/* Per template the first one of the same symbol: equal where two namings tell the same apart. */
static void
alike(struct chooser *c, uint32_t *to, const struct naming *n)
{
	struct pool_mark mark = pool_mark(c->pool);
	uint32_t *first = pool_array(c->pool, 2 * (size_t)n->k, sizeof *first);	/* 0: none yet */

	for (uint32_t i = 0; i < templates(c); i++) {
		uint32_t symbol = i < c->r->client->n ? n->client[i] : n->server[i - c->r->client->n];

		if (first[symbol] == 0)
			first[symbol] = i + 1;
		to[i] = first[symbol];
	}
	pool_release(c->pool, &mark);
}

/* A candidate of this order that told the same apart, so that it foretold as much; or NULL. */
static const struct candidate *
tried_before(const struct chooser *c, const uint32_t *to, uint32_t order)
{
	for (uint32_t i = 0; i < c->report->ncandidates; i++)
		if (c->report->candidate[i].order == order &&
		    memcmp(c->alike[i], to, templates(c) * sizeof *to) == 0)
			return &c->report->candidate[i];
	return NULL;
}

/* Tries one order, or all; takes what foretells clearly more than the best so far. */
static bool
try_sorted(struct chooser *c, struct outcome *best, const struct sorted *s, uint32_t order)
{
	struct choose_report *r = c->report;
	uint32_t *tells_apart = pool_array(c->pool, templates(c), sizeof *tells_apart);
	struct naming n = name(c, s);
	bool taken = false;

	alike(c, tells_apart, &n);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct pool_mark mark = pool_mark(c->pool);
		const struct candidate *same;
		struct candidate *now;
		struct outcome o;

		if (order != 0 && order != orders[i])
			continue;
		assert(r->ncandidates < CHOOSE_CANDIDATES);
		progress_at(c->p->progress, "choose", (double)r->ncandidates / CHOOSE_CANDIDATES);
		same = tried_before(c, tells_apart, orders[i]);
		c->alike[r->ncandidates] = tells_apart;
		now = &r->candidate[r->ncandidates++];
		*now = (struct candidate){ s->name, orders[i], n.k, 0 };
		if (same != NULL) {
			now->foretold = same->foretold;
			continue;
		}
		try_order(c, &o, &n, orders[i]);
		now->foretold = (double)o.decisions.right / (double)MAX(o.decisions.judged, 1u);
		if (r->ncandidates > 1 &&
		    o.decisions.right + o.decisions.kind <=
		    best->decisions.right + best->decisions.kind + best->decisions.judged / 250) {
			pool_release(c->pool, &mark);
			continue;
		}
		*best = o;
		taken = true;
		r->chosen = r->ncandidates - 1;
	}
	return taken;
}

int
choose(struct outcome *out, struct pool *pool, const struct rules *r,
    const struct choose_params *p, struct choose_report *report)
{
	struct chooser c = { .pool = pool, .r = r, .p = p, .report = report };
	struct latches *latches = pool_alloc(pool, sizeof *latches);
	struct sorted s[CHOOSE_CLUSTERERS], product;
	uint32_t n = 0, best = 0;

	*report = (struct choose_report){ 0 };
	c.before = pool_array(pool, (size_t)r->x->n + 1, sizeof *c.before);
	progress_at(p->progress, "latches", 0);
	latches_learn(latches, pool, r->x, r->client, r->server);
	c.latches = latches;
	gather_side(&c, SIDE_CLIENT);
	gather_side(&c, SIDE_SERVER);
	for (const struct clusterer *how = clusterers; how->name != NULL; how++) {
		assert(n < CHOOSE_CLUSTERERS);
		if ((p->clusterer == NULL || is_among(p->clusterer, how->name)) &&
		    sort_by(&c, &s[n], how) == 0)
			n++;
	}
	if (p->clusterer != NULL && strchr(p->clusterer, '+') != NULL) {
		if (n < 2)
			return -EINVAL;
		multiply(&c, &product, &s[0], &s[1]);
		s[0] = product;
		n = 1;
	}
	for (uint32_t i = 0; i < n; i++)
		if (try_sorted(&c, out, &s[i], p->order))
			best = i;
	for (uint32_t i = 0; i < n; i++) {	/* with the order that served the best one alone */
		if (i == best)
			continue;
		multiply(&c, &product, &s[MIN(i, best)], &s[MAX(i, best)]);
		try_sorted(&c, out, &product, report->candidate[report->chosen].order);
	}
	if (n == 0)
		return -EINVAL;
	regardless_learn(&out->manners, pool, r, latches);
	regardless_decide(&out->decisions, pool, r, &out->memory, &out->manners);
	report_markov(&c, out);
	return 0;
}
