#pragma once
/*
 * wire_part.h - what reading (wire.c), writing (wire_build.c) and summing (wire_sum.c) headers
 * have in common. Inside wire only; everybody else uses wire.h.
 */
#include "dataplane/wire.h"

enum { ETHER_ADDR = 6, MAX_VLANS = 2, UDP_NO_SUM = 0 };
enum { ARP_ETHER = 1, ARP_REPLY = 2 };

/* Eight bytes more to a sum, as they lie in memory: it never overflows in less than 2^32 of them. */
static inline uint64_t
sum_more(uint64_t sum, uint64_t v)
{
	return sum + (uint32_t)v + (v >> 32);
}

/* Addresses, protocol and length as TCP, UDP and ICMPv6 sum them: RFC 9293 3.1, RFC 8200 8.1. */
static inline uint64_t
wire_sum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto, size_t n)
{
	uint64_t sum = __builtin_bswap32((uint32_t)n) + ((uint64_t)proto << 8);

	if (addr_is_v4(src))
		return sum + (load_le64(src->b + 8) >> 32) + (load_le64(dst->b + 8) >> 32);
	sum = sum_more(sum_more(sum, load_le64(src->b)), load_le64(src->b + 8));
	return sum_more(sum_more(sum, load_le64(dst->b)), load_le64(dst->b + 8));
}
