/*
 * Everything the format promises and the reader of files cannot see by itself. The compiler,
 * the naive interpreter and the printer rely on it, for models from files and from learners.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "models/eom.h"
#include "models/path.h"
#include "models/selftest.h"
#include "models/text_parts.h"

struct check {
	const struct text *t;
	const struct text_spots *spots;
	struct diag *why;
	enum text_part part;	/* what is being looked at */
	uint32_t index;		/* which */
	size_t place;		/* index, or number of the turn or alternative over all states */
	uint32_t state;		/* of a turn or alternative */
	size_t turns, alts;	/* seen so far */
};

static int PRINTF(2, 3)
bad(const struct check *c, const char *fmt, ...)
{
	static const char *const names[] = {
		[PART_VAR] = "var", [PART_CLASS] = "class", [PART_HOSTSET] = "set or register",
		[PART_EOM] = "eom", [PART_DATA] = "data", [PART_MAP] = "map",
		[PART_TEMPLATE] = "template", [PART_REPLY] = "reply", [PART_STATE] = "state",
		[PART_TURN] = "turn", [PART_ALT] = "alternative", [PART_CLUSTER] = "cluster",
		[PART_VECTOR] = "vector", [PART_PRISMA] = "prisma",
	};
	const struct text_spots *s = c->spots;
	char what[300], where[120] = "", part[64] = "the model";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (s != NULL && c->part != PART_MODEL && c->place < s->n[c->part])
		snprintf(where, sizeof where, "%.80s:%u:%u: ", s->file, s->at[c->part][c->place].line,
		    s->at[c->part][c->place].col);
	else if (s != NULL)
		snprintf(where, sizeof where, "%.80s: ", s->file);
	if (c->part == PART_TURN || c->part == PART_ALT)
		snprintf(part, sizeof part, "state %u, %s %u", c->state, names[c->part], c->index);
	else if (c->part == PART_PRISMA)
		snprintf(part, sizeof part, "prisma");
	else if (c->part != PART_MODEL)
		snprintf(part, sizeof part, "%s %u", names[c->part], c->index);
	return diag_set(c->why, -EINVAL, "%s%s: %s", where, part, what);
}

static void
look_at(struct check *c, enum text_part part, uint32_t i)
{
	c->part = part;
	c->index = i;
	c->place = i;
}

#define TRY(call)                                                                              \
	do {                                                                                   \
		int try_err = (call);                                                          \
		if (try_err < 0)                                                               \
			return try_err;                                                        \
	} while (0)

static int
index_below(const struct check *c, const char *what, uint64_t i, uint32_t n)
{
	return i < n ? 0 : bad(c, "%s %lld is not defined", what, (long long)i);
}

static int
word_of(const struct check *c, const struct vocab *v, uint32_t value)
{
	return value < v->n ? 0 : bad(c, "%u is no %s", value, v->what);
}

static int
at_most(const struct check *c, const char *what, uint64_t n, uint64_t max)
{
	return n <= max ? 0 : bad(c, "%s: %llu is too much, at most %llu", what,
	    (unsigned long long)n, (unsigned long long)max);
}

static int
hostset_of(const struct check *c, uint32_t i, bool want_register)
{
	TRY(index_below(c, "set or register", i, c->t->nhostset));
	if (c->t->hostset[i].is_register != want_register)
		return bad(c, "%u is no %s", i, want_register ? "register" : "set");
	return 0;
}

static int
check_head(struct check *c)
{
	const struct text *t = c->t;

	c->part = PART_MODEL;
	if (t->name.n == 0 || t->name.n > 63)
		return bad(c, "the service's name must have 1 to 63 bytes");
	for (size_t i = 0; i < t->name.n; i++) {
		uint8_t b = t->name.p[i], l = b | 32;
		if (!(l >= 'a' && l <= 'z') && !(b >= '0' && b <= '9') && b != '.' && b != '_' &&
		    b != '-')
			return bad(c, "the service's name may have letters, digits, '.', '_' and "
			    "'-' only");
	}
	if (t->proto != MODEL_TCP && t->proto != MODEL_UDP)
		return bad(c, "protocol %u is neither TCP nor UDP", t->proto);
	TRY(word_of(c, &vocab_channel, t->channel));
	TRY(at_most(c, "length of the learner's name", t->learner.n, TEXT_STRING));
	TRY(at_most(c, "number of separators", t->separators.n, TEXT_STRING));
	TRY(at_most(c, "variables", t->nvar, TEXT_FEW));
	TRY(at_most(c, "classes", t->nclass, TEXT_FEW));
	TRY(at_most(c, "sets and registers", t->nhostset, TEXT_FEW));
	TRY(at_most(c, "eom", t->neom, MODEL_STATES));
	TRY(at_most(c, "data tables", t->ndata, TEXT_MANY));
	TRY(at_most(c, "maps", t->nmap, TEXT_MANY));
	TRY(at_most(c, "templates", t->ntemplate, MODEL_TEMPLATES));
	TRY(at_most(c, "replies", t->nreply, TEXT_MANY));
	TRY(at_most(c, "states", t->nstate, MODEL_STATES));
	if (t->nstate == 0)
		return bad(c, "there is no state");
	return index_below(c, "state", t->start, t->nstate);
}

static int
check_eom(const struct check *c, const struct text_eom *e)
{
	TRY(word_of(c, &vocab_eom, e->kind));
	if ((e->kind == EOM_DATAGRAM) != (c->t->proto == MODEL_UDP))
		return bad(c, "datagram belongs to UDP, and nothing else does");
	if (!(e->error >= 0.0 && e->error <= 1.0))
		return bad(c, "error must be between 0 and 1");
	if (e->kind == EOM_TERM || e->kind == EOM_DECIMAL || e->kind == EOM_PARTS) {
		if (e->term.n == 0)
			return bad(c, "the terminator is empty");
		TRY(at_most(c, "length of the terminator", e->term.n, TEXT_STRING));
	}
	if (e->kind == EOM_DECIMAL) {
		if (e->label.n == 0)
			return bad(c, "the label is empty");
		TRY(at_most(c, "length of the label", e->label.n, TEXT_STRING));
	}
	if (e->kind == EOM_PARTS && e->label.n != EOM_MARKS)
		return bad(c, "the marks of parts are %u bytes, not %zu", EOM_MARKS, e->label.n);
	if (e->kind == EOM_LENGTH) {
		if (e->width != 1 && e->width != 2 && e->width != 4)
			return bad(c, "a length field has 1, 2 or 4 bytes, not %u", e->width);
		if (e->format != FMT_BE && e->format != FMT_LE)
			return bad(c, "a length field is be or le");
		if (e->times < 1)
			return bad(c, "times must be at least 1");
		TRY(at_most(c, "offset of the length field", e->at,
		    MODEL_MESSAGE_BYTES - e->width));
	}
	if (e->kind == EOM_IDLE && e->ms == 0)
		return bad(c, "idle 0 would end every message at once");
	return 0;
}

static int
check_data(const struct check *c, const struct text_data *d)
{
	uint64_t sum = 0;

	TRY(word_of(c, &vocab_scope, d->scope));
	if (d->n == 0)
		return bad(c, "there is no value to choose");
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->choice[i].weight == 0)
			return bad(c, "value %u has weight 0", i);
		sum += d->choice[i].weight;
		TRY(at_most(c, "length of a value", d->choice[i].value.n, MODEL_REPLY_BYTES));
	}
	return at_most(c, "sum of weights", sum, UINT32_MAX);
}

static int
check_tables(struct check *c)
{
	const struct text *t = c->t;

	for (uint32_t i = 0; i < t->nvar; i++) {
		look_at(c, PART_VAR, i);
		TRY(word_of(c, &vocab_var, t->var[i].type));
		TRY(at_most(c, "length of the preset", t->var[i].preset.n, TEXT_STRING));
	}
	for (uint32_t i = 0; i < t->nclass; i++) {
		static const struct text_class none;
		look_at(c, PART_CLASS, i);
		if (memcmp(&t->class[i], &none, sizeof none) == 0)
			return bad(c, "it has no member");
	}
	for (uint32_t i = 0; i < t->nhostset; i++) {
		const struct text_hostset *h = &t->hostset[i];
		look_at(c, PART_HOSTSET, i);
		TRY(word_of(c, &vocab_scope, h->scope));
		if (h->is_register && h->n > 1)
			return bad(c, "a register holds at most one string");
		if (h->scope != SCOPE_PAIR && h->scope != SCOPE_HOST &&
		    !(h->is_register && h->scope == SCOPE_CONNECTION))
			return bad(c, "its scope is pair or host; that of a register may be connection");
		if (h->under >= 0)
			TRY(hostset_of(c, (uint32_t)h->under, true));
		for (uint32_t k = 0; k < h->n; k++) {
			TRY(at_most(c, "length of a member", h->base[k].n, PATH_BYTES));
			if (k > 0 && span_cmp(h->base[k - 1], h->base[k]) >= 0)
				return bad(c, "member %u is not greater than the one before it", k);
		}
	}
	for (uint32_t i = 0; i < t->neom; i++) {
		look_at(c, PART_EOM, i);
		TRY(check_eom(c, &t->eom[i]));
	}
	for (uint32_t i = 0; i < t->ndata; i++) {
		look_at(c, PART_DATA, i);
		TRY(check_data(c, &t->data[i]));
	}
	for (uint32_t i = 0; i < t->nmap; i++) {
		look_at(c, PART_MAP, i);
		for (uint32_t k = 0; k < t->map[i].n; k++) {
			const struct text_pair *pair = &t->map[i].pair[k];
			if (k > 0 && span_cmp(pair[-1].key, pair->key) >= 0)
				return bad(c, "entry %u is not greater than the one before it", k);
			TRY(at_most(c, "length of a key", pair->key.n, MODEL_MESSAGE_BYTES));
			TRY(at_most(c, "length of a value", pair->value.n, MODEL_REPLY_BYTES));
		}
	}
	return 0;
}

static int
check_guard(const struct check *c, const struct text_guard *g)
{
	const struct text *t = c->t;

	TRY(word_of(c, &vocab_guard, g->kind));
	TRY(at_most(c, "slot", g->slot, MODEL_SLOTS - 1));
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
	case GUARD_BEGINS:
		return index_below(c, "map", g->index, t->nmap);
	case GUARD_PAIR:
		TRY(at_most(c, "slot", g->back, MODEL_SLOTS - 1));
		return index_below(c, "map", g->index, t->nmap);
	case GUARD_IN:
	case GUARD_NOTIN:
		return hostset_of(c, g->index, false);
	case GUARD_LEAF:
	case GUARD_PARENT:
		TRY(hostset_of(c, g->index, false));
		return t->hostset[g->index].under >= 0 ? 0 : bad(c, "the members of set %u are no paths", g->index);
	case GUARD_EMPTY:
	case GUARD_NONEMPTY:
		return hostset_of(c, g->index, true);
	case GUARD_HISTORY:
		if (g->back < 1 || g->back > TEXT_HISTORY)
			return bad(c, "a guard looks back 1 to %d messages, not %u", TEXT_HISTORY,
			    g->back);
		return index_below(c, "template", g->index, t->ntemplate);
	case GUARD_CHANNEL:
	case GUARD_NO_CHANNEL:
		return 0;
	default:
		return at_most(c, "length of the string of a guard", g->lit.n,
		    MODEL_MESSAGE_BYTES);
	}
}

/* What belongs to no set or register has no number; datagrams have no connections beside them. */
static int
check_related(const struct check *c, const struct text_effect *e)
{
	if (c->t->proto == MODEL_UDP)
		return bad(c, "UDP opens no connections");
	return e->index == 0 ? 0 : bad(c, "the effect %s has no number", vocab_name(&vocab_effect, e->kind));
}

static int
check_alt(const struct check *c, const struct text_alt *a)
{
	const struct text *t = c->t;

	TRY(at_most(c, "guards", a->nguard, MODEL_GUARDS));
	TRY(at_most(c, "effects", a->neffect, MODEL_EFFECTS));
	if (a->weight == 0)
		return bad(c, "its weight is 0");
	if (a->reply != -1)
		TRY(index_below(c, "reply", (uint64_t)(int64_t)a->reply, t->nreply));
	TRY(index_below(c, "state", a->next, t->nstate));
	if (!(a->conf >= 0.0 && a->conf <= 1.0))
		return bad(c, "conf must be between 0 and 1");
	TRY(word_of(c, &vocab_origin, a->origin));
	TRY(word_of(c, &vocab_scope, a->scope));
	if (a->close && a->reset)
		return bad(c, "close and reset exclude each other");
	for (uint32_t i = 0; i < a->nguard; i++)
		TRY(check_guard(c, &a->guard[i]));
	for (uint32_t i = 0; i < a->neffect; i++) {
		const struct text_effect *e = &a->effect[i];
		TRY(word_of(c, &vocab_effect, e->kind));
		TRY(at_most(c, "slot", e->slot, MODEL_SLOTS - 1));
		if (e->kind == EFFECT_ADD || e->kind == EFFECT_DEL)
			TRY(hostset_of(c, e->index, false));
		else if (e->kind == EFFECT_CLEAR)
			TRY(index_below(c, "set or register", e->index, t->nhostset));
		else if (e->kind == EFFECT_SEND)
			TRY(index_below(c, "reply", e->index, t->nreply));
		else if (e->kind == EFFECT_OPEN || e->kind == EFFECT_TAKE)
			TRY(check_related(c, e));
		else
			TRY(hostset_of(c, e->index, true));
	}
	return 0;
}

static int
check_turn(struct check *c, const struct text_turn *turn)
{
	bool takes = turn->event == EVENT_MESSAGE || turn->event == EVENT_SILENCE ||
	    turn->event == EVENT_CHANNEL;
	uint64_t sum = 0;

	TRY(word_of(c, &vocab_event, turn->event));
	if (turn->event == EVENT_MESSAGE)
		TRY(index_below(c, "template", turn->arg, c->t->ntemplate));
	if (turn->event == EVENT_CHANNEL)
		TRY(word_of(c, &vocab_news, turn->arg));
	if (turn->event == EVENT_SILENCE && turn->arg == 0)
		return bad(c, "silence of 0 ms would answer itself for ever");
	if (!takes && turn->arg != 0)
		return bad(c, "the event %s has no number", vocab_name(&vocab_event, turn->event));
	if (c->t->proto == MODEL_UDP &&
	    (turn->event == EVENT_CONNECT || turn->event == EVENT_FIN))
		return bad(c, "UDP knows no %s", vocab_name(&vocab_event, turn->event));
	if (turn->nalt == 0)
		return bad(c, "it has no alternative");
	for (uint32_t i = 0; i < turn->nalt; i++, c->alts++) {
		c->part = PART_ALT;
		c->index = i;
		c->place = c->alts;
		TRY(at_most(c, "alternatives of the model", c->alts + 1, TEXT_MANY));
		TRY(check_alt(c, &turn->alt[i]));
		sum += turn->alt[i].weight;
	}
	return at_most(c, "sum of weights of a turn", sum, UINT32_MAX);
}

static int
check_turns(struct check *c, const struct text_state *s)
{
	for (uint32_t i = 0; i < s->nturn; i++, c->turns++) {
		const struct text_turn *turn = &s->turn[i];
		c->part = PART_TURN;
		c->index = i;
		c->place = c->turns;
		if (i > 0 && (turn[-1].event > turn->event ||
		    (turn[-1].event == turn->event && turn[-1].arg >= turn->arg)))
			return bad(c, "turns must be sorted by event, then number, each once");
		if (i > 0 && turn->event == EVENT_SILENCE && turn[-1].event == EVENT_SILENCE)
			return bad(c, "a state has at most one silence");
		TRY(check_turn(c, turn));
	}
	return 0;
}

static int
check_states(struct check *c)
{
	const struct text *t = c->t;

	for (uint32_t i = 0; i < t->nstate; i++) {
		const struct text_state *s = &t->state[i];
		look_at(c, PART_STATE, i);
		c->state = i;
		if (s->eom != -1)
			TRY(index_below(c, "eom", (uint64_t)(int64_t)s->eom, t->neom));
		if (s->backoff != -1)
			TRY(index_below(c, "state", (uint64_t)(int64_t)s->backoff, t->nstate));
		TRY(check_turns(c, s));
	}
	for (uint32_t i = 0; i < t->nstate; i++) {	/* all targets are known to exist now */
		unsigned steps = 0;
		look_at(c, PART_STATE, i);
		for (int32_t s = t->state[i].backoff; s >= 0; s = t->state[s].backoff)
			if (++steps > MODEL_BACKOFF)
				return bad(c, "its back-off chain is a circle or longer than %d",
				    MODEL_BACKOFF);
	}
	return 0;
}

static int
check_basis(struct check *c, const struct text_basis *b)
{
	c->part = PART_MODEL;
	if (b->nfeature == 0 && b->ncluster == 0 && b->ngram != 0)
		return bad(c, "a basis without features has no n-grams either");
	TRY(at_most(c, "length of an n-gram", b->ngram, TEXT_FEW));
	for (uint32_t i = 0; i < b->ncluster; i++) {
		look_at(c, PART_CLUSTER, i);
		for (uint32_t k = 0; k < b->ncolumn[i]; k++) {
			const struct text_weight *w = &b->column[i][k];
			TRY(index_below(c, "feature", w->feature, b->nfeature));
			if (k > 0 && w[-1].feature >= w->feature)
				return bad(c, "features must be ascending");
			if (!isfinite(w->value))
				return bad(c, "the weight of feature %u is not finite", w->feature);
		}
	}
	return 0;
}

static int
check_bases(struct check *c)
{
	for (unsigned side = 0; side < SIDES; side++)
		TRY(check_basis(c, &c->t->basis[side]));
	return 0;
}

static int
check_prisma(struct check *c)
{
	char fault[200];

	c->part = PART_PRISMA;
	c->index = c->place = 0;
	if (text_prisma_fault(&c->t->prisma, fault, sizeof fault))
		return bad(c, "%s", fault);
	return 0;
}

/* They are all played before a model goes on air, so there are few. */
static int
check_vectors(struct check *c)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < c->t->nvector; i++) {
		const struct text_vector *v = &c->t->vector[i];

		look_at(c, PART_VECTOR, i);
		TRY(at_most(c, "vectors", i + 1, SELFTEST_VECTORS));
		TRY(at_most(c, "lines", v->n, SELFTEST_LINES));
		for (uint32_t k = 0; k < v->n; k++) {
			TRY(at_most(c, "length of a line", v->line[k].n,
			    k % 2 == 0 ? MODEL_MESSAGE_BYTES : MODEL_REPLY_BYTES));
			TRY(at_most(c, "bytes of all vectors", bytes += v->line[k].n, SELFTEST_BYTES));
		}
	}
	return 0;
}

int
text_check_at(const struct text *t, const struct text_spots *spots, struct diag *why)
{
	struct check c = { .t = t, .spots = spots, .why = why };

	TRY(check_head(&c));
	TRY(check_tables(&c));
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		char fault[200];
		look_at(&c, PART_TEMPLATE, i);
		if (text_template_fault(t, &t->template[i], fault, sizeof fault))
			return bad(&c, "%s", fault);
	}
	for (uint32_t i = 0; i < t->nreply; i++) {
		char fault[200];
		look_at(&c, PART_REPLY, i);
		if (text_reply_fault(t, &t->reply[i], fault, sizeof fault))
			return bad(&c, "%s", fault);
	}
	TRY(check_states(&c));
	TRY(check_bases(&c));
	TRY(check_prisma(&c));
	return check_vectors(&c);
}

/* It has no memory beyond the conversation, and does nothing but speak: one machine alone changes the host. */
static int
check_no_host(const struct check *c, const struct text *t)
{
	if (t->nhostset > 0)
		return bad(c, "the second machine has sets or registers; the first alone may have them");
	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++)
			for (uint32_t a = 0; a < t->state[s].turn[k].nalt; a++)
				if (t->state[s].turn[k].alt[a].neffect > 0 || t->state[s].turn[k].alt[a].pending)
					return bad(c, "state %u of the second machine does more than speak", s);
	return 0;
}

int
text_check_second(const struct text *t, const char *file, struct diag *why)
{
	const struct text_spots spots = { .file = file };
	const struct check c = { .t = t, .spots = file != NULL ? &spots : NULL, .why = why, .part = PART_MODEL };
	const struct text *s = t->second;

	for (uint32_t i = 0; s == NULL && i < t->ntemplate; i++)
		if (t->template[i].second)
			return bad(&c, "template %u is for a second machine, and there is none", i);
	if (s == NULL)
		return t->second_for == 0 ? 0 : bad(&c, "something is for a second machine, and there is none");
	if (s->second != NULL || s->second_for != 0)
		return bad(&c, "the second machine has a second one");
	for (uint32_t i = 0; i < s->ntemplate; i++)
		if (s->template[i].second)
			return bad(&c, "template %u of the second machine is for a second machine", i);
	if (!span_eq(s->name, t->name) || s->proto != t->proto || s->channel != t->channel)
		return bad(&c, "the second machine is of another service than the first");
	if (s->nsource > 0 || s->nvector > 0 || s->prisma.order > 0)
		return bad(&c, "sources, vectors and prisma stand before the second machine, for both");
	TRY(at_most(&c, "kinds of messages for the second machine", t->second_for, (1u << SECOND_KIND_N) - 1));
	return check_no_host(&c, s);
}

int
text_check(const struct text *t, struct diag *why)
{
	TRY(text_check_at(t, NULL, why));
	if (t->second != NULL)
		TRY(text_check_at(t->second, NULL, why));
	return text_check_second(t, NULL, why);
}
