#include "dataplane/hosts.h"

#include <stdlib.h>

#include "tests/cases.h"

static struct hosts
hosts_of(uint32_t n)
{
	struct hosts h;

	hosts_init(&h, calloc(1, hosts_bytes(n)), n);
	return h;
}

Test(hosts, a_key_finds_its_host_again)
{
	struct hosts h = hosts_of(16);

	hosts_find(&h, 5, 0)->used = 7;
	hosts_find(&h, 6, 0)->used = 8;
	cr_expect_eq(hosts_find(&h, 5, 1000)->used, 7);
	cr_expect_eq(hosts_find(&h, 6, 1000)->used, 8);
	cr_expect_eq(hosts_find(&h, 7, 1000)->used, 0);
	free(h.p);
}

Test(hosts, an_hour_without_a_turn_and_everything_is_as_it_was)
{
	struct hosts h = hosts_of(16);

	hosts_find(&h, 5, 0)->used = 7;
	cr_expect_eq(hosts_find(&h, 5, HOSTS_IDLE_MS)->used, 7);
	cr_expect_eq(hosts_find(&h, 5, 2 * HOSTS_IDLE_MS + 1)->used, 0);
	free(h.p);
}

Test(hosts, the_one_that_was_silent_longest_gives_way)
{
	struct hosts h = hosts_of(4);

	for (uint64_t k = 1; k <= 4; k++)
		hosts_find(&h, k, (uint32_t)k)->used = (uint16_t)k;
	hosts_find(&h, 1, 10);			/* now 2 is the oldest */
	cr_expect_eq(hosts_find(&h, 5, 11)->used, 0);
	cr_expect_eq(hosts_find(&h, 1, 12)->used, 1);
	cr_expect_eq(hosts_find(&h, 3, 12)->used, 3);
	cr_expect_eq(hosts_find(&h, 2, 12)->used, 0);
	free(h.p);
}

Test(hosts, the_clock_may_wrap)
{
	struct hosts h = hosts_of(4);

	hosts_find(&h, 5, UINT32_MAX - 10)->used = 7;
	cr_expect_eq(hosts_find(&h, 5, 20)->used, 7);
	free(h.p);
}
