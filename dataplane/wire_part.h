#pragma once
/*
 * wire_part.h - what reading (wire.c), writing (wire_build.c) and summing (wire_sum.c) headers
 * have in common. Inside wire only; everybody else uses wire.h.
 */
#include "dataplane/wire.h"

enum { ETHER_ADDR = 6, MAX_VLANS = 2, UDP_NO_SUM = 0 };
enum { ARP_ETHER = 1, ARP_REPLY = 2 };

/* Eight bytes more to a sum, as they lie in memory; what is carried out comes in again: two instructions. */
static inline uint64_t
sum_more(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

/*
 * RFC 1071 2(B), (C): in the host's byte order, swapped once at the end, and in words of 64 bits. Two sums at a time
 * do not wait for each other.
 */
static inline uint64_t
sum_span(struct span s, uint64_t sum)
{
	uint64_t other = 0;
	const uint8_t *p = s.p;
	size_t n = s.n;

	for (; n >= 16; p += 16, n -= 16) {
		sum = sum_more(sum, load_le64(p));
		other = sum_more(other, load_le64(p + 8));
	}
	if (n & 8) {
		sum = sum_more(sum, load_le64(p));
		p += 8;
	}
	if (n & 4) {
		other = sum_more(other, load_le32(p));
		p += 4;
	}
	if (n & 2) {
		sum = sum_more(sum, load_le16(p));
		p += 2;
	}
	if (n & 1)
		other = sum_more(other, *p);
	return sum_more(sum, other);
}

static inline uint16_t
sum_fold(uint64_t sum)
{
	uint32_t word = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);	/* both halves, and their carry */

	word += word << 16 | word >> 16;
	return (uint16_t)~__builtin_bswap16((uint16_t)(word >> 16));
}

/* Addresses, protocol and length as TCP, UDP and ICMPv6 sum them: RFC 9293 3.1, RFC 8200 8.1. */
static inline uint64_t
sum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto, size_t n)
{
	uint64_t sum = __builtin_bswap32((uint32_t)n) + ((uint64_t)proto << 8);

	if (addr_is_v4(src))
		return sum + (load_le64(src->b + 8) >> 32) + (load_le64(dst->b + 8) >> 32);
	sum = sum_more(sum_more(sum, load_le64(src->b)), load_le64(src->b + 8));
	return sum_more(sum_more(sum, load_le64(dst->b)), load_le64(dst->b + 8));
}
