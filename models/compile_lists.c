#include "models/compiler.h"

#include <stdlib.h>

static void
put_data(struct compiler *c, const struct text_data *d)
{
	struct image_data out = {
		.choice = compiler_next(c, IMAGE_CHOICE), .n = d->n, .scope = d->scope,
	};

	for (uint32_t i = 0; i < d->n; i++) {
		struct image_choice choice = { out.weight, compiler_string(c, d->choice[i].value) };

		ADD(c, IMAGE_CHOICE, choice);
		out.weight += d->choice[i].weight;
	}
	ADD(c, IMAGE_DATA, out);
}

static void
put_map(struct compiler *c, const struct text_map *m)
{
	struct image_map out = {
		.pair = compiler_next(c, IMAGE_PAIR), .n = m->n, .index = compiler_next(c, IMAGE_INDEX),
		.mask = 1,
	};
	uint32_t *index;

	while (out.mask < 2 * (uint64_t)m->n)
		out.mask = out.mask * 2 + 1;
	index = calloc((size_t)out.mask + 1, sizeof *index);
	if (index == NULL) {
		c->b.no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		struct image_pair pair = { compiler_string(c, m->pair[i].key),
			compiler_string(c, m->pair[i].value) };
		uint32_t h = image_key_hash(m->pair[i].key) & out.mask;

		while (index[h] != 0)
			h = (h + 1) & out.mask;
		index[h] = i + 1;
		ADD(c, IMAGE_PAIR, pair);
	}
	image_build_add(&c->b, IMAGE_INDEX, index, ((size_t)out.mask + 1) * sizeof *index, out.mask + 1);
	free(index);
	ADD(c, IMAGE_MAP, out);
}

static void
put_hostset(struct compiler *c, const struct text_hostset *h)
{
	struct image_hostset out = { .is_register = h->is_register, .scope = h->scope,
		.under = h->under < 0 ? IMAGE_NONE : (uint32_t)h->under,
		.member = compiler_next(c, IMAGE_MEMBER), .n = h->n };

	for (uint32_t i = 0; i < h->n; i++) {
		struct image_span s = compiler_string(c, h->base[i]);

		ADD(c, IMAGE_MEMBER, s);
	}
	ADD(c, IMAGE_HOSTSET, out);
}

void
compiler_lists(struct compiler *c)
{
	for (uint32_t i = 0; i < c->t->nhostset; i++)
		put_hostset(c, &c->t->hostset[i]);
	for (uint32_t i = 0; i < c->t->ndata; i++)
		put_data(c, &c->t->data[i]);
	for (uint32_t i = 0; i < c->t->nmap; i++)
		put_map(c, &c->t->map[i]);
	for (uint32_t i = 0; i < c->t->neom; i++) {
		const struct text_eom *e = &c->t->eom[i];
		struct image_eom out = {
			.kind = e->kind, .width = e->width, .format = e->format, .at = e->at,
			.times = e->times, .plus = e->plus, .ms = e->ms,
			.term = compiler_string(c, e->term), .label = compiler_string(c, e->label),
		};

		ADD(c, IMAGE_EOM, out);
	}
	for (uint32_t i = 0; i < c->t->nvar; i++) {
		struct image_var out = { c->t->var[i].type, compiler_string(c, c->t->var[i].preset) };

		ADD(c, IMAGE_VAR, out);
	}
}
