#include "learning/split.h"

#include <stdlib.h>

#include "learning/intern.h"

struct client {
	uint64_t lot;
	uint32_t id;
};

static int
by_lot(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return x->lot != y->lot ? (x->lot > y->lot) - (x->lot < y->lot) : (x->id > y->id) - (x->id < y->id);
}

bool *
split_by_client(struct pool *p, const struct corpus *c, unsigned percent, uint64_t seed)
{
	uint32_t *of = pool_array(p, c->nconversations + 1, sizeof *of), *talks;
	uint64_t wanted = ((uint64_t)c->nconversations * percent + 50) / 100, held = 0;
	struct client *client;
	bool *flag, *out;
	struct intern known;

	intern_init(&known, p);
	for (uint32_t i = 0; i < c->nconversations; i++)
		of[i] = intern_add(&known, span_of(c->conversations[i].client.b, sizeof c->conversations[i].client.b));
	if (known.n < SPLIT_CLIENTS)
		return NULL;
	talks = pool_array(p, known.n, sizeof *talks);
	client = pool_array(p, known.n, sizeof *client);
	out = pool_array(p, known.n, sizeof *out);
	flag = pool_array(p, c->nconversations, sizeof *flag);
	for (uint32_t i = 0; i < c->nconversations; i++)
		talks[of[i]]++;
	for (uint32_t i = 0; i < known.n; i++)
		client[i] = (struct client){ span_hash(known.value[i], seed), i };
	qsort(client, known.n, sizeof *client, by_lot);
	for (uint32_t i = 0; i < known.n && held < wanted; i++) {
		if (held + talks[client[i].id] > 2 * wanted)
			continue;
		out[client[i].id] = true;
		held += talks[client[i].id];
	}
	for (uint32_t i = 0; i < c->nconversations; i++)
		flag[i] = out[of[i]];
	return held > 0 ? flag : NULL;
}
