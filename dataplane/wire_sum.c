/* Checksums of what wire.c reads and wire_build.c writes. */
#include "dataplane/wire_part.h"

/*
 * RFC 1071 2(B), (C): in the host's byte order, swapped once at the end, and in words of 32 bits, whose carries have
 * room enough. Two sums at a time do not wait for each other.
 */
uint64_t
wire_sum(struct span s, uint64_t sum)
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

uint16_t
wire_sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~__builtin_bswap16((uint16_t)sum);
}
