#include <stdlib.h>

#include "dataplane/lone.h"
#include "tests/cases.h"

enum { N = 64 };

static struct lone
empty(void)
{
	struct lone l;

	lone_init(&l, calloc(1, lone_bytes(N)), N);
	return l;
}

static void
add(struct lone *l, uint32_t peer, uint16_t port, uint64_t hash, uint32_t now_ms)
{
	struct addr from = addr_v4(peer);
	struct lone_syn *to = lone_add(l, &from, port, now_ms);

	if (to != NULL)
		*to = (struct lone_syn){ .peer = from, .own_port = port, .hash = hash };
}

static unsigned
pop_all(struct lone *l, uint32_t now_ms)
{
	struct lone_syn e;
	unsigned n = 0;

	for (int i = 0; i < 4 * N; i++)
		n += lone_pop(l, &e, now_ms);
	return n;
}

Test(lone, a_source_and_port_is_told_once_a_minute)
{
	struct lone l = empty();

	for (uint32_t k = 0; k < 100; k++)
		add(&l, 1, 21, k, k);
	cr_expect_eq(l.waiting, 1);
	cr_expect_eq(pop_all(&l, LONE_WAIT_MS - 1), 0);
	cr_expect_eq(pop_all(&l, LONE_WAIT_MS), 1);
	add(&l, 1, 21, 5, LONE_HOLD_MS - 1);
	cr_expect_eq(l.waiting, 0);
	add(&l, 1, 22, 5, LONE_HOLD_MS - 1);
	cr_expect_eq(l.waiting, 1, "another port");
	add(&l, 1, 21, 5, LONE_HOLD_MS);
	cr_expect_eq(l.waiting, 2, "another minute");
	free(l.m);
}

Test(lone, a_handshake_frees_the_place_of_its_own_syn_only)
{
	struct addr peer = addr_v4(1);
	struct lone l = empty();

	add(&l, 1, 21, 7, 0);
	lone_forget(&l, &peer, 21, 8);
	cr_expect_eq(l.waiting, 1);
	lone_forget(&l, &peer, 21, 7);
	cr_expect_eq(l.waiting, 0);
	add(&l, 1, 21, 9, 1);
	cr_expect_eq(l.waiting, 1);
	free(l.m);
}

Test(lone, a_flood_fills_the_table_and_no_more)
{
	struct lone l = empty();

	for (uint32_t k = 0; k < 10000; k++)
		add(&l, k, (uint16_t)(k * 7), k, 0);
	cr_expect_eq(l.waiting, N);
	cr_expect_eq(pop_all(&l, LONE_WAIT_MS), N);
	cr_expect_eq(l.waiting, 0);
	add(&l, 123456, 1, 1, LONE_HOLD_MS);
	cr_expect_eq(l.waiting, 1, "places that are over are taken again");
	free(l.m);
}
