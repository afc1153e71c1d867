#include "learning/emit.h"

#include <stdio.h>
#include <stdlib.h>

#include "learning/emitter.h"
#include "learning/pause.h"
#include "learning/usual.h"

enum { LEAST_COUNTED = 8, MOST_COUNTED = 127 };	/* bytes that a field may have in a template */

/* How a message ends after most replies of an answer. */
static uint32_t
ending_after(const struct emitter *e, const struct answer *a)
{
	const struct exchanges *x = e->in->x;
	uint32_t *votes = pool_array(e->pool, x->prompts.nrules, sizeof *votes), best = 0;

	for (uint32_t i = 0; i < a->n; i++)
		votes[x->exchange[a->exchange[i]].ending]++;
	for (uint32_t r = 1; r < x->prompts.nrules; r++)
		best = votes[r] > votes[best] ? r : best;
	return best;
}

/* The state itself, or one that asks it but waits for another end of message. */
static uint32_t
prompted(struct emitter *e, uint32_t state, uint32_t ending)
{
	struct text_state *p = e->prompted.at;
	uint32_t i = 0;

	if (ending == 0)
		return state;
	while (i < e->prompted.n && (p[i].backoff != (int32_t)state || p[i].eom != (int32_t)ending))
		i++;
	if (i == e->prompted.n) {
		p = emitter_push(e, &e->prompted, sizeof *p);
		*p = e->t->state[state];
		p->backoff = (int32_t)state;
		p->eom = (int32_t)ending;
		p->nturn = 0;
	}
	return e->t->nstate + i;
}

static struct text_pair *
keys_of(struct emitter *e, const struct choice *c)
{
	struct text_pair *p = pool_array(e->pool, c->nvalues, sizeof *p);

	for (uint32_t i = 0; i < c->nvalues; i++)
		p[i].key = c->value[i];
	return p;
}

/* False: its guard needs a slot that is not left. */
static bool
add_guard(struct emitter *e, struct text_alt *alt, const struct key *key, int32_t map, bool begins)
{
	uint32_t slot = emitter_slot(e, &key->one), second = key->is_pair ? emitter_slot(e, &key->two) : 0;

	e->report->no_slot += slot == MODEL_SLOTS || second == MODEL_SLOTS;
	if (slot == MODEL_SLOTS || second == MODEL_SLOTS || map == NOT_EMITTED)
		return false;
	alt->guard[alt->nguard++] = (struct text_guard){
		.kind = key->is_pair ? GUARD_PAIR : begins ? GUARD_BEGINS : GUARD_KNOWN, .slot = slot, .back = second,
		.index = (uint32_t)map };
	return true;
}

/* The map of a choice's values: one, however many places have it. */
static int32_t
guard_map(struct emitter *e, const struct node *nd, const struct choice *c)
{
	int32_t **of = &e->guard_of[nd - e->in->decisions->node], *map;

	if (*of == NULL) {
		*of = pool_array(e->pool, nd->nchoices, sizeof **of);
		memset(*of, 0xff, nd->nchoices * sizeof **of);
	}
	map = &(*of)[c - nd->choice];
	if (*map == NOT_EMITTED)
		*map = emitter_map(e, keys_of(e, c), c->nvalues);
	return *map;
}

static int
pair_cmp(const void *a, const void *b)
{
	return span_cmp(((const struct text_pair *)a)->key, ((const struct text_pair *)b)->key);
}

/* What a template of rare values is not: one guard for each column it was divided by, as far as there is room. */
static void
add_besides(struct emitter *e, struct text_alt *alt, uint32_t client)
{
	const struct template *t = &e->in->client->t[client];

	for (uint32_t i = 0; i < t->nbesides && alt->nguard < MODEL_GUARDS; i++) {
		const struct besides *b = &t->besides[i];
		struct source field = { .template = client, .first = b->token, .last = b->token };
		int32_t *map = &e->besides_of[client * TEMPLATE_BESIDES + i];
		uint32_t slot = t->is_field[b->token] ? emitter_slot(e, &field) : MODEL_SLOTS;

		if (slot == MODEL_SLOTS)
			continue;
		if (*map == NOT_EMITTED) {
			struct text_pair *pair = pool_array(e->pool, b->n, sizeof *pair);

			for (uint32_t k = 0; k < b->n; k++)
				pair[k].key = b->value[k];
			qsort(pair, b->n, sizeof *pair, pair_cmp);
			*map = emitter_map(e, pair, b->n);
		}
		alt->guard[alt->nguard++] = (struct text_guard){ .kind = GUARD_UNKNOWN, .slot = slot,
			.index = (uint32_t)*map };
	}
}

static bool
make_alt(struct emitter *e, struct text_alt *alt, const struct way *way)
{
	const struct node *nd = way->node;
	const struct choice *c = way->choice;
	const struct answer *a = c->answer;

	*alt = (struct text_alt){ .weight = MAX(1u, c->support), .conf = nd->accuracy,
		.origin = ORIGIN_PRISMA, .scope = SCOPE_PAIR };
	alt->reply = emitter_reply(e, a);
	alt->next = prompted(e, way->next, a == NULL ? 0 : ending_after(e, a));
	alt->delay_ms = a == NULL ? 0 : pause_of(a, e->in->x, e->in->memory, e->before, nd->state, e->pool);
	alt->close = a != NULL && a->closes * 10 >= a->n * 9;
	for (uint32_t l = 0; l < KEY_LINES; l++) {
		if (c->line[l] == LINE_ANY)
			continue;
		e->asks_lines = true;
		alt->guard[alt->nguard++] = (struct text_guard){ .slot = MESSAGE_SLOT, .lit = nd->key.line[l],
			.kind = c->line[l] == LINE_THERE ? GUARD_LINE : GUARD_NO_LINE };
	}
	if (c->nvalues > 0 && !add_guard(e, alt, c->by != NULL ? c->by : &nd->key, guard_map(e, nd, c), c->begins))
		return false;
	if (a != NULL && a->has_map &&
	    !add_guard(e, alt, &(struct key){ .one = a->key }, e->map_of[a - e->in->rules->answer], false))
		return false;
	if (nd->client < e->in->client->n)
		add_besides(e, alt, nd->client);
	return true;
}

static void
make_turn(struct emitter *e, struct text_turn *turn, const struct places *p,
    const struct turning *from)
{
	*turn = (struct text_turn){ .event = EVENT_MESSAGE, .arg = from->client < e->in->client->n
		? e->template_of[from->client] : 0 };
	if (from->client == e->in->client->n)
		*turn = (struct text_turn){ .event = EVENT_CONNECT };
	turn->alt = pool_array(e->pool, from->n, sizeof *turn->alt);
	for (uint32_t i = 0; i < from->n; i++)
		turn->nalt += make_alt(e, &turn->alt[turn->nalt], &p->way[from->first + i]);
}

/* The answer to what is not understood. */
static bool
make_other(struct emitter *e, struct text_turn *turn, const struct answer *a, uint32_t next)
{
	struct text_alt *alt = pool_alloc(e->pool, sizeof *alt);

	if (a == NULL)
		return false;
	*alt = (struct text_alt){ .weight = 1, .reply = emitter_reply(e, a), .next = next, .conf = 0.1,
		.origin = ORIGIN_PRISMA, .scope = SCOPE_PAIR };
	*turn = (struct text_turn){ .event = EVENT_OTHER, .alt = alt, .nalt = 1 };
	return true;
}

/* "m1 m0 c3 s7": what the latches hold, then the last symbols. */
static struct span
note_of(struct emitter *e, const struct place *p)
{
	const struct memory *m = e->in->memory;
	char text[16 * MEMORY_MAX + 1] = "";
	size_t n = 0;

	for (uint32_t l = 0; l < m->latches->n; l++)
		n += (size_t)snprintf(text + n, sizeof text - n, " m%u", p->history.held.value[l]);
	for (uint32_t i = m->order - p->nrecent; i < m->order; i++) {
		uint32_t symbol = p->history.recent[i];

		n += symbol == MEMORY_START ? (size_t)snprintf(text + n, sizeof text - n, " START")
		    : (size_t)snprintf(text + n, sizeof text - n, " %s%u", symbol % 2 ? "s" : "c", symbol / 2);
	}
	return n == 0 ? span_of(NULL, 0) : span_of(pool_copy(e->pool, text + 1, n), n - 1);
}

static int
turn_cmp(const void *a, const void *b)
{
	const struct text_turn *x = a, *y = b;

	return x->event != y->event ? (x->event > y->event) - (x->event < y->event)
				    : (x->arg > y->arg) - (x->arg < y->arg);
}

/* The client's template in the first of an answer's exchanges. */
static uint32_t
asked_by(const struct emit_input *in, const struct answer *a)
{
	uint32_t u = in->x->exchange[a->exchange[0]].client;

	return u == NO_UNIT ? in->client->n : in->client->of[LEVEL_FULL][u];
}

/* The states behind prompts join the others, with what is said there to whatever comes. */
static void
add_prompted(struct emitter *e, const struct places *places)
{
	const struct emit_input *in = e->in;
	struct text_state *p = e->prompted.at;
	struct text *t = e->t;

	for (uint32_t i = 0; i < e->prompted.n; i++) {
		const struct answer *a = in->after[p[i].eom];

		p[i].turn = pool_alloc(e->pool, sizeof *p[i].turn);
		if (a != NULL)
			p[i].nturn = make_other(e, p[i].turn, a,
			    places_after(places, (uint32_t)p[i].backoff, asked_by(in, a), a->server));
	}
	t->state = pool_grow(e->pool, t->state, t->nstate, t->nstate + e->prompted.n,
	    sizeof *t->state);
	if (e->prompted.n > 0)
		memcpy(t->state + t->nstate, e->prompted.at, e->prompted.n * sizeof *t->state);
	t->nstate += e->prompted.n;
}

static void
make_states(struct emitter *e)
{
	const struct emit_input *in = e->in;
	struct text *t = e->t;
	const struct answer *usual, *always;
	struct places places;

	places_find(&places, e->pool, in->memory, in->decisions);
	e->before = pool_array(e->pool, in->x->n + 1, sizeof *e->before);
	memory_before(in->memory, e->pool, in->x, in->client, in->server, e->before);
	e->guard_of = pool_array(e->pool, in->decisions->n + 1, sizeof *e->guard_of);
	usual = in->x->client_lexer.binary ? NULL : usual_answer(in->rules, e->pool);
	t->nstate = places.n;
	t->start = 0;
	t->state = pool_array(e->pool, t->nstate, sizeof *t->state);
	for (uint32_t i = 0; i < places.n; i++) {
		const struct place *p = &places.place[i];

		t->state[i] = (struct text_state){ .note = note_of(e, p), .eom = 0,
			.backoff = p->back == MEMORY_NONE ? -1 : (int32_t)p->back,
			.idle_ms = in->default_idle_ms, .support = p->support };
	}
	for (uint32_t i = 0; i < places.n; i++) {
		const struct place *p = &places.place[i];
		struct text_state *st = &t->state[i];

		st->turn = pool_array(e->pool, p->n + 1, sizeof *st->turn);
		for (uint32_t k = 0; k < p->n; k++) {
			make_turn(e, &st->turn[st->nturn], &places, &places.turning[p->first + k]);
			st->nturn += st->turn[st->nturn].nalt > 0;
		}
		always = regardless_answer(in->manners, &p->history.held);
		/* the conversation stays where it is */
		st->nturn += make_other(e, &st->turn[st->nturn], always != NULL ? always : usual, i);
	}
	add_prompted(e, &places);
	for (uint32_t i = 0; i < t->nstate; i++) {
		qsort(t->state[i].turn, t->state[i].nturn, sizeof *t->state[i].turn, turn_cmp);
		e->report->turns += t->state[i].nturn;
	}
	e->report->states = t->nstate;
}

/* A class of bytes for a field that is neither a word nor a rest. */
static int32_t
class_of(struct emitter *e, const struct lexer *l, bool run)
{
	struct text_class c = { { 0 } };

	for (unsigned b = 0; b < 256; b++)
		if (run ? b != l->delimiter : lexer_is_separator(l, (uint8_t)b))
			c.has[b / 8] |= (uint8_t)(1u << b % 8);
	for (uint32_t i = 0; i < e->t->nclass; i++)
		if (memcmp(&e->t->class[i], &c, sizeof c) == 0)
			return (int32_t)i;
	e->t->class[e->t->nclass] = c;
	return (int32_t)e->t->nclass++;
}

/* Strangers may say twice as much as was heard, and no less than nothing. */
static struct text_elem
counted_elem(const struct emitter *e, const struct template *t, uint32_t token)
{
	size_t most = 0;

	for (uint32_t i = 0; i < t->support; i++)
		most = MAX(most, row_token(&e->in->x->unit[t->member[i]], (enum level)t->level, token).n - 1);
	return (struct text_elem){ .kind = ELEM_COUNTED, .max = (uint32_t)MIN(MAX(2 * most, (size_t)LEAST_COUNTED),
		(size_t)MOST_COUNTED) };
}

static struct text_elem
field_elem(struct emitter *e, const struct template *t, uint32_t token)
{
	const struct lexer *l = &e->in->x->client_lexer;

	switch (t->token[token].kind) {
	case TOKEN_PART:
		return counted_elem(e, t, token);
	case TOKEN_WORD:
		return (struct text_elem){ .kind = ELEM_TOK };
	case TOKEN_SEP:
		return (struct text_elem){ .kind = ELEM_SPAN, .class = class_of(e, l, false), .min = 1 };
	case TOKEN_RUN:
		return (struct text_elem){ .kind = ELEM_SPAN, .class = class_of(e, l, true) };
	case TOKEN_BYTE:
		return (struct text_elem){ .kind = ELEM_ANY, .min = 1 };
	default:
		return (struct text_elem){ .kind = l->binary ? ELEM_TAIL : ELEM_LINE };
	}
}

static void
make_template(struct emitter *e, struct text_template *out, uint32_t index)
{
	const struct template *t = &e->in->client->t[index];
	const struct slot_use *use = e->slots.at;
	uint32_t *elem_of = pool_array(e->pool, t->ntoken + 1, sizeof *elem_of);
	bool open = false;	/* the last element is a literal that may grow */

	*out = (struct text_template){ .support = t->support, .origin = ORIGIN_PRISMA,
		.cluster = (int32_t)(e->in->memory->symbols.client[index] / 2) };
	out->elem = pool_array(e->pool, t->ntoken + 1, sizeof *out->elem);
	for (uint32_t j = 0; j < t->ntoken; j++) {
		struct span b = t->token[j].bytes;
		struct text_elem *last = out->nelem > 0 ? &out->elem[out->nelem - 1] : NULL;

		if (!t->is_field[j] && open && t->token[j].kind != TOKEN_LEN) {	/* tokens of a message lie side by side */
			uint8_t *both = pool_alloc(e->pool, last->lit.n + b.n);

			memcpy(both, last->lit.p, last->lit.n);
			memcpy(both + last->lit.n, b.p, b.n);
			last->lit = span_of(both, last->lit.n + b.n);
		} else if (t->token[j].kind == TOKEN_LEN) {
			out->elem[out->nelem++] = (struct text_elem){ .kind = ELEM_LEN, .format = FMT_BE,
				.min = t->token[j].format };
			open = false;
		} else if (!t->is_field[j] && b.n == 0) {
			continue;	/* a run that never has a byte: nothing to match, and no field begins here */
		} else if (!t->is_field[j]) {
			out->elem[out->nelem++] = (struct text_elem){ .kind = ELEM_LIT, .lit = b };
			open = true;
		} else {
			out->elem[out->nelem++] = field_elem(e, t, j);
			open = false;
		}
		elem_of[j] = out->nelem - 1;
	}
	if (t->tail)
		out->elem[out->nelem++] = (struct text_elem){ .kind = ELEM_TAIL };
	out->field = pool_array(e->pool, MODEL_SLOTS, sizeof *out->field);
	for (uint32_t i = 0; i < e->slots.n; i++)
		if (use[i].from.template == index)
			out->field[out->nfield++] = (struct text_field){ use[i].slot,
				elem_of[use[i].from.first], elem_of[use[i].from.last] };
	if (e->asks_lines)
		out->field[out->nfield++] = (struct text_field){ MESSAGE_SLOT, 0, out->nelem - 1 };
}

/* Templates that some state answers get numbers, in their order; no message needs the others. */
static void
number_templates(struct emitter *e)
{
	const struct decisions *d = e->in->decisions;
	uint32_t n = e->in->client->n;
	bool *answered = pool_array(e->pool, n + 1, sizeof *answered);

	for (uint32_t i = 0; i < d->n; i++)
		answered[d->node[i].client] = true;
	for (uint32_t i = 0; i < n; i++)
		e->template_of[i] = answered[i] ? e->t->ntemplate++ : UINT32_MAX;
}

/* A source in an earlier message must be captured, so its template stays after all, in its place among the others. */
static void
keep_sources(struct emitter *e)
{
	const struct slot_use *use = e->slots.at;
	uint32_t clients = e->in->client->n, n = 0, *now;
	struct text *t = e->t;

	for (uint32_t i = 0; i < e->slots.n; i++)
		if (e->template_of[use[i].from.template] == UINT32_MAX)
			e->template_of[use[i].from.template] = t->ntemplate++;
	now = pool_array(e->pool, t->ntemplate + 1, sizeof *now);
	for (uint32_t i = 0; i < clients; i++)
		if (e->template_of[i] != UINT32_MAX) {
			now[e->template_of[i]] = n;
			e->template_of[i] = n++;
		}
	for (uint32_t i = 0; i < t->nstate; i++)
		for (uint32_t k = 0; k < t->state[i].nturn; k++)
			if (t->state[i].turn[k].event == EVENT_MESSAGE)
				t->state[i].turn[k].arg = now[t->state[i].turn[k].arg];
}

void
emit(struct text *t, struct pool *pool, const struct emit_input *in, struct emit_report *report)
{
	struct emitter e = { .pool = pool, .t = t, .in = in, .report = report };
	const struct lexer *l = &in->x->client_lexer;
	uint32_t nanswers = in->rules->n + in->rules->nmore;
	uint8_t *seps = pool_alloc(pool, 256);

	*report = (struct emit_report){ 0 };
	e.nlocal = pool_array(pool, in->client->n + 1, sizeof *e.nlocal);
	e.reply_of = pool_array(pool, nanswers + 1, sizeof *e.reply_of);
	e.map_of = pool_array(pool, nanswers + 1, sizeof *e.map_of);
	e.bare_of = pool_array(pool, in->server->n + 1, sizeof *e.bare_of);
	memset(e.reply_of, 0xff, nanswers * sizeof *e.reply_of);
	memset(e.map_of, 0xff, nanswers * sizeof *e.map_of);
	e.besides_of = pool_array(pool, (size_t)in->client->n * TEMPLATE_BESIDES + 1, sizeof *e.besides_of);
	memset(e.besides_of, 0xff, (size_t)in->client->n * TEMPLATE_BESIDES * sizeof *e.besides_of);
	e.bits_of = pool_array(pool, 1 << 16, sizeof *e.bits_of);
	memset(e.bits_of, 0xff, (1 << 16) * sizeof *e.bits_of);
	memset(e.bare_of, 0xff, in->server->n * sizeof *e.bare_of);
	t->separators.p = seps;
	for (unsigned b = 0; b < 256 && !l->binary; b++)
		if (lexer_is_separator(l, (uint8_t)b))
			seps[t->separators.n++] = (uint8_t)b;
	t->class = pool_array(pool, 4, sizeof *t->class);
	t->eom = in->x->prompts.rule;
	t->neom = in->x->prompts.nrules;
	e.template_of = pool_array(pool, in->client->n + 1, sizeof *e.template_of);
	number_templates(&e);
	make_states(&e);
	keep_sources(&e);
	t->template = pool_array(pool, t->ntemplate, sizeof *t->template);
	for (uint32_t i = 0; i < in->client->n; i++)
		if (e.template_of[i] != UINT32_MAX)
			make_template(&e, &t->template[e.template_of[i]], i);
	t->reply = e.replies.at;
	t->nreply = e.replies.n;
	t->data = e.datas.at;
	t->ndata = e.datas.n;
	t->map = e.maps.at;
	t->nmap = e.maps.n;
}
