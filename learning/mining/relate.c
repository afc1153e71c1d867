#include "learning/mining/relate.h"

#include <stdio.h>

enum { LEAST_BYTES = 2, MOST_BYTES = 4096, LIFT_PERCENT = 150 };

struct cell {			/* one candidate rule */
	struct relation r;
	uint32_t before, before_held;	/* the same with the A before the last one */
};

struct relater {
	const struct forms *f;
	struct pool *pool;
	struct intern keys;
	struct cell *cell;
	uint32_t room;
	uint8_t mapped[2][MOST_BYTES];
};

static struct span
value_at(const struct forms *f, uint32_t i, uint8_t pos)
{
	const struct inter *it = &f->c->inter[i];

	if (pos == SYMBOL_RESPONSE)
		return it->answer;
	return pos < it->narg && it->constant[pos] < 0 ? it->arg[pos] : (struct span){ 0 };
}

static bool
is_list(const struct forms *f, uint32_t i, uint8_t pos)
{
	return pos == SYMBOL_RESPONSE &&
	    f->c->d->command[f->c->inter[i].command].answer == ANSWER_LINES;
}

/* Is the small one in the big one; name by name where that is a list. */
static bool
holds_in(struct span small, struct span big, bool list)
{
	size_t at = 0;

	if (!list)
		return memmem(big.p, big.n, small.p, small.n) != NULL;
	while (at <= big.n) {
		size_t end = at;

		while (end < big.n && big.p[end] != ',' && big.p[end] != '\n')
			end++;
		if (span_eq(span_sub(big, at, end - at), small))
			return true;
		at = end + 1;
	}
	return false;
}

/* Replaces what the map says, first entry first. */
static struct span
mapped(const struct definition_rule *r, struct span s, uint8_t to[MOST_BYTES])
{
	size_t n = 0, at = 0;

	while (at < s.n && n < MOST_BYTES) {
		uint32_t k = 0;

		while (k < r->nmap && (r->map[k].from.n > s.n - at ||
		    memcmp(s.p + at, r->map[k].from.p, r->map[k].from.n) != 0))
			k++;
		if (k == r->nmap) {
			to[n++] = s.p[at++];
			continue;
		}
		for (size_t b = 0; b < r->map[k].to.n && n < MOST_BYTES; b++)
			to[n++] = r->map[k].to.p[b];
		at += r->map[k].from.n;
	}
	return span_of(to, n);
}

static bool
test(struct relater *x, const struct definition_rule *r, struct span a, struct span b, bool a_list, bool b_list)
{
	if (r->kind == META_EXACT)
		return span_eq(a, b);
	if (r->kind == META_MAP) {
		struct span ma = mapped(r, a, x->mapped[0]), mb = mapped(r, b, x->mapped[1]);

		if (span_eq(a, b) || ma.n < LEAST_BYTES || mb.n < LEAST_BYTES)
			return false;	/* replacing has to make the difference */
		return holds_in(ma, mb, false) || holds_in(mb, ma, false);
	}
	if (a.n < LEAST_BYTES || b.n < LEAST_BYTES)
		return false;
	return (holds_in(a, b, b_list) || holds_in(b, a, a_list)) == (r->kind == META_SUBSTRING);
}

static bool
wanted(const struct definition_rule *r, uint8_t a, uint8_t b)
{
	bool ra = a == SYMBOL_RESPONSE, rb = b == SYMBOL_RESPONSE;

	switch (r->between) {
	case BETWEEN_ARG:
		return !ra && !rb;
	case BETWEEN_RESP:
	case BETWEEN_RESP_RESP:
		return ra && rb;
	case BETWEEN_ARG_RESP:
		return ra != rb;
	}
	return true;
}

static struct cell *
cell_of(struct relater *x, const struct relation *r)
{
	uint16_t key[] = { r->a, r->b, r->rule, r->a_pos, r->b_pos, r->when, (uint16_t)r->class };
	uint32_t n = x->keys.n, at = intern_find(&x->keys, span_of(key, sizeof key));

	if (at != INTERN_NONE)
		return &x->cell[at];
	intern_add(&x->keys, span_of(pool_copy(x->pool, key, sizeof key), sizeof key));
	if (n == x->room) {
		x->room = MAX(2 * x->room, 256u);
		x->cell = pool_grow(x->pool, x->cell, n, x->room, sizeof *x->cell);
	}
	x->cell[n] = (struct cell){ .r = *r };
	return &x->cell[n];
}

static void
count(struct relater *x, struct relation r, bool held, bool last)
{
	struct cell *c = cell_of(x, &r);

	if (last) {
		c->r.pairs++;
		c->r.support += held;
	} else {
		c->before++;
		c->before_held += held;
	}
}

/* All values of a pair of interactions, all rules; last: i is the last of its form before j. */
static void
compare(struct relater *x, uint32_t i, uint32_t j, bool last)
{
	const struct definition *d = x->f->c->d;
	const struct inter *ia = &x->f->c->inter[i], *ib = &x->f->c->inter[j];

	for (unsigned p = 0; p <= DEFINITION_ARGS; p++)
		for (unsigned q = 0; q <= DEFINITION_ARGS; q++) {
			uint8_t a = p < DEFINITION_ARGS ? (uint8_t)p : SYMBOL_RESPONSE;
			uint8_t b = q < DEFINITION_ARGS ? (uint8_t)q : SYMBOL_RESPONSE;
			struct span va = value_at(x->f, i, a), vb = value_at(x->f, j, b);

			if (va.n == 0 || vb.n == 0 || va.n > MOST_BYTES || vb.n > MOST_BYTES)
				continue;
			for (uint32_t k = 0; k < d->nrule; k++) {
				struct relation r = { .a = (uint16_t)x->f->of[i], .b = (uint16_t)x->f->of[j],
					.rule = (uint8_t)k, .a_pos = a, .b_pos = b, .class = -1 };
				bool held;

				if (!wanted(&d->rule[k], a, b))
					continue;
				held = test(x, &d->rule[k], va, vb, is_list(x->f, i, a), is_list(x->f, j, b));
				count(x, r, held, last);
				r.when = WHEN_FIRST;
				r.class = ia->class;
				count(x, r, held, last);
				r.when = WHEN_SECOND;
				r.class = ib->class;
				count(x, r, held, last);
			}
		}
}

/* Each interaction with the last of every form before it, and the one before that. */
static void
walk(struct relater *x, uint32_t first, uint32_t end)
{
	uint8_t *seen = pool_array(x->pool, x->f->n + 1u, 1);

	for (uint32_t j = first; j < end; j++) {
		uint32_t n = 0;

		if (x->f->of[j] == (uint32_t)SYMBOL_NONE || x->f->form[x->f->of[j]].command == CANONICAL_OTHER)
			continue;
		memset(seen, 0, x->f->n);
		for (uint32_t i = j; i-- > first && n < 2 * x->f->c->d->nmax;) {
			uint32_t form = x->f->of[i];

			if (form == (uint32_t)SYMBOL_NONE || x->f->form[form].ignored)
				continue;
			n++;
			if (x->f->form[form].command == CANONICAL_OTHER || seen[form] == 2 ||
			    (seen[form] == 0 && n > x->f->c->d->nmax))
				continue;
			compare(x, i, j, seen[form]++ == 0);
		}
	}
}

static bool
is_good(const struct cell *c)
{
	uint64_t now = c->r.support * 100ull / MAX(c->r.pairs, 1u), before;

	if (c->r.support < RELATE_SUPPORT || now < RELATE_PERCENT)
		return false;
	before = c->before > 0 ? c->before_held * 100ull / c->before : 0;
	return now * 100 >= before * LIFT_PERCENT;
}

void
relate(struct relations *to, struct pool *pool, const struct forms *f)
{
	struct relater *x = pool_alloc(pool, sizeof *x);

	x->f = f;
	x->pool = pool;
	intern_init(&x->keys, pool);
	for (uint32_t v = 0; v < f->c->nconversations; v++)
		walk(x, f->c->first[v], f->c->first[v + 1]);
	*to = (struct relations){ .r = pool_array(pool, x->keys.n + 1u, sizeof *to->r) };
	for (uint32_t k = 0; k < x->keys.n; k++) {
		struct relation always = x->cell[k].r;

		always.when = WHEN_ALWAYS;
		always.class = -1;
		if (is_good(&x->cell[k]) && (x->cell[k].r.when == WHEN_ALWAYS || !is_good(cell_of(x, &always))))
			to->r[to->n++] = x->cell[k].r;	/* a condition only where it is needed */
	}
}

struct span
relation_words(const struct forms *f, struct pool *pool, const struct relation *r)
{
	static const char *const meta[] = { "equal", "one in the other", "neither in the other", "map" };
	const struct definition *d = f->c->d;
	struct span a = form_name(f, pool, r->a), b = form_name(f, pool, r->b), when = r->when == WHEN_FIRST ? a : b;
	char text[400];
	int n = snprintf(text, sizeof text, "%.*s %s => %.*s %s: %s", (int)MIN(a.n, (size_t)60), a.p,
	    r->a_pos == SYMBOL_RESPONSE ? "answer" : "argument", (int)MIN(b.n, (size_t)60), b.p,
	    r->b_pos == SYMBOL_RESPONSE ? "answer" : "argument", meta[d->rule[r->rule].kind]);

	if (r->when != WHEN_ALWAYS && r->class >= 0)
		n += snprintf(text + n, sizeof text - (size_t)n, ", when %.*s is %.*s", (int)MIN(when.n, (size_t)60), when.p,
		    (int)MIN(d->class[r->class].name.n, (size_t)40), d->class[r->class].name.p);
	n += snprintf(text + n, sizeof text - (size_t)n, " (%u of %u)", r->support, r->pairs);
	return span_of(pool_copy(pool, text, (size_t)n), (size_t)n);
}
