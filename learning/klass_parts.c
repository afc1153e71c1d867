#include "learning/klass_parts.h"

enum {
	PLACES = 16,
	TYPE = 256,		/* is added to a type, to tell it from a byte that a part holds */
	VALUES = 2 * TYPE,
	FREE_PERMILLE = 15,	/* replies that have another value than most, where one varies */
	ECHO_ONE_IN = 4,	/* of those may differ from what was asked, in an echo */
	PRESENT_PERMILLE = 500,	/* replies that reach so far */
	FEW_VALUES = 32,	/* that cover COVER_PERMILLE of the replies */
	COVER_PERMILLE = 970,
};

/* What each of the first parts stands for; how many there are. */
static unsigned
values_of(const struct parts *p, struct span m, uint16_t value[PLACES])
{
	struct part part;
	unsigned n = 0;

	while (n < PLACES && parts_next(p, &m, &part))
		value[n++] = !part.opened && part.content.n == 1 ? part.content.p[0]
		    : (uint16_t)(TYPE + part.type);
	return n;
}

struct column {			/* what stands at one place in the replies */
	uint32_t n;		/* that reach it; of them, */
	uint32_t asked, echo;	/* whose asked message does; has the same there */
	uint32_t value[VALUES];
};

static bool
is_few(const struct column *c)
{
	uint64_t covered = 0;
	uint32_t left[VALUES];

	memcpy(left, c->value, sizeof left);
	for (unsigned i = 0; i < FEW_VALUES; i++) {
		unsigned most = 0;

		for (unsigned v = 1; v < VALUES; v++)
			most = left[v] > left[most] ? v : most;
		covered += left[most];
		left[most] = 0;
	}
	return covered * 1000 >= c->n * (uint64_t)COVER_PERMILLE;
}

/* Has it other values than one, which are not just those that were asked? */
static bool
tells(const struct column *c)
{
	uint64_t rare = c->n;

	for (unsigned v = 0; v < VALUES; v++)
		rare = MIN(rare, c->n - c->value[v]);
	return rare * 1000 > c->n * (uint64_t)FREE_PERMILLE &&
	    (c->asked == 0 || (c->asked - c->echo) * (uint64_t)ECHO_ONE_IN > rare);
}

static void
count(struct column column[PLACES], const struct parts *p, const struct klass_pair *pair)
{
	uint16_t said[PLACES], asked[PLACES];
	unsigned n = values_of(p, pair->said, said), m = values_of(p, pair->asked, asked);

	for (unsigned i = 0; i < n; i++) {
		struct column *c = &column[i];

		c->n++;
		c->value[said[i]]++;
		c->asked += i < m;
		c->echo += i < m && asked[i] == said[i];
	}
}

void
klass_parts_learn(struct klass_parts *k, struct pool *pool, const struct klass_pair *pair, uint32_t n)
{
	struct column *column = pool_array(pool, PLACES, sizeof *column);
	struct span *said = pool_array(pool, n + 1, sizeof *said);

	*k = (struct klass_parts){ 0 };
	for (uint32_t i = 0; i < n; i++)
		said[i] = pair[i].said;
	parts_learn(&k->parts, said, n);
	for (uint32_t i = 0; k->parts.found && i < n; i++)
		count(column, &k->parts, &pair[i]);
	for (unsigned i = 0; i < PLACES && k->nplaces < ARRAY_LEN(k->place); i++) {
		const struct column *c = &column[i];

		if (c->n == 0 || c->n * 1000ull < n * (uint64_t)PRESENT_PERMILLE)
			return;
		if (!tells(c))
			continue;
		if (!is_few(c))
			return;
		k->place[k->nplaces++] = (uint8_t)i;
	}
}

struct klass_name
klass_parts_of(const struct klass_parts *k, struct span said)
{
	struct klass_name name = { 1, { 1 } };	/* no word begins so, and it is no silence */
	uint16_t value[PLACES];
	unsigned n = values_of(&k->parts, said, value);

	for (unsigned i = 0; i < k->nplaces && k->place[i] < n; i++) {
		klass_put(&name, (uint8_t)(value[k->place[i]] / TYPE));
		klass_put(&name, (uint8_t)value[k->place[i]]);
	}
	return name;
}
