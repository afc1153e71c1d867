#include "models/minimise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A partition of 0..n-1 whose sets lie in one array; the marked elements of a set come first. */
struct partition {
	uint32_t *elem, *loc, *set;	/* by place; by element; by element */
	uint32_t *first, *past, *marked, *touched;	/* by set */
	uint32_t nsets, ntouched;
	uint32_t *memory;
};

static int
partition_init(struct partition *p, uint32_t n)
{
	size_t each = (size_t)n + 1;

	p->memory = calloc(7 * each, sizeof *p->memory);
	if (p->memory == NULL)
		return -ENOMEM;
	p->elem = p->memory;
	p->loc = p->elem + each;
	p->set = p->loc + each;
	p->first = p->set + each;
	p->past = p->first + each;
	p->marked = p->past + each;
	p->touched = p->marked + each;
	p->nsets = p->ntouched = 0;
	return 0;
}

/* Sets from key[] with values 0..nkeys-1, by counting; count is scratch of nkeys + 1. */
static void
partition_by(struct partition *p, uint32_t n, const uint32_t *key, uint32_t nkeys, uint32_t *count)
{
	uint32_t at = 0;

	memset(count, 0, (nkeys + 1) * sizeof *count);
	for (uint32_t i = 0; i < n; i++)
		count[key[i]]++;
	for (uint32_t k = 0; k < nkeys; k++) {
		uint32_t size = count[k];

		count[k] = at;
		if (size == 0)
			continue;
		p->first[p->nsets] = at;
		at += size;
		p->past[p->nsets++] = at;
	}
	for (uint32_t i = 0; i < n; i++) {
		p->elem[count[key[i]]] = i;
		p->loc[i] = count[key[i]]++;
	}
	for (uint32_t s = 0; s < p->nsets; s++)
		for (uint32_t i = p->first[s]; i < p->past[s]; i++)
			p->set[p->elem[i]] = s;
}

static void
mark(struct partition *p, uint32_t e)
{
	uint32_t s = p->set[e], i = p->loc[e], j = p->first[s] + p->marked[s];

	p->elem[i] = p->elem[j];
	p->loc[p->elem[i]] = i;
	p->elem[j] = e;
	p->loc[e] = j;
	if (p->marked[s]++ == 0)
		p->touched[p->ntouched++] = s;
}

/* Marked elements leave their sets; the smaller part gets the new number. */
static void
split(struct partition *p)
{
	while (p->ntouched > 0) {
		uint32_t s = p->touched[--p->ntouched], j = p->first[s] + p->marked[s], z = p->nsets;

		if (j == p->past[s]) {
			p->marked[s] = 0;
			continue;
		}
		if (p->marked[s] <= p->past[s] - j) {
			p->first[z] = p->first[s];
			p->past[z] = p->first[s] = j;
		} else {
			p->past[z] = p->past[s];
			p->first[z] = p->past[s] = j;
		}
		for (uint32_t i = p->first[z]; i < p->past[z]; i++)
			p->set[p->elem[i]] = z;
		p->marked[s] = p->marked[z] = 0;
		p->nsets++;
	}
}

/* in[start[s] .. start[s + 1]): the edges that enter state s. */
static void
incoming(uint32_t *start, uint32_t *in, const struct edge *edge, uint32_t nedges, uint32_t nstates)
{
	memset(start, 0, ((size_t)nstates + 1) * sizeof *start);
	for (uint32_t e = 0; e < nedges; e++)
		start[edge[e].to]++;
	for (uint32_t s = 0, at = 0; s <= nstates; s++) {
		at += start[s];
		start[s] = at;
	}
	for (uint32_t e = nedges; e-- > 0;)
		in[--start[edge[e].to]] = e;
}

static void
refine(struct partition *blocks, struct partition *bundles, const struct edge *edge,
    const uint32_t *start, const uint32_t *in)
{
	uint32_t b = 1, c = 0;	/* one block need not split: what is left of a label leads there */

	for (;;) {
		for (; b < blocks->nsets; b++) {
			for (uint32_t i = blocks->first[b]; i < blocks->past[b]; i++) {
				uint32_t s = blocks->elem[i];

				for (uint32_t k = start[s]; k < start[s + 1]; k++)
					mark(bundles, in[k]);
			}
			split(bundles);
		}
		if (c == bundles->nsets)
			return;
		for (uint32_t i = bundles->first[c]; i < bundles->past[c]; i++)
			mark(blocks, edge[bundles->elem[i]].from);
		split(blocks);
		c++;
	}
}

int64_t
minimise(uint32_t *block, uint32_t nstates, uint32_t nblocks, const struct edge *edge,
    uint32_t nedges, uint32_t nlabels)
{
	struct partition blocks = { 0 }, bundles = { 0 };
	uint32_t *label = calloc((size_t)nedges + 1, sizeof *label);
	uint32_t *in = malloc(((size_t)nedges + 1) * sizeof *in);
	uint32_t *start = malloc(((size_t)nstates + 2) * sizeof *start);
	uint32_t *count = malloc(((size_t)nblocks + nlabels + 2) * sizeof *count);
	int64_t n = -ENOMEM;

	if (label == NULL || in == NULL || start == NULL || count == NULL)
		goto out;
	if (partition_init(&blocks, nstates) < 0 || partition_init(&bundles, nedges) < 0)
		goto out;
	for (uint32_t e = 0; e < nedges; e++)
		label[e] = edge[e].label;
	partition_by(&blocks, nstates, block, nblocks, count);
	partition_by(&bundles, nedges, label, nlabels, count);
	incoming(start, in, edge, nedges, nstates);
	refine(&blocks, &bundles, edge, start, in);
	memcpy(block, blocks.set, nstates * sizeof *block);
	n = blocks.nsets;
out:
	free(bundles.memory);
	free(blocks.memory);
	free(count);
	free(start);
	free(in);
	free(label);
	return n;
}
