#include "learning/distance.h"
#include "tests/cases.h"
#include "tests/pooled.h"

/* Wagner and Fischer's table, a row at a time. */
static size_t
naive_distance(struct pool *pool, struct span a, struct span b)
{
	size_t *row = pool_array(pool, b.n + 1, sizeof *row);

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t corner = row[0]++;

		for (size_t j = 0; j < b.n; j++) {
			size_t swap = corner + (a.p[i] != b.p[j]);

			corner = row[j + 1];
			row[j + 1] = MIN(swap, MIN(row[j], row[j + 1]) + 1);
		}
	}
	return row[b.n];
}

static struct span
random_bytes(struct pool *pool, size_t n, unsigned letters, uint32_t *seed)
{
	uint8_t *p = pool_alloc(pool, n + 1);

	for (size_t i = 0; i < n; i++) {
		*seed = *seed * 1664525 + 1013904223;
		p[i] = (uint8_t)((*seed >> 24) % letters);
	}
	return span_of(p, n);
}

static const struct {
	const char *a, *b;
	size_t distance;
} known[] = {
	{ "", "", 0 },
	{ "", "abc", 3 },
	{ "abc", "", 3 },
	{ "a", "a", 0 },
	{ "a", "b", 1 },
	{ "kitten", "sitting", 3 },
	{ "saturday", "sunday", 3 },
	{ "ab", "ba", 2 },
	{ "220 ready\r\n", "220 not ready\r\n", 4 },
};

EACH_CASE(distance, of_known_pairs_both_ways, known)
{
	struct pool pool;

	pool_init(&pool, 0);
	cr_expect_eq(distance(&pool, span_str(known[*i].a), span_str(known[*i].b)),
	    known[*i].distance, "%s, %s", known[*i].a, known[*i].b);
	cr_expect_eq(distance(&pool, span_str(known[*i].b), span_str(known[*i].a)),
	    known[*i].distance, "%s, %s", known[*i].b, known[*i].a);
	pool_fini(&pool);
}

POOLED(distance, equals_the_table_at_every_block_edge)
{
	static const size_t length[] = { 1, 2, 31, 62, 63, 64, 65, 66, 127, 128, 129, 192, 193, 300 };
	uint32_t seed = 7;

	for (size_t i = 0; i < ARRAY_LEN(length); i++) {
		for (size_t j = 0; j < ARRAY_LEN(length); j++) {
			for (unsigned letters = 2; letters <= 256; letters += 127) {
				struct span a = random_bytes(pool, length[i], letters, &seed);
				struct span b = random_bytes(pool, length[j], letters, &seed);

				cr_assert_eq(distance(pool, a, b), naive_distance(pool, a, b),
				    "%zu and %zu bytes, %u letters", a.n, b.n, letters);
			}
		}
	}
}

POOLED(distance, of_one_string_and_its_few_edits_equals_the_table)
{
	uint32_t seed = 11;

	for (size_t n = 60; n < 200; n++) {
		struct span a = random_bytes(pool, n, 256, &seed);
		uint8_t *edited = pool_copy(pool, a.p, a.n);

		for (unsigned k = 0; k < 3; k++)
			edited[(seed >> 8 << k) % n] ^= 0x55;
		for (size_t cut = 0; cut < 3; cut++) {
			struct span b = span_of(edited + cut, n - 2 * cut);

			cr_assert_eq(distance(pool, a, b), naive_distance(pool, a, b));
		}
	}
}

POOLED(distance, similarity_is_one_for_equals_and_zero_for_strangers)
{
	cr_expect_eq(similarity(pool, span_str(""), span_str("")), 1);
	cr_expect_eq(similarity(pool, span_str("abcd"), span_str("abcd")), 1);
	cr_expect_eq(similarity(pool, span_str("abcd"), span_str("wxyz")), 0);
	cr_expect_eq(similarity(pool, span_str("abcd"), span_str("")), 0);
	cr_expect_eq(similarity(pool, span_str("abcd"), span_str("abc")), 0.75);
}

static const struct {
	const char *a, *b;
	size_t distance;
} swapped[] = {
	{ "", "", 0 },
	{ "", "abc", 3 },
	{ "ab", "ba", 1 },
	{ "ca", "abc", 3 },	/* what changed places is not edited again */
	{ "220 ready", "220 raedy", 1 },
	{ "abcd", "badc", 2 },
	{ "kitten", "sitting", 3 },
	{ "aab", "aaab", 1 },
};

EACH_CASE(distance, with_neighbours_that_change_places, swapped)
{
	struct pool pool;

	pool_init(&pool, 0);
	cr_expect_eq(distance_swaps(&pool, span_str(swapped[*i].a), span_str(swapped[*i].b)),
	    swapped[*i].distance, "%s, %s", swapped[*i].a, swapped[*i].b);
	cr_expect_eq(distance_swaps(&pool, span_str(swapped[*i].b), span_str(swapped[*i].a)),
	    swapped[*i].distance, "%s, %s", swapped[*i].b, swapped[*i].a);
	pool_fini(&pool);
}
