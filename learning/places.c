#include "learning/places.h"

#include <stdlib.h>
#include <string.h>

struct finder {
	struct pool *pool;
	const struct memory *m;
	const struct decisions *d;
	struct places *out;
	uint32_t room, turning_room, way_room;
	uint32_t most;		/* ways of a turn, at most */
};

static struct span
tuple_span(const uint32_t *number, uint32_t n)
{
	return span_of(number, n * sizeof *number);
}

/* Symbols that a decision asks for, and what must be remembered to have them then. */
static void
keep_symbols(struct finder *f)
{
	uint32_t nlatches = f->m->latches->n;

	intern_init(&f->out->kept, f->pool);
	for (uint32_t i = 0; i < f->d->n; i++) {
		const struct memory_state *s = &f->m->state[f->d->node[i].state];

		for (uint32_t n = s->lone ? 1 : s->length - MIN(s->length, nlatches); n > 0; n -= MIN(n, 2u))
			intern_add(&f->out->kept, tuple_span(s->number, n));
	}
}

/* How many of the recent symbols make a difference. */
static uint32_t
kept_of(const struct places *p, const struct history *h)
{
	uint32_t k = p->m->order, n = k;

	while (n > 0 && intern_find(&p->kept, tuple_span(h->recent + k - n, n)) == INTERN_NONE)
		n--;
	return n;
}

static uint32_t
add_place(struct finder *f, const struct history *h, uint32_t nrecent)
{
	struct places *out = f->out;
	uint32_t tuple[MEMORY_MAX], n = f->m->latches->n, id;
	struct history shorter;

	memory_tuple(f->m, h, tuple);
	id = intern_find(&f->out->tuples, tuple_span(tuple + f->m->order - nrecent, nrecent + n));
	if (id != INTERN_NONE)
		return id;
	if (nrecent > 0 && out->n >= PLACES_MAX)
		return add_place(f, h, 0);
	id = intern_add(&f->out->tuples, tuple_span(pool_copy(f->pool, tuple + f->m->order - nrecent,
	    (nrecent + n) * sizeof *tuple + 1), nrecent + n));
	if (out->n == f->room) {
		f->room = MAX(64u, f->room * 2);
		out->place = pool_grow(f->pool, out->place, out->n, f->room, sizeof *out->place);
	}
	out->place[out->n++] = (struct place){ .history = *h, .nrecent = nrecent, .back = MEMORY_NONE };
	for (uint32_t i = 0; i < f->m->order - nrecent; i++)
		out->place[id].history.recent[i] = MEMORY_NONE;
	if (nrecent > 0) {
		uint32_t back;

		shorter = out->place[id].history;
		shorter.recent[f->m->order - nrecent] = MEMORY_NONE;
		back = add_place(f, &shorter, kept_of(out, &shorter));
		out->place[id].back = back;
	}
	return id;
}

static uint32_t
place_of(struct finder *f, const struct history *h)
{
	return add_place(f, h, kept_of(f->out, h));
}

/* Does what latches hold decide, in one of these states or one that they back off to? The last is that of no numbers. */
static bool
held_decides(const struct finder *f, const uint32_t *state, uint32_t client)
{
	while (f->m->state[*state].length > 0)
		if (decisions_find(f->d, *state++, client) != NULL)
			return true;
	return false;
}

/*
 * All that may be answered to a template after a history: what each longer part of it decides,
 * then each shorter one, up to an answer that is for anybody.
 */
static uint32_t
ways_after(struct finder *f, const struct place *p, uint32_t client, struct way *way)
{
	uint32_t tuple[MEMORY_MAX], chain[MEMORY_CHAIN], chained, n = 0;

	memory_tuple(f->m, &p->history, tuple);
	chained = memory_chain(f->m, tuple, p->nrecent, chain);
	for (uint32_t k = 0; k < chained; k++) {
		const struct node *nd = decisions_find(f->d, chain[k], client);

		if (f->m->state[chain[k]].lone && held_decides(f, &chain[k + 1], client))
			continue;

		for (uint32_t c = 0; nd != NULL && c < nd->nchoices; c++) {
			way[n++] = (struct way){ nd, &nd->choice[c], 0 };
			if (!nd->choice[c].guarded)
				return n;
		}
	}
	return n;
}

/* Where the ways lead to from a place. */
static void
lead_on(struct finder *f, uint32_t place, uint32_t client, struct way *way, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct answer *a = way[i].choice->answer;
		struct history h = memory_step(f->m, &f->out->place[place].history, client,
		    a == NULL ? NO_TEMPLATE : a->server);

		way[i].next = place_of(f, &h);
	}
}

static bool
same_ways(const struct way *a, uint32_t na, const struct way *b, uint32_t nb)
{
	bool same = na == nb;

	for (uint32_t i = 0; same && i < na; i++)
		same = a[i].choice == b[i].choice && a[i].next == b[i].next;
	return same;
}

static void
add_turning(struct finder *f, uint32_t place, uint32_t client, const struct way *way, uint32_t n)
{
	struct places *out = f->out;

	if (out->nturnings == f->turning_room) {
		f->turning_room = MAX(256u, f->turning_room * 2);
		out->turning = pool_grow(f->pool, out->turning, out->nturnings, f->turning_room,
		    sizeof *out->turning);
	}
	if (out->nways + n > f->way_room) {
		f->way_room = MAX(f->way_room * 2, out->nways + n);
		out->way = pool_grow(f->pool, out->way, out->nways, f->way_room, sizeof *out->way);
	}
	memcpy(out->way + out->nways, way, n * sizeof *way);
	out->turning[out->nturnings++] = (struct turning){ client, out->nways, n };
	out->nways += n;
	out->place[place].n++;
}

static void
fill_place(struct finder *f, uint32_t place, struct way *way, struct way *shorter)
{
	struct places *out = f->out;
	struct place *p = &out->place[place];
	uint32_t tuple[MEMORY_MAX], state, back = p->back;

	memory_tuple(f->m, &p->history, tuple);
	state = memory_find(f->m, tuple + f->m->order - p->nrecent, p->nrecent + f->m->latches->n);
	p->support = state == MEMORY_NONE ? 0 : f->m->state[state].count;
	p->first = out->nturnings;
	for (uint32_t t = 0; t <= f->m->nclient; t++) {
		uint32_t n = ways_after(f, &out->place[place], t, way), m;

		lead_on(f, place, t, way, n);
		if (back != MEMORY_NONE) {
			m = ways_after(f, &out->place[back], t, shorter);
			lead_on(f, back, t, shorter, m);
			if (same_ways(way, n, shorter, m))
				continue;
		}
		if (n > 0)
			add_turning(f, place, t, way, n);
	}
}

void
places_find(struct places *out, struct pool *pool, const struct memory *m,
    const struct decisions *d)
{
	struct finder f = { .pool = pool, .m = m, .d = d, .out = out };
	struct history start = memory_start(m);
	uint32_t most = 1;
	struct way *way, *shorter;

	*out = (struct places){ .m = m };
	intern_init(&out->tuples, pool);
	keep_symbols(&f);
	for (uint32_t i = 0; i < d->n; i++)
		most = MAX(most, d->node[i].nchoices);
	way = pool_array(pool, (size_t)most * MEMORY_CHAIN, sizeof *way);
	shorter = pool_array(pool, (size_t)most * MEMORY_CHAIN, sizeof *shorter);
	place_of(&f, &start);
	for (uint32_t p = 0; p < out->n; p++)	/* filling one finds others */
		fill_place(&f, p, way, shorter);
}

uint32_t
places_after(const struct places *p, uint32_t place, uint32_t client, uint32_t server)
{
	struct history h = memory_step(p->m, &p->place[place].history, client, server);
	uint32_t tuple[MEMORY_MAX], nlatches = p->m->latches->n, id = INTERN_NONE;

	memory_tuple(p->m, &h, tuple);
	for (uint32_t n = kept_of(p, &h) + 1; id == INTERN_NONE && n-- > 0;)
		id = intern_find(&p->tuples, tuple_span(tuple + p->m->order - n, n + nlatches));
	return id == INTERN_NONE ? place : id;
}
