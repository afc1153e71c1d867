#include "learning/split.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

/* Ten conversations of each client. */
static struct handmade
talks_of(struct pool *pool, unsigned clients)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < 10 * clients; i++)
		handmade_talk(&h, "<220 ready\r\n", NULL)->client = addr_v4(0xc6120100 + i % clients);
	return h;
}

POOLED(split, by_client_holds_out_all_of_a_client_or_nothing)
{
	struct handmade h = talks_of(pool, 20);
	bool *held = split_by_client(pool, h.c, 10, 7);
	unsigned n = 0;

	cr_assert_not_null(held);
	for (uint32_t i = 0; i < h.c->nconversations; i++) {
		cr_expect_eq(held[i], held[i % 20], "conversation %u", i);
		n += held[i];
	}
	cr_expect_eq(n, 20);
}

POOLED(split, by_client_passes_over_one_who_talks_too_much)
{
	struct handmade h = talks_of(pool, 10);
	bool *held;

	for (unsigned i = 0; i < 200; i++)
		handmade_talk(&h, "<220 ready\r\n", NULL)->client = addr_v4(0xc6120200);
	for (uint64_t seed = 0; seed < 10; seed++) {
		held = split_by_client(pool, h.c, 10, seed);
		cr_assert_not_null(held);
		cr_expect_not(held[h.c->nconversations - 1]);
	}
}

POOLED(split, by_client_needs_clients)
{
	struct handmade h = talks_of(pool, SPLIT_CLIENTS - 1);

	cr_expect_null(split_by_client(pool, h.c, 10, 7));
}
