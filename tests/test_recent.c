#include <stdlib.h>

#include "dataplane/recent.h"
#include "tests/cases.h"

static const struct {
	const char *what;
	int32_t seq;		/* relative to rcv_nxt at the end */
	uint32_t after_ms;
	bool found;
} cases[] = {
	{ "the FIN again", -1, 10, true },
	{ "the first data again", -500, 10, true },
	{ "what would have come next", 0, 10, true },
	{ "a new conversation beyond it", 1, 10, false },
	{ "a new one far beyond it", 64000, 10, false },
	{ "a new one far before it", -2000000, 10, false },
	{ "just in time", -1, 127999, true },
	{ "too late", -1, 128000, false },
};

EACH_CASE(recent, knows_ghosts_from_new_conversations, cases)
{
	struct recent r;
	void *mem = calloc(1, recent_bytes(64));

	recent_init(&r, mem, 64);
	recent_add(&r, 0x1234567800000005, 1000, 2000, 50);
	cr_expect_eq(recent_find(&r, 0x1234567800000005, 1000u + (uint32_t)cases[*i].seq,
	    50 + cases[*i].after_ms) != NULL, cases[*i].found, "%s", cases[*i].what);
	cr_expect_null(recent_find(&r, 0x9234567800000005, 999, 60));
	free(mem);
}

Test(recent, the_older_of_two_gives_way)
{
	struct recent r;
	void *mem = calloc(1, recent_bytes(2));

	recent_init(&r, mem, 2);
	recent_add(&r, 0x1100000000, 1, 1, 10);
	recent_add(&r, 0x2200000000, 2, 2, 20);
	cr_expect_not_null(recent_find(&r, 0x1100000000, 1, 30));
	cr_expect_not_null(recent_find(&r, 0x2200000000, 2, 30));
	recent_add(&r, 0x3300000000, 3, 3, 30);
	cr_expect_null(recent_find(&r, 0x1100000000, 1, 30));
	cr_expect_not_null(recent_find(&r, 0x2200000000, 2, 30));
	cr_expect_not_null(recent_find(&r, 0x3300000000, 3, 30));
	recent_add(&r, 0x2200000000, 9, 9, 40);		/* itself again: no second place */
	cr_expect_not_null(recent_find(&r, 0x3300000000, 3, 40));
	free(mem);
}
