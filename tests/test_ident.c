#include "dataplane/ident.h"

#include "tests/cases.h"

static struct idents t;

Test(ident, counts_for_each_pair)
{
	uint16_t a = ident_next(&t, 5, 0, 100, 0), b = ident_next(&t, 6, 0, 100, 0);

	cr_expect_eq(ident_next(&t, 5, 0, 5000, 77), (uint16_t)(a + 1));
	cr_expect_eq(ident_next(&t, 5, 0, 90000, 99), (uint16_t)(a + 2));
	cr_expect_eq(ident_next(&t, 6, 0, 90000, 99), (uint16_t)(b + 1), "not by what others hear");
}

Test(ident, jumps_by_no_more_than_the_time_that_passed)
{
	uint16_t a = ident_next(&t, 5, 4, 100, 12345);

	cr_expect_eq(ident_next(&t, 5, 4, 100, 12345), (uint16_t)(a + 1), "at once: the next");
	for (uint32_t random = 0; random < 1000; random++) {
		uint16_t was = ident_next(&t, 7, 4, random * 40, 0), step;

		step = (uint16_t)(ident_next(&t, 7, 4, random * 40 + 40, random) - was);
		cr_assert(step >= 1 && step <= 10, "%u", step);
	}
}

Test(ident, pairs_that_share_a_counter_do_not_begin_alike)
{
	uint64_t other = 5 + (uint64_t)1000 * IDENTS + (321ull << 48);
	uint16_t a = ident_next(&t, 5, 0, 0, 0);

	cr_expect_eq((uint16_t)(ident_next(&t, other, 0, 0, 0) - a), 322);
}
