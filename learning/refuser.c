#include "learning/refuser.h"

#include <stdlib.h>

enum {
	MANY = UINT32_MAX - 1,		/* said after several kinds of reply */
	SELDOM = 5,			/* at most one exchange of so many is refused */
};

static int
by_word(const void *a, const void *b)
{
	const struct heard *x = a, *y = b;

	return x->word != y->word ? (x->word > y->word) - (x->word < y->word)
	    : (x->said > y->said) - (x->said < y->said);
}

/* Per word, the only kind of reply that it was ever said after, or MANY. */
static uint32_t *
find_only(struct pool *pool, const struct heard *heard, uint32_t n, uint32_t words)
{
	uint32_t *only = pool_array(pool, words + 1, sizeof *only);
	bool *met = pool_array(pool, words + 1, sizeof *met);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *w = &only[heard[i].word];

		*w = !met[heard[i].word] || *w == heard[i].before ? heard[i].before : MANY;
		met[heard[i].word] = true;
	}
	return only;
}

/* Copies what is no data, in the order of words. Returns how much. */
static uint32_t
without_data(struct pool *pool, struct heard *to, const struct heard *heard, uint32_t n,
    uint32_t words, uint32_t kinds)
{
	uint32_t *only = find_only(pool, heard, n, words), nto = 0;
	uint32_t *after = pool_array(pool, kinds + 1, sizeof *after);
	uint32_t *own = pool_array(pool, kinds + 1, sizeof *own);

	for (uint32_t i = 0; i < n; i++) {
		if (heard[i].before == REFUSER_NONE)
			continue;
		after[heard[i].before]++;
		own[heard[i].before] += only[heard[i].word] == heard[i].before;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t b = heard[i].before;

		if (b == REFUSER_NONE || only[heard[i].word] != b || 2 * own[b] <= after[b])
			to[nto++] = heard[i];
	}
	qsort(to, nto, sizeof *to, by_word);
	return nto;
}

/* The most usual kind of the word that h begins with; *n: how often it was said. */
static uint32_t
usual(const struct heard *h, const struct heard *end, uint32_t *n)
{
	uint32_t best = 0, kind = h->said;
	const struct heard *from = h, *i;

	for (i = h; i < end && i->word == h->word; i++) {
		if (i->said != from->said)
			from = i;
		if (i - from + 1 > best) {
			best = (uint32_t)(i - from + 1);
			kind = i->said;
		}
	}
	*n = (uint32_t)(i - h);
	return kind;
}

uint32_t
refuser_find(struct pool *pool, const struct heard *heard, uint32_t n, uint32_t words,
    uint32_t kinds)
{
	struct heard *h = pool_array(pool, n + 1, sizeof *h);
	uint32_t *of_words = pool_array(pool, kinds + 1, sizeof *of_words), nwords = 0;
	uint32_t *of_all = pool_array(pool, kinds + 1, sizeof *of_all), best = REFUSER_NONE, times;
	double most = 1;		/* a single word has a reply of its own */

	n = without_data(pool, h, heard, n, words, kinds);
	for (uint32_t i = 0; i < n; i += times, nwords++)
		of_words[usual(&h[i], &h[n], &times)]++;
	for (uint32_t i = 0; i < n; i++)
		of_all[h[i].said]++;
	for (uint32_t k = 0; k < kinds; k++) {
		double beyond = of_words[k] - (double)nwords * of_all[k] / MAX(n, 1u);

		if (of_words[k] > 1 && SELDOM * of_all[k] <= n && beyond > most) {
			most = beyond;
			best = k;
		}
	}
	return best;
}
