#include "tests/cases.h"
#include "tests/learned.h"
#include "tests/pooled.h"

/* The rule of field k in the reply that begins with a word, to the client's full template. */
static const struct rule *
rule_of(const struct learned *l, const char *asked, const char *word, uint32_t k)
{
	struct pool *pool = l->rules.pool;

	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct answer *a = &l->rules.answer[i];

		if (a->client == l->client.n || l->client.t[a->client].level != LEVEL_FULL ||
		    strcmp(template_words(pool, &l->client.t[a->client]), asked) != 0 ||
		    !span_eq(l->server.t[a->server].token[0].bytes, span_str(word)))
			continue;
		cr_assert_lt(k, a->nfields, "%s has %u fields", word, a->nfields);
		return &a->rule[k];
	}
	cr_assert_fail("no answer %s to %s: client%s, server%s", word, asked,
	    template_list(pool, &l->client), template_list(pool, &l->server));
	return NULL;
}

/* One conversation each: a question and its answer. */
static void
ask(struct handmade *h, const char *question, const char *answer)
{
	handmade_talk(h, "<220 ready\r\n", question, answer, NULL);
}

enum { N = 40 };

/* No two alike, and no order in them. */
static unsigned
jumble(unsigned i)
{
	return (i * 2654435761u >> 8) % 90000 + 10000;
}

POOLED(rules, copy_repeats_what_the_client_said)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;

	for (unsigned i = 0; i < N; i++)
		ask(&h, handmade_line(&h, ">MKD d%u\r\n", jumble(i)),
		    handmade_line(&h, "<257 d%u created\r\n", jumble(i)));
	r = rule_of(learned_from(&h, false), "MKD _;", "257", 0);
	cr_expect_eq(r->kind, RULE_COPY);
	cr_expect_eq(r->from.first, 2);
	cr_expect_eq(r->from.last, 2);
	cr_expect_not(r->from.earlier);
}

POOLED(rules, copy_takes_the_last_message_of_another_template)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;
	struct learned *l;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n", jumble(i)),
		    "<331 go on\r\n", ">NOOP\r\n", "<200 fine\r\n",
		    handmade_line(&h, ">PASS p%u\r\n", jumble(i + N)),
		    handmade_line(&h, "<230 Welcome u%u here\r\n", jumble(i)), NULL);
	l = learned_from(&h, false);
	r = rule_of(l, "PASS _;", "230", 0);
	cr_expect_eq(r->kind, RULE_COPY);
	cr_expect(r->from.earlier);
	cr_expect_eq(r->from.template, template_named(pool, &l->client, LEVEL_FULL, "USER _;"));
}

POOLED(rules, nothing_comes_from_an_earlier_message_of_the_same_template)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;

	/* What RNTO named before is out of view once the next RNTO has filled the same slot. */
	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">RNTO a%u\r\n", jumble(i)),
		    "<350 go on\r\n", handmade_line(&h, ">RNTO b%u\r\n", jumble(i + N)),
		    handmade_line(&h, "<250 was a%u then\r\n", jumble(i)), NULL);
	r = rule_of(learned_from(&h, false), "RNTO _;", "250", 0);
	cr_expect_neq(r->kind, RULE_COPY);
	cr_expect_not(r->from.earlier);
}

POOLED(rules, copies_of_several_fields_keep_their_order)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (unsigned i = 0; i < N; i++)
		ask(&h, handmade_line(&h, ">SAY a%u b%u\r\n", jumble(i), jumble(i + N)),
		    handmade_line(&h, "<200 a%u b%u said\r\n", jumble(i), jumble(i + N)));
	l = learned_from(&h, false);
	cr_expect_eq(rule_of(l, "SAY _ _;", "200", 0)->from.first, 2);
	cr_expect_eq(rule_of(l, "SAY _ _;", "200", 1)->from.first, 4);
}

static const int steps[] = { 1, 3, -7, 4096 };

EACH_CASE(rules, seq_finds_its_increment, steps)
{
	struct pool pool;
	struct handmade h;
	const struct rule *r;

	pool_init(&pool, 0);
	h = handmade(&pool, PROTO_TCP, 21);
	for (unsigned k = 0; k < N; k++)
		ask(&h, handmade_line(&h, ">PING %u\r\n", jumble(k)),
		    handmade_line(&h, "<PONG %u\r\n", jumble(k) + (unsigned)steps[*i]));
	r = rule_of(learned_from(&h, false), "PING _;", "PONG", 0);
	cr_expect_eq(r->kind, RULE_SEQ);
	cr_expect_eq(r->delta, steps[*i]);
	pool_fini(&pool);
}

POOLED(rules, add_puts_constants_around_what_the_client_said)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;

	for (unsigned i = 0; i < N; i++)
		ask(&h, handmade_line(&h, ">CWD d%u\r\n", jumble(i)),
		    handmade_line(&h, "<250 /home/d%u/;ok changed\r\n", jumble(i)));
	r = rule_of(learned_from(&h, false), "CWD _;", "250", 0);
	cr_assert_eq(r->kind, RULE_ADD);
	cr_expect(span_eq(r->before, span_str("/home/")));
	cr_expect(span_eq(r->after, span_str("/;ok")));
}

POOLED(rules, the_front_of_an_add_may_follow_from_elsewhere)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;
	struct learned *l;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n", jumble(i)),
		    "<331 go on\r\n", handmade_line(&h, ">CWD d%u\r\n", jumble(i + N)),
		    handmade_line(&h, "<250 /home/u%u/d%u;ok now\r\n", jumble(i), jumble(i + N)), NULL);
	l = learned_from(&h, false);
	r = rule_of(l, "CWD _;", "250", 0);
	cr_assert_eq(r->kind, RULE_ADD);
	cr_expect_not(r->from.earlier);
	cr_expect(span_eq(r->after, span_str(";ok")));
	cr_assert_not_null(r->rest);
	cr_assert_eq(r->rest->kind, RULE_ADD);
	cr_expect(r->rest->from.earlier);
	cr_expect(span_eq(r->rest->before, span_str("/home/")));
	cr_expect(span_eq(r->rest->after, span_str("/")));
}

static const bool second[] = { false, true };

EACH_CASE(rules, part_is_what_stands_before_or_behind_a_separator, second)
{
	struct pool pool;
	struct handmade h;
	const struct rule *r;

	pool_init(&pool, 0);
	h = handmade(&pool, PROTO_TCP, 21);
	for (unsigned k = 0; k < N; k++)
		ask(&h, handmade_line(&h, ">LOGIN u%u+h%u\r\n", jumble(k), jumble(k + N)),
		    second[*i] ? handmade_line(&h, "<WELCOME h%u dear\r\n", jumble(k + N))
			       : handmade_line(&h, "<WELCOME u%u dear\r\n", jumble(k)));
	r = rule_of(learned_from(&h, false), "LOGIN _;", "WELCOME", 0);
	cr_assert_eq(r->kind, RULE_PART);
	cr_expect(span_eq(r->before, span_str("+")));
	cr_expect_eq(r->second, second[*i]);
	pool_fini(&pool);
}

POOLED(rules, map_remembers_which_value_went_with_which_name)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;

	for (unsigned i = 0; i < 60; i++)
		ask(&h, handmade_line(&h, ">SIZE f%u\r\n", jumble(i * 7 % 20)),
		    handmade_line(&h, "<213 %u bytes\r\n", jumble(i * 7 % 20 + 500) * 3));
	r = rule_of(learned_from(&h, false), "SIZE _;", "213", 0);
	cr_assert_eq(r->kind, RULE_MAP);
	cr_assert_eq(r->n, 20);
	for (uint32_t k = 0; k < r->n; k++) {
		bool found = false;

		cr_expect(k == 0 || span_cmp(r->pair[k - 1].key, r->pair[k].key) < 0, "sorted");
		for (unsigned i = 0; i < 20; i++)
			found |= span_eq(r->pair[k].key, span_str(handmade_line(&h, "f%u", jumble(i)))) &&
			    span_eq(r->pair[k].value,
				span_str(handmade_line(&h, "%u", jumble(i + 500) * 3)));
		cr_expect(found, "%.*s", (int)r->pair[k].key.n, r->pair[k].key.p);
	}
}

POOLED(rules, data_keeps_what_was_seen_by_how_often)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct rule *r;

	for (unsigned i = 0; i < 60; i++)	/* the same question every time: nothing to follow from */
		ask(&h, ">STAT\r\n", handmade_line(&h, "<211 load%u now\r\n",
		    i < 4 ? 5 : i < 7 ? 4 : 100 + i));
	r = rule_of(learned_from(&h, false), "STAT;", "211", 0);
	cr_assert_eq(r->kind, RULE_DATA);
	cr_expect_eq(r->n, 55);
	cr_expect(span_eq(r->choice[0].value, span_str("load5")));
	cr_expect_eq(r->choice[0].weight, 4);
	cr_expect(span_eq(r->choice[1].value, span_str("load4")));
	cr_expect_eq(r->choice[1].weight, 3);
	cr_expect_eq(r->choice[2].weight, 1);
}

static const struct {
	unsigned wrong;		/* of N */
	enum rule_kind kind;
} shares[] = {
	{ 0, RULE_COPY }, { 4, RULE_COPY },	/* nine in ten: a rule */
	{ 15, RULE_COPY },			/* most: better than a drawn value */
	{ 30, RULE_DATA },
};

EACH_CASE(rules, a_copy_is_what_most_samples_follow, shares)
{
	struct pool pool;
	struct handmade h;

	pool_init(&pool, 0);
	h = handmade(&pool, PROTO_TCP, 21);
	for (unsigned k = 0; k < N; k++)
		ask(&h, handmade_line(&h, ">MKD d%u\r\n", jumble(k)),
		    handmade_line(&h, "<257 d%u created\r\n",
			jumble(k * 7 % N < shares[*i].wrong ? k + N : k)));
	cr_expect_eq(rule_of(learned_from(&h, false), "MKD _;", "257", 0)->kind, shares[*i].kind,
	    "%u of %u wrong", shares[*i].wrong, N);
	pool_fini(&pool);
}

static const struct {
	const char *what, *prefix;
	unsigned samples;
} chances[] = {
	{ "numbers without relation are no sequence", "", N },
	{ "one pair of numbers is no sequence", "", 1 },
	{ "two pairs with two differences are none", "", 2 },
	{ "a letter that both begin with is no part", "x", N },
};

EACH_CASE(rules, are_not_learned_from_coincidence, chances)
{
	const char *x = chances[*i].prefix;
	struct pool pool;
	struct handmade h;
	struct learned *l;

	pool_init(&pool, 0);
	h = handmade(&pool, PROTO_TCP, 21);
	for (unsigned k = 0; k < chances[*i].samples; k++)
		ask(&h, handmade_line(&h, ">PING %s%u\r\n", x, jumble(k)),
		    handmade_line(&h, "<PONG %s%u now\r\n", x, jumble(k * 31 + 1000)));
	l = learned_from(&h, false);
	for (uint32_t k = 0; k < l->rules.n; k++)
		for (uint32_t f = 0; f < l->rules.answer[k].nfields; f++)
			cr_expect_geq(l->rules.answer[k].rule[f].kind, RULE_MAP, "%s: %s",
			    chances[*i].what, rule_names[l->rules.answer[k].rule[f].kind]);
	pool_fini(&pool);
}

POOLED(rules, what_everybody_said_is_still_a_copy)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct answer *a;
	struct learned *l;
	uint32_t client;

	for (unsigned i = 0; i < N; i++)	/* too rarely for a template of its own */
		ask(&h, i < 2 ? ">USER anonymous\r\n" : handmade_line(&h, ">USER u%u\r\n", jumble(i)),
		    i < 2 ? "<331 anonymous may enter\r\n" : "<530 no\r\n");
	l = learned_from(&h, false);
	client = template_named(pool, &l->client, LEVEL_FULL, "USER _;");
	cr_assert_neq(client, NO_TEMPLATE);
	a = rules_find(&l->rules, client, template_named(pool, &l->server, LEVEL_FULL,
	    "331 anonymous may enter;"));
	cr_assert_not_null(a);
	cr_assert_eq(a->nfields, 1);
	cr_expect_eq(a->rule[0].kind, RULE_COPY);
}

POOLED(rules, answers_are_found_by_both_their_templates)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (unsigned i = 0; i < N; i++)
		ask(&h, i % 3 ? ">STAT\r\n" : ">NOOP\r\n", i % 2 ? "<200 fine\r\n" : "<421 late now\r\n");
	l = learned_from(&h, false);
	cr_assert_geq(l->rules.n, 3);
	for (uint32_t i = 0; i < l->rules.n; i++)
		cr_expect_eq(rules_find(&l->rules, l->rules.answer[i].client, l->rules.answer[i].server),
		    &l->rules.answer[i]);
	cr_expect_null(rules_find(&l->rules, 0, l->server.n));
	cr_expect_not_null(rules_find(&l->rules, l->client.n,
	    template_named(pool, &l->server, LEVEL_FULL, "220 ready;")), "to the connection");
}

/* In most answers the client's second byte is not repeated, in one it is: that it varies is evidence enough. */
POOLED(rules, a_byte_of_several_values_is_copied_where_one_answer_shows_it)
{
	struct handmade h = handmade(pool, PROTO_TCP, 1883);
	const struct learned *l;
	unsigned seen = 0;

	for (unsigned i = 0; i < 4 * N; i++) {
		uint8_t *ask = pool_alloc(pool, 4), *say = pool_alloc(pool, 4);

		ask[0] = i % 4 == 0 ? 0xa2 : 0xc0;
		ask[1] = (uint8_t)(i * 37);
		say[0] = i % 4 == 0 ? 0xb0 : 0xd0;
		say[1] = say[2] = i % 4 == 0 ? 2 : 7;
		say[i % 4 == 0 ? 2 : 3] = i % 4 == 0 ? ask[1] : (uint8_t)(i * 101 + 5);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(ask, 4));
		handmade_say(&h, SIDE_SERVER, span_of(say, 4));
	}
	l = learned_from(&h, true);
	for (uint32_t i = 0; i < l->rules.n; i++) {
		const struct answer *a = &l->rules.answer[i];

		if (a->n != N || !a->is_field[2] || l->client.t[a->client].level != LEVEL_FULL)
			continue;
		seen++;
		cr_expect_eq(a->rule[0].kind, RULE_COPY);
		cr_expect_eq(a->rule[0].from.first, 1);
		cr_expect_null(memchr(a->is_field, true, 2), "constants stay");
	}
	cr_expect_gt(seen, 0);
}

POOLED(rules, closing_is_counted_per_answer)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct answer *a;
	struct learned *l;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", "<200 fine\r\n", ">QUIT\r\n",
		    "<221 bye\r\n", NULL)->end = i % 4 ? END_FIN_SERVER : END_FIN_CLIENT;
	l = learned_from(&h, false);
	a = rules_find(&l->rules, template_named(pool, &l->client, LEVEL_FULL, "QUIT;"),
	    template_named(pool, &l->server, LEVEL_FULL, "221 bye;"));
	cr_assert_not_null(a);
	cr_expect_eq(a->n, N);
	cr_expect_eq(a->closes, N * 3 / 4);
}

POOLED(rules, empty_datagrams_are_no_source_of_anything)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, ">", "<1", handmade_line(&h, ">b%u", jumble(i)),
		    handmade_line(&h, "<x%u", jumble(i + N)), ">", "<", NULL);
	cr_expect_gt(learned_from(&h, false)->rules.n, 0);
}
