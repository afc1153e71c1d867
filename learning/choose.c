#include "learning/choose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/contest.h"
#include "learning/naming.h"

enum { HALVES = 2 };

static const uint32_t orders[] = { 1, 2, 4 };

struct school {				/* of a heat: what its half teaches */
	bool open;			/* it teaches something */
	struct lesson lesson;
	struct sorting sorting;
	struct sorted sorted[CHOOSE_CLUSTERERS];
};

struct tried {				/* a candidate in one heat */
	uint32_t *pattern;		/* what its names tell apart */
	uint64_t does;			/* a number for what its model does */
	double foretold;
	uint8_t *said;
};

struct choice_of_names {
	struct pool *pool;
	const struct choose_params *p;
	struct choose_report *report;
	const struct clusterer *clusterer[CHOOSE_CLUSTERERS];	/* that sort in every heat */
	uint32_t nclusterers;
	struct contest contest;
	struct school school[HALVES];
	uint32_t nopen;
	struct tried tried[CHOOSE_CANDIDATES][HALVES];
	struct entrant entrant[CHOOSE_CANDIDATES];
};

/* A clusterer's name, or two different ones with a plus between. */
static bool
is_known(const char *names)
{
	size_t known = 0, length = 0;

	for (const struct clusterer *c = clusterers; c->name != NULL; c++) {
		if (naming_is_among(names, c->name)) {
			known++;
			length += strlen(c->name);
		}
	}
	return (known == 1 || known == 2) && strlen(names) == length + known - 1;
}

int
choose_check(const char *clusterer, uint32_t order, struct diag *why)
{
	bool known = order == 0;
	char names[128] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		known |= order == orders[i];
	if (!known)
		return diag_set(why, -EINVAL, "order %u is not one of 1, 2 and 4.", order);
	if (clusterer == NULL || is_known(clusterer))
		return 0;
	for (const struct clusterer *c = clusterers; c->name != NULL; c++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "", c->name);
	return diag_set(why, -EINVAL, "there is no clusterer \"%s\"; there are %s, and two of them as "
	    "A+B.", clusterer, names);
}

static void
open_school(struct choice_of_names *c, uint32_t heat)
{
	struct school *s = &c->school[heat];
	struct diag why;

	s->open = lesson_learn(&s->lesson, c->pool, c->contest.scale.corpus, c->contest.heat[heat].use,
	    c->p->progress, &why) == 0;
	if (s->open)
		sorting_init(&s->sorting, &s->lesson, c->p->seed, c->p->basis, c->p->progress);
	c->nopen += s->open;
}

/* False: it cannot sort the messages of some heat. */
static bool
add_clusterer(struct choice_of_names *c, const struct clusterer *how)
{
	assert(c->nclusterers < CHOOSE_CLUSTERERS);
	for (uint32_t h = 0; h < HALVES; h++)
		if (c->school[h].open && sorting_run(&c->school[h].sorting, &c->school[h].sorted[c->nclusterers], how) < 0)
			return false;
	c->clusterer[c->nclusterers++] = how;
	return true;
}

/* Of its text without the names of things, which do nothing. */
static uint64_t
what_it_does(struct text *t)
{
	uint64_t hash = 0;
	char *bytes;
	size_t n;

	for (uint32_t i = 0; i < t->ntemplate; i++)
		t->template[i].cluster = -1;
	for (uint32_t i = 0; i < t->nreply; i++)
		t->reply[i].cluster = -1;
	for (uint32_t i = 0; i < t->nstate; i++)
		t->state[i].note = (struct span){ 0 };
	t->order = 1;
	if (text_print(t, &bytes, &n) == 0) {
		hash = span_hash(span_of((const uint8_t *)bytes, n), 0);
		free(bytes);
	}
	return hash;
}

/* One that was tried before and tells the same apart over as long a history, or NULL. */
static const struct tried *
alike(const struct choice_of_names *c, uint32_t heat, uint32_t candidate)
{
	const struct lesson *l = &c->school[heat].lesson;
	size_t templates = (size_t)l->client.n + l->server.n;

	for (uint32_t i = 0; i < candidate; i++) {
		const struct tried *t = &c->tried[i][heat];

		if (c->report->candidate[i].order == c->report->candidate[candidate].order &&
		    memcmp(t->pattern, c->tried[candidate][heat].pattern, templates * sizeof *t->pattern) == 0)
			return t;
	}
	return NULL;
}

/* One that was tried before and does the same, or NULL. */
static const struct tried *
equal(const struct choice_of_names *c, uint32_t heat, uint32_t candidate)
{
	for (uint32_t i = 0; i < candidate; i++)
		if (c->tried[i][heat].does == c->tried[candidate][heat].does)
			return &c->tried[i][heat];
	return NULL;
}

/* Learns its model in a heat, and has it speak unless another does the same. */
static void
learn_and_speak(struct choice_of_names *c, uint32_t heat, uint32_t candidate, const struct naming *n)
{
	struct tried *to = &c->tried[candidate][heat];
	uint8_t *said = contest_room(&c->contest);
	struct pool_mark mark = pool_mark(c->pool);
	const struct tried *same;
	struct emit_report emitted;
	struct eval_report played;
	struct text t = { 0 };
	struct outcome o;

	outcome_of(&o, &c->school[heat].lesson, n, c->report->candidate[candidate].order);
	to->foretold = outcome_foretold(&o);
	outcome_emit(&t, &o, "candidate", &emitted);
	to->does = what_it_does(&t);
	same = equal(c, heat, candidate);
	to->said = same != NULL ? same->said : said;
	if (same == NULL)
		contest_speak(&c->contest, heat, &t, said, &played);
	pool_release(c->pool, &mark);
}

static void
try_in_heat(struct choice_of_names *c, uint32_t heat, uint32_t candidate, const struct sorted *s)
{
	const struct school *school = &c->school[heat];
	struct tried *to = &c->tried[candidate][heat];
	const struct tried *same;
	struct naming n;

	naming_of(&n, &school->sorting, s);
	to->pattern = naming_pattern(&n, &school->lesson);
	same = alike(c, heat, candidate);
	if (same != NULL)
		*to = *same;
	else
		learn_and_speak(c, heat, candidate, &n);
}

/* By one clusterer, or by two. */
static void
try_candidate(struct choice_of_names *c, uint32_t one, uint32_t two, uint32_t order)
{
	struct choose_report *r = c->report;
	uint32_t number = r->ncandidates++;
	struct candidate *to = &r->candidate[number];
	struct entrant *e = &c->entrant[number];

	assert(number < CHOOSE_CANDIDATES);
	progress_at(c->p->progress, "choose", (double)number / CHOOSE_CANDIDATES);
	*to = (struct candidate){ .order = order };
	snprintf(to->clusterer, sizeof to->clusterer, "%s%s%s", c->clusterer[one]->name,
	    one == two ? "" : "+", one == two ? "" : c->clusterer[two]->name);
	for (uint32_t h = 0; h < HALVES; h++) {
		struct school *s = &c->school[h];
		struct sorted both;

		if (!s->open)
			continue;
		if (one != two)
			sorted_multiply(&both, c->pool, &s->sorted[one], &s->sorted[two]);
		try_in_heat(c, h, number, one == two ? &s->sorted[one] : &both);
		to->foretold += c->tried[number][h].foretold / c->nopen;
		e->said[h] = c->tried[number][h].said;
		contest_count(&c->contest, e, h);
	}
	to->right = e->right;
	to->equal = e->equal;
}

static void
try_orders(struct choice_of_names *c, uint32_t one, uint32_t two)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (c->p->order == 0 || c->p->order == orders[i])
			try_candidate(c, one, two, orders[i]);
}

static uint32_t
number_of(const struct choice_of_names *c, const char *clusterer)
{
	uint32_t i = 0;

	while (!naming_is_among(clusterer, c->clusterer[i]->name))
		i++;
	return i;
}

static void
hold(struct choice_of_names *c)
{
	struct choose_report *r = c->report;
	bool product = c->p->clusterer != NULL && strchr(c->p->clusterer, '+') != NULL;
	uint32_t best, order;

	if (product) {
		if (c->nclusterers == 2)
			try_orders(c, 0, 1);
		return;
	}
	for (uint32_t i = 0; i < c->nclusterers; i++)
		try_orders(c, i, i);
	if (c->nclusterers < 2)
		return;
	best = contest_winner(&c->contest, c->entrant, r->ncandidates);
	order = r->candidate[best].order;
	best = number_of(c, r->candidate[best].clusterer);
	for (uint32_t i = 0; i < c->nclusterers; i++)	/* with the order that served the best one alone */
		if (i != best)
			try_candidate(c, MIN(i, best), MAX(i, best), order);
}

int
choose(struct choose_report *report, struct pool *pool, const struct corpus *corpus,
    const bool *use, const struct choose_params *p)
{
	struct choice_of_names *c = pool_alloc(pool, sizeof *c);
	bool open = p->clusterer == NULL || p->order == 0;	/* else there is nothing to choose */

	*report = (struct choose_report){ 0 };
	*c = (struct choice_of_names){ .pool = pool, .p = p, .report = report };
	if (open)
		contest_begin(&c->contest, pool, corpus, use, HALVES, p->progress);
	for (uint32_t h = 0; h < HALVES && open; h++)
		open_school(c, h);
	for (const struct clusterer *how = clusterers; how->name != NULL; how++)
		if (p->clusterer == NULL || naming_is_among(p->clusterer, how->name))
			add_clusterer(c, how);
	hold(c);
	if (report->ncandidates > 0)
		report->chosen = contest_winner(&c->contest, c->entrant, report->ncandidates);
	report->played = contest_played(&c->contest);
	if (open)
		contest_end(&c->contest);
	return report->ncandidates > 0 ? 0 : -EINVAL;
}
