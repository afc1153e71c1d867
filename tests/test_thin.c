#include <stdio.h>
#include <stdlib.h>

#include "learning/gather.h"
#include "tests/pooled.h"

enum { TALKS = 4000, BUDGET = 256 << 10 };

/* One conversation: question and answer, which the budget has room for 300 of. */
static struct talk *
talk_of(struct pool *pool, unsigned i, const char *question, const char *answer)
{
	struct talk *t = pool_alloc(pool, sizeof *t);

	t->messages = pool_array(pool, 2, sizeof *t->messages);
	t->n = 2;
	t->messages[0] = (struct message){ .bytes = span_str(question), .side = SIDE_CLIENT };
	t->messages[1] = (struct message){ .bytes = span_str(answer), .side = SIDE_SERVER };
	t->proto = PROTO_TCP;
	t->port[SIDE_CLIENT] = (uint16_t)i;
	t->port[SIDE_SERVER] = 21;
	t->start_ns = 1000 * (int64_t)i;
	return t;
}

/* Every hundredth of TALKS asks something of its own; the others differ in a name. */
static struct talk **
crowd(struct pool *pool, struct thin *thin, size_t budget, bool *left)
{
	struct talk **all = pool_array(pool, TALKS, sizeof *all);

	thin_init(thin, pool, budget);
	for (unsigned i = 0; i < TALKS; i++) {
		char *line = pool_alloc(pool, 64);
		struct talk *gone;

		if (i % 100 == 99)
			snprintf(line, 64, "ODD%u please\r\n", i);
		else
			snprintf(line, 64, "USER somebody%u\r\n", i);
		all[i] = talk_of(pool, i, line, i % 3 ? "331 Password?\r\n" : "530 Not you.\r\n");
		thin_add(thin, all[i]);
		while ((gone = thin_surplus(thin)) != NULL)
			left[gone->port[SIDE_CLIENT]] = true;
	}
	return all;
}

POOLED(thin, nothing_goes_while_the_budget_lasts)
{
	bool *left = pool_array(pool, TALKS, sizeof *left);
	struct thin thin;
	uint32_t n = 0;

	crowd(pool, &thin, 64 << 20, left);
	for (unsigned i = 0; i < TALKS; i++)
		n += left[i];
	cr_expect_eq(n, 0);
	cr_expect_eq(thin.fresh.n + thin.plain.n, TALKS);
}

POOLED(thin, the_budget_is_kept_and_what_is_new_stays)
{
	bool *left = pool_array(pool, TALKS, sizeof *left);
	struct thin thin;
	uint32_t kept = 0, odd = 0, refused = 0, second_half = 0;

	crowd(pool, &thin, BUDGET, left);
	cr_expect_leq(thin.fresh.weight + thin.plain.weight, BUDGET);
	cr_expect_leq(thin.fresh.weight, BUDGET / 8);
	for (unsigned i = 0; i < TALKS; i++) {
		kept += !left[i];
		odd += !left[i] && i % 100 == 99;
		refused += !left[i] && i % 3 == 0;
		second_half += !left[i] && i >= TALKS / 2;
	}
	cr_expect_eq(kept, thin.fresh.n + thin.plain.n);
	cr_expect(kept > 250 && kept < 350, "%u", kept);
	cr_expect_geq(odd, 30, "of 40 that said something of their own: %u", odd);
	cr_expect(refused > kept / 4 && refused < kept / 2, "one in three stays one in three: %u", refused);
	cr_expect(second_half > kept / 3 && second_half < kept * 2 / 3, "no part of the capture is preferred: %u",
	    second_half);
}

POOLED(thin, chance_does_not_ask_what_stands_beside)
{
	bool *left = pool_array(pool, TALKS, sizeof *left), *again = pool_array(pool, TALKS, sizeof *again);
	bool *more = pool_array(pool, TALKS, sizeof *more);
	struct thin thin;

	crowd(pool, &thin, BUDGET, left);
	crowd(pool, &thin, BUDGET, again);
	crowd(pool, &thin, 2 * BUDGET, more);
	for (unsigned i = 0; i < TALKS; i++) {
		cr_assert_eq(left[i], again[i]);
		cr_assert(i % 100 == 99 || i < 100 || !more[i] || left[i], "a larger budget keeps all of a smaller one's");
	}
}

POOLED(thin, binary_messages_that_differ_in_their_numbers_are_alike)
{
	struct thin thin;
	uint32_t seed = 7, before = 0;

	thin_init(&thin, pool, 64 << 20);
	for (unsigned i = 0; i < TALKS; i++) {
		struct talk *t = talk_of(pool, i, "", "");

		for (int side = 0; side < 2; side++) {
			uint8_t *b = pool_alloc(pool, 12);

			seed = seed * 1664525 + 1013904223;	/* an identifier, a side, a kind that is rare for long */
			store_be16(b, (uint16_t)(seed >> 16));
			b[2] = (uint8_t)(side * 128);
			b[3] = i >= TALKS / 2 && i % 4 == 0 ? 9 : 1;
			t->messages[side].bytes = span_of(b, 12);
		}
		thin_add(&thin, t);
		if (i == TALKS / 2 - 1)
			before = thin.fresh.n;
	}
	cr_expect_lt(before, TALKS / 20, "%u were called new", before);
	cr_expect(thin.fresh.n > before && thin.fresh.n < before + 20, "%u more", thin.fresh.n - before);
}

POOLED(thin, conversations_without_a_word_and_enormous_ones_are_borne)
{
	struct thin thin;
	uint8_t *huge = pool_alloc(pool, 1 << 20);

	thin_init(&thin, pool, BUDGET);
	for (unsigned i = 0; i < TALKS; i++) {
		struct talk *t = talk_of(pool, i, "x", "");

		t->n = i % 3;
		if (i % 2)
			t->messages[0].bytes = span_of(huge, 1 << 20);
		thin_add(&thin, t);
		while (thin_surplus(&thin) != NULL)
			;
	}
	cr_expect_leq(thin.fresh.weight + thin.plain.weight, BUDGET);
	cr_expect_gt(thin.fresh.n + thin.plain.n, 10);
}
