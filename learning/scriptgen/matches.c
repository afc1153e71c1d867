#include "learning/scriptgen/matches.h"

enum { UNKNOWN, NO, YES, BITS = 2, PER_WORD = 32 };

struct matches_label {
	struct label label;
	uint64_t *word;			/* two bits for each message */
	uint32_t words;
};

void
matches_init(struct matches *m, struct pool *pool, struct pool *work, const struct intern *messages)
{
	*m = (struct matches){ .pool = pool, .work = work, .messages = messages };
	intern_init(&m->keys, pool);
}

uint32_t
matches_label(struct matches *m, const struct label *l, struct span key)
{
	uint32_t id = intern_find(&m->keys, key);

	if (id != INTERN_NONE)
		return id;
	id = intern_add(&m->keys, span_of(pool_copy(m->pool, key.p, key.n), key.n));
	if (id == m->room) {
		m->label = pool_grow(m->pool, m->label, id, 2 * id + 64, sizeof *m->label);
		m->room = 2 * id + 64;
	}
	m->label[id].label = label_copy(m->pool, l);
	return id;
}

const uint64_t *
matches_ranks(struct matches *m)
{
	uint32_t n = m->messages->n;

	if (n > m->rank_room) {
		uint32_t room = MAX(2 * m->rank_room, n);

		m->rank = pool_grow(m->pool, m->rank, m->nranks, room, sizeof *m->rank);
		m->rank_room = room;
	}
	for (; m->nranks < n; m->nranks++)
		m->rank[m->nranks] = hash_stir(span_hash(m->messages->value[m->nranks], 0));
	return m->rank;
}

bool
matches_has(struct matches *m, uint32_t label, uint32_t message)
{
	struct matches_label *l = &m->label[label];
	uint32_t w = message / PER_WORD, shift = message % PER_WORD * BITS;
	struct span value[LABEL_SEGMENTS];
	uint64_t said;

	if (w >= l->words) {
		uint32_t words = MAX(2 * l->words, m->messages->n / PER_WORD + 1);

		l->word = pool_grow(m->pool, l->word, l->words, words, sizeof *l->word);
		l->words = words;
	}
	said = l->word[w] >> shift & 3;
	if (said == UNKNOWN) {
		said = label_match(&l->label, m->messages->value[message], value) ? YES : NO;
		l->word[w] |= said << shift;
	}
	return said == YES;
}
