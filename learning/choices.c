#include "learning/choices.h"

#include <stdlib.h>

#include "learning/begins.h"

void
choices_add(struct node *nd, const struct answer *a, uint32_t support)
{
	nd->choice[nd->nchoices++] = (struct choice){ .answer = a, .support = support };
}

/*
 * A guarded choice of values that ascend. Where lines decide, too, which of them are there stands before
 * each value: one choice for those with the same ones.
 */
static void
add_guarded(struct node *nd, struct choice c)
{
	struct span *value = c.value;
	uint32_t n = c.nvalues, end;

	c.guarded = true;
	for (uint32_t i = 0; i < n; i = end) {
		struct span lines = span_sub(value[i], 0, nd->key.nlines);

		for (end = i + 1; end < n && span_eq(span_sub(value[end], 0, nd->key.nlines), lines);)
			end++;
		for (uint32_t l = 0; l < KEY_LINES; l++)
			c.line[l] = l >= lines.n ? LINE_ANY : lines.p[l] == KEYED_THERE ? LINE_THERE : LINE_MISSING;
		for (uint32_t v = i; v < end; v++)
			value[v] = span_sub(value[v], lines.n, SIZE_MAX);
		c.value = value + i;
		c.nvalues = lines.n > 0 && (nd->key.no_field || (c.begins && value[i].n == 0)) ? 0 : end - i;
		nd->choice[nd->nchoices++] = c;
	}
}

static int
value_cmp(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static bool
alike(const struct beginning *a, const struct beginning *b)
{
	return a->within == b->within && a->answer == b->answer;
}

/* The choice of beginning i and those behind it that are alike; none where one before it was. */
static void
choose_by_beginning(struct node *nd, struct pool *pool, const struct beginnings *b, uint32_t i)
{
	struct choice c = { .answer = b->of[i].answer, .begins = true,
		.value = pool_array(pool, b->n, sizeof *c.value) };

	for (uint32_t j = 0; j < b->n; j++) {
		if (!alike(&b->of[i], &b->of[j]))
			continue;
		if (j < i)
			return;
		c.value[c.nvalues++] = b->of[j].bytes;
		c.support += b->of[j].support;
	}
	qsort(c.value, c.nvalues, sizeof *c.value, value_cmp);
	add_guarded(nd, c);
}

/* Those within most others first: of several that a value begins with, the longest. */
static void
choose_by_beginnings(struct node *nd, struct pool *pool, const struct beginnings *b)
{
	uint32_t within = 0;

	for (uint32_t i = 0; i < b->n; i++)
		within = MAX(within, b->of[i].within + 1);
	while (within-- > 0)
		for (uint32_t i = 0; i < b->n; i++)
			if (b->of[i].within == within)
				choose_by_beginning(nd, pool, b, i);
}

void
choices_by_key(struct node *nd, struct pool *pool, const struct rules *r, const struct keyed *k,
    uint32_t n, struct tally *scratch)
{
	struct strangers fresh = { 0 };
	struct beginnings begins[BEGINS_FROM];
	struct tally *tops, *all;
	struct span *value, *mine;
	uint32_t groups = 0, answers;

	fresh.known = keyed_fresh(r, k, n, scratch, &fresh.answer);
	begins_learn(begins, pool, r, k, nd->key.is_pair ? 0 : n, fresh);
	for (uint32_t i = 0; i < n; i++)
		groups += i == 0 || !span_eq(k[i].key, k[i - 1].key);
	tops = pool_array(pool, groups, sizeof *tops);
	value = pool_array(pool, groups, sizeof *value);
	mine = pool_array(pool, groups, sizeof *mine);
	groups = 0;
	for (uint32_t from = 0, end; from < n; from = end, groups++) {
		end = keyed_group(r->x, k, n, from, scratch, &tops[groups]);
		value[groups] = k[from].key;
	}
	all = pool_copy(pool, tops, groups * sizeof *tops);
	answers = tally(r->x, all, groups);
	nd->choice = pool_array(pool, (answers + begins[BEGINS_ALL].n) * (1u << nd->key.nlines) + 1, sizeof *nd->choice);
	for (uint32_t a = 0; a < answers; a++) {
		uint32_t nmine = 0;

		for (uint32_t g = 0; g < groups; g++) {
			struct strangers said = begins_find(&begins[BEGINS_ALL], value[g], fresh);

			if (tops[g].answer == all[a].answer && (!said.known || said.answer != all[a].answer))
				mine[nmine++] = value[g];
		}
		add_guarded(nd, (struct choice){ .answer = all[a].answer, .value = mine, .nvalues = nmine,
			.support = all[a].n });
		mine += nmine;
	}
	choose_by_beginnings(nd, pool, &begins[BEGINS_ALL]);
	if (fresh.known)
		choices_add(nd, fresh.answer, n);
}
