#include "models/match.h"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Bytes that agree; all of lit if the element is complete. */
static size_t
take_literal(struct span lit, bool fold, struct span rest)
{
	size_t n = MIN(lit.n, rest.n), k = 0;

	if (n == lit.n && n > 0 && memcmp(lit.p, rest.p, n) == 0)
		return n;
	while (k < n && (lit.p[k] == rest.p[k] || (fold && lower(lit.p[k]) == lower(rest.p[k]))))
		k++;
	return k;
}

/* How many bytes at the beginning of rest are of the class. */
static size_t
take_class(const struct image_class *c, struct span rest)
{
	uint64_t has[4];
	size_t n = 0;

	memcpy(has, c->has, sizeof has);
	while (n < rest.n && has[rest.p[n] >> 6] >> (rest.p[n] & 63) & 1)
		n++;
	return n;
}

/* What element e takes from the beginning of rest; false if it is not complete with that. */
static bool
take(const struct image *i, const struct image_elem *e, struct span rest, size_t *taken)
{
	struct span lit;
	size_t n = 0;

	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		lit = image_bytes(i, e->lit);
		*taken = take_literal(lit, e->kind == ELEM_LIT_CASE, rest);
		return *taken == lit.n;
	case ELEM_SPAN:
		*taken = n = take_class(&i->class[e->class], span_sub(rest, 0, e->max == 0 ? SIZE_MAX : e->max));
		return n >= e->min;
	case ELEM_ANY:
		*taken = MIN(rest.n, e->min);
		return *taken == e->min;
	case ELEM_COUNTED:
		n = rest.n > 0 && rest.p[0] >= e->min && rest.p[0] <= e->max ? 1u + rest.p[0] : 0;
		*taken = MIN(rest.n, n);
		return n > 0 && *taken == n;
	default:		/* TAIL */
		*taken = rest.n;
		return true;
	}
}

enum { LANES = 4, FEW = 1 };

struct lanes {			/* those without a message do the first one's work again */
	const struct image_step *step[LANES];
	const struct image_cell *cell[LANES];
	const uint8_t *cls[LANES], *p[LANES];
	uint32_t at[LANES];
	size_t left[LANES];
	struct match_ahead *of[LANES];
};

static void
put_lane(struct lanes *l, unsigned x, struct match_ahead *of)
{
	l->step[x] = of->i->step;
	l->cell[x] = of->i->cell;
	l->cls[x] = of->i->clsmap;
	l->p[x] = of->message.p;
	l->at[x] = MATCH_START;
	l->left[x] = of->message.n;
	l->of[x] = of;
}

static void
move_lane(struct lanes *l, unsigned to, unsigned from)
{
	l->step[to] = l->step[from];
	l->cell[to] = l->cell[from];
	l->cls[to] = l->cls[from];
	l->p[to] = l->p[from];
	l->at[to] = l->at[from];
	l->left[to] = l->left[from];
	l->of[to] = l->of[from];
}

/* Where each one stands is kept in registers: all lanes, always, and nothing is written before the end. */
static void
run_lanes(struct lanes *l, size_t steps)
{
	uint32_t at[LANES];

	memcpy(at, l->at, sizeof at);
	for (size_t k = 0; k < steps; k++) {
#pragma GCC unroll 4
		for (unsigned x = 0; x < LANES; x++)	/* the dead stay dead */
			at[x] = match_next(l->step[x], l->cell[x], at[x], l->cls[x][l->p[x][k]]);
	}
	for (unsigned x = 0; x < LANES; x++) {
		l->at[x] = at[x];
		l->p[x] += steps;
		l->left[x] -= steps;
	}
}

/* What is left of the last few, one after the other: for one of them all lanes would run. */
static void
run_alone(struct lanes *l, unsigned x)
{
	struct match_ahead *of = l->of[x];

	of->node = (uint16_t)l->at[x];
	if (match_run(of->i, &of->node, l->p[x], l->left[x], false) < l->left[x])
		of->node = MATCH_DEAD;
}

void
match_side_by_side(struct match_ahead *a, unsigned n)
{
	struct lanes l;
	unsigned m = 0, next = 0;
	size_t steps;

	while (next < n || m > 0) {
		for (; m < LANES && next < n; next++, m++)
			put_lane(&l, m, &a[next]);
		if (m <= FEW) {
			while (m > 0)
				run_alone(&l, --m);
			break;
		}
		for (unsigned x = m; x < LANES; x++)
			move_lane(&l, x, 0);
		steps = l.left[0];
		for (unsigned x = 1; x < m; x++)
			steps = MIN(steps, l.left[x]);
		run_lanes(&l, steps);
		for (unsigned x = 0; x < m;) {
			if (l.left[x] > 0) {
				x++;
				continue;
			}
			l.of[x]->node = (uint16_t)l.at[x];
			move_lane(&l, x, --m);
		}
	}
}

/* The first n elements of a template; where each field begins and ends is seen on the way. */
static struct capture
capture(const struct image *i, const struct image_template *tpl, uint32_t n, struct span message, struct fields *f)
{
	struct capture c = { .whole = true };
	size_t at = 0, begin[MODEL_SLOTS];

	f->has &= ~tpl->fills;
	for (uint32_t k = 0; k < n; k++) {
		const struct image_elem *e = &i->elem[tpl->elem + k];
		size_t taken;
		bool complete = take(i, e, span_sub(message, at, SIZE_MAX), &taken);

		if (e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE)
			c.literal += (uint32_t)taken;
		if (!complete) {
			c.whole = false;
			return c;
		}
		for (uint32_t x = 0; x < tpl->nfield; x++) {
			const struct image_field *field = &i->field[tpl->field + x];

			if (field->first == k)
				begin[field->slot] = at;
			if (field->last == k) {
				f->slot[field->slot] = span_of(message.p + begin[field->slot], at + taken - begin[field->slot]);
				f->has |= 1u << field->slot;
			}
		}
		at += taken;
	}
	c.whole = at == message.n;
	return c;
}

struct capture
match_capture(const struct image *i, uint32_t t, struct span message, struct fields *f)
{
	const struct image_template *tpl = &i->template[t];

	return capture(i, tpl, tpl->nelem, message, f);
}

void
match_fields(const struct image *i, uint32_t t, struct span message, struct fields *f)
{
	const struct image_template *tpl = &i->template[t];
	uint32_t n = 0;

	for (uint32_t x = 0; x < tpl->nfield; x++)
		n = MAX(n, i->field[tpl->field + x].last + 1);
	capture(i, tpl, n, message, f);
}

struct span
match_map(const struct image *i, uint32_t map, struct span key)
{
	const struct image_map *m = &i->map[map];
	uint32_t at;

	for (uint32_t h = image_key_hash(key) & m->mask; (at = i->index[m->index + h]) != 0;
	    h = (h + 1) & m->mask) {
		const struct image_pair *p = &i->pair[m->pair + at - 1];

		if (span_eq(key, image_bytes(i, p->key)))
			return image_bytes(i, p->value);
	}
	return (struct span){ NULL, 0 };
}

bool
match_begins(const struct image *i, uint32_t map, struct span value)
{
	const struct image_pair *pair = &i->pair[i->map[map].pair];
	uint32_t lo = 0, hi = i->map[map].n;
	struct span key;

	while (lo < hi) {	/* keys ascend: those below lo are not greater */
		uint32_t mid = lo + (hi - lo) / 2;

		if (span_cmp(image_bytes(i, pair[mid].key), value) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	key = image_bytes(i, pair[lo - 1].key);
	return span_eq(span_sub(value, 0, key.n), key);
}
