#include "learning/scriptgen/scriptgen.h"

#include "learning/scriptgen/emission.h"
#include "learning/sides.h"

static void
count(struct scriptgen_report *r, const struct sequences *s, const struct machine *m,
    const struct responses *responses, const struct wording *w, const struct emission_report *e)
{
	r->sequences = s->n;
	r->left_out = s->left_out;
	r->cut = s->cut + m->cut;
	r->labels = m->nlabels;
	r->forms = m->form.n;
	r->tree = m->nstates;
	r->responses = responses->n;
	r->habits = responses->nhabits;
	memcpy(r->links, w->computed, sizeof r->links);
	r->states = e->states;
	r->kept = e->kept;
	r->turns = e->turns;
	r->labels_left_out = e->left_out;
}

/* How both sides talk (prisma.h), labels and forms being the events; what has none is one more. */
static void
write_sides(struct text *t, struct pool *pool, const struct exchanges *x, const struct corpus *c,
    const struct machine *m)
{
	struct prisma_params p = prisma_params(&x->client_lexer);
	uint32_t *event = pool_array(pool, x->nunit + 1, sizeof *event);
	struct prisma_report report;
	struct prisma_input in;

	for (uint32_t i = 0; i < x->n; i++) {
		if (x->exchange[i].client != NO_UNIT)
			event[x->exchange[i].client] = m->nlabels;
		if (x->exchange[i].server != NO_UNIT)
			event[x->exchange[i].server] = m->form.n;
	}
	for (uint32_t q = 0; q < m->nsequences; q++)
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			const struct step *s = &m->sequence[q].step[i];
			const struct exchange *e = &x->exchange[s->exchange];

			if (m->label_of[q][i] < KINDS_CONNECT)
				event[e->client] = m->label_of[q][i];
			if (s->response < STEP_SILENCE && m->form_of[s->response] != KINDS_NONE)
				event[e->server] = m->form_of[s->response];
		}
	sides_of_events(&in, pool, c, x, event);
	prisma_learn(&t->prisma, pool, &in, &p, &report);
	t->prisma.port = c->port;
}

bool
scriptgen_make(struct text *t, struct pool *pool, const struct exchanges *x, const struct corpus *c,
    bool text, bool server_only, struct scriptgen_report *report)
{
	struct machine_params p = machine_params(text);
	struct responses_input in;
	struct responses responses;
	struct sequences s;
	struct machine m;
	struct wording w;
	struct wording_input words = { pool, &m, &responses, x, c, text };
	struct emission_report emission;

	*report = (struct scriptgen_report){ 0 };
	sequences_make(&s, pool, x, c);
	machine_init(&m, pool, &s.messages, &p);
	for (uint32_t i = 0; i < s.n; i++)
		machine_add(&m, s.sequence[i]);
	machine_update(&m);
	if (m.form.n == 0)
		return false;
	in = machine_responses(&m, true);
	responses_find(&responses, pool, m.dependencies, &in);
	t->proto = c->proto == PROTO_TCP ? MODEL_TCP : MODEL_UDP;
	t->eom = x->prompts.rule;
	t->neom = x->prompts.nrules;
	t->separators = text ? span_str(" \t\r\n") : span_of(NULL, 0);
	wording_make(&w, t, &words);
	emission_make(t, &words, &w, &emission);
	if (!server_only)
		write_sides(t, pool, x, c, &m);
	count(report, &s, &m, &responses, &w, &emission);
	return true;
}
