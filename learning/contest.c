#include "learning/contest.h"

#include <math.h>

void
contest_begin(struct contest *c, struct pool *pool, const struct corpus *corpus, const bool *use,
    uint32_t parts, const struct progress *progress)
{
	struct built *built = built_new(pool);		/* before the mark: dropped with the pool */

	assert(parts >= 2 && parts <= CONTEST_HEATS);
	*c = (struct contest){ .pool = pool, .nheats = parts, .progress = progress, .built = built, .mark = pool_mark(pool) };
	corpus = corpus_part(pool, corpus, use);
	eval_scale(&c->scale, pool, corpus, EVAL_CLASSES);
	for (uint32_t h = 0; h < c->nheats; h++) {
		struct heat *heat = &c->heat[h];

		heat->use = pool_array(pool, corpus->nconversations + 1u, sizeof *heat->use);
		heat->left_out = pool_array(pool, corpus->nconversations + 1u, sizeof *heat->left_out);
		for (uint32_t i = 0; i < corpus->nconversations; i++) {
			heat->left_out[i] = corpus_lot(corpus, i) % parts == h;
			heat->use[i] = !heat->left_out[i];
		}
	}
}

void
contest_end(struct contest *c)
{
	pool_release(c->pool, &c->mark);
}

uint8_t *
contest_room(struct contest *c)
{
	return pool_array(c->pool, (size_t)c->scale.corpus->nmessages + 1, 1);
}

void
contest_speak(struct contest *c, uint32_t heat, const struct text *t, uint8_t *said,
    struct eval_report *r)
{
	struct heat *h = &c->heat[heat];
	struct diag why;

	*r = (struct eval_report){ 0 };
	if (built_make(c->built, t, NULL, &why) < 0)
		return;
	eval_on(r, c->pool, c->built->model, &c->scale, h->left_out, c->progress);
	h->replies = r->nlines;
	for (uint32_t i = 0; i < r->nlines; i++)
		said[i] = (uint8_t)((r->line[i].same_class ? CONTEST_RIGHT : 0) |
		    (r->line[i].equal ? CONTEST_EQUAL : 0));
	built_drop(c->built);
}

void
contest_count(const struct contest *c, struct entrant *e, uint32_t heat)
{
	for (uint32_t k = 0; k < c->heat[heat].replies; k++) {
		e->right += (e->said[heat][k] & CONTEST_RIGHT) != 0;
		e->equal += (e->said[heat][k] & CONTEST_EQUAL) != 0;
	}
}

uint32_t
contest_played(const struct contest *c)
{
	uint32_t n = 0;

	for (uint32_t h = 0; h < c->nheats; h++)
		n += c->heat[h].replies;
	return n;
}

uint32_t
contest_alone(const struct contest *c, const struct entrant *a, const struct entrant *b, uint8_t wanted)
{
	uint32_t n = 0;

	for (uint32_t h = 0; h < c->nheats; h++)
		for (uint32_t k = 0; k < c->heat[h].replies && a->said[h] != NULL && b->said[h] != NULL; k++)
			n += (a->said[h][k] & wanted) > (b->said[h][k] & wanted);
	return n;
}

double
contest_lead(const struct contest *c, const struct entrant *a, const struct entrant *b, uint8_t wanted)
{
	double won = contest_alone(c, a, b, wanted), lost = contest_alone(c, b, a, wanted);

	return (won - lost) / sqrt(MAX(won + lost, 1.0));
}

bool
contest_beats(const struct contest *c, const struct entrant *a, const struct entrant *b)
{
	double right = contest_lead(c, a, b, CONTEST_RIGHT), equal = contest_lead(c, a, b, CONTEST_EQUAL);

	return right > 1 ? right > CONTEST_HOPELESS || equal >= -CONTEST_HOPELESS : right >= -1 && equal > 1;
}

uint32_t
contest_winner(const struct contest *c, const struct entrant *e, uint32_t n)
{
	uint32_t top = 0, best = UINT32_MAX;

	for (uint32_t i = 1; i < n; i++)
		top = e[i].right > e[top].right ? i : top;
	for (uint32_t i = 0; i < n; i++)
		if (contest_lead(c, &e[top], &e[i], CONTEST_RIGHT) <= 1 &&
		    (best == UINT32_MAX || e[i].equal > e[best].equal))
			best = i;
	return best;
}
