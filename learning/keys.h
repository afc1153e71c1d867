#pragma once
/*
 * keys.h - which talk a packet belongs to: by both ends, either way round.
 *
 * A hash table of the talks of one capture. A key means one talk at a time; a talk may have
 * several keys (a UDP server that answers from elsewhere), which it lists, so that all
 * of them can be forgotten together.
 */
#include "learning/reuse.h"
#include "models/addr.h"

struct talk;

struct key {
	struct addr a[2];		/* the smaller endpoint first */
	uint16_t port[2];
	uint32_t proto;
};

struct talk_key {
	struct talk_key *chain;
	struct talk_key *same;		/* next key of its talk */
	struct key key;
	struct talk *talk;
};

struct keys {
	struct reuse *memory;
	struct talk_key **table;
	uint32_t slots, used;
	uint64_t seed;			/* of the hash */
};

struct key key_of(uint8_t proto, const struct addr *a, uint16_t aport, const struct addr *b, uint16_t bport);
/* A UDP server may answer from another port: its address alone. */
struct key key_loose(const struct addr *client, uint16_t cport, const struct addr *server);

void	keys_init(struct keys *k, struct reuse *memory, uint64_t seed);
/* NULL: it means nothing. */
struct talk_key *keys_find(const struct keys *k, const struct key *key);
/* From now on this key means this talk. */
void	keys_point(struct keys *k, const struct key *key, struct talk *t);
/* Every key of the talk means nothing any more. */
void	keys_forget(struct keys *k, struct talk *t);
