#include "learning/scriptgen/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "learning/scriptgen/refine.h"
#include "learning/scriptgen/simplify.h"

struct machine_params
machine_params(bool text)
{
	struct machine_params p = { kinds_params(text), kinds_params(text), 32, 30000,
		text ? 20000 : 8000, false };

	p.response.micro.depth = 0;	/* what varies in an answer is said as it was recorded, or follows */
	return p;
}

void
machine_init(struct machine *m, struct pool *pool, const struct intern *messages,
    const struct machine_params *p)
{
	*m = (struct machine){ .pool = pool, .messages = messages, .p = *p };
	pool_within(&m->work, pool);
	m->requests = kinds_memo_create(pool, &m->work, messages);
	m->forms = kinds_memo_create(pool, &m->work, messages);
	m->dependencies = responses_memo_create(pool);
	m->type_counts = types_memo_create(pool, &m->work);
}

void
machine_add(struct machine *m, struct sequence s)
{
	if (m->nsequences == m->room) {
		m->room = MAX(64u, 2 * m->room);
		m->sequence = pool_grow(m->pool, m->sequence, m->nsequences, m->room, sizeof s);
	}
	m->sequence[m->nsequences++] = s;
}

struct responses_input
machine_responses(const struct machine *m, bool history)
{
	return (struct responses_input){ .messages = m->messages, .sequence = m->sequence,
		.nsequences = m->nsequences, .label_of = m->label_of, .form_of = m->form_of,
		.label = m->label, .form = m->form.label, .label_key = m->label_key,
		.form_key = m->form.key, .history = history };
}

/* Everything that a server said, each once. */
static uint32_t
said_once(struct kinds_member **out, struct machine *m)
{
	uint32_t n = 0, *place = pool_array(&m->work, m->messages->n + 1, sizeof *place);
	struct kinds_member *member = *out = pool_array(&m->work, m->messages->n + 1, sizeof *member);

	m->said = pool_array(&m->work, m->messages->n + 1, sizeof *m->said);
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			uint32_t r = m->sequence[q].step[i].response;

			if (r >= STEP_SILENCE)
				continue;
			if (m->said[r]++ == 0) {
				member[n] = (struct kinds_member){ .message = r };
				place[r] = n++;
			}
			member[place[r]].weight++;
		}
	return n;
}

static void
name_forms(struct machine *m, const struct kinds_member *member, uint32_t n)
{
	m->form_of = pool_array(&m->work, m->messages->n + 1, sizeof *m->form_of);
	memset(m->form_of, 0xff, m->messages->n * sizeof *m->form_of);
	for (uint32_t i = 0; i < n; i++)
		m->form_of[member[i].message] = m->form.of[i];
}

/*
 * Forms of everything that a server said, which tell the types of requests. Answers repeat these: what
 * answers one type and what answers another are no more of one form than the requests are of one label.
 */
static void
find_forms(struct machine *m)
{
	struct kinds_member *member;
	uint32_t n = said_once(&member, m);
	struct responses_input in;

	kinds_find(&m->form, m->forms, member, n, &m->p.response);
	name_forms(m, member, n);
	if (m->p.request.text)
		return;
	in = machine_responses(m, false);
	types_find(&m->types, m->type_counts, &in);
	if (m->types.n == 0)
		return;
	types_kinds(&m->form, m->forms, &m->types, &m->work, m->messages, member, n, &m->p.response);
	name_forms(m, member, n);
}

struct asked {			/* a request, and what was answered to it */
	uint32_t message, form;
};

static int
by_message(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	return x->message != y->message ? (x->message > y->message) - (x->message < y->message)
	    : (x->form > y->form) - (x->form < y->form);
}

/*
 * The requests of some steps as members. An answer is named by what its form looks like; in text, where
 * it is said again, by itself.
 */
static uint32_t
members_of(struct kinds_member **out, struct machine *m, const struct where *at, uint32_t n)
{
	struct asked *a = pool_array(&m->work, n + 1, sizeof *a);
	uint32_t *what = pool_array(&m->work, n + 1, sizeof *what), *count = pool_array(&m->work, n + 1,
	    sizeof *count), k = 0, members = 0, tallies = 0;
	uint32_t *name = pool_array(&m->work, m->form.n + 1, sizeof *name);	/* of each form */
	struct kinds_member *member = *out = pool_array(&m->work, n + 1, sizeof *member);

	for (uint32_t f = 0; f < m->form.n; f++)
		name[f] = (uint32_t)span_hash(m->form.key[f], 0) >> 1;
	for (uint32_t i = 0; i < n; i++) {
		const struct step *s = &m->sequence[at[i].sequence].step[at[i].step];
		uint32_t form = s->response >= STEP_SILENCE ? s->response : m->form_of[s->response];

		if (s->request == STEP_CONNECT)
			continue;
		if (s->response < STEP_SILENCE && m->p.request.text && m->said[s->response] > 1)
			form = (uint32_t)span_hash(m->messages->value[s->response], 0) >> 1;
		else if (s->response < STEP_SILENCE && form != KINDS_NONE)
			form = name[form];
		a[k++] = (struct asked){ s->request, form };
	}
	qsort(a, k, sizeof *a, by_message);
	for (uint32_t i = 0; i < k; i++) {
		if (i == 0 || a[i].message != a[i - 1].message)
			member[members++] = (struct kinds_member){ a[i].message, 0, { what + tallies, count + tallies, 0 } };
		member[members - 1].weight++;
		if (a[i].form == STEP_UNKNOWN)
			continue;
		if (i > 0 && by_message(&a[i], &a[i - 1]) == 0) {
			count[tallies - 1]++;
			continue;
		}
		what[tallies] = a[i].form;
		count[tallies++] = 1;
		member[members - 1].next.n++;
	}
	return members;
}

/* Offsets of the first segment at which all labels that have a fixed byte have the same. */
static bool *
bytes_in_common(struct machine *m, const struct kinds *k)
{
	bool *common = pool_alloc(&m->work, ALIGN_MAX + 1);
	int16_t *byte = pool_array(&m->work, ALIGN_MAX + 1, sizeof *byte);

	memset(common, true, ALIGN_MAX);
	memset(byte, 0xff, ALIGN_MAX * sizeof *byte);
	for (uint32_t l = 0; l < k->n; l++) {
		const struct segment *s = k->label[l].segment;

		for (uint32_t o = 0; k->label[l].n > 0 && s->rigid && o < s->n; o++) {
			if (!s->fixed[o])
				continue;
			common[o] &= byte[o] == ALIGN_NONE || byte[o] == s->byte[o];
			byte[o] = s->byte[o];
		}
	}
	return common;
}

/* As many bytes of each label as fit, and no label that tells nothing. */
static void
fit(struct machine *m, struct kinds *k, const struct kinds_member *member, uint32_t n)
{
	static const uint32_t longest[] = { UINT32_MAX, 256, 128, 96, 64, 48 };

	for (size_t i = 0; i < ARRAY_LEN(longest); i++) {
		uint32_t bytes = 0;

		for (uint32_t l = 0; l < k->n; l++)
			label_cut(&k->label[l], longest[i]);
		kinds_assign(k, m->requests, member, n);
		simplify_kinds(k, kinds_matches(m->requests), member, n);
		for (uint32_t l = 0; l < k->n; l++)
			bytes += label_bytes(&k->label[l]);
		if (bytes <= m->p.bytes)
			break;
	}
}

/* Labels of their own for values that decide what is answered, and for values of those. */
static void
refine(struct machine *m, struct kinds *k, const struct kinds_member *member, uint32_t n)
{
	for (uint32_t depth = 0; depth < m->p.request.micro.depth &&
	    refine_labels(k, kinds_matches(m->requests), member, n) > 0; depth++)
		kinds_assign(k, m->requests, member, n);
}

/* What answers repeat of a request may be another value next time. */
static void
free_repeated(struct machine *m, struct kinds *k, const struct kinds_member *member, uint32_t n)
{
	struct responses_input in = machine_responses(m, false);
	bool *common = bytes_in_common(m, k);
	struct responses r;

	in.label = k->label;
	in.label_key = k->key;
	responses_find(&r, &m->work, m->dependencies, &in);
	for (uint32_t l = 0; l < k->n; l++)
		k->label[l] = label_copy(&m->work, &k->label[l]);	/* the memo keeps its own */
	for (uint32_t i = 0; i < r.n; i++)
		for (uint32_t j = 0; j < r.response[i].links.n; j++) {
			const struct link *link = &r.response[i].links.link[j];

			for (uint32_t o = link->offset; link->kind == LINK_COPY && !link->whole &&
			    link->segment == 0 && o < link->offset + link->n; o++)
				if (common[o] || (o < TYPES_BYTES && m->types.identifier[o]))
					label_free(&k->label[r.response[i].label], 0, o);
		}
	fit(m, k, member, n);
	if (!m->p.request.text)
		refine(m, k, member, n);
}

struct growth {			/* of a machine that is made anew from its sequences */
	struct machine *m;
	struct kinds kinds;		/* of the requests of all states, or of one */
	uint32_t *place;		/* per message: member of kinds */
	uint32_t *number;		/* per label of kinds, from 1: in keys */
	struct intern keys;		/* of labels, in the order of first sight */
	struct where *at;		/* sequences that stand in a state, side by side */
	uint32_t *first, nat;		/* per state, and one more: its part of at */
	uint32_t room, label_room;
};

/* The labels of the requests at some steps. */
static void
find_kinds(struct growth *g, const struct where *at, uint32_t n)
{
	struct kinds_member *member;
	uint32_t members = members_of(&member, g->m, at, n);

	types_kinds(&g->kinds, g->m->requests, &g->m->types, &g->m->work, g->m->messages, member, members,
	    &g->m->p.request);
	for (uint32_t i = 0; i < members; i++)
		g->place[member[i].message] = i;
	for (uint32_t i = 0; i < n && !g->m->p.per_state; i++) {
		uint32_t request = g->m->sequence[at[i].sequence].step[at[i].step].request;

		g->m->label_of[at[i].sequence][at[i].step] = request == STEP_CONNECT ? KINDS_CONNECT
		    : g->kinds.of[g->place[request]];
	}
	if (!g->m->p.per_state)
		free_repeated(g->m, &g->kinds, member, members);
	g->number = pool_array(&g->m->work, g->kinds.n + 1, sizeof *g->number);
}

struct leaving {		/* a sequence that leaves a state */
	uint32_t label;			/* of kinds, the connection 0, others from 1 */
	struct where at;
};

static int
by_label(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;

	return x->label != y->label ? (x->label > y->label) - (x->label < y->label)
	    : (x->at.sequence > y->at.sequence) - (x->at.sequence < y->at.sequence);
}

/* The number of a label of kinds in the machine. */
static uint32_t
machine_label(struct growth *g, uint32_t local)
{
	struct machine *m = g->m;
	uint32_t id;

	if (local == 0)
		return KINDS_CONNECT;
	if (g->number[local - 1] != 0)
		return g->number[local - 1] - 1;
	id = intern_add(&g->keys, g->kinds.key[local - 1]);
	if (id >= g->label_room) {
		m->label = pool_grow(&m->work, m->label, g->label_room, 2 * g->label_room + 64, sizeof *m->label);
		g->label_room = 2 * g->label_room + 64;
	}
	m->label[id] = g->kinds.label[local - 1];
	g->number[local - 1] = id + 1;
	return id;
}

static uint32_t
add_state(struct growth *g, uint32_t parent, uint32_t label)
{
	struct machine *m = g->m;

	if (m->nstates == g->room) {
		uint32_t room = MAX(256u, 2 * g->room);

		m->state = pool_grow(&m->work, m->state, m->nstates, room, sizeof *m->state);
		g->first = pool_grow(&m->work, g->first, m->nstates, room + 1, sizeof *g->first);
		g->room = room;
	}
	m->state[m->nstates] = (struct state){ .parent = parent, .label = label,
		.depth = label == KINDS_NONE ? 0 : m->state[parent].depth + 1 };
	g->first[m->nstates] = g->nat;
	return m->nstates++;
}

/* The edges of a state, in the order of their labels. */
static void
grow_state(struct growth *g, uint32_t s)
{
	struct machine *m = g->m;
	uint32_t from = g->first[s], to = s + 1 < m->nstates ? g->first[s + 1] : g->nat, n = 0;
	struct leaving *l = pool_array(&m->work, to - from + 1, sizeof *l);
	uint32_t child = KINDS_NONE;

	m->state[s].visits = to - from;
	m->state[s].first_child = m->nstates;
	for (uint32_t i = from; i < to; i++)
		if (g->at[i].step < m->sequence[g->at[i].sequence].n)
			l[n++].at = g->at[i];
	if (n == 0)
		return;
	if (m->state[s].depth == m->p.depth) {
		m->cut += n;
		return;
	}
	if (m->p.per_state) {
		struct where *at = pool_array(&m->work, n, sizeof *at);

		for (uint32_t i = 0; i < n; i++)
			at[i] = l[i].at;
		find_kinds(g, at, n);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t request = m->sequence[l[i].at.sequence].step[l[i].at.step].request;

		l[i].label = request == STEP_CONNECT ? 0 : g->kinds.of[g->place[request]] + 1;
		if (request != STEP_CONNECT && g->kinds.of[g->place[request]] == KINDS_NONE)
			l[i].label = KINDS_NONE;
	}
	qsort(l, n, sizeof *l, by_label);
	for (uint32_t i = 0; i < n; i++) {
		if (l[i].label == KINDS_NONE || m->nstates >= m->p.states) {
			m->cut++;
			continue;
		}
		if (i == 0 || l[i].label != l[i - 1].label) {
			child = add_state(g, s, machine_label(g, l[i].label));
			m->state[s].nchildren++;
		}
		m->label_of[l[i].at.sequence][l[i].at.step] = m->state[child].label;
		m->state_of[l[i].at.sequence][l[i].at.step] = child;
		l[i].at.step++;
		g->at[g->nat++] = l[i].at;
	}
}

struct numbered {
	const struct label *label;
	struct span key;
	uint32_t id;
};

static int
by_order(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return label_order(x->label, x->key, y->label, y->key);
}

/* Labels get their final numbers, the most specific first. */
static void
sort_labels(struct growth *g)
{
	struct machine *m = g->m;
	uint32_t n = g->keys.n, *number = pool_array(&m->work, n + 1, sizeof *number);
	struct numbered *s = pool_array(&m->work, n + 1, sizeof *s);

	for (uint32_t i = 0; i < n; i++)
		s[i] = (struct numbered){ &m->label[i], g->keys.value[i], i };
	qsort(s, n, sizeof *s, by_order);
	m->nlabels = n;
	m->label_key = pool_array(&m->work, n + 1, sizeof *m->label_key);
	m->label = pool_array(&m->work, n + 1, sizeof *m->label);
	for (uint32_t i = 0; i < n; i++) {
		number[s[i].id] = i;
		m->label_key[i] = s[i].key;
		m->label[i] = *s[i].label;
	}
	for (uint32_t i = 0; i < m->nstates; i++)
		if (m->state[i].label < KINDS_CONNECT)
			m->state[i].label = number[m->state[i].label];
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++)
			if (m->state_of[q][i] != KINDS_NONE)
				m->label_of[q][i] = m->state[m->state_of[q][i]].label;
}

void
machine_update(struct machine *m)
{
	struct growth g = { .m = m };
	struct where *all;
	uint32_t steps = 0;

	pool_again(&m->work);
	g.place = pool_array(&m->work, m->messages->n + 1, sizeof *g.place);
	m->label = NULL;
	m->nstates = m->cut = 0;
	m->state = NULL;
	m->label_of = pool_array(&m->work, m->nsequences + 1, sizeof *m->label_of);
	m->state_of = pool_array(&m->work, m->nsequences + 1, sizeof *m->state_of);
	for (uint32_t q = 0; q < m->nsequences; q++) {
		uint32_t n = m->sequence[q].n;

		m->label_of[q] = memset(pool_array(&m->work, n + 1, sizeof(uint32_t)), 0xff, n * sizeof(uint32_t));
		m->state_of[q] = memset(pool_array(&m->work, n + 1, sizeof(uint32_t)), 0xff, n * sizeof(uint32_t));
		steps += n;
	}
	find_forms(m);
	intern_init(&g.keys, &m->work);
	all = pool_array(&m->work, steps + 1, sizeof *all);
	steps = 0;
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++)
			all[steps++] = (struct where){ q, i };
	if (!m->p.per_state)
		find_kinds(&g, all, steps);
	for (uint32_t q = 0; q < m->nsequences; q++)
		memset(m->label_of[q], 0xff, m->sequence[q].n * sizeof(uint32_t));
	g.at = pool_array(&m->work, steps + m->nsequences + 1, sizeof *g.at);
	add_state(&g, 0, KINDS_NONE);
	for (uint32_t q = 0; q < m->nsequences; q++)
		g.at[g.nat++] = (struct where){ q, 0 };
	for (uint32_t s = 0; s < m->nstates; s++)
		grow_state(&g, s);
	sort_labels(&g);
}

/* What was answered on the way into a state: "  3 x 250 hi [1..]". */
static size_t
print_answers(char *to, const struct machine *m, const uint32_t *count)
{
	size_t at = 0;

	for (uint32_t f = 0; f < m->form.n; f++)
		if (count[f] > 0)
			at += (size_t)sprintf(to + at, "    %u x %s\n", count[f],
			    label_print(m->pool, &m->form.label[f]));
	return at;
}

const char *
machine_print(const struct machine *m)
{
	uint32_t *count = pool_array(m->pool, (size_t)m->nstates * (m->form.n + 1), sizeof *count);
	size_t room = 64, at = 0, widest = 0;
	char *to;

	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			uint32_t r = m->sequence[q].step[i].response, s = m->state_of[q][i];

			if (r < STEP_SILENCE && s != KINDS_NONE && m->form_of[r] != KINDS_NONE)
				count[(size_t)s * m->form.n + m->form_of[r]]++;
		}
	for (uint32_t f = 0; f < m->form.n; f++)
		widest += strlen(label_print(m->pool, &m->form.label[f])) + 24;
	for (uint32_t s = 0; s < m->nstates; s++)
		room += widest + 64 + (m->state[s].label < KINDS_CONNECT
		    ? strlen(label_print(m->pool, &m->label[m->state[s].label])) : 16);
	to = pool_alloc(m->pool, room);
	for (uint32_t s = 0; s < m->nstates; s++) {
		const struct state *st = &m->state[s];

		if (st->label == KINDS_NONE)
			at += (size_t)sprintf(to + at, "state 0: %u visits\n", st->visits);
		else
			at += (size_t)sprintf(to + at, "state %u: from %u, %u visits, on %s\n", s, st->parent,
			    st->visits, st->label == KINDS_CONNECT ? "connect"
			    : label_print(m->pool, &m->label[st->label]));
		at += print_answers(to + at, m, count + (size_t)s * m->form.n);
	}
	return to;
}
