#include "learning/supervised.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "learning/head.h"

enum { RARE = 3, MAX_ROWS = 1 << 16 };

struct cell {
	uint32_t value, reply;
};

struct tree {
	const struct cluster_input *in;
	struct clustering *c;
	struct heads h;
	struct cell *cell;		/* scratch, one per message */
	uint32_t *seen;			/* scratch per word and one more: messages that have it */
	uint32_t most;			/* clusters */
};

static int
cell_cmp(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
				    : (x->reply > y->reply) - (x->reply < y->reply);
}

static double
bits(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

/* Bits about the reply that are left within the values, and what the table of pairs costs. */
static double
left_over(struct cell *cell, uint32_t n)
{
	uint32_t pairs = 0, run = 0, of_value = 0;
	double left = 0;

	qsort(cell, n, sizeof *cell, cell_cmp);
	for (uint32_t i = 0; i < n; i++) {
		run++;
		of_value++;
		if (i + 1 < n && cell_cmp(&cell[i], &cell[i + 1]) == 0)
			continue;
		left -= bits(run);
		pairs++;
		run = 0;
		if (i + 1 == n || cell[i + 1].value != cell[i].value) {
			left += bits(of_value);
			of_value = 0;
		}
	}
	return left + pairs * log2(n) / 2;
}

static uint32_t
word_of(const struct tree *t, uint32_t message, uint32_t column)
{
	uint32_t w = head_row(&t->h, t->h.of[message])[column];

	return w == HEAD_END ? t->h.nwords : w;
}

/* The branch of each message in a column: its word, or one for all rare ones. */
static void
branches(struct tree *t, const uint32_t *message, uint32_t n, uint32_t column, uint32_t *branch)
{
	for (uint32_t i = 0; i < n; i++)
		t->seen[word_of(t, message[i], column)] = 0;
	for (uint32_t i = 0; i < n; i++)
		t->seen[word_of(t, message[i], column)]++;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = word_of(t, message[i], column);

		branch[i] = t->seen[w] < RARE ? t->h.nwords + 1 : w;
	}
}

/* What a column leaves over of the messages whose replies are known; column == depth: none divides. */
static double
judge(struct tree *t, const uint32_t *message, uint32_t n, uint32_t column, uint32_t *branch)
{
	uint32_t known = 0;

	if (column < t->h.depth)
		branches(t, message, n, column, branch);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t reply = t->in->reply[message[i]];

		if (reply != CLUSTER_NONE)
			t->cell[known++] = (struct cell){ column < t->h.depth ? branch[i] : 0, reply };
	}
	return known == 0 ? 0 : left_over(t->cell, known);
}

struct branched {
	uint32_t branch, message;
};

static int
branched_cmp(const void *a, const void *b)
{
	const struct branched *x = a, *y = b;

	return x->branch != y->branch ? (x->branch > y->branch) - (x->branch < y->branch)
				      : (x->message > y->message) - (x->message < y->message);
}

/* done: columns that divided above. As deep as there are columns. */
static void
divide(struct tree *t, struct pool *pool, uint32_t *message, uint32_t n, uint32_t done)
{
	uint32_t *branch = pool_array(pool, n, sizeof *branch), best = t->h.depth;
	double least = judge(t, message, n, best, branch);
	struct branched *b;

	for (uint32_t j = 0; j < t->h.depth; j++) {
		double left = done >> j & 1 ? HUGE_VAL : judge(t, message, n, j, branch);

		if (left < least) {
			least = left;
			best = j;
		}
	}
	if (best == t->h.depth || t->c->k + 1 >= t->most) {
		for (uint32_t i = 0; i < n; i++)
			t->c->label[message[i]] = t->c->k;
		t->c->k++;
		return;
	}
	branches(t, message, n, best, branch);
	b = pool_array(pool, n, sizeof *b);
	for (uint32_t i = 0; i < n; i++)
		b[i] = (struct branched){ branch[i], message[i] };
	qsort(b, n, sizeof *b, branched_cmp);
	for (uint32_t i = 0; i < n; i++)
		message[i] = b[i].message;
	for (uint32_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && b[i + 1].branch == b[i].branch)
			continue;
		divide(t, pool, message + from, i + 1 - from, done | 1u << best);
		from = i + 1;
	}
}

int
supervised_run(struct clustering *c, struct pool *pool, const struct cluster_input *in,
    const struct cluster_params *p)
{
	const struct embed_params *kind = cluster_embed(c, pool, "reply-supervised", in, p);
	struct tree t = { .in = in, .c = c, .most = p->max_tokens };
	uint32_t *message;

	if (in->n == 0 || in->reply == NULL)
		return -ENODATA;
	heads_make(&t.h, pool, kind, in->message, in->n, HEAD_WORDS, MAX_ROWS);
	t.cell = pool_array(pool, in->n, sizeof *t.cell);
	t.seen = pool_array(pool, (size_t)t.h.nwords + 1, sizeof *t.seen);
	message = pool_array(pool, in->n, sizeof *message);
	for (uint32_t i = 0; i < in->n; i++)
		message[i] = i;
	divide(&t, pool, message, in->n, 0);
	c->report.distinct = t.h.n;
	cluster_count(c, pool);
	return 0;
}
