#include "learning/latch.h"

#include <math.h>
#include <stdlib.h>

#include "learning/alike.h"

enum {
	COMBOS = 64,		/* LATCH_VALUES to the power of LATCHES */
	TARGETS = LATCHES * (LATCH_VALUES + 1), /* a value of a latch, or to leave it alone */
	ANSWERS = 8,		/* told apart per template; the last is all others */
	MIN_SAMPLES = 4,	/* of a template whose replies are foretold */
	MIN_HALF = 2,		/* replies that a step gains in each half */
	MIN_GAIN = 6,		/* in both; a new value costs as much again, a new latch twice */
	MAX_STEPS = 64,
	AHEAD = 8,		/* steps that are tried together with a second one */
};
#define NO_STEP UINT32_MAX
static_assert(COMBOS == LATCH_VALUES * LATCH_VALUES * LATCH_VALUES, "of three latches");

/* A reply that latches may foretell: other replies came to its template too. */
struct sample {
	uint32_t row;		/* of template and half of the conversations: its first cell */
	uint8_t answer, combo;	/* combination of values held */
};

struct cell {			/* of a row and a combination: replies */
	uint32_t n[ANSWERS];
	uint32_t score;		/* foretold */
	bool touched;
};

struct step {			/* a set gives a latch a value */
	int32_t gain;		/* replies */
	int32_t worth;		/* negative: not to be taken alone */
};

struct change {
	uint32_t sample;
	uint8_t combo;
};

struct search {
	struct pool *pool;
	struct said said;
	const struct exchanges *x;
	struct latches *out;
	struct intern pairs;
	uint32_t *pair_of;		/* per exchange: of the most specific templates */
	uint8_t (*move)[LATCHES];	/* per pair */
	struct alike *set;
	uint32_t nsets;
	struct sample *sample;
	uint32_t nsamples;
	uint32_t *first;		/* per exchange: first sample at or behind it */
	struct cell *cell;
	uint32_t ncells;
	struct held *held;		/* per exchange: before it */
	uint32_t *next[LATCHES];	/* per exchange: the next that sets it, else the last of the conversation */
	uint32_t *touched, ntouched;
	struct change *change;
	uint32_t nchanges;
};

static uint32_t
combo_of(struct held h)
{
	uint32_t combo = 0;

	for (uint32_t l = LATCHES; l-- > 0;)
		combo = combo * LATCH_VALUES + h.value[l];
	return combo;
}

static uint32_t
with_value(uint32_t combo, uint32_t latch, uint32_t value)
{
	uint32_t unit = 1;

	for (uint32_t l = 0; l < latch; l++)
		unit *= LATCH_VALUES;
	return combo + value * unit - combo / unit % LATCH_VALUES * unit;
}

struct reply {			/* to a template; of its kind there are n */
	uint32_t client, kind, exchange, n;
};

static int
reply_cmp(const void *a, const void *b)
{
	const struct reply *x = a, *y = b;

	return x->client != y->client ? (x->client > y->client) - (x->client < y->client)
	    : x->n != y->n ? (x->n < y->n) - (x->n > y->n)
	    : x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
	    : (x->exchange > y->exchange) - (x->exchange < y->exchange);
}

/* Known replies with the most specific template that has enough of them. */
static uint32_t
known_replies(const struct search *s, struct reply *out)
{
	uint32_t *n = pool_array(s->pool, s->said.client->n + 1, sizeof *n), m = 0;

	for (uint32_t i = 0; i < s->x->n; i++)
		for (unsigned l = 0; l < LEVELS && s->x->exchange[i].known; l++)
			if (said_client(&s->said, i, l) != NO_TEMPLATE)
				n[said_client(&s->said, i, l)]++;
	for (uint32_t i = 0; i < s->x->n; i++) {
		for (unsigned l = 0; l < LEVELS && s->x->exchange[i].known; l++) {
			uint32_t t = said_client(&s->said, i, l);

			if (t == NO_TEMPLATE || n[t] < MIN_SAMPLES)
				continue;
			out[m++] = (struct reply){ t, s->x->exchange[i].kind, i, 0 };
			break;
		}
	}
	return m;
}

/* Not every other one: clients may take turns. */
static uint32_t
half_of(uint32_t conversation)
{
	return conversation * 2654435761u >> 31;
}

/* Samples of templates whose replies differ, by exchange; a row per template and half. */
static void
make_samples(struct search *s)
{
	uint32_t n = s->x->n, m, rows = 0;
	struct reply *r = pool_array(s->pool, n + 1, sizeof *r);
	struct sample *of = pool_array(s->pool, n + 1, sizeof *of);
	bool *has = pool_array(s->pool, n + 1, sizeof *has);

	m = known_replies(s, r);
	qsort(r, m, sizeof *r, reply_cmp);
	for (uint32_t i = 0, end; i < m; i = end) {
		for (end = i; end < m && r[end].client == r[i].client && r[end].kind == r[i].kind;)
			end++;
		for (uint32_t k = i; k < end; k++)
			r[k].n = end - i;
	}
	qsort(r, m, sizeof *r, reply_cmp);	/* now the most frequent first */
	for (uint32_t i = 0, end; i < m; i = end) {
		uint32_t rank = 0;

		for (end = i; end < m && r[end].client == r[i].client; end++) {
			uint32_t e = r[end].exchange;

			rank += end > i && r[end].kind != r[end - 1].kind;
			of[e].answer = (uint8_t)MIN(rank, (uint32_t)ANSWERS - 1);
			of[e].row = (2 * rows + half_of(s->x->exchange[e].conversation)) * COMBOS;
		}
		for (uint32_t k = i; k < end && rank > 0; k++)
			has[r[k].exchange] = true;
		rows += rank > 0;
	}
	s->ncells = 2 * rows * COMBOS;
	s->cell = pool_array(s->pool, s->ncells, sizeof *s->cell);
	s->sample = pool_array(s->pool, m, sizeof *s->sample);
	s->first = pool_array(s->pool, n + 1, sizeof *s->first);
	for (uint32_t i = 0; i < n; i++) {
		s->first[i] = s->nsamples;
		if (has[i])
			s->sample[s->nsamples++] = of[i];
	}
	s->first[n] = s->nsamples;
	s->touched = pool_array(s->pool, s->ncells, sizeof *s->touched);
	s->change = pool_array(s->pool, s->nsamples, sizeof *s->change);
}

/* Replies of a cell that are foretold by its most frequent one, each left out. */
static uint32_t
foretold(const struct cell *c)
{
	uint32_t most = 1;

	for (uint32_t a = 0; a < ANSWERS - 1; a++)
		most = MAX(most, c->n[a]);
	return most > 1 ? most : 0;
}

/* What is held before every exchange, and all that follows from it, with the moves as they are. */
static void
replay(struct search *s)
{
	const struct exchanges *x = s->x;

	for (uint32_t v = 0; v < x->conversations; v++) {
		struct held h = { { 0 } };
		uint32_t end = x->first[v + 1], coming[LATCHES];

		for (uint32_t i = x->first[v]; i < end; i++) {
			const uint8_t *move = s->move[s->pair_of[i]];

			s->held[i] = h;
			for (uint32_t l = 0; l < LATCHES; l++)
				h.value[l] = move[l] == LATCH_KEEP ? h.value[l] : move[l];
		}
		for (uint32_t l = 0; l < LATCHES; l++)
			coming[l] = end - 1;
		for (uint32_t i = end; i-- > x->first[v];) {
			for (uint32_t l = 0; l < LATCHES; l++) {
				s->next[l][i] = coming[l];
				if (s->move[s->pair_of[i]][l] != LATCH_KEEP)
					coming[l] = i;
			}
		}
	}
	memset(s->cell, 0, s->ncells * sizeof *s->cell);
	for (uint32_t i = 0; i < x->n; i++) {
		for (uint32_t k = s->first[i]; k < s->first[i + 1]; k++) {
			s->sample[k].combo = (uint8_t)combo_of(s->held[i]);
			s->cell[s->sample[k].row + s->sample[k].combo].n[s->sample[k].answer]++;
		}
	}
	for (uint32_t c = 0; c < s->ncells; c++)
		s->cell[c].score = foretold(&s->cell[c]);
}

static void
touch(struct search *s, uint32_t cell)
{
	if (!s->cell[cell].touched)
		s->touched[s->ntouched++] = cell;
	s->cell[cell].touched = true;
}

/* The samples behind exchange i hold another value, as far as exchange last. */
static void
try_span(struct search *s, uint32_t i, uint32_t last, uint32_t latch, uint8_t value)
{
	for (uint32_t k = s->first[i + 1]; k < s->first[last + 1]; k++) {
		const struct sample *p = &s->sample[k];
		uint32_t combo = with_value(p->combo, latch, value);

		if (combo == p->combo)
			continue;
		touch(s, p->row + p->combo);
		touch(s, p->row + combo);
		s->cell[p->row + p->combo].n[p->answer]--;
		s->cell[p->row + combo].n[p->answer]++;
		s->change[s->nchanges++] = (struct change){ k, (uint8_t)combo };
	}
}

/* Replies that a step gains, and how many are then not foretold where it changes anything. */
struct gain {
	int32_t replies;
	uint32_t missed;
	bool both;		/* halves of the conversations gain */
};

static struct gain
gain_of(struct search *s, const struct alike *set, uint32_t latch, uint8_t value)
{
	int32_t half[2] = { 0, 0 };
	struct gain g = { 0 };
	uint32_t last = UINT32_MAX;
	uint8_t carried = 0;

	s->ntouched = s->nchanges = 0;
	for (uint32_t k = 0; k < set->n; k++) {
		uint32_t i = set->at[k];

		if (value != LATCH_KEEP)
			carried = value;
		else if (i != last)
			carried = s->held[i].value[latch];
		last = s->next[latch][i];
		if (k + 1 < set->n)
			last = MIN(last, set->at[k + 1]);
		try_span(s, i, last, latch, carried);
	}
	for (uint32_t k = 0; k < s->ntouched; k++) {
		struct cell *c = &s->cell[s->touched[k]];

		half[s->touched[k] / COMBOS % 2] += (int32_t)foretold(c) - (int32_t)c->score;
		for (uint32_t a = 0; a < ANSWERS; a++)
			g.missed += c->n[a];
		g.missed -= foretold(c);
		c->touched = false;
	}
	for (uint32_t k = 0; k < s->nchanges; k++) {
		const struct sample *p = &s->sample[s->change[k].sample];

		s->cell[p->row + p->combo].n[p->answer]++;
		s->cell[p->row + s->change[k].combo].n[p->answer]--;
	}
	g.replies = half[0] + half[1];
	g.both = MIN(half[0], half[1]) >= MAX(MIN_HALF, g.replies / 5);
	return g;
}

/* What a step has to gain beyond chance before it counts; INT32_MAX: it makes no sense. */
static int32_t
price(const struct search *s, const struct alike *set, uint32_t latch, uint8_t value)
{
	const struct latches *l = s->out;
	bool new = false;

	if (latch > l->n || (latch == l->n && value != 1) ||
	    (latch < l->n && value != LATCH_KEEP && value > l->nvalues[latch]))
		return INT32_MAX;
	for (uint32_t i = 0; i < set->n && !new; i++)
		new = s->move[s->pair_of[set->at[i]]][latch] != value;
	if (!new)
		return INT32_MAX;
	return latch == l->n ? 3 * MIN_GAIN : value == l->nvalues[latch] ? 2 * MIN_GAIN : MIN_GAIN;
}

/* Steps are numbered: TARGETS for every set. */
static uint32_t
latch_of(uint32_t step)
{
	return step % TARGETS / (LATCH_VALUES + 1);
}

static uint8_t
value_of(uint32_t step)
{
	uint32_t v = step % TARGETS % (LATCH_VALUES + 1);

	return v == LATCH_VALUES ? LATCH_KEEP : (uint8_t)v;
}

static void
take_step(struct search *s, uint32_t step)
{
	const struct alike *set = &s->set[step / TARGETS];
	uint32_t latch = latch_of(step);
	uint8_t value = value_of(step);
	struct latches *l = s->out;

	for (uint32_t i = 0; i < set->n; i++)
		s->move[s->pair_of[set->at[i]]][latch] = value;
	if (latch == l->n)
		l->nvalues[l->n++] = 1;
	if (value != LATCH_KEEP && value == l->nvalues[latch])
		l->nvalues[latch]++;
	replay(s);
}

/* What a step is worth: beyond its price, and what chance may gain where so many are missed. */
static struct step
weigh(struct search *s, uint32_t number)
{
	const struct alike *set = &s->set[number / TARGETS];
	uint32_t latch = latch_of(number);
	uint8_t value = value_of(number);
	int32_t cost = price(s, set, latch, value);
	struct gain g;

	if (cost == INT32_MAX)
		return (struct step){ 0, -1 };
	g = gain_of(s, set, latch, value);
	return (struct step){ g.replies, g.both ? g.replies - cost - (int32_t)sqrt(g.missed) : -1 };
}

/*
 * The step that is worth most, or NO_STEP. step[] holds what each was worth when it was last
 * tried: those that may be better than the best so far are tried again, and all before giving up.
 */
static uint32_t
best_step(struct search *s, struct step *step)
{
	uint32_t n = s->nsets * TARGETS, best = NO_STEP, top = 0;

	for (uint32_t i = 1; i < n; i++)
		top = step[i].worth > step[top].worth ? i : top;
	for (uint32_t pass = 0; pass < 2 && best == NO_STEP; pass++) {
		for (uint32_t k = 0; k < n; k++) {
			uint32_t i = k == 0 ? top : k == top ? 0 : k;	/* the likeliest first */

			if (pass == 0 ? step[i].worth < 0 || (best != NO_STEP &&
			    step[i].worth <= step[best].worth) : step[i].worth >= 0)
				continue;
			step[i] = weigh(s, i);
			if (step[i].worth >= 0 && (best == NO_STEP || step[i].worth > step[best].worth))
				best = i;
		}
	}
	return best;
}

/* A value that is set is often worth little before another exchange takes it back: both at once. */
static bool
two_steps(struct search *s, const struct step *step, uint32_t pair[2])
{
	uint32_t n = s->nsets * TARGETS, tried[AHEAD];
	struct latches before = *s->out;
	uint8_t (*moves)[LATCHES] = pool_copy(s->pool, s->move, s->pairs.n * sizeof *s->move);
	int32_t most = -1;

	for (uint32_t k = 0; k < AHEAD; k++) {
		uint32_t first = NO_STEP;
		int32_t cost;

		for (uint32_t i = 0; i < n; i++) {
			bool again = step[i].gain <= 0;

			for (uint32_t j = 0; j < k; j++)
				again |= tried[j] == i;
			if (!again && (first == NO_STEP || step[i].gain > step[first].gain))
				first = i;
		}
		if (first == NO_STEP)
			break;
		tried[k] = first;
		cost = price(s, &s->set[first / TARGETS], latch_of(first), value_of(first));
		take_step(s, first);
		for (uint32_t i = 0; i < n; i++) {
			struct step second = { 0, -1 };

			if (latch_of(i) == latch_of(first) && value_of(i) < LATCH_VALUES)
				second = weigh(s, i);
			if (second.worth >= 0 && second.worth + step[first].gain - cost > most) {
				most = second.worth + step[first].gain - cost;
				pair[0] = first;
				pair[1] = i;
			}
		}
		*s->out = before;
		memcpy(s->move, moves, s->pairs.n * sizeof *s->move);
		replay(s);
	}
	return most >= 0;
}

static int
pair_cmp(const void *a, const void *b)
{
	const struct latch_pair *x = a, *y = b;

	return x->client != y->client ? (x->client > y->client) - (x->client < y->client)
				      : (x->server > y->server) - (x->server < y->server);
}

/* A pair of a more general template sets what most of its exchanges set. */
static void
write_pairs(struct search *s)
{
	struct latches *l = s->out;
	struct intern pairs;
	uint32_t (*votes)[LATCHES][LATCH_VALUES + 1];

	intern_init(&pairs, s->pool);
	l->pair = pool_array(s->pool, (size_t)s->x->n * LEVELS, sizeof *l->pair);
	votes = pool_array(s->pool, (size_t)s->x->n * LEVELS, sizeof *votes);
	for (uint32_t i = 0; i < s->x->n; i++) {
		for (unsigned level = 0; level < LEVELS; level++) {
			uint32_t client = said_client(&s->said, i, level), server = said_server(&s->said, i), p;

			if (client == NO_TEMPLATE)
				continue;
			p = pair_number(&pairs, client, server);
			l->pair[p] = (struct latch_pair){ .client = client, .server = server };
			for (uint32_t k = 0; k < l->n; k++)
				votes[p][k][MIN(s->move[s->pair_of[i]][k], (uint8_t)LATCH_VALUES)]++;
		}
	}
	for (uint32_t p = 0; p < pairs.n; p++) {
		bool sets = false;

		for (uint32_t k = 0; k < LATCHES; k++) {
			uint32_t best = LATCH_VALUES;

			for (uint32_t v = 0; v < LATCH_VALUES; v++)
				best = votes[p][k][v] > votes[p][k][best] ? v : best;
			l->pair[p].set[k] = best == LATCH_VALUES ? LATCH_KEEP : (uint8_t)best;
			sets |= best < LATCH_VALUES;
		}
		if (sets)
			l->pair[l->npairs++] = l->pair[p];
	}
	qsort(l->pair, l->npairs, sizeof *l->pair, pair_cmp);
}

void
latches_learn(struct latches *out, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server)
{
	struct search s = { .pool = pool, .x = x, .said = { x, client, server }, .out = out };
	struct step *step;

	*out = (struct latches){ 0 };
	intern_init(&s.pairs, pool);
	s.pair_of = pool_array(pool, x->n, sizeof *s.pair_of);
	s.held = pool_array(pool, x->n, sizeof *s.held);
	for (uint32_t l = 0; l < LATCHES; l++)
		s.next[l] = pool_array(pool, x->n, sizeof *s.next[l]);
	for (uint32_t i = 0; i < x->n; i++)
		s.pair_of[i] = pair_number(&s.pairs, said_client(&s.said, i, LEVEL_FULL), said_server(&s.said, i));
	s.move = pool_array(pool, s.pairs.n, sizeof *s.move);
	memset(s.move, LATCH_KEEP, s.pairs.n * sizeof *s.move);
	s.nsets = alike_find(&s.set, pool, &s.said);
	make_samples(&s);
	replay(&s);
	step = pool_array(pool, (size_t)s.nsets * TARGETS, sizeof *step);
	for (uint32_t i = 0; i < s.nsets * TARGETS; i++)
		step[i].worth = INT32_MAX;	/* not tried yet */
	for (uint32_t i = 0; i < MAX_STEPS && s.nsets > 0; i++) {
		uint32_t best[2] = { best_step(&s, step), NO_STEP };

		if (best[0] == NO_STEP && !two_steps(&s, step, best))
			break;
		for (uint32_t k = 0; k < 2 && best[k] != NO_STEP; k++)
			take_step(&s, best[k]);
	}
	write_pairs(&s);
}

struct held
latches_after(const struct latches *l, struct held held, uint32_t client, uint32_t server)
{
	struct latch_pair key = { .client = client, .server = server };
	const struct latch_pair *p = l->npairs == 0 ? NULL
	    : bsearch(&key, l->pair, l->npairs, sizeof key, pair_cmp);

	for (uint32_t k = 0; k < l->n && p != NULL; k++)
		held.value[k] = p->set[k] == LATCH_KEEP ? held.value[k] : p->set[k];
	return held;
}
