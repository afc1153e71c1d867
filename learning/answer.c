#include "learning/answer.h"

const struct answer *
answers_to(const struct rules *r, uint32_t client, uint32_t *n)
{
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->answer[mid].client < client)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*n = 0; lo + *n < r->n && r->answer[lo + *n].client == client; ++*n)
		;
	return &r->answer[lo];
}

const struct answer *
rules_find(const struct rules *r, uint32_t client, uint32_t server)
{
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct answer *a = &r->answer[mid];

		if (a->client == client && a->server == server)
			return a;
		if (a->client < client || (a->client == client && a->server < server))
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
