#include "learning/lexer.h"
#include "tests/cases.h"
#include "tests/pooled.h"

/* Tokens as words: type in hex, "n" for a length, "[]" around a part, "." where one ends, "|" between messages. */
static const char *
shown(struct pool *pool, const struct token *t, uint32_t n)
{
	char *to = pool_alloc(pool, 1024);
	size_t at = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		const char *between = i > 0 ? " " : "";

		if (t[i].kind == TOKEN_TYPE)
			at += (size_t)sprintf(to + at, "%s%02x", between, t[i].bytes.p[0]);
		else if (t[i].kind == TOKEN_PART)
			at += (size_t)sprintf(to + at, "%s[%zu]", between, t[i].bytes.n);
		else
			at += (size_t)sprintf(to + at, "%s%s", between,
			    t[i].kind == TOKEN_LEN ? "n" : t[i].kind == TOKEN_END ? "." : "|");
	}
	return to;
}

/* A name, and the number asked for: 30 { 02 number, 04 name }. */
static struct span
record(struct pool *pool, unsigned number, const char *name)
{
	size_t n = strlen(name);
	uint8_t *m = pool_alloc(pool, n + 7);

	memcpy(m, "0\x05\x02\x01", 4);
	m[1] = (uint8_t)(n + 5);
	m[4] = (uint8_t)number;
	m[5] = 4;
	m[6] = (uint8_t)n;
	memcpy(m + 7, name, n);
	return span_of(m, n + 7);
}

static struct lexer
lexer_of_records(struct pool *pool)
{
	static const char *const names[] = { "a", "bob", "", "somebody", "\x02\x01x", "carol" };
	struct lexer l = { .binary = true };
	struct span m[48];

	for (unsigned i = 0; i < ARRAY_LEN(m); i++)
		m[i] = record(pool, i, names[i % ARRAY_LEN(names)]);
	parts_learn(&l.parts, m, ARRAY_LEN(m));
	return l;
}

static const struct {
	const char *what;
	bool from_server;
	struct span message;
	const char *tokens;
} splits[] = {
	{ "a record is a number and a name", false, { (const uint8_t *)"0\x06\x02\x01\x07\x04\x01z", 8 }, "30 n 02 [2] 04 [2]" },
	{ "names are no parts, though one of them looked so", false,
	    { (const uint8_t *)"0\x08\x02\x01\x07\x04\x03\x02\x01y", 10 }, "30 n 02 [2] 04 [4]" },
	{ "two records in one go are two messages of a server", true,
	    { (const uint8_t *)"0\x03\x02\x01\x07" "0\x03\x02\x01\x08", 10 }, "30 n 02 [2] | 30 n 02 [2]" },
	{ "where a record ends inside of another, there is a token", true,
	    { (const uint8_t *)"0\x08" "0\x03\x02\x01\x07\x02\x01\x08", 10 }, "30 n 30 n 02 [2] . 02 [2]" },
	{ "a long length stands behind its width", true,
	    { (const uint8_t *)"0\x81\x03\x02\x01\x07", 6 }, "30 81 n 02 [2]" },
};

/* EACH_CASE runs each in a process of its own, with a pool of its own. */
EACH_CASE(parts, tokens_follow_the_lengths, splits)
{
	struct lexer_context ctx = { .from_server = splits[*i].from_server };
	struct pool pool;
	struct token *t;
	uint32_t n;

	pool_init(&pool, 0);
	struct lexer l = lexer_of_records(&pool);
	cr_assert(l.parts.found);
	n = lexer_split(&l, &pool, splits[*i].message, &ctx, &t);
	cr_expect_str_eq(shown(&pool, t, n), splits[*i].tokens, "%s: %s", splits[*i].what, shown(&pool, t, n));
	pool_fini(&pool);
}

POOLED(parts, a_message_with_other_bytes_is_none)
{
	struct lexer l = lexer_of_records(pool);
	struct part *part;

	cr_expect_eq(parts_of(&l.parts, pool, span_str("0\x06\x02\x01\x07\x04\x02z"), &part), 0, "its name is cut off");
	cr_expect_eq(parts_of(&l.parts, pool, span_str("0\x03\x02\x01\x07!"), &part), 0, "a byte stands behind it");
	cr_expect_eq(parts_of(&l.parts, pool, span_str(""), &part), 0);
}

POOLED(parts, lines_of_text_are_none)
{
	(void)pool;
	struct span m[16];
	struct parts p;

	for (unsigned i = 0; i < ARRAY_LEN(m); i++)
		m[i] = span_str(i % 2 ? "USER bob\r\n" : "QUIT\r\n");
	parts_learn(&p, m, ARRAY_LEN(m));
	cr_expect(!p.found);
}

POOLED(parts, very_many_parts_are_none)
{
	struct lexer l = lexer_of_records(pool);
	uint8_t m[3 * 100];
	struct part *part;

	for (unsigned i = 0; i < 100; i++)
		memcpy(m + 3 * i, "\x02\x01x", 3);
	cr_expect_eq(parts_of(&l.parts, pool, span_of(m, 3 * 10), &part), 10);
	cr_expect_eq(parts_of(&l.parts, pool, span_of(m, sizeof m), &part), 0);
}
