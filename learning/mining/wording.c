#include "learning/mining/wording.h"

static bool
looks(const struct wording *c, const struct world_view *v)
{
	switch (c->look) {
	case LOOK_IN:
		return v->in >> c->set & 1;
	case LOOK_NOTIN:
		return !(v->in >> c->set & 1);
	case LOOK_LEAF:
		return v->childless;
	case LOOK_PARENT:
		return v->parent >> c->set & 1;
	}
	return true;
}

struct worder {
	const struct world *w;
	const struct world_view *view;
	const struct phrases *p;
	uint32_t *list, n;	/* interactions that no choice takes yet */
	uint32_t *count;	/* per phrase, and the last: silence */
};

static uint32_t
slot_of(const struct worder *x, uint32_t i)
{
	return x->p->of[i] == (uint32_t)SYMBOL_NONE ? x->p->text.n : x->p->of[i];
}

/* The commonest phrase among those that the choice looks at. */
static void
count(struct worder *x, struct wording *c)
{
	uint32_t best = x->p->text.n, closes = 0;

	memset(x->count, 0, (x->p->text.n + 1u) * sizeof *x->count);
	c->n = 0;
	for (uint32_t k = 0; k < x->n; k++)
		if (looks(c, &x->view[x->list[k]])) {
			uint32_t s = slot_of(x, x->list[k]);

			c->n++;
			closes += x->w->f->c->inter[x->list[k]].closes;
			if (++x->count[s] > x->count[best] || (x->count[s] == x->count[best] && s < best))
				best = s;
		}
	c->right = x->count[best];
	c->phrase = best == x->p->text.n ? (uint32_t)SYMBOL_NONE : best;
	c->closes = 2 * closes > c->n;
}

static void
take(struct worder *x, const struct wording *c)
{
	uint32_t left = 0;

	for (uint32_t k = 0; k < x->n; k++)
		if (!looks(c, &x->view[x->list[k]]))
			x->list[left++] = x->list[k];
	x->n = left;
}

/* The best choice that says another phrase than the usual one; false: none is good enough. */
static bool
split(struct worder *x, bool good, const struct wording *usual, struct wording *best)
{
	*best = (struct wording){ 0 };
	for (uint8_t look = LOOK_IN; look <= LOOK_PARENT; look++)
		for (uint8_t set = 0; set < (look == LOOK_LEAF ? 1 : WORLD_SETS); set++) {
			struct wording c = { .good = good, .look = look, .set = set };

			count(x, &c);
			if (c.n >= 3 && c.n < x->n && c.phrase != usual->phrase && c.right > best->right &&
			    (c.n - c.right) * 100ull <= c.n * (uint64_t)WORDING_WRONG)
				*best = c;
		}
	return best->right > 0;
}

static bool
some_succeeded(const struct world *w, const uint32_t *list, uint32_t n)
{
	while (n > 0)
		if (w->good[list[--n]])
			return true;
	return false;
}

void
wordings_make(struct wordings *to, const struct world *w, const struct program *p,
    const struct world_view *view, const struct phrases *phrases, const uint32_t *list, uint32_t n)
{
	struct worder x = { .w = w, .view = view, .p = phrases };
	bool matters = some_succeeded(w, list, n);

	to->n = 0;
	x.list = pool_array(w->pool, n + 1u, sizeof *x.list);
	x.count = pool_array(w->pool, phrases->text.n + 1u, sizeof *x.count);
	for (unsigned good = 2; good-- > 0;) {
		struct wording c = { .good = good };

		x.n = 0;
		for (uint32_t k = 0; k < n; k++)
			if ((matters && world_holds(p, &view[list[k]])) == good)
				x.list[x.n++] = list[k];
		if (x.n == 0)
			continue;
		count(&x, &c);
		for (struct wording more; to->n + 3 - good < WORDING_MOST && split(&x, good, &c, &more);) {
			to->c[to->n++] = more;
			take(&x, &more);
			count(&x, &c);
		}
		to->c[to->n++] = c;
	}
}
