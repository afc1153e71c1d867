#include "models/arena.h"

#include "models/match.h"

enum { KEPT_VALUE = 48 };	/* bytes; docs/model-format.md section 4 */
enum { PLACE = 2 * MODEL_SLOTS, PLACE_BYTES = 2 + sizeof(struct arena_place) };

static uint32_t
first_slot(const struct image *i)
{
	return i->model->flags & MODEL_SECOND ? MODEL_SLOTS : 0;
}

/* Is this record a field of the machine whose slots begin at first? */
static bool
is_of(const struct arena *a, uint32_t at, uint32_t first)
{
	return a->bytes[at] >= first && a->bytes[at] < first + MODEL_SLOTS;
}

static uint32_t
after(const struct arena *a, uint32_t at)
{
	return at + 2u + a->bytes[at + 1];
}

void
arena_show(struct fields *f, const struct arena *a, const struct image *i)
{
	uint32_t first = first_slot(i);

	for (uint32_t at = 0; a != NULL && at < a->used; at = after(a, at)) {
		uint32_t slot = a->bytes[at] - first;

		if (!is_of(a, at, first))
			continue;
		f->slot[slot] = span_of(a->bytes + at + 2, a->bytes[at + 1]);
		f->has |= 1u << slot;
	}
}

static void
forget(struct arena *a, uint32_t at)
{
	uint32_t n = 2u + a->bytes[at + 1];

	memmove(a->bytes + at, a->bytes + at + n, a->used - at - n);
	a->used = (uint8_t)(a->used - n);
}

static void
forget_slots(struct arena *a, uint32_t first, uint32_t mask)
{
	uint32_t at = 0;

	while (at < a->used)
		if (is_of(a, at, first) && mask >> (a->bytes[at] - first) & 1)
			forget(a, at);
		else
			at = after(a, at);
}

/* Behind all others; there is room. */
static void
put(struct arena *a, uint32_t slot, struct span s)
{
	a->bytes[a->used] = (uint8_t)slot;
	a->bytes[a->used + 1] = (uint8_t)s.n;
	memcpy(a->bytes + a->used + 2, s.p, s.n);
	a->used = (uint8_t)(a->used + 2 + s.n);
}

/* Into the arena, the oldest goes out where there is no room. */
static void
keep(struct arena *a, const struct image *i, uint32_t template, uint32_t kept, const struct fields *f)
{
	const struct image_template *t = &i->template[template];
	uint32_t first = first_slot(i);

	for (uint32_t k = 0; k < t->nfield; k++) {
		uint32_t slot = i->field[t->field + k].slot;
		struct span s = field_of(f, slot);

		if (!(kept >> slot & 1) || s.n == 0 || s.n > KEPT_VALUE)
			continue;
		while (a->used + 2 + s.n > sizeof a->bytes)
			forget(a, a->bytes[0] == PLACE ? PLACE_BYTES : 0);
		put(a, first + slot, s);
	}
}

/* How many of the templates that match stand before the one that answers: they had nothing to say. */
static uint32_t
passed_over(const uint16_t *matched, int32_t template)
{
	uint32_t n = 0;

	while (matched != NULL && n < matched[0] &&
	    (template < 0 || matched[n + 1] < (uint32_t)template))
		n++;
	return n;
}

/* What templates that had nothing to say took down, the most specific first. */
static void
keep_passed(struct arena *a, const struct image *i, const uint16_t *matched, uint32_t passed, uint32_t more,
    struct span message)
{
	struct fields other;

	other.has = 0;
	for (uint32_t k = 1; k <= passed && more != 0; k++) {
		uint32_t mine = i->template[matched[k]].fills & more;

		if (mine == 0)
			continue;
		match_fields(i, matched[k], message, &other);
		keep(a, i, matched[k], mine, &other);
		more &= ~mine;
	}
}

void
arena_remember(struct arena *a, struct fields *f, const struct image *i, int32_t template,
    struct span message, const uint16_t *matched)
{
	uint32_t own = template < 0 ? 0 : i->template[template].fills, passed = passed_over(matched, template);
	uint32_t kept = own & i->model->keep, more = 0, first = first_slot(i);

	for (uint32_t k = 1; k <= passed; k++)
		more |= i->template[matched[k]].fills & i->model->keep & ~kept;
	if ((kept | more) == 0 && a->bytes[0] != PLACE)
		return;		/* nothing will move */
	memcpy(f->before, a->bytes, a->used);
	for (uint32_t at = 0; at < a->used; at = after(a, at))
		if (is_of(a, at, first) && !(own >> (a->bytes[at] - first) & 1))
			f->slot[a->bytes[at] - first].p = f->before + at + 2;
	forget_slots(a, first, kept | more);
	if (more != 0)
		keep_passed(a, i, matched, passed, more, message);
	if (template >= 0)
		keep(a, i, (uint32_t)template, kept, f);
}

void
arena_place(struct arena *a, uint32_t start, struct arena_place *place)
{
	*place = (struct arena_place){ .state = (uint16_t)start };
	if (a->used == 0)
		put(a, PLACE, span_of(place, sizeof *place));
	memcpy(place, a->bytes + 2, sizeof *place);
}

void
arena_move(struct arena *a, const struct arena_place *place)
{
	assert(a->bytes[0] == PLACE);
	memcpy(a->bytes + 2, place, sizeof *place);
}
