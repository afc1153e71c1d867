#include "learning/intern.h"
#include "tests/pooled.h"

POOLED(intern, ids_count_from_zero_in_the_order_of_first_sight)
{
	struct intern t;

	intern_init(&t, pool);
	cr_expect_eq(intern_add(&t, span_str("USER")), 0);
	cr_expect_eq(intern_add(&t, span_str("PASS")), 1);
	cr_expect_eq(intern_add(&t, span_str("USER")), 0);
	cr_expect_eq(t.n, 2);
}

POOLED(intern, what_was_never_added_is_not_found)
{
	struct intern t;

	intern_init(&t, pool);
	cr_expect_eq(intern_find(&t, span_str("USER")), INTERN_NONE);
	intern_add(&t, span_str("USER"));
	cr_expect_eq(intern_find(&t, span_str("USER")), 0);
	cr_expect_eq(intern_find(&t, span_str("USE")), INTERN_NONE);
	cr_expect_eq(intern_find(&t, span_str("user")), INTERN_NONE);
}

POOLED(intern, no_bytes_are_a_value_and_zeros_count)
{
	struct intern t;

	intern_init(&t, pool);
	cr_expect_eq(intern_add(&t, (struct span){ NULL, 0 }), 0);
	cr_expect_eq(intern_add(&t, span_of("\0", 1)), 1);
	cr_expect_eq(intern_add(&t, span_of("\0\0", 2)), 2);
	cr_expect_eq(intern_add(&t, span_of("", 0)), 0);
}

POOLED(intern, numbers_stay_when_the_table_grows)
{
	enum { N = 10000 };
	uint32_t *key = pool_array(pool, N, sizeof *key);
	struct intern t;

	intern_init(&t, pool);
	for (uint32_t i = 0; i < N; i++) {
		key[i] = i * 2654435761u;
		cr_assert_eq(intern_add(&t, span_of(&key[i], sizeof key[i])), i);
	}
	cr_expect_eq(t.n, N);
	for (uint32_t i = 0; i < N; i++) {
		cr_assert_eq(intern_find(&t, span_of(&key[i], sizeof key[i])), i);
		cr_assert(span_eq(t.value[i], span_of(&key[i], sizeof key[i])));
	}
}
