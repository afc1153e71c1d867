#include "models/automaton.h"

#include <stdlib.h>

#include "models/minimise.h"
#include "models/position.h"

/* What one attempt may use; more counts as over the budget. */
enum {
	RAW_STATES = 2 * AUTOMATON_STATES,	/* before minimising */
	RAW_EDGES = 6 << 20,
	RAW_ITEMS = 24 << 20,			/* positions in all states together */
};

struct builder {
	const struct text *t;
	struct positions p;

	uint32_t *item;		/* positions of the raw states, sorted inside each */
	size_t nitem, item_room;
	size_t *from;		/* state -> its first item; [nstates + 1] */
	uint32_t nstates;
	uint32_t *table;	/* hash of states, open addressing */
	struct edge *edge;
	uint32_t nedges, edge_room;
	uint32_t *bucket[256];	/* targets per class while a state is expanded */
	uint32_t bucket_n[256], bucket_room[256];
};

enum { TABLE = 1 << 18 };	/* more than RAW_STATES */

static bool
room_for(void *array, size_t *room, size_t need, size_t each)
{
	void **a = array, *grown;
	size_t n = MAX(*room, 64u);

	if (need <= *room)
		return true;
	while (n < need)
		n *= 2;
	grown = realloc(*a, n * each);
	if (grown == NULL)
		return false;
	*a = grown;
	*room = n;
	return true;
}

static int
bucket_add(struct builder *b, uint32_t c, uint32_t p)
{
	/* a position, and all that it reaches without a byte */
	for (;;) {
		if (b->bucket_n[c] == b->bucket_room[c]) {
			size_t room = b->bucket_room[c];

			if (!room_for(&b->bucket[c], &room, room + 1, sizeof **b->bucket))
				return -ENOMEM;
			b->bucket_room[c] = (uint32_t)room;
		}
		b->bucket[c][b->bucket_n[c]++] = p;
		if (b->p.pos[p].kind == STAR)
			p++;
		else if (b->p.pos[p].kind == OPT)
			p = b->p.pos[p].jump;
		else
			return 0;
	}
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t
sort_unique(uint32_t *a, uint32_t n)
{
	uint32_t kept = 0;
	bool sorted = true;

	for (uint32_t i = 1; i < n && sorted; i++)
		sorted = a[i - 1] <= a[i];
	if (!sorted)
		qsort(a, n, sizeof *a, by_number);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || a[i] != a[kept - 1])
			a[kept++] = a[i];
	return kept;
}

/* The raw state of these positions; -ENOMEM or OVER_BUDGET. */
static int64_t
intern_state(struct builder *b, const uint32_t *p, uint32_t n)
{
	struct span key = span_of(p, (size_t)n * sizeof *p);
	uint32_t at = (uint32_t)span_hash(key, 0) & (TABLE - 1);

	for (; b->table[at] != 0; at = (at + 1) & (TABLE - 1)) {
		uint32_t s = b->table[at] - 1;

		if (b->from[s + 1] - b->from[s] == n &&
		    memcmp(b->item + b->from[s], p, key.n) == 0)
			return s;
	}
	if (b->nstates == RAW_STATES || b->nitem + n > RAW_ITEMS)
		return OVER_BUDGET;
	if (!room_for(&b->item, &b->item_room, b->nitem + n, sizeof *b->item))
		return -ENOMEM;
	if (n > 0)	/* the dead state has no positions, perhaps no memory yet */
		memcpy(b->item + b->nitem, p, key.n);
	b->nitem += n;
	b->table[at] = ++b->nstates;
	b->from[b->nstates] = b->nitem;
	return b->nstates - 1;
}

/* A count: each leads to so many positions before the end of its run. */
static int
expand_count(struct builder *b, const struct position *p)
{
	int err = 0;

	for (uint32_t v = 0; v < 256 && err == 0; v++)
		if (b->p.set[p->set][v / 8] >> v % 8 & 1)
			err = bucket_add(b, b->p.cls[v], p->jump - v);
	return err;
}

static int
expand(struct builder *b, uint32_t s)
{
	int err = 0;

	memset(b->bucket_n, 0, sizeof b->bucket_n);
	for (size_t i = b->from[s]; i < b->from[s + 1] && err == 0; i++) {
		const struct position *p = &b->p.pos[b->item[i]];
		const uint16_t *list = b->p.classes + (size_t)p->set * 257;

		if (p->kind == END)
			continue;
		if (p->kind == COUNT) {
			err = expand_count(b, p);
			continue;
		}
		for (uint32_t k = 1; k <= list[0] && err == 0; k++)
			err = bucket_add(b, list[k], b->item[i] + (p->kind != STAR));
	}
	for (uint32_t c = 0; c < b->p.nclasses && err == 0; c++) {
		int64_t to;
		size_t room = b->edge_room;

		if (b->bucket_n[c] == 0)
			continue;
		to = intern_state(b, b->bucket[c], sort_unique(b->bucket[c], b->bucket_n[c]));
		if (to < 0)
			return (int)to;
		if (b->nedges == RAW_EDGES)
			return OVER_BUDGET;
		if (!room_for(&b->edge, &room, b->nedges + 1, sizeof *b->edge))
			return -ENOMEM;
		b->edge_room = (uint32_t)room;
		b->edge[b->nedges++] = (struct edge){ .from = s, .to = (uint32_t)to, .label = c };
	}
	return err;
}

/* Raw states of the n templates that are worth most. */
static int
determinise(struct builder *b, uint32_t n)
{
	int64_t first;
	int err = 0;

	memset(b->table, 0, TABLE * sizeof *b->table);
	b->nstates = b->nedges = 0;
	b->nitem = 0;
	b->from[0] = 0;
	b->bucket_n[0] = 0;
	for (uint32_t i = 0; i < n && err == 0; i++)
		err = bucket_add(b, 0, b->p.row[b->p.worth[i]]);
	if (err < 0)
		return err;
	first = intern_state(b, b->bucket[0], sort_unique(b->bucket[0], b->bucket_n[0]));
	if (first < 0)
		return (int)first;
	for (uint32_t s = 0; s < b->nstates && err == 0; s++)
		err = expand(b, s);
	return err;
}

/* The template with the most support of those alive in raw state s, the first among equals, + 1. */
static uint32_t
nearest(const struct builder *b, uint32_t s)
{
	uint32_t lo = 0, best = 0;

	for (size_t i = b->from[s]; i < b->from[s + 1]; i++) {
		uint32_t hi = b->t->ntemplate, p = b->item[i];

		if (best > 0 && p < b->p.row[lo + 1])
			continue;	/* the same template as the position before */
		while (hi - lo > 1) {	/* row[lo] <= p < row[hi] */
			uint32_t mid = lo + (hi - lo) / 2;

			*(b->p.row[mid] <= p ? &lo : &hi) = mid;
		}
		if (best == 0 || b->t->template[lo].support > b->t->template[best - 1].support)
			best = lo + 1;
	}
	return best;
}

/* What tells raw states apart: the templates that end here, and the nearest. */
struct output {
	uint32_t accept;	/* into the list of lists */
	uint32_t near;
	uint32_t state;
};

static int
by_output(const void *a, const void *b)
{
	const struct output *x = a, *y = b;

	if (x->accept != y->accept)
		return x->accept < y->accept ? -1 : 1;
	if (x->near != y->near)
		return x->near < y->near ? -1 : 1;
	return (x->state > y->state) - (x->state < y->state);
}

/* Where the list of the templates that end in raw state s starts in a->list, or -ENOMEM. */
static int64_t
intern_list(struct automaton *a, size_t *room, uint32_t *table, struct builder *b, uint32_t s)
{
	uint32_t n = 0, h;

	for (size_t i = b->from[s]; i < b->from[s + 1]; i++)
		n += b->p.pos[b->item[i]].kind == END;
	if (n == 0)
		return 0;
	if (!room_for(&a->list, room, (size_t)a->nlist + n + 1, sizeof *a->list))
		return -ENOMEM;
	a->list[a->nlist] = (uint16_t)n;
	n = 0;
	for (size_t i = b->from[s]; i < b->from[s + 1]; i++)
		if (b->p.pos[b->item[i]].kind == END)
			a->list[a->nlist + ++n] = (uint16_t)b->p.pos[b->item[i]].jump;
	h = (uint32_t)span_hash(span_of(a->list + a->nlist, (n + 1) * 2), 0) & (TABLE - 1);
	for (; table[h] != 0; h = (h + 1) & (TABLE - 1))
		if (memcmp(a->list + table[h], a->list + a->nlist, (n + 1) * 2) == 0)
			return table[h];
	table[h] = a->nlist;
	a->nlist += n + 1;
	return table[h];
}

static int
outputs(struct automaton *a, struct builder *b, struct output *out)
{
	size_t room = 0;
	int err = 0;

	memset(b->table, 0, TABLE * sizeof *b->table);	/* done with the states: now of lists */
	if (!room_for(&a->list, &room, 1, sizeof *a->list))
		return -ENOMEM;
	a->list[0] = 0;
	a->nlist = 1;
	for (uint32_t s = 0; s < b->nstates && err == 0; s++) {
		int64_t at = intern_list(a, &room, b->table, b, s);

		out[s] = (struct output){
			.accept = (uint32_t)at,
			.near = nearest(b, s),
			.state = s,
		};
		err = at < 0 ? (int)at : 0;
	}
	return err;
}

/* Blocks become states 1.. in the order a breadth-first walk from the start meets them. */
static int
number_and_fill(struct automaton *a, struct builder *b, const struct output *out,
    const uint32_t *block, uint32_t nblocks)
{
	uint32_t *number = calloc((size_t)nblocks + 1, sizeof *number);
	uint32_t n = AUTOMATON_START;

	a->nstates = nblocks + 1;
	a->nclasses = b->p.nclasses;
	memcpy(a->cls, b->p.cls, sizeof a->cls);
	a->next = calloc((size_t)a->nstates * a->nclasses, sizeof *a->next);
	a->accept = calloc(a->nstates, sizeof *a->accept);
	a->near = calloc(a->nstates, sizeof *a->near);
	if (number == NULL || a->next == NULL || a->accept == NULL || a->near == NULL) {
		free(number);
		return -ENOMEM;
	}
	/* raw states and their edges already are in breadth-first order */
	for (uint32_t s = 0; s < b->nstates; s++)
		if (number[block[s]] == 0)
			number[block[s]] = n++;
	for (uint32_t s = 0; s < b->nstates; s++) {
		a->accept[number[block[s]]] = out[s].accept;
		a->near[number[block[s]]] = (uint16_t)out[s].near;
	}
	for (uint32_t e = 0; e < b->nedges; e++)
		a->next[(size_t)number[block[b->edge[e].from]] * a->nclasses + b->edge[e].label] =
		    (uint16_t)number[block[b->edge[e].to]];
	free(number);
	return 0;
}

/*
 * Numbers in the order of a walk that goes on as far as it can before it turns back: what a message passes one after
 * the other stands side by side in memory.
 */
static int
walk(const struct automaton *a, uint16_t *number)
{
	struct { uint16_t state, class; } *way = calloc(a->nstates, sizeof *way);
	uint32_t depth = 1, n = AUTOMATON_START;

	if (way == NULL)
		return -ENOMEM;
	way[0].state = AUTOMATON_START;
	number[AUTOMATON_START] = (uint16_t)n++;
	while (depth > 0) {
		uint16_t to = 0, s = way[depth - 1].state;

		while (way[depth - 1].class < a->nclasses && (to == AUTOMATON_DEAD || number[to] != 0))
			to = a->next[(size_t)s * a->nclasses + way[depth - 1].class++];
		if (to == AUTOMATON_DEAD || number[to] != 0) {
			depth--;
			continue;
		}
		number[to] = (uint16_t)n++;
		way[depth].state = to;
		way[depth++].class = 0;
	}
	free(way);
	return 0;
}

static int
renumber(struct automaton *a)
{
	uint16_t *number = calloc(a->nstates, sizeof *number);
	struct automaton to = { .next = calloc((size_t)a->nstates * a->nclasses, sizeof *a->next),
		.accept = calloc(a->nstates, sizeof *a->accept), .near = calloc(a->nstates, sizeof *a->near) };
	int err = -ENOMEM;

	if (number != NULL && to.next != NULL && to.accept != NULL && to.near != NULL)
		err = walk(a, number);
	for (uint32_t s = AUTOMATON_START; s < a->nstates && err == 0; s++) {
		uint16_t *row = to.next + (size_t)number[s] * a->nclasses;

		for (uint32_t k = 0; k < a->nclasses; k++)
			row[k] = number[a->next[(size_t)s * a->nclasses + k]];
		to.accept[number[s]] = a->accept[s];
		to.near[number[s]] = a->near[s];
	}
	free(number);
	if (err < 0) {
		automaton_fini(&to);
		return err;
	}
	free(a->next);
	free(a->accept);
	free(a->near);
	a->next = to.next;
	a->accept = to.accept;
	a->near = to.near;
	return 0;
}

/* Minimises the raw states and lays out the tables. */
static int
finish(struct automaton *a, struct builder *b, uint32_t n)
{
	struct output *out = malloc(b->nstates * sizeof *out);
	uint32_t *block = malloc(b->nstates * sizeof *block);
	uint32_t nguess = 0;
	int64_t nblocks = -ENOMEM;
	int err = -ENOMEM;

	if (out == NULL || block == NULL)
		goto done;
	err = outputs(a, b, out);
	if (err < 0)
		goto done;
	qsort(out, b->nstates, sizeof *out, by_output);
	for (uint32_t i = 0; i < b->nstates; i++) {
		if (i > 0 && (out[i].accept != out[i - 1].accept || out[i].near != out[i - 1].near))
			nguess++;
		block[out[i].state] = nguess;
	}
	nblocks = minimise(block, b->nstates, nguess + 1, b->edge, b->nedges, b->p.nclasses);
	err = (int)MIN(nblocks, 0);
	if (err < 0)
		goto done;
	err = OVER_BUDGET;
	if (nblocks >= AUTOMATON_STATES ||
	    (uint64_t)(nblocks + 1) * b->p.nclasses * sizeof *a->next > AUTOMATON_BYTES)
		goto done;
	a->ntemplates = n;
	err = outputs(a, b, out);	/* in the order of states again */
	if (err == 0)
		err = number_and_fill(a, b, out, block, (uint32_t)nblocks);
	if (err == 0)
		err = renumber(a);
done:
	free(block);
	free(out);
	return err;
}

static int
attempt(struct automaton *a, struct builder *b, uint32_t n)
{
	int err = determinise(b, n);

	if (err == 0)
		err = finish(a, b, n);
	if (err < 0)
		automaton_fini(a);
	return err;
}

static int
builder_init(struct builder *b, const struct text *t)
{
	*b = (struct builder){ .t = t };
	b->from = malloc((RAW_STATES + 1) * sizeof *b->from);
	b->table = malloc(TABLE * sizeof *b->table);
	return positions_init(&b->p, t) == 0 && b->from && b->table ? 0 : -ENOMEM;
}

static void
builder_fini(struct builder *b)
{
	for (size_t c = 0; c < ARRAY_LEN(b->bucket); c++)
		free(b->bucket[c]);
	free(b->edge);
	free(b->table);
	free(b->from);
	free(b->item);
	positions_fini(&b->p);
}

int
automaton_build(struct automaton *a, const struct text *t, struct diag *why)
{
	struct builder b;
	uint32_t most, least = 0;	/* so many are known to fit */
	int err = builder_init(&b, t);

	*a = (struct automaton){ 0 };
	if (err == 0) {
		most = b.p.nworth;
		err = attempt(a, &b, most);
		while (err == OVER_BUDGET && most - least > 1) {
			uint32_t n = least + (most - least) / 2;

			err = attempt(a, &b, n);
			if (err == OVER_BUDGET)
				most = n;
			else if (err == 0) {
				least = n;
				if (most - least > 1) {
					automaton_fini(a);
					err = OVER_BUDGET;
				}
			}
		}
		if (err == OVER_BUDGET)	/* the last attempt was too much */
			err = attempt(a, &b, least);
	}
	builder_fini(&b);
	if (err < 0)
		diag_set(why, err, "There is not enough memory to build the automaton of %u templates.",
		    t->ntemplate);
	return err;
}

void
automaton_fini(struct automaton *a)
{
	free(a->next);
	free(a->accept);
	free(a->near);
	free(a->list);
	*a = (struct automaton){ 0 };
}
