#include "learning/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "learning/answer.h"
#include "learning/constant.h"
#include "learning/draw.h"
#include "learning/map.h"

enum {
	ACCEPT_PERCENT = 90,
	WEAK_PERCENT = 40,	/* better than nothing, where no rule holds */
	HISTORY_FIELDS = 32,
	MIN_REPEATS = 3,	/* samples that show that a word all servers say is the client's */
	SURE_VALUES = 4,	/* different bytes that are no constant and equal none by chance */
	FEW_DATA = 4,		/* recorded values in one reply that are drawn one by one */
};

/* Samples that follow the rule; counting stops once fewer than percent can. */
static uint32_t
followers(const struct rules *r, const struct answer *a, const struct goal *g,
    const struct rule *rule, unsigned percent)
{
	uint32_t hits = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		hits += rule_yields(rule, source_bytes(r, &rule->from, a->exchange[i]), goal_bytes(r, a, i, g));
		if ((i + 1 - hits) * 100 > (uint64_t)a->n * (100 - percent))
			return 0;
	}
	return hits;
}

static bool
holds(const struct rules *r, const struct answer *a, const struct goal *g, const struct rule *rule)
{
	return followers(r, a, g, rule, ACCEPT_PERCENT) > 0;
}

/*
 * The first rule that holds, in the paper's order of kinds. Else *weak is the one that most
 * samples follow, with their number; 0 when it is not even WEAK_PERCENT of them.
 */
static bool
try_sources(const struct rules *r, const struct answer *a, const struct goal *g,
    const struct source *src, uint32_t nsrc, struct rule *out, struct rule *weak, uint32_t *weak_n)
{
	for (unsigned kind = RULE_COPY; kind <= RULE_PART; kind++) {
		for (uint32_t k = 0; k < nsrc; k++) {
			for (uint32_t i = 0; i < MIN(a->n, (uint32_t)SAMPLES_LOOKED_AT); i++) {
				uint32_t s = sample_at(i, a->n), n;
				struct span from = source_bytes(r, &src[k], a->exchange[s]);

				if (from.p == NULL ||
				    !rule_guess(out, (enum rule_kind)kind, &src[k], from, goal_bytes(r, a, s, g)))
					continue;
				n = followers(r, a, g, out, WEAK_PERCENT);
				if (n * 100ull >= a->n * (uint64_t)ACCEPT_PERCENT)
					return true;
				if (n > *weak_n) {
					*weak = *out;
					*weak_n = n;
				}
			}
		}
	}
	return false;
}

/* An add whose front varies: the token ends in a source and a constant. */
static bool
try_ends(const struct rules *r, const struct answer *a, const struct goal *g,
    const struct source *src, uint32_t nsrc, struct rule *out)
{
	struct rule *rest = pool_alloc(r->pool, sizeof *rest);	/* not known yet: any front will do */

	for (uint32_t k = 0; k < nsrc; k++) {
		for (uint32_t i = 0; i < MIN(a->n, (uint32_t)SAMPLES_LOOKED_AT); i++) {
			uint32_t s = sample_at(i, a->n);
			struct span from = source_bytes(r, &src[k], a->exchange[s]);

			if (from.p == NULL || !rule_guess(out, RULE_ADD, &src[k], from, goal_bytes(r, a, s, g)))
				continue;
			out->before.n = 0;
			out->rest = rest;
			if (holds(r, a, g, out))
				return true;
		}
	}
	return false;
}

static void
learn_data(const struct rules *r, const struct answer *a, const struct goal *g, struct rule *out)
{
	struct span *value = pool_array(r->pool, a->n, sizeof *value);

	for (uint32_t i = 0; i < a->n; i++)
		value[i] = goal_bytes(r, a, i, g);
	draw(r, a, value, out);
}

/* The client's field that a byte of the reply repeats, all of it or some bits. */
static bool
echo_source(const struct rules *r, const struct answer *a, uint32_t token, struct source *out)
{
	struct echo e = habit_echo(&r->habits, token);
	const struct template *t;
	uint8_t kind;

	if (e.mask == 0 || a->client >= r->client->n)
		return false;
	t = &r->client->t[a->client];
	*out = (struct source){ .template = a->client, .first = e.from, .last = e.from };
	if (e.from >= t->ntoken || !t->is_field[e.from])
		return false;
	kind = t->token[e.from].kind;
	return kind == r->server->t[a->server].token[token].kind &&
	    (kind == TOKEN_BYTE || (kind == TOKEN_PART && e.mask == 0xff));
}

/* Some bits of the client's byte, where servers repeat them in general; the others as they were. */
static bool
try_bits(const struct rules *r, const struct answer *a, const struct goal *g, struct rule *out)
{
	struct rule bits = { .kind = RULE_BITS, .mask = habit_echo(&r->habits, g->token).mask };

	if (bits.mask == 0xff || !echo_source(r, a, g->token, &bits.from))
		return false;
	bits.rest_bits = goal_bytes(r, a, 0, g).p[0] & (uint8_t)~bits.mask;
	*out = bits;
	return holds(r, a, g, out);
}

/* What servers repeat in the same place in general. */
static bool
is_byte_or_part(const struct rules *r, const struct answer *a, uint32_t token)
{
	uint8_t kind = r->server->t[a->server].token[token].kind;

	return kind == TOKEN_BYTE || (kind == TOKEN_PART && habit_echoes(&r->habits, token));
}

/* One sample is enough for an echo of some length, or a byte in its place; not for more. */
static bool
trusted(const struct rules *r, const struct answer *a, const struct goal *g, const struct rule *rule)
{
	bool byte = is_byte_or_part(r, a, g->token);

	return a->n > 1 || (rule->kind == RULE_COPY && (byte || goal_bytes(r, a, 0, g).n >= RULE_MIN_ECHO));
}

/*
 * Binary: what is not an echo is about what was asked, even where no key foretells it (it counts
 * down, or turns round): better an old answer for the same name than one for another.
 */
static bool
belongs_to_subject(const struct rules *r, struct answer *a, const struct goal *g)
{
	uint8_t kind = r->server->t[a->server].token[g->token].kind;

	return (kind == TOKEN_BYTE || kind == TOKEN_REST) && source_subject(r, a->client, &a->key);
}

/*
 * A byte that the client said, by the evidence of this answer alone: all samples have it, and it took
 * so many values that no constant equals it by chance. The same place first.
 */
static bool
try_byte(const struct rules *r, const struct answer *a, const struct goal *g, struct rule *out)
{
	const struct template *t = &r->client->t[a->client];
	uint8_t seen[SURE_VALUES];
	uint32_t values = 0;

	for (uint32_t i = 0; i < a->n && values < SURE_VALUES; i++) {
		uint8_t b = goal_bytes(r, a, i, g).p[0];

		if (memchr(seen, b, values) == NULL)
			seen[values++] = b;
	}
	for (uint32_t k = 0; k < t->ntoken && values == SURE_VALUES; k++) {
		uint32_t j = (g->token + k) % t->ntoken, hits = 0;

		*out = (struct rule){ .kind = RULE_COPY, .from = { a->client, j, j, false } };
		if (!t->is_field[j] || t->token[j].kind != TOKEN_BYTE)
			continue;
		while (hits < a->n && rule_yields(out, source_bytes(r, &out->from, a->exchange[hits]),
		    goal_bytes(r, a, hits, g)))
			hits++;
		if (hits == a->n)
			return true;
	}
	return false;
}

static void
learn_field(struct rules *r, struct answer *a, const struct goal *g, struct rule *out)
{
	struct source src[MAX_SOURCES + HISTORY_FIELDS];
	bool asked = a->client < r->client->n;
	bool byte = r->server->t[a->server].token[g->token].kind == TOKEN_BYTE;
	uint32_t n = asked ? sources_of(r, a->client, src, MAX_SOURCES) : 0, weak_n = 0;
	struct source echo;
	struct rule weak;

	if (byte && try_bits(r, a, g, out))
		return;
	if (is_byte_or_part(r, a, g->token) && habit_echo(&r->habits, g->token).mask == 0xff &&
	    echo_source(r, a, g->token, &echo)) {
		src[0] = echo;
		n = 1;
	} else if (byte) {
		n = 0;
	} else if (a->n > 1) {
		n += sources_earlier(r, REMEMBERED_WORDS, a->exchange, a->n, src + n, HISTORY_FIELDS);
	}
	if (try_sources(r, a, g, src, n, out, &weak, &weak_n) && trusted(r, a, g, out))
		return;
	if (byte && asked && try_byte(r, a, g, out))
		return;
	if (g->outer == NULL && a->n > 1 && try_ends(r, a, g, src, n, out)) {
		struct goal front = { g->token, out };

		learn_field(r, a, &front, out->rest);
		return;
	}
	if (asked && g->outer == NULL && !constant_part(r, a, g->token) &&
	    (a->has_map || map_key(r, a, g, &a->key) || belongs_to_subject(r, a, g))) {
		a->has_map = true;
		*out = (struct rule){ .kind = RULE_MAP };	/* map_learn() fills it */
		return;
	}
	learn_data(r, a, g, out);
	if (weak_n > out->choice[0].weight + a->n / 10)	/* better than the most frequent value */
		*out = weak;
}

/* A byte that is fixed in the template, but repeats the client's, or bits of it, in general. */
static bool
repeats_byte(const struct rules *r, const struct answer *a, uint32_t token)
{
	struct rule rule = { .kind = RULE_COPY };
	struct goal g = { token, NULL };

	if (!echo_source(r, a, token, &rule.from))
		return false;
	return habit_echo(&r->habits, token).mask == 0xff ? holds(r, a, &g, &rule)
	    : try_bits(r, a, &g, &rule);
}

/* A word that is fixed in the template, but that the client said in a field every time. */
static bool
repeats_client(const struct rules *r, const struct answer *a, uint32_t token)
{
	const struct template *t = &r->server->t[a->server];
	struct source src[MAX_SOURCES];
	uint32_t n = a->client < r->client->n ? sources_of(r, a->client, src, MAX_SOURCES) : 0;

	if (is_byte_or_part(r, a, token))
		return repeats_byte(r, a, token);
	if (t->token[token].kind == TOKEN_SEP || t->token[token].kind == TOKEN_TIME ||
	    t->token[token].kind == TOKEN_ADDR || t->token[token].kind == TOKEN_LINES ||
	    t->token[token].kind == TOKEN_LEN || t->token[token].bytes.n < RULE_MIN_ECHO)
		return false;
	if (a->n < MIN_REPEATS && a->n < t->support)	/* others have it who did not say it */
		return false;
	for (uint32_t k = 0; k < n; k++) {
		struct rule copy = { .kind = RULE_COPY, .from = src[k] };

		if (src[k].first == src[k].last &&
		    holds(r, a, &(struct goal){ token, NULL }, &copy))
			return true;
	}
	return false;
}

static struct span
joined_bytes(const struct rules *r, const struct answer *a, uint32_t sample)
{
	const struct unit *u = &r->x->unit[r->x->exchange[a->exchange[sample]].server];
	struct span from = u->token[a->join_first].bytes, to = u->token[a->join_last].bytes;

	return span_of(from.p, (size_t)(to.p + to.n - from.p));
}

static void
join_data(struct rules *r, struct answer *a)
{
	uint32_t k = 0, n = 0, said = 0, ntoken = r->server->t[a->server].ntoken;
	struct span *value;

	a->join_first = ntoken;
	for (uint32_t j = 0; j < ntoken; j++) {
		if (!a->is_field[j])
			continue;
		if (a->rule[k++].kind != RULE_DATA) {
			said++;
			continue;
		}
		a->join_first = MIN(a->join_first, j);
		a->join_last = j;
		n++;
	}
	for (k = 0; k < a->nfields && a->rule[k].kind != RULE_DATA; k++)	/* before the first, */
		said--;
	for (k = a->nfields; k > 0 && n > 0 && a->rule[k - 1].kind != RULE_DATA; k--)	/* behind the last */
		said--;
	a->is_joined = n > FEW_DATA && said == 0;	/* what the client said stands between no values */
	for (uint32_t j = a->join_first; a->is_joined && j < a->join_last; j++) {	/* of one datagram */
		uint8_t kind = r->server->t[a->server].token[j].kind;

		a->is_joined = kind != TOKEN_BREAK && kind != TOKEN_LINES && kind != TOKEN_LEN && kind != TOKEN_END;
	}
	if (!a->is_joined)
		return;
	value = pool_array(r->pool, a->n, sizeof *value);
	for (uint32_t i = 0; i < a->n; i++)
		value[i] = joined_bytes(r, a, i);
	draw(r, a, value, &a->joined);
}

/* Was the answer only ever given to one subject, so that nothing shows it fits another? */
static bool
one_subject(const struct rules *r, const struct answer *a)
{
	struct source subject;

	if (a->client >= r->client->n || !source_subject(r, a->client, &subject))
		return false;
	for (uint32_t i = 1; i < a->n; i++)
		if (!span_eq(source_bytes(r, &subject, a->exchange[i]),
			source_bytes(r, &subject, a->exchange[0])))
			return false;
	return true;
}

static void
learn_answer(struct rules *r, struct answer *a)
{
	const struct template *t = &r->server->t[a->server];
	uint32_t k = 0;

	a->is_field = pool_copy(r->pool, t->is_field, t->ntoken * sizeof *a->is_field);
	for (uint32_t j = 0; j < t->ntoken; j++) {
		a->is_field[j] |= repeats_client(r, a, j) ||
		    (t->token[j].kind == TOKEN_REST && one_subject(r, a));
		a->nfields += a->is_field[j];
	}
	a->rule = pool_array(r->pool, a->nfields, sizeof *a->rule);
	for (uint32_t j = 0; j < t->ntoken; j++)
		if (a->is_field[j])
			learn_field(r, a, &(struct goal){ j, NULL }, &a->rule[k++]);
	for (k = 0; k < a->nfields; k++)
		a->invented += a->rule[k].kind == RULE_MAP || (a->rule[k].kind == RULE_DATA && a->rule[k].n > 1);
	if (a->has_map)
		map_learn(r, a);
	join_data(r, a);
	for (uint32_t i = 0; i < a->n; i++)
		a->closes += r->x->exchange[a->exchange[i]].closes;
}

struct triple {
	uint32_t client, server, exchange;
};

static int
triple_cmp(const void *a, const void *b)
{
	const struct triple *x = a, *y = b;

	return x->client != y->client ? (x->client > y->client) - (x->client < y->client)
	    : x->server != y->server ? (x->server > y->server) - (x->server < y->server)
				     : (x->exchange > y->exchange) - (x->exchange < y->exchange);
}

static int
support_cmp(const void *a, const void *b)
{
	const struct answer *x = *(struct answer *const *)a, *y = *(struct answer *const *)b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x > y) - (x < y);
}

void
rules_learn(struct rules *out, struct pool *pool, const struct exchanges *x,
    const struct templates *client, const struct templates *server)
{
	struct triple *all = pool_array(pool, (size_t)x->n * LEVELS, sizeof *all);
	uint32_t n = 0, *samples;
	struct answer **order;

	*out = (struct rules){ .pool = pool, .x = x, .client = client, .server = server,
		.place = scope_places(x, pool), .telling = sources_telling(x, client, pool) };
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		if (!e->known || e->server == NO_UNIT)
			continue;
		for (unsigned l = 0; l < LEVELS; l++) {
			uint32_t t = e->client == NO_UNIT ? client->n : client->of[l][e->client];

			if (t != NO_TEMPLATE && (l == 0 || e->client != NO_UNIT))
				all[n++] = (struct triple){ t, server->of[LEVEL_FULL][e->server], i };
		}
	}
	habits_learn(&out->habits, pool, x, server);
	qsort(all, n, sizeof *all, triple_cmp);
	samples = pool_array(pool, n, sizeof *samples);
	out->answer = pool_array(pool, n + RULES_MORE, sizeof *out->answer);
	for (uint32_t i = 0, from = 0; i < n; i++) {
		samples[i] = all[i].exchange;
		if (i + 1 < n && all[i + 1].client == all[i].client &&
		    all[i + 1].server == all[i].server)
			continue;
		out->answer[out->n++] = (struct answer){ .client = all[i].client,
			.server = all[i].server, .exchange = samples + from, .n = i + 1 - from };
		from = i + 1;
	}
	/* most samples first: what they show about keys serves those with few */
	order = pool_array(pool, out->n, sizeof *order);
	for (uint32_t i = 0; i < out->n; i++)
		order[i] = &out->answer[i];
	qsort(order, out->n, sizeof *order, support_cmp);
	for (uint32_t i = 0; i < out->n; i++)
		learn_answer(out, order[i]);
}

struct answer *
rules_more(struct rules *r)
{
	return r->nmore == RULES_MORE ? NULL : &r->answer[r->n + r->nmore++];
}

const struct answer *
rules_answer(struct rules *r, uint32_t server, uint32_t *exchange, uint32_t n)
{
	struct answer *a = rules_more(r);

	if (a == NULL)
		return NULL;
	*a = (struct answer){ .client = r->client->n, .server = server, .exchange = exchange, .n = n };
	learn_answer(r, a);
	return a;
}
