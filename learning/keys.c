#include "learning/keys.h"

#include "learning/gather.h"

enum { FIRST_SLOTS = 1 << 12 };

struct key
key_of(uint8_t proto, const struct addr *a, uint16_t aport, const struct addr *b, uint16_t bport)
{
	int c = memcmp(a->b, b->b, sizeof a->b);
	bool swap = c > 0 || (c == 0 && aport > bport);

	return swap ? (struct key){ { *b, *a }, { bport, aport }, proto } :
	    (struct key){ { *a, *b }, { aport, bport }, proto };
}

struct key
key_loose(const struct addr *client, uint16_t cport, const struct addr *server)
{
	return key_of(PROTO_UDP, client, cport, server, 0);
}

static struct talk_key **
bucket(const struct keys *k, const struct key *key)
{
	return &k->table[span_hash(span_of(key, sizeof *key), k->seed) & (k->slots - 1)];
}

struct talk_key *
keys_find(const struct keys *k, const struct key *key)
{
	for (struct talk_key *s = *bucket(k, key); s != NULL; s = s->chain) {
		if (memcmp(&s->key, key, sizeof *key) == 0)
			return s;
	}
	return NULL;
}

static void
grow(struct keys *k)
{
	struct talk_key **old = k->table, *next;
	uint32_t n = k->slots;

	k->slots = n == 0 ? FIRST_SLOTS : n * 2;
	k->table = reuse_alloc(k->memory, k->slots * sizeof(struct talk_key *));
	for (uint32_t i = 0; i < n; i++) {
		for (struct talk_key *s = old[i]; s != NULL; s = next) {
			struct talk_key **b = bucket(k, &s->key);

			next = s->chain;
			s->chain = *b;
			*b = s;
		}
	}
	reuse_give(k->memory, old, n * sizeof(struct talk_key *));
}

void
keys_init(struct keys *k, struct reuse *memory, uint64_t seed)
{
	*k = (struct keys){ .memory = memory, .seed = seed };
	grow(k);
}

/* The key is no longer its talk's. */
static void
disown(struct talk_key *s)
{
	struct talk_key **at = &s->talk->keys;

	while (*at != s)
		at = &(*at)->same;
	*at = s->same;
}

void
keys_point(struct keys *k, const struct key *key, struct talk *t)
{
	struct talk_key *s = keys_find(k, key);

	if (s == NULL) {
		if (k->used >= k->slots)
			grow(k);
		s = reuse_alloc(k->memory, sizeof *s);
		s->key = *key;
		s->chain = *bucket(k, key);
		*bucket(k, key) = s;
		k->used++;
	} else {
		disown(s);
	}
	s->talk = t;
	s->same = t->keys;
	t->keys = s;
}

void
keys_forget(struct keys *k, struct talk *t)
{
	struct talk_key *next;

	for (struct talk_key *s = t->keys; s != NULL; s = next) {
		struct talk_key **at = bucket(k, &s->key);

		while (*at != s)
			at = &(*at)->chain;
		*at = s->chain;
		next = s->same;
		k->used--;
		reuse_give(k->memory, s, sizeof *s);
	}
	t->keys = NULL;
}
