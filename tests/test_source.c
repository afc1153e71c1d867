#include "learning/source.h"
#include "learning/rules.h"
#include "tests/cases.h"
#include "tests/learned.h"
#include "tests/pooled.h"

enum { N = 40 };

/* A login each: USER name, then NOOP, then two MKD of two words. */
static struct learned *
logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned k = 0; k < N; k++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n", k), "<331 go on\r\n",
		    ">NOOP\r\n", "<200 fine\r\n", handmade_line(&h, ">MKD a%u b%u\r\n", k, k + 500),
		    "<257 made\r\n", handmade_line(&h, ">MKD c%u d%u\r\n", k, k + 500),
		    "<257 made\r\n", NULL);
	return learned_from(&h, false);
}

static uint32_t
client(const struct learned *l, const char *words)
{
	uint32_t t = template_named(l->rules.pool, &l->client, LEVEL_FULL, words);

	cr_assert_neq(t, NO_TEMPLATE, "%s is not in%s", words,
	    template_list(l->rules.pool, &l->client));
	return t;
}

/* The exchange whose client message is of a template: of the k-th conversation. */
static uint32_t
exchange_of(const struct learned *l, uint32_t template, uint32_t k)
{
	const struct exchanges *x = l->rules.x;

	for (uint32_t e = x->first[k]; e < x->first[k + 1]; e++)
		if (x->exchange[e].client != NO_UNIT &&
		    l->client.of[LEVEL_FULL][x->exchange[e].client] == template)
			return e;
	cr_assert_fail("conversation %u has none", k);
	return 0;
}

static void
expect_bytes(struct span s, const char *is)
{
	cr_expect(span_eq(s, span_str(is)), "%.*s, not %s", (int)s.n, s.p, is);
}

POOLED(source, a_templates_sources_are_its_fields_and_the_runs_between_them)
{
	const struct learned *l = logins(pool);
	uint32_t mkd = client(l, "MKD _ _;"), e = exchange_of(l, mkd, 3);
	struct source s[8];

	cr_assert_eq(sources_of(&l->rules, mkd, s, ARRAY_LEN(s)), 3);
	expect_bytes(source_bytes(&l->rules, &s[0], e), "a3");
	expect_bytes(source_bytes(&l->rules, &s[1], e), "b503");
	expect_bytes(source_bytes(&l->rules, &s[2], e), "a3 b503");
	cr_expect_eq(sources_of(&l->rules, mkd, s, 2), 2, "at most so many");
	cr_expect_eq(sources_of(&l->rules, client(l, "NOOP;"), s, ARRAY_LEN(s)), 0);
}

POOLED(source, the_subject_goes_from_the_first_field_to_the_last)
{
	const struct learned *l = logins(pool);
	uint32_t mkd = client(l, "MKD _ _;");
	struct source s;

	cr_assert(source_subject(&l->rules, mkd, &s));
	expect_bytes(source_bytes(&l->rules, &s, exchange_of(l, mkd, 7)), "a7 b507");
	cr_expect_not(source_subject(&l->rules, client(l, "NOOP;"), &s), "nothing varies");
}

POOLED(source, an_earlier_message_is_found_across_others_of_its_conversation_only)
{
	const struct learned *l = logins(pool);
	uint32_t user = client(l, "USER _;"), mkd = client(l, "MKD _ _;");
	struct source s = { .template = user, .first = 2, .last = 2, .earlier = true };

	expect_bytes(source_bytes(&l->rules, &s, exchange_of(l, mkd, 9)), "u9");
	cr_expect_null(source_bytes(&l->rules, &s, exchange_of(l, user, 9)).p,
	    "the message itself is not earlier, and other conversations are not this one");
}

POOLED(source, earlier_sources_are_each_found_once_and_none_is_of_the_message_itself)
{
	const struct learned *l = logins(pool);
	uint32_t user = client(l, "USER _;"), mkd = client(l, "MKD _ _;"), e[5];
	struct source s[8];

	for (uint32_t k = 0; k < ARRAY_LEN(e); k++)
		e[k] = exchange_of(l, mkd, k);
	cr_assert_eq(sources_earlier(&l->rules, REMEMBERED_WORDS, e, ARRAY_LEN(e), s, ARRAY_LEN(s)), 1);
	cr_expect_eq(s[0].template, user);
	cr_expect_eq(s[0].first, 2);
	cr_expect_eq(s[0].last, 2);
	cr_expect(s[0].earlier);
	for (uint32_t k = 0; k < ARRAY_LEN(e); k++)
		e[k]++;
	cr_expect_eq(sources_earlier(&l->rules, REMEMBERED_WORDS, e, ARRAY_LEN(e), s, ARRAY_LEN(s)), 1,
	    "the first MKD is none to the second");
	for (uint32_t k = 0; k < ARRAY_LEN(e); k++)
		e[k] = exchange_of(l, user, k);
	cr_expect_eq(sources_earlier(&l->rules, REMEMBERED_WORDS, e, ARRAY_LEN(e), s, ARRAY_LEN(s)), 0);
}

/* Before "get", what looks like an id, a flag, the same flag again, and a byte that is always the same. */
POOLED(source, bytes_of_earlier_messages_are_remembered_where_they_take_few_values)
{
	struct handmade h = handmade(pool, PROTO_TCP, 99);
	const struct learned *l;
	struct source s[8];
	uint32_t e[N];

	for (unsigned k = 0; k < N; k++) {
		uint8_t *hello = pool_copy(pool, "\1......\0..", 10);

		hello[2] = (uint8_t)(k * 7);
		hello[4] = (uint8_t)(k % 3);
		hello[5] = (uint8_t)(k % 3 + 9);
		hello[8] = (uint8_t)(k % 2);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(hello, 10));
		handmade_say(&h, SIDE_SERVER, span_str("\2"));
		handmade_say(&h, SIDE_CLIENT, span_str("\3get"));
		handmade_say(&h, SIDE_SERVER, span_str("\4got"));
	}
	l = learned_from(&h, true);
	for (unsigned k = 0; k < N; k++)
		e[k] = l->rules.x->first[k + 1] - 1;
	cr_assert_eq(sources_earlier(&l->rules, REMEMBERED_BYTES, e, N, s, ARRAY_LEN(s)), 2, "%u",
	    sources_earlier(&l->rules, REMEMBERED_BYTES, e, N, s, ARRAY_LEN(s)));
	cr_expect_eq(s[0].first, 4, "the flag, once");
	cr_expect_eq(s[1].first, 8);
	cr_expect_eq(sources_earlier(&l->rules, REMEMBERED_WORDS, e, N, s, ARRAY_LEN(s)), 0);
}
