#include "learning/completeness.h"

#include "learning/distance.h"

struct best {				/* at one place, of all times so far */
	double by_sum, by_longer;
};

struct repeating {
	struct completeness *out;
	struct play_how how;
	const struct corpus *c;
	uint32_t conversation, times;
};

static double
score(size_t edits, size_t of)
{
	return 1 - (double)edits / (double)of;
}

static void
compare(struct pool *pool, struct best *best, const struct play_line *l)
{
	size_t longer = MAX(l->said.n, l->recorded.n), sum = l->said.n + l->recorded.n;
	size_t edits = 2 * longer - sum;	/* at least: the difference of their lengths */

	if (best->by_longer >= score(edits, longer) && best->by_sum >= score(edits, sum))
		return;
	edits = distance_swaps(pool, l->said, l->recorded);
	best->by_longer = MAX(best->by_longer, score(edits, longer));
	best->by_sum = MAX(best->by_sum, score(edits, sum));
}

static void
add(struct completeness_shares *to, const struct best *b)
{
	to->messages++;
	to->of[BEST_EQUAL] += b->by_longer == 1;
	to->of[BEST_SUM_90] += b->by_sum >= 0.9;
	to->of[BEST_SUM_75] += b->by_sum >= 0.75;
	to->of[BEST_LONGER_90] += b->by_longer >= 0.9;
	to->of[BEST_LONGER_75] += b->by_longer >= 0.75;
}

static int
repeat(struct pool *pool, void *ctx)
{
	struct repeating *r = ctx;
	struct best *best = pool_array(pool, r->c->conversations[r->conversation].n + 1, sizeof *best);
	uint32_t n = 0;

	for (uint32_t time = 0; time < r->times; time++) {
		struct played played;

		n = 0;
		memcpy(r->how.key, &time, sizeof time);
		play(&played, pool, r->c, r->conversation, &r->how);
		for (uint32_t i = 0; i < played.n; i++)
			if (played.line[i].side == SIDE_SERVER && played.line[i].recorded.n > 0)
				compare(pool, &best[n++], &played.line[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		add(&r->out->at[MIN(i, COMPLETENESS_POSITIONS - 1u)], &best[i]);
		add(&r->out->all, &best[i]);
	}
	return 0;
}

int
completeness_play(struct completeness *out, struct pool *pool, const struct model *m,
    const struct corpus *c, const struct eval_report *r, uint32_t repeats,
    const struct progress *progress)
{
	struct repeating how = { .out = out, .how.model = m, .c = c, .times = repeats };
	struct answers answers;
	struct pool *own = pool_alloc(pool, sizeof *own);
	int err = 0;

	*out = (struct completeness){ .repeats = repeats };
	if (c->proto == PROTO_UDP) {
		answers_find(&answers, pool, c);
		how.how.answers = &answers;
	}
	for (uint32_t i = 0; i < r->conversations && err == 0; i++) {
		pool_check(pool);
		progress_at(progress, "repeat", (double)i / r->conversations);
		how.conversation = r->talk[i].conversation;
		pool_inner(own, pool);
		err = pool_run(own, repeat, &how);
		pool_fini(own);
	}
	return err;
}
