#include "learning/usual.h"

#include <stdlib.h>

enum {
	WORDS_AGREE = 3,	/* first words that must have it in common */
	SAID_AGAIN = 8,		/* times on the average, and words are a language, not data */
};

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

/* The first word of an exchange's client, or INTERN_NONE. */
static uint32_t
first_word(const struct exchanges *x, uint32_t exchange)
{
	uint32_t u = x->exchange[exchange].client;

	return u == NO_UNIT || x->unit[u].token[0].kind != TOKEN_WORD ? INTERN_NONE : x->unit[u].value[0];
}

/* The template of the reply before an exchange, or NO_TEMPLATE. */
static uint32_t
reply_before(const struct rules *r, uint32_t exchange)
{
	uint32_t before = r->x->exchange[exchange].previous;

	return before == NO_UNIT || r->x->exchange[before].server == NO_UNIT ? NO_TEMPLATE
	    : r->server->of[LEVEL_FULL][r->x->exchange[before].server];
}

/*
 * Per server template: does it ask for data? Then most messages behind it begin with words that are
 * heard behind nothing else, and these are many.
 */
static bool *
asking_for_data(const struct rules *r, struct pool *pool)
{
	const struct exchanges *x = r->x;
	uint32_t *behind = pool_array(pool, x->values.n + 1, sizeof *behind);	/* template + 1 */
	uint32_t *heard = pool_array(pool, r->server->n + 1, sizeof *heard);
	uint32_t *alone = pool_array(pool, r->server->n + 1, sizeof *alone);
	uint32_t *words = pool_array(pool, r->server->n + 1, sizeof *words);
	bool *several = pool_array(pool, x->values.n + 1, sizeof *several);
	bool *asks = pool_array(pool, r->server->n + 1, sizeof *asks);

	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t w = first_word(x, i), s = reply_before(r, i);

		if (w == INTERN_NONE)
			continue;
		several[w] |= s == NO_TEMPLATE || (behind[w] != 0 && behind[w] != s + 1);
		behind[w] = s + 1;
	}
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t w = first_word(x, i), s = reply_before(r, i);

		if (w == INTERN_NONE || s == NO_TEMPLATE)
			continue;
		heard[s]++;
		alone[s] += !several[w];
		words[s] += !several[w] && behind[w] != 0;
		behind[w] = 0;	/* counted */
	}
	for (uint32_t s = 0; s < r->server->n; s++)
		asks[s] = alone[s] * 2 > heard[s] && words[s] > WORDS_AGREE &&
		    words[s] * SAID_AGAIN > alone[s];
	return asks;
}

const struct answer *
usual_answer(const struct rules *r, struct pool *pool)
{
	const bool *asks = asking_for_data(r, pool);
	struct said *all = pool_array(pool, r->x->n, sizeof *all);
	uint32_t *words = pool_array(pool, r->server->n + 1, sizeof *words), n = 0;
	const struct answer **sample = pool_array(pool, r->server->n + 1, sizeof *sample);
	uint32_t best = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct answer *a = &r->answer[i];

		if (a->client >= r->client->n || r->client->t[a->client].level != LEVEL_FULL ||
		    a->nfields > 0 || r->server->t[a->server].has_lines || a->closes * 2 > a->n)
			continue;
		for (uint32_t k = 0; k < a->n; k++) {
			uint32_t word = first_word(r->x, a->exchange[k]);
			uint32_t before = reply_before(r, a->exchange[k]);

			if (word != INTERN_NONE && (before == NO_TEMPLATE || !asks[before]))
				all[n++] = (struct said){ word, a };
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

const struct answer *
usual_after(struct rules *r, struct pool *pool, uint32_t ending)
{
	const struct exchanges *x = r->x;
	uint32_t *of = pool_array(pool, x->n + 1, sizeof *of), n = 0, best = 0;
	uint32_t *count = pool_array(pool, r->server->n + 1, sizeof *count);

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];

		if (e->known && e->server != NO_UNIT && e->previous != NO_UNIT &&
		    x->exchange[e->previous].ending == ending &&
		    !r->server->t[r->server->of[LEVEL_FULL][e->server]].has_lines) {
			count[r->server->of[LEVEL_FULL][e->server]]++;
			of[n++] = i;
		}
	}
	for (uint32_t s = 1; s < r->server->n; s++)
		best = count[s] > count[best] ? s : best;
	count[best] = 0;
	for (uint32_t k = 0; k < n; k++)
		if (r->server->of[LEVEL_FULL][x->exchange[of[k]].server] == best)
			of[count[best]++] = of[k];
	return n == 0 ? NULL : rules_answer(r, best, of, count[best]);
}
