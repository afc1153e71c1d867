#include "models/prf.h"

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline uint64_t
load_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static inline void
rounds(uint64_t v[4], unsigned n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

uint64_t
siphash(const uint8_t key[PRF_KEY], struct span data)
{
	uint64_t k0 = load_le(key, 8), k1 = load_le(key + 8, 8), m;
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575u,
		k1 ^ 0x646f72616e646f6du,
		k0 ^ 0x6c7967656e657261u,
		k1 ^ 0x7465646279746573u,
	};
	size_t whole = data.n / 8 * 8;

	for (size_t i = 0; i < whole; i += 8) {
		m = load_le(data.p + i, 8);
		v[3] ^= m;
		rounds(v, 2);
		v[0] ^= m;
	}
	m = (uint64_t)data.n << 56;
	if (data.n > whole)
		m |= load_le(data.p + whole, data.n - whole);
	v[3] ^= m;
	rounds(v, 2);
	v[0] ^= m;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
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
