#include "learning/head.h"

static struct span
next_word(const struct embed_params *p, struct span *left)
{
	size_t from = 0, to;
	struct span word;

	if (p->kind == EMBED_BYTES) {
		to = MIN(left->n, (size_t)1);
	} else {
		while (from < left->n && p->separator[left->p[from]])
			from++;
		for (to = from; to < left->n && !p->separator[left->p[to]];)
			to++;
	}
	word = span_sub(*left, from, to - from);
	*left = span_sub(*left, to, left->n - to);
	return word;
}

/* All words of all messages at full depth; n x depth. */
static uint32_t *
words_of(struct heads *h, struct pool *pool, const struct embed_params *p,
    const struct span *message, uint32_t n, uint32_t depth)
{
	uint32_t *all = pool_array(pool, (size_t)n * depth + 1, sizeof *all);
	struct intern words;

	intern_init(&words, pool);
	for (uint32_t m = 0; m < n; m++) {
		struct span left = message[m];

		for (uint32_t j = 0; j < depth; j++) {
			struct span w = next_word(p, &left);

			all[(size_t)m * depth + j] = w.n == 0 ? HEAD_END : intern_add(&words, w);
		}
	}
	h->nwords = words.n;
	return all;
}

/* Numbers the distinct rows of the first h->depth words. False: there are more than most. */
static bool
number_rows(struct heads *h, struct pool *pool, const uint32_t *all, uint32_t n, uint32_t depth,
    uint32_t most)
{
	size_t bytes = h->depth * sizeof *all;
	struct intern rows;

	intern_init(&rows, pool);
	for (uint32_t m = 0; m < n; m++) {
		struct span row = span_of((const uint8_t *)(all + (size_t)m * depth), bytes);

		h->of[m] = intern_add(&rows, row);
		if (rows.n > most)
			return false;
	}
	h->n = rows.n;
	h->word = pool_array(pool, (size_t)h->n * h->depth + 1, sizeof *h->word);
	for (uint32_t i = 0; i < h->n; i++)
		memcpy(h->word + (size_t)i * h->depth, rows.value[i].p, bytes);
	return true;
}

/* The first most - 1 first words stay, the others are as if there were none. */
static void
forget_words(uint32_t *all, uint32_t n, uint32_t depth, uint32_t most, struct pool *pool,
    uint32_t nwords)
{
	bool *kept = pool_array(pool, (size_t)nwords + 1, sizeof *kept);
	uint32_t nkept = 0;

	for (uint32_t m = 0; m < n; m++) {
		uint32_t *word = &all[(size_t)m * depth];

		if (*word == HEAD_END || kept[*word])
			continue;
		if (nkept + 1 < most)
			nkept += kept[*word] = true;
		else
			*word = HEAD_END;
	}
}

void
heads_make(struct heads *h, struct pool *pool, const struct embed_params *p,
    const struct span *message, uint32_t n, uint32_t depth, uint32_t most)
{
	uint32_t *all;

	*h = (struct heads){ .depth = depth };
	h->of = pool_array(pool, (size_t)n + 1, sizeof *h->of);
	all = words_of(h, pool, p, message, n, depth);
	while (!number_rows(h, pool, all, n, depth, most)) {
		if (h->depth > 1)
			h->depth--;
		else
			forget_words(all, n, depth, most, pool, h->nwords);
	}
}
