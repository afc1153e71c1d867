#include <stdlib.h>

#include "dataplane/frag.h"
#include "tests/cases.h"

enum { ENTRIES = 8, ROOM = 4096, TOTAL = 8 + 40 };
static const int64_t SECOND = 1000000000;

static struct frag_table *
table(void)
{
	return frag_init(calloc(1, frag_bytes(ENTRIES, ROOM)), ENTRIES, ROOM, 1);
}

/* The part [from, to) of a UDP datagram of TOTAL bytes, whose every byte is its position. */
static enum frag_verdict
give(struct frag_table *t, uint16_t id, uint32_t from, uint32_t to, bool more, int64_t now_ns,
    struct span *packet)
{
	uint8_t b[20 + 70000];
	struct wire w;

	memset(b, 0, 20);
	b[0] = 0x45;
	store_be16(b + 2, (uint16_t)(20 + to - from));
	store_be16(b + 4, id);
	store_be16(b + 6, (uint16_t)(from / 8 | (more ? 0x2000 : 0)));
	b[8] = 64;
	b[9] = PROTO_UDP;
	b[12] = 198, b[16] = 198;
	for (uint32_t i = from; i < to; i++)
		b[20 + i - from] = i == 4 ? 0 : i == 5 ? TOTAL : i == 6 || i == 7 ? 0 : (uint8_t)i;
	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, span_of(b, 20 + to - from), 0), WIRE_OK);
	return frag_input(t, &w, now_ns, packet);
}

static const uint32_t parts[][2] = { { 0, 16 }, { 16, 24 }, { 24, 48 } };
static const uint8_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

EACH_CASE(frag, the_datagram_is_whole_in_any_order, orders)
{
	struct frag_table *t = table();
	struct span packet;
	struct wire w;

	for (int k = 0; k < 3; k++) {
		unsigned at = orders[*i][k];

		cr_assert_eq(give(t, 7, parts[at][0], parts[at][1], at < 2, 0, &packet),
		    k < 2 ? FRAG_HELD : FRAG_WHOLE);
		if (k < 2)
			cr_assert_eq(give(t, 7, parts[at][0], parts[at][1], at < 2, 0, &packet), FRAG_DUPLICATE);
	}
	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, packet, WIRE_CHECK_SUMS), WIRE_OK);
	cr_assert_eq(w.payload.n, 40);
	for (unsigned k = 0; k < 40; k++)
		cr_expect_eq(w.payload.p[k], 8 + k);
	cr_expect_eq(t->count[FRAG_WHOLE], 1);
	free(t);
}

/* Two or three fragments and what the last of them is answered with. */
static const struct {
	const char *what;
	struct { uint32_t from, to; bool more; } f[3];
	enum frag_verdict last;
} bad[] = {
	{ "an overlap at the end of the first", { { 0, 24, true }, { 16, 40, true } }, FRAG_OVERLAP },
	{ "one inside the other", { { 0, 40, true }, { 8, 16, true } }, FRAG_OVERLAP },
	{ "two different ends", { { 16, 48, false }, { 8, 16, false } }, FRAG_OVERLAP },
	{ "more behind the end", { { 16, 24, false }, { 24, 32, true } }, FRAG_OVERLAP },
	{ "after an overlap nothing counts", { { 0, 24, true }, { 16, 40, true }, { 40, 48, false } }, FRAG_CONDEMNED },
	{ "a middle part of 9 bytes", { { 8, 17, true } }, FRAG_ODD },
	{ "an empty part", { { 8, 8, true } }, FRAG_TINY },
	{ "a last part behind the room", { { ROOM - 8, ROOM + 8, false } }, FRAG_TOO_BIG },
	{ "a ping of death", { { 65528, 65600, false } }, FRAG_TOO_BIG },
};

EACH_CASE(frag, dishonest_fragments_are_refused_by_reason, bad)
{
	struct frag_table *t = table();
	enum frag_verdict v = FRAG_VERDICTS;
	struct span packet;

	for (int k = 0; k < 3 && (k == 0 || bad[*i].f[k].to > 0); k++)
		v = give(t, 7, bad[*i].f[k].from, bad[*i].f[k].to, bad[*i].f[k].more, 0, &packet);
	cr_expect_eq(v, bad[*i].last, "%s: %s", bad[*i].what, frag_verdict_name(v));
	cr_expect_eq(t->count[v], 1);
	free(t);
}

Test(frag, nine_pieces_are_too_many)
{
	struct frag_table *t = table();
	struct span packet;

	for (uint32_t k = 0; k < FRAG_PIECES; k++)
		cr_expect_eq(give(t, 7, k * 8, k * 8 + 8, true, 0, &packet), FRAG_HELD);
	cr_expect_eq(give(t, 7, 64, 72, false, 0, &packet), FRAG_TOO_MANY);
	free(t);
}

Test(frag, a_datagram_older_than_its_age_starts_anew)
{
	struct frag_table *t = table();
	struct span packet;

	cr_expect_eq(give(t, 7, 0, 16, true, 0, &packet), FRAG_HELD);
	cr_expect_eq(give(t, 7, 16, 48, false, 5 * SECOND + 1, &packet), FRAG_HELD);
	cr_expect_eq(t->aged, 1);
	cr_expect_eq(give(t, 7, 0, 16, true, 6 * SECOND, &packet), FRAG_WHOLE);
	free(t);
}

Test(frag, a_flood_of_first_fragments_evicts_and_stays_inside_the_table)
{
	struct frag_table *t = table();
	struct span packet;

	for (unsigned id = 0; id < 5000; id++)
		cr_assert_eq(give(t, (uint16_t)id, 0, 16, true, id, &packet), FRAG_HELD);
	cr_expect_geq(t->evicted, 5000 - ENTRIES);
	cr_expect_eq(give(t, 4999, 16, 48, false, 5000, &packet), FRAG_WHOLE);
	free(t);
}

Test(frag, a_tcp_header_split_over_fragments_is_refused)
{
	uint8_t b[20 + 16] = { 0x45, 0, 0, 36, 0, 1, 0x20, 0, 64, PROTO_TCP };
	struct frag_table *t = table();
	struct span packet;
	struct wire w;

	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, span_of(b, sizeof b), 0), WIRE_OK);
	cr_expect_eq(frag_input(t, &w, 0, &packet), FRAG_TINY);
	b[7] = 1;
	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, span_of(b, sizeof b), 0), WIRE_OK);
	cr_expect_eq(frag_input(t, &w, 0, &packet), FRAG_TINY);
	free(t);
}

/* The part [from, to) of the same over IPv6, behind a header with options for every hop. */
static enum frag_verdict
give_six(struct frag_table *t, uint32_t id, uint32_t from, uint32_t to, bool more, struct span *packet)
{
	enum { HOP = 0, FRAGMENT = 44, BEFORE = 40 + 8 + 8 };
	uint8_t b[BEFORE + TOTAL] = { 0x60, [6] = HOP, [7] = 64, [8] = 0x20, [23] = 1, [24] = 0x20, [39] = 2,
		[40] = FRAGMENT, [42] = 1, 4, [48] = PROTO_UDP };
	struct wire w;

	store_be16(b + 4, (uint16_t)(16 + to - from));
	store_be16(b + 50, (uint16_t)(from | more));
	store_be32(b + 52, id);
	for (uint32_t i = from; i < to; i++)
		b[BEFORE + i - from] = i == 4 ? 0 : i == 5 ? TOTAL : (uint8_t)i;
	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, span_of(b, BEFORE + to - from), 0), WIRE_OK);
	return frag_input(t, &w, 0, packet);
}

EACH_CASE(frag, over_ipv6_it_is_whole_in_any_order_and_has_no_extensions_left, orders)
{
	struct frag_table *t = table();
	struct span packet;
	struct wire w;

	for (int k = 0; k < 3; k++) {
		unsigned at = orders[*i][k];

		cr_assert_eq(give_six(t, 0x70007, parts[at][0], parts[at][1], at < 2, &packet), k < 2 ? FRAG_HELD : FRAG_WHOLE);
		if (k < 2)	/* the identification has 32 bits */
			cr_assert_eq(give_six(t, 7, parts[at][0], parts[at][1], at < 2, &packet), FRAG_HELD);
	}
	cr_assert_eq(packet.n, WIRE_IPV6_HEADER + TOTAL);
	cr_assert_eq(wire_parse(&w, WIRE_RAW_IP, packet, 0), WIRE_OK);
	cr_expect_eq(w.proto, PROTO_UDP);
	cr_assert_eq(w.payload.n, 40);
	for (unsigned k = 0; k < 40; k++)
		cr_expect_eq(w.payload.p[k], 8 + k);
	free(t);
}

Test(frag, over_ipv6_an_overlap_condemns_the_datagram)	/* RFC 5722 */
{
	struct frag_table *t = table();
	struct span packet;

	cr_expect_eq(give_six(t, 7, 0, 16, true, &packet), FRAG_HELD);
	cr_expect_eq(give_six(t, 7, 8, 24, true, &packet), FRAG_OVERLAP);
	cr_expect_eq(give_six(t, 7, 16, 48, false, &packet), FRAG_CONDEMNED);
	free(t);
}
