#include "learning/context.h"

#include <stdlib.h>

enum { PARTIAL = 3,		/* bytes of a source that is added to, or of a part: published */
	SUPPORT = 2,		/* different values that bear a rule out */
	DIGITS = 18,
	ROW_BYTES = 128 };	/* of a row, on the average, in a table that is as long as it may be */

struct search {
	struct pool *pool;
	const struct occurrences *o;
	bool original;
	uint32_t *open, nopen;		/* fields of the last form nothing fills yet, ascending */
	struct text_rule *rule;		/* found in earlier messages */
	uint32_t nrule;
	struct text_rule *inner;	/* found inside the message */
	uint32_t ninner;
	struct tables *tables;
};

static uint32_t
value_id(const struct occurrences *o, uint32_t i, uint32_t back, uint32_t field)
{
	return o->said->token[o->said->first[o->message[i] - back] + o->field[back].at[field]];
}

static struct span
value_of(const struct occurrences *o, uint32_t i, uint32_t back, uint32_t field)
{
	return o->said->values.value[value_id(o, i, back, field)];
}

static bool
enough(uint32_t good, const struct occurrences *o)
{
	return o->n - good <= o->allowed;
}

static bool
hopeless(uint32_t failed, const struct occurrences *o)
{
	return failed > o->allowed;
}

static bool
number_of(struct span s, int64_t *v)
{
	*v = 0;
	if (s.n == 0 || s.n > DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*v = *v * 10 + (s.p[i] - '0');
	}
	return true;
}

static bool
begins(struct span s, struct span with)
{
	return s.n >= with.n && span_eq(span_sub(s, 0, with.n), with);
}

static bool
ends(struct span s, struct span with)
{
	return s.n >= with.n && span_eq(span_sub(s, s.n - with.n, with.n), with);
}

/* Do different values of the field bear a rule out? A constant follows from anything. */
static bool
supported(const struct occurrences *o, uint32_t field)
{
	uint32_t seen[SUPPORT], n = 0;

	for (uint32_t i = 0; i < o->n && n < SUPPORT; i++) {
		uint32_t id = value_id(o, i, 0, field), k = 0;

		while (k < n && seen[k] != id)
			k++;
		if (k == n)
			seen[n++] = id;
	}
	return n == SUPPORT;
}

static bool
copies(const struct occurrences *o, const struct text_rule *r)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < o->n && !hopeless(failed, o); i++)
		failed += value_id(o, i, r->back, r->source) != value_id(o, i, 0, r->field);
	return enough(o->n - failed, o);
}

/* The increment by majority: more than half agree on it, or none is good enough. */
static int64_t
increment(const struct occurrences *o, const struct text_rule *r)
{
	int64_t d = 0, from, to;
	uint32_t votes = 0;

	for (uint32_t i = 0; i < o->n; i++) {
		if (!number_of(value_of(o, i, r->back, r->source), &from) ||
		    !number_of(value_of(o, i, 0, r->field), &to))
			continue;
		if (votes == 0)
			d = to - from;
		if (to - from == d)
			votes++;
		else
			votes--;
	}
	return d;
}

static bool
counts_on(const struct search *s, struct text_rule *r)
{
	const struct occurrences *o = s->o;
	uint32_t failed = 0;
	int64_t from, to;

	r->delta = s->original ? 1 : increment(o, r);
	for (uint32_t i = 0; i < o->n && !hopeless(failed, o); i++) {
		struct span t = value_of(o, i, 0, r->field);

		failed += !number_of(value_of(o, i, r->back, r->source), &from) ||
		    !number_of(t, &to) || to - from != r->delta ||
		    (!s->original && t.n > 1 && t.p[0] == '0');	/* would not be written so */
	}
	return r->delta != 0 && enough(o->n - failed, o);
}

/* 1: the whole begins with the part, 2: it ends with it, 0: neither, or the part is short. */
static unsigned
side_of(struct span whole, struct span part)
{
	return part.n < PARTIAL ? 0 : begins(whole, part) ? 1 : ends(whole, part) ? 2 : 0;
}

/* Which side most are on; 0: not nine tenths of them on one. add: the target is the whole. */
static unsigned
common_side(const struct occurrences *o, const struct text_rule *r, bool add)
{
	uint32_t n[3] = { 0 };

	for (uint32_t i = 0; i < o->n && !hopeless(n[0], o); i++) {
		struct span from = value_of(o, i, r->back, r->source), to = value_of(o, i, 0, r->field);

		n[add ? side_of(to, from) : side_of(from, to)]++;
	}
	return enough(n[1], o) ? 1 : enough(n[2], o) ? 2 : 0;
}

static bool
adds(const struct occurrences *o, struct text_rule *r)
{
	unsigned side = common_side(o, r, true);

	r->after = side == 2;
	return side != 0;
}

struct span
prisma_part(struct span from, struct span separator, bool after)
{
	const uint8_t *at = memmem(from.p, from.n, separator.p, separator.n);
	size_t head;

	if (at == NULL)
		return span_of("", 0);
	head = (size_t)(at - from.p);
	return after ? span_sub(from, head + separator.n, from.n) : span_sub(from, 0, head);
}

/* What was cut away has a common beginning (end): the separator. */
static bool
cuts(const struct search *s, struct text_rule *r)
{
	const struct occurrences *o = s->o;
	unsigned side = common_side(o, r, false);
	uint32_t good = 0;
	bool first = true;

	if (side == 0)
		return false;
	r->after = side == 2;
	for (uint32_t i = 0; i < o->n; i++) {
		struct span from = value_of(o, i, r->back, r->source), to = value_of(o, i, 0, r->field);
		struct span cut;
		size_t n = 0;

		if (side_of(from, to) != side)
			continue;
		cut = r->after ? span_sub(from, 0, from.n - to.n) : span_sub(from, to.n, from.n);
		if (first)
			r->lit = cut;
		first = false;
		while (n < MIN(cut.n, r->lit.n) && (r->after ?
		    cut.p[cut.n - 1 - n] == r->lit.p[r->lit.n - 1 - n] : cut.p[n] == r->lit.p[n]))
			n++;
		r->lit = r->after ? span_sub(r->lit, r->lit.n - n, n) : span_sub(r->lit, 0, n);
	}
	if (r->lit.n > 255)
		r->lit = r->after ? span_sub(r->lit, r->lit.n - 255, 255) : span_sub(r->lit, 0, 255);
	for (uint32_t i = 0; i < o->n && r->lit.n > 0; i++)
		good += span_eq(prisma_part(value_of(o, i, r->back, r->source), r->lit, r->after),
		    value_of(o, i, 0, r->field));
	return r->lit.n > 0 && (s->original || enough(good, o));
}

static bool
holds(const struct search *s, struct text_rule *r)
{
	switch (r->kind) {
	case PRISMA_COPY:
		return copies(s->o, r);
	case PRISMA_SEQ:
		return counts_on(s, r);
	case PRISMA_ADD:
		return adds(s->o, r);
	case PRISMA_PART:
		return cuts(s, r);
	}
	return false;
}

/* Every open field that the source fills. Returns true if it filled one. */
static bool
fill_from(struct search *s, struct text_rule r, struct text_rule *to, uint32_t *nto)
{
	uint32_t left = 0, had = s->nopen;

	for (uint32_t k = 0; k < had; k++) {
		r.field = s->open[k];
		if ((r.back > 0 || r.field != r.source) && (s->original || supported(s->o, r.field)) &&
		    holds(s, &r))
			to[(*nto)++] = r;
		else
			s->open[left++] = s->open[k];
	}
	s->nopen = left;
	return left < had;
}

static bool
is_open(const struct search *s, uint32_t field)
{
	for (uint32_t k = 0; k < s->nopen; k++)
		if (s->open[k] == field)
			return true;
	return false;
}

static void
search(struct search *s, bool bytes)
{
	uint8_t kinds = bytes ? PRISMA_ADD : PRISMA_DATA;	/* single bytes have no parts */

	for (uint8_t kind = PRISMA_COPY; kind < kinds && s->nopen > 0; kind++)
		for (uint32_t back = 1; back < s->o->nform; back++)
			for (uint32_t f = 0; f < s->o->field[back].n && s->nopen > 0; f++)
				fill_from(s, (struct text_rule){ .kind = kind, .n = 1, .back = back,
				    .source = f },
				    s->rule, &s->nrule);
	for (uint8_t kind = PRISMA_COPY; kind < kinds; kind++)
		for (uint32_t f = 0; f < s->o->field[0].n && s->nopen > 1; f++)
			if (is_open(s, f))
				fill_from(s, (struct text_rule){ .kind = kind, .n = 1, .source = f },
				    s->inner, &s->ninner);
}

/* The rule that fills a field, for this field alone. */
static struct text_rule
rule_of(const struct text_context *c, uint32_t field)
{
	for (uint32_t i = 0; i < c->nrule; i++) {
		struct text_rule r = c->rule[i];
		uint32_t k = field - r.field;

		if (field < r.field || k >= r.n)
			continue;
		r.source += k;
		r.column += k;
		r.field = field;
		r.n = 1;
		return r;
	}
	return (struct text_rule){ .kind = PRISMA_RULE_N };
}

/* Rules of the shorter context for fields that are still open, unless they fail here. */
static void
inherit(struct search *s, const struct text_context *shorter)
{
	uint32_t left = 0;

	for (uint32_t k = 0; k < s->nopen; k++) {
		struct text_rule r = rule_of(shorter, s->open[k]);
		int64_t delta = r.delta;

		if (r.back > 0 && holds(s, &r) && r.delta == delta)
			s->rule[s->nrule++] = r;
		else
			s->open[left++] = s->open[k];
	}
	s->nopen = left;
}

void
tables_init(struct tables *t, struct pool *pool, uint32_t max_rows)
{
	*t = (struct tables){ .pool = pool, .max_rows = max_rows };
	intern_init(&t->known, pool);
}

static int
by_count(const void *a, const void *b)
{
	const struct text_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	for (const struct span *v = x->value, *w = y->value;; v++, w++) {
		int c = span_cmp(*v, *w);

		if (c != 0)
			return c;	/* rows differ */
	}
}

static void
keep_commonest(struct tables *t, struct text_values *v)
{
	size_t bytes = 0;
	uint32_t n = 0;

	for (; n < v->nrow && t->max_rows > 0; n++) {
		for (uint32_t c = 0; c < v->ncolumn; c++)
			bytes += v->row[n].value[c].n;
		if (n > 0 && (n == t->max_rows || bytes > (size_t)t->max_rows * ROW_BYTES))
			break;
	}
	if (t->max_rows > 0) {
		t->left_out += v->nrow - n;
		v->nrow = n;
	}
}

/* The number of a table with these rows, which are different ones. */
static uint32_t
table_add(struct tables *t, struct text_values v)
{
	size_t bytes = sizeof v.total + sizeof v.ncolumn;
	uint32_t id, before = t->known.n;
	uint8_t *key, *at;

	qsort(v.row, v.nrow, sizeof *v.row, by_count);
	t->rows += v.nrow;
	keep_commonest(t, &v);
	for (uint32_t r = 0; r < v.nrow; r++)
		for (uint32_t c = 0; c < v.ncolumn; c++)
			bytes += sizeof v.row->count + sizeof(size_t) + v.row[r].value[c].n;
	key = pool_alloc(t->pool, bytes);
	at = mempcpy(key, &v.total, sizeof v.total);
	at = mempcpy(at, &v.ncolumn, sizeof v.ncolumn);
	for (uint32_t r = 0; r < v.nrow; r++)
		for (uint32_t c = 0; c < v.ncolumn; c++) {
			const struct span *s = &v.row[r].value[c];

			at = mempcpy(at, &v.row[r].count, sizeof v.row->count);
			at = mempcpy(at, &s->n, sizeof s->n);
			if (s->n > 0)
				at = mempcpy(at, s->p, s->n);
		}
	id = intern_add(&t->known, span_of(key, bytes));
	if (id < before)
		return id;
	if (t->n == t->room) {
		t->room = MAX(2 * t->room, 64u);
		t->v = pool_grow(t->pool, t->v, t->n, t->room, sizeof *t->v);
	}
	t->v[t->n++] = v;
	return id;
}

/* What row() writes for every occurrence, or for this one does not. */
static struct text_values
gather(struct search *s, uint32_t ncolumn,
    bool (*row)(const struct search *s, const struct text_rule *r, uint32_t i, struct span *to),
    const struct text_rule *r)
{
	struct text_values v = { .ncolumn = ncolumn };
	struct intern rows;
	uint32_t *key = pool_array(s->pool, ncolumn, sizeof *key);
	struct span *value = pool_array(s->pool, ncolumn, sizeof *value);
	struct intern parts;

	intern_init(&rows, s->pool);
	intern_init(&parts, s->pool);
	v.row = pool_array(s->pool, s->o->n, sizeof *v.row);
	for (uint32_t i = 0; i < s->o->n; i++) {
		uint32_t id;

		if (!row(s, r, i, value))
			continue;
		for (uint32_t c = 0; c < ncolumn; c++)
			key[c] = intern_add(&parts, value[c]);
		id = intern_find(&rows, span_of(key, ncolumn * sizeof *key));
		if (id == INTERN_NONE) {
			id = intern_add(&rows, span_of(pool_copy(s->pool, key, ncolumn * sizeof *key),
			    ncolumn * sizeof *key));
			v.row[v.nrow++].value = pool_copy(s->pool, value, ncolumn * sizeof *value);
		}
		v.row[id].count++;
		v.total++;
	}
	return v;
}

static bool
rest_of(const struct search *s, const struct text_rule *r, uint32_t i, struct span *to)
{
	struct span from = value_of(s->o, i, r->back, r->source), whole = value_of(s->o, i, 0, r->field);

	if (side_of(whole, from) != (r->after ? 2u : 1u))
		return false;
	*to = r->after ? span_sub(whole, 0, whole.n - from.n) : span_sub(whole, from.n, whole.n);
	return true;
}

static bool
open_values(const struct search *s, const struct text_rule *r, uint32_t i, struct span *to)
{
	(void)r;
	for (uint32_t k = 0; k < s->nopen; k++)
		to[k] = value_of(s->o, i, 0, s->open[k]);
	return true;
}

static void
record(struct search *s, uint32_t field, uint32_t values, uint32_t column)
{
	s->rule[s->nrule++] = (struct text_rule){ .kind = PRISMA_DATA, .field = field, .n = 1,
		.values = values, .column = column };
}

/*
 * Recorded values for what is open. Where nearly every row is a new one the shorter context's are
 * as good, and a model need not carry them again.
 */
static void
record_open(struct search *s, const struct text_context *shorter)
{
	struct text_values v = gather(s, s->nopen, open_values, NULL);
	uint32_t left = 0, values;

	for (uint32_t k = 0; k < s->nopen; k++) {
		struct text_rule r = { .kind = PRISMA_RULE_N };

		if (shorter != NULL && 2 * (uint64_t)v.nrow > v.total)
			r = rule_of(shorter, s->open[k]);
		if (r.kind == PRISMA_DATA)
			record(s, s->open[k], r.values, r.column);
		else
			s->open[left++] = s->open[k];
	}
	if (left < s->nopen && left > 0) {
		s->nopen = left;
		v = gather(s, left, open_values, NULL);
	}
	values = left > 0 ? table_add(s->tables, v) : 0;
	for (uint32_t k = 0; k < left; k++)
		record(s, s->open[k], values, k);
}

/* Does b go on where a ends? Sources in the message itself are one by one: their order counts. */
static bool
continues(const struct text_rule *a, const struct text_rule *b)
{
	if (a->kind != b->kind || b->field != a->field + a->n)
		return false;
	if (a->kind == PRISMA_DATA)
		return a->values == b->values && b->column == a->column + a->n;
	return a->kind == PRISMA_COPY && a->back > 0 && a->back == b->back &&
	    b->source == a->source + a->n;
}

static int
by_field(const void *a, const void *b)
{
	const struct text_rule *x = a, *y = b;

	return (x->field > y->field) - (x->field < y->field);
}

void
context_rules(struct text_context *c, struct pool *pool, const struct occurrences *o,
    const struct prisma_params *p, const struct text_context *shorter, struct tables *tables)
{
	uint32_t n = o->field[0].n;
	struct search s = { .pool = pool, .o = o, .original = p->original, .tables = tables,
		.open = pool_array(pool, n + 1, sizeof *s.open), .nopen = n,
		.rule = pool_array(pool, n + 1, sizeof *s.rule),
		.inner = pool_array(pool, n + 1, sizeof *s.inner) };

	if (n == 0)
		return;
	for (uint32_t k = 0; k < n; k++)
		s.open[k] = k;
	search(&s, p->separators == NULL);
	if (shorter != NULL)
		inherit(&s, shorter);
	if (s.nopen > 0)
		record_open(&s, shorter);
	qsort(s.rule, s.nrule, sizeof *s.rule, by_field);
	while (s.ninner > 0)		/* later ones fill the sources of earlier ones */
		s.rule[s.nrule++] = s.inner[--s.ninner];
	c->rule = s.rule;
	for (uint32_t k = 0; k < s.nrule; k++) {
		if (s.rule[k].kind == PRISMA_ADD)
			s.rule[k].values = table_add(tables, gather(&s, 1, rest_of, &s.rule[k]));
		if (c->nrule > 0 && continues(&c->rule[c->nrule - 1], &s.rule[k]))
			c->rule[c->nrule - 1].n++;
		else
			c->rule[c->nrule++] = s.rule[k];
	}
}
