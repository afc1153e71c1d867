#include "learning/sides.h"

/* Is e a further piece of what the client said in the exchange before? */
static bool
is_piece(const struct exchanges *x, uint32_t first, uint32_t i)
{
	const struct exchange *e = &x->exchange[i], *before = e - 1;
	const struct span *a, *b;

	if (i == first || e->known || before->known || e->server != NO_UNIT ||
	    e->client == NO_UNIT || before->client == NO_UNIT)
		return false;
	a = &x->unit[before->client].bytes;
	b = &x->unit[e->client].bytes;
	return a->p + a->n == b->p;
}

void
sides_of(struct prisma_input *out, struct pool *pool, const struct rules *r,
    const struct naming *names)
{
	const struct exchanges *x = r->x;
	struct prisma_message *m = pool_array(pool, 2 * (size_t)x->n + 1, sizeof *m), *client = m;
	uint32_t *first = pool_array(pool, x->conversations + 1, sizeof *first), n = 0;

	for (uint32_t c = 0; c < x->conversations; c++) {
		first[c] = n;
		for (uint32_t i = x->first[c]; i < x->first[c + 1]; i++) {
			const struct exchange *e = &x->exchange[i];

			if (is_piece(x, x->first[c], i)) {
				client->bytes.n += x->unit[e->client].bytes.n;
				continue;
			}
			if (e->client != NO_UNIT) {
				client = &m[n++];
				*client = (struct prisma_message){ .bytes = x->unit[e->client].bytes,
					.event = names->client[r->client->of[LEVEL_FULL][e->client]] / 2 };
			}
			if (e->server != NO_UNIT)
				m[n++] = (struct prisma_message){ .bytes = x->unit[e->server].bytes,
					.event = names->server[r->server->of[LEVEL_FULL][e->server]] / 2,
					.server = true };
		}
	}
	first[x->conversations] = n;
	*out = (struct prisma_input){ m, first, x->conversations };
}
