#include "learning/alike.h"

enum { MIN_CONVERSATIONS = 4, MAX_SETS = 4096 };

uint32_t
said_client(const struct said *s, uint32_t exchange, unsigned level)
{
	uint32_t u = s->x->exchange[exchange].client;

	if (u == NO_UNIT)
		return level == LEVEL_FULL ? s->client->n : NO_TEMPLATE;
	return s->client->of[level][u];
}

uint32_t
said_server(const struct said *s, uint32_t exchange)
{
	uint32_t u = s->x->exchange[exchange].server;

	return u == NO_UNIT ? NO_TEMPLATE : s->server->of[LEVEL_FULL][u];
}

uint32_t
pair_number(struct intern *t, uint32_t a, uint32_t b)
{
	uint32_t *key = pool_array(t->pool, 2, sizeof *key);

	key[0] = a;
	key[1] = b;
	return intern_add(t, span_of(key, 2 * sizeof *key));
}

/*
 * What exchange i has in common with others: the kind of the reply, the reply, then from the widest
 * the client's template on a level and both. A number of 0 .. 2 * LEVELS + 1.
 */
static bool
feature(const struct said *s, uint32_t i, uint32_t number, uint32_t *a, uint32_t *b)
{
	uint32_t level = LEVELS - 1 - (number + LEVELS - 2) % LEVELS;

	*a = number < 2 ? NO_TEMPLATE : said_client(s, i, level);
	*b = number == 0 ? s->x->exchange[i].kind
	    : number == 1 || number > LEVELS + 1 ? said_server(s, i) : NO_TEMPLATE;
	return number < 2 || *a != NO_TEMPLATE;
}

static uint32_t
conversations_in(const struct said *s, const struct alike *set)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->n; i++)
		n += i == 0 || s->x->exchange[set->at[i]].conversation !=
		    s->x->exchange[set->at[i - 1]].conversation;
	return n;
}

/* Adds the sets of one kind of feature that no wider kind has. */
static uint32_t
add_kind(struct alike *out, uint32_t nsets, struct intern *known, const struct said *s, uint32_t kind)
{
	struct pool *pool = known->pool;
	uint32_t n = s->x->n, *of = pool_array(pool, n, sizeof *of), *at = pool_array(pool, n, sizeof *at);
	uint32_t *end, a, b;
	struct intern features;

	intern_init(&features, pool);
	for (uint32_t i = 0; i < n; i++)
		of[i] = feature(s, i, kind, &a, &b) ? pair_number(&features, a, b) : INTERN_NONE;
	end = pool_array(pool, features.n + 1, sizeof *end);
	for (uint32_t i = 0; i < n; i++)
		if (of[i] != INTERN_NONE)
			end[of[i] + 1]++;
	for (uint32_t f = 0; f < features.n; f++)
		end[f + 1] += end[f];
	for (uint32_t i = 0; i < n; i++)	/* counts the beginnings up to the ends */
		if (of[i] != INTERN_NONE)
			at[end[of[i]]++] = i;
	for (uint32_t f = 0; f < features.n && nsets < MAX_SETS; f++) {
		uint32_t from = f == 0 ? 0 : end[f - 1], before = known->n;
		struct alike set = { at + from, end[f] - from };

		if (conversations_in(s, &set) >= MIN_CONVERSATIONS &&
		    intern_add(known, span_of(set.at, set.n * sizeof *set.at)) == before)
			out[nsets++] = set;
	}
	return nsets;
}

uint32_t
alike_find(struct alike **out, struct pool *pool, const struct said *s)
{
	struct intern known;
	uint32_t n = 0;

	intern_init(&known, pool);
	*out = pool_array(pool, MAX_SETS, sizeof **out);
	for (uint32_t kind = 0; kind < 2 * LEVELS + 2; kind++)
		n = add_kind(*out, n, &known, s, kind);
	return n;
}
