#include "learning/separators.h"

#include "learning/intern.h"

enum {
	LOOKED_AT = 500,	/* pairs */
	WORD = 3,		/* bytes of a word that is counted */
	OFTEN_PERCENT = 5,	/* questions that say a word that is not */
	WORTH_PERCENT = 2,	/* of the replies, repeated by the help of punctuation */
};

static const char punctuation[] = ",;:=<>\"@()";

struct counter {
	const struct lexer *l;
	struct intern words;
	uint32_t *asked, *last;		/* per word: questions that say it; the last of them, from 1 */
};

static struct span
next_word(const struct lexer *l, struct span *left)
{
	size_t from = 0, n;

	while (from < left->n && lexer_is_separator(l, left->p[from]))
		from++;
	for (n = from; n < left->n && !lexer_is_separator(l, left->p[n]); n++)
		;
	struct span word = span_sub(*left, from, n - from);

	*left = span_sub(*left, n, left->n);
	return word;
}

static uint32_t
at(uint32_t i, uint32_t n)
{
	return (uint32_t)((uint64_t)i * n / MIN(n, (uint32_t)LOOKED_AT));
}

/* Bytes of the replies that are words of their questions. */
static uint64_t
repeated(const struct lexer *l, struct pool *pool, const struct separators_pair *pair, uint32_t n)
{
	struct counter c = { .l = l };
	uint32_t looked = MIN(n, (uint32_t)LOOKED_AT);
	size_t room = 1;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < looked; i++)
		room += pair[at(i, n)].asked.n / WORD + 1;
	intern_init(&c.words, pool);
	c.asked = pool_array(pool, room, sizeof *c.asked);
	c.last = pool_array(pool, room, sizeof *c.last);
	for (unsigned pass = 0; pass < 2; pass++) {	/* who says what; then who repeats what is rare */
		for (uint32_t i = 0; i < looked; i++) {
			const struct separators_pair *p = &pair[at(i, n)];
			uint32_t mark = pass * looked + i + 1;

			for (struct span left = p->asked; left.n > 0;) {
				struct span word = next_word(l, &left);
				uint32_t w = word.n < WORD ? INTERN_NONE : intern_add(&c.words, word);

				if (w == INTERN_NONE || c.last[w] == mark)
					continue;
				c.asked[w] += pass == 0;
				c.last[w] = mark;
			}
			for (struct span left = p->said; pass == 1 && left.n > 0;) {
				struct span word = next_word(l, &left);
				uint32_t w = word.n < WORD ? INTERN_NONE : intern_find(&c.words, word);

				if (w != INTERN_NONE && c.last[w] == mark &&
				    c.asked[w] * 100ull <= MAX(1u, looked * OFTEN_PERCENT))
					bytes += word.n;
			}
		}
	}
	return bytes;
}

void
separators_learn(struct lexer *l, struct pool *pool, const struct separators_pair *pair, uint32_t n)
{
	struct lexer fine = *l;
	uint64_t said = 0;

	for (const char *p = punctuation; *p != '\0'; p++)
		fine.is_separator[(uint8_t)*p / 8] |= (uint8_t)(1u << (uint8_t)*p % 8);
	for (uint32_t i = 0; i < MIN(n, (uint32_t)LOOKED_AT); i++)
		said += pair[at(i, n)].said.n;
	if (repeated(&fine, pool, pair, n) * 100 >
	    repeated(l, pool, pair, n) * 100 + said * WORTH_PERCENT)
		*l = fine;
}
