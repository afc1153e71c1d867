#include "learning/naming.h"

#include <errno.h>
#include <string.h>

/* What the server said to an exchange's client, one more for silence. */
static uint32_t
answered(const struct lesson *l, uint32_t i)
{
	const struct exchange *e = &l->x.exchange[i];

	return !e->known ? CLUSTER_NONE
	    : e->server == NO_UNIT ? l->server.n : l->server.of[LEVEL_FULL][e->server];
}

/* What the client says after an exchange, in the same conversation. */
static uint32_t
said_next(const struct lesson *l, uint32_t i)
{
	const struct exchange *e = &l->x.exchange[i];

	if (i + 1 == l->x.n || e[1].conversation != e->conversation || e[1].client == NO_UNIT)
		return CLUSTER_NONE;
	return l->client.of[LEVEL_FULL][e[1].client];
}

static void
gather_side(struct sorting *s, enum side side)
{
	const struct lesson *l = s->lesson;
	const struct exchanges *x = &l->x;
	const struct templates *t = side == SIDE_SERVER ? &l->server : &l->client;
	uint32_t *reply = pool_array(l->pool, (size_t)x->n + 1, sizeof *reply), n = 0;
	uint32_t *template = pool_array(l->pool, (size_t)x->n + 1, sizeof *template);
	struct span *m = pool_array(l->pool, (size_t)x->n + 1, sizeof *m);

	s->unit[side] = pool_array(l->pool, (size_t)x->n + 1, sizeof *s->unit[side]);
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t u = side == SIDE_SERVER ? x->exchange[i].server : x->exchange[i].client;

		if (u == NO_UNIT)
			continue;
		s->unit[side][n] = u;
		m[n] = x->unit[u].bytes;
		template[n] = t->of[LEVEL_FULL][u];
		reply[n++] = side == SIDE_SERVER ? said_next(l, i) : answered(l, i);
	}
	s->in[side] = (struct cluster_input){ m, n, reply, template };
}

void
sorting_init(struct sorting *s, const struct lesson *l, uint64_t seed,
    const struct text_basis *basis, const struct progress *progress)
{
	*s = (struct sorting){ .lesson = l, .params = cluster_params(), .basis = basis };
	s->params.bytes = l->x.client_lexer.binary ? CLUSTER_BINARY : CLUSTER_TEXT;
	s->params.seed = seed;
	s->params.progress = progress;
	gather_side(s, SIDE_CLIENT);
	gather_side(s, SIDE_SERVER);
}

int
sorting_run(const struct sorting *s, struct sorted *out, const struct clusterer *how)
{
	struct cluster_params p = s->params;

	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		int err;

		p.basis = s->basis == NULL ? NULL : &s->basis[side];
		err = how->run(&out->side[side], s->lesson->pool, &s->in[side], &p);
		if (err == -ENODATA)
			cluster_whole(&out->side[side], s->lesson->pool, s->in[side].n);
		else if (err < 0)
			return err;
	}
	return 0;
}

void
sorted_multiply(struct sorted *out, struct pool *pool, const struct sorted *a, const struct sorted *b)
{
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		const struct clustering *x = &a->side[side], *y = &b->side[side];
		const struct clustering *nmf = x->basis != NULL ? x : y;

		cluster_product(&out->side[side], pool, x, y);
		out->side[side].basis = nmf->basis;
		out->side[side].report = nmf->report;
	}
}

bool
naming_is_among(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (; names != NULL; names = strchr(names, '+')) {
		names += *names == '+';
		if (strncmp(names, name, n) == 0 && (names[n] == '\0' || names[n] == '+'))
			return true;
	}
	return false;
}

int
sorting_run_named(const struct sorting *s, struct sorted *out, const char *names)
{
	struct sorted one[2];
	unsigned n = 0;

	for (const struct clusterer *how = clusterers; how->name != NULL && n < 2; how++) {
		int err = naming_is_among(names, how->name) ? sorting_run(s, &one[n++], how) : 0;

		if (err < 0)
			return err;
	}
	if (n == 2)
		sorted_multiply(out, s->lesson->pool, &one[0], &one[1]);
	else
		*out = one[0];
	return 0;
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
symbols(const struct sorting *s, const struct sorted *sorted, enum side side)
{
	const struct lesson *l = s->lesson;
	const struct templates *t = side == SIDE_SERVER ? &l->server : &l->client;
	const struct clustering *c = &sorted->side[side];
	uint32_t *of_unit = pool_array(l->pool, (size_t)l->x.nunit + 1, sizeof *of_unit);
	uint32_t *count = pool_array(l->pool, (size_t)c->k + 1, sizeof *count);
	uint32_t *symbol = pool_array(l->pool, (size_t)t->n + 1, sizeof *symbol);

	for (uint32_t i = 0; i < c->n; i++)
		of_unit[s->unit[side][i]] = c->label[i];
	for (uint32_t i = 0; i < t->n; i++)
		symbol[i] = 2 * vote(&t->t[i], of_unit, c->k, count) + (side == SIDE_SERVER);
	return symbol;
}

void
naming_of(struct naming *out, const struct sorting *s, const struct sorted *sorted)
{
	uint32_t k = MAX(sorted->side[SIDE_CLIENT].k, sorted->side[SIDE_SERVER].k);

	*out = (struct naming){ .k = k, .connect = 2 * k, .silence = 2 * k + 1,
		.client = symbols(s, sorted, SIDE_CLIENT), .server = symbols(s, sorted, SIDE_SERVER),
		.basis = { sorted->side[SIDE_CLIENT].basis, sorted->side[SIDE_SERVER].basis } };
}

uint32_t *
naming_pattern(const struct naming *n, const struct lesson *l)
{
	uint32_t templates = l->client.n + l->server.n;
	uint32_t *pattern = pool_array(l->pool, (size_t)templates + 1, sizeof *pattern);
	struct pool_mark mark = pool_mark(l->pool);
	uint32_t *first = pool_array(l->pool, 2 * (size_t)n->k, sizeof *first);	/* 0: none yet */

	for (uint32_t i = 0; i < templates; i++) {
		uint32_t symbol = i < l->client.n ? n->client[i] : n->server[i - l->client.n];

		if (first[symbol] == 0)
			first[symbol] = i + 1;
		pattern[i] = first[symbol];
	}
	pool_release(l->pool, &mark);
	return pattern;
}

void
outcome_of(struct outcome *out, const struct lesson *l, const struct naming *n, uint32_t order)
{
	struct symbols symbols = { n->client, n->server, n->silence, n->connect };
	uint32_t *before = pool_array(l->pool, (size_t)l->x.n + 1, sizeof *before);

	*out = (struct outcome){ .lesson = l, .naming = *n, .order = order };
	memory_build(&out->memory, l->pool, &l->x, &l->client, &l->server, &symbols, &l->latches, order,
	    before);
	decide(&out->decisions, l->pool, &l->rules, &out->memory, before, l->manners.explained);
	regardless_decide(&out->decisions, l->pool, &l->rules, &out->memory, &l->manners);
}

double
outcome_foretold(const struct outcome *o)
{
	return (double)o->decisions.right / (double)MAX(o->decisions.judged, 1u);
}

static void
sequences(const struct outcome *o, struct markov_seq *seq, uint32_t *nseq)
{
	const struct lesson *l = o->lesson;
	const struct exchanges *x = &l->x;
	const struct naming *n = &o->naming;

	*nseq = 0;
	for (uint32_t v = 0; v < x->conversations; v++) {
		uint32_t from = x->first[v], len = x->first[v + 1] - from;
		uint32_t *s;

		if (len == 0)
			continue;
		s = pool_array(l->pool, 2 * (size_t)len, sizeof *s);
		for (uint32_t i = 0; i < len; i++) {
			const struct exchange *e = &x->exchange[from + i];

			s[2 * i] = e->client == NO_UNIT ? n->connect
			    : n->client[l->client.of[LEVEL_FULL][e->client]];
			s[2 * i + 1] = e->server == NO_UNIT ? n->silence
			    : n->server[l->server.of[LEVEL_FULL][e->server]];
		}
		seq[(*nseq)++] = (struct markov_seq){ s, 2 * len };
	}
}

void
outcome_markov(struct markov *out, const struct outcome *o)
{
	struct pool *pool = o->lesson->pool;
	struct markov_seq *seq = pool_array(pool, o->lesson->x.conversations, sizeof *seq);
	uint32_t nseq;

	sequences(o, seq, &nseq);
	markov_build(out, pool, seq, nseq, o->order);
}

void
outcome_emit(struct text *t, const struct outcome *o, const char *name, struct emit_report *report)
{
	const struct lesson *l = o->lesson;
	bool tcp = l->corpus->proto == PROTO_TCP;
	struct emit_input in = { .x = &l->x, .client = &l->client, .server = &l->server,
		.rules = &l->rules, .decisions = &o->decisions, .memory = &o->memory,
		.manners = &l->manners, .after = l->after, .default_idle_ms = tcp ? 300000 : 30000 };

	emit(t, l->pool, &in, report);
	t->name = span_str(name);
	t->proto = tcp ? MODEL_TCP : MODEL_UDP;
	t->channel = CHANNEL_PLAIN;
	t->learner = span_str("prisma");
	t->order = o->order;
}
