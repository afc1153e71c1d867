#include "learning/scriptgen/region.h"

#include "learning/scriptgen/guide.h"
#include "tests/cases.h"
#include "tests/negotiate.h"
#include "tests/pooled.h"

static void
align_all(struct alignment *to, struct pool *pool, const struct span *m, uint32_t n, uint32_t *row)
{
	double *d = pool_array(pool, n * n, sizeof *d);
	struct alignment *of = pool_array(pool, n, sizeof *of);
	uint32_t *root = pool_array(pool, n, sizeof *root), **rows = pool_array(pool, n, sizeof *rows);
	struct guide g;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < n; k++)
			d[i * n + k] = align_distance(m[i], m[k]);
		align_one(&of[i], pool, m[i]);
		rows[i] = pool_copy(pool, &i, sizeof i);
		root[i] = i;
	}
	guide_build(&g, pool, d, n);
	for (uint32_t s = 0; s + 1 < n; s++) {
		uint32_t a = root[g.step[s].a], b = root[g.step[s].b];
		uint32_t na = of[a].rows, nb = of[b].rows;
		struct alignment both;

		align_join(&both, pool, &of[a], &of[b]);
		of[a] = both;
		rows[a] = pool_grow(pool, rows[a], na, na + nb, sizeof **rows);
		memcpy(rows[a] + na, rows[b], nb * sizeof **rows);
		for (uint32_t i = 0; i < n; i++)
			root[i] = root[i] == b ? a : root[i];
	}
	*to = of[root[0]];
	memcpy(row, rows[root[0]], n * sizeof *row);
}

/* Is the byte at an offset of a message in a fixed region? */
static bool
is_fixed(const struct alignment *a, const struct regions *r, uint32_t row, uint32_t offset)
{
	uint32_t c = 0;

	for (uint32_t n = 0; c < a->columns; c++)
		if (align_cell(a, row, c) != ALIGN_NONE && n++ == offset)
			break;
	for (uint32_t i = 0; i < r->n; i++)
		if (c >= r->region[i].first && c <= r->region[i].last)
			return r->region[i].kind == REGION_FIXED;
	cr_assert_fail("column %u is in no region", c);
	return false;
}

/*
 * SG05, the verdicts on an SMB Negotiate request. A field is fixed (it discriminates) where all of its
 * bytes are. WordCount is left out: it is always 0, and the paper's "mutating" is most likely noise
 * of its alignment.
 */
static const struct {
	const char *field;
	uint32_t from, n;
	bool fixed;
} fields[] = {
	{ "NBSS message type", 0, 1, true }, { "NBSS flags", 1, 1, true }, { "NBSS length", 2, 2, false },
	{ "server component", 4, 4, true }, { "command", 8, 1, true }, { "NT status", 9, 4, true },
	{ "Flags", 13, 1, true }, { "Flags2", NEGOTIATE_FLAGS2, 2, false },
	{ "signature and reserved", 18, 10, true }, { "Process ID", NEGOTIATE_PID, 2, false },
	{ "User ID", NEGOTIATE_UID, 2, false }, { "Multiplex ID", NEGOTIATE_MID, 2, false },
	{ "ByteCount", 37, 2, false }, { "dialect list", 39, 140, false },
};

POOLED(region, the_published_verdicts_on_an_smb_negotiate_request)
{
	enum { N = 42 };

	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct pool_mark mark = pool_mark(pool);
		struct region_params p = region_params();
		struct alignment a;
		struct regions r;
		struct span m[N];
		uint32_t row[N], state = seed, longest = 0;

		for (uint32_t i = 0; i < N; i++)
			m[i] = negotiate_request(pool, &state, i % 7 == 0 ? 2 : i % 3 == 0);
		align_all(&a, pool, m, N, row);
		regions_find(&r, pool, &a, &p);
		while (m[row[longest]].n != 179)
			longest++;
		for (size_t f = 0; f < ARRAY_LEN(fields); f++) {
			bool fixed = true;

			for (uint32_t i = 0; i < fields[f].n; i++)
				fixed &= is_fixed(&a, &r, longest, fields[f].from + i);
			cr_expect_eq(fixed, fields[f].fixed, "seed %u: %s", seed, fields[f].field);
		}
		pool_release(pool, &mark);
	}
}

static void
rows_of(struct alignment *a, struct pool *pool, const char *const *say, uint32_t n)
{
	*a = (struct alignment){ n, (uint32_t)strlen(say[0]), pool_array(pool, n * strlen(say[0]),
		sizeof *a->cell) };
	for (uint32_t r = 0; r < n; r++)
		for (uint32_t c = 0; c < a->columns; c++)
			a->cell[r * a->columns + c] = say[r][c] == '-' ? ALIGN_NONE : (uint8_t)say[r][c];
}

POOLED(region, columns_that_behave_alike_are_one)
{
	const char *const say[] = { "PING01a", "PING02b", "PING03a", "PING04c" };
	struct region_params p = region_params();
	struct alignment a;
	struct regions r;

	rows_of(&a, pool, say, 4);
	regions_find(&r, pool, &a, &p);
	cr_assert_eq(r.n, 3);
	cr_assert(r.region[0].first == 0 && r.region[0].last == 4 && r.region[0].kind == REGION_FIXED);
	cr_assert_float_eq(r.region[1].mutation, 1, 1e-9);
	cr_assert_float_eq(r.region[2].mutation, 0.75, 1e-9);
	cr_assert_float_eq(r.region[1].entropy, 2, 1e-9);
	cr_assert_float_eq(r.region[2].similarity, 1 / 6.0, 1e-9);
	cr_assert_eq(r.region[1].kind, REGION_NUMERIC);
	p.mutation = 0.25;
	regions_find(&r, pool, &a, &p);
	cr_assert_eq(r.n, 2, "with a wider tolerance the last two columns are one region");
}

static const struct {
	const char *what;
	const char *say[6];
	uint32_t region;
	uint8_t kind;
} kinds[] = {
	{ "a decimal length", { "3abc--", "4abcd-", "5abcde", "3xyz--", "4wxyz-", "5vwxyz" }, 0, REGION_LENGTH },
	{ "few values", { "aX", "aY", "aX", "aY", "aX", "aX" }, 1, REGION_ENUM },
	{ "digits", { "a1", "a2", "a3", "a4", "a5", "a6" }, 1, REGION_NUMERIC },
	{ "no value twice", { "a~!", "abc", "axy", "a;!", "aQQ", "a  " }, 1, REGION_RANDOM },
};

static int
check_kind(struct pool *pool, void *ctx)
{
	size_t i = *(size_t *)ctx;
	struct region_params p = region_params();
	struct alignment a;
	struct regions r;

	rows_of(&a, pool, kinds[i].say, 6);
	regions_find(&r, pool, &a, &p);
	cr_assert_lt(kinds[i].region, r.n);
	cr_expect_str_eq(region_names[r.region[kinds[i].region].kind], region_names[kinds[i].kind], "%s",
	    kinds[i].what);
	return 0;
}

EACH_CASE(region, kinds_follow_the_values, kinds)
{
	struct pool memory;

	pool_init(&memory, 0);
	cr_assert_eq(pool_run(&memory, check_kind, i), 0);
	pool_fini(&memory);
}
