#include "learning/memory.h"

#include <string.h>

static struct span
tuple_span(const uint32_t *number, uint32_t n)
{
	return span_of(number, n * sizeof *number);
}

void
memory_tuple(const struct memory *m, const struct history *h, uint32_t *to)
{
	memcpy(to, h->recent, m->order * sizeof *to);
	for (uint32_t l = 0; l < m->latches->n; l++)
		to[m->full - 1 - l] = h->held.value[l];
}

struct history
memory_start(const struct memory *m)
{
	struct history h = { 0 };

	for (uint32_t i = 0; i < m->order; i++)
		h.recent[i] = MEMORY_START;
	return h;
}

struct history
memory_step(const struct memory *m, const struct history *h, uint32_t client, uint32_t server)
{
	uint32_t all[MEMORY_MAX_ORDER + 2];
	struct history after;

	memcpy(all, h->recent, m->order * sizeof *all);
	all[m->order] = client < m->nclient ? m->symbols.client[client] : m->symbols.connect;
	all[m->order + 1] = server == NO_TEMPLATE ? m->symbols.silence : m->symbols.server[server];
	memcpy(after.recent, all + 2, m->order * sizeof *all);
	after.held = latches_after(m->latches, h->held, client, server);
	return after;
}

uint32_t
memory_find(const struct memory *m, const uint32_t *number, uint32_t length)
{
	uint32_t id = intern_find(&m->tuples, tuple_span(number, length));

	return id == INTERN_NONE ? MEMORY_NONE : id;
}

static uint32_t
find_lone(const struct memory *m, uint32_t symbol)
{
	return memory_find(m, (const uint32_t[]){ symbol, MEMORY_ANY }, 2);
}

uint32_t
memory_chain(const struct memory *m, const uint32_t *tuple, uint32_t nrecent, uint32_t *to)
{
	uint32_t n = 0;

	for (uint32_t drop = m->order - nrecent; drop <= m->full; drop++) {
		uint32_t state = memory_find(m, tuple + drop, m->full - drop);
		uint32_t lone = drop + 1 == m->order && nrecent > 0 ? find_lone(m, tuple[m->order - 1])
		    : MEMORY_NONE;

		if (state != MEMORY_NONE)
			to[n++] = state;
		if (lone != MEMORY_NONE)
			to[n++] = lone;
	}
	return n;
}

/* The tuples that exchanges came in, m->full numbers each. */
static uint32_t *
all_tuples(const struct memory *m, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server)
{
	uint32_t *all = pool_array(pool, (size_t)x->n * m->full + 1, sizeof *all);

	for (uint32_t v = 0; v < x->conversations; v++) {
		struct history h = memory_start(m);

		for (uint32_t i = x->first[v]; i < x->first[v + 1]; i++) {
			const struct exchange *e = &x->exchange[i];

			memory_tuple(m, &h, all + (size_t)i * m->full);
			h = memory_step(m, &h,
			    e->client == NO_UNIT ? client->n : client->of[LEVEL_FULL][e->client],
			    e->server == NO_UNIT ? NO_TEMPLATE : server->of[LEVEL_FULL][e->server]);
		}
	}
	return all;
}

static void
add_state(struct memory *m, const uint32_t *number, uint32_t length)
{
	uint32_t id = intern_add(&m->tuples, tuple_span(number, length));

	if (id == m->nstates) {
		if (m->nstates == m->room) {
			m->room = MAX(1024u, m->room * 2);
			m->state = pool_grow(m->tuples.pool, m->state, m->nstates, m->room,
			    sizeof *m->state);
		}
		m->state[m->nstates++] = (struct memory_state){ .number = number, .length = length };
	}
	m->state[id].count++;
}

static void
add_lone(struct memory *m, uint32_t symbol)
{
	uint32_t *number = pool_array(m->tuples.pool, 2, sizeof *number);

	number[0] = symbol;
	number[1] = MEMORY_ANY;
	add_state(m, number, 2);
}

/* What a state backs off to, and how many stand behind it. */
static void
place_in_chain(const struct memory *m, struct memory_state *st)
{
	st->lone = st->length == 2 && st->number[1] == MEMORY_ANY;
	st->rank = st->lone ? m->latches->n + 1
	    : st->length + (st->length > m->latches->n && m->latches->n > 0);
	st->back = st->length == 0 ? MEMORY_NONE
	    : memory_find(m, st->number + 1, st->lone ? 0 : st->length - 1);
}

void
memory_build(struct memory *m, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server, const struct symbols *names,
    const struct latches *latches, uint32_t order, uint32_t *before)
{
	uint32_t *all;

	assert(order <= MEMORY_MAX_ORDER);
	*m = (struct memory){ .order = order, .full = order + latches->n, .latches = latches,
		.symbols = *names, .nclient = client->n };
	intern_init(&m->tuples, pool);
	all = all_tuples(m, pool, x, client, server);
	for (uint32_t drop = 0; drop <= m->full; drop++)
		for (uint32_t i = 0; i < x->n; i++)
			add_state(m, all + (size_t)i * m->full + drop, m->full - drop);
	for (uint32_t i = 0; i < x->n && latches->n > 0 && order > 0; i++)
		add_lone(m, all[(size_t)i * m->full + order - 1]);
	if (x->n == 0)		/* still one state to stand in */
		add_state(m, all, 0);
	for (uint32_t s = 0; s < m->nstates; s++)
		place_in_chain(m, &m->state[s]);
	for (uint32_t i = 0; i < x->n; i++)
		before[i] = intern_find(&m->tuples, tuple_span(all + (size_t)i * m->full, m->full));
}

void
memory_before(const struct memory *m, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server, uint32_t *before)
{
	const uint32_t *all = all_tuples(m, pool, x, client, server);

	for (uint32_t i = 0; i < x->n; i++)
		before[i] = memory_find(m, all + (size_t)i * m->full, m->full);
}
