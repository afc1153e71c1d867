#include "dataplane/cookie.h"

enum { MAC_BITS = 23, EPOCHS = 4, EPOCHS_PER_HOUR = 112 };
#define MAC_MASK ((1u << MAC_BITS) - 1)

static void
derive(const struct cookies *c, uint64_t hour, uint64_t key[2])
{
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t m[2] = { hour, i };

		key[i] = keyed(c->seed, m, sizeof m);
	}
}

void
cookies_init(struct cookies *c, const uint64_t seed[2])
{
	*c = (struct cookies){ .seed = { seed[0], seed[1] }, .hour = 1 };
	derive(c, 1, c->key[1]);
	derive(c, 0, c->key[0]);
}

/* The key of an epoch's hour; the table keeps this hour's and the last one's. */
static const uint64_t *
key_of(struct cookies *c, uint64_t epoch)
{
	uint64_t hour = epoch / EPOCHS_PER_HOUR + 1;	/* so that there is one before the first */

	if (hour > c->hour) {
		for (uint64_t h = MAX(hour - 1, c->hour + 1); h <= hour; h++)
			derive(c, h, c->key[h & 1]);
		c->hour = hour;
	}
	return c->key[hour & 1];
}

/* What the MAC covers. */
struct covered {
	struct flow_key k;
	uint64_t epoch;
	uint32_t client_isn, fields;
};
static_assert(sizeof(struct covered) == 32, "no padding in what is hashed");

static uint32_t
mac_of(const uint64_t key[2], const struct flow_key *k, uint32_t client_isn, uint64_t epoch,
    uint32_t fields)
{
	struct covered m = { *k, epoch, client_isn, fields };

	return (uint32_t)keyed(key, &m, sizeof m) & MAC_MASK;
}

static uint32_t
mask_of(const uint64_t key[2], const struct flow_key *k)
{
	return (uint32_t)(keyed(key, k, sizeof *k) >> 32);
}

static uint32_t
fields_of(const struct cookie *what, uint64_t epoch)
{
	return (uint32_t)(epoch & 3) << 30 | (uint32_t)what->mss_class << 28 |
	    (uint32_t)what->wscale << 24 | (uint32_t)what->sack << MAC_BITS;
}

static struct cookie
what_of(uint32_t word)
{
	return (struct cookie){ .mss_class = word >> 28 & 3, .wscale = word >> 24 & 15,
		.sack = word >> MAC_BITS & 1 };
}

uint32_t
cookie_make(struct cookies *c, const struct flow_key *k, uint32_t client_isn,
    const struct cookie *what, uint64_t now_s)
{
	uint64_t epoch = now_s / COOKIE_EPOCH_S;
	const uint64_t *key = key_of(c, epoch);
	uint32_t fields = fields_of(what, epoch);

	return ((fields | mac_of(key, k, client_isn, epoch, fields)) ^ mask_of(key, k)) + client_isn;
}

bool
cookie_check(struct cookies *c, const struct flow_key *k, uint32_t client_isn, uint32_t isn,
    struct cookie *what, uint64_t now_s)
{
	uint64_t now = now_s / COOKIE_EPOCH_S;

	key_of(c, now);
	for (uint64_t age = 0; age < EPOCHS && age <= now; age++) {
		uint64_t epoch = now - age;
		const uint64_t *key = key_of(c, epoch);
		uint32_t word = (isn - client_isn) ^ mask_of(key, k), fields = word & ~MAC_MASK;

		if (word >> 30 != (epoch & 3) ||
		    mac_of(key, k, client_isn, epoch, fields) != (word & MAC_MASK))
			continue;
		*what = what_of(word);
		return true;
	}
	return false;
}

static void
one_by_one(struct cookies *c, struct cookie_task *t, unsigned n, uint64_t now_s)
{
	for (; n > 0; n--, t++) {
		if (t->make)
			t->isn = cookie_make(c, t->key, t->client_isn, &t->what, now_s);
		else
			t->good = cookie_check(c, t->key, t->client_isn, t->isn, &t->what, now_s);
	}
}

/* Eight at most, of one key. */
static void
side_by_side(const uint64_t key[2], struct cookie_task *t, unsigned n, uint64_t now)
{
	uint64_t tuple[2][PRF_LANES] = { 0 }, all[4][PRF_LANES] = { 0 }, mask[PRF_LANES], mac[PRF_LANES];
	uint32_t word[PRF_LANES];

	static_assert(sizeof(struct flow_key) == 16, "two words");
	for (unsigned i = 0; i < n; i++) {
		memcpy(&tuple[0][i], t[i].key, 8);
		memcpy(&tuple[1][i], (const uint8_t *)t[i].key + 8, 8);
	}
	siphash_lanes(key, tuple, ARRAY_LEN(tuple), mask);
	for (unsigned i = 0; i < n; i++) {
		word[i] = t[i].make ? fields_of(&t[i].what, now) :
		    (t[i].isn - t[i].client_isn) ^ (uint32_t)(mask[i] >> 32);
		all[0][i] = tuple[0][i];
		all[1][i] = tuple[1][i];
		all[2][i] = now - ((now - (word[i] >> 30)) & (EPOCHS - 1));
		all[3][i] = t[i].client_isn | (uint64_t)(word[i] & ~MAC_MASK) << 32;
	}
	siphash_lanes(key, all, ARRAY_LEN(all), mac);
	for (unsigned i = 0; i < n; i++) {
		if (t[i].make) {
			t[i].isn = ((word[i] | ((uint32_t)mac[i] & MAC_MASK)) ^ (uint32_t)(mask[i] >> 32)) +
			    t[i].client_isn;
		} else {
			t[i].good = (((uint32_t)mac[i] ^ word[i]) & MAC_MASK) == 0;
			t[i].what = what_of(word[i]);
		}
	}
}

void
cookies_burst(struct cookies *c, struct cookie_task *t, unsigned n, uint64_t now_s)
{
	uint64_t now = now_s / COOKIE_EPOCH_S;
	const uint64_t *key = key_of(c, now);

	/* In the first epochs of an hour there are two keys, at the very beginning fewer epochs. */
	if (now % EPOCHS_PER_HOUR < EPOCHS - 1) {
		one_by_one(c, t, n, now_s);
		return;
	}
	for (unsigned m; n > 0; t += m, n -= m) {
		m = MIN(n, (unsigned)PRF_LANES);
		side_by_side(key, t, m, now);
	}
}
