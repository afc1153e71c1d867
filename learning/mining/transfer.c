#include "learning/mining/transfer.h"

#include <stdlib.h>
#include <strings.h>

#include "models/path.h"

static const struct related_talk *
talk_of(const struct world *w, uint32_t i)
{
	const struct canonical *c = w->f->c;

	return c->inter[i].related != 0 ? &c->corpus->related[c->inter[i].related - 1] : NULL;
}

void
transfers_find(struct transfers *t, struct pool *pool, const struct world *w)
{
	const struct canonical *c = w->f->c;

	t->announces = pool_array(pool, w->f->n + 1u, sizeof *t->announces);
	t->kind = pool_array(pool, w->f->n + 1u, sizeof *t->kind);
	for (uint32_t f = 0; f < w->f->n; f++) {
		uint32_t good = 0, announces = 0, related = 0, takes = 0;

		for (uint32_t i = 0; i < c->n; i++) {
			const struct related_talk *talk = talk_of(w, i);

			if (w->f->of[i] != f || !w->good[i])
				continue;
			good++;
			announces += c->inter[i].announced.port != 0;
			related += talk != NULL;
			takes += talk != NULL && talk->said[SIDE_CLIENT].n > 0;
		}
		t->announces[f] = announces >= TRANSFER_SUPPORT && 2 * announces >= good;
		if (related >= TRANSFER_SUPPORT && 2 * related >= good && !t->announces[f])
			t->kind[f] = 2 * takes > related ? TRANSFER_TAKES : TRANSFER_SENDS;
	}
}

static int
by_key_and_value(const void *pa, const void *pb)
{
	const struct text_pair *a = pa, *b = pb;
	int c = span_cmp(a->key, b->key);

	return c != 0 ? c : span_cmp(a->value, b->value);
}

/* Of pairs with equal keys the commonest value stays; what no longer fits is left out. */
static void
keep_usual(struct text_map *m)
{
	size_t bytes = 0;
	uint32_t n = 0;

	if (m->n > 0)
		qsort(m->pair, m->n, sizeof *m->pair, by_key_and_value);
	for (uint32_t i = 0, run; i < m->n; i = run) {
		uint32_t best = 0, end = i;

		for (run = i; run < m->n && span_eq(m->pair[run].key, m->pair[i].key); run = end) {
			while (end < m->n && by_key_and_value(&m->pair[end], &m->pair[run]) == 0)
				end++;
			if (end - run > best) {
				best = end - run;
				m->pair[n] = m->pair[run];
			}
		}
		bytes += m->pair[n].key.n + m->pair[n].value.n;
		if (bytes <= TRANSFER_MAP_BYTES)
			n++;
	}
	m->n = n;
}

static struct span
content_of(const struct world *w, uint32_t i, bool early)
{
	const struct inter *it = &w->f->c->inter[i];

	return early ? span_sub(it->reply, 0, it->early) :
	    span_sub(talk_of(w, i)->said[SIDE_SERVER], 0, TRANSFER_BYTES);
}

void
transfer_contents(struct text_map *to, struct pool *pool, const struct world *w, uint32_t form, bool early)
{
	*to = (struct text_map){ .pair = pool_array(pool, w->f->form[form].count + 1u, sizeof *to->pair) };
	for (uint32_t i = 0; i < w->f->c->n; i++)
		if (w->f->of[i] == form && w->good[i] && talk_of(w, i) != NULL)
			to->pair[to->n++] = (struct text_pair){ w->f->c->inter[i].arg[0], content_of(w, i, early) };
	keep_usual(to);
}

struct span
transfer_usual(const struct world *w, struct pool *pool, uint32_t form)
{
	struct text_map all = { .pair = pool_array(pool, w->f->form[form].count + 1u, sizeof *all.pair) };

	for (uint32_t i = 0; i < w->f->c->n; i++)
		if (w->f->of[i] == form && w->good[i] && talk_of(w, i) != NULL)
			all.pair[all.n++] = (struct text_pair){ { 0 }, content_of(w, i, false) };
	keep_usual(&all);
	return all.n > 0 ? all.pair[0].value : (struct span){ 0 };
}

struct lister {
	const struct world *w;
	struct pool *pool;
	struct transfer_lines *to;
	uint8_t *holds;		/* per key: bit per set that ever held it */
	struct text_map prefix[WORLD_SETS];	/* under one key: what stood before names */
};

static void
mark_members(struct lister *l, const struct program *program, const struct world_view *view)
{
	const struct world *w = l->w;

	l->holds = pool_array(l->pool, w->key.n + 1u, 1);
	for (unsigned s = 0; s < WORLD_SETS; s++)
		for (uint32_t k = 0; k < w->key.n; k++)
			l->holds[k] |= (uint8_t)(w->base[s][k] << s);
	for (uint32_t i = 0; i < w->f->c->n; i++) {
		const struct program *p = w->f->of[i] != (uint32_t)SYMBOL_NONE ? &program[w->f->of[i]] : NULL;

		if (p != NULL && p->effect == WORLD_ADD && w->good[i])
			l->holds[view[i].key] |= (uint8_t)(1 << p->into);
	}
}

static void
put(struct pool *pool, struct text_map *m, struct span key, struct span value)
{
	if ((m->n & (m->n - 1)) == 0)
		m->pair = pool_grow(pool, m->pair, m->n, MAX(2 * m->n, 4u), sizeof *m->pair);
	m->pair[m->n++] = (struct text_pair){ key, value };
}

/* One line as it came, with its end. */
static void
take_line(struct lister *l, struct span dir, struct span line)
{
	size_t end = line.n, from;
	uint8_t path[PATH_BYTES];
	uint32_t key;
	size_t n;

	while (end > 0 && (line.p[end - 1] == '\n' || line.p[end - 1] == '\r'))
		end--;
	for (from = end; from > 0 && line.p[from - 1] != ' '; from--)
		;
	l->to->lines++;
	n = path_join(path, dir, span_sub(line, from, end - from));
	key = n > 0 ? intern_find(&l->w->key, span_of(path, n)) : INTERN_NONE;
	if (key == INTERN_NONE || l->holds[key] == 0)
		return;
	l->to->placed++;
	for (unsigned s = 0; s < WORLD_SETS; s++)
		if (l->holds[key] == 1u << s)
			put(l->pool, &l->prefix[s], (struct span){ 0 }, span_sub(line, 0, from));
	for (unsigned s = 0; s < WORLD_SETS; s++)
		if (l->w->base[s][key] && l->holds[key] == 1u << s && from > 0)
			put(l->pool, &l->to->known, l->w->key.value[key], line);
}

void
transfer_list(struct transfer_lines *to, struct pool *pool, const struct world *w,
    const struct program *program, const struct world_view *view, uint32_t form, struct span verb)
{
	struct lister l = { .w = w, .pool = pool, .to = to };

	*to = (struct transfer_lines){ 0 };
	mark_members(&l, program, view);
	for (uint32_t i = 0; i < w->f->c->n; i++) {
		const struct inter *it = &w->f->c->inter[i];
		struct span left;

		if (w->f->of[i] != form || !w->good[i] || talk_of(w, i) == NULL || it->verb.n != verb.n ||
		    strncasecmp((const char *)it->verb.p, (const char *)verb.p, verb.n) != 0)
			continue;
		left = talk_of(w, i)->said[SIDE_SERVER];
		while (left.n > 0) {
			const uint8_t *end = memchr(left.p, '\n', left.n);
			size_t n = end == NULL ? left.n : (size_t)(end + 1 - left.p);

			take_line(&l, w->key.value[view[i].before], span_sub(left, 0, n));
			left = span_sub(left, n, left.n);
		}
	}
	keep_usual(&to->known);
	for (unsigned s = 0; s < WORLD_SETS; s++) {
		keep_usual(&l.prefix[s]);
		if (l.prefix[s].n > 0)
			to->before[s] = l.prefix[s].pair[0].value;
	}
}
