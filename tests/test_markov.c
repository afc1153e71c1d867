#include "tests/cases.h"
#include "tests/itunes.h"
#include "tests/pooled.h"

static struct markov_seq
sequence(struct pool *pool, const char *letters)
{
	uint32_t n = (uint32_t)strlen(letters), *symbol = pool_array(pool, n, sizeof *symbol);

	for (uint32_t i = 0; i < n; i++)
		symbol[i] = (uint8_t)letters[i];
	return (struct markov_seq){ symbol, n };
}

static uint32_t
state(const struct markov *m, uint32_t a, uint32_t b)
{
	return markov_state_of(m, (uint32_t[]){ a, b }, 2);
}

POOLED(markov, windows_of_the_published_example)
{
	struct markov_seq seq = sequence(pool, "abcd");
	struct markov m;

	markov_build(&m, pool, &seq, 1, 2);
	cr_expect_eq(m.nfull, 6);	/* SS Sa ab bc cd dE */
	cr_expect_eq(state(&m, MARKOV_START, MARKOV_START), 0);
	cr_expect_eq(state(&m, MARKOV_START, 'a'), 1);
	cr_expect_eq(state(&m, 'd', MARKOV_END), 5);
	cr_expect_eq(m.state[5].nedges, 0);
	for (uint32_t s = 0; s < 5; s++) {
		cr_expect_eq(m.state[s].nedges, 1);
		cr_expect_eq(m.edge[m.state[s].first].to, s + 1);
	}
}

POOLED(markov, counts_add_up_in_every_order)
{
	struct markov_seq seqs[3] = { sequence(pool, "abab"), sequence(pool, "abc"),
		sequence(pool, "") };
	struct markov m;

	markov_build(&m, pool, seqs, ARRAY_LEN(seqs), 3);
	for (uint32_t length = 0; length <= 3; length++) {
		uint64_t edges = 0;

		for (uint32_t s = 0; s < m.nstates; s++) {
			const struct markov_state *at = &m.state[s];
			uint64_t out = 0;

			if (at->length != length)
				continue;
			for (uint32_t e = 0; e < at->nedges; e++)
				out += m.edge[at->first + e].count;
			edges += out;
			if (length == 0 || at->symbol[length - 1] != MARKOV_END)
				cr_expect_eq(out, at->count);
			else
				cr_expect_eq(out, 0);
		}
		cr_expect_eq(edges, 10, "7 symbols and 3 ends in order %u", length);
	}
	cr_expect_eq(markov_edge_of(&m, markov_longest(&m, (uint32_t[]){ 'x' }, 1), 'a')->count, 3);
	cr_expect_eq(markov_edge_of(&m, markov_longest(&m, (uint32_t[]){ 'a' }, 1), 'b')->count, 2);
	cr_expect_null(markov_edge_of(&m, 0, 'b'));
	cr_expect_eq(markov_edge_of(&m, 0, MARKOV_END)->count, 1);
}

POOLED(markov, an_unseen_order_backs_off_to_its_longest_known_suffix)
{
	struct markov_seq seqs[2] = { sequence(pool, "abe"), sequence(pool, "cde") };
	const uint32_t *symbol = sequence(pool, "ade").symbol;
	struct markov m;
	uint32_t s;

	markov_build(&m, pool, seqs, 2, 2);
	s = markov_longest(&m, symbol, 2);	/* a d was never seen, d was */
	cr_expect_eq(m.state[s].length, 1);
	cr_expect_eq(m.state[s].symbol[0], 'd');
	cr_assert_not_null(markov_edge_of(&m, s, 'e'));
	cr_expect_eq(markov_edge_of(&m, s, 'e')->to, state(&m, 'd', 'e'));
	cr_expect_eq(markov_longest(&m, symbol, 3), state(&m, 'd', 'e'));
	cr_expect_eq(m.state[markov_longest(&m, (uint32_t[]){ 'z' }, 1)].length, 0);
	cr_expect_eq(markov_longest(&m, NULL, 0), 0);
	s = state(&m, 'd', 'e');
	cr_expect_eq(m.state[m.state[s].back].symbol[0], 'e');
	cr_expect_eq(m.state[m.state[m.state[s].back].back].length, 0);
}

POOLED(markov, a_walk_gives_each_message_its_state)
{
	struct markov_seq seqs[2] = { sequence(pool, "abab"), sequence(pool, "ba") };
	uint32_t where[4];
	struct markov m;

	markov_build(&m, pool, seqs, 2, 2);
	markov_walk(&m, &seqs[0], where);
	cr_expect_eq(where[0], state(&m, MARKOV_START, 'a'));
	cr_expect_eq(where[1], state(&m, 'a', 'b'));
	cr_expect_eq(where[2], state(&m, 'b', 'a'));
	cr_expect_eq(where[3], where[1]);
}

POOLED(markov, nothing_learned_is_still_a_model)
{
	struct markov m;

	markov_build(&m, pool, NULL, 0, 2);
	cr_expect_eq(m.nfull, 0);
	cr_expect_eq(m.state[markov_longest(&m, (uint32_t[]){ 7 }, 1)].length, 0);
	cr_expect_null(markov_edge_of(&m, 0, 7));
}

/* No two state tuples alike, every link where it should be, with many symbols. */
POOLED(markov, links_hold_for_long_random_sequences)
{
	uint32_t *symbol = pool_array(pool, 20000, sizeof *symbol), x = 1;
	struct markov_seq seq = { symbol, 20000 };
	struct markov m;

	for (uint32_t i = 0; i < seq.n; i++) {
		x = x * 1664525 + 1013904223;
		symbol[i] = x >> 27;
	}
	markov_build(&m, pool, &seq, 1, 3);
	for (uint32_t s = 0; s < m.nstates; s++) {
		const struct markov_state *at = &m.state[s];

		cr_assert_eq(markov_state_of(&m, at->symbol, at->length), s);
		cr_assert(at->length == 0 || m.state[at->back].length == at->length - 1);
		for (uint32_t e = at->first; e < at->first + at->nedges; e++) {
			const struct markov_state *to = &m.state[m.edge[e].to];

			cr_assert_eq(to->length, MIN(at->length + 1, 3));
			cr_assert_eq(to->symbol[to->length - 1], m.edge[e].symbol);
		}
	}
}

static const struct {
	uint32_t order, states, edges;
} published[] = { { 1, 12, 34 }, { 2, 35, 70 }, { 3, 71, 99 } };

static uint64_t
edges_of_full(const struct markov *m, uint64_t *count)
{
	uint64_t n = 0;

	*count = 0;
	for (uint32_t s = 0; s < m->nfull; s++) {
		n += m->state[s].nedges;
		for (uint32_t e = 0; e < m->state[s].nedges; e++)
			*count += m->edge[m->state[s].first + e].count;
	}
	return n;
}

POOLED(markov, itunes_states_and_edges_equal_the_original)
{
	struct markov_seq seqs[ITUNES_SESSIONS];

	if (itunes_sessions(pool, seqs) < 0)
		SKIP_WITHOUT("reference/itunes-xbmc");
	for (size_t i = 0; i < ARRAY_LEN(published); i++) {
		struct markov m;
		uint64_t edges, count;

		markov_build(&m, pool, seqs, ITUNES_SESSIONS, published[i].order);
		edges = edges_of_full(&m, &count);
		printf("itunes order %u: states %u / %u, edges %lu / %u, count %lu / 843\n",
		    published[i].order, m.nfull, published[i].states, (unsigned long)edges,
		    published[i].edges, (unsigned long)count);
		cr_expect_eq(m.nfull, published[i].states);
		cr_expect_eq(edges, published[i].edges);
		cr_expect_eq(count, 843);
	}
}
