#include <string.h>

#include "learning/dfa.h"
#include "tests/cases.h"
#include "tests/itunes.h"
#include "tests/pooled.h"

/*
 * The robot of the original authors: Go, Carry; Wall, Base, Free, Object as answers.
 * Every edge between its 16 states occurs once.
 */
static const char *const robot[] = { "GOCB", "GWGWGBGWGFGWGOCB", "GBGBGFGBGOCB", "GFGFGOCB",
	"GOCWCFCWCFCFCB", "GOCFCB" };

static const char *const robot_classes[] = { "BE", "CB", "BG FG SG WG", "GW GB GF SS", "FC OC",
	"WC", "CF GO", "CW" };

static uint32_t
letter(char c)
{
	return c == 'S' ? MARKOV_START : c == 'E' ? MARKOV_END : (uint32_t)c;
}

POOLED(dfa, the_robot_has_16_states_in_8_classes)
{
	struct markov_seq seqs[ARRAY_LEN(robot)];
	struct markov m;
	struct dfa d, small;
	uint32_t map[16];

	for (size_t i = 0; i < ARRAY_LEN(robot); i++) {
		uint32_t n = (uint32_t)strlen(robot[i]);
		uint32_t *symbol = pool_array(pool, n, sizeof *symbol);

		for (uint32_t k = 0; k < n; k++)
			symbol[k] = (uint8_t)robot[i][k];
		seqs[i] = (struct markov_seq){ symbol, n };
	}
	markov_build(&m, pool, seqs, ARRAY_LEN(robot), 2);
	dfa_of_markov(&d, pool, &m);
	cr_assert_eq(d.nstates, 16);
	dfa_minimize(&small, map, pool, &d);
	cr_expect_eq(small.nstates, 8);
	for (size_t c = 0; c < ARRAY_LEN(robot_classes); c++) {
		uint32_t of_class = DFA_DEAD;

		for (const char *p = robot_classes[c]; *p != '\0'; p += p[2] == ' ' ? 3 : 2) {
			uint32_t s = markov_state_of(&m, (uint32_t[]){ letter(p[0]), letter(p[1]) }, 2);

			cr_assert_neq(s, MARKOV_NONE, "%.2s", p);
			if (of_class == DFA_DEAD)
				of_class = map[s];
			cr_expect_eq(map[s], of_class, "%.2s", p);
		}
	}
}

struct random_dfa {
	uint32_t states, symbols, edge_percent, accept_percent;
};

static const struct random_dfa randoms[] = {
	{ 1, 1, 100, 100 }, { 1, 2, 50, 0 }, { 2, 2, 100, 50 }, { 5, 2, 80, 40 },
	{ 8, 2, 60, 30 }, { 12, 3, 90, 10 }, { 20, 1, 95, 20 }, { 20, 2, 100, 5 },
	{ 40, 2, 70, 50 }, { 60, 4, 30, 50 }, { 60, 2, 100, 2 }, { 30, 3, 40, 100 },
};
enum { MAX_STATES = 61, MAX_SYMBOLS = 4, ROUNDS = 400 };

static uint32_t
draw(uint32_t *x, uint32_t n)
{
	*x = *x * 1664525 + 1013904223;
	return (*x >> 8) % n;
}

static void
random_dfa(struct dfa *d, struct pool *pool, const struct random_dfa *r, uint32_t *x)
{
	*d = (struct dfa){ .nstates = r->states };
	d->first = pool_array(pool, r->states + 1, sizeof *d->first);
	d->accept = pool_array(pool, r->states, 1);
	d->edge = pool_array(pool, r->states * r->symbols, sizeof *d->edge);
	d->start = draw(x, r->states);
	for (uint32_t s = 0; s < r->states; s++) {
		d->first[s] = d->nedges;
		d->accept[s] = draw(x, 100) < r->accept_percent;
		for (uint32_t a = 0; a < r->symbols; a++) {
			/* few targets: equivalent states are common */
			if (draw(x, 100) < r->edge_percent)
				d->edge[d->nedges++] = (struct dfa_edge){ a,
					draw(x, 4) == 0 ? draw(x, r->states)
					    : draw(x, 1 + r->states / 4) };
		}
	}
	d->first[r->states] = d->nedges;
}

/* Moore, complete, the dead state included; class[nstates] is that of the dead state. */
static void
moore(const struct dfa *d, uint32_t symbols, uint32_t *class)
{
	uint32_t n = d->nstates + 1, next[MAX_STATES], classes = 0, before;

	for (uint32_t s = 0; s < n; s++)
		class[s] = s < d->nstates && d->accept[s];
	do {
		before = classes;
		classes = 0;
		for (uint32_t s = 0; s < n; s++) {
			uint32_t t = 0;

			for (; t < s; t++) {
				bool same = class[s] == class[t];

				for (uint32_t a = 0; same && a < symbols; a++) {
					uint32_t u = dfa_step(d, s < d->nstates ? s : DFA_DEAD, a);
					uint32_t v = dfa_step(d, t < d->nstates ? t : DFA_DEAD, a);

					same = class[MIN(u, d->nstates)] == class[MIN(v, d->nstates)];
				}
				if (same)
					break;
			}
			next[s] = t < s ? next[t] : classes++;
		}
		memcpy(class, next, n * sizeof *class);
	} while (classes != before);
}

static uint32_t
reach(const struct dfa *d, uint32_t symbols, uint8_t *seen)
{
	uint32_t stack[MAX_STATES], n = 0, reached = 1;

	memset(seen, 0, MAX_STATES);
	seen[d->start] = 1;
	stack[n++] = d->start;
	while (n > 0) {
		uint32_t s = stack[--n];

		for (uint32_t a = 0; a < symbols; a++) {
			uint32_t to = dfa_step(d, s, a);

			if (to != DFA_DEAD && !seen[to]) {
				seen[to] = 1;
				stack[n++] = to;
				reached++;
			}
		}
	}
	return reached;
}

static int
random_round(struct pool *pool, const struct random_dfa *r, uint32_t *x)
{
	uint32_t class[MAX_STATES], map[MAX_STATES], live = 0;
	uint8_t seen[MAX_STATES], counted[MAX_STATES] = { 0 };
	struct dfa d, small;

	random_dfa(&d, pool, r, x);
	dfa_minimize(&small, map, pool, &d);
	moore(&d, r->symbols, class);
	reach(&d, r->symbols, seen);
	for (uint32_t s = 0; s < d.nstates; s++) {
		bool dead = class[s] == class[d.nstates];

		if (!seen[s] || dead) {
			if (map[s] != DFA_DEAD)
				return 1;
			continue;
		}
		live += !counted[class[s]];
		counted[class[s]] = 1;
		if (map[s] >= small.nstates || small.accept[map[s]] != d.accept[s])
			return 2;
		for (uint32_t t = 0; t < s; t++) {
			if (seen[t] && (class[s] == class[t]) != (map[s] == map[t]))
				return 3;
		}
		for (uint32_t a = 0; a < r->symbols; a++) {
			uint32_t to = dfa_step(&d, s, a);

			if (dfa_step(&small, map[s], a) != (to == DFA_DEAD ? DFA_DEAD : map[to]))
				return 4;
		}
	}
	if (small.nstates != live)
		return 5;
	return small.start == map[d.start] ? 0 : 6;
}

static int
random_rounds(struct pool *pool, void *ctx)
{
	const struct random_dfa *r = ctx;
	uint32_t x = r->states * 31 + r->symbols;

	for (int i = 0; i < ROUNDS; i++) {
		int wrong = random_round(pool, r, &x);

		cr_assert_eq(wrong, 0, "round %d: %d", i, wrong);
	}
	return 0;
}

EACH_CASE(dfa, random_automata_shrink_as_moore_shrinks_them, randoms)
{
	struct random_dfa r = randoms[*i];
	struct pool pool;

	pool_init(&pool, 0);
	cr_expect_eq(pool_run(&pool, random_rounds, &r), 0);
	pool_fini(&pool);
}

POOLED(dfa, itunes_has_28_states_and_63_edges_left)
{
	struct markov_seq seqs[ITUNES_SESSIONS];
	struct markov m;
	struct dfa d, small;
	uint32_t *map;

	if (itunes_sessions(pool, seqs) < 0)
		SKIP_WITHOUT("reference/itunes-xbmc");
	markov_build(&m, pool, seqs, ITUNES_SESSIONS, 2);
	dfa_of_markov(&d, pool, &m);
	map = pool_array(pool, d.nstates, sizeof *map);
	dfa_minimize(&small, map, pool, &d);
	printf("itunes minimised: states %u / 28, edges %u / 63\n", small.nstates, small.nedges);
	cr_expect_eq(small.nstates, 28);
	cr_expect_eq(small.nedges, 63);
	/* the merged automaton accepts what it was made from */
	for (uint32_t i = 0; i < ITUNES_SESSIONS; i++) {
		uint32_t at = small.start;

		for (uint32_t k = 0; k < seqs[i].n; k++)
			at = dfa_step(&small, at, seqs[i].symbol[k]);
		at = dfa_step(&small, at, MARKOV_END);
		cr_assert_neq(at, DFA_DEAD);
		cr_expect(small.accept[at]);
	}
}
