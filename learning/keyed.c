#include "learning/keyed.h"

#include <stdlib.h>

#include "learning/begins.h"
#include "learning/intern.h"
#include "learning/presence.h"

static int
keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = span_cmp(x->key, y->key);

	return c != 0 ? c : (x->sample > y->sample) - (x->sample < y->sample);
}

void
keyed_sort(struct keyed *k, uint32_t n)
{
	qsort(k, n, sizeof *k, keyed_cmp);
}

bool
keyed_for_anybody(const struct answer *a)
{
	return a == NULL || !a->has_map;
}

bool
keyed_fresh(const struct rules *r, const struct keyed *k, uint32_t n, struct tally *scratch,
    const struct answer **out)
{
	uint32_t m = 0, groups = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && span_eq(k[i].key, k[i - 1].key))
			continue;
		groups++;
		if (keyed_for_anybody(k[i].answer))
			scratch[m++] = (struct tally){ .answer = k[i].answer, .n = 1 };
	}
	m = tally(r->x, scratch, m);
	if (m == 0 || (scratch[0].n < MAX((uint32_t)KEYED_STRANGERS, groups / KEYED_SHARE) &&
	    !(scratch[0].answer != NULL && r->habits.generic[scratch[0].answer->server])))
		return false;	/* what few values got may be their own */
	*out = scratch[0].answer;
	return true;
}

uint32_t
keyed_group(const struct exchanges *x, const struct keyed *k, uint32_t n, uint32_t from,
    struct tally *scratch, struct tally *top)
{
	uint32_t end = from, m;

	while (end < n && span_eq(k[end].key, k[from].key)) {
		scratch[end - from] = (struct tally){ .answer = k[end].answer, .n = 1 };
		end++;
	}
	m = tally(x, scratch, end - from);
	*top = m > 0 ? scratch[0] : (struct tally){ 0 };
	return end;
}

struct span
keyed_bytes(const struct rules *r, struct pool *pool, const struct key *key, uint32_t exchange)
{
	struct span a = { 0 }, b;
	uint8_t *both;

	if (!key->no_field)
		a = source_bytes(r, &key->one, exchange);
	if (key->nlines > 0) {
		both = pool_alloc(pool, key->nlines + a.n);
		for (uint32_t i = 0; i < key->nlines; i++)
			both[i] = presence_of(r, key->line[i], exchange) ? KEYED_THERE : KEYED_MISSING;
		if (a.n > 0)
			memcpy(both + key->nlines, a.p, a.n);
		return span_of(both, key->nlines + a.n);
	}
	if (!key->is_pair)
		return a;
	b = source_bytes(r, &key->two, exchange);
	both = pool_alloc(pool, a.n + 1 + b.n);
	if (a.n > 0)
		memcpy(both, a.p, a.n);
	if (b.n > 0)
		memcpy(both + a.n + 1, b.p, b.n);
	return span_of(both, a.n + 1 + b.n);
}

struct keyed *
keyed_gather(struct pool *pool, const struct keyed *k, uint32_t n)
{
	struct keyed *gathered = pool_array(pool, n, sizeof *gathered);
	uint32_t *id = pool_array(pool, n, sizeof *id);
	uint32_t *at = pool_array(pool, (size_t)n + 1, sizeof *at);
	struct intern keys;

	intern_init(&keys, pool);
	for (uint32_t i = 0; i < n; i++) {
		id[i] = intern_add(&keys, k[i].key);
		at[id[i] + 1]++;
	}
	for (uint32_t i = 0; i < keys.n; i++)
		at[i + 1] += at[i];
	for (uint32_t i = 0; i < n; i++)
		gathered[at[id[i]]++] = k[i];
	return gathered;
}

void
keyed_judge(const struct rules *r, struct pool *pool, const struct key *key, const struct keyed *k,
    uint32_t n, struct tally *scratch, uint8_t *right)
{
	struct strangers fresh = { 0 };
	struct beginnings begins[BEGINS_FROM];

	fresh.known = keyed_fresh(r, k, n, scratch, &fresh.answer);
	begins_learn(begins, pool, r, k, key->is_pair ? 0 : n, fresh);
	for (uint32_t from = 0, end; from < n; from = end) {
		struct strangers said = begins_find(&begins[1 - begins_half(k[from].key)], k[from].key, fresh);
		struct tally top;

		end = keyed_group(r->x, k, n, from, scratch, &top);
		for (uint32_t i = from; i < end; i++)
			right[k[i].sample] = top.n > 1 ? tally_foretold(r->x, top.answer, k[i].answer)
			    : said.known ? tally_foretold(r->x, said.answer, k[i].answer) : WRONG;
	}
}
