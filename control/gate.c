#include "control/gate.h"

#include <math.h>
#include <stdio.h>

#include "models/selftest.h"

static const char *const set_names[GATE_SETS] = { "old", "new" };

bool
gate_worse(uint32_t won, uint32_t lost)
{
	double n = (double)won + lost, term, sum = 0;
	int sign;

	if (lost <= won)
		return false;
	term = exp(lgamma_r(n + 1, &sign) - lgamma_r(lost + 1.0, &sign) - lgamma_r(won + 1.0, &sign) - n * M_LN2);
	for (double k = lost; k <= n && term > sum * 1e-12; k++) {	/* falls: k is beyond the middle */
		sum += term;
		term *= (n - k) / (k + 1);
	}
	return sum < 0.05;
}

static void
count(struct gate_count *to, bool running, bool candidate)
{
	to->judged++;
	to->running += running;
	to->candidate += candidate;
	to->won += candidate && !running;
	to->lost += running && !candidate;
}

static void
decide(struct gate_count *c)
{
	c->worse = gate_worse(c->won, c->lost) || (c->judged < GATE_TINY && c->lost > c->won);
}

static int
by_place(const struct eval_line *a, const struct eval_line *b)
{
	if (a->conversation != b->conversation)
		return a->conversation < b->conversation ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

/* The line at a place, or NULL: that play has none there. Both reports stand in order. */
static const struct eval_line *
line_at(const struct eval_report *r, uint32_t *i, const struct eval_line *place)
{
	return *i < r->nlines && by_place(&r->line[*i], place) == 0 ? &r->line[(*i)++] : NULL;
}

/* The earlier of the next lines of two reports, NULL at the end of both. */
static const struct eval_line *
earlier(const struct eval_report *a, uint32_t i, const struct eval_report *b, uint32_t j)
{
	if (i == a->nlines || j == b->nlines)
		return i < a->nlines ? &a->line[i] : j < b->nlines ? &b->line[j] : NULL;
	return by_place(&a->line[i], &b->line[j]) <= 0 ? &a->line[i] : &b->line[j];
}

void
gate_compare(struct gate_count *messages, struct gate_count *conversations,
    const struct eval_report *running, const struct eval_report *candidate)
{
	const struct eval_line *place, *r, *c, *last = NULL;
	bool all_r = true, all_c = true;
	uint32_t i = 0, j = 0;

	*messages = *conversations = (struct gate_count){ 0 };
	while ((place = earlier(running, i, candidate, j)) != NULL) {
		if (last != NULL && last->conversation != place->conversation) {
			count(conversations, all_r, all_c);
			all_r = all_c = true;
		}
		last = place;
		r = line_at(running, &i, place);
		c = line_at(candidate, &j, place);
		count(messages, r != NULL && r->same_class, c != NULL && c->same_class);
		all_r &= r != NULL && r->same_class;
		all_c &= c != NULL && c->same_class;
	}
	if (last != NULL)
		count(conversations, all_r, all_c);
	decide(messages);
	decide(conversations);
}

/* Both models against the conversations with a flag; c has no others' replies to tell classes by. */
static void
play_both(struct gate_verdict *v, enum gate_set set, struct pool *pool, const struct gate_input *in,
    const struct corpus *c, const bool *use)
{
	enum eval_depth depth = v->by_vectors && set == GATE_OLD ? EVAL_VECTORS : EVAL_CLASSES;
	struct eval_report running, candidate;

	eval(&running, pool, in->running, c, use, depth, in->progress);
	eval(&candidate, pool, in->candidate, c, use, depth, in->progress);
	gate_compare(&v->messages[set], &v->conversations[set], &running, &candidate);
}

/* The running model's vectors as if somebody had captured them. */
static const struct corpus *
vectors_corpus(struct pool *pool, const struct gate_input *in)
{
	const struct text *t = in->said;
	struct corpus *c = pool_copy(pool, in->corpus, sizeof *c);
	uint32_t lines = 0;

	for (uint32_t i = 0; i < t->nvector; i++)
		lines += t->vector[i].n;
	c->conversations = pool_array(pool, t->nvector + 1, sizeof *c->conversations);
	c->messages = pool_array(pool, lines + 1, sizeof *c->messages);
	c->nconversations = c->nmessages = 0;
	for (uint32_t i = 0; i < t->nvector; i++) {
		struct conversation *to = &c->conversations[c->nconversations++];

		*to = (struct conversation){ .client = addr_v4(0xc0000201), .server = addr_v4(0xc6130001),
			.client_port = 40000, .server_port = c->port, .first = c->nmessages, .proto = c->proto,
			.whole = true };
		for (uint32_t j = 0; j < t->vector[i].n; j++)
			if (t->vector[i].line[j].n > 0 || j % 2 == 1)	/* silence too: it is to this question */
				c->messages[c->nmessages++] = (struct message){ .bytes = t->vector[i].line[j],
					.side = j % 2 == 0 ? SIDE_CLIENT : SIDE_SERVER };
		to->n = c->nmessages - to->first;
	}
	return c;
}

/*
 * The conversations of the old captures, which come first, without anything from the new ones:
 * those have no say in what a class of old replies is.
 */
static const struct corpus *
old_corpus(struct pool *pool, const struct gate_input *in)
{
	struct corpus *c = pool_copy(pool, in->corpus, sizeof *c);
	uint32_t n = 0;

	while (n < c->nconversations && c->conversations[n].source < in->nold)
		n++;
	c->nmessages = n < c->nconversations ? c->conversations[n].first : c->nmessages;
	c->nconversations = n;
	return c;
}

static void
judge_old(struct gate_verdict *v, struct pool *pool, const struct gate_input *in)
{
	play_both(v, GATE_OLD, pool, in, old_corpus(pool, in), in->held);
	if (v->messages[GATE_OLD].judged > 0)
		return;
	v->by_vectors = true;
	play_both(v, GATE_OLD, pool, in, vectors_corpus(pool, in), NULL);
	v->messages[GATE_OLD].worse =
	    v->messages[GATE_OLD].candidate * 100ull < v->messages[GATE_OLD].judged * (uint64_t)GATE_AGREE;
	v->conversations[GATE_OLD].worse = false;
}

static void
judge_new(struct gate_verdict *v, struct pool *pool, const struct gate_input *in)
{
	bool *use = pool_array(pool, in->corpus->nconversations, sizeof *use);

	for (uint32_t i = 0; i < in->corpus->nconversations; i++)
		use[i] = in->held[i] && in->corpus->conversations[i].source >= in->nold;
	play_both(v, GATE_NEW, pool, in, in->corpus, use);
}

static size_t
put_count(char *to, size_t room, const struct gate_count *c, const char *what)
{
	int n = snprintf(to, room, "%u of %u %s (before %u; won %u, lost %u)%s", c->candidate, c->judged, what,
	    c->running, c->won, c->lost, c->worse ? ", which is worse" : "");

	return MIN((size_t)MAX(n, 0), room - 1);
}

/* "old 812 of 900 replies (before 810; won 5, lost 3), 95 of 100 conversations (...); new ..." */
static void
put_numbers(char *to, size_t room, const struct gate_verdict *v)
{
	size_t at = 0;

	for (enum gate_set s = 0; s < GATE_SETS; s++) {
		at += (size_t)snprintf(to + at, room - at, "%s%s ", s > 0 ? "; " : "",
		    s == GATE_OLD && v->by_vectors ? "vectors of the running model" : set_names[s]);
		if (v->messages[s].judged == 0) {
			at += (size_t)snprintf(to + at, room - at, "none");
			continue;
		}
		at += put_count(to + at, room - at, &v->messages[s], "replies");
		at += (size_t)snprintf(to + at, room - at, ", ");
		at += put_count(to + at, room - at, &v->conversations[s], "conversations");
	}
}

static bool
is_worse(const struct gate_verdict *v)
{
	bool worse = false;

	for (enum gate_set s = 0; s < GATE_SETS; s++)
		worse |= v->messages[s].worse || v->conversations[s].worse;
	return worse;
}

void
gate_judge(struct gate_verdict *v, struct pool *pool, const struct gate_input *in)
{
	char numbers[400];
	struct diag why;
	int vectors = selftest_run(in->candidate, &why);

	*v = (struct gate_verdict){ 0 };
	if (vectors < 0) {
		diag_set(&v->why, 0, "%s: the candidate is refused, it fails its own self-test: %s", in->service,
		    why.text);
		return;
	}
	v->vectors = (uint32_t)vectors;
	judge_old(v, pool, in);
	if (v->messages[GATE_OLD].judged == 0) {
		diag_set(&v->why, 0, "%s: the candidate is refused, nothing old vouches for it: no old conversation "
		    "is held out and the running model carries no vectors; learn one with mynah learn, load it, "
		    "and retrain.", in->service);
		return;
	}
	judge_new(v, pool, in);
	v->passed = !is_worse(v);
	put_numbers(numbers, sizeof numbers, v);
	diag_set(&v->why, 0, "%s: the candidate %s: right in %s.", in->service, v->passed ? "passes" : "is refused",
	    numbers);
}
