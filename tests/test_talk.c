#include <stdlib.h>

#include "dataplane/talk.h"
#include "tests/cases.h"
#include "tests/rig.h"

struct bench {
	struct rig rig;
	struct talks ts;
	struct speaker who;
	struct talk *t;
	uint32_t id;
	void *mem;
};

static struct bench *
bench(void)
{
	static struct bench b;
	uint8_t slot;

	rig_init(&b.rig);
	slot = rig_model(&b.rig, "talk-small");
	rig_start(&b.rig);
	b.mem = aligned_alloc(64, talks_bytes(4, 4, 3));
	talks_init(&b.ts, b.mem, 4, 4, 3);
	b.who = (struct speaker){ .m = b.rig.set->slot[slot] };
	b.id = talk_open(&b.ts, &b.who);
	b.t = talk_at(&b.ts, b.id);
	return &b;
}

static void
done(struct bench *b)
{
	talk_close(&b->ts, b->id);
	cr_expect_eq(b->ts.talk.used, 0);
	cr_expect_eq(b->ts.arena.used, 0);
	cr_expect_eq(b->ts.cell.used, 0);
	slab_check(&b->ts.cell);
	free(b->mem);
	rig_fini(&b->rig);
}

static struct talk_turn
feed(struct bench *b, const char *s)
{
	return talk_feed(&b->ts, b->t, &b->who, span_str(s), 0);
}

static void
expect_out(struct bench *b, const char *want)
{
	uint8_t got[512];
	size_t n = talk_out_bytes(&b->ts, b->t);

	cr_assert_eq(n, strlen(want));
	for (size_t from = 0; from <= n; from++) {
		for (size_t len = 0; from + len <= n; len++) {
			cr_assert_eq(talk_read(&b->ts, b->t, &b->who, from, got, len), len);
			cr_assert_eq(memcmp(got, want + from, len), 0, "from %zu, %zu bytes", from, len);
		}
	}
}

Test(talk, output_reads_the_same_frozen_or_not_from_anywhere)
{
	struct bench *b = bench();

	cr_assert(feed(b, "ECHO abc\r\n").turn.taken);
	expect_out(b, "abc\r\n");
	cr_assert(talk_freeze(&b->ts, b->t, &b->who, 0));
	expect_out(b, "abc\r\n");
	cr_assert(feed(b, "ECHO defg\r\n").turn.taken);
	expect_out(b, "abc\r\ndefg\r\n");
	b->t->out_seq = 100;
	cr_assert(talk_freeze(&b->ts, b->t, &b->who, 7));	/* 7 of 11 acknowledged */
	cr_expect_eq(b->t->out_seq, 107);
	expect_out(b, "fg\r\n");
	cr_assert(feed(b, "GET\r\n").turn.taken);
	expect_out(b, "fg\r\nok\r\n");
	talk_said(&b->ts, b->t);
	cr_expect_eq(talk_out_bytes(&b->ts, b->t), 0);
	done(b);
}

Test(talk, what_does_not_fit_a_cell_is_not_frozen)
{
	struct bench *b = bench();

	cr_assert(feed(b, "BIG\r\n").turn.taken);
	cr_expect_eq(talk_out_bytes(&b->ts, b->t), 6000);
	cr_expect(!talk_freeze(&b->ts, b->t, &b->who, 0));
	cr_expect_eq(talk_out_bytes(&b->ts, b->t), 6000);
	cr_expect(talk_freeze(&b->ts, b->t, &b->who, 2000));
	cr_expect_eq(talk_out_bytes(&b->ts, b->t), 4000);
	done(b);
}

Test(talk, bytes_in_any_order_end_up_in_order)
{
	enum { N = 300, ROUNDS = 300 };
	struct bench *b = bench();
	uint8_t want[N];
	uint64_t x = 17;

	for (int i = 0; i < N; i++)
		want[i] = (uint8_t)(i * 37 + i / 256);
	for (int round = 0; round < ROUNDS; round++) {
		size_t have = 0;

		while (have < N) {
			size_t from = have + (x = x * 6364136223846793005u + 99) % 64 * 3, n;
			bool kept;

			from = MIN(from, N - 1);
			if ((x >> 40) % 3 == 0)
				from = have;
			n = MIN(1 + (x >> 50) % 40, N - from);
			have += talk_hold(&b->ts, b->t, from - have, span_of(want + from, n), &kept);
			talk_check(&b->ts, b->t);
			cr_assert_eq(talk_waiting(&b->ts, b->t), have);
			cr_assert_arr_eq(talk_input(&b->ts, b->t).p, want, have);
		}
		talk_forget(&b->ts, b->t);
	}
	done(b);
}

Test(talk, a_hold_takes_what_fits_and_says_so)
{
	struct bench *b = bench();
	static uint8_t bytes[TALK_CELL];
	size_t room = talk_room(&b->ts, b->t);
	bool kept;

	cr_expect_eq(talk_hold(&b->ts, b->t, 0, span_of(bytes, 1000), &kept), 1000);
	cr_expect(kept);
	talk_hold(&b->ts, b->t, room - 1000, span_of(bytes, 1), &kept);
	cr_expect(!kept);
	talk_hold(&b->ts, b->t, room, span_of(bytes, 1), &kept);
	cr_expect(!kept);
	cr_expect_eq(talk_hold(&b->ts, b->t, 0, span_of(bytes, TALK_CELL - 1000), &kept), room - 1000);
	cr_expect(!kept);
	cr_expect_eq(talk_room(&b->ts, b->t), 0);
	talk_consume(&b->ts, b->t, room);
	cr_expect_eq(b->t->hold, 0);
	done(b);
}

Test(talk, empty_slabs_refuse_without_harm)
{
	struct bench *b = bench();
	uint32_t cells[3];
	bool kept;

	for (int i = 0; i < 3; i++)
		cells[i] = slab_take(&b->ts.cell);
	cr_expect_eq(talk_hold(&b->ts, b->t, 0, span_str("x"), &kept), 0);
	cr_expect(!kept);
	cr_assert(feed(b, "GET\r\n").turn.taken);
	cr_expect(!talk_freeze(&b->ts, b->t, &b->who, 0));
	expect_out(b, "ok\r\n");
	for (int i = 0; i < 3; i++) {
		cr_expect_neq(talk_open(&b->ts, &b->who), 0);
		slab_give(&b->ts.cell, cells[i]);
	}
	cr_expect_eq(talk_open(&b->ts, &b->who), 0);
	for (uint32_t id = 2; id <= 4; id++)
		talk_close(&b->ts, id);
	done(b);
}
