#include "learning/join.h"

#include "learning/contest.h"
#include "learning/learners.h"

#include <string.h>

enum {
	FIFTHS = 5,			/* halves would favour who needs little to learn from */
	ALONE_ONE_IN = 50,		/* a lead is not made up for by who is alone right less often than this, */
	FEW = 200,			/* among more conversations: what is said in one has one cause */
	ENOUGH = 1000,			/* replies: what these leave open is not worth the time */
	FIRST_LEFT_OUT = 3,		/* one in so many templates may be, of a model that competed with all; */
	SECOND_LEFT_OUT = 20		/* of one beside another: what it says instead would be heard */
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

/* The models of all conversations, by entry; each is learned when it is wanted first. */
struct wanted {
	struct pool *pool;
	const struct corpus *corpus;
	const bool *use;
	const struct learn_params *p;
	struct diag *why;
	struct text text[JOIN_LEARNERS];
	struct learn_report report[JOIN_LEARNERS];
	bool there[JOIN_LEARNERS];
};

static int
want(struct wanted *w, const struct join_report *r, uint32_t entry)
{
	const struct learn_report *any = &w->report[0];		/* PRISMA's is there */
	int err;

	if (w->there[entry])
		return 0;
	w->report[entry] = (struct learn_report){ .corpus = any->corpus, .conversations = any->conversations };
	err = learner_called(span_str(r->entry[entry].learner), w->p)(&w->text[entry], w->pool, w->corpus, w->use, w->p,
	    &w->report[entry], w->why);
	w->there[entry] = err == 0;
	return err;
}

/* Has the automaton room for nearly all its templates? Else it is not what competed. */
static bool
fits(struct built *b, const struct text *t, uint32_t one_in)
{
	struct compile_report r;
	struct diag why;

	return built_make(b, t, &r, &why) == 0 && r.templates_left_out * one_in <= t->ntemplate;
}

/* Who was right most often speaks, or PRISMA, where that one's model does not fit and PRISMA's does. *b: his model. */
static int
choose_first(struct wanted *w, struct join_report *r, struct built *b)
{
	int err = want(w, r, r->chosen);

	if (err < 0 || fits(b, &w->text[r->chosen], FIRST_LEFT_OUT) || r->chosen == 0)
		return err;
	if (fits(b, &w->text[0], FIRST_LEFT_OUT))
		r->chosen = 0;
	else
		fits(b, &w->text[r->chosen], FIRST_LEFT_OUT);
	return 0;
}

/* What kind of message each was that was played, as b takes it, the model of who was chosen; and who answers it. */
static void
tell_kinds(struct join_report *r, struct pool *pool, const struct merge *m, const struct built *b,
    const struct progress *progress)
{
	struct eval_report played = { 0 };
	struct eval_scale scale;
	bool may[JOIN_LEARNERS];

	if (b->model != NULL) {
		eval_scale(&scale, pool, m->corpus, EVAL_CLASSES);
		eval_on(&played, pool, b->model, &scale, m->heard[r->chosen], progress);
	}
	merge_sort(&r->merge, pool, m, r->chosen, &played);
	for (uint32_t i = 0; i < r->n; i++)
		may[i] = strcmp(r->entry[i].learner, "mining") != 0;
	merge_choose(&r->merge, may, r->n);
}

/* The second learner's model beside the first's, where it answers something and fits. */
static int
stand_beside(struct wanted *w, struct join_report *r, struct built *b)
{
	struct merge_report *m = &r->merge;
	struct learn_params how = *w->p;
	int err;

	how.server_only = true;		/* how both sides talk says the first */
	w->p = &how;
	err = m->second == m->first ? 0 : want(w, r, m->second);
	if (err < 0 || m->second == m->first)
		return err;
	if (fits(b, &w->text[m->second], SECOND_LEFT_OUT))
		merge_write(&w->text[m->first], &w->text[m->second], m);
	else
		merge_alone(m);
	return 0;
}

/* The learner of the model before, and the one beside him, learn again; nothing is played. */
static int
learn_again(struct text *t, struct pool *pool, const struct corpus *c, const bool *use, const struct learn_params *p,
    struct learn_report *report, struct diag *why)
{
	const struct text *before = p->before;
	struct learn_report beside = { .corpus = report->corpus, .conversations = report->conversations };
	struct learn_params how = *p;
	struct text *second;
	learner_fn *by;
	int err = learner_called(before->learner, p)(t, pool, c, use, p, report, why);

	if (err < 0 || before->second == NULL)
		return err;
	by = learner_called(before->second->learner, p);
	if (by == NULL)
		return 0;
	second = pool_alloc(pool, sizeof *second);
	how.before = before->second;
	how.server_only = true;
	err = by(second, pool, c, use, &how, &beside, why);
	if (err == 0)
		merge_again(t, second, before);
	return err;
}

/* All that apply compete. */
static int
compete(struct text *t, struct pool *pool, const struct corpus *c, const bool *use, const struct learn_params *p,
    struct learn_report *report, struct diag *why)
{
	struct wanted *w = pool_alloc(pool, sizeof *w);
	struct learn_params how = *p;
	struct join_report join = { 0 };
	struct built *b;
	struct merge merge;
	int err;

	*w = (struct wanted){ .pool = pool, .corpus = c, .use = use, .p = &how, .why = why, .report[0] = *report };
	err = learn_prisma(&w->text[0], pool, c, use, &how, &w->report[0], why);
	if (err < 0)
		return err;
	w->there[0] = true;
	how.clusterer = w->report[0].clusterer;
	how.order = w->report[0].order;
	how.before = &w->text[0];	/* in a heat its basis is nearly right, and found in a fifth of the time */
	hold(&join, &merge, pool, corpus_part(pool, c, use), &how);
	b = built_new(pool);
	err = choose_first(w, &join, b);
	if (err < 0)
		return err;
	tell_kinds(&join, pool, &merge, b, p->progress);
	err = stand_beside(w, &join, b);
	built_drop(b);
	*t = w->text[join.chosen];
	*report = w->report[join.chosen];
	report->join = join;
	report->choice = w->report[0].choice;
	return err;
}

int
learn_auto(struct text *t, struct pool *pool, const struct corpus *c, const bool *use,
    const struct learn_params *p, struct learn_report *report, struct diag *why)
{
	const struct text *before = learner_before(pool, c, p, report->conversations);
	learner_fn *by = before == NULL ? NULL : learner_called(before->learner, p);
	struct learn_params how = *p;

	if (p->clusterer != NULL || p->order != 0)	/* these are PRISMA's */
		return learn_prisma(t, pool, c, use, p, report, why);
	if (p->definition != NULL && by != learn_mining)
		by = NULL;	/* perhaps it was chosen before there was one */
	report->kept = by != NULL;
	if (report->kept)
		return learn_again(t, pool, c, use, p, report, why);
	if (before != NULL)
		how.before = NULL;	/* nobody here goes on with what that learner began */
	return compete(t, pool, c, use, &how, report, why);
}
