#include "learning/constant.h"

#include "learning/goal.h"

enum { TRIED_OUT = 3 };

/* Do the samples have so many different values in a field that may decide? */
static bool
is_tried_out(const struct rules *r, const struct answer *a)
{
	struct source src[MAX_SOURCES];
	uint32_t nsrc = sources_deciding(r, a->client, src, MAX_SOURCES);

	for (uint32_t k = 0; k < nsrc; k++) {
		struct span seen[TRIED_OUT];
		uint32_t n = 0, v;

		for (uint32_t i = 0; i < a->n && n < TRIED_OUT; i++) {
			seen[n] = source_bytes(r, &src[k], a->exchange[i]);
			for (v = 0; !span_eq(seen[v], seen[n]);)
				v++;
			n += v == n;
		}
		if (n == TRIED_OUT)
			return true;
	}
	return false;
}

bool
constant_part(const struct rules *r, const struct answer *a, uint32_t token)
{
	const struct template *t = &r->client->t[a->client];
	const struct goal whole = { token, NULL };
	struct span said = goal_bytes(r, a, 0, &whole);

	if (r->server->t[a->server].token[token].kind != TOKEN_PART)
		return false;
	for (uint32_t i = 1; i < a->n; i++)
		if (!span_eq(goal_bytes(r, a, i, &whole), said))
			return false;
	for (uint32_t j = 0; said.n >= RULE_MIN_ECHO && j < t->ntoken; j++)
		if (!t->is_field[j] && t->token[j].kind == TOKEN_PART && span_eq(t->token[j].bytes, said))
			return true;
	return is_tried_out(r, a);
}
