#include <errno.h>

#include "dataplane/link.h"
#include "dataplane/stack.h"
#include "dataplane/tcp.h"
#include "tests/cases.h"

enum { UNA = 5000, NXT = 5010, RCV = 1000, WND = 500, SAID = 300 };

static struct flow
established(void)
{
	return (struct flow){ .state = FLOW_ESTABLISHED, .snd_una = UNA, .snd_nxt = NXT, .rcv_nxt = RCV,
		.snd_wnd = 400, .wscale = TCP_NO_WSCALE, .mss_class = 3, .flags = FLOW_TS | FLOW_SAID, .ts_recent = 70,
		.bytes_out = SAID };
}

static const struct {
	const char *what;
	uint8_t flags;
	int32_t seq, ack;	/* relative to rcv_nxt and snd_una */
	uint32_t len;
	uint8_t verdict, drop;
	bool answer, fin;
	uint32_t acked, skip, take, ahead;
	int32_t ts;		/* relative to ts_recent; 1000: none */
} cases[] = {
	{ "a pure ACK", TCP_ACK, 0, 10, 0, TCP_TAKE, DROP_NONE, false, false, 10, 0, 0, 0, 1 },
	{ "part of what is out", TCP_ACK, 0, 4, 0, TCP_TAKE, DROP_NONE, false, false, 4, 0, 0, 0, 1 },
	{ "an old ACK", TCP_ACK, 0, -100, 0, TCP_TAKE, DROP_NONE, false, false, 0, 0, 0, 0, 1 },
	{ "an ACK of what was there before us", TCP_ACK, 0, -301, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "an ACK of what was not sent", TCP_ACK, 0, 11, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "the next bytes", TCP_ACK, 0, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 0, 8, 0, 1 },
	{ "old bytes again", TCP_ACK, -8, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 8, 0, 0, 1 },
	{ "bytes from another age", TCP_ACK, -9, 0, 8, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "old and new bytes", TCP_ACK, -3, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 3, 5, 0, 1 },
	{ "bytes behind a gap", TCP_ACK, 20, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 0, 8, 20, 1 },
	{ "bytes over the window's edge", TCP_ACK, 496, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 0, 4, 496, 1 },
	{ "bytes beyond the window", TCP_ACK, 501, 0, 8, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "a FIN", TCP_ACK | TCP_FIN, 0, 10, 0, TCP_TAKE, DROP_NONE, true, true, 10, 0, 0, 0, 1 },
	{ "a FIN with data", TCP_ACK | TCP_FIN, 0, 0, 8, TCP_TAKE, DROP_NONE, true, true, 0, 0, 8, 0, 1 },
	{ "a FIN with old and new data", TCP_ACK | TCP_FIN, -4, 0, 8, TCP_TAKE, DROP_NONE, true, true, 0, 4, 4, 0, 1 },
	{ "a FIN behind a gap", TCP_ACK | TCP_FIN, 4, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 0, 8, 4, 1 },
	{ "a FIN over the window's edge", TCP_ACK | TCP_FIN, 0, 0, 501, TCP_TAKE, DROP_NONE, true, false, 0, 0, 500, 0, 1 },
	{ "a keepalive", TCP_ACK, -1, 0, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "the exact reset", TCP_RST, 0, 0, 0, TCP_RESET_BY_PEER, DROP_NONE, false, false, 0, 0, 0, 0, 1000 },
	{ "a reset in the window", TCP_RST, 9, 0, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1000 },
	{ "a stray reset", TCP_RST, 90000, 0, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, false, false, 0, 0, 0, 0, 1000 },
	{ "an exact reset with an old timestamp", TCP_RST, 0, 0, 0, TCP_RESET_BY_PEER, DROP_NONE, false, false, 0, 0, 0, 0, -5 },
	{ "a SYN in the window", TCP_SYN, 3, 0, 0, TCP_REFUSE, DROP_OUT_OF_WINDOW, true, false, 0, 0, 0, 0, 1 },
	{ "no ACK flag", TCP_PSH, 0, 0, 8, TCP_REFUSE, DROP_OUT_OF_WINDOW, false, false, 0, 0, 0, 0, 1 },
	{ "an old timestamp", TCP_ACK, 0, 10, 8, TCP_REFUSE, DROP_PAWS, true, false, 0, 0, 0, 0, -1 },
	{ "the same timestamp", TCP_ACK, 0, 10, 8, TCP_TAKE, DROP_NONE, true, false, 10, 0, 8, 0, 0 },
	{ "no timestamp", TCP_ACK, 0, 10, 8, TCP_TAKE, DROP_NONE, true, false, 10, 0, 8, 0, 1000 },
	{ "urgent data", TCP_ACK | TCP_URG, 0, 0, 8, TCP_TAKE, DROP_NONE, true, false, 0, 0, 8, 0, 1 },
};

EACH_CASE(tcp, segment_of_an_established_flow, cases)
{
	struct flow f = established();
	struct wire_tcp seg = { .flags = cases[*i].flags, .seq = RCV + (uint32_t)cases[*i].seq,
		.ack = UNA + (uint32_t)cases[*i].ack, .win = 300, .has_ts = cases[*i].ts != 1000,
		.ts_val = 70 + (uint32_t)cases[*i].ts };
	struct tcp_view view = { .snd_max = NXT, .rcv_wnd = WND };
	const char *what = cases[*i].what;
	struct tcp_step s;

	tcp_input(&s, &f, &seg, cases[*i].len, &view);
	cr_expect_eq(s.verdict, cases[*i].verdict, "%s", what);
	cr_expect_eq(s.drop, cases[*i].drop, "%s", what);
	cr_expect_eq(s.ack, cases[*i].answer, "%s", what);
	cr_expect_eq(s.fin, cases[*i].fin, "%s", what);
	cr_expect_eq(s.acked, cases[*i].acked, "%s: %u", what, s.acked);
	if (s.take > 0 || cases[*i].take > 0)
		cr_expect(s.skip == cases[*i].skip && s.take == cases[*i].take && s.ahead == cases[*i].ahead,
		    "%s: skip %u take %u ahead %u", what, s.skip, s.take, s.ahead);
	cr_expect_eq(f.rcv_nxt, RCV, "%s", what);
	cr_expect_eq(f.snd_una, UNA + s.acked, "%s", what);
	if (s.verdict == TCP_REFUSE)
		cr_expect(f.snd_wnd == 400 && f.ts_recent == 70, "%s left a trace", what);
}

/* States by what closes; the same table as RFC 9293 Figure 5, written the other way round. */
static const struct {
	enum flow_state from;
	enum tcp_close what;
	enum flow_state to;
} edges[] = {
	{ FLOW_ESTABLISHED, TCP_OUR_FIN, FLOW_FIN_WAIT_1 },
	{ FLOW_ESTABLISHED, TCP_PEER_FIN, FLOW_CLOSE_WAIT },
	{ FLOW_ESTABLISHED, TCP_FIN_ACKED, FLOW_ESTABLISHED },
	{ FLOW_CLOSE_WAIT, TCP_OUR_FIN, FLOW_LAST_ACK },
	{ FLOW_CLOSE_WAIT, TCP_PEER_FIN, FLOW_CLOSE_WAIT },
	{ FLOW_CLOSE_WAIT, TCP_FIN_ACKED, FLOW_CLOSE_WAIT },
	{ FLOW_FIN_WAIT_1, TCP_OUR_FIN, FLOW_FIN_WAIT_1 },
	{ FLOW_FIN_WAIT_1, TCP_PEER_FIN, FLOW_CLOSING },
	{ FLOW_FIN_WAIT_1, TCP_FIN_ACKED, FLOW_FIN_WAIT_2 },
	{ FLOW_FIN_WAIT_2, TCP_OUR_FIN, FLOW_FIN_WAIT_2 },
	{ FLOW_FIN_WAIT_2, TCP_PEER_FIN, FLOW_TIME_WAIT },
	{ FLOW_FIN_WAIT_2, TCP_FIN_ACKED, FLOW_FIN_WAIT_2 },
	{ FLOW_CLOSING, TCP_OUR_FIN, FLOW_CLOSING },
	{ FLOW_CLOSING, TCP_PEER_FIN, FLOW_CLOSING },
	{ FLOW_CLOSING, TCP_FIN_ACKED, FLOW_TIME_WAIT },
	{ FLOW_LAST_ACK, TCP_OUR_FIN, FLOW_LAST_ACK },
	{ FLOW_LAST_ACK, TCP_PEER_FIN, FLOW_LAST_ACK },
	{ FLOW_LAST_ACK, TCP_FIN_ACKED, FLOW_CLOSED },
};

EACH_CASE(tcp, closing_moves_along_the_figure, edges)
{
	cr_expect_eq(tcp_closing(edges[*i].from, edges[*i].what), edges[*i].to);
}

Test(tcp, the_timeout_follows_rfc_6298)
{
	struct flow f = { .retries = 0 };

	cr_expect_eq(tcp_rto_ms(&f, &persona_linux), 1000);
	f.retries = 2;
	cr_expect_eq(tcp_rto_ms(&f, &persona_linux), 4000);
	f.retries = 0;
	tcp_sample(&f, 100);			/* SRTT 100, RTTVAR 50 */
	cr_expect_eq(f.srtt_ms, 100);
	cr_expect_eq(f.rttvar_4ms, 13);
	cr_expect_eq(tcp_rto_ms(&f, &persona_linux), 100 + 4 * 52);
	for (int i = 0; i < 100; i++)
		tcp_sample(&f, 100);
	cr_expect_eq(tcp_rto_ms(&f, &persona_linux), 300);	/* the variance has a floor of 200 ms */
	tcp_sample(&f, 60000);
	cr_expect_gt(tcp_rto_ms(&f, &persona_linux), 4000);
	f.retries = 7;
	cr_expect_leq(tcp_rto_ms(&f, &persona_linux), persona_linux.rto_max_ms);
}

static const struct {
	uint16_t offered, used;
} sizes[] = { { 0, 88 }, { 87, 88 }, { 88, 88 }, { 535, 88 }, { 536, 536 }, { 1359, 536 }, { 1360, 1360 },
	{ 1452, 1360 }, { 1460, 1460 }, { 65535, 1460 } };

EACH_CASE(tcp, segment_size_is_never_above_the_offer_nor_below_the_floor, sizes)
{
	cr_expect_eq(tcp_mss[tcp_mss_class(sizes[*i].offered)], sizes[*i].used);
}

Test(tcp, a_path_makes_segments_smaller_never_larger)
{
	cr_expect_eq(tcp_mss[tcp_mss_below(3, 1400)], 1400);
	cr_expect_eq(tcp_mss[tcp_mss_below(3, 1399)], 1360);
	cr_expect_eq(tcp_mss[tcp_mss_below(1, 1400)], 536);
	cr_expect_eq(tcp_mss[tcp_mss_below(3, 512)], 512);
	cr_expect_eq(tcp_mss[tcp_mss_below(0, 1400)], 88);
}

Test(tcp, options_never_exceed_the_header)
{
	uint8_t to[TCP_OPTIONS_MAX + 8];
	struct tcp_range r[TCP_SACKS] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };

	for (unsigned flags = 0; flags < 4; flags++) {
		struct flow f = { .flags = flags };

		for (unsigned n = 0; n <= TCP_SACKS; n++) {
			uint8_t len = tcp_options(to, &f, 1, r, n);

			cr_expect_leq(len, TCP_OPTIONS_MAX);
			cr_expect_eq(len % 4, 0);
		}
	}
}

Test(link, holds_a_way_per_neighbour_and_gives_it_back)
{
	static struct links l;
	struct wire w = { .smac = { 2, 0, 0, 0, 0, 9 }, .nvlan = 1, .vlan = { 5 } };
	int a = link_hold(&l, &w), b = link_hold(&l, &w), other;

	cr_expect_geq(a, 0);
	cr_expect_eq(a, b);
	cr_expect_eq(l.link[a].flows, 2);
	w.vlan[0] = 6;
	other = link_hold(&l, &w);
	cr_expect_neq(other, a);
	link_drop(&l, (uint8_t)a);
	link_drop(&l, (uint8_t)a);
	for (unsigned i = 0; i < 2 * LINKS; i++) {
		w.smac[4] = (uint8_t)(i >> 8);
		w.smac[5] = (uint8_t)i;
		if (link_hold(&l, &w) == -ENOSPC)
			return;
	}
	cr_expect_fail("more neighbours than there is room for");
}
