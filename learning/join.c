#include "learning/join.h"

#include "learning/contest.h"
#include "learning/learners.h"

enum {
	FIFTHS = 5,			/* halves would favour who needs little to learn from */
	ALONE_ONE_IN = 50,		/* a lead is not made up for by who is alone right less often than this, */
	FEW = 200,			/* among more conversations: what is said in one has one cause */
	ENOUGH = 1000			/* replies: what these leave open is not worth the time */
};

static const struct {
	const char *name;
	learner_fn *learn;
	bool defined;			/* it wants a definition */
} joined[JOIN_LEARNERS] = {		/* the simplest to tell what it does first */
	{ "prisma", learn_prisma, false },
	{ "scriptgen", learn_scriptgen, false },
	{ "mining", learn_mining, true },
};

/* NULL: none of that name applies. */
static learner_fn *
learner_called(struct span name, const struct learn_params *p)
{
	for (uint32_t k = 0; k < JOIN_LEARNERS; k++)
		if (span_eq(name, span_str(joined[k].name)) && (!joined[k].defined || p->definition != NULL))
			return joined[k].learn;
	return NULL;
}

struct joining {
	struct contest contest;
	struct learn_params p;
	struct entrant entrant[JOIN_LEARNERS];
	learner_fn *learn[JOIN_LEARNERS];	/* NULL: it is out */
	struct merge merge;
	struct join_report *report;
};

/* Learns and speaks; one that cannot learn is silent. */
static void
attempt(struct joining *j, uint32_t number, uint32_t heat)
{
	struct contest *c = &j->contest;
	struct entrant *e = &j->entrant[number];
	uint8_t *said = e->said[heat] = contest_room(c);
	struct pool_mark mark = pool_mark(c->pool);
	struct learn_report report = { .corpus = c->scale.corpus };
	struct eval_report played;
	struct text t = { 0 };
	struct diag why;

	if (j->learn[number](&t, c->pool, c->scale.corpus, c->heat[heat].use, &j->p, &report, &why) == 0) {
		contest_speak(c, heat, &t, said, &played);
		merge_hear(&j->merge, number, &played);
	}
	pool_release(c->pool, &mark);
	contest_count(c, e, heat);
	j->report->entry[number] = (struct join_entry){ j->report->entry[number].learner, e->right, e->equal,
		contest_played(c) };
}

/* Who leads among those that are still in. */
static void
find_leader(struct joining *j)
{
	struct join_report *r = j->report;

	for (r->chosen = 0; j->learn[r->chosen] == NULL;)
		r->chosen++;
	for (uint32_t i = r->chosen + 1; i < r->n; i++)
		if (j->learn[i] != NULL && contest_beats(&j->contest, &j->entrant[i], &j->entrant[r->chosen]))
			r->chosen = i;
}

/* Far behind, and hardly ever right where the leader is not: it would answer nothing. */
static bool
is_hopeless(const struct contest *c, const struct entrant *leader, const struct entrant *e)
{
	return contest_lead(c, leader, e, CONTEST_RIGHT) > CONTEST_HOPELESS &&
	    contest_alone(c, e, leader, CONTEST_RIGHT) * ALONE_ONE_IN < contest_played(c);
}

/* Those that are hopeless go. True: one is left. */
static bool
is_decided(struct joining *j)
{
	const struct entrant *leader = &j->entrant[j->report->chosen];
	uint32_t left = 0;

	if (j->contest.scale.corpus->nconversations < FEW)
		return false;
	for (uint32_t i = 0; i < j->report->n; i++) {
		if (j->learn[i] != NULL && is_hopeless(&j->contest, leader, &j->entrant[i]))
			j->learn[i] = NULL;
		left += j->learn[i] != NULL;
	}
	return left == 1;
}

/* Among the conversations of c; what was said by kind of message is in *merge. */
static void
hold(struct join_report *out, struct merge *merge, struct pool *pool, const struct corpus *c, const struct learn_params *p)
{
	struct joining *j = pool_alloc(pool, sizeof *j);

	j->p = *p;
	j->p.server_only = true;
	j->report = out;
	for (uint32_t k = 0; k < JOIN_LEARNERS; k++)
		if (!joined[k].defined || p->definition != NULL) {
			out->entry[out->n].learner = joined[k].name;
			j->learn[out->n++] = joined[k].learn;
		}
	merge_begin(&j->merge, pool, c, out->n);
	contest_begin(&j->contest, pool, c, NULL, FIFTHS, p->progress);
	for (uint32_t h = 0; h < FIFTHS; h++) {
		for (uint32_t i = 0; i < out->n; i++) {
			progress_at(p->progress, "join", (double)(h * out->n + i) / (FIFTHS * out->n));
			if (j->learn[i] != NULL)
				attempt(j, i, h);
		}
		find_leader(j);
		if (is_decided(j) || contest_played(&j->contest) >= ENOUGH)
			break;
	}
	contest_end(&j->contest);
	*merge = j->merge;
}

/* What kind of message each was that was played, as t takes it, the model of who was chosen. */
static void
tell_kinds(struct join_report *r, struct pool *pool, const struct merge *m, const struct text *t,
    const struct progress *progress)
{
	struct built *built = built_new(pool);
	struct eval_report played = { 0 };
	struct eval_scale scale;
	struct diag why;

	if (built_make(built, t, NULL, &why) == 0) {
		eval_scale(&scale, pool, m->corpus, EVAL_CLASSES);
		eval_on(&played, pool, built->model, &scale, m->heard[r->chosen], progress);
	}
	merge_sort(&r->merge, pool, m, r->chosen, &played);
	built_drop(built);
}

int
learn_auto(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	const struct text *before = learner_before(pool, c, p, report->conversations);
	learner_fn *by = before == NULL ? NULL : learner_called(before->learner, p);
	struct learn_report first = *report;
	struct learn_params how = *p;
	const struct corpus *part;
	struct merge merge;
	int err;

	if (p->clusterer != NULL || p->order != 0)	/* these are PRISMA's */
		return learn_prisma(t, pool, c, use, p, report, why);
	if (p->definition != NULL && by != learn_mining)
		by = NULL;	/* perhaps it was chosen before there was one */
	report->kept = by != NULL;
	if (report->kept)
		return by(t, pool, c, use, p, report, why);
	if (before != NULL)
		how.before = NULL;	/* nobody here goes on with what that learner began */
	err = learn_prisma(t, pool, c, use, &how, report, why);
	if (err < 0)
		return err;
	how.clusterer = report->clusterer;
	how.order = report->order;
	how.before = t;			/* in a heat its basis is nearly right, and found in a fifth of the time */
	part = corpus_part(pool, c, use);
	hold(&report->join, &merge, pool, part, &how);
	if (report->join.chosen > 0) {
		first.join = report->join;
		first.choice = report->choice;
		*report = first;
		*t = (struct text){ 0 };
		by = learner_called(span_str(report->join.entry[report->join.chosen].learner), p);
		err = by(t, pool, c, use, p, report, why);
	}
	if (err == 0)
		tell_kinds(&report->join, pool, &merge, t, p->progress);
	return err;
}
