#include "learning/choose.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/built.h"
#include "learning/eval.h"
#include "learning/naming.h"

enum { PARTS = 2, RIGHT = 1, EQUAL = 2 };

static const uint32_t orders[] = { 1, 2, 4 };

struct heat {				/* one part is left out, what is learned is from the others */
	struct lesson lesson;
	struct sorting sorting;
	struct sorted sorted[CHOOSE_CLUSTERERS];
	bool *left_out;			/* per conversation */
	uint32_t replies;		/* of these, so many are judged */
};

struct tried {				/* a candidate in one heat */
	uint32_t *pattern;		/* what its names tell apart */
	uint64_t does;			/* a number for what its model does */
	double foretold;
	uint8_t *said;			/* per reply: RIGHT, EQUAL */
};

struct contest {
	struct pool *pool;
	const struct choose_params *p;
	struct choose_report *report;
	const struct clusterer *clusterer[CHOOSE_CLUSTERERS];	/* that sort in every heat */
	uint32_t nclusterers;
	struct heat heat[PARTS];
	uint32_t nheats;
	struct eval_scale scale;
	struct built *built;
	struct tried tried[CHOOSE_CANDIDATES][PARTS];
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

/* Those that chance puts into one part are left out. False: the rest teaches nothing. */
static bool
begin_heat(struct contest *c, uint32_t part)
{
	const struct corpus *all = c->scale.corpus;
	struct heat *h = &c->heat[c->nheats];
	bool *use = pool_array(c->pool, (size_t)all->nconversations + 1, sizeof *use);
	struct diag why;

	*h = (struct heat){ 0 };
	h->left_out = pool_array(c->pool, (size_t)all->nconversations + 1, sizeof *h->left_out);
	for (uint32_t i = 0; i < all->nconversations; i++) {
		h->left_out[i] = corpus_lot(all, i) % PARTS == part;
		use[i] = !h->left_out[i];
	}
	if (lesson_learn(&h->lesson, c->pool, all, use, c->p->progress, &why) < 0)
		return false;
	sorting_init(&h->sorting, &h->lesson, c->p->seed, c->p->basis, c->p->progress);
	return true;
}

/* False: it cannot sort the messages of some heat. */
static bool
add_clusterer(struct contest *c, const struct clusterer *how)
{
	assert(c->nclusterers < CHOOSE_CLUSTERERS);
	for (uint32_t i = 0; i < c->nheats; i++)
		if (sorting_run(&c->heat[i].sorting, &c->heat[i].sorted[c->nclusterers], how) < 0)
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

/* Its model answers the clients of the part left out; one that cannot be made is silent. */
static void
speak(struct contest *c, struct heat *h, const struct text *t, uint8_t *said)
{
	struct eval_report r;
	struct diag why;

	if (built_make(c->built, t, NULL, &why) < 0)
		return;
	eval_on(&r, c->pool, c->built->model, &c->scale, h->left_out, c->p->progress);
	h->replies = r.nlines;
	for (uint32_t i = 0; i < r.nlines; i++)
		said[i] = (uint8_t)((r.line[i].same_class ? RIGHT : 0) | (r.line[i].equal ? EQUAL : 0));
	built_drop(c->built);
}

/* One that was tried before and tells the same apart over as long a history, or NULL. */
static const struct tried *
alike(const struct contest *c, uint32_t heat, uint32_t candidate)
{
	const struct lesson *l = &c->heat[heat].lesson;
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
equal(const struct contest *c, uint32_t heat, uint32_t candidate)
{
	for (uint32_t i = 0; i < candidate; i++)
		if (c->tried[i][heat].does == c->tried[candidate][heat].does)
			return &c->tried[i][heat];
	return NULL;
}

/* Learns its model in a heat, and has it speak unless another does the same. */
static void
learn_and_speak(struct contest *c, uint32_t heat, uint32_t candidate, const struct naming *n)
{
	struct heat *h = &c->heat[heat];
	struct tried *to = &c->tried[candidate][heat];
	uint8_t *said = pool_array(c->pool, (size_t)c->scale.corpus->nmessages + 1, sizeof *said);
	struct pool_mark mark = pool_mark(c->pool);
	const struct tried *same;
	struct emit_report emitted;
	struct text t = { 0 };
	struct outcome o;

	outcome_of(&o, &h->lesson, n, c->report->candidate[candidate].order);
	to->foretold = outcome_foretold(&o);
	outcome_emit(&t, &o, "candidate", &emitted);
	to->does = what_it_does(&t);
	same = equal(c, heat, candidate);
	to->said = same != NULL ? same->said : said;
	if (same == NULL)
		speak(c, h, &t, said);
	pool_release(c->pool, &mark);
}

static void
try_in_heat(struct contest *c, uint32_t heat, uint32_t candidate, const struct sorted *s)
{
	const struct heat *h = &c->heat[heat];
	struct tried *to = &c->tried[candidate][heat];
	const struct tried *same;
	struct naming n;

	naming_of(&n, &h->sorting, s);
	to->pattern = naming_pattern(&n, &h->lesson);
	same = alike(c, heat, candidate);
	if (same != NULL)
		*to = *same;
	else
		learn_and_speak(c, heat, candidate, &n);
}

/* By one clusterer, or by two. */
static void
try_candidate(struct contest *c, uint32_t one, uint32_t two, uint32_t order)
{
	struct choose_report *r = c->report;
	uint32_t number = r->ncandidates++;
	struct candidate *to = &r->candidate[number];

	assert(number < CHOOSE_CANDIDATES);
	progress_at(c->p->progress, "choose", (double)number / CHOOSE_CANDIDATES);
	*to = (struct candidate){ .order = order };
	snprintf(to->clusterer, sizeof to->clusterer, "%s%s%s", c->clusterer[one]->name,
	    one == two ? "" : "+", one == two ? "" : c->clusterer[two]->name);
	for (uint32_t i = 0; i < c->nheats; i++) {
		struct heat *h = &c->heat[i];
		struct sorted both;

		if (one != two)
			sorted_multiply(&both, c->pool, &h->sorted[one], &h->sorted[two]);
		try_in_heat(c, i, number, one == two ? &h->sorted[one] : &both);
		to->foretold += c->tried[number][i].foretold / c->nheats;
		for (uint32_t k = 0; k < h->replies; k++) {
			to->right += (c->tried[number][i].said[k] & RIGHT) != 0;
			to->equal += (c->tried[number][i].said[k] & EQUAL) != 0;
		}
	}
}

static void
try_orders(struct contest *c, uint32_t one, uint32_t two)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (c->p->order == 0 || c->p->order == orders[i])
			try_candidate(c, one, two, orders[i]);
}

/* Is a right clearly more often than b: more than chance would make of what only one got right? */
static bool
clearly_better(const struct contest *c, uint32_t a, uint32_t b)
{
	double won = 0, lost = 0;

	for (uint32_t i = 0; i < c->nheats; i++)
		for (uint32_t k = 0; k < c->heat[i].replies; k++) {
			unsigned in_a = c->tried[a][i].said[k] & RIGHT, in_b = c->tried[b][i].said[k] & RIGHT;

			won += in_a > in_b;
			lost += in_b > in_a;
		}
	return won - lost > sqrt(won + lost);
}

/*
 * Of those that are not clearly worse than the one most often right the one that is right to the byte
 * most often, the first of equals.
 */
static uint32_t
winner(const struct contest *c)
{
	const struct candidate *all = c->report->candidate;
	uint32_t top = 0, best = CLUSTER_NONE;

	for (uint32_t i = 1; i < c->report->ncandidates; i++)
		top = all[i].right > all[top].right ? i : top;
	for (uint32_t i = 0; i < c->report->ncandidates; i++)
		if (!clearly_better(c, top, i) && (best == CLUSTER_NONE || all[i].equal > all[best].equal))
			best = i;
	return best;
}

static uint32_t
number_of(const struct contest *c, const char *clusterer)
{
	uint32_t i = 0;

	while (!naming_is_among(clusterer, c->clusterer[i]->name))
		i++;
	return i;
}

static void
hold(struct contest *c)
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
	best = number_of(c, r->candidate[winner(c)].clusterer);
	order = r->candidate[winner(c)].order;
	for (uint32_t i = 0; i < c->nclusterers; i++)	/* with the order that served the best one alone */
		if (i != best)
			try_candidate(c, MIN(i, best), MAX(i, best), order);
}

int
choose(struct choose_report *report, struct pool *pool, const struct corpus *corpus,
    const bool *use, const struct choose_params *p)
{
	struct built *built = built_new(pool);		/* before the mark: dropped with the pool */
	struct pool_mark mark = pool_mark(pool);
	struct contest *c = pool_alloc(pool, sizeof *c);

	*report = (struct choose_report){ 0 };
	*c = (struct contest){ .pool = pool, .p = p, .report = report, .built = built };
	eval_scale(&c->scale, pool, corpus_part(pool, corpus, use), EVAL_CLASSES);
	for (uint32_t part = 0; part < PARTS && (p->clusterer == NULL || p->order == 0); part++)
		c->nheats += begin_heat(c, part);
	for (const struct clusterer *how = clusterers; how->name != NULL; how++)
		if (p->clusterer == NULL || naming_is_among(p->clusterer, how->name))
			add_clusterer(c, how);
	hold(c);
	if (report->ncandidates > 0)
		report->chosen = winner(c);
	for (uint32_t i = 0; i < c->nheats; i++)
		report->played += c->heat[i].replies;
	pool_release(pool, &mark);
	return report->ncandidates > 0 ? 0 : -EINVAL;
}
