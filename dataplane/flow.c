#include "dataplane/flow.h"

#include <stdlib.h>

#include "dataplane/wire.h"
#include "models/prf.h"

enum { WAYS = 8 };

/* Whoever could make two pairs alike could answer for another: so a hash of 64 bits with a key. */
static void __attribute__((noinline))
key_of_six(const struct flow_table *t, struct flow_key *k, const struct addr *own, const struct addr *peer)
{
	struct flow_pair pair = { *own, *peer };
	uint64_t digest = siphash((const uint8_t *)t->secret, span_of(&pair, sizeof pair));

	k->peer = (uint32_t)digest;
	k->own = (uint32_t)(digest >> 32);
	k->proto |= FLOW_SIX;
}

void
flow_key_of(const struct flow_table *t, struct flow_key *k, const struct addr *own, uint16_t own_port,
    const struct addr *peer, uint16_t peer_port, uint8_t proto)
{
	/* In the words that flow_hash() reads, or it waits for the parts to become a whole. */
	uint64_t w[2] = { addr_to_v4(peer) | (uint64_t)addr_to_v4(own) << 32,
		peer_port | (uint64_t)own_port << 16 | (uint64_t)proto << 32 };

	static_assert(sizeof w == sizeof *k && offsetof(struct flow_key, own) == 4 &&
	    offsetof(struct flow_key, own_port) == 10 && offsetof(struct flow_key, proto) == 12, "as written");
	memcpy(k, w, sizeof w);
	if (!addr_is_v4(own))
		key_of_six(t, k, own, peer);
}

uint32_t
flow_network(const struct flow_table *t, const struct addr *a)
{
	return (uint32_t)siphash((const uint8_t *)t->secret, span_of(a->b, 8)) | 1u << 31;
}

/* 80 % load when every flow is in use. */
static uint32_t
buckets_for(uint32_t n)
{
	return (uint32_t)((uint64_t)n * 5 / 4 / WAYS) + 1;
}

size_t
flow_table_bytes(uint32_t n, uint32_t six)
{
	return ((size_t)n + six) * sizeof(struct flow) + buckets_for(n + six) * sizeof(struct flow_bucket) +
	    six * sizeof(struct flow_pair);
}

void
flow_table_init(struct flow_table *t, void *mem, uint32_t n, uint32_t six, const uint64_t secret[2])
{
	*t = (struct flow_table){ .flow = mem, .n = n + six, .six = six, .nbuckets = buckets_for(n + six),
		.pool = { { .end = six + 1, .fresh = 1 }, { .end = n + six + 1, .fresh = six + 1 } } };
	t->bucket = (struct flow_bucket *)(t->flow + t->n);
	t->pair = (struct flow_pair *)(t->bucket + t->nbuckets);
	t->secret[0] = secret[0] | 1;
	t->secret[1] = secret[1];
}

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* Two keyed 64 x 64 -> 128 bit products: not linear in the tuple, unlike a CRC. */
uint64_t
flow_hash(const struct flow_table *t, const struct flow_key *k)
{
	uint64_t w[2];

	static_assert(sizeof w == sizeof *k, "all of the key");
	memcpy(w, k, sizeof w);
	w[0] = fold(w[0] ^ t->secret[0], w[1] ^ t->secret[1]);
	return fold(w[0] ^ t->secret[1], 0x9e3779b97f4a7c15u ^ t->secret[0]);
}

static uint16_t
tag_of(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);

	return tag ? tag : 1;
}

static uint32_t
first_bucket(const struct flow_table *t, uint64_t hash)
{
	return (uint32_t)((uint64_t)(uint32_t)hash * t->nbuckets >> 32);
}

/* Its own inverse, for any number of buckets. */
static uint32_t
other_bucket(const struct flow_table *t, uint32_t b, uint16_t tag)
{
	uint32_t h = (uint32_t)((uint64_t)(tag * 0x9e3779b1u) * t->nbuckets >> 32);

	return h >= b ? h - b : h + t->nbuckets - b;
}

/* Which places of a bucket hold a tag: bit 8 i for place i. All are compared at once. */
static inline uint64_t
tags(const struct flow_bucket *b, uint16_t tag)
{
	typedef int16_t eight __attribute__((vector_size(16)));
	typedef int8_t narrow __attribute__((vector_size(8)));
	eight have;
	narrow hit;
	uint64_t bits;

	memcpy(&have, b->tag, sizeof have);
	hit = __builtin_convertvector(have == (int16_t)tag, narrow);
	memcpy(&bits, &hit, sizeof bits);
	return bits & 0x0101010101010101u;
}

static inline uint32_t
id_at(const struct flow_bucket *b, uint64_t hits)
{
	return b->flow[__builtin_ctzll(hits) / 8];
}

void
flow_prefetch(const struct flow_table *t, uint64_t hash)
{
	uint32_t b = first_bucket(t, hash);

	__builtin_prefetch(&t->bucket[b]);
	__builtin_prefetch(&t->bucket[other_bucket(t, b, tag_of(hash))]);
}

/* Which of the two buckets it stands in is anybody's guess, so there is no branch for it. */
uint32_t
flow_expect(const struct flow_table *t, uint64_t hash)
{
	uint16_t tag = tag_of(hash);
	uint32_t first = first_bucket(t, hash), id;
	const struct flow_bucket *a = &t->bucket[first], *b = &t->bucket[other_bucket(t, first, tag)];
	uint64_t in_a = tags(a, tag), in_b = tags(b, tag), hits = in_a != 0 ? in_a : in_b;

	if (hits == 0)
		return t->nstash > 0 ? FLOW_MANY : 0;
	id = id_at(in_a != 0 ? a : b, hits);
	__builtin_prefetch(flow_at(t, id), 1);
	if ((hits & (hits - 1)) == 0 && (in_a == 0 || in_b == 0) && t->nstash == 0)
		return id;
	for (; in_a != 0; in_a &= in_a - 1)
		__builtin_prefetch(flow_at(t, id_at(a, in_a)), 1);
	for (; in_b != 0; in_b &= in_b - 1)
		__builtin_prefetch(flow_at(t, id_at(b, in_b)), 1);
	return FLOW_MANY;
}

static inline bool
is(const struct flow *f, const struct flow_key *k)
{
	return f->peer == k->peer && f->own == k->own && f->peer_port == k->peer_port &&
	    f->own_port == k->own_port && (f->state == FLOW_UDP) == ((uint8_t)k->proto == PROTO_UDP);
}

static struct flow *
find_in(const struct flow_table *t, const struct flow_bucket *b, uint16_t tag, const struct flow_key *k)
{
	for (uint64_t hits = tags(b, tag); hits != 0; hits &= hits - 1) {
		struct flow *f = flow_at(t, id_at(b, hits));

		if (is(f, k))
			return f;
	}
	return NULL;
}

struct flow *
flow_find(const struct flow_table *t, const struct flow_key *k, uint64_t hash)
{
	uint16_t tag = tag_of(hash);
	uint32_t b = first_bucket(t, hash);
	struct flow *f = find_in(t, &t->bucket[b], tag, k);

	if (f == NULL)
		f = find_in(t, &t->bucket[other_bucket(t, b, tag)], tag, k);
	for (uint32_t i = 0; f == NULL && i < t->nstash; i++) {
		if (is(flow_at(t, t->stash[i]), k))
			f = flow_at(t, t->stash[i]);
	}
	return f;
}

struct flow *
flow_confirm(const struct flow_table *t, const struct flow_key *k, uint32_t id)
{
	struct flow *f = flow_at(t, id);

	return f->state != FLOW_FREE && is(f, k) ? f : NULL;
}

static bool
put(struct flow_bucket *b, uint16_t tag, uint32_t id)
{
	uint64_t empty = tags(b, 0);
	unsigned at;

	if (empty == 0)
		return false;
	at = (unsigned)__builtin_ctzll(empty) / 8;
	b->tag[at] = tag;
	b->flow[at] = id;
	return true;
}

/* Moves one entry of a full bucket to its other bucket. */
static bool
make_room(struct flow_table *t, uint32_t at)
{
	struct flow_bucket *b = &t->bucket[at];

	for (int i = 0; i < WAYS; i++) {
		uint32_t to = other_bucket(t, at, b->tag[i]);

		if (to != at && put(&t->bucket[to], b->tag[i], b->flow[i])) {
			b->tag[i] = 0;
			return true;
		}
	}
	return false;
}

static unsigned
load_of(const struct flow_bucket *b)
{
	return WAYS - (unsigned)(tags(b, 0) * 0x0101010101010101u >> 56);	/* the sum of its bytes */
}

static bool
enter(struct flow_table *t, uint64_t hash, uint32_t id)
{
	uint16_t tag = tag_of(hash);
	uint32_t a = first_bucket(t, hash), b = other_bucket(t, a, tag);
	uint32_t better = load_of(&t->bucket[b]) < load_of(&t->bucket[a]) ? b : a;

	if (put(&t->bucket[better], tag, id))
		return true;
	if (make_room(t, a))
		return put(&t->bucket[a], tag, id);
	if (make_room(t, b))
		return put(&t->bucket[b], tag, id);
	if (t->nstash == FLOW_STASH)
		return false;
	t->stash[t->nstash++] = id;
	return true;
}

static struct flow_pool *
pool_of(const struct flow_table *t, const struct flow_key *k)
{
	return (struct flow_pool *)&t->pool[!(k->proto & FLOW_SIX)];
}

bool
flow_is_full(const struct flow_table *t, const struct flow_key *k)
{
	const struct flow_pool *pool = pool_of(t, k);

	return pool->free == 0 && pool->fresh == pool->end;
}

uint32_t
flow_any(const struct flow_table *t, const struct flow_key *k, uint64_t random)
{
	uint32_t first = k->proto & FLOW_SIX ? 1 : t->six + 1, n = pool_of(t, k)->end - first;

	return n > 0 ? first + (uint32_t)(random % n) : 0;
}

struct flow *
flow_add(struct flow_table *t, const struct flow_key *k, uint64_t hash, const struct flow_pair *pair)
{
	struct flow_pool *pool = pool_of(t, k);
	uint32_t id = pool->free != 0 ? pool->free : pool->fresh;
	struct flow *f;

	if (flow_is_full(t, k) || !enter(t, hash, id))
		return NULL;
	f = flow_at(t, id);
	if (id == pool->fresh)
		pool->fresh++;
	else
		pool->free = f->talk;
	if (k->proto & FLOW_SIX)
		t->pair[id - 1] = *pair;
	*f = (struct flow){ .peer = k->peer, .own = k->own, .peer_port = k->peer_port,
		.own_port = k->own_port,
		.state = (uint8_t)k->proto == PROTO_UDP ? FLOW_UDP : FLOW_ESTABLISHED };
	COUNT(t->used, 1);
	t->added++;
	return f;
}

static struct flow_key
key_of(const struct flow_table *t, const struct flow *f)
{
	return (struct flow_key){ .peer = f->peer, .own = f->own, .peer_port = f->peer_port, .own_port = f->own_port,
		.proto = (f->state == FLOW_UDP ? PROTO_UDP : PROTO_TCP) | (flow_is_six(t, f) ? FLOW_SIX : 0) };
}

uint64_t
flow_hash_of(const struct flow_table *t, const struct flow *f)
{
	struct flow_key k = key_of(t, f);

	return flow_hash(t, &k);
}

/* Takes id out of a bucket; false: it is not there. */
static bool
leave(struct flow_bucket *b, uint16_t tag, uint32_t id)
{
	for (uint64_t hits = tags(b, tag); hits != 0; hits &= hits - 1) {
		if (id_at(b, hits) == id) {
			b->tag[__builtin_ctzll(hits) / 8] = 0;
			return true;
		}
	}
	return false;
}

/* A place became free: whoever waits in the stash for one may have it. */
static void
empty_stash(struct flow_table *t)
{
	for (uint32_t i = t->nstash; i-- > 0;) {
		uint32_t id = t->stash[i];
		uint64_t hash = flow_hash_of(t, flow_at(t, id));
		uint32_t a = first_bucket(t, hash);

		if (put(&t->bucket[a], tag_of(hash), id) ||
		    put(&t->bucket[other_bucket(t, a, tag_of(hash))], tag_of(hash), id))
			t->stash[i] = t->stash[--t->nstash];
	}
}

void
flow_del(struct flow_table *t, struct flow *f)
{
	uint32_t id = flow_id(t, f);
	struct flow_key k = key_of(t, f);
	struct flow_pool *pool = pool_of(t, &k);
	uint64_t hash = flow_hash(t, &k);
	uint32_t a = first_bucket(t, hash);

	if (!leave(&t->bucket[a], tag_of(hash), id) && !leave(&t->bucket[other_bucket(t, a, tag_of(hash))], tag_of(hash), id)) {
		uint32_t i = 0;

		while (i < t->nstash && t->stash[i] != id)
			i++;
		assert(i < t->nstash);
		t->stash[i] = t->stash[--t->nstash];
	}
	f->state = FLOW_FREE;
	f->talk = pool->free;
	pool->free = id;
	COUNT(t->used, -1);
	if (t->nstash > 0)
		empty_stash(t);
}

void
flow_table_check(const struct flow_table *t)
{
	uint32_t indexed = t->nstash, live = 0, idle = 0;

	for (uint32_t b = 0; b < t->nbuckets; b++) {
		for (int i = 0; i < WAYS; i++)
			indexed += t->bucket[b].tag[i] != 0;
	}
	for (uint32_t id = 1; id < flow_fresh(t); id++) {
		const struct flow *f = flow_at(t, id);
		struct flow_key k = key_of(t, f);

		if (f->state == FLOW_FREE)
			continue;
		live++;
		if (flow_find(t, &k, flow_hash(t, &k)) != f)
			abort();
	}
	for (int i = 0; i < 2; i++) {
		for (uint32_t id = t->pool[i].free; id != 0; id = flow_at(t, id)->talk) {
			if (flow_at(t, id)->state != FLOW_FREE || id >= t->pool[i].end || ++idle > t->n)
				abort();
		}
	}
	if (live != t->used || indexed != t->used ||
	    live + idle != t->pool[0].fresh - 1 + t->pool[1].fresh - t->six - 1)
		abort();
}
