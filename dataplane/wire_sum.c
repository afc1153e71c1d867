/* Checksums of what wire.c reads and wire_build.c writes. */
#include "dataplane/wire_part.h"

/* One's complement addition: the carry comes back in at the low end. */
static inline uint64_t
add_carry(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

uint64_t
wire_sum(struct span s, uint64_t sum)
{
	uint64_t v;

	/* RFC 1071 2(B): the sum may run in the host's byte order, swapped once at the end. */
	for (; s.n >= sizeof v; s.p += sizeof v, s.n -= sizeof v) {
		memcpy(&v, s.p, sizeof v);
		sum = add_carry(sum, v);
	}
	if (s.n > 0) {
		v = 0;
		memcpy(&v, s.p, s.n);
		sum = add_carry(sum, v);
	}
	return sum;
}

uint16_t
wire_sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~__builtin_bswap16((uint16_t)sum);
}

uint64_t
wire_sum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto, size_t n)
{
	uint8_t tail[8] = { [7] = proto };
	size_t skip = addr_is_v4(src) ? 12 : 0;
	uint64_t sum;

	store_be32(tail, (uint32_t)n);
	sum = wire_sum(span_of(src->b + skip, sizeof src->b - skip), 0);
	sum = wire_sum(span_of(dst->b + skip, sizeof dst->b - skip), sum);
	return wire_sum(span_of(tail, sizeof tail), sum);
}
