#include "learning/decide.h"

#include <math.h>
#include <stdlib.h>

#include "learning/choices.h"
#include "learning/fallback.h"
#include "learning/kin.h"
#include "learning/presence.h"
#include "learning/subject.h"

enum {
	MAX_SOURCES = 64,
	BYTES_PER_HIT = 40,	/* literal bytes that one more right reply is worth */
	FIELD_BYTES = 16,	/* what a field costs the automaton, as literal bytes */
	MAX_EARLIER = 12,
	MAX_PAIRED = 6,		/* earlier fields, and own ones, that are tried together */
	LONG_LITERAL = 64,
	RARE = 3,
	MIN_KEYED = 12,		/* samples before a field may decide */
	MAX_LINES = 16,		/* names of lines that are tried */
	MIN_BETTER = 2,		/* exchanges that a longer history must win */
};

struct sample {
	uint32_t state, client, exchange;
	uint32_t rank;		/* of the state */
	uint32_t level;		/* of the template */
	const struct answer *answer; /* NULL: silence */
};

struct score {			/* of samples, each left out of its own evidence */
	uint32_t hits;		/* SAME_ANSWER or SAME_KIND for each */
	uint32_t kinds;		/* of which at least the kind is right */
};

struct decider {
	struct pool *pool;
	const struct rules *r;
	const struct memory *m;
	uint8_t *right;		/* per exchange and level: how well the longest node so far foretells it */
	bool *held;		/* likewise: what latches hold has a node for it */
	struct decisions *out;
	uint32_t room;
	struct scratch *scratch;
	struct kin kin;
};

static uint32_t
by_client(const struct sample *s)
{
	return s->client;
}

static uint32_t
by_state(const struct sample *s)
{
	return s->state;
}

/* The shortest history first, in it the most general level. */
static uint32_t
by_rank(const struct sample *s)
{
	return s->rank * LEVELS + LEVELS - 1 - s->level;
}

/* Stable, by a number below keys; at: room for one more. */
static void
sort_by_number(struct sample *to, const struct sample *from, size_t n,
    uint32_t (*key)(const struct sample *), size_t *at, uint32_t keys)
{
	memset(at, 0, ((size_t)keys + 1) * sizeof *at);
	for (size_t i = 0; i < n; i++)
		at[key(&from[i]) + 1]++;
	for (uint32_t k = 0; k < keys; k++)
		at[k + 1] += at[k];
	for (size_t i = 0; i < n; i++)
		to[at[key(&from[i])]++] = from[i];
}

static uint8_t *
right_of(const struct decider *d, const struct sample *s)
{
	return &d->right[(size_t)s->exchange * LEVELS + s->level];
}

/* The level of the nearest more general template of a sample's message; LEVELS: it has none. */
static unsigned
general_level(const struct decider *d, const struct sample *s)
{
	uint32_t u = d->r->x->exchange[s->exchange].client;
	unsigned l = s->level + 1;

	while (l < LEVELS && d->r->client->of[l][u] == NO_TEMPLATE)
		l++;
	return l;
}

/* How well that template foretells the sample. NULL: it has none. */
static const uint8_t *
right_in_general(const struct decider *d, const struct sample *s)
{
	unsigned l = general_level(d, s);

	return l == LEVELS ? NULL : &d->right[(size_t)s->exchange * LEVELS + l];
}

/* Does that template know less of what is in the answer? */
static bool
invents_more(const struct decider *d, const struct sample *s)
{
	uint32_t u = d->r->x->exchange[s->exchange].client;
	const struct answer *general = s->answer == NULL ? NULL
	    : rules_find(d->r, d->r->client->of[general_level(d, s)][u], s->answer->server);

	return general != NULL && general->invented > s->answer->invented;
}

static size_t
literal_bytes(const struct template *t)
{
	size_t n = 0;

	for (uint32_t j = 0; j < t->ntoken; j++)
		n += t->is_field[j] ? 0 : t->token[j].bytes.n;
	return n;
}

/*
 * Is there a more general template for every sample, that answers as well for fewer bytes? Long
 * messages that came once or twice and are like no others are not worth their place either.
 */
static bool
generalises(const struct decider *d, const struct sample *s, uint32_t n, uint32_t hits)
{
	const struct template *t = &d->r->client->t[s->client];
	uint32_t general = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *right = right_in_general(d, &s[i]);

		if (right == NULL)
			return literal_bytes(t) > LONG_LITERAL && n < RARE;
		general += *right == SAME_ANSWER && invents_more(d, &s[i]) ? SAME_KIND : *right;
	}
	return hits < general +
	    SAME_ANSWER * ((literal_bytes(t) + FIELD_BYTES * t->nfields) / BYTES_PER_HIT);
}

struct scratch {			/* as many of each as samples have been considered at once */
	struct tally *votes, *tally;
	struct keyed *keyed;
	uint32_t *exchange;
	uint8_t *right, *trial;
};

static void
make_keyed(const struct decider *d, const struct key *key, const struct sample *s, uint32_t n,
    struct keyed *k)
{
	for (uint32_t i = 0; i < n; i++)
		k[i] = (struct keyed){ keyed_bytes(d->r, d->pool, key, s[i].exchange), i, s[i].answer };
}

static struct node *
add_node(struct decider *d, const struct sample *s, uint32_t n, uint32_t hits)
{
	struct decisions *out = d->out;

	if (out->n == d->room) {
		d->room = MAX(256u, d->room * 2);
		out->node = pool_grow(d->pool, out->node, out->n, d->room, sizeof *out->node);
	}
	out->node[out->n] = (struct node){ .state = s->state, .client = s->client, .support = n,
		.accuracy = (double)hits / SAME_ANSWER / n };
	return &out->node[out->n++];
}

/*
 * May the answer be the own one of the few that it was given to? Not where a message has no subject, nor where
 * the answer asks for the value itself (map).
 */
static bool
few_subjects(const struct decider *d, const struct sample *s, uint32_t n,
    const struct answer *answer, struct source *subject)
{
	struct pool_mark mark = pool_mark(d->pool);
	struct subject *all;
	bool few;

	if (s->client == d->r->client->n || answer == NULL || answer->has_map ||
	    d->r->habits.generic[answer->server] || !source_subject(d->r, s->client, subject))
		return false;
	all = pool_array(d->pool, n, sizeof *all);
	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct subject){ source_bytes(d->r, subject, s[i].exchange), s[i].answer == answer };
	few = subjects_few(all, n);
	pool_release(d->pool, &mark);
	return few;
}

/* The most frequent answer; where it needs to know the value, one for strangers behind it. */
static void
choose_by_number(struct decider *d, struct node *nd, const struct sample *s, uint32_t n,
    const struct tally *t, uint32_t m)
{
	struct source subject;

	nd->choice = pool_array(d->pool, 2, sizeof *nd->choice);
	choices_add(nd, t[0].answer, t[0].n);
	nd->choice[0].guarded = !keyed_for_anybody(t[0].answer);
	for (uint32_t i = 1; i < m && nd->choice[0].guarded && nd->nchoices == 1; i++)
		if (keyed_for_anybody(t[i].answer) && !few_subjects(d, s, n, t[i].answer, &subject))
			choices_add(nd, t[i].answer, t[i].n);
}

/*
 * Values never seen get a like answer with a value drawn where those seen once did, nearly all; not
 * what was said to a few in another state. Binary values are names and addresses: none is made up.
 */
static void
choose_for_strangers(const struct decider *d, struct node *nd, const struct sample *s, uint32_t n,
    const struct answer *usual)
{
	struct choice *last = &nd->choice[nd->nchoices - 1];
	struct keyed *k = d->scratch->keyed;
	uint32_t kind = answer_kind(d->r->x, usual), singles = 0, alike = 0;

	if (usual == NULL || usual->drawn == NULL || d->r->x->client_lexer.binary ||
	    (!last->guarded && answer_kind(d->r->x, last->answer) == kind))
		return;
	make_keyed(d, &(struct key){ .one = usual->key }, s, n, k);
	keyed_sort(k, n);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && span_eq(k[end].key, k[i].key);)
			end++;
		singles += end == i + 1;
		alike += end == i + 1 && answer_kind(d->r->x, k[i].answer) == kind;
	}
	if (singles < RULES_DRAWN || alike * 10ull < singles * 9ull)
		return;
	if (last->guarded)
		choices_add(nd, usual->drawn, alike);
	else
		*last = (struct choice){ .answer = usual->drawn, .support = alike };
}

/* Values of the message's fields that came with other questions are no strangers. */
static void
choose_for_kin(const struct decider *d, struct node *nd, const struct sample *s, uint32_t n)
{
	struct source field[MAX_SOURCES];
	uint32_t *exchange = d->scratch->exchange, nfields;

	if (!lexer_has_words(&d->r->x->client_lexer) || s->client == d->r->client->n)
		return;
	nfields = sources_deciding(d->r, s->client, field, MAX_SOURCES);
	for (uint32_t i = 0; i < n; i++)
		exchange[i] = s[i].exchange;
	for (uint32_t f = 0, tried = 0; f < nfields && tried < MAX_PAIRED; f++) {
		if (field[f].first != field[f].last)
			continue;
		make_keyed(d, &(struct key){ .one = field[f] }, s, n, d->scratch->keyed);
		kin_choose(&d->kin, d->pool, nd, &field[f], d->scratch->keyed, exchange, n);
		tried++;
	}
}

/* What may decide: fields of this message, of earlier ones, and one of each together. */
static uint32_t
key_candidates(const struct decider *d, const struct sample *s, uint32_t n, struct key *out)
{
	struct source own[MAX_SOURCES], earlier[MAX_EARLIER];
	uint32_t *exchange = d->scratch->exchange, nown, nearlier, m = 0;

	if (s->client == d->r->client->n || n < MIN_KEYED)
		return 0;
	nown = sources_deciding(d->r, s->client, own, MAX_SOURCES);
	for (uint32_t i = 0; i < n; i++)
		exchange[i] = s[i].exchange;
	nearlier = sources_earlier(d->r, REMEMBERED_WORDS, exchange, n, earlier, MAX_EARLIER);
	nearlier += sources_earlier(d->r, REMEMBERED_BYTES, exchange, n, earlier + nearlier,
	    MAX_EARLIER - nearlier);
	for (uint32_t i = 0; i < nown; i++)
		out[m++] = (struct key){ .one = own[i] };
	for (uint32_t i = 0; i < nearlier; i++)
		out[m++] = (struct key){ .one = earlier[i] };
	for (uint32_t i = 0; i < MIN(nearlier, (uint32_t)MAX_PAIRED); i++)
		for (uint32_t j = 0; j < MIN(nown, (uint32_t)MAX_PAIRED); j++)
			out[m++] = (struct key){ earlier[i], own[j], true };
	return m;
}

static struct score
score_of(const uint8_t *right, uint32_t n)
{
	struct score sc = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		sc.hits += right[i];
		sc.kinds += right[i] != WRONG;
	}
	return sc;
}

/* What a longer history must add to what a shorter one foretells of n exchanges. */
static uint32_t
clear_gain(double right, uint32_t n)
{
	return (uint32_t)MIN_BETTER + (uint32_t)sqrt(n - right);
}

/* Clearly more answers, or clearly more kinds of them for no fewer answers. */
static bool
clearly_better(struct score now, struct score before, uint32_t n)
{
	uint32_t answers = SAME_ANSWER * clear_gain(before.hits / (double)SAME_ANSWER, n);

	return now.hits >= before.hits + answers ||
	    (now.hits >= before.hits && now.kinds >= before.kinds + clear_gain(before.kinds, n));
}

/* The same of a field that decides. */
static bool
decides_better(struct score now, struct score before, uint32_t n)
{
	uint32_t few = n / 50 + 1;

	return now.hits > before.hits + SAME_ANSWER * few ||
	    (now.hits >= before.hits && now.kinds > before.kinds + few);
}

struct best {			/* what decides best so far */
	struct score score;
	struct key key;
	bool by_key;
};

/* Bytes of earlier messages are many: of such a key more is asked. */
static bool
is_early_byte(const struct decider *d, const struct key *key)
{
	return !key->no_field && key->one.earlier && d->r->telling[key->one.template] != NULL &&
	    d->r->telling[key->one.template][key->one.first];
}

/* Does this key decide better? Then right of the scratch is what it foretells. */
static void
try_key(struct decider *d, const struct sample *s, uint32_t n, const struct key *key, struct best *best)
{
	struct pool_mark mark = pool_mark(d->pool);
	struct keyed *k = d->scratch->keyed;
	uint8_t *trial = d->scratch->trial;
	struct score score;

	make_keyed(d, key, s, n, k);
	keyed_judge(d->r, d->pool, key, keyed_gather(d->pool, k, n), n, d->scratch->tally, trial);
	score = score_of(trial, n);
	pool_release(d->pool, &mark);
	if (is_early_byte(d, key) ? !clearly_better(score, best->score, n) : !decides_better(score, best->score, n))
		return;
	*best = (struct best){ score, *key, true };
	memcpy(d->scratch->right, trial, n * sizeof *trial);
}

static bool
may_be_better(const struct best *b, uint32_t n)
{
	return b->score.hits * 50 < SAME_ANSWER * n * 49;
}

/* What decides best so far together with lines that only some messages have, or such lines alone. */
static void
try_lines(struct decider *d, const struct sample *s, uint32_t n, struct best *best)
{
	struct key key = best->key;
	struct span name[MAX_LINES];
	uint32_t names;

	if (d->r->x->client_lexer.binary || s->client == d->r->client->n || n < MIN_KEYED ||
	    (best->by_key && key.is_pair) || !may_be_better(best, n))
		return;
	for (uint32_t i = 0; i < n; i++)
		d->scratch->exchange[i] = s[i].exchange;
	names = presence_names(name, MAX_LINES, d->pool, d->r, d->scratch->exchange, n, n / 50 + 2);
	key.no_field = !best->by_key;
	while (key.nlines < KEY_LINES && may_be_better(best, n)) {
		uint32_t at = key.nlines++;

		for (uint32_t i = 0; i < names; i++) {
			key.line[at] = name[i];
			try_key(d, s, n, &key, best);
		}
		if (best->key.nlines < key.nlines)
			return;
		key = best->key;
	}
}

static void
consider(struct decider *d, const struct sample *s, uint32_t n)
{
	struct key candidate[MAX_SOURCES + MAX_EARLIER + MAX_PAIRED * MAX_PAIRED];
	struct score before = { 0 };
	struct best best = { 0 };
	uint32_t ncandidates, m;
	struct tally *votes = d->scratch->votes, *scratch = d->scratch->tally;
	uint8_t *right = d->scratch->right;
	struct keyed *k = d->scratch->keyed;
	const struct answer *usual;
	struct node *nd;

	for (uint32_t i = 0; i < n; i++) {
		before.hits += *right_of(d, &s[i]);
		before.kinds += *right_of(d, &s[i]) != WRONG;
	}
	if (s->rank > 0 && !clearly_better((struct score){ SAME_ANSWER * n, n }, before, n))
		return;
	ncandidates = key_candidates(d, s, n, candidate);
	for (uint32_t i = 0; i < n; i++)
		votes[i] = (struct tally){ .answer = s[i].answer, .n = 1 };
	m = tally(d->r->x, votes, n);
	for (uint32_t i = 0; i < n; i++) {
		right[i] = tally_foretold(d->r->x, votes[0].answer, s[i].answer);
		if (right[i] == SAME_ANSWER && votes[0].n == 1)	/* of itself alone */
			right[i] = votes[0].alike > 1 ? SAME_KIND : WRONG;
	}
	best.score = score_of(right, n);
	usual = votes[0].answer;
	for (uint32_t j = 0; j < ncandidates && may_be_better(&best, n); j++)
		try_key(d, s, n, &candidate[j], &best);
	try_lines(d, s, n, &best);
	if (s->rank > 0 && !clearly_better(best.score, before, n))
		return;
	if (s->rank == 0 && s->client < d->r->client->n && generalises(d, s, n, best.score.hits)) {
		d->out->dropped[s->client] = true;
		for (uint32_t i = 0; i < n; i++) {
			const uint8_t *general = right_in_general(d, &s[i]);

			*right_of(d, &s[i]) = general == NULL ? WRONG : *general;
		}
		return;
	}
	nd = add_node(d, s, n, best.score.hits);
	if (!best.by_key && few_subjects(d, s, n, votes[0].answer, &best.key.one))
		best.by_key = true;
	if (best.by_key) {
		nd->key = best.key;
		make_keyed(d, &nd->key, s, n, k);
		keyed_sort(k, n);
		choices_by_key(nd, d->pool, d->r, k, n, scratch);
	} else {
		choose_by_number(d, nd, s, n, votes, m);
	}
	choose_for_strangers(d, nd, s, n, usual);
	choose_for_kin(d, nd, s, n);
	for (uint32_t i = 0; i < n; i++) {
		*right_of(d, &s[i]) = right[i];
		d->held[(size_t)s[i].exchange * LEVELS + s[i].level] |= s->rank > 0 && !d->m->state[s->state].lone;
	}
}

/* A lone symbol has nothing to say where what is held decides: those samples go. Returns how many are left. */
static uint32_t
without_held(const struct decider *d, struct sample *s, uint32_t n)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!d->m->state[s->state].lone || !d->held[(size_t)s[i].exchange * LEVELS + s[i].level])
			s[left++] = s[i];
	return left;
}

static int
node_cmp(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->state != y->state ? (x->state > y->state) - (x->state < y->state)
				    : (x->client > y->client) - (x->client < y->client);
}

void
decisions_sort(struct decisions *d)
{
	if (d->n > 0)
		qsort(d->node, d->n, sizeof *d->node, node_cmp);
}

const struct node *
decisions_find(const struct decisions *d, uint32_t state, uint32_t client)
{
	struct node key = { .state = state, .client = client };

	return d->n == 0 ? NULL : bsearch(&key, d->node, d->n, sizeof key, node_cmp);
}

/* Room for the largest of the groups that begin where state or client differ. */
static void
make_scratch(struct scratch *sc, struct pool *pool, const struct sample *all, size_t n)
{
	size_t most = 0;

	for (size_t i = 0, from = 0; i < n; i++) {
		if (all[i].state != all[from].state || all[i].client != all[from].client)
			from = i;
		most = MAX(most, i + 1 - from);
	}
	*sc = (struct scratch){ pool_array(pool, most, sizeof *sc->votes),
		pool_array(pool, most, sizeof *sc->tally), pool_array(pool, most, sizeof *sc->keyed),
		pool_array(pool, most, sizeof *sc->exchange), pool_array(pool, most, sizeof *sc->right),
		pool_array(pool, most, sizeof *sc->trial) };
}

/* The order in which they are considered: by rank, level, state, client and exchange. */
static struct sample *
sort_samples(const struct decider *d, struct sample *all, size_t n)
{
	uint32_t ranks = (d->m->full + 2) * LEVELS, clients = d->r->client->n + 1;
	size_t *at = pool_array(d->pool, (size_t)MAX(MAX(ranks, clients), d->m->nstates) + 1, sizeof *at);
	struct sample *sorted = pool_array(d->pool, n, sizeof *sorted);

	sort_by_number(sorted, all, n, by_client, at, clients);
	sort_by_number(all, sorted, n, by_state, at, d->m->nstates);
	sort_by_number(sorted, all, n, by_rank, at, ranks);
	return sorted;
}

/*
 * Does an exchange say anything about a state? Of what latches explain those that have forgotten latches
 * learn nothing; and what was just said alone tells nothing about words never seen, whatever was asked then.
 */
static bool
is_evidence(const struct memory *m, uint32_t state, unsigned level, bool explained)
{
	const struct memory_state *s = &m->state[state];

	return s->lone ? level == LEVEL_FULL && !explained
		       : !explained || s->length >= m->full - m->order;
}

void
decide(struct decisions *out, struct pool *pool, const struct rules *r, const struct memory *m,
    const uint32_t *before, const bool *explained)
{
	const struct exchanges *x = r->x;
	struct scratch scratch;
	struct decider d = { .pool = pool, .r = r, .m = m, .out = out, .scratch = &scratch };
	size_t room = (size_t)x->n * LEVELS * (m->full + 2), n = 0;
	struct sample *all = pool_array(pool, room, sizeof *all);

	*out = (struct decisions){ 0 };
	out->dropped = pool_array(pool, r->client->n + 1, sizeof *out->dropped);
	d.right = pool_array(pool, (size_t)x->n * LEVELS, sizeof *d.right);
	d.held = pool_array(pool, (size_t)x->n * LEVELS, sizeof *d.held);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		uint32_t server = e->server == NO_UNIT ? NO_TEMPLATE : r->server->of[LEVEL_FULL][e->server];
		uint32_t chain[MEMORY_CHAIN], chained;

		if (!e->known)
			continue;
		chained = memory_chain(m, m->state[before[i]].number, m->order, chain);
		for (unsigned l = 0; l < LEVELS; l++) {
			uint32_t t = e->client != NO_UNIT ? r->client->of[l][e->client]
			    : l == 0 ? r->client->n : NO_TEMPLATE;
			const struct answer *a =
			    t == NO_TEMPLATE || server == NO_TEMPLATE ? NULL : rules_find(r, t, server);

			for (uint32_t k = 0; t != NO_TEMPLATE && k < chained; k++)
				if (is_evidence(m, chain[k], l, explained[i]))
					all[n++] = (struct sample){ chain[k], t, i, m->state[chain[k]].rank, l, a };
		}
	}
	all = sort_samples(&d, all, n);
	kin_learn(&d.kin, pool, r);
	make_scratch(&scratch, pool, all, n);
	for (size_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && all[i + 1].state == all[i].state && all[i + 1].client == all[i].client)
			continue;
		if (!out->dropped[all[i].client]) {
			uint32_t left = without_held(&d, all + from, (uint32_t)(i + 1 - from));

			if (left > 0)
				consider(&d, all + from, left);
		}
		from = i + 1;
	}
	decisions_sort(out);
	fallbacks_add(out, pool, r, m);
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->exchange[i].known) {
			out->judged++;
			out->right += d.right[(size_t)i * LEVELS] == SAME_ANSWER;
			out->kind += d.right[(size_t)i * LEVELS] != WRONG;
		}
	}
}
