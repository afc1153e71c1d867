#include "learning/begins.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_ANSWERS = 16 };

struct vote {
	struct span key;
	const struct answer *answer;
};

struct knot {			/* where values part, or end */
	struct span bytes;	/* with which all below it begin */
	uint32_t parent;
	uint32_t within;	/* changes above it */
	uint32_t answer;	/* given from here on */
	uint32_t *cost;		/* of what is below, by what is given from here on */
	uint32_t *votes;	/* below it, by answer */
};

struct tree {
	struct pool *pool;
	const struct rules *r;
	struct strangers answer[MAX_ANSWERS];	/* that may be given; the first one is what strangers get */
	uint32_t answers;
	const struct vote *vote;
	struct knot *knot;		/* parents before children */
	uint32_t n;
};

static int
vote_cmp(const void *a, const void *b)
{
	return span_cmp(((const struct vote *)a)->key, ((const struct vote *)b)->key);
}

/* One vote for each value that got an answer which others can get. */
static uint32_t
votes_of(struct vote *v, const struct keyed *k, uint32_t n)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct answer *a = k[i].answer;

		if (i > 0 && span_eq(k[i].key, k[i - 1].key))
			continue;
		if (!keyed_for_anybody(a))
			a = a->drawn;
		if (a != NULL || k[i].answer == NULL)
			v[m++] = (struct vote){ k[i].key, a };
	}
	return m;
}

static uint32_t
missed(const struct tree *t, struct strangers given, const struct answer *vote)
{
	return SAME_ANSWER - (given.known ? tally_foretold(t->r->x, given.answer, vote) : WRONG);
}

static void
find_answers(struct tree *t, const struct vote *v, uint32_t n, struct strangers strangers)
{
	struct tally *all = pool_array(t->pool, n + 1, sizeof *all);
	uint32_t m;

	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct tally){ .answer = v[i].answer, .n = 1 };
	m = tally(t->r->x, all, n);
	t->answer[0] = strangers;
	t->answers = 1;
	for (uint32_t i = 0; i < m && t->answers < MAX_ANSWERS; i++)
		if (!strangers.known || all[i].answer != strangers.answer)
			t->answer[t->answers++] = (struct strangers){ true, all[i].answer };
}

static void
count(const struct tree *t, struct knot *k, uint32_t vote)
{
	for (uint32_t a = 0; a < t->answers; a++) {
		k->cost[a] += missed(t, t->answer[a], t->vote[vote].answer);
		k->votes[a] += t->answer[a].known && t->answer[a].answer == t->vote[vote].answer;
	}
}

static size_t
common(struct span a, struct span b)
{
	size_t n = 0, most = MIN(MIN(a.n, b.n), (size_t)BEGINS_BYTES);

	while (n < most && a.p[n] == b.p[n])
		n++;
	return n;
}

/* Votes from .. to, which ascend. Too few to pay for a change have no knot of their own. */
static void
grow(struct tree *t, uint32_t from, uint32_t to, uint32_t parent)
{
	size_t length = common(t->vote[from].key, t->vote[to - 1].key);
	uint32_t this = t->n++, end;
	struct knot *k = &t->knot[this];

	*k = (struct knot){ .bytes = span_sub(t->vote[from].key, 0, length), .parent = parent,
		.cost = pool_array(t->pool, t->answers, sizeof *k->cost),
		.votes = pool_array(t->pool, t->answers, sizeof *k->votes) };
	for (uint32_t i = from; i < to; i = end) {
		struct span key = t->vote[i].key;

		end = i + 1;
		while (length < MIN(key.n, (size_t)BEGINS_BYTES) && end < to &&
		    t->vote[end].key.p[length] == key.p[length])
			end++;
		if (end - i > BEGINS_PRICE)
			grow(t, i, end, this);
		else
			for (uint32_t j = i; j < end; j++)
				count(t, k, j);
	}
}

static uint32_t
cheapest(const struct tree *t, const struct knot *k)
{
	uint32_t best = 0;

	for (uint32_t a = 1; a < t->answers; a++)
		best = k->cost[a] < k->cost[best] ? a : best;
	return best;
}

/* Costs from the leaves up: each knot's, or that of its cheapest answer and the price of the change. */
static void
add_costs(struct tree *t)
{
	for (uint32_t i = t->n; i-- > 1;) {
		struct knot *k = &t->knot[i], *up = &t->knot[k->parent];
		uint32_t changed = k->cost[cheapest(t, k)] + SAME_ANSWER * BEGINS_PRICE;

		for (uint32_t a = 0; a < t->answers; a++) {
			up->cost[a] += MIN(k->cost[a], changed);
			up->votes[a] += k->votes[a];
		}
	}
}

static void
learn(struct beginnings *out, struct pool *pool, const struct rules *r, const struct vote *v,
    uint32_t n, struct strangers strangers)
{
	struct tree t = { .pool = pool, .r = r, .vote = v };

	*out = (struct beginnings){ 0 };
	if (n <= BEGINS_PRICE)
		return;
	find_answers(&t, v, n, strangers);
	t.knot = pool_array(pool, n, sizeof *t.knot);
	out->of = pool_array(pool, n, sizeof *out->of);
	grow(&t, 0, n, 0);
	add_costs(&t);
	for (uint32_t i = 0; i < t.n; i++) {
		struct knot *k = &t.knot[i];
		const struct knot *up = &t.knot[k->parent];
		uint32_t best = cheapest(&t, k);

		k->answer = i == 0 ? 0 : up->answer;
		k->within = i == 0 ? 0 : up->within;
		if (k->cost[best] + SAME_ANSWER * BEGINS_PRICE >= k->cost[k->answer])
			continue;
		out->of[out->n++] = (struct beginning){ k->bytes, t.answer[best].answer, k->within++,
			k->votes[best] };
		k->answer = best;
	}
}

struct strangers
begins_find(const struct beginnings *b, struct span value, struct strangers strangers)
{
	for (uint32_t i = b->n; i-- > 0;)
		if (span_eq(span_sub(value, 0, b->of[i].bytes.n), b->of[i].bytes))
			return (struct strangers){ true, b->of[i].answer };
	return strangers;
}

enum begins_from
begins_half(struct span value)
{
	return span_hash(value, 0) >> 32 & 1 ? BEGINS_ONE_HALF : BEGINS_OTHER_HALF;
}

/* Does each half foretell the other so much better that it is no chance? */
static bool
foretells(const struct tree *t, const struct beginnings half[2], const struct vote *v, uint32_t n,
    struct strangers strangers)
{
	uint32_t before = 0, after = 0, differ = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct beginnings *other = &half[1 - begins_half(v[i].key)];
		uint32_t without = missed(t, strangers, v[i].answer);
		uint32_t with = missed(t, begins_find(other, v[i].key, strangers), v[i].answer);

		before += without;
		after += with;
		differ += with != without;
	}
	return after + SAME_ANSWER * (BEGINS_PRICE + (uint32_t)sqrt(differ)) < before;
}

void
begins_learn(struct beginnings out[BEGINS_FROM], struct pool *pool, const struct rules *r,
    const struct keyed *k, uint32_t n, struct strangers strangers)
{
	struct tree t = { .r = r };
	struct vote *all = pool_array(pool, n + 1, sizeof *all), *half = pool_array(pool, n + 1, sizeof *half);
	uint32_t nall = r->x->client_lexer.binary ? 0 : votes_of(all, k, n), before = 0;

	memset(out, 0, BEGINS_FROM * sizeof *out);
	for (uint32_t i = 0; i < nall; i++)
		before += missed(&t, strangers, all[i].answer);
	if (before <= SAME_ANSWER * 2 * BEGINS_PRICE)
		return;
	qsort(all, nall, sizeof *all, vote_cmp);
	for (unsigned h = 0; h < BEGINS_ALL; h++) {
		uint32_t nhalf = 0;

		for (uint32_t i = 0; i < nall; i++)
			if (begins_half(all[i].key) == h)
				half[nhalf++] = all[i];
		learn(&out[h], pool, r, half, nhalf, strangers);
	}
	if (foretells(&t, out, all, nall, strangers))
		learn(&out[BEGINS_ALL], pool, r, all, nall, strangers);
	else
		memset(out, 0, BEGINS_FROM * sizeof *out);
}
