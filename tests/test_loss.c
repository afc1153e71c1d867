#include <stdlib.h>

#include "dataplane/loss.h"
#include "tests/cases.h"

enum { UNA = 0xfffffe00, SEGMENT = 1000, SEGMENTS = 60 };	/* numbers wrap on the way */

static struct flight
flight(uint32_t segments, bool sack)
{
	return (struct flight){ .una = UNA, .max = UNA + segments * SEGMENT, .segment = SEGMENT, .sack = sack };
}

static struct loss
fresh(void)
{
	return (struct loss){ .id = 1, .recover = UNA, .mended = UNA, .ssthresh = 255 };
}

/* Blocks in segments beyond UNA; what is lost then, and what is still on its way. */
static const struct {
	const char *what;
	struct tcp_range block[4];
	uint32_t next, pipe;	/* in segments; next 99: nothing */
} boards[] = {
	{ "one behind a gap", { { 1, 2 } }, 99, 9 },
	{ "two behind a gap", { { 1, 3 } }, 99, 8 },
	{ "three behind a gap", { { 1, 4 } }, 0, 6 },
	{ "three apart", { { 1, 2 }, { 3, 4 }, { 5, 6 } }, 0, 6 },
	{ "they touch", { { 1, 2 }, { 3, 4 }, { 2, 3 } }, 0, 6 },
	{ "they overlap", { { 2, 5 }, { 1, 3 } }, 0, 5 },
	{ "the second gap is lost, too", { { 2, 3 }, { 4, 8 } }, 0, 2 },
	{ "of what was never sent", { { 1, 99 } }, 99, 10 },
	{ "of what was acknowledged", { { 0, 5 } }, 99, 10 },
	{ "turned round", { { 5, 1 } }, 99, 10 },
};

EACH_CASE(loss, blocks_say_what_is_lost, boards)
{
	struct flight f = flight(10, true);
	struct wire_tcp seg = { .nsack = 0 };
	struct loss l = fresh();
	uint8_t cwnd = 10;
	uint32_t seq, n;

	for (int k = 0; k < 4 && boards[*i].block[k].to > 0; k++) {
		seg.sack[k].from = UNA + boards[*i].block[k].from * SEGMENT;
		seg.sack[k].to = UNA + boards[*i].block[k].to * SEGMENT;
		seg.nsack++;
	}
	loss_ack(&l, &f, &seg, 0, false, &cwnd);
	n = loss_next(&l, &f, &seq);
	cr_expect_eq(n > 0 ? (seq - UNA) / SEGMENT : 99, boards[*i].next, "%s", boards[*i].what);
	cr_expect_eq(loss_pipe(&l, &f), boards[*i].pipe * SEGMENT, "%s: %u", boards[*i].what, loss_pipe(&l, &f));
	cr_expect_eq(cwnd, l.recovering ? 5 : 10, "%s", boards[*i].what);
}

Test(loss, a_timeout_halves_once_and_grows_slowly_afterwards)
{
	struct flight f = flight(20, false);
	struct loss l = fresh();
	uint8_t cwnd = 20;

	loss_timeout(&l, &f, true, &cwnd);
	f.max = f.una + 2 * SEGMENT;
	loss_timeout(&l, &f, false, &cwnd);	/* again for the same: RFC 5681 3.1 */
	cr_expect_eq(cwnd, 1);
	cr_expect_eq(l.ssthresh, 10);
	for (int i = 0; i < 9; i++)
		cwnd = loss_cwnd(&l, cwnd, SEGMENT, SEGMENT);
	cr_expect_eq(cwnd, 10);
	for (int i = 0; i < 9; i++)
		cr_expect_eq(cwnd = loss_cwnd(&l, cwnd, SEGMENT, SEGMENT), 10);
	cr_expect_eq(cwnd = loss_cwnd(&l, cwnd, SEGMENT, SEGMENT), 11);
	cr_expect_eq(loss_cwnd(NULL, 11, 3 * SEGMENT, SEGMENT), 14);
}

Test(loss, the_oldest_of_four_places_is_given_away)
{
	struct losses ls;
	void *mem = calloc(1, losses_bytes(4));

	losses_init(&ls, mem, 4);
	for (uint32_t id = 1; id <= 4; id++)
		losses_take(&ls, id, UNA, 100 - id);	/* 4 came first */
	losses_take(&ls, 5, UNA, 101);
	for (uint32_t id = 1; id <= 5; id++)
		cr_expect_eq(losses_find(&ls, id) != NULL, id != 4, "%u", id);
	free(mem);
}

/* A peer, and a path that loses segments the first time they go. */
struct peer {
	bool lost[SEGMENTS], has[SEGMENTS], sent[SEGMENTS];
	uint32_t next;		/* the first that it lacks */
	struct wire_tcp said;
};

static void
arrives(struct peer *p, uint32_t i)
{
	bool again = p->sent[i];

	p->sent[i] = true;
	if (p->lost[i] && !again)
		return;
	p->has[i] = true;
	while (p->next < SEGMENTS && p->has[p->next])
		p->next++;
	p->said.nsack = 0;
	for (uint32_t k = SEGMENTS; k-- > p->next && p->said.nsack < 3;) {	/* newest first, more or less */
		if (!p->has[k] || (k + 1 < SEGMENTS && p->has[k + 1]))
			continue;
		p->said.sack[p->said.nsack].to = UNA + (k + 1) * SEGMENT;
		while (p->has[k - 1])
			k--;
		p->said.sack[p->said.nsack++].from = UNA + k * SEGMENT;
	}
}

static unsigned
behind(const struct peer *p)
{
	unsigned n = 0;

	for (uint32_t k = p->next; k < SEGMENTS; k++)
		n += p->has[k];
	return n;
}

/* A path in order, on which a timeout finds nothing any more. */
struct path {
	uint32_t segment[8 * SEGMENTS], head, tail;
};

static void
put(struct path *p, uint32_t seq)
{
	cr_assert_lt(p->tail, ARRAY_LEN(p->segment));
	p->segment[p->tail++] = (seq - UNA) / SEGMENT;
}

/* Everything arrives in the end. Returns how many timeouts that took. */
static unsigned
goes_through(unsigned seed, bool sack)
{
	struct peer p = { .next = 0 };
	struct flight f = flight(0, sack);
	struct path path = { .head = 0 };
	struct loss l = fresh();
	uint32_t seq, mended[SEGMENTS] = { 0 };
	unsigned timeouts = 0;
	uint8_t cwnd = 10;

	for (int i = 0; i < SEGMENTS; i++)
		p.lost[i] = ((seed = seed * 1103515245 + 12345) >> 16 & 7) == 0;
	while (p.next < SEGMENTS) {
		uint32_t before = p.next, i;

		while (loss_next(&l, &f, &seq) > 0 && (seq == f.una || loss_pipe(&l, &f) < cwnd * SEGMENT)) {
			put(&path, seq);
			cr_expect_leq(++mended[(seq - UNA) / SEGMENT], timeouts + 1, "seed %u", seed);
			l.mended = seq + SEGMENT;
		}
		while (f.max != UNA + SEGMENTS * SEGMENT && loss_pipe(&l, &f) < cwnd * SEGMENT) {
			put(&path, f.max);
			f.max += SEGMENT;
		}
		if (path.head == path.tail) {
			cr_expect(!sack || behind(&p) < 3, "seed %u: %u behind segment %u", seed, behind(&p), p.next);
			loss_timeout(&l, &f, true, &cwnd);
			timeouts++;
			for (seq = f.una; seq != f.max; seq += SEGMENT)
				put(&path, seq);
		}
		i = path.segment[path.head++];
		arrives(&p, i);
		if (!p.has[i])
			continue;
		f.una = UNA + p.next * SEGMENT;
		if (p.next > before)
			cwnd = loss_cwnd(&l, cwnd, (p.next - before) * SEGMENT, SEGMENT);
		loss_ack(&l, &f, &p.said, (p.next - before) * SEGMENT, p.next == before, &cwnd);
		cr_assert_leq(loss_pipe(&l, &f), f.max - f.una);
	}
	return timeouts;
}

enum { SEEDS = 400 };

Test(loss, with_sack_only_the_end_waits_for_a_timeout)
{
	unsigned timeouts = 0;

	for (unsigned seed = 0; seed < SEEDS; seed++)
		timeouts += goes_through(seed, true);
	cr_expect_leq(timeouts, SEEDS / 2, "%u", timeouts);
}

Test(loss, without_sack_few_segments_wait_for_a_timeout)
{
	unsigned timeouts = 0;

	for (unsigned seed = 0; seed < SEEDS; seed++)
		timeouts += goes_through(seed, false);
	cr_expect_leq(timeouts, SEEDS, "%u", timeouts);
}
