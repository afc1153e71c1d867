#include "learning/usual.h"

#include <stdlib.h>

enum { WORDS_AGREE = 3 };	/* first words that must have it in common */

/* First words of messages and what was mostly said to each. */
struct said {
	uint32_t word;		/* interned */
	const struct answer *answer;
};

static int
said_cmp(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	return x->word != y->word ? (x->word > y->word) - (x->word < y->word)
	    : x->answer->server != y->answer->server
	    ? (x->answer->server > y->answer->server) - (x->answer->server < y->answer->server)
	    : (x->answer > y->answer) - (x->answer < y->answer);
}

const struct answer *
usual_answer(const struct rules *r, struct pool *pool)
{
	struct said *all = pool_array(pool, r->x->n, sizeof *all);
	uint32_t *words = pool_array(pool, r->server->n + 1, sizeof *words), n = 0;
	const struct answer **sample = pool_array(pool, r->server->n + 1, sizeof *sample);
	uint32_t best = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct answer *a = &r->answer[i];

		if (a->client >= r->client->n || r->client->t[a->client].level != LEVEL_FULL ||
		    a->nfields > 0 || a->closes * 2 > a->n)
			continue;
		for (uint32_t k = 0; k < a->n; k++) {
			const struct unit *u = &r->x->unit[r->x->exchange[a->exchange[k]].client];

			if (u->token[0].kind == TOKEN_WORD)
				all[n++] = (struct said){ u->value[0], a };
		}
	}
	qsort(all, n, sizeof *all, said_cmp);
	for (uint32_t i = 0, w0 = 0; i < n; w0 = i) {
		const struct answer *usual = NULL;
		uint32_t most = 0;

		while (i < n && all[i].word == all[w0].word) {
			uint32_t r0 = i;

			while (i < n && all[i].word == all[w0].word &&
			    all[i].answer->server == all[r0].answer->server)
				i++;
			if (i - r0 > most) {
				most = i - r0;
				usual = all[r0].answer;
			}
		}
		words[usual->server]++;
		sample[usual->server] = usual;
	}
	for (uint32_t s = 1; s < r->server->n; s++)
		best = words[s] > words[best] ? s : best;
	return r->server->n > 0 && words[best] >= WORDS_AGREE ? sample[best] : NULL;
}

static bool
needs_nothing(const struct answer *a)
{
	for (uint32_t k = 0; k < a->nfields; k++)
		if (a->rule[k].kind != RULE_DATA)
			return false;
	return true;
}

const struct answer *
usual_after(const struct rules *r, struct pool *pool, uint32_t ending)
{
	const struct exchanges *x = r->x;
	uint32_t *count = pool_array(pool, r->n + 1, sizeof *count), best = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct answer *a = &r->answer[i];

		for (uint32_t k = 0; k < a->n && needs_nothing(a); k++) {
			uint32_t before = x->exchange[a->exchange[k]].previous;

			count[i] += before != NO_UNIT && x->exchange[before].ending == ending;
		}
		best = count[i] > count[best] ? i : best;
	}
	return r->n > 0 && count[best] > 0 ? &r->answer[best] : NULL;
}
