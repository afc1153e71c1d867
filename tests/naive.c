#include "tests/naive.h"

#include <stdlib.h>

#include "models/prf.h"

enum { KEEP_VALUE = 48, KEEP_ALL = 127, KEEP_EXTRA = 2, KEEP_PLACE = 10 };

struct span
naive_value_of(const struct naive *c, uint32_t slot)
{
	return span_of(c->slot[slot].p, c->slot[slot].n);
}

static void
fill(struct naive *c, uint32_t slot, struct span s, bool filled)
{
	struct naive_value *v = &c->slot[slot];

	free(v->p);
	v->p = malloc(s.n + 1);
	v->n = s.n;
	if (s.n > 0)
		memcpy(v->p, s.p, s.n);
	v->filled = filled;
	v->when = ++c->clock;
}

static void
fill_fields(struct naive *c, const struct text_template *tp, struct span m, const size_t *end,
    uint32_t complete)
{
	for (uint32_t i = 0; i < tp->nfield; i++) {
		const struct text_field *f = &tp->field[i];
		size_t from = f->first > 0 ? end[f->first - 1] : 0;
		if (f->last < complete)
			fill(c, f->slot, span_of(m.p + from, end[f->last] - from), true);
		else
			fill(c, f->slot, span_of(NULL, 0), false);
	}
}

/* Adds up what one machine keeps. */
static void
add_kept(struct naive *c, size_t *all, struct naive_value **oldest)
{
	for (uint32_t i = 0; c != NULL && i < MODEL_SLOTS; i++) {
		struct naive_value *v = &c->slot[i];
		if (v->n == 0)
			continue;
		if (v->n > KEEP_VALUE || !(c->read_slots & 1u << i)) {
			v->n = 0;
			continue;
		}
		*all += v->n + KEEP_EXTRA;
		if (*oldest == NULL || v->when < (*oldest)->when)
			*oldest = v;
	}
}

/* What later turns may still know. */
static void
forget(struct naive *c)
{
	for (;;) {
		size_t all = c->other != NULL ? KEEP_PLACE : 0;
		struct naive_value *oldest = NULL;
		add_kept(c, &all, &oldest);
		add_kept(c->other, &all, &oldest);
		if (all <= KEEP_ALL)
			return;
		oldest->n = 0;
	}
}

static bool
same_guards(const struct text_alt *a, const struct text_alt *b)
{
	if (a->nguard != b->nguard)
		return false;
	for (uint32_t i = 0; i < a->nguard; i++) {
		const struct text_guard *g = &a->guard[i], *h = &b->guard[i];
		if (g->kind != h->kind || g->slot != h->slot || g->index != h->index ||
		    g->back != h->back || !span_eq(g->lit, h->lit))
			return false;
	}
	return true;
}

uint64_t
naive_draw(const struct naive *c, uint8_t scope, uint64_t point, uint32_t block)
{
	struct prf_env env = { c->env.key, &c->env.own, &c->env.peer, c->env.connection, c->turn };

	return prf(&env, scope, point, block);
}

static bool
guards_hold(const struct naive *c, const struct text_alt *a)
{
	for (uint32_t i = 0; i < a->nguard; i++)
		if (!naive_guard_holds(c, &a->guard[i]))
			return false;
	return true;
}

/* The first alternative whose guards hold, or nalt. */
static uint32_t
first_open(const struct naive *c, const struct text_turn *turn)
{
	uint32_t i = 0;

	while (i < turn->nalt && !guards_hold(c, &turn->alt[i]))
		i++;
	return i;
}

static uint32_t
choose(const struct naive *c, const struct text_turn *turn, uint32_t number)
{
	uint32_t first = first_open(c, turn), n = 0;
	uint64_t sum = 0, r;

	while (first + n < turn->nalt && same_guards(&turn->alt[first], &turn->alt[first + n]))
		sum += turn->alt[first + n++].weight;
	r = naive_draw(c, turn->alt[first].scope, 4ull * number + 2, 0) % sum;
	for (uint32_t i = first;; i++) {
		if (r < turn->alt[i].weight)
			return i;
		r -= turn->alt[i].weight;
	}
}

/* Where a turn for the event stands: in the state itself only, or along its chain. */
static bool
turn_in(const struct naive *c, uint32_t state, enum event_kind event, uint32_t arg, uint32_t *at)
{
	const struct text_state *s = &c->t->state[state];

	for (*at = 0; *at < s->nturn; ++*at) {
		const struct text_turn *turn = &s->turn[*at];
		if (turn->event == event && (event == EVENT_SILENCE || turn->arg == arg) &&
		    first_open(c, turn) < turn->nalt)
			return true;
	}
	return false;
}

static bool
turn_along(const struct naive *c, enum event_kind event, uint32_t arg, uint32_t *state,
    uint32_t *at)
{
	for (int32_t s = (int32_t)c->state; s >= 0; s = c->t->state[s].backoff) {
		*state = (uint32_t)s;
		if (turn_in(c, *state, event, arg, at))
			return true;
	}
	return false;
}

static void
take(struct naive *c, uint32_t state, uint32_t at, struct naive_turn *out)
{
	const struct text *t = c->t;
	uint32_t number = at;

	for (uint32_t i = 0; i < state; i++)
		number += t->state[i].nturn;
	out->taken = true;
	out->where = state;
	out->turn = at;
	out->alt = choose(c, &t->state[state].turn[at], number);

	const struct text_alt *a = &t->state[state].turn[at].alt[out->alt];
	out->close = a->close;
	out->reset = a->reset;
	out->pending = a->pending;
	for (uint32_t i = 0; i < a->neffect; i++) {
		out->open |= a->effect[i].kind == EFFECT_OPEN;
		out->take |= a->effect[i].kind == EFFECT_TAKE;
		if (a->effect[i].kind == EFFECT_SEND)
			out->send = a->effect[i].index + 1;
	}
	out->delay_ms = a->delay_ms;
	if (a->reply >= 0)
		naive_render(c, (uint32_t)a->reply, out);
	c->state = a->next;
}

static bool
exact(struct naive *c, struct span m, uint32_t i, uint32_t *state, uint32_t *at)
{
	struct naive_value before[MODEL_SLOTS];
	size_t *end;
	bool found;

	if (!naive_ends(c->t, i, m, &end))
		return false;
	for (uint32_t s = 0; s < MODEL_SLOTS; s++) {	/* the guards must see its fields */
		before[s] = c->slot[s];
		c->slot[s].p = memcpy(malloc(before[s].n + 1), before[s].n > 0 ? before[s].p :
		    (uint8_t *)"", before[s].n);
	}
	fill_fields(c, &c->t->template[i], m, end, c->t->template[i].nelem);
	found = turn_along(c, EVENT_MESSAGE, i, state, at);
	for (uint32_t s = 0; s < MODEL_SLOTS; s++) {
		free(found ? before[s].p : c->slot[s].p);
		if (!found)
			c->slot[s] = before[s];
	}
	free(end);
	return found;
}

static void
drop_slots(struct naive *c)
{
	for (uint32_t i = 0; i < MODEL_SLOTS; i++)
		free(c->slot[i].p);
	memset(c->slot, 0, sizeof c->slot);
}

/* The most probable state that expects template i; its slots are filled where it is taken. */
static bool
resync(struct naive *c, struct span m, uint32_t i, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;
	uint64_t sum = 0;
	int64_t best = -1;
	size_t *end;
	struct naive trial = *c;

	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++) {
			const struct text_turn *turn = &t->state[s].turn[k];
			if (turn->event != EVENT_MESSAGE || turn->arg != i)
				continue;
			sum += t->state[s].support;
			if (best < 0 || t->state[s].support > t->state[best].support)
				best = s;
		}
	if (sum == 0 || 2ull * t->state[best].support < sum)
		return false;
	for (uint32_t s = 0; s < MODEL_SLOTS; s++)
		trial.slot[s].p = memcpy(malloc(c->slot[s].n + 1), c->slot[s].n > 0 ?
		    c->slot[s].p : (uint8_t *)"", c->slot[s].n);
	naive_ends(t, i, m, &end);
	fill_fields(&trial, &t->template[i], m, end, t->template[i].nelem);
	free(end);
	*state = (uint32_t)best;
	if (turn_in(&trial, *state, EVENT_MESSAGE, i, at)) {
		drop_slots(c);
		*c = trial;
		return true;
	}
	drop_slots(&trial);
	return false;
}

static bool
near(struct naive *c, struct span m, int32_t *template, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;
	size_t most = 0, fixed, fixed_all;
	int64_t best = -1;

	for (uint32_t i = 0; i < t->ntemplate; i++)
		most = MAX(most, naive_alive(t, i, m));
	for (uint32_t i = 0; i < t->ntemplate; i++)
		if (naive_alive(t, i, m) == most &&
		    (best < 0 || t->template[i].support > t->template[best].support))
			best = i;
	if (best < 0)
		return false;

	const struct text_template *tp = &t->template[best];
	size_t *end = calloc(tp->nelem + 1, sizeof *end);
	struct naive trial = *c;
	bool found = false;
	uint32_t complete = naive_along(t, tp, span_sub(m, 0, most), end, &fixed, &fixed_all);

	if (fixed >= 1 && 10 * fixed >= 6 * fixed_all) {
		for (uint32_t s = 0; s < MODEL_SLOTS; s++)
			trial.slot[s].p = memcpy(malloc(c->slot[s].n + 1), c->slot[s].n > 0 ?
			    c->slot[s].p : (uint8_t *)"", c->slot[s].n);
		fill_fields(&trial, tp, m, end, complete);
		found = turn_along(&trial, EVENT_MESSAGE, (uint32_t)best, state, at);
		if (found) {
			drop_slots(c);
			*c = trial;
			*template = (int32_t)best;
		} else {
			drop_slots(&trial);
		}
	}
	free(end);
	return found;
}

/* How the message is understood, and which turn answers it. */
static uint8_t
understand(struct naive *c, struct span m, int32_t *template, uint32_t *state, uint32_t *at)
{
	const struct text *t = c->t;

	for (uint32_t i = 0; i < t->ntemplate; i++)
		if (exact(c, m, i, state, at)) {
			*template = (int32_t)i;
			return MATCH_EXACT;
		}
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		bool expected = false;
		for (uint32_t s = 0; s < t->nstate && !expected; s++)
			for (uint32_t k = 0; k < t->state[s].nturn; k++)
				expected = expected ||
				    (t->state[s].turn[k].event == EVENT_MESSAGE &&
				    t->state[s].turn[k].arg == i);
		if (!expected || !naive_matches(t, i, m))
			continue;
		if (!resync(c, m, i, state, at))
			break;
		*template = (int32_t)i;
		return MATCH_RESYNC;
	}
	if (near(c, m, template, state, at))
		return MATCH_NEAR;
	*template = -1;
	return turn_along(c, EVENT_OTHER, 0, state, at) ? MATCH_OTHER : MATCH_NONE;
}

/* Templates before the one that answers, which match and had no turn, fill what it does not; its own values stay the newest. */
static void
fill_passed_over(struct naive *c, struct span m, int32_t template)
{
	uint32_t upto = template < 0 ? c->t->ntemplate : (uint32_t)template, taken = 0;
	const struct text_template *own = template < 0 ? NULL : &c->t->template[template];

	for (uint32_t k = 0; own != NULL && k < own->nfield; k++)
		taken |= 1u << own->field[k].slot;
	for (uint32_t i = 0; i < upto; i++) {
		const struct text_template *tp = &c->t->template[i];
		uint32_t mine = 0;
		size_t *end;

		if (!naive_ends(c->t, i, m, &end))
			continue;
		for (uint32_t k = 0; k < tp->nfield; k++) {
			struct text_template one = *tp;

			one.field = &tp->field[k];
			one.nfield = 1;
			mine |= 1u << tp->field[k].slot;
			if (!(taken >> tp->field[k].slot & 1))
				fill_fields(c, &one, m, end, tp->nelem);
		}
		taken |= mine;
		free(end);
	}
	for (uint32_t k = 0; own != NULL && k < own->nfield; k++)
		c->slot[own->field[k].slot].when = ++c->clock;
}

/* Is what the first machine did for the second one to answer? */
static bool
is_for_second(const struct text *t, const struct naive_turn *out, bool connect)
{
	unsigned kind;

	if (out->open || out->take || out->send != 0 || out->pending)
		return false;
	if (out->n > 0 && !connect && out->match == MATCH_EXACT)
		return t->template[out->template].second;
	kind = out->n == 0 ? SECOND_SILENT : connect ? SECOND_CONNECT : SECOND_OTHER;
	return t->second_for >> kind & 1;
}

/* The second machine hears the message, or, NULL, of the connection. */
static void
ask_second(struct naive *c, const struct span *m, struct naive_turn *out)
{
	struct naive *s = c->second;
	int32_t template = out->template;
	struct naive_turn own;

	if (s == NULL)
		return;
	s->clock = c->clock;
	s->turn = (uint16_t)(c->turn - (m != NULL || out->taken));
	if (m != NULL)
		naive_message(s, *m, &own);
	else
		naive_event(s, EVENT_CONNECT, 0, &own);
	c->clock = s->clock;
	if ((m == NULL && !own.taken) || !is_for_second(c->t, out, m == NULL)) {
		naive_turn_fini(&own);
		return;
	}
	naive_turn_fini(out);
	*out = own;
	out->template = template;
	c->turn = s->turn;
}

void
naive_message(struct naive *c, struct span m, struct naive_turn *out)
{
	uint32_t state, at;

	memset(out, 0, sizeof *out);
	out->template = -1;
	c->turn++;
	out->match = understand(c, m, &out->template, &state, &at);
	if (out->match != MATCH_NONE)
		take(c, state, at, out);
	c->history[2] = c->history[1];
	c->history[1] = c->history[0];
	c->history[0] = out->template;
	fill_passed_over(c, m, out->template);
	forget(c);
	ask_second(c, &m, out);
}

void
naive_event(struct naive *c, enum event_kind event, uint32_t arg, struct naive_turn *out)
{
	uint32_t state, at;

	memset(out, 0, sizeof *out);
	out->template = -1;
	if (turn_along(c, event, arg, &state, &at) &&
	    (event != EVENT_SILENCE || arg >= c->t->state[state].turn[at].arg)) {
		c->turn++;
		take(c, state, at, out);
	}
	if (event == EVENT_CONNECT)
		ask_second(c, NULL, out);
}

static void
reads(struct naive *c, uint32_t slot)
{
	c->read_slots |= 1u << slot;
}

void
naive_init(struct naive *c, const struct text *t, const struct session_env *env)
{
	memset(c, 0, sizeof *c);
	if (t->second != NULL) {
		c->second = c->other = malloc(sizeof *c->second);
		naive_init(c->second, t->second, env);
		c->second->other = c;
	}
	c->t = t;
	c->env = *env;
	c->state = t->start;
	c->history[0] = c->history[1] = c->history[2] = -1;
	for (uint32_t i = 0; i < t->nreply; i++)
		for (uint32_t k = 0; k < t->reply[i].nop; k++) {
			const struct text_op *o = &t->reply[i].op[k];
			if (o->kind == OP_FIELD || o->kind == OP_SEQ || o->kind == OP_PART ||
			    o->kind == OP_MAP || o->kind == OP_LINES || o->kind == OP_PATH)
				reads(c, o->slot);
		}
	for (uint32_t i = 0; i < t->nstate; i++)
		for (uint32_t k = 0; k < t->state[i].nturn; k++)
			for (uint32_t a = 0; a < t->state[i].turn[k].nalt; a++) {
				const struct text_alt *alt = &t->state[i].turn[k].alt[a];
				for (uint32_t g = 0; g < alt->nguard; g++)
					if (alt->guard[g].kind != GUARD_EMPTY &&
					    alt->guard[g].kind != GUARD_NONEMPTY &&
					    alt->guard[g].kind != GUARD_CHANNEL &&
					    alt->guard[g].kind != GUARD_NO_CHANNEL &&
					    alt->guard[g].kind != GUARD_HISTORY)
						reads(c, alt->guard[g].slot);
				for (uint32_t g = 0; g < alt->nguard; g++)
					if (alt->guard[g].kind == GUARD_PAIR)
						reads(c, alt->guard[g].back);
				for (uint32_t e = 0; e < alt->neffect; e++)
					if (alt->effect[e].kind != EFFECT_POP &&
					    alt->effect[e].kind != EFFECT_CLEAR &&
					    alt->effect[e].kind != EFFECT_OPEN)
						reads(c, alt->effect[e].slot);
			}
}

void
naive_fini(struct naive *c)
{
	drop_slots(c);
	if (c->second != NULL)
		naive_fini(c->second);
	free(c->second);
	c->second = NULL;
}

void
naive_turn_fini(struct naive_turn *out)
{
	free(out->out);
	out->out = NULL;
}
