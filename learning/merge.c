#include "learning/merge.h"

#include <math.h>
#include <stdlib.h>

enum { WORTH_ONE_IN = 200 };		/* replies: for less nobody needs a second machine */

void
merge_begin(struct merge *m, struct pool *pool, const struct corpus *corpus, uint32_t learners)
{
	assert(learners <= MERGE_LEARNERS);
	*m = (struct merge){ .corpus = corpus, .learners = learners };
	for (uint32_t k = 0; k < learners; k++) {
		m->heard[k] = pool_array(pool, corpus->nconversations + 1u, sizeof *m->heard[k]);
		m->answer[k] = pool_array(pool, (size_t)corpus->nmessages + corpus->nconversations + 1,
		    sizeof *m->answer[k]);
	}
}

static uint32_t
question_of(const struct merge *m, const struct play_line *l, uint32_t conversation)
{
	return l->question == NO_QUESTION ? m->corpus->nmessages + conversation : l->question;
}

void
merge_hear(struct merge *m, uint32_t learner, const struct eval_report *r)
{
	for (uint32_t t = 0; t < r->conversations; t++) {
		const struct eval_talk *talk = &r->talk[t];
		const struct eval_line *judged = &r->line[talk->line];

		m->heard[learner][talk->conversation] = true;
		for (uint32_t i = 0; i < talk->played.n; i++) {
			const struct play_line *l = &talk->played.line[i];
			struct merge_answer *a;

			if (l->side == SIDE_CLIENT)
				continue;
			a = &m->answer[learner][question_of(m, l, talk->conversation)];
			a->spoke |= l->said.n > 0;
			a->known = l->match == MATCH_EXACT;
			if (l->recorded.n > 0) {
				a->played++;
				a->right = (uint16_t)(a->right + judged->same_class);
				a->equal = (uint16_t)(a->equal + (judged++)->equal);
			} else
				a->unasked += l->said.n > 0;
		}
	}
}

/* What the first's model of all takes each message for: its templates, by question. */
static int32_t *
templates_of(struct pool *pool, const struct merge *m, const struct eval_report *r)
{
	size_t n = (size_t)m->corpus->nmessages + m->corpus->nconversations;
	int32_t *template = pool_array(pool, n + 1, sizeof *template);

	for (size_t q = 0; q < n; q++)
		template[q] = MERGE_OTHER;
	for (uint32_t t = 0; t < r->conversations; t++)
		for (uint32_t i = 0; i < r->talk[t].played.n; i++) {
			const struct play_line *l = &r->talk[t].played.line[i];

			if (l->side == SIDE_SERVER && l->match == MATCH_EXACT && l->template >= 0)
				template[question_of(m, l, r->talk[t].conversation)] = l->template;
		}
	return template;
}

static int32_t
kind_of(const struct merge *m, uint32_t first, const int32_t *template, uint32_t question)
{
	const struct merge_answer *a = &m->answer[first][question];

	if (!a->spoke)
		return MERGE_SILENT;
	if (question >= m->corpus->nmessages)
		return MERGE_CONNECT;
	return a->known ? template[question] : MERGE_OTHER;
}

/* What a learner did for one message, against the first. */
static void
count(struct merge_score *to, const struct merge_answer *a, const struct merge_answer *first)
{
	int32_t lead = (int32_t)(a->right + first->unasked) - (int32_t)(first->right + a->unasked);
	int32_t nearer = (int32_t)a->equal - (int32_t)first->equal;

	to->played += a->played;
	to->right += a->right;
	to->unasked += a->unasked;
	*(lead > 0 ? &to->won : &to->lost) += (uint32_t)(lead > 0 ? lead : -lead);
	*(nearer > 0 ? &to->closer : &to->farther) += (uint32_t)(nearer > 0 ? nearer : -nearer);
}

static void
count_question(struct merge_kind *k, const struct merge *m, uint32_t first, uint32_t question, uint32_t conversation)
{
	for (uint32_t l = 0; l < m->learners; l++)
		if (m->heard[l][conversation])
			count(&k->score[l], &m->answer[l][question], &m->answer[first][question]);
}

/* The kind of each question, all of them by template. */
static void
count_all(struct merge_kind *kind, const struct merge *m, uint32_t first, const int32_t *template)
{
	const struct corpus *c = m->corpus;

	for (uint32_t i = 0; i < c->nconversations; i++) {
		const struct conversation *conv = &c->conversations[i];

		if (!m->heard[first][i])
			continue;
		for (uint32_t q = conv->first; q < conv->first + conv->n; q++)
			count_question(&kind[kind_of(m, first, template, q) - MERGE_CONNECT], m, first, q, i);
		count_question(&kind[kind_of(m, first, template, c->nmessages + i) - MERGE_CONNECT], m, first,
		    c->nmessages + i, i);
	}
}

static bool
was_played(const struct merge_kind *k, uint32_t learners)
{
	for (uint32_t l = 0; l < learners; l++)
		if (k->score[l].played + k->score[l].unasked > 0)
			return true;
	return false;
}

void
merge_sort(struct merge_report *out, struct pool *pool, const struct merge *m, uint32_t first,
    const struct eval_report *r)
{
	int32_t *template = templates_of(pool, m, r), most = MERGE_OTHER;
	struct merge_kind *kind;
	uint32_t all;

	for (size_t q = 0; q < (size_t)m->corpus->nmessages + m->corpus->nconversations; q++)
		most = MAX(most, template[q]);
	all = (uint32_t)(most + 1 - MERGE_CONNECT);
	kind = pool_array(pool, all, sizeof *kind);
	count_all(kind, m, first, template);
	*out = (struct merge_report){ .kind = kind, .first = first, .second = first };
	for (uint32_t k = 0; k < all; k++) {
		kind[k].template = (int32_t)k + MERGE_CONNECT;
		kind[k].by = first;
		if (was_played(&kind[k], m->learners))
			kind[out->n++] = kind[k];
	}
}

/* More than chance makes of equals: contest.h. */
static bool
is_lead(uint32_t more, uint32_t less)
{
	return more > less && more - less > sqrt(more + less);
}

/* Who takes over what the first has an answer to is nearer to the byte, too, or it is about something else. */
static bool
wins(const struct merge_kind *k, uint32_t learner)
{
	const struct merge_score *s = &k->score[learner];

	return is_lead(s->won, s->lost) &&
	    (k->template < 0 ? !is_lead(s->farther, s->closer) : s->closer > s->farther);
}

/* Replies that are gained where a learner answers the kinds that it wins. */
static uint32_t
gain_of(const struct merge_report *r, uint32_t learner)
{
	uint32_t gain = 0;

	for (uint32_t k = 0; k < r->n; k++)
		if (wins(&r->kind[k], learner))
			gain += r->kind[k].score[learner].won - r->kind[k].score[learner].lost;
	return gain;
}

void
merge_choose(struct merge_report *r, const bool *may, uint32_t learners)
{
	uint32_t played = 0, most = 0;

	for (uint32_t k = 0; k < r->n; k++)
		played += r->kind[k].score[r->first].played;
	for (uint32_t l = 0; l < learners; l++)
		if (may[l] && gain_of(r, l) > most && gain_of(r, l) * WORTH_ONE_IN >= played) {
			most = gain_of(r, l);
			r->second = l;
		}
	for (uint32_t k = 0; k < r->n && r->second != r->first; k++)
		if (wins(&r->kind[k], r->second))
			r->kind[k].by = r->second;
}

static void
put_beside(struct text *t, struct text *second)
{
	second->nsource = 0;		/* these stand before it, for both */
	second->prisma = (struct text_prisma){ 0 };
	t->second = second;
}

void
merge_write(struct text *t, struct text *second, const struct merge_report *r)
{
	static const enum second_kind kinds[] = { [MERGE_CONNECT - MERGE_CONNECT] = SECOND_CONNECT,
		[MERGE_SILENT - MERGE_CONNECT] = SECOND_SILENT, [MERGE_OTHER - MERGE_CONNECT] = SECOND_OTHER };

	for (uint32_t k = 0; k < r->n; k++) {
		if (r->kind[k].by == r->first)
			continue;
		if (r->kind[k].template >= 0)
			t->template[r->kind[k].template].second = true;
		else
			t->second_for |= (uint8_t)(1u << kinds[r->kind[k].template - MERGE_CONNECT]);
	}
	put_beside(t, second);
}

void
merge_alone(struct merge_report *r)
{
	r->second = r->first;
	for (uint32_t k = 0; k < r->n; k++)
		r->kind[k].by = r->first;
}

/* What a template looks like, as a number; 0: no memory to tell. */
static uint64_t
look(const struct text_template *template)
{
	char *match;
	uint64_t h;
	size_t n;

	if (text_print_match(template, &match, &n) < 0)
		return 0;
	h = span_hash(span_of(match, n), 0) | 1;
	free(match);
	return h;
}

void
merge_again(struct text *t, struct text *second, const struct text *before)
{
	for (uint32_t o = 0; o < before->ntemplate; o++) {
		uint64_t old = before->template[o].second ? look(&before->template[o]) : 0;

		for (uint32_t k = 0; old != 0 && k < t->ntemplate; k++)
			t->template[k].second |= look(&t->template[k]) == old;
	}
	t->second_for = before->second_for;
	put_beside(t, second);
}
