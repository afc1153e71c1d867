#include "learning/regardless.h"

#include <stdlib.h>

#include "learning/tally.h"

enum { MIN_ASKED = 8 };		/* questions that the answer foretells and the one elsewhere does not */

struct question {		/* and what was said to it: templates */
	uint32_t client, server, kind;
	uint32_t held;		/* number of what was */
};

struct ear {
	struct pool *pool;
	const struct rules *r;
	struct question *heard;	/* by question, then what was held */
	uint32_t n;
	struct intern holds;	/* struct held */
};

static int
heard_cmp(const void *a, const void *b)
{
	const struct question *x = a, *y = b;

	return x->client != y->client ? (x->client > y->client) - (x->client < y->client)
	    : x->held != y->held ? (x->held > y->held) - (x->held < y->held)
				 : (x->kind > y->kind) - (x->kind < y->kind);
}

static struct span
held_span(const struct held *h)
{
	return span_of(h->value, sizeof h->value);
}

static void
listen(struct ear *ear, const struct latches *latches)
{
	const struct exchanges *x = ear->r->x;
	const struct templates *client = ear->r->client, *server = ear->r->server;

	ear->heard = pool_array(ear->pool, x->n + 1, sizeof *ear->heard);
	intern_init(&ear->holds, ear->pool);
	for (uint32_t v = 0; v < x->conversations; v++) {
		struct held h = { { 0 } };

		for (uint32_t i = x->first[v]; i < x->first[v + 1]; i++) {
			const struct exchange *e = &x->exchange[i];
			uint32_t c = e->client == NO_UNIT ? client->n : client->of[LEVEL_FULL][e->client];
			uint32_t s = e->server == NO_UNIT ? NO_TEMPLATE : server->of[LEVEL_FULL][e->server];

			if (e->known && e->client != NO_UNIT) {
				uint32_t id = intern_find(&ear->holds, held_span(&h));

				if (id == INTERN_NONE)
					id = intern_add(&ear->holds,
					    held_span(pool_copy(ear->pool, &h, sizeof h)));
				ear->heard[ear->n++] = (struct question){ c, s, e->kind, id };
			}
			h = latches_after(latches, h, c, s);
		}
	}
	qsort(ear->heard, ear->n, sizeof *ear->heard, heard_cmp);
}

/* The reply that needs nothing of the question and is said to most different ones; NULL: none is. */
static const struct answer *
most_said(const struct ear *ear, uint32_t held)
{
	const struct rules *r = ear->r;
	uint32_t servers = r->server->n, best = 0;
	const struct answer **bare = pool_array(ear->pool, servers + 1, sizeof *bare);
	uint32_t *asked = pool_array(ear->pool, servers + 1, sizeof *asked);
	uint32_t *last = pool_array(ear->pool, servers + 1, sizeof *last);	/* question + 1 */

	for (uint32_t i = 0; i < r->n; i++)
		if (r->answer[i].nfields == 0 && !r->server->t[r->answer[i].server].has_lines &&
		    r->answer[i].closes * 2 <= r->answer[i].n)
			bare[r->answer[i].server] = &r->answer[i];
	for (uint32_t i = 0; i < ear->n; i++) {
		const struct question *h = &ear->heard[i];

		if (h->held != held || h->server == NO_TEMPLATE || bare[h->server] == NULL)
			continue;
		asked[h->server] += last[h->server] != h->client + 1;
		last[h->server] = h->client + 1;
		best = asked[h->server] > asked[best] ? h->server : best;
	}
	return asked[best] > 0 ? bare[best] : NULL;
}

/* One question: the commonest kind of reply to it while something else is held. False: it has none. */
static bool
kind_elsewhere(const struct question *h, uint32_t n, uint32_t held, uint32_t *kind)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t votes = 0;

		while (i + 1 < n && h[i + 1].held == h[i].held && h[i + 1].kind == h[i].kind)
			i++;
		for (uint32_t j = 0; j < n && h[i].held != held; j++)
			votes += h[j].held != held && h[j].kind == h[i].kind;
		*kind = votes > most ? h[i].kind : *kind;
		most = MAX(most, votes);
	}
	return most > 0;
}

/* Does the answer foretell clearly more questions than what they get elsewhere? Notes its share. */
static bool
tells_more(const struct ear *ear, struct regardless *to, uint32_t held)
{
	uint32_t kind = answer_kind(ear->r->x, to->answer), asked = 0;
	double right = 0, elsewhere = 0;

	for (uint32_t i = 0, end; i < ear->n; i = end) {
		const struct question *h = &ear->heard[i];
		uint32_t other = 0, here = 0, same = 0, as_elsewhere = 0;

		for (end = i; end < ear->n && ear->heard[end].client == h->client; end++)
			here += ear->heard[end].held == held;
		if (here == 0 || !kind_elsewhere(h, end - i, held, &other))
			continue;
		for (uint32_t k = 0; k < end - i; k++) {
			same += h[k].held == held && h[k].kind == kind;
			as_elsewhere += h[k].held == held && h[k].kind == other;
		}
		asked++;
		right += (double)same / here;
		elsewhere += (double)as_elsewhere / here;
	}
	to->share = right / MAX(asked, 1u);
	return right >= MIN_ASKED + elsewhere && right * 2 > asked;
}

/* Templates of any level most of whose messages were answered otherwise there. */
static void
find_otherwise(const struct ear *ear, struct regardless *to, const struct latches *latches)
{
	const struct rules *r = ear->r;
	uint32_t kind = answer_kind(r->x, to->answer);
	int32_t *votes = pool_array(ear->pool, r->client->n + 1, sizeof *votes);

	for (uint32_t v = 0; v < r->x->conversations; v++) {
		struct held h = { { 0 } };

		for (uint32_t i = r->x->first[v]; i < r->x->first[v + 1]; i++) {
			const struct exchange *e = &r->x->exchange[i];
			bool there = memcmp(&h, &to->held, sizeof h) == 0;

			for (unsigned l = 0; l < LEVELS && there && e->known && e->client != NO_UNIT; l++)
				if (r->client->of[l][e->client] != NO_TEMPLATE)
					votes[r->client->of[l][e->client]] += e->kind == kind ? -1 : 1;
			h = latches_after(latches, h,
			    e->client == NO_UNIT ? r->client->n : r->client->of[LEVEL_FULL][e->client],
			    e->server == NO_UNIT ? NO_TEMPLATE : r->server->of[LEVEL_FULL][e->server]);
		}
	}
	to->otherwise = pool_array(ear->pool, r->client->n + 1, sizeof *to->otherwise);
	for (uint32_t t = 0; t < r->client->n; t++)
		to->otherwise[t] = votes[t] > 0;
}

/* Exchanges that got the answer of what was held before them. */
static void
find_explained(struct manners *m, const struct rules *r, const struct latches *latches)
{
	const struct exchanges *x = r->x;

	for (uint32_t v = 0; v < x->conversations && m->n > 0; v++) {
		struct held h = { { 0 } };

		for (uint32_t i = x->first[v]; i < x->first[v + 1]; i++) {
			const struct exchange *e = &x->exchange[i];
			const struct answer *a = regardless_answer(m, &h);

			m->explained[i] = a != NULL && e->client != NO_UNIT && answer_kind(x, a) == e->kind;
			h = latches_after(latches, h,
			    e->client == NO_UNIT ? r->client->n : r->client->of[LEVEL_FULL][e->client],
			    e->server == NO_UNIT ? NO_TEMPLATE : r->server->of[LEVEL_FULL][e->server]);
		}
	}
}

void
regardless_learn(struct manners *out, struct pool *pool, const struct rules *r,
    const struct latches *latches)
{
	struct ear ear = { .pool = pool, .r = r };

	*out = (struct manners){ .explained = pool_array(pool, r->x->n + 1, sizeof *out->explained) };
	if (latches->n == 0)
		return;
	listen(&ear, latches);
	out->of = pool_array(pool, ear.holds.n + 1, sizeof *out->of);
	for (uint32_t held = 0; held < ear.holds.n; held++) {
		struct regardless *to = &out->of[out->n];

		*to = (struct regardless){ .answer = most_said(&ear, held) };
		memcpy(&to->held, ear.holds.value[held].p, sizeof to->held);
		if (to->answer == NULL || !tells_more(&ear, to, held))
			continue;
		find_otherwise(&ear, to, latches);
		out->n++;
	}
	find_explained(out, r, latches);
}

static void
add_nodes(struct decisions *d, struct pool *pool, uint32_t nclient, const struct regardless *from,
    uint32_t state)
{
	struct choice *choice = pool_alloc(pool, sizeof *choice);
	uint32_t n = d->n;

	*choice = (struct choice){ .answer = from->answer };
	d->node = pool_grow(pool, d->node, d->n, d->n + nclient, sizeof *d->node);
	for (uint32_t t = 0; t < nclient; t++)
		if (!from->otherwise[t] && !d->dropped[t] && decisions_find(d, state, t) == NULL)
			d->node[n++] = (struct node){ .state = state, .client = t, .choice = choice,
				.nchoices = 1, .accuracy = from->share };
	d->n = n;
	decisions_sort(d);
}

void
regardless_decide(struct decisions *d, struct pool *pool, const struct rules *r,
    const struct memory *m, const struct manners *manners)
{
	for (uint32_t i = 0; i < manners->n; i++) {
		const struct regardless *from = &manners->of[i];
		struct history h = { .held = from->held };
		uint32_t tuple[MEMORY_MAX], state;

		memory_tuple(m, &h, tuple);
		state = memory_find(m, tuple + m->order, m->full - m->order);
		if (state != MEMORY_NONE)
			add_nodes(d, pool, r->client->n, from, state);
	}
}

const struct answer *
regardless_answer(const struct manners *manners, const struct held *held)
{
	for (uint32_t i = 0; i < manners->n; i++)
		if (memcmp(&manners->of[i].held, held, sizeof *held) == 0)
			return manners->of[i].answer;
	return NULL;
}
