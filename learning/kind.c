#include "learning/kind.h"

#include "learning/klass.h"

enum {
	LENGTH_REPLIES = 8,	/* of one length, and one in so many of their kind */
	LENGTH_ONE_IN = 10,
};

/* What kind of reply each exchange got, by what is used of the corpus alone. Returns how many there are. */
static uint32_t
find_kinds(struct exchanges *x, struct pool *pool)
{
	struct klass_pair *pair = pool_array(pool, x->n + 1, sizeof *pair);
	struct intern names;
	struct klass klass;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n; i++) {
		const struct exchange *e = &x->exchange[i];
		uint32_t before = e->previous == NO_UNIT ? NO_UNIT : x->exchange[e->previous].client;

		if (e->server == NO_UNIT)
			continue;
		pair[n++] = (struct klass_pair){ .said = x->unit[e->server].bytes,
			.asked = e->client == NO_UNIT ? (struct span){ 0 } : x->unit[e->client].bytes,
			.before = before == NO_UNIT ? (struct span){ 0 } : x->unit[before].bytes,
			.conversation = e->conversation };
	}
	klass_learn_pairs(&klass, pool, pair, n);
	intern_init(&names, pool);
	intern_add(&names, (struct span){ 0 });
	for (uint32_t i = 0, p = 0; i < x->n; i++) {
		struct klass_name name;

		if (x->exchange[i].server == NO_UNIT)
			continue;
		name = klass_of(&klass, &pair[p++]);
		x->exchange[i].kind = intern_add(&names,
		    span_of(pool_copy(pool, name.b, name.n), name.n));
	}
	return names.n;
}

/*
 * A length that many replies of one kind have, though what is left of them may have any, says
 * something (a full block: more will follow); such replies are a kind of their own.
 */
static void
tell_lengths(struct exchanges *x, struct pool *pool, uint32_t nkinds)
{
	struct intern lengths;
	uint32_t *of = pool_array(pool, x->n + 1, sizeof *of);
	uint32_t *count = pool_array(pool, x->n + 1, sizeof *count);
	uint32_t *all = pool_array(pool, nkinds, sizeof *all);

	intern_init(&lengths, pool);
	for (uint32_t i = 0; i < x->n; i++) {
		const struct unit *u;
		uint32_t key[2];

		of[i] = UINT32_MAX;
		if (x->exchange[i].server == NO_UNIT)
			continue;
		u = &x->unit[x->exchange[i].server];
		if (u->ntoken == 0 || u->token[u->ntoken - 1].kind != TOKEN_REST)
			continue;
		key[0] = x->exchange[i].kind;
		key[1] = (uint32_t)u->bytes.n;
		of[i] = intern_add(&lengths, span_of(pool_copy(pool, key, sizeof key), sizeof key));
		count[of[i]]++;
		all[key[0]]++;
	}
	for (uint32_t i = 0; i < x->n; i++)
		if (of[i] != UINT32_MAX && count[of[i]] >= LENGTH_REPLIES &&
		    count[of[i]] * LENGTH_ONE_IN >= all[x->exchange[i].kind])
			x->exchange[i].kind = nkinds + of[i];
}

void
kind_find(struct exchanges *x, struct pool *pool, bool binary)
{
	uint32_t n = find_kinds(x, pool);

	if (binary)
		tell_lengths(x, pool, n);
}
