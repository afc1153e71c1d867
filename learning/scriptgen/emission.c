#include "learning/scriptgen/emission.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	TEMPLATE_BYTES = 48 << 10,	/* of all templates together: of these the automaton is made */
	VARIANTS = 8,			/* of one turn */
	SUPPORT = 2,			/* samples of an edge that is believed against the others */
	SHARED = 3,			/* labels that share an answer to what is not understood */
};

struct said {			/* a step, as it is seen with some history */
	uint32_t context, label, variant;
	bool closes;
};

struct choice {			/* what is said to a label in a context, and how often */
	uint32_t context, label;
	uint32_t variant[VARIANTS], count[VARIANTS], n, seen, closed;
};

struct emitter {
	struct pool *pool;
	struct text *t;
	const struct wording_input *in;
	const struct machine *m;
	const struct wording *w;
	bool *has_template;
	struct choice *choice;		/* by context, then label */
	uint32_t nchoices;
	bool *kept;			/* per state of the tree */
	uint32_t *eom;			/* per context */
	uint32_t *state_of;		/* per context: state of the model, or UINT32_MAX */
	struct emission_report *report;
};

/* Contexts: the states of the tree, then labels and the connection, then no history. */
static uint32_t
context_after(const struct emitter *e, uint32_t label)
{
	return e->m->nstates + (label == KINDS_CONNECT ? e->m->nlabels : label);
}

static uint32_t
context_none(const struct emitter *e)
{
	return e->m->nstates + e->m->nlabels + 1;
}

/* The context with less history. */
static uint32_t
context_behind(const struct emitter *e, uint32_t context)
{
	return context == 0 || context >= e->m->nstates ? context_none(e)
	    : context_after(e, e->m->state[context].label);
}

struct supported {
	uint32_t label, support;
};

static int
by_support(const void *a, const void *b)
{
	const struct supported *x = a, *y = b;

	return x->support != y->support ? (x->support < y->support) - (x->support > y->support)
	    : (x->label > y->label) - (x->label < y->label);
}

/* Labels become templates, the most frequent ones first, while the automaton has room. */
static struct supported *
choose_labels(struct emitter *e)
{
	const struct machine *m = e->m;
	struct supported *s = pool_array(e->pool, m->nlabels + 1, sizeof *s);
	struct supported *sorted;
	uint32_t bytes = 0;

	for (uint32_t l = 0; l < m->nlabels; l++)
		s[l].label = l;
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++)
			if (m->label_of[q][i] < KINDS_CONNECT)
				s[m->label_of[q][i]].support++;
	sorted = pool_copy(e->pool, s, m->nlabels * sizeof *s);
	qsort(sorted, m->nlabels, sizeof *sorted, by_support);
	e->has_template = pool_alloc(e->pool, m->nlabels + 1);
	for (uint32_t i = 0; i < m->nlabels; i++) {
		bytes += label_bytes(&m->label[sorted[i].label]) + 1;
		e->has_template[sorted[i].label] = bytes <= TEMPLATE_BYTES && m->label[sorted[i].label].n > 0;
		e->report->left_out += !e->has_template[sorted[i].label];
	}
	return s;
}

static uint32_t
class_of(struct text *t, const uint8_t *class)
{
	uint32_t i = 0;

	while (i < t->nclass && memcmp(t->class[i].has, class, sizeof t->class[i].has) != 0)
		i++;
	if (i == t->nclass && i < 256)
		memcpy(t->class[t->nclass++].has, class, sizeof t->class[i].has);
	return i;
}

/* Is there an end of a captured run before this byte, or its beginning? */
static bool
is_border(const struct wording *w, uint32_t label, uint32_t segment, uint32_t offset)
{
	for (uint32_t i = 0; i < w->nholdings; i++) {
		const struct holding *c = &w->holding[i];

		if (c->label == label && c->segment == segment && c->n > 0 &&
		    (c->offset == offset || c->offset + c->n == offset))
			return true;
	}
	return false;
}

static void
add_fields(struct text_template *to, const struct wording *w, uint32_t label, uint32_t segment,
    const uint32_t *elem_of)
{
	for (uint32_t i = 0; i < w->nholdings; i++) {
		const struct holding *c = &w->holding[i];

		if (c->label == label && c->segment == segment)
			to->field[to->nfield++] = (struct text_field){ c->slot, elem_of[c->n == 0 ? 0 : c->offset],
				elem_of[c->n == 0 ? 0 : c->offset + c->n - 1] };
	}
}

static void
make_template(struct emitter *e, struct text_template *to, uint32_t label, uint32_t support)
{
	const struct label *l = &e->m->label[label];
	uint32_t *elem_of = pool_array(e->pool, label_bytes(l) + 1, sizeof *elem_of);

	*to = (struct text_template){ .support = support, .cluster = -1, .origin = ORIGIN_SCRIPTGEN };
	to->elem = pool_array(e->pool, label_bytes(l) + 1, sizeof *to->elem);
	to->field = pool_array(e->pool, MODEL_SLOTS, sizeof *to->field);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct segment *s = &l->segment[i];

		if (!s->rigid) {
			elem_of[0] = to->nelem;
			to->elem[to->nelem++] = s->tail ? (struct text_elem){ .kind = ELEM_TAIL }
			    : (struct text_elem){ .kind = ELEM_SPAN, .class = (int32_t)class_of(e->t, s->class),
				.min = s->n };
		}
		for (uint32_t k = 0; s->rigid && k < s->n; k++) {
			struct text_elem *last = &to->elem[to->nelem - 1];

			if (k > 0 && s->fixed[k] == s->fixed[k - 1] && !is_border(e->w, label, i, k)) {
				last->lit.n += s->fixed[k];
				last->min += !s->fixed[k];
			} else {
				to->elem[to->nelem++] = s->fixed[k]
				    ? (struct text_elem){ .kind = ELEM_LIT, .lit = span_of(s->byte + k, 1) }
				    : (struct text_elem){ .kind = ELEM_ANY, .min = 1 };
			}
			elem_of[k] = to->nelem - 1;
		}
		add_fields(to, e->w, label, i, elem_of);
	}
}

static void
make_templates(struct emitter *e)
{
	const struct supported *s = choose_labels(e);
	struct text *t = e->t;

	t->template = pool_array(e->pool, e->m->nlabels + 1, sizeof *t->template);
	for (uint32_t l = 0; l < e->m->nlabels; l++)
		if (e->has_template[l])
			make_template(e, &t->template[t->ntemplate++], l, s[l].support);
}

static int
by_context(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->label != y->label)
		return x->label < y->label ? -1 : 1;
	return (x->variant > y->variant) - (x->variant < y->variant);
}

/* Every step with all of its history, with one step of it and with none. */
static uint32_t
read_said(struct emitter *e, struct said **out)
{
	const struct machine *m = e->m;
	uint32_t steps = 0, n = 0;
	struct said *s;

	for (uint32_t q = 0; q < m->nsequences; q++)
		steps += m->sequence[q].n;
	s = *out = pool_array(e->pool, 3 * (size_t)steps + 1, sizeof *s);
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			const struct exchange *x = &e->in->x->exchange[m->sequence[q].step[i].exchange];
			uint32_t label = m->label_of[q][i], before = i == 0 ? 0 : m->state_of[q][i - 1];
			struct said one = { 0, label, e->w->of[q][i], x->closes };
			bool known = one.variant == WORDING_SILENCE || (one.variant != KINDS_NONE &&
			    e->w->variant[one.variant].count > 0);

			if (label == KINDS_NONE || (label != KINDS_CONNECT && !e->has_template[label]))
				continue;
			if (!known)
				one.variant = KINDS_NONE;
			if (before != KINDS_NONE) {
				one.context = before;
				s[n++] = one;
			}
			if (i > 0 && m->label_of[q][i - 1] != KINDS_NONE) {
				one.context = context_after(e, m->label_of[q][i - 1]);
				s[n++] = one;
			}
			one.context = context_none(e);
			s[n++] = one;
		}
	qsort(s, n, sizeof *s, by_context);
	return n;
}

/* Variants of one kind of answer (klass.h) go together; silence is a kind, too. */
static uint32_t
kind_of(const struct emitter *e, uint32_t variant)
{
	const struct where *w = &e->w->variant[variant].sample;

	return variant == WORDING_SILENCE ? 0
	    : e->in->x->exchange[e->m->sequence[w->sequence].step[w->step].exchange].kind;
}

/* Of one label in one context: the kind seen most often, and its most frequent variants. */
static void
choose(struct emitter *e, struct choice *c, const struct said *s, uint32_t n)
{
	uint32_t best = KINDS_NONE, most = 0;

	*c = (struct choice){ .context = s[0].context, .label = s[0].label, .seen = n };
	for (uint32_t i = 0; i < n; i++) {
		uint32_t count = 0;

		c->closed += s[i].closes;
		if (s[i].variant == KINDS_NONE || (i > 0 && s[i].variant == s[i - 1].variant))
			continue;
		for (uint32_t k = 0; k < n; k++)
			count += s[k].variant != KINDS_NONE && kind_of(e, s[k].variant) == kind_of(e, s[i].variant);
		if (count > most) {
			most = count;
			best = kind_of(e, s[i].variant);
		}
	}
	for (uint32_t i = 0, end, k; i < n; i = end) {
		for (end = i; end < n && s[end].variant == s[i].variant; end++)
			continue;
		if (s[i].variant == KINDS_NONE || kind_of(e, s[i].variant) != best)
			continue;
		c->n = MIN(c->n + 1, (uint32_t)VARIANTS);
		for (k = c->n - 1; k > 0 && c->count[k - 1] < end - i; k--) {
			c->variant[k] = c->variant[k - 1];
			c->count[k] = c->count[k - 1];
		}
		if (c->count[k] < end - i) {
			c->variant[k] = s[i].variant;
			c->count[k] = end - i;
		}
	}
}

static void
make_choices(struct emitter *e)
{
	struct said *s;
	uint32_t n = read_said(e, &s);

	e->choice = pool_array(e->pool, n + 1, sizeof *e->choice);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && s[end].context == s[i].context && s[end].label == s[i].label; end++)
			continue;
		choose(e, &e->choice[e->nchoices++], s + i, end - i);
	}
}

static const struct choice *
find_choice(const struct emitter *e, uint32_t context, uint32_t label)
{
	uint32_t low = 0, high = e->nchoices;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const struct choice *c = &e->choice[middle];

		if (c->context < context || (c->context == context && c->label < label))
			low = middle + 1;
		else
			high = middle;
	}
	return low < e->nchoices && e->choice[low].context == context && e->choice[low].label == label
	    ? &e->choice[low] : NULL;
}

/* Is a choice worth its turn beside what is chosen with less history? */
static bool
differs(const struct emitter *e, const struct choice *c)
{
	const struct choice *other = find_choice(e, context_behind(e, c->context), c->label);
	uint32_t context = context_behind(e, c->context);

	if (other == NULL && context != context_none(e))
		other = find_choice(e, context_none(e), c->label);
	return c->n > 0 && c->seen >= SUPPORT && (other == NULL || other->n == 0 ||
	    c->variant[0] != other->variant[0]);
}

static uint32_t
child_of(const struct machine *m, uint32_t state, uint32_t label)
{
	const struct state *s = &m->state[state];

	for (uint32_t i = 0; i < s->nchildren; i++)
		if (m->state[s->first_child + i].label == label)
			return s->first_child + i;
	return KINDS_NONE;
}

/* From the leaves up: which states of the tree have something of their own to say. */
static void
find_kept(struct emitter *e)
{
	const struct machine *m = e->m;

	e->kept = pool_alloc(e->pool, m->nstates + 1);
	for (uint32_t i = e->nchoices; i-- > 0;) {
		const struct choice *c = &e->choice[i];
		uint32_t child;

		if (c->context >= m->nstates)
			continue;
		child = child_of(m, c->context, c->label);
		if (differs(e, c) || (child != KINDS_NONE && e->kept[child]))
			e->kept[c->context] = true;
	}
	e->kept[0] = true;
}

/* How the next message ends, by context: as after most of what led there. */
static void
find_ends(struct emitter *e)
{
	const struct machine *m = e->m;
	uint32_t contexts = context_none(e) + 1, rules = e->t->neom;
	uint32_t *votes = pool_array(e->pool, (size_t)contexts * rules + 1, sizeof *votes);

	e->eom = pool_array(e->pool, contexts, sizeof *e->eom);
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			uint32_t end = e->in->x->exchange[m->sequence[q].step[i].exchange].ending;

			if (m->state_of[q][i] != KINDS_NONE)
				votes[(size_t)m->state_of[q][i] * rules + end]++;
			if (m->label_of[q][i] != KINDS_NONE)
				votes[(size_t)context_after(e, m->label_of[q][i]) * rules + end]++;
		}
	for (uint32_t c = 0; c < contexts; c++)
		for (uint32_t r = 1; r < rules; r++)
			if (votes[(size_t)c * rules + r] > votes[(size_t)c * rules + e->eom[c]])
				e->eom[c] = r;
}

/* Where a label leads: into the tree where that says more, else to what follows it anywhere. */
static uint32_t
next_of(const struct emitter *e, const struct choice *c)
{
	uint32_t child = c->context < e->m->nstates ? child_of(e->m, c->context, c->label) : KINDS_NONE;

	return child != KINDS_NONE && e->kept[child] ? e->state_of[child]
	    : e->state_of[context_after(e, c->label)];
}

/* What is said in the place of a choice of whose answers none is kept: what is with less history. */
static const struct choice *
said_for(const struct emitter *e, const struct choice *c)
{
	uint32_t context = c->context;

	while (c->n == 0 && context != context_none(e)) {
		const struct choice *other;

		context = context_behind(e, context);
		other = find_choice(e, context, c->label);
		c = other != NULL ? other : c;
	}
	return c;
}

static void
make_turn(struct emitter *e, struct text_turn *to, const struct choice *c, const uint32_t *template)
{
	const struct choice *said = said_for(e, c);

	*to = (struct text_turn){ .event = EVENT_MESSAGE };
	if (c->label == KINDS_CONNECT)
		to->event = EVENT_CONNECT;
	else
		to->arg = template[c->label];
	to->alt = pool_array(e->pool, said->n + 1, sizeof *to->alt);
	for (uint32_t i = 0; i < MAX(said->n, 1u); i++) {
		bool silent = said->n == 0 || said->variant[i] == WORDING_SILENCE;

		to->alt[to->nalt++] = (struct text_alt){ .weight = MAX(said->count[i], 1u),
			.reply = silent ? -1 : (int32_t)e->w->variant[said->variant[i]].reply,
			.next = next_of(e, c), .close = c->closed * 10 >= c->seen * 9,
			.conf = said->n == 0 ? 0 : said->count[i] / (double)said->seen,
			.origin = ORIGIN_SCRIPTGEN, .scope = SCOPE_PAIR };
	}
}

static int
turn_cmp(const void *a, const void *b)
{
	const struct text_turn *x = a, *y = b;

	return x->event != y->event ? (x->event > y->event) - (x->event < y->event)
				    : (x->arg > y->arg) - (x->arg < y->arg);
}

/*
 * The answer without computed bytes that most labels get: what is said to what is not understood. Where answers
 * repeat a type there is none: it would answer that type.
 */
static const struct variant *
shared_answer(const struct emitter *e)
{
	uint32_t *labels = pool_array(e->pool, e->t->nreply + 1, sizeof *labels), best = 0;
	const struct variant *of = NULL;

	for (uint32_t i = 0; i < e->nchoices && e->m->types.n == 0; i++) {
		const struct choice *c = &e->choice[i];
		const struct variant *v;

		if (c->context != context_none(e) || c->n == 0 || c->variant[0] == WORDING_SILENCE ||
		    c->label == KINDS_CONNECT)
			continue;
		v = &e->w->variant[c->variant[0]];
		if (e->t->reply[v->reply].nop != 1 || e->t->reply[v->reply].op[0].kind != OP_LIT)
			continue;
		if (++labels[v->reply] >= SHARED && labels[v->reply] > best) {
			best = labels[v->reply];
			of = v;
		}
	}
	return of;
}

static struct span
note_of(struct emitter *e, uint32_t context)
{
	char text[64];
	int n;

	if (context >= context_none(e))
		n = 0;
	else if (context >= e->m->nstates)
		n = context - e->m->nstates == e->m->nlabels ? snprintf(text, sizeof text, "connect")
		    : snprintf(text, sizeof text, "l%u", context - e->m->nstates);
	else
		n = snprintf(text, sizeof text, "s%u", context);
	return span_of(pool_copy(e->pool, text, (size_t)n), (size_t)n);
}

/* A choice has its turn where it differs, or leads where less history would not. */
static bool
has_turn(const struct emitter *e, const struct choice *c)
{
	uint32_t child = c->context < e->m->nstates ? child_of(e->m, c->context, c->label) : KINDS_NONE;

	return c->context == context_none(e) || differs(e, c) || (child != KINDS_NONE && e->kept[child]);
}

/* Which contexts are states: those with a turn, or an end of message, of their own. */
static void
number_states(struct emitter *e)
{
	uint32_t contexts = context_none(e) + 1;
	bool *is_state = pool_alloc(e->pool, contexts);

	for (uint32_t i = 0; i < e->nchoices; i++)
		if (e->choice[i].context >= e->m->nstates && has_turn(e, &e->choice[i]))
			is_state[e->choice[i].context] = true;
	is_state[contexts - 1] = true;
	e->state_of = pool_array(e->pool, contexts, sizeof *e->state_of);
	for (uint32_t c = 0; c < contexts; c++) {
		bool is = c < e->m->nstates ? e->kept[c] : is_state[c] || e->eom[c] != 0;

		e->report->kept += is && c < e->m->nstates;
		e->state_of[c] = is ? e->t->nstate++ : UINT32_MAX;
	}
	for (uint32_t c = 0; c < contexts; c++)
		if (e->state_of[c] == UINT32_MAX)
			e->state_of[c] = e->state_of[contexts - 1];
}

static void
make_states(struct emitter *e)
{
	uint32_t contexts = context_none(e) + 1, *template, n = 0, i = 0;
	const struct variant *shared = shared_answer(e);
	struct text *t = e->t;

	template = pool_array(e->pool, e->m->nlabels + 1, sizeof *template);
	for (uint32_t l = 0; l < e->m->nlabels; l++)
		template[l] = e->has_template[l] ? n++ : UINT32_MAX;
	number_states(e);
	t->state = pool_array(e->pool, t->nstate, sizeof *t->state);
	t->start = e->state_of[0];
	for (uint32_t c = 0; c < contexts; c++) {
		bool none = c == contexts - 1;
		struct text_state *s = &t->state[e->state_of[c]];
		uint32_t first = i;

		while (i < e->nchoices && e->choice[i].context == c)
			i++;
		if (!none && e->state_of[c] == e->state_of[contexts - 1])
			continue;
		*s = (struct text_state){ .note = note_of(e, c), .eom = (int32_t)e->eom[c],
			.backoff = none ? -1 : (int32_t)e->state_of[context_behind(e, c)],
			.idle_ms = t->proto == MODEL_TCP ? 300000 : 30000,
			.turn = pool_array(e->pool, i - first + 2, sizeof *s->turn) };
		for (uint32_t k = first; k < i; k++) {
			s->support += e->choice[k].seen;
			if (has_turn(e, &e->choice[k]))
				make_turn(e, &s->turn[s->nturn++], &e->choice[k], template);
		}
		if (none && shared != NULL) {
			struct text_alt *alt = pool_alloc(e->pool, sizeof *alt);

			*alt = (struct text_alt){ .weight = 1, .reply = (int32_t)shared->reply,
				.next = e->state_of[c], .conf = 0.1, .origin = ORIGIN_SCRIPTGEN, .scope = SCOPE_PAIR };
			s->turn[s->nturn++] = (struct text_turn){ .event = EVENT_OTHER, .alt = alt, .nalt = 1 };
		}
		qsort(s->turn, s->nturn, sizeof *s->turn, turn_cmp);
		e->report->turns += s->nturn;
	}
	e->report->states = t->nstate;
}

void
emission_make(struct text *t, const struct wording_input *in, const struct wording *w,
    struct emission_report *report)
{
	struct emitter e = { .pool = in->pool, .t = t, .in = in, .m = in->machine, .w = w,
		.report = report };

	*report = (struct emission_report){ 0 };
	make_templates(&e);
	make_choices(&e);
	find_kept(&e);
	find_ends(&e);
	make_states(&e);
}
