#include "learning/fallback.h"

#include "learning/answer.h"
#include "learning/tally.h"

enum { CLEAR_PERCENT = 90 };

/* Does no member of a template have a more general one? */
static bool
is_most_general(const struct templates *t, uint32_t index)
{
	const struct template *this = &t->t[index];

	for (unsigned l = this->level + 1; l < LEVELS; l++)
		for (uint32_t i = 0; i < this->support; i++)
			if (t->of[l][this->member[i]] != NO_TEMPLATE)
				return false;
	return true;
}

/*
 * The first answer of the usual kind that needs no value, if so many percent are of that kind; NULL: there is
 * none, or silence is as usual. What belongs to another value (the length of a name, a pointer behind it)
 * would make no sense.
 */
static const struct answer *
usual_kind(const struct rules *r, struct pool *pool, const struct node *nd, unsigned percent)
{
	uint32_t n, said = 0, best = 0;
	const struct answer *a = answers_to(r, nd->client, &n);
	struct tally *t = pool_array(pool, n + 1, sizeof *t);

	for (uint32_t i = 0; i < n; i++) {
		t[i] = (struct tally){ .answer = &a[i], .n = a[i].n };
		said += a[i].n;
	}
	if (n == 0)
		return NULL;
	n = tally(r->x, t, n);
	for (uint32_t i = 1; i < n; i++)
		best = t[i].alike > t[best].alike ? i : best;
	if (t[best].alike <= nd->support - said || t[best].alike * 100ull < nd->support * (uint64_t)percent)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		if (!t[i].answer->has_map && answer_kind(r->x, t[i].answer) == answer_kind(r->x, t[best].answer))
			return t[i].answer;
	return NULL;
}

void
fallbacks_add(struct decisions *d, struct pool *pool, const struct rules *r, const struct memory *m)
{
	for (uint32_t i = 0; r->x->client_lexer.binary && i < d->n; i++) {
		struct node *nd = &d->node[i];
		const struct answer *a;

		if (m->state[nd->state].length > 0 || nd->client == r->client->n ||
		    !nd->choice[nd->nchoices - 1].guarded)
			continue;
		a = usual_kind(r, pool, nd, is_most_general(r->client, nd->client) ? 0 : CLEAR_PERCENT);
		if (a != NULL)		/* the choices have room for one behind the guarded ones */
			nd->choice[nd->nchoices++] =
			    (struct choice){ .answer = a, .support = a->n };
	}
}
