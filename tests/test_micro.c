#include "learning/scriptgen/micro.h"

#include "tests/pooled.h"

enum { ROWS = 40 };

/* "GET b.." or "PUT b..": the verb decides the answer, the flag behind it does not. */
static void
make(struct alignment *a, struct tally *t, struct pool *pool)
{
	*a = (struct alignment){ ROWS, 5, pool_array(pool, ROWS * 5, sizeof *a->cell) };
	for (uint32_t r = 0; r < ROWS; r++) {
		const char *verb = r % 2 ? "GET " : "PUT ";

		for (uint32_t c = 0; c < 4; c++)
			a->cell[r * 5 + c] = verb[c];
		a->cell[r * 5 + 4] = "xyz"[r / 2 % 3];
		t[r] = (struct tally){ pool_alloc(pool, 4), pool_alloc(pool, 4), 1 };
		t[r].what[0] = r % 2;
		t[r].count[0] = 1;
	}
}

POOLED(micro, what_decides_the_answer_divides)
{
	struct region_params region = region_params();
	struct micro_params p = micro_params();
	struct tally t[ROWS];
	struct alignment a;
	uint32_t part[ROWS];

	make(&a, t, pool);
	cr_assert_eq(micro_divide(part, pool, &a, t, &region, &p), 2);
	for (uint32_t r = 2; r < ROWS; r++)
		cr_assert_eq(part[r], part[r % 2]);
}

POOLED(micro, as_published_every_frequent_value_divides)
{
	struct region_params region = region_params();
	struct micro_params p = micro_params();
	struct tally t[ROWS];
	struct alignment a;
	uint32_t part[ROWS];

	p.influence = false;
	make(&a, t, pool);
	cr_assert_eq(micro_divide(part, pool, &a, t, &region, &p), 6, "two verbs, three flags");
}

Test(micro, influence_is_what_chance_would_not_bring)
{
	const double strong[] = { 20, 0, 0, 20 }, none[] = { 10, 10, 10, 10 }, few[] = { 1, 0, 0, 1 };
	const double weak[] = { 12, 8, 8, 12 };
	double g;

	cr_assert(micro_influences(strong, 2, 2, &g));
	cr_assert_float_eq(g, 40 * 0.69314718, 1e-6, "nats");
	cr_assert_not(micro_influences(none, 2, 2, &g));
	cr_assert_not(micro_influences(few, 2, 2, &g));
	cr_assert_not(micro_influences(weak, 2, 2, &g), "chi square 1.6: one in five");
}
