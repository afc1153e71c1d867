#include "models/minimise.h"
#include "tests/cases.h"

/* Do a and b lie in one block? */
static bool
together(const uint32_t *block, uint32_t a, uint32_t b)
{
	return block[a] == block[b];
}

Test(minimise, states_with_equal_futures_become_one)
{
	/* 0 -a-> 1 -c-> 3, 0 -b-> 2 -c-> 3: 1 and 2 cannot be told apart */
	static const struct edge edge[] = { { 0, 1, 0 }, { 0, 2, 1 }, { 1, 3, 2 }, { 2, 3, 2 } };
	uint32_t block[] = { 0, 0, 0, 1 };

	cr_expect_eq(minimise(block, 4, 2, edge, ARRAY_LEN(edge), 3), 3);
	cr_expect(together(block, 1, 2));
	cr_expect_not(together(block, 0, 1));
	cr_expect_not(together(block, 0, 3));
	cr_expect_not(together(block, 1, 3));
}

Test(minimise, what_was_different_before_stays_different)
{
	static const struct edge edge[] = { { 0, 2, 0 }, { 1, 2, 0 } };
	uint32_t block[] = { 0, 1, 2 };

	cr_expect_eq(minimise(block, 3, 3, edge, ARRAY_LEN(edge), 1), 3);
	cr_expect_not(together(block, 0, 1));
}

Test(minimise, a_missing_edge_tells_states_apart)
{
	static const struct edge edge[] = { { 0, 3, 0 }, { 1, 3, 0 }, { 1, 3, 1 }, { 2, 3, 0 } };
	uint32_t block[] = { 0, 0, 0, 1 };

	cr_expect_eq(minimise(block, 4, 2, edge, ARRAY_LEN(edge), 2), 3);
	cr_expect(together(block, 0, 2));
	cr_expect_not(together(block, 0, 1));
}

Test(minimise, the_label_of_an_edge_tells_states_apart)
{
	static const struct edge edge[] = { { 0, 2, 0 }, { 1, 2, 1 } };
	uint32_t block[] = { 0, 0, 1 };

	cr_expect_eq(minimise(block, 3, 2, edge, ARRAY_LEN(edge), 2), 3);
	cr_expect_not(together(block, 0, 1));
}

Test(minimise, a_ring_of_equal_states_is_one_state)
{
	enum { N = 12 };
	struct edge edge[N];
	uint32_t block[N] = { 0 };

	for (uint32_t s = 0; s < N; s++)
		edge[s] = (struct edge){ s, (s + 1) % N, 0 };
	cr_expect_eq(minimise(block, N, 1, edge, N, 1), 1);
}

Test(minimise, every_third_of_a_ring_marked_leaves_a_ring_of_three)
{
	enum { N = 12 };
	struct edge edge[N];
	uint32_t block[N];

	for (uint32_t s = 0; s < N; s++) {
		edge[s] = (struct edge){ s, (s + 1) % N, 0 };
		block[s] = s % 3 == 0;
	}
	cr_expect_eq(minimise(block, N, 2, edge, N, 1), 3);
	for (uint32_t s = 0; s < N; s++)
		cr_expect_eq(together(block, s, 0), s % 3 == 0, "%u", s);
}

Test(minimise, states_without_edges_are_as_many_as_they_were)
{
	uint32_t block[] = { 0, 1, 0, 1, 1 };

	cr_expect_eq(minimise(block, 5, 2, NULL, 0, 0), 2);
	cr_expect(together(block, 0, 2) && together(block, 1, 3) && together(block, 3, 4));
	cr_expect_not(together(block, 0, 1));
}

enum { STATES = 40, LABELS = 3 };

/* Moore's refinement, a round after the other: slow and plain. */
static uint32_t
moore(uint32_t *block, uint32_t to[STATES][LABELS])
{
	for (uint32_t n = 0;;) {
		uint32_t next[STATES], found = 0;

		for (uint32_t s = 0; s < STATES; s++) {
			uint32_t like = 0;

			for (; like < s; like++) {
				bool same = block[like] == block[s];

				for (uint32_t l = 0; same && l < LABELS; l++) {
					uint32_t a = to[like][l], b = to[s][l];

					same = (a == STATES) == (b == STATES) &&
					    (a == STATES || block[a] == block[b]);
				}
				if (same)
					break;
			}
			next[s] = like < s ? next[like] : found++;
		}
		for (uint32_t s = 0; s < STATES; s++)
			block[s] = next[s];
		if (found == n)
			return n;
		n = found;
	}
}

Test(minimise, finds_the_partition_that_plain_refinement_finds)
{
	uint32_t x = 1, merged = 0;

	for (unsigned round = 0; round < 300; round++) {
		uint32_t to[STATES][LABELS], fast[STATES], slow[STATES], nedges = 0;
		struct edge edge[STATES * LABELS];

		for (uint32_t s = 0; s < STATES; s++) {
			fast[s] = slow[s] = s % 20 == 0;
			for (uint32_t l = 0; l < LABELS; l++) {
				x = x * 1664525 + 1013904223;
				/* few targets and some missing edges, so that states do merge */
				to[s][l] = x >> 28 < 3 ? STATES : (x >> 16) % (4 + round % 36);
				if (to[s][l] < STATES)
					edge[nedges++] = (struct edge){ s, to[s][l], l };
			}
		}
		uint32_t n = moore(slow, to);
		merged += STATES - n;
		cr_assert_eq(minimise(fast, STATES, 2, edge, nedges, LABELS), n, "round %u", round);
		for (uint32_t a = 0; a < STATES; a++)
			for (uint32_t b = 0; b < a; b++)
				cr_assert_eq(together(fast, a, b), together(slow, a, b),
				    "round %u: %u and %u", round, a, b);
	}
	cr_expect_gt(merged, 100, "the automata had something to merge: %u", merged);
}
