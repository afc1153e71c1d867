#include "learning/scriptgen/guide.h"

#include <stdlib.h>

struct chain {
	double *d;
	uint32_t n, *size, *at, length;		/* size 0: joined into another one */
};

/* The nearest cluster of one; of equals the one before it in the chain, then the lowest. */
static uint32_t
nearest(const struct chain *c, uint32_t of, uint32_t before)
{
	uint32_t best = before;

	for (uint32_t i = 0; i < c->n; i++) {
		if (i == of || c->size[i] == 0)
			continue;
		if (best == UINT32_MAX || c->d[(size_t)of * c->n + i] < c->d[(size_t)of * c->n + best])
			best = i;
	}
	return best;
}

/* b joins a. */
static void
join(struct chain *c, uint32_t a, uint32_t b)
{
	double na = c->size[a], nb = c->size[b];

	for (uint32_t i = 0; i < c->n; i++) {
		double *da = &c->d[(size_t)a * c->n + i];

		*da = (na * *da + nb * c->d[(size_t)b * c->n + i]) / (na + nb);
		c->d[(size_t)i * c->n + a] = *da;
	}
	c->size[a] += c->size[b];
	c->size[b] = 0;
}

/* Insertion sort: what is equally high stays in the order in which it was joined. */
static void
sort_steps(struct guide_step *s, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct guide_step one = s[i];
		uint32_t k = i;

		for (; k > 0 && s[k - 1].height > one.height; k--)
			s[k] = s[k - 1];
		s[k] = one;
	}
}

void
guide_build(struct guide *out, struct pool *pool, double *distance, uint32_t n)
{
	struct chain c = { distance, n, pool_array(pool, n + 1, sizeof *c.size),
		pool_array(pool, n + 1, sizeof *c.at), 0 };
	uint32_t first = 0, steps = 0;

	out->n = n;
	out->step = pool_array(pool, n + 1, sizeof *out->step);
	for (uint32_t i = 0; i < n; i++)
		c.size[i] = 1;
	while (steps + 1 < n) {
		uint32_t top, next;

		while (c.size[first] == 0)
			first++;
		if (c.length == 0)
			c.at[c.length++] = first;
		top = c.at[c.length - 1];
		next = nearest(&c, top, c.length > 1 ? c.at[c.length - 2] : UINT32_MAX);
		if (c.length < 2 || next != c.at[c.length - 2]) {
			c.at[c.length++] = next;
			continue;
		}
		out->step[steps++] = (struct guide_step){ MIN(top, next), MAX(top, next),
			distance[(size_t)top * n + next] };
		join(&c, MIN(top, next), MAX(top, next));
		c.length -= 2;
	}
	sort_steps(out->step, steps);
}

uint32_t
guide_cut(const struct guide *g, struct pool *pool, double cut, uint32_t *cluster)
{
	uint32_t *root = pool_array(pool, g->n + 1, sizeof *root), n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		root[i] = i;
	for (uint32_t s = 0; s + 1 < g->n && g->step[s].height <= cut; s++) {
		uint32_t a = root[g->step[s].a], b = root[g->step[s].b];

		for (uint32_t i = 0; i < g->n; i++)
			root[i] = root[i] == MAX(a, b) ? MIN(a, b) : root[i];
	}
	for (uint32_t i = 0; i < g->n; i++)	/* a root is the lowest of its cluster */
		cluster[i] = root[i] == i ? n++ : cluster[root[i]];
	return n;
}
