#include "learning/answer.h"

void
answer_forget_key(const struct rules *r, struct answer *to, const struct answer *a)
{
	const struct token *said = r->x->unit[r->x->exchange[a->exchange[0]].server].token;
	uint32_t token = 0;

	*to = *a;
	to->has_map = false;
	to->rule = pool_copy(r->pool, a->rule, a->nfields * sizeof *a->rule);
	for (uint32_t k = 0; k < a->nfields; k++, token++) {
		struct text_choice *one = pool_alloc(r->pool, sizeof *one);

		while (!a->is_field[token])
			token++;
		*one = (struct text_choice){ 1, said[token].bytes };
		if (a->rule[k].kind == RULE_MAP)
			to->rule[k] = (struct rule){ .kind = RULE_DATA, .choice = one, .n = 1 };
	}
}

const struct answer *
answer_without_key(const struct rules *r, const struct answer *a)
{
	return a->has_map ? a + r->n : a;
}

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
