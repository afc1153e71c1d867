#include "learning/template.h"

#include <math.h>
#include <stdlib.h>

enum {
	FEW_VALUES = 16,	/* a position with no more is divided by value */
	FEW_SUPPORT = 5,	/* if there are that many messages per value; and 1/FEW_SUPPORT is a lot */
	MIN_DOMINANT = 8,	/* messages with one value, for it to be told from many others */
	CANDIDATES = 24,	/* positions tried for dependence */
	RARE = 3,		/* client values seen less often share one branch */
	BRANCHES = 256,
	MAX_DEPTH = 24,
	BRANCH_BITS = 4,	/* what a further template must gain to be worth its place */
};

#define NEARLY_BEST 0.5		/* of the bits that the best position gains */

struct pair {
	uint32_t branch, target;
};

struct splitter {
	struct pool *pool;
	const struct exchanges *x;
	const struct templates *server;	/* NULL while learning the server's side */
	struct templates *out;
	uint8_t level;
	/* scratch by value id, valid where stamp equals the running number */
	uint32_t *stamp, *count, *other;
	uint32_t now;
	struct pair *pairs;		/* one per row */
};

/* One column: distinct values, how many rows hold the rare ones. Leaves counts in s->count. */
struct column {
	uint32_t distinct, rare_rows, frequent;
};

static struct column
survey(struct splitter *s, const struct row *rows, uint32_t n, uint32_t col)
{
	struct column c = { 0 };

	s->now++;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = rows[i].value[col];

		if (s->stamp[v] != s->now) {
			s->stamp[v] = s->now;
			s->count[v] = 0;
			c.distinct++;
		}
		s->count[v]++;
	}
	for (uint32_t i = 0; i < n; i++)
		c.rare_rows += s->count[rows[i].value[col]] < RARE;
	s->now++;	/* count each frequent value once */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = rows[i].value[col];

		if (s->stamp[v] != s->now) {
			s->stamp[v] = s->now;
			c.frequent += s->count[v] >= RARE;
		}
	}
	return c;
}

/* Where a division of rows leads: what was divided by, and what the rest of them is not. */
struct branch {
	const bool *done;
	struct besides besides[TEMPLATE_BESIDES];
	uint32_t nbesides;
	unsigned depth;
};

/* The rest of a line: it stands for what never came, too. */
static bool
is_general(uint8_t level, const struct token *t)
{
	return level == LEVEL_WORD && t->kind == TOKEN_REST;
}

static void
add_template(struct splitter *s, const struct row *rows, uint32_t n, const bool *varies,
    const struct branch *at)
{
	struct templates *out = s->out;
	struct template *t;

	if (out->n == out->room) {
		out->room = MAX(64u, out->room * 2);
		out->t = pool_grow(s->pool, out->t, out->n, out->room, sizeof *out->t);
	}
	t = &out->t[out->n];
	*t = (struct template){ .level = s->level, .tail = rows[0].tail,
		.ntoken = rows[0].ntoken, .token = rows[0].token, .support = n };
	t->is_field = pool_copy(s->pool, varies, t->ntoken * sizeof *varies);
	t->member = pool_array(s->pool, n, sizeof *t->member);
	memcpy(t->besides, at->besides, sizeof t->besides);
	t->nbesides = at->nbesides;
	for (uint32_t j = 0; j < t->ntoken; j++) {
		t->is_field[j] |= is_general(s->level, &t->token[j]);
		t->nfields += t->is_field[j];
		t->has_lines |= t->token[j].kind == TOKEN_LINES;
	}
	for (uint32_t i = 0; i < n; i++) {
		t->member[i] = rows[i].unit;
		out->of[s->level][rows[i].unit] = out->n;
	}
	out->n++;
}

/*
 * Did the client say this value, or something around it, in the same exchange? A single byte
 * and a part that says its length count where he said them in the same place.
 */
static bool
echoed(const struct splitter *s, const struct row *r, uint32_t col)
{
	const struct exchange *e = &s->x->exchange[s->x->unit[r->unit].exchange];
	struct span v = r->token[col].bytes;
	const struct unit *client;
	struct span said;

	if (e->client == NO_UNIT)
		return false;
	client = &s->x->unit[e->client];
	if (r->token[col].kind == TOKEN_BYTE || r->token[col].kind == TOKEN_PART)
		return col < client->ntoken && client->token[col].kind == r->token[col].kind &&
		    span_eq(client->token[col].bytes, v);
	if (v.n < 2)
		return false;
	said = client->bytes;
	for (size_t cut = 0; cut <= 2 && v.n > 2 * cut + 1; cut++)	/* "x", (x), <x>. */
		if (memmem(said.p, said.n, v.p + cut, v.n - 2 * cut) != NULL)
			return true;
	return false;
}

static bool
is_echo(const struct splitter *s, const struct row *rows, uint32_t n, uint32_t col)
{
	uint32_t hits = 0, step = MAX(1u, n / 64), tried = 0;

	for (uint32_t i = 0; i < n; i += step, tried++)
		hits += echoed(s, &rows[i], col);
	return hits * 10 >= tried * 8;
}

/* Do rows with equal values in col j agree in col k (2 % may not)? */
static bool
determines(struct splitter *s, const struct row *rows, uint32_t n, uint32_t j, uint32_t k)
{
	uint32_t wrong = 0;

	s->now++;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = rows[i].value[j];

		if (s->stamp[v] != s->now) {
			s->stamp[v] = s->now;
			s->other[v] = rows[i].value[k];
		} else if (s->other[v] != rows[i].value[k]) {
			wrong++;
		}
	}
	return wrong * 50 <= n;
}

/* How often the most frequent value of a column stands there. */
static uint32_t
top_count(struct splitter *s, const struct row *rows, uint32_t n, uint32_t col)
{
	uint32_t top = 0;

	survey(s, rows, n, col);	/* leaves the counts */
	for (uint32_t i = 0; i < n; i++)
		top = MAX(top, s->count[rows[i].value[col]]);
	return top;
}

/*
 * The column of a server group to divide by, or ntoken. Values with fewer than *rare messages
 * share one branch.
 */
static uint32_t
server_column(struct splitter *s, const struct row *rows, uint32_t n, const bool *varies,
    const bool *done, uint32_t *rare)
{
	uint32_t ntoken = rows[0].ntoken, best = ntoken, best_score = 0, best_distinct = 0;
	uint32_t tried = 0, few = ntoken, few_distinct = FEW_VALUES + 1;
	bool *own = pool_array(s->pool, ntoken + 1, sizeof *own);	/* the server's own words */

	for (uint32_t j = 0; j < ntoken; j++)
		own[j] = varies[j] && !done[j] && !is_echo(s, rows, n, j);
	for (uint32_t j = 0; j < ntoken && tried < CANDIDATES; j++) {
		struct column c;
		uint32_t dependents = 0;

		if (!own[j])
			continue;
		c = survey(s, rows, n, j);
		tried++;
		if (c.distinct < few_distinct && n >= FEW_SUPPORT * c.distinct) {
			few = j;
			few_distinct = c.distinct;
		}
		if (c.distinct * 2 > n)
			continue;
		for (uint32_t k = 0; k < ntoken; k++)
			dependents += k != j && own[k] && determines(s, rows, n, j, k);
		if (dependents > best_score ||
		    (dependents == best_score && c.distinct < best_distinct)) {
			best = j;
			best_score = dependents;
			best_distinct = c.distinct;
		}
	}
	*rare = 2;
	if (best_score >= 2)
		return best;
	if (few < ntoken)
		return few;
	*rare = MAX(n / FEW_SUPPORT, (uint32_t)MIN_DOMINANT);
	for (uint32_t j = 0; j < ntoken; j++)
		if (own[j] && top_count(s, rows, n, j) >= *rare)
			return j;
	return ntoken;
}

static double
entropy_term(double n)
{
	return n > 0 ? n * log2(n) : 0;
}

/* What the server said to a client unit: its template, or one past them for silence. */
static uint32_t
target_of(const struct splitter *s, const struct row *r)
{
	const struct exchange *e = &s->x->exchange[s->x->unit[r->unit].exchange];

	return !e->known ? NO_TEMPLATE
	    : e->server == NO_UNIT ? s->server->n : s->server->of[LEVEL_FULL][e->server];
}

static int
pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->branch != y->branch ? (x->branch > y->branch) - (x->branch < y->branch)
				      : (x->target > y->target) - (x->target < y->target);
}

/* sum over branches of n log n - sum over (branch, target) of n log n; sorts pairs. */
static double
inner_bits(struct pair *p, uint32_t m, uint32_t *branches)
{
	double bits = 0;

	*branches = 0;
	qsort(p, m, sizeof *p, pair_cmp);
	for (uint32_t i = 0, b0 = 0, y0 = 0; i < m; i++) {
		bool last = i + 1 == m, new_b = last || p[i + 1].branch != p[i].branch;

		if (new_b || p[i + 1].target != p[i].target) {
			bits -= entropy_term(i + 1 - y0);
			y0 = i + 1;
		}
		if (new_b) {
			bits += entropy_term(i + 1 - b0);
			b0 = i + 1;
			++*branches;
		}
	}
	return bits;
}

/*
 * Pairs of branch and reply; shuffled, the replies show what chance alone would give a column
 * with so many values. A shift would not do: clients that all follow one script make it periodic.
 */
static uint32_t
pairs_of(struct splitter *s, const struct row *rows, uint32_t n, uint32_t j, bool shuffled)
{
	uint32_t m = 0, seed = 1;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t y = target_of(s, &rows[i]), v = rows[i].value[j];

		if (y != NO_TEMPLATE)
			s->pairs[m++] = (struct pair){ s->count[v] >= RARE ? v : UINT32_MAX, y };
	}
	for (uint32_t i = m; shuffled && i > 1; i--) {	/* Fisher and Yates */
		uint32_t y = s->pairs[i - 1].target, other;

		seed = seed * 1664525 + 1013904223;
		other = (uint32_t)((uint64_t)seed * i >> 32);
		s->pairs[i - 1].target = s->pairs[other].target;
		s->pairs[other].target = y;
	}
	return m;
}

/*
 * Bits by which column j's frequent values tell the replies apart, over all rows; 0 unless that
 * is clearly more than the same column gains on replies of other rows.
 */
static double
gain_of(struct splitter *s, const struct row *rows, uint32_t n, uint32_t j)
{
	struct column c = survey(s, rows, n, j);
	uint32_t m, branches, nbranch;
	double real, chance;

	if (c.frequent == 0 || c.frequent > BRANCHES || (c.frequent > 8 && c.rare_rows * 20 > n))
		return 0;
	m = pairs_of(s, rows, n, j, false);
	if (m < 2)
		return 0;
	real = inner_bits(s->pairs, m, &branches);
	if (branches < 2)
		return 0;
	nbranch = branches;
	pairs_of(s, rows, n, j, true);
	chance = inner_bits(s->pairs, m, &branches);
	/* both are losses: bits about the reply that are left within the branches */
	return chance - real > 8 + BRANCH_BITS * nbranch + 0.02 * chance ? chance - real : 0;
}

/*
 * The first column that tells replies apart nearly as well as the best: what a message wants stands
 * before what it wants it of (spec/prisma.md 5.5 weighs positions for the same reason).
 */
static uint32_t
client_column(struct splitter *s, const struct row *rows, uint32_t n, const bool *varies,
    const bool *done)
{
	uint32_t ntoken = rows[0].ntoken, first = 0;
	double *gain = pool_array(s->pool, ntoken + 1, sizeof *gain), best = 0;

	for (uint32_t j = 0; j < ntoken; j++) {
		gain[j] = varies[j] && !done[j] ? gain_of(s, rows, n, j) : 0;
		best = MAX(best, gain[j]);
	}
	while (first < ntoken && (gain[first] == 0 || gain[first] < NEARLY_BEST * best))
		first++;
	return first;
}

static int
row_cmp(const void *a, const void *b, void *column)
{
	const struct row *x = a, *y = b;
	uint32_t v = x->value[*(uint32_t *)column], w = y->value[*(uint32_t *)column];

	return v != w ? (v > w) - (v < w) : (x->unit > y->unit) - (x->unit < y->unit);
}

/* A binary head with a run is never divided: it stands for messages never seen. */
static bool
holds_run(const struct lexer *l, const struct row *r)
{
	for (uint32_t j = 0; l->has_run && r->tail && j < r->ntoken; j++)
		if (r->token[j].kind == TOKEN_RUN)
			return true;
	return false;
}

/* The values of a sorted column that have branches of their own. */
static struct besides
frequent_values(struct splitter *s, const struct row *rows, uint32_t n, uint32_t col, uint32_t rare)
{
	struct span *value = pool_array(s->pool, n / rare + 1, sizeof *value);
	struct besides b = { .token = col, .value = value };

	for (uint32_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && rows[i + 1].value[col] == rows[i].value[col])
			continue;
		if (i + 1 - from >= rare)
			value[b.n++] = rows[from].token[col].bytes;
		from = i + 1;
	}
	return b;
}

static void
split(struct splitter *s, struct row *rows, uint32_t n, const struct branch *at)
{
	uint32_t ntoken = rows[0].ntoken, col;
	bool *varies = pool_array(s->pool, ntoken + 1, sizeof *varies);
	bool *done = pool_copy(s->pool, at->done, (ntoken + 1) * sizeof *done);
	struct branch next = *at;
	uint32_t rare = RARE, kept = 0;
	struct row *rest;

	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = 0; j < ntoken; j++)
			varies[j] |= rows[i].value[j] != rows[0].value[j];
	col = at->depth == MAX_DEPTH || holds_run(&s->x->client_lexer, &rows[0]) ? ntoken
	    : s->server == NULL ? server_column(s, rows, n, varies, done, &rare)
				: client_column(s, rows, n, varies, done);
	if (col == ntoken) {
		if (ntoken > 1 || !rows[0].tail || !varies[0])	/* any byte, then anything, says nothing */
			add_template(s, rows, n, varies, at);
		return;
	}
	done[col] = true;
	next.done = done;
	next.depth++;
	qsort_r(rows, n, sizeof *rows, row_cmp, &col);
	rest = pool_array(s->pool, n, sizeof *rest);
	for (uint32_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && rows[i + 1].value[col] == rows[i].value[col])
			continue;
		if (i + 1 - from >= rare) {
			split(s, rows + from, i + 1 - from, &next);
		} else {
			memcpy(rest + kept, rows + from, (i + 1 - from) * sizeof *rows);
			kept += i + 1 - from;
		}
		from = i + 1;
	}
	if (kept == 0)
		return;
	if (next.nbesides < TEMPLATE_BESIDES)
		next.besides[next.nbesides++] = frequent_values(s, rows, n, col, rare);
	split(s, rest, kept, &next);
}

/* Rows of one shape: same number and kinds of tokens; of servers also one kind of reply. */
struct shaped {
	struct row row;
	uint32_t shape, kind;
};

static int
shaped_cmp(const void *a, const void *b)
{
	const struct shaped *x = a, *y = b;

	return x->shape != y->shape ? (x->shape > y->shape) - (x->shape < y->shape)
	    : x->kind != y->kind    ? (x->kind > y->kind) - (x->kind < y->kind)
				    : (x->row.unit > y->row.unit) - (x->row.unit < y->row.unit);
}

static void
split_shapes(struct splitter *s, struct shaped *all, uint32_t n)
{
	struct row *rows = pool_array(s->pool, n, sizeof *rows);

	qsort(all, n, sizeof *all, shaped_cmp);
	for (uint32_t i = 0; i < n; i++)
		rows[i] = all[i].row;
	for (uint32_t i = 0, from = 0; i < n; i++) {
		struct branch whole = { 0 };
		bool *done;

		if (i + 1 < n && all[i + 1].shape == all[i].shape && all[i + 1].kind == all[i].kind)
			continue;
		done = pool_array(s->pool, rows[from].ntoken + 1, sizeof *done);
		for (uint32_t j = 0; j < rows[from].ntoken && rows[from].tail; j++)	/* LEVEL_LINE tells them apart */
			done[j] = is_general(s->level, &rows[from].token[j]);
		whole.done = done;
		split(s, rows + from, i + 1 - from, &whole);
		from = i + 1;
	}
}

static void
splitter_init(struct splitter *s, struct templates *out, struct pool *pool,
    const struct exchanges *x, const struct templates *server, uint32_t nvalues)
{
	*out = (struct templates){ .pool = pool };
	for (unsigned l = 0; l < LEVELS; l++) {
		out->of[l] = pool_array(pool, x->nunit, sizeof **out->of);
		memset(out->of[l], 0xff, x->nunit * sizeof **out->of);
	}
	*s = (struct splitter){ .pool = pool, .x = x, .server = server, .out = out };
	s->stamp = pool_array(pool, nvalues, sizeof *s->stamp);
	s->count = pool_array(pool, nvalues, sizeof *s->count);
	s->other = pool_array(pool, nvalues, sizeof *s->other);
	s->pairs = pool_array(pool, x->n + 1, sizeof *s->pairs);
}

void
templates_of_server(struct templates *out, struct pool *pool, const struct exchanges *x)
{
	struct shaped *all = pool_array(pool, x->nunit, sizeof *all);
	struct splitter s;
	uint32_t n = 0;

	splitter_init(&s, out, pool, x, NULL, x->values.n);
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t u = x->exchange[i].server;
		const struct unit *unit;

		if (u == NO_UNIT)
			continue;
		unit = &x->unit[u];
		all[n++] = (struct shaped){ { u, unit->token, unit->value, unit->ntoken, false },
			unit->shape, x->exchange[i].kind };
	}
	if (n > 0)
		split_shapes(&s, all, n);
}

void
templates_of_client(struct templates *out, struct pool *pool, const struct exchanges *x,
    const struct templates *server)
{
	struct shaped *all = pool_array(pool, x->n, sizeof *all);
	struct intern values = x->values, shapes;
	struct splitter s;

	intern_init(&shapes, pool);
	splitter_init(&s, out, pool, x, server, x->values.n + 8 * x->n + 1);
	for (unsigned level = 0; level < LEVELS; level++) {
		uint32_t n = 0;

		s.level = (uint8_t)level;
		for (uint32_t i = 0; i < x->n; i++) {
			uint32_t u = x->exchange[i].client;

			if (u == NO_UNIT ||
			    !row_of(&all[n].row, (enum level)level, &x->client_lexer, pool,
				&x->unit[u], &values))
				continue;
			all[n].row.unit = u;
			all[n].kind = 0;
			all[n].shape = row_shape(&shapes, pool, (enum level)level, &all[n].row);
			n++;
		}
		if (n > 0)
			split_shapes(&s, all, n);
	}
}
