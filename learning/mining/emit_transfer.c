/* Data that crosses connections of its own: what a form announces, sends or takes, and what is said afterwards. */
#include "learning/mining/emitter.h"

static struct text_reply
new_reply(const struct emitter *e, uint32_t form)
{
	return (struct text_reply){ .cluster = -1, .origin = ORIGIN_MINING, .support = e->m->w->f->form[form].count };
}

static uint32_t
add_map(struct emitter *e, struct text_map m)
{
	struct text *t = e->t;

	t->map = pool_grow(e->pool, t->map, t->nmap, t->nmap + 1u, sizeof *t->map);
	t->map[t->nmap] = m;
	return t->nmap++;
}

static bool
makes(const struct emitter *e, uint32_t form, uint8_t kind)
{
	return e->m->transfers->kind[form] == kind;
}

void
emit_transfer_begin(struct emitter *e)
{
	const struct definition *d = e->d;
	bool some = false;

	e->contents = pool_array(e->pool, e->m->w->f->n + 1u, sizeof *e->contents);
	e->usual = pool_array(e->pool, e->m->w->f->n + 1u, sizeof *e->usual);
	e->content_of = pool_array(e->pool, e->t->ntemplate + 1u, sizeof *e->content_of);
	memset(e->content_of, -1, (e->t->ntemplate + 1u) * sizeof *e->content_of);
	memset(e->contents, -1, (e->m->w->f->n + 1u) * sizeof *e->contents);
	memset(e->usual, -1, (e->m->w->f->n + 1u) * sizeof *e->usual);
	e->refused = -1;
	for (uint32_t f = 0; f < e->m->w->f->n; f++)
		some |= !makes(e, f, TRANSFER_NONE);
	for (uint32_t k = 0; some && k < d->nchannel; k++)
		if (d->channel[k].data && d->channel[k].refused.n > 0 && e->refused < 0) {
			struct text_reply r = { .cluster = -1, .origin = ORIGIN_HAND };

			emit_op(e, &r, (struct text_op){ .kind = OP_LIT, .lit = d->channel[k].refused });
			e->refused = emit_reply(e, &r);
		}
}

/* Names of both sets as lines; false: the lists that were seen name other things. */
static bool
list_reply(struct emitter *e, struct text_reply *r, uint32_t form, uint32_t template)
{
	struct transfer_lines l;
	uint32_t map;

	transfer_list(&l, e->pool, e->m->w, e->m->program, e->m->view, form, e->t->template[template].elem[0].lit);
	if (l.placed * 10ull < l.lines * 9ull)
		return false;
	map = add_map(e, l.known);
	for (uint32_t s = 0; s < WORLD_SETS; s++)
		emit_op(e, r, (struct text_op){ .kind = OP_EACH, .index = 1 + s, .from = map, .lit = l.before[s],
		    .behind = span_str("\r\n") });
	return true;
}

/* What goes out where the argument is none that was sent for before. */
static uint32_t
usual_content(struct emitter *e, uint32_t form, uint32_t template)
{
	struct text_reply r = new_reply(e, form);
	struct span s;

	if (e->content_of[template] >= 0)
		return (uint32_t)e->content_of[template];
	if (e->m->w->f->form[form].narg > 0 || !list_reply(e, &r, form, template)) {
		s = transfer_usual(e->m->w, e->pool, form);
		if (s.n > 0)
			emit_op(e, &r, (struct text_op){ .kind = OP_LIT, .lit = s });
	}
	return (uint32_t)(e->content_of[template] = emit_reply(e, &r));
}

static void
guard(struct text_alt *a, uint8_t kind, uint32_t index)
{
	if (a->nguard < MODEL_GUARDS)
		a->guard[a->nguard++] = (struct text_guard){ .kind = kind, .index = index };
}

static void
effect(struct text_alt *a, uint8_t kind, uint32_t index)
{
	if (a->neffect < MODEL_EFFECTS)
		a->effect[a->neffect++] = (struct text_effect){ .kind = kind, .index = index };
}

/* What was sent for the argument goes out again, with what was said before it. */
static bool
known_content(struct emitter *e, struct text_alt *a, uint32_t form)
{
	struct text_reply content = new_reply(e, form), early = content;
	struct text_map m;

	if (e->m->w->f->form[form].narg == 0 || e->m->w->f->form[form].constant[0] >= 0 || a->nguard >= MODEL_GUARDS)
		return false;
	if (e->contents[form] < 0) {
		transfer_contents(&m, e->pool, e->m->w, form, false);
		e->contents[form] = (int32_t)e->t->nreply;
		emit_op(e, &content, (struct text_op){ .kind = OP_MAP, .index = add_map(e, m) });
		emit_reply(e, &content);
		transfer_contents(&m, e->pool, e->m->w, form, true);
		emit_op(e, &early, (struct text_op){ .kind = OP_MAP, .index = add_map(e, m) });
		emit_reply(e, &early);
	}
	guard(a, GUARD_KNOWN, e->t->reply[e->contents[form]].op[0].index);
	effect(a, EFFECT_SEND, (uint32_t)e->contents[form]);
	a->reply = e->contents[form] + 1;
	return true;
}

uint32_t
emit_transfer(struct emitter *e, struct text_alt *to, uint32_t n, const struct text_alt *usual, uint32_t template,
    uint32_t phrase)
{
	uint32_t form = e->form_of[template];
	struct text_alt open = *usual, known;

	if (e->m->transfers->announces[form])
		effect(&open, EFFECT_OPEN, 0);
	if (makes(e, form, TRANSFER_NONE)) {
		to[n++] = open;
		return n;
	}
	if (phrase != (uint32_t)SYMBOL_NONE && (e->usual[form] == (uint32_t)SYMBOL_NONE ||
	    e->m->phrases->count[phrase] > e->m->phrases->count[e->usual[form]]))
		e->usual[form] = phrase;
	if (e->refused >= 0)
		guard(&open, GUARD_CHANNEL, 0);
	known = open;
	if (makes(e, form, TRANSFER_SENDS) && known_content(e, &known, form))
		to[n++] = known;
	if (makes(e, form, TRANSFER_SENDS))
		effect(&open, EFFECT_SEND, usual_content(e, form, template));
	else
		effect(&open, EFFECT_TAKE, 0);
	to[n++] = open;
	if (e->refused >= 0) {
		to[n] = *usual;
		to[n].neffect = 0;
		to[n++].reply = e->refused;
	}
	return n;
}

static void
add_alt(struct emitter *e, struct text_turn *to, int32_t reply, uint32_t phase)
{
	struct text_alt a = { .weight = 1, .reply = reply, .next = phase, .conf = 1, .origin = ORIGIN_MINING,
		.scope = SCOPE_PAIR };

	to->alt = pool_grow(e->pool, to->alt, to->nalt, to->nalt + 1u, sizeof *to->alt);
	to->alt[to->nalt++] = a;
}

/* What is said when it ended depends on which command began it; then on nothing. */
uint32_t
emit_transfer_turns(struct emitter *e, struct text_turn *to, uint32_t phase)
{
	int32_t most = -1;
	uint32_t n = 0, count = 0;

	to[0] = (struct text_turn){ .event = EVENT_CHANNEL, .arg = CHANNEL_ENDED };
	for (uint32_t k = 0; k < e->t->ntemplate; k++) {
		uint32_t phrase = e->usual[e->form_of[k]];

		if (phrase == (uint32_t)SYMBOL_NONE || e->late_of[phrase] < 0)
			continue;
		add_alt(e, &to[0], e->late_of[phrase], phase);
		to[0].alt[to[0].nalt - 1].guard[0] = (struct text_guard){ .kind = GUARD_HISTORY, .back = 1, .index = k };
		to[0].alt[to[0].nalt - 1].nguard = 1;
		if (e->m->phrases->count[phrase] > count) {
			count = e->m->phrases->count[phrase];
			most = e->late_of[phrase];
		}
	}
	if (most < 0)
		return 0;
	add_alt(e, &to[n++], most, phase);
	if (e->refused < 0)
		return n;
	to[n] = (struct text_turn){ .event = EVENT_CHANNEL, .arg = CHANNEL_FAILED };
	add_alt(e, &to[n++], e->refused, phase);
	return n;
}
