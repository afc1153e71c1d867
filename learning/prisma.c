#include "learning/prisma.h"

#include "learning/context.h"
#include "learning/markov.h"

static_assert(PRISMA_START == MARKOV_START && PRISMA_END == MARKOV_END, "symbols are the same");
static_assert((int)PRISMA_MAX_ORDER <= (int)MARKOV_MAX_ORDER, "every order can be built");

struct form {
	uint32_t node, ntoken;
	uint32_t first;			/* message */
	uint32_t count;
	bool *varies;			/* per token */
	uint32_t *at;			/* token of each field */
	uint32_t nfield;
};

struct making {
	struct pool *pool;
	const struct prisma_input *in;
	const struct prisma_params *p;
	struct prisma_report *report;
	struct text_prisma *out;
	uint32_t n;			/* messages */
	struct said said;
	struct markov markov;
	uint32_t *where;		/* node of each message */
	struct form *form;
	uint32_t nform;
	uint32_t *of;			/* form of each message */
	struct tables tables;
	struct text_context *context;
	uint32_t ncontext;
};

struct prisma_params
prisma_params(const struct lexer *l)
{
	return (struct prisma_params){ .order = 2, .separators = l->binary ? NULL : " \t\r\n",
		.has_run = l->has_run, .head = l->head, .delimiter = l->delimiter,
		.max_tokens = PRISMA_TOKENS, .max_bytes = MODEL_MESSAGE_BYTES, .max_rows = 32,
		.max_seen = 1024 };
}

static bool
is_among(struct span bytes, uint8_t b)
{
	return bytes.n > 0 && memchr(bytes.p, b, bytes.n) != NULL;
}

/* Bytes before the delimiter; none where it does not follow. */
static size_t
run_of(struct span s, uint8_t delimiter)
{
	const uint8_t *end = memchr(s.p, delimiter, s.n);

	return end == NULL ? 0 : (size_t)(end - s.p);
}

struct span
prisma_token(const struct text_prisma *p, uint32_t i, struct span *rest)
{
	struct span s = *rest;
	size_t n = 1;

	if (p->separators.n > 0) {
		bool blank = is_among(p->separators, s.p[0]);

		while (n < s.n && is_among(p->separators, s.p[n]) == blank)
			n++;
	} else if (p->has_run && i == p->head) {
		n = MAX(run_of(s, p->delimiter), (size_t)1);
	}
	*rest = span_sub(s, n, s.n);
	return span_sub(s, 0, n);
}

static void
read_tokens(struct making *m)
{
	struct said *said = &m->said;
	uint32_t room = 0, n = 0;

	intern_init(&said->values, m->pool);
	said->first = pool_array(m->pool, m->n + 1, sizeof *said->first);
	for (uint32_t i = 0; i < m->n; i++) {
		struct span rest = m->in->message[i].bytes;
		uint32_t tokens = 0;

		if (m->p->max_bytes > 0)
			rest = span_sub(rest, 0, m->p->max_bytes);
		said->first[i] = n;
		while (rest.n > 0) {
			struct span token = rest;

			if (++tokens == m->p->max_tokens)
				rest.n = 0;
			else
				token = prisma_token(m->out, tokens - 1, &rest);
			if (n == room) {
				room = MAX(2 * room, 1024u);
				said->token = pool_grow(m->pool, said->token, n, room, sizeof *said->token);
			}
			said->token[n++] = intern_add(&said->values, token);
		}
	}
	said->first[m->n] = n;
}

static uint32_t
tokens_of(const struct making *m, uint32_t message)
{
	return m->said.first[message + 1] - m->said.first[message];
}

/* The Markov model, and the node of each message. */
static void
build_nodes(struct making *m, uint32_t order)
{
	struct markov_seq *seq = pool_array(m->pool, m->in->nconversations, sizeof *seq);
	uint32_t *symbol = pool_array(m->pool, m->n + 1, sizeof *symbol);

	for (uint32_t i = 0; i < m->n; i++)
		symbol[i] = 2 * m->in->message[i].event + m->in->message[i].server;
	for (uint32_t c = 0; c < m->in->nconversations; c++)
		seq[c] = (struct markov_seq){ symbol + m->in->first[c],
			m->in->first[c + 1] - m->in->first[c] };
	markov_build(&m->markov, m->pool, seq, m->in->nconversations, order);
	for (uint32_t c = 0; c < m->in->nconversations; c++)
		markov_walk(&m->markov, &seq[c], m->where + m->in->first[c]);
}

/* Does a token stand between others, so that only messages that have it there are of one form? */
static bool
divides(const struct text_prisma *p, struct span token, uint32_t t)
{
	return p->has_run ? (t == p->head || t == p->head + 1) && token.p[0] == p->delimiter
	    : is_among(p->separators, token.p[0]);
}

/*
 * What messages of one form have in common: node, number of tokens, and, unless as published, what separates
 * the words. So a line stands where a line stood, of as many words; else one line's would be copied into another.
 */
static uint32_t
shape_of(struct making *m, struct intern *shapes, uint32_t *key, uint32_t message)
{
	const uint32_t *token = m->said.token + m->said.first[message];
	uint32_t n = tokens_of(m, message), id;
	struct span shape = span_of(key, (n + 1) * sizeof *key);

	key[0] = m->where[message];
	for (uint32_t t = 0; t < n; t++)
		key[t + 1] = !m->p->original && divides(m->out, m->said.values.value[token[t]], t)
		    ? token[t] : INTERN_NONE;
	id = intern_find(shapes, shape);
	return id != INTERN_NONE ? id
	    : intern_add(shapes, span_of(pool_copy(m->pool, key, shape.n), shape.n));
}

/* Messages of one shape; a position that varies is a field. */
static void
build_forms(struct making *m)
{
	struct intern shapes;
	uint32_t room = 0, longest = 0, *key;

	for (uint32_t i = 0; i < m->n; i++)
		longest = MAX(longest, tokens_of(m, i));
	key = pool_array(m->pool, longest + 1, sizeof *key);
	intern_init(&shapes, m->pool);
	m->nform = 0;
	for (uint32_t i = 0; i < m->n; i++) {
		uint32_t ntoken = tokens_of(m, i), id = shape_of(m, &shapes, key, i);
		const uint32_t *token = m->said.token + m->said.first[i];
		struct form *f;

		m->of[i] = id;
		if (id == m->nform) {
			if (m->nform == room) {
				room = MAX(2 * room, 64u);
				m->form = pool_grow(m->pool, m->form, m->nform, room, sizeof *m->form);
			}
			m->form[m->nform++] = (struct form){ .node = m->where[i], .ntoken = ntoken,
				.first = i, .varies = pool_array(m->pool, ntoken + 1, sizeof(bool)) };
		}
		f = &m->form[id];
		f->count++;
		for (uint32_t t = 0; t < ntoken; t++)
			f->varies[t] |= token[t] != m->said.token[m->said.first[f->first] + t];
	}
	for (uint32_t i = 0; i < m->nform; i++) {
		struct form *f = &m->form[i];

		f->at = pool_array(m->pool, f->ntoken + 1, sizeof *f->at);
		for (uint32_t t = 0; t < f->ntoken; t++)
			if (f->varies[t])
				f->at[f->nfield++] = t;
		m->report->with_fields += f->nfield > 0;
	}
}

/* A lower order where there would be more states or forms than a model may have. */
static bool
build_states(struct making *m)
{
	uint32_t order = m->p->order;

	for (; order > 0; order--) {
		m->report->with_fields = 0;
		build_nodes(m, order);
		if (m->markov.nfull > MODEL_STATES)
			continue;
		build_forms(m);
		if (m->nform <= MODEL_TEMPLATES)
			break;
	}
	m->report->order = order;
	m->report->nodes = m->markov.nfull;
	m->report->forms = m->nform;
	return order > 0;
}

/* Occurrences of each context: the forms of a message and of as many before it as length says. */
struct group {
	int32_t *form;
	uint32_t *message;
	uint32_t n, seen;
};

static void
note_occurrence(struct making *m, struct group *g, uint32_t message)
{
	uint32_t limit = m->p->max_seen;

	g->seen++;
	if (limit == 0 || g->n < limit) {
		if ((g->n & (g->n - 1)) == 0)
			g->message = pool_grow(m->pool, g->message, g->n, MAX(2 * g->n, 1u),
			    sizeof *g->message);
		g->message[g->n++] = message;
		return;
	}
	/* one in seen / limit stands for those around it, so that the last are looked at, too */
	if (hash_stir(g->seen) % g->seen < limit)
		g->message[hash_stir(g->seen + ((uint64_t)1 << 32)) % limit] = message;
}

static struct group *
group_contexts(struct making *m, uint32_t length, uint32_t *n)
{
	struct group *g = NULL;
	struct intern known;
	uint32_t room = 0;
	int32_t key[PRISMA_MAX_ORDER + 1];

	*n = 0;
	intern_init(&known, m->pool);
	for (uint32_t c = 0; c < m->in->nconversations; c++) {
		uint32_t from = m->in->first[c];

		for (uint32_t i = from; i < m->in->first[c + 1]; i++) {
			uint32_t id;

			for (uint32_t k = 0; k < length; k++) {
				uint32_t back = length - 1 - k;

				key[k] = i - from < back ? -1 : (int32_t)m->of[i - back];
			}
			id = intern_find(&known, span_of(key, length * sizeof *key));
			if (id == INTERN_NONE) {
				if (*n == room) {
					room = MAX(2 * room, 64u);
					g = pool_grow(m->pool, g, *n, room, sizeof *g);
				}
				id = (*n)++;
				g[id] = (struct group){
					.form = pool_copy(m->pool, key, length * sizeof *key) };
				intern_add(&known, span_of(g[id].form, length * sizeof *key));
			}
			note_occurrence(m, &g[id], i);
		}
	}
	return g;
}

/* Seen once, it bears nothing out that a shorter one would not say as well. */
static bool
is_chance(const struct making *m, const struct text_context *c)
{
	return !m->p->original && c->count == 1 && c->nform > 1;
}

static void
learn_context(struct making *m, struct text_context *c, const struct group *g, uint32_t length,
    const struct text_context *shorter)
{
	struct occurrences o = { .said = &m->said, .message = g->message, .n = g->n, .nform = length,
		.allowed = m->p->separators != NULL || m->p->original ? g->n / 10 : 0 };

	for (uint32_t back = 0; back < length; back++) {
		int32_t f = g->form[length - 1 - back];

		if (f >= 0) {
			o.field[back].at = m->form[f].at;
			o.field[back].n = m->form[f].nfield;
		}
	}
	*c = (struct text_context){ .form = g->form, .nform = length, .count = g->seen };
	if (is_chance(m, c))
		return;
	context_rules(c, m->pool, &o, m->p, shorter, &m->tables);
	for (uint32_t i = 0; i < c->nrule; i++)
		m->report->rule[c->rule[i].kind] += c->rule[i].n;
}

/* From short to long, each found by the longer ones; the result from long to short. */
static void
build_contexts(struct making *m)
{
	uint32_t longest = m->report->order + 1, n[PRISMA_MAX_ORDER + 1], at = 0;
	struct text_context *of[PRISMA_MAX_ORDER + 1];
	struct intern shorter, known;

	for (uint32_t length = m->p->original ? longest : 1; length <= longest; length++) {
		struct group *g = group_contexts(m, length, &n[length - 1]);
		struct text_context *c = pool_array(m->pool, n[length - 1] + 1, sizeof *c);

		intern_init(&known, m->pool);
		for (uint32_t i = 0; i < n[length - 1]; i++) {
			uint32_t id = INTERN_NONE;

			if (length > 1 && !m->p->original)
				id = intern_find(&shorter, span_of(g[i].form + 1,
				    (length - 1) * sizeof *g->form));
			learn_context(m, &c[i], &g[i], length,
			    id == INTERN_NONE ? NULL : &of[length - 2][id]);
			intern_add(&known, span_of(g[i].form, length * sizeof *g->form));
		}
		shorter = known;
		of[length - 1] = c;
		m->ncontext += n[length - 1];
	}
	m->context = pool_array(m->pool, m->ncontext + 1, sizeof *m->context);
	for (uint32_t length = longest; length >= (m->p->original ? longest : 1); length--) {
		for (uint32_t i = 0; i < n[length - 1]; i++)
			if (!is_chance(m, &of[length - 1][i]))
				m->context[at++] = of[length - 1][i];
	}
	m->ncontext = m->report->contexts = at;
}

static void
write_nodes(const struct making *m, struct text_prisma *out)
{
	out->nnode = m->markov.nfull;
	out->node = pool_array(m->pool, out->nnode, sizeof *out->node);
	for (uint32_t i = 0; i < out->nnode; i++) {
		const struct markov_state *s = &m->markov.state[i];
		struct text_node *node = &out->node[i];

		node->symbol = (uint32_t *)s->symbol;
		node->way = pool_array(m->pool, s->nedges + 1, sizeof *node->way);
		for (uint32_t e = 0; e < s->nedges; e++) {
			const struct markov_edge *edge = &m->markov.edge[s->first + e];
			uint32_t k = node->nway++;

			for (; k > 0 && node->way[k - 1].to > edge->to; k--)
				node->way[k] = node->way[k - 1];
			node->way[k] = (struct text_way){ edge->to, (uint32_t)MIN(edge->count, UINT32_MAX) };
		}
	}
}

static void
write_form(const struct making *m, struct text_form *to, const struct form *f)
{
	const uint32_t *token = m->said.token + m->said.first[f->first];
	const uint8_t *at = m->in->message[f->first].bytes.p;

	*to = (struct text_form){ .node = f->node, .count = f->count, .nfield = f->nfield };
	to->piece = pool_array(m->pool, f->ntoken + 1, sizeof *to->piece);
	for (uint32_t t = 0; t < f->ntoken; t++) {
		size_t n = m->said.values.value[token[t]].n;

		if (f->varies[t])
			to->piece[to->npiece++] = span_of("", 0);
		else if (to->npiece > 0 && to->piece[to->npiece - 1].n > 0)
			to->piece[to->npiece - 1].n += n;
		else
			to->piece[to->npiece++] = span_of(at, n);
		at += n;
	}
}

void
prisma_learn(struct text_prisma *out, struct pool *pool, const struct prisma_input *in,
    const struct prisma_params *p, struct prisma_report *report)
{
	struct making m = { .pool = pool, .in = in, .p = p, .report = report,
		.n = in->first[in->nconversations], .out = out };

	*out = (struct text_prisma){ .has_run = p->has_run, .head = p->head, .delimiter = p->delimiter,
		.separators = p->separators != NULL ? span_str(p->separators) : span_of("", 0) };
	*report = (struct prisma_report){ 0 };
	m.where = pool_array(pool, m.n + 1, sizeof *m.where);
	m.of = pool_array(pool, m.n + 1, sizeof *m.of);
	read_tokens(&m);
	if (!build_states(&m)) {
		*out = (struct text_prisma){ 0 };
		return;
	}
	tables_init(&m.tables, pool, p->max_rows);
	build_contexts(&m);
	out->order = report->order;
	write_nodes(&m, out);
	out->nform = m.nform;
	out->form = pool_array(pool, m.nform + 1, sizeof *out->form);
	for (uint32_t i = 0; i < m.nform; i++)
		write_form(&m, &out->form[i], &m.form[i]);
	out->values = m.tables.v;
	out->nvalues = m.tables.n;
	out->context = m.context;
	out->ncontext = m.ncontext;
	report->rows = m.tables.rows;
	report->rows_left_out = m.tables.left_out;
}
