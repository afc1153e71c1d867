#include "learning/markov.h"

#include <stdlib.h>
#include <string.h>

#include "models/bytes.h"

/* A transition while they are counted: found through a hash table, sorted at the end. */
struct raw_edge {
	uint32_t from, symbol;
	uint64_t count;
};

struct build {
	struct pool *pool;
	struct markov *m;
	uint32_t state_room, edge_room;
	struct raw_edge *edge;
	uint32_t nedges;
	uint32_t *edge_slot;		/* edge numbers + 1 */
	uint32_t nedge_slots;
};

static uint64_t
hash_of(const uint32_t *symbol, uint32_t length)
{
	return span_hash(span_of(symbol, length * sizeof *symbol), length);
}

/* The slot that holds the tuple, or the free one where it belongs. */
static uint32_t
state_slot(const struct markov *m, const uint32_t *symbol, uint32_t length)
{
	uint32_t at = (uint32_t)hash_of(symbol, length) & (m->nslots - 1);

	for (; m->slot[at] != 0; at = (at + 1) & (m->nslots - 1)) {
		const struct markov_state *s = &m->state[m->slot[at] - 1];

		if (s->length == length
		    && (length == 0 || memcmp(s->symbol, symbol, length * sizeof *symbol) == 0))
			break;
	}
	return at;
}

static void
grow_states(struct build *b)
{
	struct markov *m = b->m;
	uint32_t room = MAX(64u, b->state_room * 2);

	m->state = pool_grow(b->pool, m->state, m->nstates, room, sizeof *m->state);
	m->nslots = room * 2;
	m->slot = pool_array(b->pool, m->nslots, sizeof *m->slot);
	for (uint32_t i = 0; i < m->nstates; i++)
		m->slot[state_slot(m, m->state[i].symbol, m->state[i].length)] = i + 1;
	b->state_room = room;
}

static uint32_t
state_add(struct build *b, const uint32_t *symbol, uint32_t length)
{
	struct markov *m = b->m;
	uint32_t at;

	if (m->nstates == b->state_room)
		grow_states(b);
	at = state_slot(m, symbol, length);
	if (m->slot[at] == 0) {
		m->state[m->nstates] = (struct markov_state){ .length = length,
			.symbol = pool_copy(b->pool, symbol, length * sizeof *symbol) };
		m->slot[at] = ++m->nstates;
	}
	m->state[m->slot[at] - 1].count++;
	return m->slot[at] - 1;
}

static uint32_t
edge_slot(const struct build *b, uint32_t from, uint32_t symbol)
{
	uint32_t key[2] = { from, symbol };
	uint32_t at = (uint32_t)hash_of(key, 2) & (b->nedge_slots - 1);

	for (; b->edge_slot[at] != 0; at = (at + 1) & (b->nedge_slots - 1)) {
		const struct raw_edge *e = &b->edge[b->edge_slot[at] - 1];

		if (e->from == from && e->symbol == symbol)
			break;
	}
	return at;
}

static void
edge_add(struct build *b, uint32_t from, uint32_t symbol)
{
	uint32_t at;

	if (b->nedges == b->edge_room) {
		b->edge_room = MAX(64u, b->edge_room * 2);
		b->edge = pool_grow(b->pool, b->edge, b->nedges, b->edge_room, sizeof *b->edge);
		b->nedge_slots = b->edge_room * 2;
		b->edge_slot = pool_array(b->pool, b->nedge_slots, sizeof *b->edge_slot);
		for (uint32_t i = 0; i < b->nedges; i++)
			b->edge_slot[edge_slot(b, b->edge[i].from, b->edge[i].symbol)] = i + 1;
	}
	at = edge_slot(b, from, symbol);
	if (b->edge_slot[at] == 0) {
		b->edge[b->nedges] = (struct raw_edge){ from, symbol, 0 };
		b->edge_slot[at] = ++b->nedges;
	}
	b->edge[b->edge_slot[at] - 1].count++;
}

/* One order over all sequences. padded: START^k, the symbols, END. */
static void
count_order(struct build *b, uint32_t *padded, const struct markov_seq *seqs, size_t nseqs,
    uint32_t length)
{
	uint32_t k = b->m->order;

	for (size_t s = 0; s < nseqs; s++) {
		uint32_t n = seqs[s].n, at;

		if (n > 0)
			memcpy(padded + k, seqs[s].symbol, n * sizeof *padded);
		padded[k + n] = MARKOV_END;
		at = state_add(b, padded + k - length, length);
		for (uint32_t i = 0; i <= n; i++) {
			edge_add(b, at, padded[k + i]);
			/* the empty tuple cannot tell an END behind it */
			if (length > 0 || i < n)
				at = state_add(b, padded + k + i + 1 - length, length);
		}
	}
}

static int
by_from_and_symbol(const void *x, const void *y)
{
	const struct raw_edge *a = x, *b = y;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->symbol > b->symbol) - (a->symbol < b->symbol);
}

static uint32_t
target_of(const struct markov *m, uint32_t from, uint32_t symbol)
{
	const struct markov_state *s = &m->state[from];
	uint32_t tuple[MARKOV_MAX_ORDER + 1], length = s->length, drop;

	if (length > 0)
		memcpy(tuple, s->symbol, length * sizeof *tuple);
	tuple[length++] = symbol;
	drop = length > m->order;
	return markov_state_of(m, tuple + drop, length - drop);
}

static void
link_up(struct build *b)
{
	struct markov *m = b->m;

	if (b->nedges > 0)
		qsort(b->edge, b->nedges, sizeof *b->edge, by_from_and_symbol);
	m->nedges = b->nedges;
	m->edge = pool_array(b->pool, b->nedges, sizeof *m->edge);
	for (uint32_t i = 0; i < b->nedges; i++) {
		const struct raw_edge *e = &b->edge[i];
		struct markov_state *s = &m->state[e->from];

		if (s->nedges++ == 0)
			s->first = i;
		m->edge[i] = (struct markov_edge){ .symbol = e->symbol, .count = e->count,
			.to = target_of(m, e->from, e->symbol) };
	}
	for (uint32_t i = 0; i < m->nstates; i++) {
		struct markov_state *s = &m->state[i];

		s->back = s->length == 0 ? MARKOV_NONE
		    : markov_state_of(m, s->symbol + 1, s->length - 1);
	}
}

void
markov_build(struct markov *m, struct pool *pool, const struct markov_seq *seqs, size_t nseqs,
    uint32_t order)
{
	struct build b = { .pool = pool, .m = m };
	uint32_t longest = 0, *padded, nothing = 0;

	assert(order >= 1 && order <= MARKOV_MAX_ORDER);
	*m = (struct markov){ .order = order };
	for (size_t s = 0; s < nseqs; s++)
		longest = MAX(longest, seqs[s].n);
	padded = pool_array(pool, (size_t)longest + order + 1, sizeof *padded);
	for (uint32_t i = 0; i < order; i++)
		padded[i] = MARKOV_START;
	for (uint32_t length = order + 1; length-- > 0;) {
		count_order(&b, padded, seqs, nseqs, length);
		if (length == order)
			m->nfull = m->nstates;
	}
	if (nseqs == 0) {	/* still one state to stand in */
		state_add(&b, &nothing, 0);
		m->state[0].count = 0;
	}
	link_up(&b);
}

uint32_t
markov_state_of(const struct markov *m, const uint32_t *symbol, uint32_t length)
{
	uint32_t at = m->slot[state_slot(m, symbol, length)];

	return at == 0 ? MARKOV_NONE : at - 1;
}

uint32_t
markov_longest(const struct markov *m, const uint32_t *history, uint32_t n)
{
	uint32_t tuple[MARKOV_MAX_ORDER], k = m->order, have = MIN(n, k), found;

	for (uint32_t i = 0; i < k - have; i++)
		tuple[i] = MARKOV_START;
	if (have > 0)
		memcpy(tuple + k - have, history + n - have, have * sizeof *tuple);
	for (uint32_t drop = 0; drop < k; drop++) {
		found = markov_state_of(m, tuple + drop, k - drop);
		if (found != MARKOV_NONE)
			return found;
	}
	return markov_state_of(m, tuple, 0);
}

const struct markov_edge *
markov_edge_of(const struct markov *m, uint32_t state, uint32_t symbol)
{
	const struct markov_state *s = &m->state[state];
	uint32_t lo = s->first, hi = s->first + s->nedges;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (m->edge[mid].symbol < symbol)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->first + s->nedges && m->edge[lo].symbol == symbol)
		return &m->edge[lo];
	return NULL;
}

void
markov_walk(const struct markov *m, const struct markov_seq *seq, uint32_t *where)
{
	for (uint32_t i = 0; i < seq->n; i++)
		where[i] = markov_longest(m, seq->symbol, i + 1);
}
