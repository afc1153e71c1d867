#include "learning/scope.h"

#include <stdlib.h>

/* What a scope holds together: the first so many numbers of a place. */
static const unsigned depth[SCOPE_N] = { [SCOPE_IMAGE] = 1, [SCOPE_HOST] = 2, [SCOPE_PAIR] = 3,
	[SCOPE_CONNECTION] = 4, [SCOPE_TURN] = 5 };

static uint32_t
part(const struct scope_place *p, unsigned i)
{
	const uint32_t of[] = { p->question, p->server, p->client, p->conversation, p->turn };

	return of[i];
}

static int
place_cmp(const void *a, const void *b)
{
	const struct scope_sample *x = a, *y = b;
	unsigned i = 0;

	while (i + 1 < depth[SCOPE_TURN] && part(&x->at, i) == part(&y->at, i))
		i++;
	return (part(&x->at, i) > part(&y->at, i)) - (part(&x->at, i) < part(&y->at, i));
}

static bool
same_place(const struct scope_sample *a, const struct scope_sample *b, enum scope scope)
{
	for (unsigned i = 0; i < depth[scope]; i++)
		if (part(&a->at, i) != part(&b->at, i))
			return false;
	return true;
}

/* Samples from s on in the same place. */
static uint32_t
run(const struct scope_sample *s, uint32_t n, enum scope scope)
{
	uint32_t k = 1;

	while (k < n && same_place(&s[k], s, scope))
		k++;
	return k;
}

/* Samples with the commonest value, if more than half have it (Boyer and Moore 1981); else with one of them. */
static uint32_t
agreeing(const struct scope_sample *s, uint32_t n)
{
	uint32_t best = s[0].value, votes = 0, agree = 0;

	for (uint32_t i = 0; i < n; i++) {
		best = votes == 0 ? s[i].value : best;
		votes += s[i].value == best ? 1 : UINT32_MAX;
	}
	for (uint32_t i = 0; i < n; i++)
		agree += s[i].value == best;
	return agree;
}

/* Holds: it determines the value. Varies: half of those who come again hear another one. */
enum verdict { UNKNOWN, HOLDS, VARIES };

/* What sorted samples say about a scope. */
static enum verdict
judge(const struct scope_sample *s, uint32_t n, enum scope scope)
{
	uint64_t agree = 0, samples = 0, groups = 0;
	uint32_t places = 0;

	for (uint32_t i = 0, m; i < n; i += m) {
		uint32_t inside = 0;

		m = run(s + i, n - i, scope);
		for (uint32_t k = i; k < i + m; k += run(s + k, i + m - k, scope + 1))
			inside++;
		if (inside < 2)
			continue;
		places += inside;
		samples += m;
		agree += agreeing(s + i, m);
		groups++;
	}
	if (places < SCOPE_PLACES)
		return UNKNOWN;
	if (100 * agree >= SCOPE_PERCENT * samples)
		return HOLDS;
	return 2 * (agree - groups) <= samples - groups ? VARIES : UNKNOWN;	/* the first agrees with itself */
}

enum scope
scope_of(struct scope_sample *s, uint32_t n, bool has_digits)
{
	enum verdict image, host, pair;

	qsort(s, n, sizeof *s, place_cmp);
	image = judge(s, n, SCOPE_IMAGE);
	host = judge(s, n, SCOPE_HOST);
	pair = judge(s, n, SCOPE_PAIR);
	if (image == HOLDS)
		return SCOPE_IMAGE;
	if (host == HOLDS)
		return image == VARIES || has_digits ? SCOPE_HOST : SCOPE_IMAGE;
	if (pair == HOLDS)
		return SCOPE_PAIR;
	if (judge(s, n, SCOPE_CONNECTION) == VARIES)
		return SCOPE_TURN;
	return pair == VARIES ? SCOPE_CONNECTION : SCOPE_PAIR;
}

/* A message without what looks random in it: an id makes no other question. */
static uint32_t
question_of(const struct exchanges *x, const struct exchange *e, struct pool *pool, struct intern *questions)
{
	const struct unit *u = e->client == NO_UNIT ? NULL : &x->unit[e->client];
	uint8_t *rest;
	size_t at;

	if (u == NULL)
		return UINT32_MAX;
	if (u->nonce.n == 0)
		return intern_add(questions, u->bytes);
	at = (size_t)(u->nonce.p - u->bytes.p);
	rest = pool_copy(pool, u->bytes.p, u->bytes.n);
	memset(rest + at, 0, u->nonce.n);
	return intern_add(questions, span_of(rest, u->bytes.n));
}

struct scope_place *
scope_places(const struct exchanges *x, struct pool *pool)
{
	struct scope_place *p = pool_array(pool, x->n + 1, sizeof *p);
	uint32_t (*asked)[2] = pool_array(pool, x->n + 1, sizeof *asked);	/* before, and now */
	struct intern words, questions, hosts;

	intern_init(&words, pool);
	intern_init(&questions, pool);
	intern_init(&hosts, pool);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		const struct conversation *c = &x->conversation[e->conversation];

		asked[i][0] = e->previous == NO_UNIT ? NO_UNIT : asked[e->previous][1];
		asked[i][1] = question_of(x, e, pool, &words);
		p[i] = (struct scope_place){ .question = intern_add(&questions, span_of(asked[i], sizeof asked[i])),
			.server = intern_add(&hosts, span_of(c->server.b, sizeof c->server.b)),
			.client = intern_add(&hosts, span_of(c->client.b, sizeof c->client.b)),
			.conversation = e->conversation, .turn = i };
	}
	return p;
}
