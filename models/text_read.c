/* Readers of the parts that have lines of their own: templates, replies, states, basis. */
#include "models/text_read.h"

static uint32_t
read_items(struct parser *p, const struct vec *v, const char *what)
{
	if (v->n >= TEXT_ITEMS)
		lex_fail(&p->x, "more than %d %s in one part", TEXT_ITEMS, what);
	return 0;
}

static void
read_elem(struct parser *p)
{
	struct text_elem *e;

	read_items(p, &p->elem, "elements");
	e = MORE(p, &p->elem, struct text_elem);
	e->class = -1;
	if (p->x.kind == LEX_STRING) {
		e->kind = ELEM_LIT;
		e->lit = lex_string(&p->x, "a literal");
		return;
	}
	e->kind = (uint8_t)lex_vocab(&p->x, &vocab_elem);
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		e->lit = lex_string(&p->x, "a literal");
		break;
	case ELEM_SPAN:
		e->class = (int32_t)read_ref(p, REF_CLASS);
		/* fall through */
	case ELEM_COUNTED:
		e->min = read_u32(p, "the least number of bytes");
		e->max = read_u32(p, "the greatest number of bytes");
		break;
	case ELEM_ANY:
		e->min = read_u32(p, "a number of bytes");
		break;
	case ELEM_LEN:
		e->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
		e->min = read_u32(p, "the width of a length field");
		break;
	}
}

static void
read_field(struct parser *p)
{
	struct text_field *f = MORE(p, &p->field, struct text_field);

	if (p->field.n > MODEL_SLOTS)
		lex_fail(&p->x, "more than %d fields in one template", MODEL_SLOTS);
	f->slot = read_slot(p);
	f->first = read_u32(p, "the first element");
	f->last = read_u32(p, "the last element");
	lex_eol(&p->x);
}

/* support N, cluster N, from ORIGIN, and of a template second: in any order, each at most once. */
static void
read_origin(struct parser *p, uint32_t *support, int32_t *cluster, uint8_t *origin, bool *second)
{
	unsigned seen = 0;

	*cluster = -1;
	*origin = ORIGIN_HAND;
	for (;;) {
		if (read_option(p, "support", &seen, 1))
			*support = read_u32(p, "support");
		else if (read_option(p, "cluster", &seen, 2))
			*cluster = (int32_t)lex_number(&p->x, "a cluster", INT32_MAX);
		else if (read_option(p, "from", &seen, 4))
			*origin = (uint8_t)lex_vocab(&p->x, &vocab_origin);
		else if (second != NULL && read_option(p, "second", &seen, 8))
			*second = true;
		else
			break;
	}
	lex_eol(&p->x);
}

void
read_template(struct parser *p)
{
	struct text_template *t;

	read_spot(p, PART_TEMPLATE);
	read_index(p, "template", p->template.n);
	if (p->template.n >= MODEL_TEMPLATES)
		lex_fail(&p->x, "more than %d templates", MODEL_TEMPLATES);
	t = MORE(p, &p->template, struct text_template);
	read_origin(p, &t->support, &t->cluster, &t->origin, &t->second);
	while (lex_take(&p->x, "match")) {
		while (p->x.kind == LEX_WORD || p->x.kind == LEX_STRING)
			read_elem(p);
		lex_eol(&p->x);
	}
	while (lex_take(&p->x, "field"))
		read_field(p);
	t->elem = KEEP(p, &p->elem, struct text_elem, &t->nelem);
	t->field = KEEP(p, &p->field, struct text_field, &t->nfield);
}

static void
read_side(struct parser *p, bool *is, const char *yes, const char *no)
{
	*is = lex_take(&p->x, yes);
	if (!*is)
		lex_expect(&p->x, no);
}

static int64_t
read_delta(struct parser *p)
{
	return lex_integer(&p->x, "a number to add", INT64_MIN + 1, INT64_MAX);
}

static void
read_written(struct parser *p, struct text_op *o)
{
	o->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
	o->delta = read_delta(p);
	if (o->kind == OP_TIME && o->format == FMT_TEXT)
		o->lit = lex_string(&p->x, "a form of the time");
	else
		o->len = read_u32(p, "a width");
}

static void
read_op(struct parser *p)
{
	struct text_op *o;

	read_items(p, &p->op, "ops");
	o = MORE(p, &p->op, struct text_op);
	if (p->x.kind == LEX_STRING) {
		o->kind = OP_LIT;
		o->lit = lex_string(&p->x, "a literal");
		return;
	}
	o->kind = (uint8_t)lex_vocab(&p->x, &vocab_op);
	switch (o->kind) {
	case OP_LIT:
		o->lit = lex_string(&p->x, "a literal");
		break;
	case OP_FIELD:
		o->slot = read_slot(p);
		if (lex_at_number(&p->x))
			o->from = read_u32(p, "the first byte");
		if (lex_at_number(&p->x))
			o->len = read_u32(p, "a number of bytes");
		break;
	case OP_SEQ:
		o->slot = read_slot(p);
		o->delta = read_delta(p);
		o->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
		o->len = read_u32(p, "a width");
		break;
	case OP_PART:
		o->slot = read_slot(p);
		read_side(p, &o->after, "after", "before");
		o->lit = lex_string(&p->x, "a separator");
		break;
	case OP_LINES:
		o->slot = read_slot(p);
		o->lit = lex_string(&p->x, "what the lines begin with");
		break;
	case OP_DATA:
		o->index = read_ref(p, REF_DATA);
		break;
	case OP_MAP:
		o->index = read_ref(p, REF_MAP);
		o->slot = read_slot(p);
		break;
	case OP_RAND:
		o->index = read_ref(p, REF_CLASS);
		o->len = read_u32(p, "a number of bytes");
		o->scope = (uint8_t)lex_vocab(&p->x, &vocab_scope);
		break;
	case OP_VAR:
		o->index = read_ref(p, REF_VAR);
		break;
	case OP_ADDR:
	case OP_PORT:
		read_side(p, &o->peer, "peer", "own");
		o->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
		break;
	case OP_TIME:
	case OP_LEN:
		read_written(p, o);
		break;
	case OP_REG:
		o->index = read_ref(p, REF_REGISTER);
		break;
	case OP_PATH:
		o->index = read_ref(p, REF_REGISTER);
		o->slot = read_slot(p);
		break;
	case OP_SET:
		o->index = read_ref(p, REF_SET);
		o->lit = lex_string(&p->x, "a separator");
		break;
	case OP_EACH:
		o->index = read_ref(p, REF_SET);
		o->from = read_ref(p, REF_MAP);
		o->lit = lex_string(&p->x, "what stands before a member");
		o->behind = lex_string(&p->x, "what stands behind it");
		break;
	case OP_ANNOUNCED:
		o->format = (uint8_t)lex_vocab(&p->x, &vocab_format);
		break;
	}
}

void
read_reply(struct parser *p)
{
	struct text_reply *r;

	read_spot(p, PART_REPLY);
	read_index(p, "reply", p->reply.n);
	r = MORE(p, &p->reply, struct text_reply);
	read_origin(p, &r->support, &r->cluster, &r->origin, NULL);
	while (lex_take(&p->x, "say")) {
		while (p->x.kind == LEX_WORD || p->x.kind == LEX_STRING)
			read_op(p);
		lex_eol(&p->x);
	}
	r->op = KEEP(p, &p->op, struct text_op, &r->nop);
}

static void
read_guard(struct parser *p, struct text_alt *a)
{
	struct text_guard *g;

	if (a->nguard == MODEL_GUARDS)
		lex_fail(&p->x, "more than %d guards", MODEL_GUARDS);
	g = &a->guard[a->nguard++];
	g->kind = (uint8_t)lex_vocab(&p->x, &vocab_guard);
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
	case GUARD_BEGINS:
		g->slot = read_slot(p);
		g->index = read_ref(p, REF_MAP);
		break;
	case GUARD_PAIR:
		g->slot = read_slot(p);
		g->back = read_slot(p);
		g->index = read_ref(p, REF_MAP);
		break;
	case GUARD_LINE:
	case GUARD_NO_LINE:
	case GUARD_EQ:
	case GUARD_NE:
		g->slot = read_slot(p);
		g->lit = lex_string(&p->x, "a string to compare with");
		break;
	case GUARD_IN:
	case GUARD_NOTIN:
	case GUARD_LEAF:
	case GUARD_PARENT:
		g->slot = read_slot(p);
		g->index = read_ref(p, REF_SET);
		break;
	case GUARD_EMPTY:
	case GUARD_NONEMPTY:
		g->index = read_ref(p, REF_REGISTER);
		break;
	case GUARD_HISTORY:
		g->back = read_u32(p, "how many messages before");
		g->index = read_ref(p, REF_TEMPLATE);
		break;
	}
	lex_eol(&p->x);
}

static void
read_effect(struct parser *p, struct text_alt *a)
{
	struct text_effect *e;

	if (a->neffect == MODEL_EFFECTS)
		lex_fail(&p->x, "more than %d effects", MODEL_EFFECTS);
	e = &a->effect[a->neffect++];
	e->kind = (uint8_t)lex_vocab(&p->x, &vocab_effect);
	if (e->kind != EFFECT_POP && e->kind != EFFECT_CLEAR && e->kind != EFFECT_OPEN)
		e->slot = read_slot(p);
	if (e->kind == EFFECT_SEND)
		e->index = read_ref(p, REF_REPLY);
	else if (e->kind == EFFECT_ADD || e->kind == EFFECT_DEL)
		e->index = read_ref(p, REF_SET);
	else if (e->kind != EFFECT_OPEN && e->kind != EFFECT_TAKE)
		e->index = read_ref(p, e->kind == EFFECT_CLEAR ? REF_HOSTSET : REF_REGISTER);
	lex_eol(&p->x);
}

enum { ALT_WEIGHT = 1, ALT_SAY = 2, ALT_GOTO = 4, ALT_DELAY = 8, ALT_CONF = 16, ALT_SCOPE = 32,
	ALT_FROM = 64, ALT_CLOSE = 128, ALT_RESET = 256, ALT_PENDING = 512 };

static void
read_alt(struct parser *p)
{
	struct text_alt *a;
	unsigned seen = 0;

	read_spot(p, PART_ALT);
	if (p->spot[PART_ALT].n > TEXT_MANY)
		lex_fail(&p->x, "more than %d alternatives", TEXT_MANY);
	a = MORE(p, &p->alt, struct text_alt);
	*a = (struct text_alt){ .weight = 1, .reply = -1, .conf = 1.0, .origin = ORIGIN_HAND,
		.scope = SCOPE_PAIR };
	for (;;) {
		if (read_option(p, "weight", &seen, ALT_WEIGHT))
			a->weight = read_u32(p, "the weight");
		else if (read_option(p, "say", &seen, ALT_SAY))
			a->reply = (int32_t)read_ref(p, REF_REPLY);
		else if (read_option(p, "goto", &seen, ALT_GOTO))
			a->next = read_ref(p, REF_STATE);
		else if (read_option(p, "delay", &seen, ALT_DELAY))
			a->delay_ms = read_u32(p, "the delay in ms");
		else if (read_option(p, "conf", &seen, ALT_CONF))
			a->conf = lex_float(&p->x, "a float from 0 to 1");
		else if (read_option(p, "scope", &seen, ALT_SCOPE))
			a->scope = (uint8_t)lex_vocab(&p->x, &vocab_scope);
		else if (read_option(p, "from", &seen, ALT_FROM))
			a->origin = (uint8_t)lex_vocab(&p->x, &vocab_origin);
		else if (read_option(p, "close", &seen, ALT_CLOSE))
			a->close = true;
		else if (read_option(p, "reset", &seen, ALT_RESET))
			a->reset = true;
		else if (read_option(p, "pending", &seen, ALT_PENDING))
			a->pending = true;
		else
			break;
	}
	if (!(seen & ALT_GOTO))
		lex_fail(&p->x, "an alternative must say 'goto STATE'");
	lex_eol(&p->x);
	while (lex_take(&p->x, "when"))
		read_guard(p, a);
	while (lex_take(&p->x, "do"))
		read_effect(p, a);
}

static void
read_turn(struct parser *p)
{
	struct text_turn turn = { 0 };

	read_spot(p, PART_TURN);
	turn.event = (uint8_t)lex_vocab(&p->x, &vocab_event);
	if (turn.event == EVENT_MESSAGE)
		turn.arg = read_ref(p, REF_TEMPLATE);
	else if (turn.event == EVENT_SILENCE)
		turn.arg = read_u32(p, "the time in ms");
	else if (turn.event == EVENT_CHANNEL)
		turn.arg = (uint32_t)lex_vocab(&p->x, &vocab_news);
	lex_eol(&p->x);
	while (lex_take(&p->x, "alt"))
		read_alt(p);
	turn.alt = KEEP(p, &p->alt, struct text_alt, &turn.nalt);
	*MORE(p, &p->turn, struct text_turn) = turn;
}

enum { STATE_BACKOFF = 1, STATE_EOM = 2, STATE_IDLE = 4, STATE_SUPPORT = 8 };

void
read_state(struct parser *p)
{
	struct text_state s = { .backoff = -1, .eom = -1 };
	unsigned seen = 0;

	read_spot(p, PART_STATE);
	read_index(p, "state", p->state.n);
	for (;;) {
		if (read_option(p, "backoff", &seen, STATE_BACKOFF))
			s.backoff = (int32_t)read_ref(p, REF_STATE);
		else if (read_option(p, "eom", &seen, STATE_EOM))
			s.eom = (int32_t)read_ref(p, REF_EOM);
		else if (read_option(p, "idle", &seen, STATE_IDLE))
			s.idle_ms = read_u32(p, "the time in ms");
		else if (read_option(p, "support", &seen, STATE_SUPPORT))
			s.support = read_u32(p, "support");
		else
			break;
	}
	if (p->x.kind == LEX_STRING)
		s.note = lex_string(&p->x, "a note");
	lex_eol(&p->x);
	*MORE(p, &p->state, struct text_state) = s;
	while (lex_take(&p->x, "on"))
		read_turn(p);
	struct text_state *at = (struct text_state *)p->state.p + p->state.n - 1;
	at->turn = KEEP(p, &p->turn, struct text_turn, &at->nturn);
}

static void
read_cluster(struct parser *p)
{
	read_spot(p, PART_CLUSTER);
	read_index(p, "cluster", p->column.n);
	while (p->x.kind == LEX_WORD) {
		struct text_weight *w = MORE(p, &p->weight, struct text_weight);
		struct span s = p->x.text;
		const uint8_t *colon = memchr(s.p, ':', s.n);
		uint64_t v = 0;
		size_t n = colon != NULL ? (size_t)(colon - s.p) : 0;
		bool good = n > 0 && n < 10 && text_float_parse(span_sub(s, n + 1, s.n), &w->value);
		for (size_t i = 0; i < n && good; i++) {
			good = s.p[i] >= '0' && s.p[i] <= '9';
			v = v * 10 + s.p[i] - '0';
		}
		if (!good)
			lex_fail(&p->x, "a weight is written FEATURE:FLOAT");
		w->feature = (uint32_t)v;
		lex_next(&p->x);
	}
	uint32_t *n = MORE(p, &p->ncolumn, uint32_t);
	*MORE(p, &p->column, struct text_weight *) = KEEP(p, &p->weight, struct text_weight, n);
	lex_eol(&p->x);
}

void
read_basis(struct parser *p)
{
	enum side side = lex_take(&p->x, "server") ? SIDE_SERVER : SIDE_CLIENT;
	struct text_basis *b = &p->t.basis[side];
	uint32_t n;

	if (b->feature != NULL || b->column != NULL)
		lex_fail(&p->x, "the basis of the %s stands twice", side == SIDE_SERVER ? "server" : "clients");
	if (lex_take(&p->x, "ngram"))
		b->ngram = read_u32(p, "the length of an n-gram");
	else
		lex_expect(&p->x, "tokens");
	lex_eol(&p->x);
	while (lex_take(&p->x, "feature")) {
		*MORE(p, &p->feature, struct span) = lex_string(&p->x, "a feature");
		lex_eol(&p->x);
	}
	while (lex_take(&p->x, "cluster"))
		read_cluster(p);
	b->feature = KEEP(p, &p->feature, struct span, &b->nfeature);
	b->column = KEEP(p, &p->column, struct text_weight *, &b->ncluster);
	b->ncolumn = KEEP(p, &p->ncolumn, uint32_t, &n);
}

void
read_vector(struct parser *p)
{
	struct text_vector *v;

	read_spot(p, PART_VECTOR);
	lex_eol(&p->x);
	v = MORE(p, &p->vector, struct text_vector);
	while (lex_is(&p->x, ">") || lex_is(&p->x, "<")) {
		lex_expect(&p->x, p->span.n % 2 == 0 ? ">" : "<");
		*MORE(p, &p->span, struct span) = lex_string(&p->x, "what is said");
		lex_eol(&p->x);
	}
	v->line = KEEP(p, &p->span, struct span, &v->n);
}
