#include "learning/mining/form.h"

#include <ctype.h>
#include <stdio.h>

/* What two interactions of one form have in common, as bytes. */
static struct span
key_of(const struct canonical *c, const struct inter *i, uint8_t *to, size_t room)
{
	size_t n = 0;

	to[n++] = i->command;
	if (i->command == CANONICAL_OTHER) {
		to[n++] = i->rest.n == 0;
		for (size_t k = 0; k < i->verb.n && n < room; k++)
			to[n++] = (uint8_t)(c->d->fold ? toupper(i->verb.p[k]) : i->verb.p[k]);
		return span_of(to, n);
	}
	to[n++] = i->narg;
	for (unsigned k = 0; k < i->narg; k++)
		to[n++] = (uint8_t)i->constant[k];
	return span_of(to, n);
}

static struct form
form_of(const struct canonical *c, const struct inter *i, struct span key)
{
	struct form f = { .command = i->command, .narg = i->narg };

	memcpy(f.constant, i->constant, sizeof f.constant);
	if (i->command == CANONICAL_OTHER) {
		f.bare = i->rest.n == 0;
		f.verb = span_sub(key, 2, key.n);
		f.ignored = definition_ignores(c->d, f.verb);
	}
	return f;
}

static void
number_forms(struct forms *f, struct pool *pool)
{
	struct intern keys;
	uint8_t bytes[64];

	intern_init(&keys, pool);
	f->of = pool_array(pool, f->c->n + 1u, sizeof *f->of);
	f->form = pool_array(pool, f->c->n + 1u, sizeof *f->form);
	for (uint32_t k = 0; k < f->c->n; k++) {
		const struct inter *i = &f->c->inter[k];
		struct span key = key_of(f->c, i, bytes, sizeof bytes);

		f->of[k] = SYMBOL_NONE;
		if (!i->asked)
			continue;
		f->of[k] = intern_find(&keys, key);
		if (f->of[k] == INTERN_NONE && f->n >= FORM_MOST && i->command == CANONICAL_OTHER) {
			key = span_sub(key, 0, 1);
			f->of[k] = intern_find(&keys, key);
		}
		if (f->of[k] == INTERN_NONE) {
			key = span_of(pool_copy(pool, key.p, key.n), key.n);
			f->of[k] = intern_add(&keys, key);
			f->form[f->n++] = form_of(f->c, i, key);
		}
		f->form[f->of[k]].count++;
	}
}

static void
number_values(struct forms *f, struct pool *pool)
{
	f->arg = pool_array(pool, f->c->n + 1u, sizeof *f->arg);
	f->response = pool_array(pool, f->c->n + 1u, sizeof *f->response);
	intern_init(&f->value, pool);
	for (uint32_t k = 0; k < f->c->n; k++) {
		const struct inter *i = &f->c->inter[k];

		for (unsigned a = 0; a < DEFINITION_ARGS; a++)
			f->arg[k][a] = a < i->narg && i->constant[a] < 0 ?
			    intern_add(&f->value, i->arg[a]) : (uint32_t)SYMBOL_NONE;
		f->response[k] = i->answer.p != NULL ? intern_add(&f->value, i->answer) : (uint32_t)SYMBOL_NONE;
	}
}

/* Calls note for every place where a symbol stands. */
static void
list_occurrences(struct forms *f, uint32_t *fill, bool count)
{
	for (uint32_t k = 0; k < f->c->n; k++)
		for (unsigned a = 0; a <= DEFINITION_ARGS; a++) {
			bool last = a == DEFINITION_ARGS;
			uint32_t s = last ? f->response[k] : f->arg[k][a];

			if (s == (uint32_t)SYMBOL_NONE)
				continue;
			if (!count)
				f->at[fill[s]] = (struct symbol_at){ k, (uint8_t)(last ? SYMBOL_RESPONSE : a) };
			fill[s]++;
		}
}

void
forms_make(struct forms *f, struct pool *pool, const struct canonical *c)
{
	uint32_t *fill, sum = 0;

	*f = (struct forms){ .c = c };
	number_forms(f, pool);
	number_values(f, pool);
	fill = pool_array(pool, f->value.n + 1u, sizeof *fill);
	f->first = pool_array(pool, f->value.n + 1u, sizeof *f->first);
	list_occurrences(f, fill, true);
	for (uint32_t s = 0; s <= f->value.n; s++) {
		uint32_t n = s < f->value.n ? fill[s] : 0;

		f->first[s] = fill[s] = sum;
		sum += n;
	}
	f->at = pool_array(pool, sum + 1u, sizeof *f->at);
	list_occurrences(f, fill, false);
}

bool
form_is_unknown(const struct forms *f, uint32_t form)
{
	return form != (uint32_t)SYMBOL_NONE && f->form[form].command == CANONICAL_OTHER && !f->form[form].ignored;
}

struct span
form_name(const struct forms *f, struct pool *pool, uint32_t form)
{
	const struct form *o = &f->form[form];
	const struct definition *d = f->c->d;
	struct span name = o->command == CANONICAL_OTHER ? o->verb : d->command[o->command].name;
	char text[200];
	int n = snprintf(text, sizeof text, "%.*s", (int)MIN(name.n, (size_t)64), name.p);

	for (unsigned k = 0; k < o->narg; k++)
		if (o->constant[k] >= 0)
			n += snprintf(text + n, sizeof text - (size_t)n, " %.*s",
			    (int)MIN(d->constant[o->constant[k]].name.n, (size_t)30), d->constant[o->constant[k]].name.p);
	return span_of(pool_copy(pool, text, (size_t)n), (size_t)n);
}
