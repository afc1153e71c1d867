#include <stdlib.h>

#include "dataplane/halfopen.h"
#include "tests/cases.h"

static struct halfopen_entry
entry(uint64_t hash, uint32_t due_ms)
{
	return (struct halfopen_entry){ .hash = hash, .due_ms = due_ms };
}

Test(halfopen, says_each_once_at_its_time)
{
	struct halfopen h;
	struct halfopen_entry e;
	void *mem = calloc(1, halfopen_bytes(16));

	halfopen_init(&h, mem, 16);
	e = entry(3, 100);
	halfopen_add(&h, &e);
	e = entry(4, 200);
	halfopen_add(&h, &e);
	cr_expect(!halfopen_pop(&h, &e, 99));
	cr_assert(halfopen_pop(&h, &e, 100));
	cr_expect_eq(e.hash, 3);
	cr_expect(!halfopen_pop(&h, &e, 199));
	cr_assert(halfopen_pop(&h, &e, 250));
	cr_expect_eq(e.hash, 4);
	cr_expect(!halfopen_pop(&h, &e, 10000));
	free(mem);
}

Test(halfopen, forgets_the_answered_and_the_displaced)
{
	struct halfopen h;
	struct halfopen_entry e;
	void *mem = calloc(1, halfopen_bytes(16));

	halfopen_init(&h, mem, 16);
	e = entry(3, 100);
	halfopen_add(&h, &e);
	halfopen_del(&h, 3);
	e = entry(5, 110);
	halfopen_add(&h, &e);
	e = entry(5 + 16, 120);		/* the same place */
	halfopen_add(&h, &e);
	cr_expect(!halfopen_pop(&h, &e, 119));
	cr_assert(halfopen_pop(&h, &e, 120));
	cr_expect_eq(e.hash, 21);
	cr_expect(!halfopen_pop(&h, &e, 10000));
	free(mem);
}

Test(halfopen, a_flood_repeats_no_more_than_there_is_room_for)
{
	struct halfopen h;
	struct halfopen_entry e;
	void *mem = calloc(1, halfopen_bytes(16));
	unsigned n = 0;

	halfopen_init(&h, mem, 16);
	for (uint32_t i = 1; i <= 1000; i++) {
		e = entry(i, i);
		halfopen_add(&h, &e);
	}
	while (halfopen_pop(&h, &e, 5000))
		n++;
	cr_expect_eq(n, 16);
	free(mem);
}
