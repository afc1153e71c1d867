/* Checksums for everybody else: wire_part.h has them inline. */
#include "dataplane/wire_part.h"

uint64_t
wire_sum(struct span s, uint64_t sum)
{
	return sum_span(s, sum);
}

uint16_t
wire_sum_fold(uint64_t sum)
{
	return sum_fold(sum);
}
