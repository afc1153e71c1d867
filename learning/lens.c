#include "learning/lens.h"

#include <stdio.h>

enum { NEVER = -1 };

/* A row of tokens, and which of a form's are fixed. */
struct row {
	struct span token[PRISMA_TOKENS];
	bool field[PRISMA_TOKENS];
	uint32_t n;
};

void
lens_book(struct lens_book *b, struct pool *pool, const struct text_prisma *p)
{
	uint32_t *at = pool_array(pool, p->nnode + 1, sizeof *at);

	*b = (struct lens_book){ .p = p, .first = pool_array(pool, p->nnode + 1, sizeof *b->first),
		.form = pool_array(pool, p->nform + 1, sizeof *b->form) };
	for (uint32_t i = 0; i < p->nform; i++)
		b->first[p->form[i].node + 1]++;
	for (uint32_t i = 0; i < p->nnode; i++)
		at[i] = b->first[i + 1] += b->first[i];
	for (uint32_t i = p->nform; i-- > 0;)
		b->form[--at[p->form[i].node]] = i;
	intern_init(&b->contexts, pool);
	for (uint32_t i = 0; i < p->ncontext; i++)
		intern_add(&b->contexts, span_of(p->context[i].form,
		    p->context[i].nform * sizeof *p->context[i].form));
}

void
lens_init(struct lens *l, struct pool *pool, const struct lens_book *b, bool server,
    uint64_t seed)
{
	*l = (struct lens){ .pool = pool, .book = b, .server = server, .dice = hash_stir(seed + 1) };
	for (unsigned i = 0; i < PRISMA_MAX_ORDER; i++)
		l->past[i].form = NEVER;
}

static uint64_t
draw(struct lens *l, uint64_t below)
{
	l->dice += 0x9e3779b97f4a7c15u;
	return below == 0 ? 0 : hash_stir(l->dice) % below;
}

static uint32_t
newest(const struct lens_book *b, uint32_t node)
{
	return b->p->node[node].symbol[b->p->order - 1];
}

static bool
is_of(const struct lens_book *b, uint32_t node, bool server)
{
	uint32_t symbol = newest(b, node);

	return symbol < PRISMA_START && symbol % 2 == server;
}

static void
row_of_message(struct row *r, const struct text_prisma *p, struct span rest)
{
	for (r->n = 0; rest.n > 0; r->n++) {
		r->field[r->n] = false;
		if (r->n + 1 == PRISMA_TOKENS) {
			r->token[r->n] = rest;
			rest.n = 0;
		} else {
			r->token[r->n] = prisma_token(p, r->n, &rest);
		}
	}
}

/* False: a form of a file may have more tokens than any message. */
static bool
row_of_form(struct row *r, const struct text_prisma *p, const struct text_form *f)
{
	r->n = 0;
	for (uint32_t k = 0; k < f->npiece; k++) {
		struct span rest = f->piece[k];
		bool field = rest.n == 0;

		do {
			bool last = r->n + 1 == PRISMA_TOKENS;

			if (r->n == PRISMA_TOKENS)
				return false;
			r->field[r->n] = field;
			r->token[r->n] = field || last ? rest : prisma_token(p, r->n, &rest);
			r->n++;
			if (last)
				rest.n = 0;
		} while (!field && rest.n > 0);
	}
	return true;
}

/* Fixed bytes, or -1 where the message is none of the form's. */
static int64_t
matches(const struct row *form, const struct row *message)
{
	int64_t fixed = 0;

	if (form->n != message->n)
		return -1;
	for (uint32_t i = 0; i < form->n; i++) {
		if (form->field[i])
			continue;
		if (!span_eq(form->token[i], message->token[i]))
			return -1;
		fixed += (int64_t)form->token[i].n;
	}
	return fixed;
}

/* How many of the newest symbols a node shares with where we are, if it came next. */
static uint32_t
shared(const struct lens *l, uint32_t node)
{
	const struct text_prisma *p = l->book->p;
	uint32_t n = 0;

	while (n + 1 < p->order &&
	    p->node[node].symbol[p->order - 2 - n] == p->node[l->node].symbol[p->order - 1 - n])
		n++;
	return n;
}

static void
remember(struct lens *l, int32_t form, struct span *field)
{
	memmove(l->past + 1, l->past, (PRISMA_MAX_ORDER - 1) * sizeof *l->past);
	l->past[0] = (struct lens_past){ form, field };
	if (form >= 0)
		l->node = l->book->p->form[form].node;
}

/* Of the node's forms the one with most fixed bytes, then messages, if it is better than *best. */
static void
match_node(const struct lens *l, uint32_t node, const struct row *message, int64_t *fixed,
    int32_t *best)
{
	const struct text_prisma *p = l->book->p;
	struct row form;

	for (uint32_t i = l->book->first[node]; i < l->book->first[node + 1]; i++) {
		uint32_t f = l->book->form[i];
		int64_t n = row_of_form(&form, p, &p->form[f]) ? matches(&form, message) : -1;

		if (n > *fixed || (n >= 0 && n == *fixed && p->form[f].count > p->form[*best].count)) {
			*fixed = n;
			*best = (int32_t)f;
		}
	}
}

/* Among the next states; then among all, those that share most of the past first. */
static int32_t
find_match(const struct lens *l, const struct row *message)
{
	const struct text_prisma *p = l->book->p;
	const struct text_node *now = &p->node[l->node];
	int32_t best = NEVER;
	int64_t fixed = -1;

	for (uint32_t i = 0; i < now->nway; i++)
		if (is_of(l->book, now->way[i].to, !l->server))
			match_node(l, now->way[i].to, message, &fixed, &best);
	for (uint32_t share = p->order; best < 0 && share-- > 0;)
		for (uint32_t i = 0; i < p->nnode; i++)
			if (is_of(l->book, i, !l->server) && shared(l, i) == share)
				match_node(l, i, message, &fixed, &best);
	return best;
}

enum { ROOM = PRISMA_TOKENS + 1 };

/* Edits over tokens, a field takes any one; *from: at which token of the message each ends. */
static uint32_t
edits(const struct row *form, const struct row *message, uint16_t (*cost)[ROOM])
{
	for (uint32_t i = 0; i <= form->n; i++)
		for (uint32_t j = 0; j <= message->n; j++) {
			uint32_t c = i == 0 ? j : j == 0 ? i : UINT16_MAX;

			if (i > 0 && j > 0) {
				bool same = form->field[i - 1] ||
				    span_eq(form->token[i - 1], message->token[j - 1]);

				c = MIN(MIN(cost[i - 1][j], cost[i][j - 1]) + 1u,
				    cost[i - 1][j - 1] + (same ? 0u : 1u));
			}
			cost[i][j] = (uint16_t)c;
		}
	return cost[form->n][message->n];
}

/* The fields of a message as a form that is not quite its own sees them. */
static struct span *
align(struct lens *l, const struct row *form, const struct row *message, uint16_t (*cost)[ROOM],
    uint32_t nfield)
{
	struct span *field = pool_array(l->pool, nfield + 1, sizeof *field);
	uint32_t i = form->n, j = message->n;

	while (i > 0) {
		bool left_out = cost[i][j] == cost[i - 1][j] + 1;
		bool pair = !left_out && j > 0 && cost[i][j] == cost[i - 1][j - 1] +
		    !(form->field[i - 1] || span_eq(form->token[i - 1], message->token[j - 1]));

		j -= !left_out;
		if (!left_out && !pair)
			continue;
		i--;
		if (form->field[i])
			field[--nfield] = pair ? message->token[j] : span_of("", 0);
	}
	return field;
}

/* The nearest of what may come next, if half of it is there. */
static int32_t
find_nearest(struct lens *l, const struct row *message, struct span **field)
{
	const struct text_prisma *p = l->book->p;
	const struct text_node *now = &p->node[l->node];
	uint16_t cost[ROOM][ROOM];
	uint32_t least = UINT32_MAX;
	int32_t best = NEVER;
	struct row form;

	for (uint32_t w = 0; w < now->nway; w++) {
		uint32_t node = now->way[w].to;

		if (!is_of(l->book, node, !l->server))
			continue;
		for (uint32_t i = l->book->first[node]; i < l->book->first[node + 1]; i++) {
			uint32_t f = l->book->form[i], n;

			if (!row_of_form(&form, p, &p->form[f]))
				continue;
			n = edits(&form, message, cost);
			if (n < least && 2 * n <= MAX(form.n, message->n)) {
				least = n;
				best = (int32_t)f;
				*field = align(l, &form, message, cost, p->form[f].nfield);
			}
		}
	}
	return best;
}

bool
lens_hear(struct lens *l, struct span message)
{
	const struct text_prisma *p = l->book->p;
	struct row row, form;
	struct span *field = NULL;
	int32_t f;

	row_of_message(&row, p, span_sub(message, 0, MODEL_MESSAGE_BYTES));
	f = find_match(l, &row);
	if (f >= 0) {
		uint32_t n = 0;

		field = pool_array(l->pool, p->form[f].nfield + 1, sizeof *field);
		row_of_form(&form, p, &p->form[f]);
		for (uint32_t i = 0; i < form.n; i++)
			if (form.field[i])
				field[n++] = row.token[i];
	} else {
		f = find_nearest(l, &row, &field);
	}
	remember(l, f, field);
	return f >= 0;
}

/* The context of the last length - 1 messages and this form, or NULL. */
static const struct text_context *
context_of(const struct lens *l, uint32_t form, uint32_t length)
{
	int32_t key[PRISMA_MAX_ORDER + 1];
	uint32_t id;

	for (uint32_t k = 0; k + 1 < length; k++)
		key[k] = l->past[length - 2 - k].form;
	key[length - 1] = (int32_t)form;
	id = intern_find(&l->book->contexts, span_of(key, length * sizeof *key));
	return id == INTERN_NONE ? NULL : &l->book->p->context[id];
}

/* A form of the node, by how often it followed the last ones; the context it was seen in. */
static const struct text_context *
draw_form(struct lens *l, uint32_t node)
{
	const struct lens_book *b = l->book;

	for (uint32_t length = b->p->order + 1; length > 0; length--) {
		uint64_t sum = 0, at;

		for (uint32_t i = b->first[node]; i < b->first[node + 1]; i++) {
			const struct text_context *c = context_of(l, b->form[i], length);

			sum += c != NULL ? c->count : 0;
		}
		at = draw(l, sum);
		for (uint32_t i = b->first[node]; i < b->first[node + 1] && sum > 0; i++) {
			const struct text_context *c = context_of(l, b->form[i], length);

			if (c != NULL && at < c->count)
				return c;
			at -= c != NULL ? c->count : 0;
		}
	}
	return NULL;
}

static uint32_t
draw_row(struct lens *l, const struct text_values *v)
{
	uint64_t sum = 0, at;
	uint32_t i = 0;

	for (uint32_t r = 0; r < v->nrow; r++)
		sum += v->row[r].count;
	for (at = draw(l, sum); at >= v->row[i].count; i++)
		at -= v->row[i].count;
	return i;
}

static struct span
joined(struct lens *l, struct span a, struct span b)
{
	uint8_t *to = pool_alloc(l->pool, a.n + b.n + 1);

	if (a.n > 0)
		memcpy(to, a.p, a.n);
	if (b.n > 0)
		memcpy(to + a.n, b.p, b.n);
	return span_of(to, a.n + b.n);
}

static struct span
sum(struct lens *l, struct span from, int64_t delta)
{
	char text[32];
	int64_t v = 0;

	for (size_t i = 0; i < from.n && i < 18; i++) {
		if (from.p[i] < '0' || from.p[i] > '9') {
			v = 0;
			break;
		}
		v = v * 10 + (from.p[i] - '0');
	}
	if (__builtin_add_overflow(v, delta, &v) || v < 0)
		v = 0;
	snprintf(text, sizeof text, "%lld", (long long)v);
	return span_str(pool_copy(l->pool, text, strlen(text) + 1));
}

static struct span
field_by(struct lens *l, const struct text_rule *r, uint32_t k, const struct span *field, uint32_t row)
{
	const struct text_values *v = &l->book->p->values[r->values];
	struct span from = { 0 };

	if (r->kind != PRISMA_DATA)
		from = r->back == 0 ? field[r->source] : l->past[r->back - 1].field[r->source + k];
	switch (r->kind) {
	case PRISMA_SEQ:
		return sum(l, from, r->delta);
	case PRISMA_ADD:
		return r->after ? joined(l, v->row[row].value[r->column], from)
		    : joined(l, from, v->row[row].value[r->column]);
	case PRISMA_PART:
		return prisma_part(from, r->lit, r->after);
	case PRISMA_DATA:
		return v->row[row].value[r->column + k];
	}
	return from;
}

/* Rules with one table draw one row. */
static struct span *
fill(struct lens *l, const struct text_context *c, const struct text_form *f)
{
	struct span *field = pool_array(l->pool, f->nfield + 1, sizeof *field);
	uint32_t *row = pool_array(l->pool, c->nrule + 1, sizeof *row);

	for (uint32_t i = 0; i < c->nrule; i++) {
		const struct text_rule *r = &c->rule[i];
		bool drawn = false;

		if (r->kind == PRISMA_DATA || r->kind == PRISMA_ADD) {
			for (uint32_t j = 0; j < i && !drawn; j++) {
				drawn = c->rule[j].values == r->values &&
				    (c->rule[j].kind == PRISMA_DATA || c->rule[j].kind == PRISMA_ADD);
				if (drawn)
					row[i] = row[j];
			}
			if (!drawn)
				row[i] = draw_row(l, &l->book->p->values[r->values]);
		}
		for (uint32_t k = 0; k < r->n; k++)
			field[r->field + k] = field_by(l, r, k, field, row[i]);
	}
	return field;
}

static struct span
render(struct lens *l, const struct text_form *f, const struct span *field)
{
	size_t n = 0;
	uint8_t *to, *at;

	for (uint32_t i = 0, k = 0; i < f->npiece; i++)
		n += f->piece[i].n > 0 ? f->piece[i].n : field[k++].n;
	at = to = pool_alloc(l->pool, n + 1);
	for (uint32_t i = 0, k = 0; i < f->npiece; i++) {
		struct span s = f->piece[i].n > 0 ? f->piece[i] : field[k++];

		if (s.n > 0)
			at = mempcpy(at, s.p, s.n);
	}
	return span_of(to, n);
}

/* The next state; with must not one of the other side's. -1: there is none. */
static int64_t
draw_node(struct lens *l, bool must)
{
	const struct text_node *now = &l->book->p->node[l->node];
	uint64_t sum = 0, at;

	for (uint32_t i = 0; i < now->nway; i++)
		if (!must || !is_of(l->book, now->way[i].to, !l->server))
			sum += now->way[i].count;
	at = draw(l, sum);
	for (uint32_t i = 0; i < now->nway && sum > 0; i++) {
		if (must && is_of(l->book, now->way[i].to, !l->server))
			continue;
		if (at < now->way[i].count)
			return now->way[i].to;
		at -= now->way[i].count;
	}
	return -1;
}

enum lens_turn
lens_speak(struct lens *l, bool must, struct span *to)
{
	const struct text_context *c;
	const struct text_form *f;
	int64_t node = draw_node(l, must);
	struct span *field;

	if (node < 0)
		return must ? LENS_ENDS : LENS_WAITS;
	if (is_of(l->book, (uint32_t)node, !l->server))
		return LENS_WAITS;
	if (newest(l->book, (uint32_t)node) >= PRISMA_START)
		return LENS_ENDS;
	c = draw_form(l, (uint32_t)node);
	if (c == NULL)
		return must ? LENS_ENDS : LENS_WAITS;
	f = &l->book->p->form[c->form[c->nform - 1]];
	field = fill(l, c, f);
	*to = render(l, f, field);
	remember(l, c->form[c->nform - 1], field);
	return LENS_SAYS;
}
