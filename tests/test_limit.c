#include <stdlib.h>

#include "dataplane/limit.h"
#include "tests/cases.h"

Test(limit, a_bucket_gives_its_rate_and_no_more_than_its_burst)
{
	struct bucket b;
	unsigned n = 0;

	bucket_init(&b, 100, 10, 0);
	for (int i = 0; i < 1000; i++)
		n += bucket_take(&b, 0);
	cr_expect_eq(n, 10);
	n = 0;
	for (uint32_t ms = 0; ms < 10000; ms++)
		n += bucket_take(&b, ms);
	cr_expect(n >= 990 && n <= 1000, "%u in 10 s", n);
	n = 0;
	for (int i = 0; i < 1000; i++)
		n += bucket_take(&b, 1000000);
	cr_expect_eq(n, 10);
}

Test(limit, once_is_once_per_key_and_time)
{
	struct once o;
	void *mem = calloc(1, once_bytes(64));

	once_init(&o, mem, 64);
	cr_expect(once_take(&o, 1, 1000, 5));
	cr_expect(!once_take(&o, 1, 1000, 1004));
	cr_expect(once_take(&o, 2, 1000, 1004));
	cr_expect(once_take(&o, 1, 1000, 1005));
	free(mem);
}

Test(limit, a_full_table_grants_less_never_more)
{
	struct once o;
	void *mem = calloc(1, once_bytes(64));
	unsigned granted = 0;

	once_init(&o, mem, 64);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t key = 1; key <= 1000; key++)
			granted += once_take(&o, key, 1000, round * 10);
	}
	cr_expect_leq(granted, 64);
	cr_expect_gt(granted, 32);
	free(mem);
}

Test(limit, bytes_out_never_exceed_the_ratio_whoever_asks)
{
	struct prefixes p;
	void *mem = calloc(1, prefixes_bytes(64));
	uint64_t in = 0, out = 0, x = 9;

	prefixes_init(&p, mem, 64);
	for (uint32_t ms = 0; ms < 200000; ms++) {
		uint32_t prefix = (uint32_t)((x = x * 6364136223846793005u + 1442695040888963407u) >> 40) % 500;
		uint32_t bytes = 40 + (uint32_t)(x >> 20) % 100, answer = (uint32_t)(x >> 30) % 500;

		prefix_charge(prefixes_of(&p, prefix, ms), bytes);
		in += bytes;
		if (prefix_allow(prefixes_of(&p, prefix, ms), answer, 3, 0))
			out += answer;
	}
	cr_expect_leq(out, 3 * in);
	cr_expect_gt(out, in);		/* but it does answer */
	free(mem);
}

Test(limit, packets_per_second_are_counted_per_prefix)
{
	struct prefixes p;
	void *mem = calloc(1, prefixes_bytes(64));
	unsigned n = 0;

	prefixes_init(&p, mem, 64);
	for (uint32_t ms = 0; ms < 3000; ms++)
		n += prefix_packet(prefixes_of(&p, 77, ms), 10);
	cr_expect_eq(n, 30);
	cr_expect(prefix_packet(prefixes_of(&p, 78, 2999), 10));
	free(mem);
}
