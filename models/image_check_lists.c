#include "models/image_check.h"

#include <stdlib.h>

#include "models/eom.h"
#include "models/path.h"

/* Each pair is found, and the searches end: 1,024 steps per pair on average are enough. */
static bool
check_index(struct image_check *c, const struct image_map *m)
{
	uint64_t steps = 0, enough = 1024 * ((uint64_t)m->n + 64);

	for (uint32_t p = 0; p < m->n; p++) {
		struct span want = image_bytes(&c->i, c->i.pair[m->pair + p].key);
		uint32_t h = image_key_hash(want) & m->mask, at;

		for (; (at = c->i.index[m->index + h]) != p + 1; h = (h + 1) & m->mask)
			if (at == 0 || ++steps > enough ||
			    span_eq(want, image_bytes(&c->i, c->i.pair[m->pair + at - 1].key)))
				return false;
	}
	return true;
}

static bool
check_map(struct image_check *c, uint32_t k)
{
	const struct image_map *m = &c->i.map[k];
	uint32_t used = 0;

	if ((m->mask & (m->mask + 1)) != 0 || m->mask < m->n)
		return image_refuse(c, "the index of map %u has no such size", k);
	for (uint32_t p = m->pair; p < m->pair + m->n; p++)
		if (!image_is_string(c, c->i.pair[p].key) || !image_is_string(c, c->i.pair[p].value))
			return image_refuse(c, "a pair of map %u lies outside", k);
	for (uint32_t p = m->pair + 1; p < m->pair + m->n; p++)
		if (span_cmp(image_bytes(&c->i, c->i.pair[p - 1].key), image_bytes(&c->i, c->i.pair[p].key)) >= 0)
			return image_refuse(c, "the keys of map %u do not ascend", k);
	for (uint32_t h = 0; h <= m->mask; h++) {
		if (c->i.index[m->index + h] > m->n)
			return image_refuse(c, "the index of map %u is wrong", k);
		used += c->i.index[m->index + h] != 0;
	}
	if (used != m->n || !check_index(c, m))	/* so one place is free, and every search ends */
		return image_refuse(c, "a key of map %u cannot be found", k);
	return true;
}

static bool
check_eom(const struct image_check *c, const struct image_eom *e)
{
	if (e->kind >= EOM_KIND_N || e->zero != 0 || !image_is_string(c, e->term) ||
	    !image_is_string(c, e->label))
		return false;
	if ((e->kind == EOM_TERM || e->kind == EOM_DECIMAL) && (e->term.n == 0 || e->term.n > 255))
		return false;
	if (e->kind == EOM_PARTS && (e->term.n == 0 || e->term.n > 255 || e->label.n != EOM_MARKS))
		return false;
	if (e->kind != EOM_LENGTH)
		return true;
	return (e->width == 1 || e->width == 2 || e->width == 4) &&
	    (e->format == FMT_BE || e->format == FMT_LE);
}

static bool
check_hostset(const struct image_check *c, const struct image_hostset *s)
{
	if (s->is_register > 1 || !image_all_zero(s->zero, sizeof s->zero) || (s->is_register && s->n > 1) ||
	    (s->scope != SCOPE_PAIR && s->scope != SCOPE_HOST &&
	    !(s->is_register && s->scope == SCOPE_CONNECTION)))
		return false;
	if (s->under != IMAGE_NONE && (s->is_register || s->under >= c->n[IMAGE_HOSTSET] || image_is_set(c, s->under)))
		return false;
	for (uint32_t k = s->member; k < s->member + s->n; k++)
		if (!image_is_string(c, c->i.member[k]) || c->i.member[k].n > PATH_BYTES || (k > s->member &&
		    span_cmp(image_bytes(&c->i, c->i.member[k - 1]), image_bytes(&c->i, c->i.member[k])) >= 0))
			return false;
	return true;
}

bool
image_check_hostsets(struct image_check *c)
{
	const struct image *i = &c->i;
	uint64_t member = 0;
	uint8_t keeps = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_HOSTSET]; k++) {
		if (!image_follows(c, IMAGE_MEMBER, &member, i->hostset[k].member, i->hostset[k].n) ||
		    !check_hostset(c, &i->hostset[k]))
			return image_refuse(c, "set or register %u is wrong", k);
		keeps |= i->hostset[k].scope == SCOPE_HOST ? MODEL_KEEPS_HOST : MODEL_KEEPS_PAIR;
	}
	if (keeps != (i->model->flags & (MODEL_KEEPS_PAIR | MODEL_KEEPS_HOST)))
		return image_refuse(c, "it keeps other state than it says");

	return true;
}

bool
image_check_lists(struct image_check *c)
{
	const struct image *i = &c->i;
	uint64_t choice = 0, pair = 0, index = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_CHOICE]; k++)
		if (!image_is_string(c, i->choice[k].value))
			return image_refuse(c, "choice %u lies outside", k);
	for (uint32_t k = 0; k < c->n[IMAGE_DATA]; k++) {
		const struct image_data *d = &i->data[k];

		if (!image_follows(c, IMAGE_CHOICE, &choice, d->choice, d->n) || d->n == 0 || d->weight == 0 ||
		    d->scope >= SCOPE_N || i->choice[d->choice].before != 0)
			return image_refuse(c, "data table %u is wrong", k);
		for (uint32_t x = 0; x < d->n; x++)
			if ((x + 1 < d->n ? i->choice[d->choice + x + 1].before : d->weight) <=
			    i->choice[d->choice + x].before)
				return image_refuse(c, "the weights of data table %u do not add up", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_MAP]; k++)
		if (!image_follows(c, IMAGE_PAIR, &pair, i->map[k].pair, i->map[k].n) ||
		    !image_follows(c, IMAGE_INDEX, &index, i->map[k].index, i->map[k].mask + 1ull))
			return image_refuse(c, "map %u lies outside", k);
		else if (!check_map(c, k))
			return false;
	for (uint32_t k = 0; k < c->n[IMAGE_EOM]; k++)
		if (!check_eom(c, &i->eom[k]))
			return image_refuse(c, "end of message %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_VAR]; k++)
		if (i->var[k].type >= VAR_TYPE_N || !image_is_string(c, i->var[k].preset) ||
		    i->var[k].preset.n > 255)
			return image_refuse(c, "host variable %u is wrong", k);
	return true;
}
