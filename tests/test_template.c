#include "tests/learned.h"
#include "tests/pooled.h"

static bool
has(const struct learned *l, struct pool *pool, bool server, enum level level, const char *words)
{
	return template_named(pool, server ? &l->server : &l->client, level, words) != NO_TEMPLATE;
}

#define EXPECT_HAS(l, of_server, level, words)                                                   \
	cr_expect(has(l, pool, of_server, level, words), "%s is not in%s", words,                     \
	    template_list(pool, (of_server) ? &(l)->server : &(l)->client))

/* 30 logins with names that never repeat. */
static struct handmade
logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (int i = 0; i < 30; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER bob%d\r\n", i * 37),
		    handmade_line(&h, "<331 Password for bob%d\r\n", i * 37),
		    handmade_line(&h, ">CWD dir%d  now\r\nmore\r\n", i * 11), "<250 fine\r\n", NULL);
	return h;
}

POOLED(template, a_position_is_fixed_where_all_agree_and_a_field_where_they_do_not)
{
	struct handmade h = logins(pool);
	struct learned *l = learned_from(&h, false);

	EXPECT_HAS(l, true, LEVEL_FULL, "220 ready;");
	EXPECT_HAS(l, true, LEVEL_FULL, "331 Password for _;");
	EXPECT_HAS(l, false, LEVEL_FULL, "USER _;");
	for (uint32_t i = 0; i < l->client.n; i++)
		cr_expect_eq(l->client.t[i].support, 30);
}

POOLED(template, client_templates_come_in_levels_from_the_message_to_its_first_word)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);
	struct learned *l;

	for (int i = 0; i < 20; i++)
		handmade_talk(&h, handmade_line(&h, ">GET /%d HTTP/1.1\r\nHost: h%d\r\n\r\n", i, i * 3),
		    "<HTTP/1.1 200 OK\r\n\r\n", NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, false, LEVEL_FULL, "GET _ HTTP/1.1;Host: _;;");
	EXPECT_HAS(l, false, LEVEL_LINE, "GET _ HTTP/1.1;...");
	EXPECT_HAS(l, false, LEVEL_WORD, "GET _;...");
	for (uint32_t i = 1; i < l->client.n; i++)
		cr_expect_geq(l->client.t[i].level, l->client.t[i - 1].level, "most specific first");
}

/* The rest of the line stands for any other: two templates of one look would tell nothing. */
POOLED(template, the_first_word_is_not_divided_by_what_stands_behind_it)
{
	struct handmade h = handmade(pool, PROTO_TCP, 80);
	uint32_t words = 0;
	struct learned *l;

	for (int i = 0; i < 60; i++)
		handmade_talk(&h, handmade_line(&h, ">GET %s\r\nHost: h%d\r\n\r\n", i % 2 ? "a b" : "b", i * 3),
		    i % 2 ? "<200 OK\r\n\r\n" : "<404 None\r\n\r\n", NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, false, LEVEL_LINE, "GET a b;...");
	EXPECT_HAS(l, false, LEVEL_LINE, "GET b;...");
	for (uint32_t i = 0; i < l->client.n; i++)
		words += l->client.t[i].level == LEVEL_WORD;
	cr_expect_eq(words, 1);
}

POOLED(template, token_bytes_of_every_level_lie_in_the_message)
{
	static const struct {
		enum level level;
		uint32_t j;
		const char *bytes;
	} want[] = {
		{ LEVEL_FULL, 4, "now" }, { LEVEL_FULL, 3, "  " }, { LEVEL_LINE, 2, "dir0" },
		{ LEVEL_WORD, 0, "CWD" }, { LEVEL_WORD, 1, " " }, { LEVEL_WORD, 2, "dir0  now \t" },
		{ LEVEL_WORD, 3, "\r\n" }, { LEVEL_LINE, 5, " \t\r\n" },
	};
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	const struct unit *u;
	struct exchanges x;

	handmade_talk(&h, ">CWD dir0  now \t\r\n\r\nmore", "<250 fine\r\n", NULL);
	exchanges_make(&x, pool, h.c, NULL, false);
	u = &x.unit[x.exchange[1].client];
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct span b = row_token(u, want[i].level, want[i].j);

		cr_expect(span_eq(b, span_str(want[i].bytes)), "level %u token %u: \"%.*s\"",
		    want[i].level, want[i].j, (int)b.n, b.p);
		cr_expect(b.p >= u->bytes.p && b.p + b.n <= u->bytes.p + u->bytes.n);
	}
}

POOLED(template, every_message_has_its_full_template_and_membership_is_mutual)
{
	struct handmade h = logins(pool);
	struct learned *l = learned_from(&h, false);

	for (uint32_t i = 0; i < l->x.n; i++) {
		uint32_t u = l->x.exchange[i].client;

		cr_expect(u == NO_UNIT || l->client.of[LEVEL_FULL][u] < l->client.n);
	}
	for (uint32_t t = 0; t < l->client.n; t++)
		for (uint32_t k = 0; k < l->client.t[t].support; k++)
			cr_expect_eq(l->client.of[l->client.t[t].level][l->client.t[t].member[k]], t);
}

POOLED(template, a_reply_code_divides_what_else_looks_alike)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (int i = 0; i < 40; i++)
		handmade_talk(&h, "<220 ready now\r\n", handmade_line(&h, ">RETR f%d\r\n", i * 7),
		    i % 2 ? "<150 opening it\r\n" : "<550 no such\r\n", NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, true, LEVEL_FULL, "150 opening it;");
	EXPECT_HAS(l, true, LEVEL_FULL, "550 no such;");
	EXPECT_HAS(l, false, LEVEL_FULL, "RETR _;");
}

POOLED(template, what_the_client_said_himself_divides_no_reply)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (int i = 0; i < 60; i++)	/* three names, often: few values, but echoes */
		handmade_talk(&h, "<220 ready\r\n",
		    handmade_line(&h, ">USER %s\r\n", (const char *[]){ "anna", "bertha", "carl" }[i % 3]),
		    handmade_line(&h, "<331 Password for %s please\r\n",
			(const char *[]){ "anna", "bertha", "carl" }[i % 3]), NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, true, LEVEL_FULL, "331 Password for _ please;");
}

POOLED(template, a_word_that_tells_the_replies_apart_divides_the_client)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (int i = 0; i < 60; i++)	/* in turns, as a script would */
		handmade_talk(&h, "<220 ready\r\n", i % 2 ? ">TYPE A\r\n" : ">TYPE I\r\n",
		    i % 2 ? "<200 ASCII it is\r\n" : "<200 Switching to binary\r\n", NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, false, LEVEL_FULL, "TYPE A;");
	EXPECT_HAS(l, false, LEVEL_FULL, "TYPE I;");
}

POOLED(template, a_word_that_tells_nothing_does_not_divide_the_client)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (int i = 0; i < 60; i++)	/* modes and replies without any relation */
		handmade_talk(&h, "<220 ready\r\n", i % 2 ? ">MODE S\r\n" : ">MODE B\r\n",
		    i / 2 % 2 ? "<200 fine then\r\n" : "<504 not so\r\n", NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, false, LEVEL_FULL, "MODE _;");
}

POOLED(template, binary_messages_have_one_level_for_all_behind_their_run)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct learned *l;
	uint32_t lines = 0;

	for (unsigned i = 0; i < 40; i++) {
		uint8_t *b = pool_alloc(pool, 64);
		size_t n = 3 + i % 9, rest = i % 4 ? 0 : 6;

		b[0] = (uint8_t)(i * 41);
		b[1] = 1;
		memset(b + 2, 'a' + i % 20, n);
		b[2 + n + 2] = 1;
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(b, 2 + n + 3 + rest));
		handmade_say(&h, SIDE_SERVER, span_of(b, 2 + n + 3));
	}
	l = learned_from(&h, true);
	cr_assert(l->x.client_lexer.has_run);
	for (uint32_t i = 0; i < l->client.n; i++) {
		if (l->client.t[i].level == LEVEL_WORD)
			cr_expect_eq(l->client.t[i].ntoken, 1, "the first byte alone");
		if (l->client.t[i].level == LEVEL_LINE) {
			lines++;
			cr_expect(l->client.t[i].tail);
			cr_expect_eq(l->client.t[i].support, 40);
		}
	}
	cr_expect_eq(lines, 1, "never divided");
}

/* Values too rare for a template of their own share one, which says whose it is not. */
POOLED(template, of_rare_values_is_besides_the_frequent_ones)
{
	struct handmade h = handmade(pool, PROTO_TCP, 161);
	struct learned *l;
	bool found = false;

	for (unsigned i = 0; i < 90; i++) {
		uint8_t *m = pool_alloc(pool, 3);

		m[0] = 0x30;
		m[1] = i % 3 == 0 ? 'p' : i % 3 == 1 ? 'q' : (uint8_t)(0x80 + i);
		m[2] = (uint8_t)(i * 37);
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(m, 3));
		handmade_say(&h, SIDE_SERVER, span_of(i % 3 == 0 ? "\1\2" : i % 3 == 1 ? "\2\2" : "\3\2", 2));
	}
	l = learned_from(&h, true);
	for (uint32_t i = 0; i < l->client.n; i++) {
		const struct template *t = &l->client.t[i];

		if (t->level != LEVEL_FULL || !t->is_field[1]) {
			cr_expect_eq(t->nbesides, 0);
			continue;
		}
		found = true;
		cr_assert_eq(t->nbesides, 1);
		cr_expect_eq(t->besides[0].token, 1);
		cr_assert_eq(t->besides[0].n, 2);
		cr_expect(span_eq(t->besides[0].value[0], span_str("p")));
		cr_expect(span_eq(t->besides[0].value[1], span_str("q")));
	}
	cr_expect(found);
}

/* Numbers and words that take too many values to be told from each other one by one. */
POOLED(template, replies_of_different_kinds_are_different_templates)
{
	struct handmade h = handmade(pool, PROTO_TCP, 6379);
	struct learned *l;

	for (int i = 0; i < 60; i++)
		handmade_talk(&h, handmade_line(&h, ">GET key%d\r\n", i),
		    i % 3 == 0 ? handmade_line(&h, "<:%d\r\n", i * 7 + 1)
		    : i % 3 == 1 ? handmade_line(&h, "<$%d\r\n", i * 5 + 1) : "<+none\r\n", NULL);
	l = learned_from(&h, false);
	cr_expect_eq(l->server.n, 3u, "%s", template_list(pool, &l->server));
	EXPECT_HAS(l, true, LEVEL_FULL, "+none;");
}

/* The three things gain more bits than the two commands; taken first they would leave too little to tell those. */
POOLED(template, what_is_wanted_divides_before_what_it_is_wanted_of)
{
	static const char *const thing[] = { "box", "jar", "tin" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned *l;

	for (int i = 0; i < 45; i++)
		handmade_talk(&h, handmade_line(&h, i % 2 == 0 ? ">OPEN %s\r\n" : ">SHUT %s\r\n",
		    thing[i / 2 % 3]), handmade_line(&h, "<2%d%d\r\n", i % 2, i / 2 % 3), NULL);
	l = learned_from(&h, false);
	EXPECT_HAS(l, false, LEVEL_FULL, "OPEN box;");
	EXPECT_HAS(l, false, LEVEL_FULL, "SHUT tin;");
}

/* Two kinds of message with bodies of any length: the byte that tells them is in the first eight. */
POOLED(template, binary_messages_of_a_length_never_seen_have_the_template_of_their_head)
{
	struct handmade h = handmade(pool, PROTO_TCP, 1883);
	struct learned *l;
	unsigned heads = 0;

	for (int i = 0; i < 60; i++) {
		uint8_t *m = pool_alloc(pool, 64);
		size_t n = 10 + (size_t)i % 40;

		for (size_t j = 0; j < n; j++)
			m[j] = (uint8_t)(0x80 + (i * 31 + (int)j * 17) % 100);
		m[0] = i % 2 == 0 ? 0x10 : 0x82;
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_of(m, n));
		handmade_say(&h, SIDE_SERVER, i % 2 == 0 ? span_of("\x20\2\0\0", 4) : span_of("\x90\3\1\1\0", 5));
	}
	l = learned_from(&h, true);
	for (uint32_t i = 0; i < l->client.n; i++) {
		const struct template *t = &l->client.t[i];

		if (t->level != LEVEL_LINE)
			continue;
		heads++;
		cr_expect(t->tail && t->ntoken == 8 && !t->is_field[0], "%s",
		    template_words(pool, t));
	}
	cr_expect_eq(heads, 2u);
}
