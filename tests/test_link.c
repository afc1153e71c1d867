#include "dataplane/link.h"

#include <errno.h>

#include "tests/cases.h"

/* A frame of host n on a VLAN; 0: untagged. */
static struct wire
frame_of(uint16_t n, uint16_t vlan)
{
	struct wire w = { .smac = { 0x02, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n },
		.dmac = { 0x02, 9, 9, 9, 9, 9 } };

	if (vlan != 0) {
		w.nvlan = 1;
		w.vlan[0] = vlan;
		w.tpid[0] = 0x8100;
	}
	return w;
}

static struct links l;		/* a process per test: begins empty */

Test(link, flows_of_one_host_share_a_way)
{
	struct wire w = frame_of(1, 0);
	int way = link_hold(&l, &w);

	cr_assert_geq(way, 0);
	cr_expect_eq(link_hold(&l, &w), way);
	cr_expect_eq(l.link[way].flows, 2);
}

Test(link, hosts_and_vlans_have_ways_of_their_own)
{
	struct wire w[] = { frame_of(1, 0), frame_of(2, 0), frame_of(1, 7), frame_of(1, 8),
		frame_of(1, 7), frame_of(1, 7) };
	int way[ARRAY_LEN(w)];

	for (uint16_t k = 4; k < 6; k++) {	/* two tags, of which the inner one differs */
		w[k].nvlan = 2;
		w[k].vlan[1] = k;
		w[k].tpid[1] = 0x8100;
	}
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		way[i] = link_hold(&l, &w[i]);
		cr_assert_geq(way[i], 0);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(way[k], way[i], "%zu and %zu", k, i);
	}
}

Test(link, a_way_stays_while_a_flow_uses_it_and_is_used_again_after_the_last)
{
	struct wire w[2 * LINKS];
	int last = 0, way[2 * LINKS];
	unsigned n = 0;

	for (; n < ARRAY_LEN(w) && last >= 0; n++) {
		w[n] = frame_of((uint16_t)n, 0);
		last = way[n] = link_hold(&l, &w[n]);
	}
	cr_assert_eq(last, -ENOSPC, "there is an end to it");
	n--;				/* the one that found none */
	cr_expect_gt(n, LINKS / 2u, "hosts that found a way: %u", n);
	for (unsigned k = 0; k < n; k++)
		cr_expect_eq(link_hold(&l, &w[k]), way[k], "host %u lost its way", k);
	for (unsigned k = 0; k < n; k++)
		link_drop(&l, (uint8_t)way[k]);
	cr_expect_eq(link_hold(&l, &w[n]), -ENOSPC, "one flow of each is left");
	for (unsigned k = 0; k < n; k++)
		link_drop(&l, (uint8_t)way[k]);
	cr_expect_geq(link_hold(&l, &w[n]), 0);
}

Test(link, a_full_table_still_knows_who_is_in_it)
{
	struct wire first = frame_of(0, 0);
	int way = link_hold(&l, &first);

	for (uint16_t n = 1; n < 1000; n++) {
		struct wire w = frame_of(n, 0);

		link_hold(&l, &w);
	}
	cr_expect_eq(link_hold(&l, &first), way);
	cr_expect_eq(l.link[way].flows, 2, "nobody else took it");
}

Test(link, a_reply_goes_to_the_sender_with_the_tags_it_came_with)
{
	static const uint8_t own[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct wire w = frame_of(1, 7);
	struct wire_out o = { .ttl = 64 };
	struct link way;

	w.nvlan = 2;
	w.tpid[0] = 0x88a8;
	w.vlan[1] = 9;
	w.tpid[1] = 0x8100;
	link_of(&way, &w);
	link_write(&o, &way, own);
	cr_expect_arr_eq(o.dmac, w.smac, 6);
	cr_expect_arr_eq(o.smac, own, 6);
	cr_expect_eq(o.nvlan, 2);
	cr_expect(o.vlan[0] == 7 && o.vlan[1] == 9);
	cr_expect(o.tpid[0] == 0x88a8 && o.tpid[1] == 0x8100);
	cr_expect_eq(o.ttl, 64, "the rest of the header is not the way's");
}
