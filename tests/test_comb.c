#include <criterion/criterion.h>
#include <stdlib.h>

#include "models/comb.h"
#include "tests/random_model.h"

static uint32_t
successor(const struct comb *c, uint32_t at, uint32_t k)
{
	struct image_cell cell = c->cell[c->step[at].base + k];

	return cell.owner == at ? cell.next : c->step[at].usual;
}

static void
expect_same(const struct automaton *a)
{
	struct comb c;

	cr_assert_eq(comb_build(&c, a), 0);
	for (uint32_t s = 0; s < a->nstates; s++) {
		cr_assert_leq(c.step[s].base + a->nclasses, c.ncells);
		for (uint32_t k = 0; k < a->nclasses; k++)
			cr_assert_eq(successor(&c, s, k), a->next[s * a->nclasses + k], "state %u class %u", s, k);
	}
	for (uint32_t i = 0; i < c.ncells; i++)
		cr_assert(c.cell[i].owner != 0 || c.cell[i].next == 0, "a cell of nobody leads somewhere");
	comb_fini(&c);
}

/* n states, of whose entries percent differ from the state's usual one. State 0 is dead. */
static struct automaton
drawn(struct dice *d, uint32_t n, uint32_t classes, uint32_t percent)
{
	struct automaton a = { .nstates = n, .nclasses = classes,
		.next = calloc((size_t)n * classes, sizeof *a.next) };

	for (uint32_t s = 1; s < n; s++) {
		uint16_t usual = (uint16_t)roll(d, n);

		for (uint32_t k = 0; k < classes; k++)
			a.next[s * classes + k] = roll(d, 100) < percent ? (uint16_t)roll(d, n) : usual;
	}
	return a;
}

Test(comb, leads_where_the_rows_lead)
{
	static const uint32_t percents[] = { 0, 2, 10, 50, 100 };
	struct dice d = { 5 };

	for (uint32_t i = 0; i < 200; i++) {
		struct automaton a = drawn(&d, 2 + roll(&d, 300), 1 + roll(&d, 256), percents[i % 5]);

		expect_same(&a);
		automaton_fini(&a);
	}
}

Test(comb, leads_where_templates_lead)
{
	struct dice d = { 6 };
	uint32_t tries = 0;

	for (uint32_t i = 0; i < 100; i++) {
		struct text t = random_model(&d, false, &tries);
		struct automaton a;

		cr_assert_eq(automaton_build(&a, &t, NULL), 0);
		expect_same(&a);
		automaton_fini(&a);
		text_fini(&t);
	}
}

Test(comb, holds_as_many_states_as_an_automaton_may_have)
{
	struct dice d = { 7 };
	struct automaton a = drawn(&d, AUTOMATON_STATES, 31, 5);

	expect_same(&a);
	automaton_fini(&a);
}

Test(comb, is_small_where_rows_are_alike)
{
	struct dice d = { 8 };
	struct automaton a = drawn(&d, 5000, 100, 3);
	struct comb c;

	cr_assert_eq(comb_build(&c, &a), 0);
	cr_expect_lt(c.ncells, 5000u * 100 / 20, "%u cells", c.ncells);
	comb_fini(&c);
	automaton_fini(&a);
}

Test(comb, has_room_for_an_automaton_without_edges)
{
	struct dice d = { 9 };
	struct automaton a = drawn(&d, 2, 256, 0);

	expect_same(&a);
	automaton_fini(&a);
}

/* Where rows leave no holes, all cells were asked for each: minutes. */
Test(comb, does_not_look_at_what_is_taken_for_each_row_again)
{
	enum { CLASSES = 128, OWN = 63 };
	struct automaton a = { .nstates = AUTOMATON_STATES, .nclasses = CLASSES,
		.next = calloc((size_t)AUTOMATON_STATES * CLASSES, sizeof *a.next) };
	struct comb c;

	for (uint32_t s = 1; s < a.nstates; s++)
		for (uint32_t k = 0; k < OWN; k++)
			a.next[s * CLASSES + k] = (uint16_t)(1 + (s + k) % (a.nstates - 1));
	cr_assert_eq(comb_build(&c, &a), 0);
	cr_expect_leq(c.ncells, (a.nstates - 1) * OWN + CLASSES, "rows lie side by side");
	comb_fini(&c);
	automaton_fini(&a);
}
