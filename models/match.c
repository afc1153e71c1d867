#include "models/match.h"

static bool
in_class(const struct image_class *c, uint8_t byte)
{
	return load_le64(c->has + byte / 64 * 8) >> byte % 64 & 1;
}

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
	size_t n = 0;

	while (n < rest.n && in_class(c, rest.p[n]))
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

enum { LANES = 8 };

struct lane {
	const uint16_t *aut;
	const uint8_t *cls, *p;
	uint32_t nclasses, at;
	size_t left;
	struct match_ahead *of;
};

static void
run_lanes(struct lane *lane, unsigned n, size_t steps)
{
	for (size_t k = 0; k < steps; k++) {
		for (unsigned x = 0; x < n; x++) {
			struct lane *l = &lane[x];

			l->at = l->aut[l->at * l->nclasses + l->cls[*l->p++]];	/* the dead stay dead */
		}
	}
	for (unsigned x = 0; x < n; x++)
		lane[x].left -= steps;
}

void
match_side_by_side(struct match_ahead *a, unsigned n)
{
	struct lane lane[LANES];
	unsigned m = 0, next = 0;
	size_t steps;

	while (next < n || m > 0) {
		for (; m < LANES && next < n; next++, m++)
			lane[m] = (struct lane){ .aut = a[next].i->aut, .cls = a[next].i->clsmap,
				.p = a[next].message.p, .nclasses = a[next].i->model->nclasses,
				.at = MATCH_START, .left = a[next].message.n, .of = &a[next] };
		steps = lane[0].left;
		for (unsigned x = 1; x < m; x++)
			steps = MIN(steps, lane[x].left);
		run_lanes(lane, m, steps);
		for (unsigned x = 0; x < m;) {
			if (lane[x].left > 0) {
				x++;
				continue;
			}
			lane[x].of->node = (uint16_t)lane[x].at;
			lane[x] = lane[--m];
		}
	}
}

struct capture
match_capture(const struct image *i, uint32_t t, struct span message, struct fields *f)
{
	const struct image_template *tpl = &i->template[t];
	struct capture c = { .whole = true };
	size_t at = 0, begin[MODEL_SLOTS];

	f->has &= ~tpl->fills;
	for (uint32_t k = 0; k < tpl->nelem; k++) {
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
				f->slot[field->slot] = span_sub(message, begin[field->slot],
				    at + taken - begin[field->slot]);
				f->has |= 1u << field->slot;
			}
		}
		at += taken;
	}
	c.whole = at == message.n;
	return c;
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
