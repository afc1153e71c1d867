#include "learning/row.h"
#include "tests/cases.h"
#include "tests/learned.h"
#include "tests/pooled.h"

/* A conversation of that one message, as exchanges. */
static struct exchanges *
message(struct pool *pool, const char *line)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct exchanges *x = pool_alloc(pool, sizeof *x);

	handmade_talk(&h, "<220 ready\r\n", ">HELP\r\n", "<214 no\r\n", line, "<200 fine\r\n", NULL);
	exchanges_make(x, pool, h.c, NULL, false);
	return x;
}

static const struct unit *
unit_of(const struct exchanges *x, const char *line)
{
	for (uint32_t k = 0; k < x->nunit; k++)
		if (span_eq(x->unit[k].bytes, span_str(line + 1)))
			return &x->unit[k];
	cr_assert_fail("no message %s", line);
	return NULL;
}

static const struct {
	const char *line;
	enum level level;
	const char *tokens;	/* with | between; NULL: no row */
	bool tail;
} rows[] = {
	{ ">CWD pub\r\n", LEVEL_FULL, "CWD| |pub|\r\n", false },
	{ ">CWD pub\r\n", LEVEL_LINE, NULL, false },
	{ ">CWD pub\r\n", LEVEL_WORD, "CWD| |pub|\r\n", false },
	{ ">CWD a b  c\r\n", LEVEL_FULL, "CWD| |a| |b|  |c|\r\n", false },
	{ ">CWD a b  c\r\n", LEVEL_WORD, "CWD| |a b  c|\r\n", false },
	{ ">CWD   pub\r\n", LEVEL_WORD, "CWD| |  pub|\r\n", false },
	{ ">CWD pub  \r\n", LEVEL_FULL, "CWD| |pub|  \r\n", false },
	{ ">CWD pub  \r\n", LEVEL_WORD, "CWD| |pub  |\r\n", false },
	{ ">QUIT\r\n", LEVEL_FULL, "QUIT|\r\n", false },
	{ ">QUIT\r\n", LEVEL_WORD, NULL, false },
	{ ">CWD pub", LEVEL_WORD, NULL, false },
};

static void
join(char *to, const struct row *r)
{
	for (uint32_t j = 0; j < r->ntoken; j++)
		to += sprintf(to, "%s%.*s", j > 0 ? "|" : "", (int)r->token[j].bytes.n,
		    r->token[j].bytes.p);
}

static int
row_case(struct pool *pool, void *ctx)
{
	size_t i = *(size_t *)ctx;
	struct exchanges *x = message(pool, rows[i].line);
	const struct unit *u = unit_of(x, rows[i].line);
	char tokens[256] = "";
	struct row r;
	bool has = row_of(&r, rows[i].level, &x->client_lexer, pool, u, &x->values);

	cr_assert_eq(has, rows[i].tokens != NULL, "%s on level %d", rows[i].line, rows[i].level);
	if (!has)
		return 0;
	join(tokens, &r);
	cr_expect_str_eq(tokens, rows[i].tokens);
	cr_expect_eq(r.tail, rows[i].tail);
	for (uint32_t j = 0; j < r.ntoken; j++) {
		cr_expect(span_eq(row_token(u, rows[i].level, j), r.token[j].bytes), "token %u", j);
		cr_expect(span_eq(x->values.value[r.value[j]], r.token[j].bytes), "value %u", j);
	}
	return 0;
}

EACH_CASE(row, a_level_sees_a_message_as_so_many_tokens, rows)
{
	struct pool pool;

	pool_init(&pool, 0);
	cr_expect_eq(pool_run(&pool, row_case, i), 0);
	pool_fini(&pool);
}

static uint32_t
shape_of(struct pool *pool, struct intern *shapes, enum level level, const char *line)
{
	struct exchanges *x = message(pool, line);
	struct row r;

	cr_assert(row_of(&r, level, &x->client_lexer, pool, unit_of(x, line), &x->values));
	return row_shape(shapes, pool, level, &r);
}

POOLED(row, rows_of_one_shape_differ_in_their_words_only)
{
	struct intern shapes;
	uint32_t cwd;

	intern_init(&shapes, pool);
	cwd = shape_of(pool, &shapes, LEVEL_FULL, ">CWD pub\r\n");
	cr_expect_eq(shape_of(pool, &shapes, LEVEL_FULL, ">DELE it\r\n"), cwd);
	cr_expect_eq(shape_of(pool, &shapes, LEVEL_FULL, ">CWD  pub\r\n"), cwd,
	    "a separator is a token like another");
	cr_expect_neq(shape_of(pool, &shapes, LEVEL_FULL, ">CWD pub x\r\n"), cwd);
}

POOLED(row, by_words_the_line_end_and_the_separator_count)
{
	struct intern shapes;
	uint32_t cwd;

	intern_init(&shapes, pool);
	cwd = shape_of(pool, &shapes, LEVEL_WORD, ">CWD pub\r\n");
	cr_expect_eq(shape_of(pool, &shapes, LEVEL_WORD, ">CWD a b c\r\n"), cwd);
	cr_expect_neq(shape_of(pool, &shapes, LEVEL_WORD, ">CWD pub\n"), cwd);
	cr_expect_neq(shape_of(pool, &shapes, LEVEL_WORD, ">CWD\tpub\r\n"), cwd);
}
