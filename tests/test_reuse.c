#include <stdint.h>
#include <string.h>

#include "learning/reuse.h"
#include "tests/pooled.h"

POOLED(reuse, what_is_given_back_serves_the_next_of_its_class)
{
	static const size_t sizes[] = { 0, 1, 16, 17, 255, 256, 257, 5000, 70000 };
	struct reuse r = { .pool = pool };
	size_t held;

	for (int round = 0; round < 2; round++) {
		held = pool->used_bytes;
		for (int i = 0; i < 10000; i++)
			for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
				uint8_t *mem = reuse_alloc(&r, sizes[k]);
				size_t room = reuse_room(sizes[k]);

				cr_assert(room >= sizes[k] && (uintptr_t)mem % 16 == 0);
				cr_assert(mem[0] == 0 && mem[room - 1] == 0 && mem[room / 2] == 0);
				memset(mem, 0xaa, room);
				reuse_give(&r, mem, sizes[k]);
			}
	}
	cr_expect_eq(pool->used_bytes, held, "the second round needs nothing more");
}

POOLED(reuse, no_two_hold_the_same_memory)
{
	enum { N = 500 };
	struct reuse r = { .pool = pool };
	uint8_t *mem[N];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			mem[i] = reuse_alloc(&r, i);
			memset(mem[i], (int)(i & 0xff), i);
		}
		for (unsigned i = 0; i < N; i++)
			for (unsigned k = 0; k < i; k++)
				cr_assert_eq(mem[i][k], i & 0xff);
		for (unsigned i = round; i < N; i++)
			reuse_give(&r, mem[i], i);
	}
}

POOLED(reuse, an_array_grows_with_what_it_holds)
{
	struct reuse r = { .pool = pool };
	uint32_t *v = NULL;

	for (uint32_t n = 0; n < 3000; n++) {
		v = reuse_grow(&r, v, n, n + 1, sizeof *v);
		cr_assert_eq(v[n], 0);
		v[n] = n;
	}
	for (uint32_t n = 0; n < 3000; n++)
		cr_assert_eq(v[n], n);
	cr_expect_lt(pool->used_bytes, 2u << 20, "and its old places serve again");
}
