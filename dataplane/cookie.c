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

static uint32_t
mac_of(const uint64_t key[2], const struct flow_key *k, uint32_t client_isn, uint64_t epoch,
    uint32_t fields)
{
	struct {
		struct flow_key k;
		uint64_t epoch;
		uint32_t client_isn, fields;
	} m = { *k, epoch, client_isn, fields };

	static_assert(sizeof m == 32, "no padding in what is hashed");
	return (uint32_t)keyed(key, &m, sizeof m) & MAC_MASK;
}

static uint32_t
mask_of(const uint64_t key[2], const struct flow_key *k)
{
	return (uint32_t)(keyed(key, k, sizeof *k) >> 32);
}

uint32_t
cookie_make(struct cookies *c, const struct flow_key *k, uint32_t client_isn,
    const struct cookie *what, uint64_t now_s)
{
	uint64_t epoch = now_s / COOKIE_EPOCH_S;
	const uint64_t *key = key_of(c, epoch);
	uint32_t fields = (uint32_t)(epoch & 3) << 30 | (uint32_t)what->mss_class << 28 |
	    (uint32_t)what->wscale << 24 | (uint32_t)what->sack << MAC_BITS;

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
		*what = (struct cookie){ .mss_class = word >> 28 & 3, .wscale = word >> 24 & 15,
			.sack = word >> MAC_BITS & 1 };
		return true;
	}
	return false;
}
