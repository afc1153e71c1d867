#include <stdio.h>

#include "learning/embed.h"
#include "tests/cases.h"
#include "tests/pooled.h"

static struct embedding
embed_all(struct pool *pool, const struct embed_params *p, const struct span *m, uint32_t n)
{
	struct embed_count c;
	struct embedding e;

	embed_count(&c, pool, p, m, n);
	embed_index(&e, pool, &c, 1, n);
	return e;
}

static bool
has(const struct embedding *e, uint32_t message, const char *feature)
{
	for (uint64_t k = e->x.first[message]; k < e->x.first[message + 1]; k++) {
		if (span_eq(e->feature[e->x.row[k]], span_str(feature)))
			return true;
	}
	return false;
}

POOLED(embed, tokens_split_at_runs_of_separators)
{
	struct span m[] = { span_str("  GET /a/b?x=1  GET\r\n"), span_str("\r\n"), span_str("GET b") };
	struct embed_params p = embed_params(EMBED_SEPARATORS, 1);
	struct embedding e = embed_all(pool, &p, m, ARRAY_LEN(m));

	cr_expect_eq(e.x.rows, 5);	/* GET a b x 1 */
	cr_expect_eq(sparse_count(&e.x, 0), 5, "presence, not counts");
	cr_expect_eq(sparse_count(&e.x, 1), 0);
	cr_expect(has(&e, 2, "GET") && has(&e, 2, "b") && sparse_count(&e.x, 2) == 2);
	cr_expect(span_eq(e.feature[0], span_str("GET")), "order first seen");
	cr_expect_eq(e.messages[0], 2);
}

POOLED(embed, neighbouring_tokens_are_joined_by_one_blank)
{
	struct span m[] = { span_str("a \t b  c"), span_str("a"), span_str("b c a b") };
	struct embed_params p = embed_params(EMBED_WHITESPACE, 2);
	struct embedding e = embed_all(pool, &p, m, ARRAY_LEN(m));

	cr_expect_eq(e.x.rows, 3);	/* "a b" "b c" "c a" */
	cr_expect(has(&e, 0, "a b") && has(&e, 0, "b c") && !has(&e, 0, "c a"));
	cr_expect(has(&e, 2, "a b") && has(&e, 2, "b c") && has(&e, 2, "c a"));
	cr_expect_eq(sparse_count(&e.x, 1), 0, "too short for a pair");
}

POOLED(embed, byte_ngrams_overlap)
{
	struct span m[] = { span_of("\0\1\0\1", 4), span_of("\1", 1), span_of("\1\0", 2) };
	struct embed_params p = embed_params(NULL, 2);
	struct embedding e = embed_all(pool, &p, m, ARRAY_LEN(m));

	cr_expect_eq(e.x.rows, 2);
	cr_expect(span_eq(e.feature[0], span_of("\0\1", 2)));
	cr_expect(span_eq(e.feature[1], span_of("\1\0", 2)));
	cr_expect_eq(sparse_count(&e.x, 0), 2);
	cr_expect_eq(sparse_count(&e.x, 1), 0);
	cr_expect_eq(e.x.row[e.x.first[2]], 1);
}

POOLED(embed, only_survivors_are_indexed)
{
	struct span m[] = { span_str("all x0 rare"), span_str("all x0 half"), span_str("all half"),
		span_str("all") };
	struct embed_params p = embed_params(EMBED_WHITESPACE, 1);
	struct embed_count c;
	struct embedding e;
	struct sparse one;
	uint32_t *of;

	embed_count(&c, pool, &p, m, ARRAY_LEN(m));
	of = embed_histogram(pool, &c);
	cr_expect(of[0] == 0 && of[1] == 1 && of[2] == 2 && of[3] == 0 && of[4] == 1);
	embed_index(&e, pool, &c, 2, 3);
	cr_expect_eq(e.x.rows, 2);
	cr_expect(has(&e, 0, "x0") && has(&e, 2, "half") && !has(&e, 0, "all"));
	one = embed_message(pool, &c, &e, span_str("rare new half"));
	cr_expect_eq(sparse_count(&one, 0), 1);
	cr_expect(span_eq(e.feature[one.row[0]], span_str("half")));
}

/* 100,000 features: the table grows and no feature is lost or counted twice. */
POOLED(embed, growth_keeps_every_feature)
{
	enum { N = 50000 };
	struct span *m = pool_array(pool, N, sizeof *m);
	struct embed_params p = embed_params(EMBED_WHITESPACE, 1);
	struct embed_count c;
	struct embedding e;

	for (int i = 0; i < N; i++) {
		char *text = pool_alloc(pool, 48);

		m[i] = span_of(text, snprintf(text, 48, "a%d b%d c%d", i, i, i % 7));
	}
	embed_count(&c, pool, &p, m, N);
	cr_expect_eq(c.nfeatures, 2 * N + 7);
	embed_index(&e, pool, &c, 2, N);
	cr_expect_eq(e.x.rows, 7);
	cr_expect_eq(e.x.first[N], N);
}

static const struct {
	const char *what;
	struct span bytes;
	bool text;
} kinds[] = {
	{ "a line of FTP", { (const uint8_t *)"220 ready\r\n", 11 }, true },
	{ "UTF-8", { (const uint8_t *)"gr\xc3\xbc\xc3\x9f", 6 }, true },
	{ "a DNS header", { (const uint8_t *)"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www", 16 }, false },
	{ "nothing at all", { NULL, 0 }, false },
};

EACH_CASE(embed, text_or_binary, kinds)
{
	cr_expect_eq(embed_is_text(&kinds[*i].bytes, 1), kinds[*i].text, "%s", kinds[*i].what);
}
