#pragma once
/*
 * addr.h - an IP address of either width. IPv4 stands in the last four bytes behind
 * ::ffff:0:0/96 (RFC 4291 2.5.5.2), so one comparison serves both.
 */
#include <string.h>

#include "models/bytes.h"

enum { ADDR_TEXT = 46 };	/* longest text form with its NUL */

struct addr {
	uint8_t b[16];
};

/* In one store: what is written in parts and read whole makes a processor wait. */
static inline struct addr
addr_v4(uint32_t host_order)
{
	typedef uint64_t two __attribute__((vector_size(16)));
	two whole = { 0, 0xffff0000u | (uint64_t)__builtin_bswap32(host_order) << 32 };
	struct addr a;

	memcpy(&a, &whole, sizeof a);
	return a;
}

static inline bool
addr_is_v4(const struct addr *a)
{
	return load_le64(a->b) == 0 && (uint32_t)load_le64(a->b + 8) == 0xffff0000u;
}

/* The IPv4 address in host order; only for one that is. */
static inline uint32_t
addr_to_v4(const struct addr *a)
{
	return load_be32(a->b + 12);
}

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return ((load_le64(a->b) ^ load_le64(b->b)) | (load_le64(a->b + 8) ^ load_le64(b->b + 8))) == 0;
}

/* Does a begin with the first bits of prefix? bits counts in 128: an IPv4 /16 is 112. */
static inline bool
addr_in(const struct addr *a, const struct addr *prefix, unsigned bits)
{
	uint64_t high = load_be64(a->b) ^ load_be64(prefix->b), low = load_be64(a->b + 8) ^ load_be64(prefix->b + 8);

	if (bits <= 64)
		return bits == 0 || high >> (64 - bits) == 0;
	return high == 0 && low >> (128 - bits) == 0;
}

/* "198.19.0.1" or "2001:db8::1" into to[ADDR_TEXT]; returns its length. */
int addr_print(char *to, const struct addr *a);
/* The whole text must be one address. 0 or -EINVAL. */
int addr_parse(struct addr *a, const char *text);
/* The same of "198.19.0.0/16"; bits counts in 128. -EDOM: an address bit behind the length is set. */
int addr_parse_prefix(struct addr *a, unsigned *bits, const char *text);
