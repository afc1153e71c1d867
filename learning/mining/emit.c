#include "learning/mining/emit.h"

#include "learning/mining/emitter.h"

/* Bytes that follow a verb in every message of the framing. */
static struct span
blank(void)
{
	return span_str(" ");
}

static struct text_elem *
elem(struct emitter *e, struct text_template *t, uint8_t kind)
{
	t->elem = pool_grow(e->pool, t->elem, t->nelem, t->nelem + 1u, sizeof *t->elem);
	t->elem[t->nelem] = (struct text_elem){ .kind = kind, .class = -1 };
	return &t->elem[t->nelem++];
}

static void
field(struct emitter *e, struct text_template *t, uint32_t slot)
{
	uint32_t at = t->nelem - 1;

	t->field = pool_grow(e->pool, t->field, t->nfield, t->nfield + 1u, sizeof *t->field);
	t->field[t->nfield++] = (struct text_field){ slot, at, at };
}

static struct text_template *
begin(struct emitter *e, uint32_t form, struct span verb)
{
	struct text *t = e->t;
	struct text_template *to;

	e->form_of = pool_grow(e->pool, e->form_of, t->ntemplate, t->ntemplate + 1u, sizeof *e->form_of);
	e->alias = pool_grow(e->pool, e->alias, t->ntemplate, t->ntemplate + 1u, sizeof *e->alias);
	t->template = pool_grow(e->pool, t->template, t->ntemplate, t->ntemplate + 1u, sizeof *t->template);
	e->form_of[t->ntemplate] = form;
	e->alias[t->ntemplate] = false;
	to = &t->template[t->ntemplate++];
	*to = (struct text_template){ .support = e->m->w->f->form[form].count, .cluster = -1,
		.origin = ORIGIN_MINING };
	elem(e, to, e->d->fold ? ELEM_LIT_CASE : ELEM_LIT)->lit = verb;
	return to;
}

static void
finish(struct emitter *e, struct text_template *t)
{
	if (e->d->framing == FRAMING_LINE)
		elem(e, t, ELEM_LIT)->lit = e->d->end;
	else if (e->d->framing == FRAMING_HTTP1)
		elem(e, t, ELEM_LIT)->lit = blank();
	if (e->d->framing == FRAMING_HTTP1)
		elem(e, t, ELEM_TAIL);
}

/* An argument; the last one of a command may be the rest of the line. */
static void
argument(struct emitter *e, struct text_template *t, uint32_t slot, bool rest, struct span constant)
{
	elem(e, t, ELEM_LIT)->lit = blank();
	if (constant.n > 0)
		elem(e, t, ELEM_LIT)->lit = constant;
	else
		elem(e, t, rest ? ELEM_LINE : ELEM_TOK);
	field(e, t, slot);
}

/* Does the recording have the command with so many arguments? */
static bool
is_said_with(const struct emitter *e, uint8_t command, unsigned narg)
{
	const struct forms *f = e->m->w->f;

	for (uint32_t i = 0; i < f->n; i++)
		if (f->form[i].command == command && f->form[i].narg == narg)
			return true;
	return false;
}

/* Arguments that may stand behind it, but never did in the recording, change nothing. */
static void
command_templates(struct emitter *e, uint32_t form)
{
	const struct form *f = &e->m->w->f->form[form];
	const struct definition_command *c = &e->d->command[f->command];
	unsigned most = f->narg;

	while (most < c->most && !is_said_with(e, f->command, most + 1))
		most++;
	for (unsigned n = f->narg; n <= most; n++)
		for (uint32_t v = 0; v < c->nverb; v++) {
			struct text_template *t = begin(e, form, c->verb[v]);

			for (unsigned k = 0; k < n; k++)
				argument(e, t, k, c->rest && k + 1u == c->most, k >= f->narg || f->constant[k] < 0 ?
				    (struct span){ 0 } : e->d->constant[f->constant[k]].spelling[0]);
			finish(e, t);
		}
}

static bool
is_alias_of(const struct definition_command *c, const struct form *f)
{
	bool same = c->alias == (int32_t)f->command && c->nalias == f->narg;

	for (unsigned k = 0; same && k < f->narg; k++)
		same = f->constant[k] >= 0 && c->alias_arg[k] == (uint32_t)f->constant[k];
	return same;
}

static void
alias_templates(struct emitter *e, uint32_t form)
{
	const struct form *f = &e->m->w->f->form[form];

	for (uint32_t a = 0; a < e->d->ncommand; a++)
		for (uint32_t v = 0; is_alias_of(&e->d->command[a], f) && v < e->d->command[a].nverb; v++) {
			struct text_template *t = begin(e, form, e->d->command[a].verb[v]);

			e->alias[e->t->ntemplate - 1] = true;
			finish(e, t);
		}
}

/* Its verb is a field, too: behind that of the argument, which others look for first. */
static void
verb_field(struct emitter *e, struct text_template *t)
{
	t->field = pool_grow(e->pool, t->field, t->nfield, t->nfield + 1u, sizeof *t->field);
	t->field[t->nfield++] = (struct text_field){ EMIT_VERB, 0, 0 };
}

static void
other_template(struct emitter *e, uint32_t form)
{
	const struct form *f = &e->m->w->f->form[form];
	struct text_template *t = begin(e, form, f->verb);

	if (!f->bare && e->d->framing == FRAMING_HTTP1)
		argument(e, t, 0, false, (struct span){ 0 });
	else if (!f->bare)
		argument(e, t, 0, true, (struct span){ 0 });
	if (!f->ignored)
		verb_field(e, t);
	finish(e, t);
}

static bool
has_constant(const struct form *f)
{
	for (unsigned k = 0; k < f->narg; k++)
		if (f->constant[k] >= 0)
			return true;
	return false;
}

/* Those with constants first: they are special cases of those without. */
static void
emit_templates(struct emitter *e)
{
	const struct forms *f = e->m->w->f;

	for (unsigned constant = 2; constant-- > 0;)
		for (uint32_t i = 0; i < f->n; i++) {
			if (has_constant(&f->form[i]) != constant)
				continue;
			if (f->form[i].command != CANONICAL_OTHER) {
				command_templates(e, i);
				alias_templates(e, i);
			} else if (f->form[i].verb.n > 0) {
				other_template(e, i);
			}
		}
}

/* Any line, behind all that are known. */
static void
unknown_templates(struct emitter *e)
{
	const struct forms *f = e->m->w->f;
	bool some = false;

	for (uint32_t i = 0; i < f->n; i++)
		some |= form_is_unknown(f, i);
	for (unsigned words = 0; some && e->d->framing != FRAMING_DATAGRAM && words < 2; words++) {
		struct text_template *t;

		if (words == 0 && e->d->framing == FRAMING_HTTP1)
			continue;
		t = begin(e, f->n, (struct span){ 0 });
		t->elem[0] = (struct text_elem){ .kind = ELEM_TOK, .class = -1 };
		if (words > 0)
			argument(e, t, 0, e->d->framing == FRAMING_LINE, (struct span){ 0 });
		verb_field(e, t);
		finish(e, t);
	}
}

/* What a later reply repeats is kept beside the argument's own slot, which the next command fills. */
static void
keep_arguments(struct emitter *e)
{
	for (uint32_t k = 0; k < e->t->ntemplate; k++) {
		struct text_template *t = &e->t->template[k];
		uint32_t slot = e->slot_of[e->form_of[k]];

		if (slot == 0 || t->nfield == 0)
			continue;
		t->field = pool_grow(e->pool, t->field, t->nfield, t->nfield + 1u, sizeof *t->field);
		t->field[t->nfield] = t->field[0];
		t->field[t->nfield++].slot = slot;
	}
}

static int
by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void
emit_sets(struct emitter *e)
{
	const struct world *w = e->m->w;
	uint8_t scope = e->d->scope == SCOPE_HOST ? SCOPE_HOST : SCOPE_PAIR;
	struct text_hostset *h = pool_array(e->pool, 1 + WORLD_SETS, sizeof *h);

	h[0] = (struct text_hostset){ .is_register = true, .scope = SCOPE_CONNECTION, .under = -1, .n = 1 };
	h[0].base = pool_array(e->pool, 1, sizeof *h[0].base);
	h[0].base[0] = w->key.value[0];
	for (unsigned s = 0; s < WORLD_SETS; s++) {
		h[1 + s] = (struct text_hostset){ .scope = scope };
		h[1 + s].base = pool_array(e->pool, w->key.n, sizeof *h->base);
		for (uint32_t k = 0; k < w->key.n; k++)
			if (w->base[s][k])
				h[1 + s].base[h[1 + s].n++] = w->key.value[k];
		qsort(h[1 + s].base, h[1 + s].n, sizeof *h->base, by_bytes);
	}
	e->t->hostset = h;
	e->t->nhostset = 1 + WORLD_SETS;
}

void
mining_emit(struct text *t, struct pool *pool, const struct mined *m)
{
	struct emitter e = { .t = t, .pool = pool, .m = m, .d = m->w->f->c->d };

	t->separators = span_str(" \r\n");
	emit_sets(&e);
	emit_templates(&e);
	unknown_templates(&e);
	emit_states(&e);
	keep_arguments(&e);
}
