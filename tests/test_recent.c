#include <stdlib.h>

#include "dataplane/recent.h"
#include "tests/cases.h"

static const struct {
	const char *what;
	int32_t seq;		/* relative to rcv_nxt at the end */
	uint32_t ack;		/* 2000: all that was sent */
	uint32_t after_ms;
	bool found;
} cases[] = {
	{ "the FIN again", -1, 7, 10, true },
	{ "the first data again", -500, 7, 10, true },
	{ "what would have come next", 0, 7, 10, true },
	{ "what would have come later", 800, 2000, 10, true },
	{ "a new conversation beyond it", 1, 7, 10, false },
	{ "a new one far beyond it", 64000, 7, 10, false },
	{ "a new one far before it", -2000000, 7, 10, false },
	{ "just in time", -1, 7, 127999, true },
	{ "too late", -1, 7, 128000, false },
};

EACH_CASE(recent, knows_ghosts_from_new_conversations, cases)
{
	struct recent r;
	struct recent_end end;
	void *mem = calloc(1, recent_bytes(64));

	recent_init(&r, mem, 64);
	recent_add(&r, 0x1234567800000005, &(struct recent_end){ 1000, 2000, *i % 2 }, 50);
	cr_expect_eq(recent_find(&r, 0x1234567800000005, 1000u + (uint32_t)cases[*i].seq, cases[*i].ack,
	    50 + cases[*i].after_ms, &end), cases[*i].found, "%s", cases[*i].what);
	cr_expect_not(recent_find(&r, 0x9234567800000005, 999, 7, 60, &end));
	free(mem);
}

Test(recent, says_how_it_ended)
{
	struct recent r;
	struct recent_end end = { 0 };
	void *mem = calloc(1, recent_bytes(64));

	recent_init(&r, mem, 64);
	for (unsigned i = 0; i < 4; i++) {	/* one place, whatever stood there */
		recent_add(&r, 0xffffffff00000005, &(struct recent_end){ 1000 + i, 2000 + i, i % 2 }, 50);
		cr_expect(recent_find(&r, 0xffffffff00000005, 1000, 7, 60, &end));
		cr_expect_eq(end.rcv_nxt, 1000 + i);
		cr_expect_eq(end.snd_nxt, 2000 + i);
		cr_expect_eq(end.waits, i % 2);
	}
	free(mem);
}

static bool
knows(const struct recent *r, uint64_t hash)
{
	struct recent_end end;

	return recent_find(r, hash, 0, 7, 40, &end);	/* 0 is behind all of them */
}

Test(recent, the_older_of_two_gives_way)
{
	struct recent r;
	void *mem = calloc(1, recent_bytes(2));

	recent_init(&r, mem, 2);
	recent_add(&r, 0x1100000000, &(struct recent_end){ 1, 1, false }, 10);
	recent_add(&r, 0x2200000000, &(struct recent_end){ 2, 2, false }, 20);
	cr_expect(knows(&r, 0x1100000000));
	cr_expect(knows(&r, 0x2200000000));
	recent_add(&r, 0x3300000000, &(struct recent_end){ 3, 3, false }, 30);
	cr_expect_not(knows(&r, 0x1100000000));
	cr_expect(knows(&r, 0x2200000000));
	cr_expect(knows(&r, 0x3300000000));
	recent_add(&r, 0x2200000000, &(struct recent_end){ 9, 9, false }, 40);		/* itself again: no second place */
	cr_expect(knows(&r, 0x3300000000));
	free(mem);
}
