#include "learning/mining/phrase.h"

#include <ctype.h>
#include <stdlib.h>

#include "models/format.h"

enum { MASKS = 1 << PHRASE_CHOSEN, ALWAYS = (2 << PHRASE_VIEWS) - MASKS, SAMPLES = 400 };

struct values {
	struct span v[PHRASE_VIEWS + 1];	/* the last: said earlier */
	uint8_t own[2][FORMAT_MAX];
};

struct coder {
	const struct world *w;
	const struct world_view *view;
	struct phrases *p;
	uint32_t earlier;	/* form whose last argument is a view, too; SYMBOL_NONE */
	uint8_t *to;
	size_t room;
};

/* What a form was said with last, before an interaction of the same conversation. */
static struct span
said_earlier(const struct forms *f, uint32_t form, uint32_t i)
{
	uint32_t first = f->c->first[f->c->inter[i].conversation];

	while (i-- > first)
		if (f->of[i] == form)
			return f->c->inter[i].arg[0];
	return (struct span){ 0 };
}

/* The word, where it first stands as one. */
static struct span
word_in(struct span s, struct span word)
{
	for (size_t at = 0; word.n > 0 && at + word.n <= s.n; at++)
		if ((at == 0 || !isalnum(s.p[at - 1])) && memcmp(s.p + at, word.p, word.n) == 0 &&
		    (at + word.n == s.n || !isalnum(s.p[at + word.n])))
			return span_sub(s, at, word.n);
	return (struct span){ 0 };
}

static void
values_of(const struct coder *c, uint32_t i, struct values *to)
{
	const struct inter *it = &c->w->f->c->inter[i];
	const struct addr *own = &c->w->f->c->corpus->conversations[it->conversation].server;

	*to = (struct values){ .v[VIEW_REG] = c->w->key.value[c->view[i].after] };
	if (it->narg > 0) {
		to->v[VIEW_ARG] = it->arg[0];
		to->v[VIEW_PATH] = c->w->key.value[c->view[i].key];
	}
	if (it->asked && it->command == CANONICAL_OTHER)
		to->v[VIEW_ARG] = it->rest;
	if (form_is_unknown(c->w->f, c->w->f->of[i]))
		to->v[VIEW_VERB] = word_in(it->reply, it->verb);
	if (c->earlier != (uint32_t)SYMBOL_NONE)
		to->v[PHRASE_VIEWS] = said_earlier(c->w->f, c->earlier, i);
	if (it->announced.port != 0)
		to->v[it->announced.comma ? VIEW_PORT_COMMA : VIEW_PORT] = it->announced.where;
	to->v[VIEW_OWN] = span_of(to->own[0], format_addr(to->own[0], own, FMT_TEXT));
	to->v[VIEW_OWN_COMMA] = span_of(to->own[1], format_addr(to->own[1], own, FMT_COMMA));
}

/* The longest view in the mask that stands here; one above all: none. */
static unsigned
view_at(const struct values *x, unsigned mask, struct span left)
{
	unsigned best = PHRASE_VIEWS + 1;

	mask |= ALWAYS;
	for (unsigned k = 0; k <= PHRASE_VIEWS; k++)
		if (mask >> k & 1 && x->v[k].n > 0 && x->v[k].n <= left.n && (k != VIEW_VERB || x->v[k].p == left.p) &&
		    (best > PHRASE_VIEWS || x->v[k].n > x->v[best].n) &&
		    memcmp(left.p, x->v[k].p, x->v[k].n) == 0)
			best = k;
	return best;
}

static struct span
encode(struct coder *c, uint32_t i, unsigned mask)
{
	const struct inter *it = &c->w->f->c->inter[i];
	const uint8_t *later = it->related != 0 && it->early > 0 ? it->reply.p + it->early : NULL;
	struct span s = it->reply;
	struct values x;
	size_t n = 0;

	if (2 * s.n + 2 > c->room) {
		c->room = 2 * s.n + 2;
		c->to = pool_alloc(c->w->pool, c->room);
	}
	values_of(c, i, &x);
	while (s.n > 0) {
		unsigned k = view_at(&x, mask, s);

		if (s.p == later) {
			c->to[n++] = PHRASE_MARK;
			c->to[n++] = PHRASE_LATER;
		}
		if (k <= PHRASE_VIEWS || *s.p == PHRASE_MARK) {
			c->to[n++] = PHRASE_MARK;
			c->to[n++] = (uint8_t)(k < PHRASE_VIEWS ? k : k > PHRASE_VIEWS ? PHRASE_VIEWS :
			    PHRASE_EARLIER + c->earlier);
		} else {
			c->to[n++] = *s.p;
		}
		s = span_sub(s, k <= PHRASE_VIEWS ? x.v[k].n : 1, s.n);
	}
	return span_of(c->to, n);
}

static unsigned
bits(unsigned mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* Hashes are enough to count what differs. */
static uint32_t
count_phrases(struct coder *c, const uint32_t *list, uint32_t n, unsigned mask)
{
	uint64_t seen[SAMPLES];
	uint32_t different = 0;

	for (uint32_t k = 0; k < MIN(n, (uint32_t)SAMPLES); k++) {
		uint64_t h = span_hash(encode(c, list[k], mask), 0);
		uint32_t j = 0;

		while (j < different && seen[j] != h)
			j++;
		if (j == different)
			seen[different++] = h;
	}
	return different;
}

/* The form whose argument, said before, makes phrases fewer still; or none. */
static void
find_earlier(struct coder *c, const uint32_t *list, uint32_t n, unsigned mask, uint32_t fewest)
{
	uint32_t best = (uint32_t)SYMBOL_NONE;

	for (uint32_t f = 0; f < MIN(c->w->f->n, (uint32_t)PHRASE_FORMS); f++) {
		uint32_t different;

		c->earlier = f;
		if (c->w->f->form[f].narg == 0 || c->w->f->form[f].constant[0] >= 0)
			continue;
		different = count_phrases(c, list, n, mask);
		if (different < fewest) {
			fewest = different;
			best = f;
		}
	}
	c->earlier = best;
}

/* Views that every reply has, though their values differ. */
static unsigned
find_everywhere(struct coder *c, const uint32_t *list, uint32_t n)
{
	unsigned all = MASKS - 1, differ = 0;
	struct values first, x;

	values_of(c, list[0], &first);
	for (uint32_t k = 0; k < MIN(n, (uint32_t)SAMPLES); k++) {
		struct span reply = c->w->f->c->inter[list[k]].reply;

		values_of(c, list[k], &x);
		for (unsigned v = 0; v < PHRASE_CHOSEN; v++) {
			if (x.v[v].n == 0 || memmem(reply.p, reply.n, x.v[v].p, x.v[v].n) == NULL)
				all &= ~(1u << v);
			differ |= (unsigned)!span_eq(x.v[v], first.v[v]) << v;
		}
	}
	return all & differ;
}

static void
find_phrases(struct coder *c, const uint32_t *list, uint32_t n)
{
	uint32_t fewest = UINT32_MAX;
	unsigned best = 0, everywhere;

	c->earlier = (uint32_t)SYMBOL_NONE;
	everywhere = find_everywhere(c, list, n);
	for (unsigned mask = 0; mask < MASKS; mask++) {
		uint32_t different = count_phrases(c, list, n, mask);

		int more = (int)bits(mask & everywhere) - (int)bits(best & everywhere);

		if (different < fewest ||
		    (different == fewest && (more > 0 || (more == 0 && bits(mask) < bits(best))))) {
			fewest = different;
			best = mask;
		}
	}
	find_earlier(c, list, n, best, fewest);
	for (uint32_t k = 0; k < n; k++) {
		struct span s = encode(c, list[k], best);
		uint32_t id = intern_find(&c->p->text, s);

		if (id == INTERN_NONE)
			id = intern_add(&c->p->text, span_of(pool_copy(c->w->pool, s.p, s.n), s.n));
		c->p->of[list[k]] = id;
		c->p->count[id]++;
	}
}

bool
phrase_has(const struct phrases *p, uint32_t phrase, uint8_t view)
{
	struct span s = p->text.value[phrase];

	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == PHRASE_MARK && s.p[++i] == view)
			return true;
	return false;
}

void
phrases_find(struct phrases *p, const struct world *w, const struct world_view *view)
{
	const struct canonical *can = w->f->c;
	struct coder c = { .w = w, .view = view, .p = p };
	uint32_t *list = pool_array(w->pool, can->n + 1u, sizeof *list);

	*p = (struct phrases){ .of = pool_array(w->pool, can->n + 1u, sizeof *p->of),
		.count = pool_array(w->pool, can->n + 1u, sizeof *p->count) };
	intern_init(&p->text, w->pool);
	for (uint32_t i = 0; i < can->n; i++)
		p->of[i] = (uint32_t)SYMBOL_NONE;
	/* a form's successes and failures apart; the greeting is the last "form" */
	for (uint32_t f = 0; f <= w->f->n; f++)
		for (unsigned good = 0; good < 2; good++) {
			uint32_t n = 0;

			for (uint32_t i = 0; i < can->n; i++) {
				bool mine = f < w->f->n ? w->f->of[i] == f : !can->inter[i].asked;

				if (mine && w->good[i] == good && can->inter[i].reply.n > 0)
					list[n++] = i;
			}
			if (n > 0)
				find_phrases(&c, list, n);
		}
}
