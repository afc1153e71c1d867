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

static inline struct addr
addr_v4(uint32_t host_order)
{
	struct addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	store_be32(a.b + 12, host_order);
	return a;
}

static inline bool
addr_is_v4(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->b, mapped, sizeof mapped) == 0;
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
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Does a begin with the first bits of prefix? bits counts in 128: an IPv4 /16 is 112. */
static inline bool
addr_in(const struct addr *a, const struct addr *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	return memcmp(a->b, prefix->b, whole) == 0 &&
	    (rest == 0 || ((a->b[whole] ^ prefix->b[whole]) & mask) == 0);
}

/* "198.19.0.1" or "2001:db8::1" into to[ADDR_TEXT]; returns its length. */
int addr_print(char *to, const struct addr *a);
/* The whole text must be one address. 0 or -EINVAL. */
int addr_parse(struct addr *a, const char *text);
