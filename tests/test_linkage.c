#include "learning/linkage.h"

#include <math.h>

#include "tests/pooled.h"

enum { LINES = 160 };

/* Lines of words from few, so that distances tie, words repeat and heads are equal. */
static void
random_lines(struct pool *pool, struct span *m, uint32_t n, uint32_t words, uint32_t seed)
{
	for (uint32_t i = 0; i < n; i++) {
		char *text = pool_alloc(pool, 64);
		int at = 0;

		seed = seed * 1664525 + 1013904223;
		for (uint32_t j = (seed >> 28) % 5; j > 0; j--) {
			seed = seed * 1664525 + 1013904223;
			at += snprintf(text + at, (size_t)(64 - at), "w%u ", (seed >> 20) % words);
		}
		m[i] = span_of((const uint8_t *)text, (size_t)at);
	}
}

/* Place of a word in a text from 1, or 0: straight from the letters. */
static unsigned
place(const char *text, const char *word)
{
	char copy[64], *save;
	unsigned at = 1;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save), at++)
		if (strcmp(w, word) == 0)
			return at;
	return 0;
}

static double
term(unsigned p)
{
	return p == 0 ? 0 : pow(10, 1 - (double)p);
}

/* The published formula over a vocabulary that holds all words. */
static double
naive_distance(const char *x, const char *y, uint32_t words)
{
	double d = 0;

	for (uint32_t u = 0; u < words; u++) {
		char word[16];

		snprintf(word, sizeof word, "w%u", u);
		d += fabs(term(place(x, word)) - term(place(y, word)));
	}
	return d;
}

static void
heads_of(struct heads *h, struct pool *pool, const struct span *m, uint32_t n)
{
	struct embed_params p = embed_params(EMBED_SEPARATORS, 1);

	heads_make(h, pool, &p, m, n, LINKAGE_WORDS, LINKAGE_HEADS);
}

POOLED(linkage, distances_are_those_of_the_published_formula)
{
	struct span m[LINES];
	struct heads h;

	random_lines(pool, m, LINES, 9, 1);
	heads_of(&h, pool, m, LINES);
	for (uint32_t i = 0; i < LINES; i++)
		for (uint32_t k = 0; k < LINES; k++)
			cr_assert_float_eq(linkage_distance(&h, h.of[i], h.of[k]),
			    naive_distance((const char *)m[i].p, (const char *)m[k].p, 9), 1e-12,
			    "%s / %s", (const char *)m[i].p, (const char *)m[k].p);
}

/* Single linkage at a length: whoever is reached over steps shorter than it. */
static void
naive_cut(uint32_t *label, const struct heads *h, double length)
{
	for (uint32_t i = 0; i < h->n; i++)
		label[i] = i;
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t i = 0; i < h->n; i++) {
			for (uint32_t k = 0; k < h->n; k++) {
				if (linkage_distance(h, i, k) < length && label[i] < label[k]) {
					label[k] = label[i];
					changed = true;
				}
			}
		}
	}
}

POOLED(linkage, the_tree_cut_anywhere_is_single_linkage)
{
	/* between the lengths that occur, so that no rounding decides */
	static const double at[] = { 3e-5, 0.0155, 0.155, 0.505, 1.0505, 1.505, 1.95, 2.5 };
	struct span m[LINES];
	uint32_t mine[LINES], naive[LINES];
	struct linkage_edge *tree;
	struct heads h;

	for (uint32_t seed = 1; seed < 6; seed++) {
		random_lines(pool, m, LINES, 3 + 4 * seed, seed);
		heads_of(&h, pool, m, LINES);
		tree = linkage_tree(pool, &h);
		for (uint32_t e = 0; e + 1 < h.n; e++)
			cr_assert_float_eq(tree[e].length,
			    linkage_distance(&h, tree[e].a, tree[e].b), 1e-12);
		for (size_t c = 0; c < ARRAY_LEN(at); c++) {
			uint32_t k = linkage_cut(mine, tree, h.n, at[c]), roots = 0;

			naive_cut(naive, &h, at[c]);
			for (uint32_t i = 0; i < h.n; i++) {
				roots += naive[i] == i;
				for (uint32_t j = 0; j < i; j++)
					cr_assert_eq(mine[i] == mine[j], naive[i] == naive[j],
					    "seed %u, length %g, rows %u and %u", seed, at[c], i, j);
			}
			cr_assert_eq(k, roots);
		}
	}
}

static void
run(struct clustering *c, struct pool *pool, const struct span *m, const uint32_t *reply, uint32_t n)
{
	struct cluster_input in = { .message = m, .n = n, .reply = reply };
	struct cluster_params p = cluster_params();

	cr_assert_eq(clusterer_find("linkage")->run(c, pool, &in, &p), 0);
}

POOLED(linkage, the_widest_gap_is_between_commands_and_replies_may_ask_for_a_finer_cut)
{
	enum { N = 120 };
	static const char *const mode[] = { "TYPE A", "TYPE I", "MODE S", "MODE B" };
	struct span m[N];
	uint32_t same[N], differ[N];
	struct clustering c;

	for (uint32_t i = 0; i < N; i++) {
		m[i] = span_str(mode[i % 4]);
		same[i] = i % 4 / 2;
		differ[i] = i % 4;
	}
	run(&c, pool, m, NULL, N);
	cr_expect_eq(c.k, 2);
	cr_expect(c.label[0] == c.label[1] && c.label[2] == c.label[3]);
	run(&c, pool, m, same, N);
	cr_expect_eq(c.k, 2, "nothing is gained by telling the arguments apart");
	run(&c, pool, m, differ, N);
	cr_expect_eq(c.k, 4);
}

POOLED(linkage, more_heads_than_the_bound_lose_their_last_words)
{
	enum { N = 5 * LINKAGE_HEADS };
	struct span *m = pool_array(pool, N, sizeof *m);
	struct embed_params p = embed_params(EMBED_SEPARATORS, 1);
	struct clustering c;
	struct heads h;

	for (uint32_t i = 0; i < N; i++) {
		char *text = pool_alloc(pool, 48);

		m[i] = span_of((const uint8_t *)text,
		    (size_t)snprintf(text, 48, "%s d%u f%u", i % 2 ? "GET" : "PUT", i % 7, i));
	}
	heads_make(&h, pool, &p, m, N, LINKAGE_WORDS, LINKAGE_HEADS);
	cr_expect_eq(h.depth, 2);
	cr_expect_eq(h.n, 14);
	run(&c, pool, m, NULL, N);
	cr_expect_eq(c.k, 2);
	cr_expect(c.report.capped);
	for (uint32_t i = 0; i < N; i++)	/* even the first words are too many */
		m[i] = span_sub(m[i], 7, m[i].n - 7);
	heads_make(&h, pool, &p, m, N, LINKAGE_WORDS, LINKAGE_HEADS);
	cr_expect_eq(h.depth, 1);
	cr_expect_eq(h.n, LINKAGE_HEADS);
}
