#include "learning/mining/emitter.h"

enum { LEAST = 3, CODES = 1000 };	/* interactions of a cell; with fewer, those of all phases count */

void
emit_op(struct emitter *e, struct text_reply *r, struct text_op op)
{
	if ((r->nop & (r->nop - 1)) == 0)	/* room doubles */
		r->op = pool_grow(e->pool, r->op, r->nop, MAX(2 * r->nop, 4u), sizeof *r->op);
	r->op[r->nop++] = op;
}

/* Slots that a command fills belong to its arguments; behind them stand those that outlive it. */
static uint32_t
slot_of(struct emitter *e, uint32_t form)
{
	if (e->slot_of[form] == 0 && DEFINITION_ARGS + e->nslot < MODEL_SLOTS)
		e->slot_of[form] = DEFINITION_ARGS + e->nslot++;
	return e->slot_of[form];
}

static struct text_op
op_of(struct emitter *e, uint8_t view)
{
	if (view >= PHRASE_EARLIER)
		return (struct text_op){ .kind = OP_FIELD, .slot = slot_of(e, view - PHRASE_EARLIER) };
	switch (view) {
	case VIEW_ARG:
		return (struct text_op){ .kind = OP_FIELD };
	case VIEW_PATH:
		return (struct text_op){ .kind = OP_PATH };
	case VIEW_REG:
		return (struct text_op){ .kind = OP_REG };
	case VIEW_OWN:
		return (struct text_op){ .kind = OP_ADDR, .format = FMT_TEXT };
	case VIEW_OWN_COMMA:
		return (struct text_op){ .kind = OP_ADDR, .format = FMT_COMMA };
	case VIEW_PORT:
		return (struct text_op){ .kind = OP_ANNOUNCED, .format = FMT_TEXT };
	case VIEW_PORT_COMMA:
		return (struct text_op){ .kind = OP_ANNOUNCED, .format = FMT_COMMA };
	case VIEW_VERB:
		return (struct text_op){ .kind = OP_FIELD, .slot = EMIT_VERB };
	}
	return (struct text_op){ .kind = OP_LIT, .lit = span_of("", 1) };
}

int32_t
emit_reply(struct emitter *e, const struct text_reply *r)
{
	e->t->reply = pool_grow(e->pool, e->t->reply, e->t->nreply, e->t->nreply + 1u, sizeof *r);
	e->t->reply[e->t->nreply] = *r;
	return (int32_t)e->t->nreply++;
}

/* Says what is encoded, up to where it goes on later; left is what stands there. */
static int32_t
say_phrase(struct emitter *e, struct span *left, uint32_t support)
{
	struct text_reply r = { .cluster = -1, .origin = ORIGIN_MINING, .support = support };
	struct span s = *left;
	bool later = false;

	while (s.n > 0 && !later) {
		const uint8_t *mark = memchr(s.p, PHRASE_MARK, s.n);
		size_t n = mark == NULL ? s.n : (size_t)(mark - s.p);

		if (n > 0)
			emit_op(e, &r, (struct text_op){ .kind = OP_LIT, .lit = span_sub(s, 0, n) });
		s = span_sub(s, n, s.n);
		later = s.n >= 2 && s.p[1] == PHRASE_LATER;
		if (s.n >= 2 && !later)
			emit_op(e, &r, op_of(e, s.p[1]));
		s = span_sub(s, 2, s.n);
	}
	*left = s;
	return emit_reply(e, &r);
}

/* The reply that says a phrase; made when it is wanted first. */
static int32_t
reply_of(struct emitter *e, uint32_t phrase)
{
	struct span s;

	if (phrase == (uint32_t)SYMBOL_NONE)
		return -1;
	if (e->reply_of[phrase] >= 0)
		return e->reply_of[phrase];
	s = span_sub(e->m->phrases->text.value[phrase], 0, MODEL_REPLY_BYTES);
	e->reply_of[phrase] = say_phrase(e, &s, e->m->phrases->count[phrase]);
	if (s.n > 0)
		e->late_of[phrase] = say_phrase(e, &s, e->m->phrases->count[phrase]);
	return e->reply_of[phrase];
}

static void
guard(struct text_alt *a, uint8_t kind, uint32_t set)
{
	if (a->nguard < MODEL_GUARDS)
		a->guard[a->nguard++] = (struct text_guard){ .kind = kind, .index = set };
}

static void
guards_of_program(struct text_alt *a, const struct program *p)
{
	switch (p->guard) {
	case WORLD_IN:
	case WORLD_CHILDLESS:
		guard(a, GUARD_IN, 1u + p->set);
		break;
	case WORLD_NOTIN:
		guard(a, GUARD_NOTIN, 1u + p->set);
		break;
	case WORLD_NEITHER:
		guard(a, GUARD_NOTIN, 1);
		guard(a, GUARD_NOTIN, 2);
		break;
	case WORLD_DEEP:
		guard(a, GUARD_NONEMPTY, 0);
		break;
	}
	if (p->guard == WORLD_CHILDLESS)
		guard(a, GUARD_LEAF, 1u + p->set);
	if (p->parent > 0)
		guard(a, GUARD_PARENT, p->parent);
}

static void
guards_of_wording(struct text_alt *a, const struct wording *c)
{
	static const uint8_t kind[] = { [LOOK_IN] = GUARD_IN, [LOOK_NOTIN] = GUARD_NOTIN,
		[LOOK_LEAF] = GUARD_LEAF, [LOOK_PARENT] = GUARD_PARENT };

	if (c->look != LOOK_ALWAYS)
		guard(a, kind[c->look], 1u + c->set);
}

/* Words that are not there cannot be pushed: an alias goes one up, where its constant says that. */
static void
effect_of(struct text_alt *a, const struct program *p, bool alias)
{
	static const uint8_t kind[] = { [WORLD_ADD] = EFFECT_ADD, [WORLD_DEL] = EFFECT_DEL,
		[WORLD_PUSH] = EFFECT_PUSH, [WORLD_POP] = EFFECT_POP };
	bool set = p->effect == WORLD_ADD || p->effect == WORLD_DEL;

	if (p->effect == WORLD_NONE)
		return;
	a->effect[a->neffect++] = (struct text_effect){ .index = set ? 1u + p->into : 0,
		.kind = alias && p->effect == WORLD_PUSH ? (uint8_t)EFFECT_POP : kind[p->effect] };
}

static struct text_alt
alt_of(struct emitter *e, uint32_t template, uint32_t phase, const struct wording *c)
{
	uint32_t form = e->form_of[template];
	const struct program *p = &e->m->program[form];
	struct text_alt a = { .weight = MAX(c->n, 1u), .origin = ORIGIN_MINING, .scope = SCOPE_PAIR,
		.conf = c->n > 0 ? (double)c->right / c->n : 1, .next = phase, .close = c->closes };

	if (c->good && !e->alias[template])
		guards_of_program(&a, p);
	if (!e->alias[template])
		guards_of_wording(&a, c);
	a.reply = reply_of(e, c->phrase);
	if (c->phrase != (uint32_t)SYMBOL_NONE) {
		const struct inter *i = &e->m->w->f->c->inter[e->sample[c->phrase]];

		a.next = phase_after(e->m->phases, phase, form, i->code);
		if (e->m->w->good[e->sample[c->phrase]])
			effect_of(&a, p, e->alias[template]);
	}
	return a;
}

static uint16_t
code_of(const struct emitter *e, uint32_t i)
{
	const char *c = e->m->w->f->c->inter[i].code;

	return (uint16_t)((c[0] - '0') * 100 + (c[1] - '0') * 10 + (c[2] - '0'));
}

/*
 * Interactions of a form in a phase, and in those in which it has all of this one's codes, so that what tells
 * them apart is the same; or of the form where there are hardly any.
 */
static uint32_t
list_cell(struct emitter *e, uint32_t form, uint32_t phase, uint32_t *list)
{
	const struct forms *f = e->m->w->f;
	uint8_t phases[CODES] = { 0 }, alike = UINT8_MAX;	/* by code: in which it came, a bit each */
	uint32_t n = 0;

	static_assert(PHASE_MARKS < 8, "a bit per phase");
	for (uint32_t i = 0; i < f->c->n; i++)
		if (f->of[i] == form)
			phases[code_of(e, i)] |= (uint8_t)(1 << e->m->phases->of[i]);
	for (uint32_t k = 0; k < CODES; k++)
		if (phases[k] >> phase & 1)
			alike &= phases[k];
	for (uint32_t i = 0; i < f->c->n; i++)
		if (f->of[i] == form && alike >> e->m->phases->of[i] & 1)
			list[n++] = i;
	if (n >= LEAST)
		return n;
	n = 0;
	for (uint32_t i = 0; i < f->c->n; i++)
		if (f->of[i] == form)
			list[n++] = i;
	return n;
}

/* The reply that is what was said for this argument: an entry of a map. */
static int32_t
recalled(struct emitter *e, uint32_t form)
{
	struct text *t = e->t;
	struct text_reply r = { .cluster = -1, .origin = ORIGIN_MINING, .support = e->m->w->f->form[form].count };

	if (e->map_of[form] >= 0)
		return e->map_of[form];
	t->map = pool_grow(e->pool, t->map, t->nmap, t->nmap + 1u, sizeof *t->map);
	t->map[t->nmap] = e->m->recall->map[form];
	emit_op(e, &r, (struct text_op){ .kind = OP_MAP, .index = t->nmap++ });
	return e->map_of[form] = emit_reply(e, &r);
}

/* Before what is usually said to success stands what was said to this argument, where one was. */
static bool
recall_alt(struct emitter *e, struct text_alt *to, const struct text_alt *usual, uint32_t form)
{
	if (e->m->recall->map[form].n == 0 || usual->nguard == MODEL_GUARDS)
		return false;
	*to = *usual;
	to->reply = recalled(e, form);
	to->guard[to->nguard++] = (struct text_guard){ .kind = GUARD_KNOWN,
		.index = e->t->reply[to->reply].op[0].index };
	return true;
}

/* Where its guard holds it does succeed, and is not refused all the same. */
static bool
is_success(const struct emitter *e, const struct wording *c)
{
	return c->good && (c->phrase == (uint32_t)SYMBOL_NONE || e->m->w->good[e->sample[c->phrase]]);
}

static void
message_turn(struct emitter *e, struct text_turn *to, uint32_t template, uint32_t phase, uint32_t *list)
{
	uint32_t form = e->form_of[template], n = list_cell(e, form, phase, list);
	struct wordings c;

	wordings_make(&c, e->m->w, &e->m->program[form], e->m->view, e->m->phrases, list, n);
	*to = (struct text_turn){ .event = EVENT_MESSAGE, .arg = template };
	to->alt = pool_array(e->pool, 4 * c.n, sizeof *to->alt);
	for (uint32_t k = 0; k < c.n; k++) {
		struct text_alt usual = alt_of(e, template, phase, &c.c[k]);

		if (is_success(e, &c.c[k]))
			to->nalt += recall_alt(e, &to->alt[to->nalt], &usual, form);
		if (is_success(e, &c.c[k]))
			to->nalt = emit_transfer(e, to->alt, to->nalt, &usual, template, c.c[k].phrase);
		else
			to->alt[to->nalt++] = usual;
		if (to->alt[to->nalt - 1].nguard == 0)
			break;		/* nothing behind it is reached */
	}
}

/* The phrase that most interactions of a kind were answered with. */
static uint32_t
usual_phrase(const struct emitter *e, const uint32_t *list, uint32_t n, uint32_t *count)
{
	uint32_t best = (uint32_t)SYMBOL_NONE;

	memset(count, 0, e->m->phrases->text.n * sizeof *count);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t p = e->m->phrases->of[list[k]];

		if (p != (uint32_t)SYMBOL_NONE && ++count[p] && (best == (uint32_t)SYMBOL_NONE || count[p] > count[best]))
			best = p;
	}
	return best;
}

/* The connection: the register begins anew, and with it what lasts no longer than a conversation. */
static void
connect_turn(struct emitter *e, struct text_turn *to, uint32_t phrase)
{
	bool sets = e->d->scope == SCOPE_CONNECTION;
	struct text_alt *a = pool_array(e->pool, 1, sizeof *a);

	*a = (struct text_alt){ .weight = 1, .reply = reply_of(e, phrase), .conf = 1, .origin = ORIGIN_MINING,
		.scope = SCOPE_PAIR, .neffect = sets ? 2 : 1 };
	for (uint32_t k = 0; k < a->neffect; k++)
		a->effect[k] = (struct text_effect){ .kind = EFFECT_CLEAR, .index = sets ? 1 + k : 0 };
	*to = (struct text_turn){ .event = EVENT_CONNECT, .nalt = 1, .alt = a };
}

static bool
simple_turn(struct emitter *e, struct text_turn *to, uint8_t event, uint32_t phase, uint32_t phrase)
{
	if (phrase == (uint32_t)SYMBOL_NONE)
		return false;
	*to = (struct text_turn){ .event = event, .nalt = 1, .alt = pool_array(e->pool, 1, sizeof *to->alt) };
	to->alt[0] = (struct text_alt){ .weight = 1, .reply = reply_of(e, phrase), .next = phase, .conf = 1,
		.origin = ORIGIN_MINING, .scope = SCOPE_PAIR };
	return true;
}

static bool
is_declared(const struct forms *f, uint32_t form)
{
	return f->form[form].command != CANONICAL_OTHER;
}

/* What most different forms are told, at least two: those that nobody declared, or the failures of the others. phase: -1: any. */
static uint32_t
shared_phrase(const struct emitter *e, bool declared, int phase, uint32_t *list, uint32_t *count)
{
	const struct forms *f = e->m->w->f;
	uint32_t n = 0, best;

	for (uint32_t form = 0; form < f->n; form++) {
		uint32_t i = 0;

		while (i < f->c->n && (f->of[i] != form || (declared && e->m->w->good[i]) ||
		    (phase >= 0 && e->m->phases->of[i] != phase)))
			i++;
		if (i < f->c->n && (declared ? is_declared(f, form) : form_is_unknown(f, form)))
			list[n++] = i;
	}
	best = usual_phrase(e, list, n, count);
	return best != (uint32_t)SYMBOL_NONE && count[best] > 1 ? best : (uint32_t)SYMBOL_NONE;
}

/*
 * What most declared commands that succeed in other phases are told in this one, each of them always: "log in first". One
 * that was never tried in it would be told so, too. None where as many succeed in it.
 */
static uint32_t
phase_refusal(const struct emitter *e, uint32_t phase, uint32_t *list, uint32_t *count)
{
	enum { ELSEWHERE = 1, HERE = 2, OTHERWISE = 4 };
	const struct forms *f = e->m->w->f;
	uint32_t phrase = shared_phrase(e, true, (int)phase, list, count), refused = 0, free = 0;
	uint8_t *how = pool_array(e->pool, f->n + 1u, 1);

	for (uint32_t i = 0; i < f->c->n; i++) {
		bool here = e->m->phases->of[i] == phase;

		if (f->of[i] != (uint32_t)SYMBOL_NONE && is_declared(f, f->of[i]))
			how[f->of[i]] |= !here ? e->m->w->good[i] * ELSEWHERE :
			    e->m->phrases->of[i] == phrase ? HERE : HERE | OTHERWISE;
	}
	for (uint32_t k = 0; k < f->n; k++) {
		refused += how[k] == (ELSEWHERE | HERE);
		free += how[k] == (ELSEWHERE | HERE | OTHERWISE);
	}
	return refused > 1 && refused > free ? phrase : (uint32_t)SYMBOL_NONE;
}

/* What a phase says, whatever else is; SYMBOL_NONE: nothing is known. */
struct refusals {
	uint32_t declared;	/* to commands */
	uint32_t undeclared;	/* to verbs that nobody declared, as those were told here; */
	uint32_t unknown;	/* to those that nobody ever said: else as others were told elsewhere */
};

static struct refusals
refusals_of(const struct emitter *e, uint32_t phase, uint32_t *list, uint32_t *count)
{
	struct refusals no = { .declared = phase_refusal(e, phase, list, count),
		.undeclared = shared_phrase(e, false, (int)phase, list, count) };

	no.unknown = no.undeclared != (uint32_t)SYMBOL_NONE ? no.undeclared : shared_phrase(e, false, -1, list, count);
	return no;
}

/* What a form is told in a phase in which it was never told otherwise; SYMBOL_NONE: it goes by what it was told. */
static uint32_t
refused_phrase(const struct emitter *e, uint32_t form, uint32_t phase, const struct refusals *no)
{
	const struct forms *f = e->m->w->f;
	uint32_t phrase = is_declared(f, form) ? no->declared : no->undeclared;

	if (f->form[form].ignored)
		return (uint32_t)SYMBOL_NONE;
	for (uint32_t i = 0; i < f->c->n; i++)
		if (f->of[i] == form && e->m->phases->of[i] == phase && e->m->phrases->of[i] != phrase)
			return (uint32_t)SYMBOL_NONE;
	return phrase;
}

/* A message that is told the same whatever else is; false: nothing is known to be said. */
static bool
message_refused(struct emitter *e, struct text_turn *to, uint32_t template, uint32_t phase, uint32_t phrase)
{
	if (!simple_turn(e, to, EVENT_MESSAGE, phase, phrase))
		return false;
	to->arg = template;
	return true;
}

static struct span
note_of(struct emitter *e, uint32_t phase)
{
	const struct phase_mark *m = e->m->phases->mark;
	struct span name;
	uint8_t *to;

	if (phase == 0)
		return span_str("start");
	m += phase - 1;
	name = form_name(e->m->w->f, e->pool, m->form);
	to = pool_alloc(e->pool, name.n + 4);
	memcpy(to, name.p, name.n);
	to[name.n] = ' ';
	memcpy(to + name.n + 1, m->code, 3);
	return span_of(to, name.n + 4);
}

void
emit_states(struct emitter *e)
{
	const struct canonical *c = e->m->w->f->c;
	uint32_t *list = pool_array(e->pool, c->n + 1u, sizeof *list), n = 0;
	uint32_t *count = pool_array(e->pool, e->m->phrases->text.n + 1u, sizeof *count), greeting;
	struct refusals no;

	e->map_of = pool_array(e->pool, e->m->w->f->n + 1u, sizeof *e->map_of);
	memset(e->map_of, -1, (e->m->w->f->n + 1u) * sizeof *e->map_of);
	e->slot_of = pool_array(e->pool, e->m->w->f->n + 1u, sizeof *e->slot_of);
	e->reply_of = pool_array(e->pool, e->m->phrases->text.n + 1u, sizeof *e->reply_of);
	e->late_of = pool_array(e->pool, e->m->phrases->text.n + 1u, sizeof *e->late_of);
	memset(e->late_of, -1, (e->m->phrases->text.n + 1u) * sizeof *e->late_of);
	e->sample = pool_array(e->pool, e->m->phrases->text.n + 1u, sizeof *e->sample);
	memset(e->reply_of, -1, (e->m->phrases->text.n + 1u) * sizeof *e->reply_of);
	for (uint32_t i = c->n; i-- > 0;) {
		if (e->m->phrases->of[i] != (uint32_t)SYMBOL_NONE)
			e->sample[e->m->phrases->of[i]] = i;
		if (!c->inter[i].asked)
			list[n++] = i;
	}
	emit_transfer_begin(e);
	greeting = usual_phrase(e, list, n, count);
	e->t->nstate = e->m->phases->n + 1;
	e->t->state = pool_array(e->pool, e->t->nstate, sizeof *e->t->state);
	for (uint32_t phase = 0; phase < e->t->nstate; phase++) {
		struct text_state *s = &e->t->state[phase];

		*s = (struct text_state){ .note = note_of(e, phase), .backoff = -1, .eom = e->t->neom > 0 ? 0 : -1 };
		no = refusals_of(e, phase, list, count);
		s->turn = pool_array(e->pool, e->t->ntemplate + 4u, sizeof *s->turn);
		for (uint32_t k = 0; k < e->t->ntemplate; k++) {
			uint32_t form = e->form_of[k];

			if (form == e->m->w->f->n)
				s->nturn += message_refused(e, &s->turn[s->nturn], k, phase, no.unknown);
			else if (message_refused(e, &s->turn[s->nturn], k, phase, refused_phrase(e, form, phase, &no)))
				s->nturn++;
			else
				message_turn(e, &s->turn[s->nturn++], k, phase, list);
		}
		if (e->t->proto == MODEL_TCP && phase == 0)
			connect_turn(e, &s->turn[s->nturn++], greeting);
		s->nturn += emit_transfer_turns(e, &s->turn[s->nturn], phase);
		if (no.unknown != (uint32_t)SYMBOL_NONE && !phrase_has(e->m->phrases, no.unknown, VIEW_VERB))
			s->nturn += simple_turn(e, &s->turn[s->nturn], EVENT_OTHER, phase, no.unknown);
		for (uint32_t i = 0; i < c->n; i++)
			s->support += e->m->phases->of[i] == phase;
	}
}
