#include "learning/opening.h"

enum {
	MAX_LINES = 4,
	MIN_BETTER = 16,	/* replies that more lines foretell; and half of those that were missed */
};

size_t
opening_bytes(struct span s, uint32_t n)
{
	size_t at = 0;

	for (uint32_t k = 0; k < n; k++) {
		const uint8_t *lf = memchr(s.p + at, '\n', s.n - at);

		if (lf == NULL)
			return 0;
		at = (size_t)(lf - s.p) + 1;
	}
	return at < s.n ? at : 0;
}

/* Messages that go on behind their first n lines: how many, and of those how many replies are foretold by these. */
struct foretold {
	uint32_t messages, right;
};

static struct foretold
foretold_by(struct pool *pool, const struct exchanges *x, uint32_t n)
{
	uint32_t *pair = pool_array(pool, x->n + 1, sizeof *pair);	/* of lines and kind: replies */
	uint32_t *most = pool_array(pool, x->n + 1, sizeof *most);	/* of lines: of one kind */
	struct intern lines, pairs;
	struct foretold f = { 0 };

	intern_init(&lines, pool);
	intern_init(&pairs, pool);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		size_t bytes;
		uint32_t key[2], id;

		if (!e->known || e->client == NO_UNIT || opening_bytes(x->unit[e->client].bytes, 1) == 0)
			continue;
		bytes = opening_bytes(x->unit[e->client].bytes, n);
		if (bytes == 0)		/* it has fewer: all of it */
			bytes = x->unit[e->client].bytes.n;
		key[0] = intern_add(&lines, span_sub(x->unit[e->client].bytes, 0, bytes));
		key[1] = e->kind;
		id = intern_add(&pairs, span_of(pool_copy(pool, key, sizeof key), sizeof key));
		most[key[0]] = MAX(most[key[0]], ++pair[id]);
		f.messages++;
	}
	for (uint32_t l = 0; l < lines.n; l++)
		f.right += most[l] > 1 ? most[l] : 0;
	return f;
}

uint32_t
opening_learn(struct pool *pool, const struct exchanges *x)
{
	struct foretold best = foretold_by(pool, x, 1);
	uint32_t lines = 1;

	for (uint32_t n = 2; n <= MAX_LINES; n++) {
		struct foretold f = foretold_by(pool, x, n);

		if (f.right < best.right + MIN_BETTER ||
		    (f.right - best.right) * 2 < best.messages - best.right)
			continue;
		best = f;
		lines = n;
	}
	return lines;
}
