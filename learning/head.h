#pragma once
/*
 * head.h - messages as their first words.
 *
 * A word is what stands between separators, or one byte where n-grams of bytes are embedded.
 * Messages with equal heads are one row. Words are numbers in the order first seen; messages are
 * read in place, all else is in the pool.
 */
#include "learning/embed.h"
#include "learning/intern.h"

#define HEAD_END UINT32_MAX		/* in place of a word: the message ended before */

enum { HEAD_WORDS = 16 };

struct heads {
	uint32_t depth;			/* words per row */
	uint32_t n;			/* distinct rows */
	uint32_t nwords;		/* words that occur */
	uint32_t *word;			/* n x depth */
	uint32_t *of;			/* per message: its row */
};

/*
 * At most depth words, 1 .. HEAD_WORDS. Where that gives more than most rows the depth is cut
 * down, and when even the first words are more, all that come after the first most - 1 share the
 * row that ends at once. One pass over the messages for each depth.
 */
void	heads_make(struct heads *h, struct pool *pool, const struct embed_params *p,
	    const struct span *message, uint32_t n, uint32_t depth, uint32_t most);
static inline const uint32_t *
head_row(const struct heads *h, uint32_t i)
{
	return h->word + (size_t)i * h->depth;
}
