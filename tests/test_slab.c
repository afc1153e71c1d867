#include "dataplane/slab.h"

#include <signal.h>
#include <string.h>

#include "tests/cases.h"

enum { CELLS = 16, CELL_BYTES = 64 };

struct room {
	struct slab s;
	_Alignas(64) uint8_t mem[CELLS * CELL_BYTES];
};

static void
room_init(struct room *r)
{
	cr_assert_eq(slab_bytes(CELLS, CELL_BYTES), sizeof r->mem);
	memset(r->mem, 0xee, sizeof r->mem);
	slab_init(&r->s, r->mem, CELLS, CELL_BYTES);
}

Test(slab, gives_each_cell_once_and_then_none)
{
	bool taken[CELLS + 1] = { false };
	struct room r;

	room_init(&r);
	for (uint32_t i = 0; i < CELLS; i++) {
		uint32_t cell = slab_take(&r.s);

		cr_assert(cell >= 1 && cell <= CELLS, "%u", cell);
		cr_expect_not(taken[cell], "%u twice", cell);
		taken[cell] = true;
		memset(slab_at(&r.s, cell), (int)cell, CELL_BYTES);
	}
	cr_expect_eq(slab_take(&r.s), 0);
	cr_expect_eq(r.s.used, CELLS, "a take that failed does not count");
	for (uint32_t cell = 1; cell <= CELLS; cell++)
		for (unsigned k = 0; k < CELL_BYTES; k++)
			cr_assert_eq(((uint8_t *)slab_at(&r.s, cell))[k], cell, "cells overlap");
	slab_check(&r.s);
}

Test(slab, a_cell_given_back_is_taken_before_a_fresh_one)
{
	struct room r;
	uint32_t a, b;

	room_init(&r);
	a = slab_take(&r.s);
	b = slab_take(&r.s);
	slab_give(&r.s, a);
	slab_give(&r.s, b);
	cr_expect_eq(slab_take(&r.s), b);
	cr_expect_eq(slab_take(&r.s), a);
	cr_expect_eq(r.mem[2 * CELL_BYTES], 0xee, "memory never needed stays untouched");
}

Test(slab, counts_what_is_in_use_and_the_most_that_ever_was)
{
	struct room r;
	uint32_t cell[3];

	room_init(&r);
	for (unsigned i = 0; i < 3; i++)
		cell[i] = slab_take(&r.s);
	slab_give(&r.s, cell[1]);
	slab_give(&r.s, cell[0]);
	cr_expect_eq(r.s.used, 1);
	cr_expect_eq(r.s.peak, 3);
	slab_take(&r.s);
	cr_expect_eq(r.s.peak, 3);
}

Test(slab, no_cell_is_lost_in_any_order_of_taking_and_giving)
{
	uint32_t held[CELLS], n = 0, x = 7;
	struct room r;

	room_init(&r);
	for (unsigned i = 0; i < 5000; i++) {
		x = x * 1664525 + 1013904223;
		if (x >> 31 && n > 0) {
			uint32_t k = (x >> 8) % n;

			slab_give(&r.s, held[k]);
			held[k] = held[--n];
		} else {
			uint32_t cell = slab_take(&r.s);

			cr_assert_eq(cell == 0, n == CELLS);
			if (cell != 0)
				held[n++] = cell;
		}
		for (uint32_t k = 0; k + 1 < n; k++)
			cr_assert_neq(held[k], held[n - 1], "one cell held twice");
		cr_assert_eq(r.s.used, n);
		slab_check(&r.s);
	}
	cr_expect_eq(r.s.peak, CELLS);
}

Test(slab, the_check_notices_a_list_that_runs_in_a_circle, .signal = SIGABRT)
{
	struct room r;
	uint32_t a, b;

	room_init(&r);
	a = slab_take(&r.s);
	b = slab_take(&r.s);
	slab_give(&r.s, a);
	slab_give(&r.s, b);
	memcpy(slab_at(&r.s, a), &b, sizeof b);
	slab_check(&r.s);
}

Test(slab, the_check_notices_a_cell_that_is_neither_used_nor_free, .signal = SIGABRT)
{
	struct room r;

	room_init(&r);
	slab_take(&r.s);
	r.s.used--;
	slab_check(&r.s);
}
