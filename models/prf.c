#include "models/prf.h"

/* The four words of the state, of one message or, as vectors, of several. Table 1 and figure 2.1 of the paper. */
#define ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))
#define ROUND(a, b, c, d) do { \
	(a) += (b); (c) += (d); (b) = ROTL(b, 13) ^ (a); (d) = ROTL(d, 16) ^ (c); (a) = ROTL(a, 32); \
	(c) += (b); (a) += (d); (b) = ROTL(b, 17) ^ (c); (d) = ROTL(d, 21) ^ (a); (c) = ROTL(c, 32); \
} while (0)
#define TAKE(a, b, c, d, m) do { (d) ^= (m); ROUND(a, b, c, d); ROUND(a, b, c, d); (a) ^= (m); } while (0)

static const uint64_t begin[4] = { 0x736f6d6570736575u, 0x646f72616e646f6du, 0x6c7967656e657261u,
	0x7465646279746573u };

/* The message's last word: what is left of it, and its length. */
static uint64_t
last_word(struct span data)
{
	uint64_t m = (uint64_t)data.n << 56;

	for (size_t i = data.n / 8 * 8, k = 0; i < data.n; i++, k++)
		m |= (uint64_t)data.p[i] << 8 * k;
	return m;
}

uint64_t
siphash(const uint8_t key[PRF_KEY], struct span data)
{
	uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
	uint64_t a = k0 ^ begin[0], b = k1 ^ begin[1], c = k0 ^ begin[2], d = k1 ^ begin[3];

	for (size_t i = 0; i + 8 <= data.n; i += 8)
		TAKE(a, b, c, d, load_le64(data.p + i));
	TAKE(a, b, c, d, last_word(data));
	c ^= 0xff;
	for (int i = 0; i < 4; i++)
		ROUND(a, b, c, d);
	return a ^ b ^ c ^ d;
}

/*
 * Two vectors of four rather than one of eight: every processor that has vectors worth the name takes them, and two
 * independent chains fill the pauses of one.
 */
WIDE void
siphash_lanes(const uint64_t key[2], const uint64_t w[][PRF_LANES], size_t nwords, uint64_t out[PRF_LANES])
{
	typedef uint64_t four __attribute__((vector_size(32)));
	four zero = { 0 }, m, n;
	four a = zero + (key[0] ^ begin[0]), b = zero + (key[1] ^ begin[1]);
	four c = zero + (key[0] ^ begin[2]), d = zero + (key[1] ^ begin[3]);
	four e = a, f = b, g = c, h = d;

	for (size_t i = 0; i <= nwords; i++) {
		m = n = zero + ((uint64_t)nwords << 59);	/* behind all words: their length in bytes */
		if (i < nwords) {
			memcpy(&m, w[i], sizeof m);
			memcpy(&n, w[i] + 4, sizeof n);
		}
		TAKE(a, b, c, d, m);
		TAKE(e, f, g, h, n);
	}
	c ^= 0xff;
	g ^= 0xff;
	for (int i = 0; i < 4; i++) {
		ROUND(a, b, c, d);
		ROUND(e, f, g, h);
	}
	m = a ^ b ^ c ^ d;
	n = e ^ f ^ g ^ h;
	memcpy(out, &m, sizeof m);
	memcpy(out + 4, &n, sizeof n);
}

static uint8_t *
put_le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		*p++ = (uint8_t)(v >> 8 * i);
	return p;
}

uint64_t
prf(const struct prf_env *env, enum scope scope, uint64_t point, uint32_t block)
{
	static const uint8_t no_key[PRF_KEY];
	uint8_t text[1 + 8 + 4 + 16 + 16 + 4 + 4], *p = text;

	*p++ = (uint8_t)scope;
	p = put_le(p, point, 8);
	p = put_le(p, block, 4);
	if (scope >= SCOPE_HOST) {
		memcpy(p, env->own->b, 16);
		p += 16;
	}
	if (scope >= SCOPE_PAIR) {
		memcpy(p, env->peer->b, 16);
		p += 16;
	}
	if (scope >= SCOPE_CONNECTION)
		p = put_le(p, env->connection, 4);
	if (scope >= SCOPE_TURN)
		p = put_le(p, env->turn, 4);
	return siphash(scope == SCOPE_IMAGE ? no_key : env->key,
	    span_of(text, (size_t)(p - text)));
}
