#pragma once
/*
 * bytes.h - views of bytes, and readers over bytes that may be hostile.
 *
 * A span never owns what it points at. A reader that runs past its end turns
 * bad, stays bad and yields zeros, so code reads a whole header and checks once.
 * Everything here is inline, allocates nothing and may be used by any thread.
 */
#include <string.h>

#include "models/base.h"

struct span {
	const uint8_t *p;
	size_t n;
};

static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

static inline struct span
span_str(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The part from byte at, at most n bytes; clipped to the span. */
static inline struct span
span_sub(struct span s, size_t at, size_t n)
{
	at = MIN(at, s.n);
	return (struct span){ at > 0 ? s.p + at : s.p, MIN(n, s.n - at) };	/* an empty one may lie nowhere */
}

/* Order of memcmp, a shorter one before its extensions. */
static inline int
span_cmp(struct span a, struct span b)
{
	size_t n = MIN(a.n, b.n);
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* FNV-1a, for hash tables of our own making; not for hostile keys without a seed. */
static inline uint64_t
span_hash(struct span s, uint64_t seed)
{
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	return h * 0x9e3779b97f4a7c15u ^ h >> 29;
}

/* Every bit of a number spread over all of the result; one to one. */
static inline uint64_t
hash_stir(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static inline uint16_t
load_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t
load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t
load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static inline uint16_t
load_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint32_t
load_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t
load_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
store_be16(void *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof v);
}

static inline void
store_be32(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof v);
}

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct reader
reader_of(struct span s)
{
	return (struct reader){ s.p, s.n > 0 ? s.p + s.n : s.p, false };
}

/* n bytes in place, or an empty span and a bad reader. */
static inline struct span
rd_bytes(struct reader *r, size_t n)
{
	struct span s = { r->p, n };

	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return (struct span){ r->p, 0 };
	}
	r->p += n;
	return s;
}

static inline uint8_t
rd_u8(struct reader *r)
{
	struct span s = rd_bytes(r, 1);

	return s.n ? s.p[0] : 0;
}

static inline uint16_t
rd_be16(struct reader *r)
{
	struct span s = rd_bytes(r, 2);

	return s.n ? load_be16(s.p) : 0;
}

static inline uint32_t
rd_be32(struct reader *r)
{
	struct span s = rd_bytes(r, 4);

	return s.n ? load_be32(s.p) : 0;
}
