#include "dataplane/expect.h"

#include <stdlib.h>

#include "tests/cases.h"

static struct addr own, peer, other;

static struct expects
expects_of_size(uint32_t n)
{
	struct expects x;

	own = addr_v4(0xc6130001);
	peer = addr_v4(0xcb007105);
	other = addr_v4(0xcb007106);
	expects_init(&x, calloc(1, expects_bytes(n)), n, 7);
	return x;
}

static struct expected *
add(struct expects *x, uint32_t control, uint16_t port, uint32_t now_ms)
{
	struct expected *e = expects_add(x, &own, &peer, control, now_ms);

	if (e != NULL)
		e->port = port;
	return e;
}

Test(expect, the_peer_is_expected_at_that_port_alone_until_it_came)
{
	struct expects x = expects_of_size(16);
	struct expected *e = add(&x, 5, 40000, 0);

	cr_expect_eq(expects_at(&x, &own, &peer, 40000, 0), e);
	cr_expect_null(expects_at(&x, &own, &peer, 40001, 0));
	cr_expect_null(expects_at(&x, &own, &other, 40000, 0));
	cr_expect_null(expects_at(&x, &peer, &own, 40000, 0));
	e->flags |= EXPECT_CAME;
	e->data = 9;
	cr_expect_null(expects_at(&x, &own, &peer, 40000, 0), "once");
	cr_expect_eq(expects_with(&x, &own, &peer, 9), e);
	cr_expect_null(expects_with(&x, &own, &peer, 5));
	free(x.e);
}

Test(expect, nobody_is_expected_at_no_port)
{
	struct expects x = expects_of_size(16);

	add(&x, 5, 0, 0);
	cr_expect_null(expects_at(&x, &own, &peer, 0, 0));
	free(x.e);
}

Test(expect, after_a_minute_nobody_is_expected_also_when_the_clock_wraps)
{
	struct expects x = expects_of_size(16);
	uint32_t now = UINT32_MAX - 1000;

	add(&x, 5, 40000, now);
	cr_expect_not_null(expects_at(&x, &own, &peer, 40000, now + EXPECT_WAIT_MS - 1));
	cr_expect_null(expects_at(&x, &own, &peer, 40000, now + EXPECT_WAIT_MS));
	free(x.e);
}

Test(expect, a_conversation_finds_its_own_until_it_is_done)
{
	struct expects x = expects_of_size(64);
	struct expected *a = add(&x, 5, 40000, 0), *b = add(&x, 6, 40001, 0);

	cr_expect_eq(expects_of(&x, &own, &peer, 5), a);
	cr_expect_eq(expects_of(&x, &own, &peer, 6), b);
	cr_expect_null(expects_of(&x, &own, &peer, 7));
	a->flags |= EXPECT_DONE;
	cr_expect_null(expects_of(&x, &own, &peer, 5));
	cr_expect_eq(expects_any(&x, &own, &peer, 5), a);
	expects_free(&x, a);
	cr_expect_null(expects_any(&x, &own, &peer, 5));
	cr_expect_eq(x.used, 1);
	free(x.e);
}

/* A peer with many conversations costs no more than its bucket; what nobody came for gives way in time. */
Test(expect, a_bucket_is_all_that_a_pair_gets)
{
	struct expects x = expects_of_size(64);

	for (uint32_t i = 1; i <= EXPECT_WAYS; i++)
		cr_assert_not_null(add(&x, i, (uint16_t)(40000 + i), 0));
	cr_expect_null(add(&x, 100, 41000, 0));
	expects_of(&x, &own, &peer, 1)->flags = EXPECT_CAME;
	expects_of(&x, &own, &peer, 2)->flags = EXPECT_ASKED;
	cr_expect_not_null(add(&x, 100, 41000, EXPECT_WAIT_MS));
	cr_expect_not_null(expects_of(&x, &own, &peer, 1), "it came");
	cr_expect_not_null(expects_of(&x, &own, &peer, 2), "somebody waits to hear that nobody came");
	cr_expect_null(expects_of(&x, &own, &peer, 3));
	free(x.e);
}

Test(expect, going_round_meets_every_place)
{
	struct expects x = expects_of_size(16);
	unsigned met = 0;

	add(&x, 1, 40000, 0);
	add(&x, 2, 40001, 0);
	for (int i = 0; i < 16; i++)
		met += expects_next(&x) != NULL;
	cr_expect_eq(met, 2);
	free(x.e);
}
