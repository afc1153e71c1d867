#include "learning/answer.h"

/* The first answer that is not before one of this client template to this server template. */
static uint32_t
first_from(const struct rules *r, uint32_t client, uint32_t server)
{
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct answer *a = &r->answer[mid];

		if (a->client < client || (a->client == client && a->server < server))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct answer *
answers_to(const struct rules *r, uint32_t client, uint32_t *n)
{
	uint32_t from = first_from(r, client, 0);

	for (*n = 0; from + *n < r->n && r->answer[from + *n].client == client; ++*n)
		;
	return &r->answer[from];
}

const struct answer *
rules_find(const struct rules *r, uint32_t client, uint32_t server)
{
	uint32_t at = first_from(r, client, server);
	const struct answer *a = &r->answer[at];

	return at < r->n && a->client == client && a->server == server ? a : NULL;
}
