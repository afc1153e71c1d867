#pragma once
/*
 * wire_part.h - what reading (wire.c), writing (wire_build.c) and summing (wire_sum.c) headers
 * have in common. Inside wire only; everybody else uses wire.h.
 */
#include "dataplane/wire.h"

enum { ETHER_ADDR = 6, MAX_VLANS = 2, UDP_NO_SUM = 0 };
enum { ARP_ETHER = 1, ARP_REPLY = 2 };

/* Eight bytes more to a sum, as they lie in memory: it never overflows in less than 2^31 of them. */
static inline uint64_t
sum_more(uint64_t sum, uint64_t v)
{
	return sum + (uint32_t)v + (v >> 32);
}

/*
 * RFC 1071 2(B), (C): in the host's byte order, swapped once at the end, and in words of 32 bits, whose carries have
 * room enough. Two sums at a time do not wait for each other.
 */
static inline uint64_t
sum_span(struct span s, uint64_t sum)
{
	uint64_t other = sum >> 32;
	size_t n = s.n;

	sum = (uint32_t)sum;
	for (; n >= 16; s.p += 16, n -= 16) {
		sum = sum_more(sum, load_le64(s.p));
		other = sum_more(other, load_le64(s.p + 8));
	}
	if (n & 8) {
		sum = sum_more(sum, load_le64(s.p));
		s.p += 8;
	}
	if (n & 4) {
		other += load_le32(s.p);
		s.p += 4;
	}
	if (n & 2) {
		sum += load_le16(s.p);
		s.p += 2;
	}
	if (n & 1)
		other += *s.p;
	return sum + other;
}

static inline uint16_t
sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~__builtin_bswap16((uint16_t)sum);
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
