#include "learning/dfa.h"

#include <stdlib.h>

/*
 * Hopcroft's refinement in the form of Valmari and Lehtinen (STACS 2008): not only the
 * states are partitioned but also the edges, so that missing edges cost nothing.
 * A set of a partition is item[first .. end); marked members stand at its front.
 */
struct partition {
	uint32_t nsets;
	uint32_t *item, *at;		/* item[at[x]] = x */
	uint32_t *set;			/* of an item */
	uint32_t *first, *end, *marked;
};

static void
partition_init(struct partition *p, struct pool *pool, uint32_t n)
{
	p->item = pool_array(pool, n, sizeof *p->item);
	p->at = pool_array(pool, n, sizeof *p->at);
	p->set = pool_array(pool, n, sizeof *p->set);
	p->first = pool_array(pool, (size_t)n + 1, sizeof *p->first);
	p->end = pool_array(pool, (size_t)n + 1, sizeof *p->end);
	p->marked = pool_array(pool, (size_t)n + 1, sizeof *p->marked);
	p->nsets = n > 0;
	p->end[0] = n;
	for (uint32_t i = 0; i < n; i++)
		p->item[i] = p->at[i] = i;
}

/* Marks an item; the sets touched are collected on a stack. */
static void
partition_mark(struct partition *p, uint32_t x, uint32_t *touched, uint32_t *ntouched)
{
	uint32_t s = p->set[x], from = p->at[x], to = p->first[s] + p->marked[s], other;

	if (from < to)
		return;		/* already */
	if (p->marked[s]++ == 0)
		touched[(*ntouched)++] = s;
	other = p->item[to];
	p->item[to] = x;
	p->at[x] = to;
	p->item[from] = other;
	p->at[other] = from;
}

/* Splits the touched sets; the smaller half gets the new number. */
static void
partition_split(struct partition *p, const uint32_t *touched, uint32_t *ntouched)
{
	while (*ntouched > 0) {
		uint32_t s = touched[--*ntouched], fresh = p->nsets;
		uint32_t cut = p->first[s] + p->marked[s];

		if (cut < p->end[s]) {
			if (p->marked[s] <= p->end[s] - cut) {
				p->first[fresh] = p->first[s];
				p->end[fresh] = p->first[s] = cut;
			} else {
				p->end[fresh] = p->end[s];
				p->first[fresh] = p->end[s] = cut;
			}
			p->marked[fresh] = 0;
			for (uint32_t i = p->first[fresh]; i < p->end[fresh]; i++)
				p->set[p->item[i]] = fresh;
			p->nsets++;
		}
		p->marked[s] = 0;
	}
}

/* Edges with their two ends, and for every state the edges that come in. */
struct wires {
	uint32_t n;
	uint32_t *tail, *symbol, *head;
	uint32_t *in_first, *in;
};

static void
incoming(struct wires *w, struct pool *pool, uint32_t nstates)
{
	uint32_t *next;

	w->in_first = pool_array(pool, (size_t)nstates + 1, sizeof *w->in_first);
	w->in = pool_array(pool, w->n, sizeof *w->in);
	next = pool_array(pool, (size_t)nstates + 1, sizeof *next);
	for (uint32_t e = 0; e < w->n; e++)
		w->in_first[w->head[e] + 1]++;
	for (uint32_t s = 0; s < nstates; s++)
		next[s + 1] = w->in_first[s + 1] += w->in_first[s];
	for (uint32_t e = 0; e < w->n; e++)
		w->in[next[w->head[e]]++] = e;
}

static void
wires_init(struct wires *w, struct pool *pool, const struct dfa *d, const uint8_t *useful)
{
	uint32_t n = 0;

	w->tail = pool_array(pool, d->nedges, sizeof *w->tail);
	w->symbol = pool_array(pool, d->nedges, sizeof *w->symbol);
	w->head = pool_array(pool, d->nedges, sizeof *w->head);
	for (uint32_t s = 0; s < d->nstates; s++) {
		for (uint32_t e = d->first[s]; e < d->first[s + 1]; e++) {
			uint32_t to = d->edge[e].to;

			if (to == DFA_DEAD || (useful && !(useful[s] && useful[to])))
				continue;
			w->tail[n] = s;
			w->symbol[n] = d->edge[e].symbol;
			w->head[n++] = to;
		}
	}
	w->n = n;
	incoming(w, pool, d->nstates);
}

/* useful[s]: reachable from the start, and something accepted is reachable from s. */
static uint8_t *
useful_states(struct pool *pool, const struct dfa *d)
{
	uint8_t *seen = pool_array(pool, d->nstates, 1), *useful = pool_array(pool, d->nstates, 1);
	uint32_t *stack = pool_array(pool, d->nstates, sizeof *stack), n = 0;
	struct wires w;

	if (d->start != DFA_DEAD) {
		seen[d->start] = 1;
		stack[n++] = d->start;
	}
	while (n > 0) {
		uint32_t s = stack[--n];

		for (uint32_t e = d->first[s]; e < d->first[s + 1]; e++) {
			uint32_t to = d->edge[e].to;

			if (to != DFA_DEAD && !seen[to]) {
				seen[to] = 1;
				stack[n++] = to;
			}
		}
	}
	wires_init(&w, pool, d, NULL);
	for (uint32_t s = 0; s < d->nstates; s++) {
		if (d->accept[s] && seen[s]) {
			useful[s] = 1;
			stack[n++] = s;
		}
	}
	while (n > 0) {
		uint32_t s = stack[--n];

		for (uint32_t i = w.in_first[s]; i < w.in_first[s + 1]; i++) {
			uint32_t from = w.tail[w.in[i]];

			if (seen[from] && !useful[from]) {
				useful[from] = 1;
				stack[n++] = from;
			}
		}
	}
	return useful;
}

struct labelled {
	uint32_t symbol, edge;
};

static int
by_symbol(const void *x, const void *y)
{
	const struct labelled *a = x, *b = y;

	if (a->symbol != b->symbol)
		return a->symbol < b->symbol ? -1 : 1;
	return (a->edge > b->edge) - (a->edge < b->edge);
}

/* The first partition of the edges: by symbol. */
static void
cords_init(struct partition *p, struct pool *pool, const struct wires *w)
{
	struct labelled *order = pool_array(pool, w->n, sizeof *order);
	uint32_t set = 0;

	partition_init(p, pool, w->n);
	if (w->n == 0)
		return;
	for (uint32_t e = 0; e < w->n; e++)
		order[e] = (struct labelled){ w->symbol[e], e };
	qsort(order, w->n, sizeof *order, by_symbol);
	for (uint32_t i = 0; i < w->n; i++) {
		if (i > 0 && order[i].symbol != order[i - 1].symbol) {
			p->end[set++] = i;
			p->first[set] = i;
		}
		p->item[i] = order[i].edge;
		p->at[order[i].edge] = i;
		p->set[order[i].edge] = set;
	}
	p->end[set] = w->n;
	p->nsets = set + 1;
}

static void
refine(struct partition *blocks, struct partition *cords, const struct wires *w,
    uint32_t *touched)
{
	uint32_t b = 1, ntouched = 0;

	for (uint32_t c = 0; c < cords->nsets; c++) {
		for (uint32_t i = cords->first[c]; i < cords->end[c]; i++)
			partition_mark(blocks, w->tail[cords->item[i]], touched, &ntouched);
		partition_split(blocks, touched, &ntouched);
		for (; b < blocks->nsets; b++) {
			for (uint32_t i = blocks->first[b]; i < blocks->end[b]; i++) {
				uint32_t s = blocks->item[i];

				for (uint32_t k = w->in_first[s]; k < w->in_first[s + 1]; k++)
					partition_mark(cords, w->in[k], touched, &ntouched);
			}
			partition_split(cords, touched, &ntouched);
		}
	}
}

/* New numbers by the smallest old state; the edges of that state stand for the class. */
static void
collect(struct dfa *out, uint32_t *map, struct pool *pool, const struct dfa *d,
    const struct partition *blocks, const uint8_t *useful)
{
	uint32_t *number = pool_array(pool, blocks->nsets, sizeof *number);
	uint32_t *leader = pool_array(pool, blocks->nsets, sizeof *leader);

	*out = (struct dfa){ .start = DFA_DEAD };
	for (uint32_t s = 0; s < d->nstates; s++) {
		map[s] = DFA_DEAD;
		if (!useful[s])
			continue;
		if (number[blocks->set[s]] == 0) {
			leader[out->nstates] = s;
			number[blocks->set[s]] = ++out->nstates;
		}
		map[s] = number[blocks->set[s]] - 1;
	}
	out->first = pool_array(pool, (size_t)out->nstates + 1, sizeof *out->first);
	out->accept = pool_array(pool, out->nstates, 1);
	out->edge = pool_array(pool, d->nedges, sizeof *out->edge);
	if (d->start != DFA_DEAD)
		out->start = map[d->start];
	for (uint32_t q = 0; q < out->nstates; q++) {
		uint32_t s = leader[q];

		out->accept[q] = d->accept[s];
		out->first[q] = out->nedges;
		for (uint32_t e = d->first[s]; e < d->first[s + 1]; e++) {
			if (d->edge[e].to == DFA_DEAD || map[d->edge[e].to] == DFA_DEAD)
				continue;
			out->edge[out->nedges++] = (struct dfa_edge){
				d->edge[e].symbol, map[d->edge[e].to] };
		}
	}
	out->first[out->nstates] = out->nedges;
}

void
dfa_minimize(struct dfa *out, uint32_t *map, struct pool *pool, const struct dfa *d)
{
	uint8_t *useful = useful_states(pool, d);
	uint32_t room = MAX(d->nstates, d->nedges) + 1, ntouched = 0;
	uint32_t *touched = pool_array(pool, room, sizeof *touched);
	struct partition blocks, cords;
	struct wires w;

	wires_init(&w, pool, d, useful);
	partition_init(&blocks, pool, d->nstates);
	/* useless states have no edges left; they only must not share a class with others */
	for (uint32_t s = 0; s < d->nstates; s++) {
		if (!useful[s])
			partition_mark(&blocks, s, touched, &ntouched);
	}
	partition_split(&blocks, touched, &ntouched);
	for (uint32_t s = 0; s < d->nstates; s++) {
		if (useful[s] && d->accept[s])
			partition_mark(&blocks, s, touched, &ntouched);
	}
	partition_split(&blocks, touched, &ntouched);
	cords_init(&cords, pool, &w);
	/*
	 * Valmari and Lehtinen may skip one block when the edges are first split by symbol;
	 * refine() starts at block 1 for that.
	 */
	refine(&blocks, &cords, &w, touched);
	collect(out, map, pool, d, &blocks, useful);
}

uint32_t
dfa_step(const struct dfa *d, uint32_t state, uint32_t symbol)
{
	uint32_t lo, hi;

	if (state == DFA_DEAD)
		return DFA_DEAD;
	lo = d->first[state];
	hi = d->first[state + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (d->edge[mid].symbol == symbol)
			return d->edge[mid].to;
		if (d->edge[mid].symbol < symbol)
			lo = mid + 1;
		else
			hi = mid;
	}
	return DFA_DEAD;
}

void
dfa_of_markov(struct dfa *d, struct pool *pool, const struct markov *m)
{
	*d = (struct dfa){ .nstates = m->nfull, .start = m->nfull > 0 ? 0 : DFA_DEAD };
	d->first = pool_array(pool, (size_t)d->nstates + 1, sizeof *d->first);
	d->accept = pool_array(pool, d->nstates, 1);
	for (uint32_t s = 0; s < d->nstates; s++)
		d->first[s + 1] = d->first[s] + m->state[s].nedges;
	d->nedges = d->first[d->nstates];
	d->edge = pool_array(pool, d->nedges, sizeof *d->edge);
	for (uint32_t s = 0; s < d->nstates; s++) {
		const struct markov_state *from = &m->state[s];

		d->accept[s] = from->symbol[m->order - 1] == MARKOV_END;
		for (uint32_t e = 0; e < from->nedges; e++) {
			const struct markov_edge *edge = &m->edge[from->first + e];

			d->edge[d->first[s] + e] = (struct dfa_edge){ edge->symbol, edge->to };
		}
	}
}
