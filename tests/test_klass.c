#include "learning/klass.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

enum { LINES = 10, ROUNDS = 5 };

/* What clients ask and servers answer, each conversation one round of all; then what is of one class. */
static const struct {
	const char *what, *talk[2 * LINES];
	struct {
		const char *asked, *said, *asked2, *said2;
		bool same;
	} check[6];
} kinds[] = {
	{ "a number of one width in front is the code",
	    { "HI 1", "220 ready", "USER a", "331 go on", "USER b", "530-no\r\n530 end", "QUIT", "221 bye" },
	    { { "X", "220 ready", "X", "220-other words\r\n220 end", true },
		{ "X", "530 no", "X", "530", true },
		{ "X", "530 no", "X", "531 no", false },
		{ "X", "530 no", "X", "5300 no", false } } },
	{ "behind a protocol's name it is the status",
	    { "GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET /x HTTP/1.1", "HTTP/1.1 404 Not Found",
		"GET /y HTTP/1.1", "HTTP/1.1 301 Moved" },
	    { { "GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET /", "HTTP/1.0 200 Fine", true },
		{ "GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET /", "HTTP/1.1 404 OK", false } } },
	{ "a sign belongs to its word",
	    { "USER a", "+OK ready", "PASS b", "-ERR no" },
	    { { "X", "+OK", "X", "+OK 3 messages", true }, { "X", "+OK", "X", "-ERR", false } } },
	{ "before digits a sign is the type",
	    { "INCR a", ":1", "INCR a", ":787", "GET a", "$15\r\nxx", "GET b", "$-1", "KEYS", "*3\r\n", "SET",
		"+OK", "FOO", "-ERR no", "EXEC", "+QUEUED" },
	    { { "X", ":787", "X", ":2", true }, { "X", "$15", "X", "$4\r\nabcd", true },
		{ "X", "$15", "X", "$-1", false }, { "X", "$15", "X", "*3", false },
		{ "X", "+OK", "X", "+QUEUED", false } } },
	{ "a word goes on behind an underscore, a number of no width is any",
	    { "set", "STORED", "add", "NOT_STORED", "delete", "NOT_FOUND", "incr", "12", "incr", "5", "incr",
		"123", "incr", "7" },
	    { { "X", "NOT_STORED", "X", "NOT_FOUND", false }, { "X", "12", "X", "4567", true },
		{ "X", "12", "X", "STORED", false } } },
	{ "the client's tag is no code, and of several lines its line tells",
	    { "a1 LOGIN x", "a1 OK done", "b7 SEARCH", "* SEARCH 1 2\r\nb7 OK found", "c2 X", "c2 BAD no",
		"d4 SELECT x", "* 3 EXISTS\r\nd4 NO not here" },
	    { { "z1 SEARCH", "* SEARCH 3\r\nz1 OK x", "y9 LOGIN", "y9 OK hello", true },
		{ "z1 SEARCH", "* SEARCH 3\r\nz1 OK x", "z1 SEARCH", "z1 NO x", false },
		{ "z1 SEARCH", "z1 BAD x", "z1 SEARCH", "* 3 EXISTS\r\nz1 NO x", false } } },
	{ "what the server echoes is no code either",
	    { "root", "root\r\nPassword: ", "ls -a", "ls -a\r\nsrv1 $", "guest", "guest\r\nPassword: " },
	    { { "eve", "eve\r\nPassword: ", "root", "root\r\nPassword: ", true },
		{ "eve", "eve\r\nPassword: ", "ls -a", "ls -a\r\nsrv1 $", false } } },
};

static struct klass
learned_from(struct pool *pool, const char *const *talk)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct klass k;

	for (unsigned r = 0; r < ROUNDS; r++) {
		handmade_open(&h);
		for (unsigned i = 0; i < 2 * LINES && talk[i] != NULL; i++)
			handmade_say(&h, i % 2 == 0 ? SIDE_CLIENT : SIDE_SERVER,
			    span_str(handmade_line(&h, "%s\r\n", talk[i])));
	}
	klass_learn(&k, pool, h.c);
	return k;
}

static struct klass_name
name(const struct klass *k, const char *asked, const char *said)
{
	struct klass_pair p = { .asked = span_str(asked), .said = span_str(said) };

	return klass_of(k, &p);
}

static void
check_kinds(struct pool *pool, size_t i)
{
	struct klass k = learned_from(pool, kinds[i].talk);

	for (size_t j = 0; j < ARRAY_LEN(kinds[i].check) && kinds[i].check[j].asked != NULL; j++) {
		struct klass_name a = name(&k, kinds[i].check[j].asked, kinds[i].check[j].said);
		struct klass_name b = name(&k, kinds[i].check[j].asked2, kinds[i].check[j].said2);

		cr_expect_eq(klass_eq(&a, &b), kinds[i].check[j].same, "%s: %.*s, %.*s", kinds[i].what, a.n,
		    a.b, b.n, b.b);
	}
}

POOLED(klass, of_text_is_the_word_that_tells)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		check_kinds(pool, i);
}

POOLED(klass, silence_is_no_class_of_any_message)
{
	struct klass k = learned_from(pool, kinds[0].talk);

	cr_expect_eq(name(&k, "X", "").n, 0);
	cr_expect_gt(name(&k, "X", " \r\n").n, 0);
	cr_expect_gt(name(&k, "X", "220\r\n").n, 0);
	cr_expect_gt(name(&k, "X", "\1\2").n, 0, "also where no field is in use");
}

/* A tag that an earlier message had: the last one only went on with it. */
POOLED(klass, of_a_continued_command_is_told_by_its_first_tag)
{
	struct klass k = learned_from(pool, kinds[5].talk);
	struct klass_pair p = { .asked = span_str("DONE\r\n"), .before = span_str("q5 IDLE\r\n"),
		.said = span_str("* 1 EXISTS\r\nq5 OK idle done\r\n") };
	struct klass_name a = klass_of(&k, &p), b = name(&k, "r1 NOOP", "r1 OK");

	cr_expect(klass_eq(&a, &b), "%.*s", a.n, a.b);
}

POOLED(klass, of_words_that_few_conversations_have_is_data)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct klass_name a, b, c;
	struct klass k;

	for (unsigned i = 0; i < 60; i++)
		handmade_talk(&h, ">a\r\n", "<READY now\r\n", ">b\r\n",
		    handmade_line(&h, "<x%uq and more\r\n", i), NULL);
	klass_learn(&k, pool, h.c);
	a = name(&k, "b", "x3q");
	b = name(&k, "b", "never-seen");
	c = name(&k, "b", "READY");
	cr_expect(klass_eq(&a, &b));
	cr_expect_not(klass_eq(&a, &c));
}

/* A name is cut at KLASS_BYTES, which fills it. */
POOLED(klass, of_a_long_word_is_its_beginning)
{
	struct klass k = learned_from(pool, (const char *[2 * LINES]){ "a", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" });
	struct klass_name a = name(&k, "a", "ABCDEFGHIJKLMNOPQRSTUVWXYZ now");

	cr_expect(span_eq(span_of(a.b, a.n), span_str("ABCDEFGHIJKLMNOPQRST")));
}

/* Replies of six bytes to questions of six: each round two of them. */
static struct klass
learned_binary(struct pool *pool, void (*make)(unsigned i, uint8_t asked[6], uint8_t said[6]))
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	uint8_t asked[6], said[6];
	struct klass k;

	handmade_open(&h);
	for (unsigned i = 0; i < 400; i++) {
		make(i, asked, said);
		handmade_say(&h, SIDE_CLIENT, span_of(pool_copy(pool, asked, sizeof asked), sizeof asked));
		handmade_say(&h, SIDE_SERVER, span_of(pool_copy(pool, said, sizeof said), sizeof said));
	}
	klass_learn(&k, pool, h.c);
	return k;
}

static bool
alike(const struct klass *k, const uint8_t a[6], const uint8_t b[6])
{
	struct klass_pair p = { .said = span_of(a, 6) }, q = { .said = span_of(b, 6) };
	struct klass_name x = klass_of(k, &p), y = klass_of(k, &q);

	return klass_eq(&x, &y);
}

/* An identifier and a bit that the answer repeats, a lone flag, a code in the low bits, data. */
static void
identified(unsigned i, uint8_t asked[6], uint8_t said[6])
{
	static const uint8_t code[] = { 0, 0, 3, 0, 5, 2, 0, 3 };
	uint8_t id = (uint8_t)(i * 7), wish = i % 3 == 0;

	memcpy(asked, (const uint8_t[]){ id, (uint8_t)i, wish, 0, (uint8_t)(i * 13), 1 }, 6);
	memcpy(said, (const uint8_t[]){ id, (uint8_t)i, (uint8_t)(0x80 | (i % 5 == 0) << 2 | wish),
	    (uint8_t)(0x80 | code[i % 8]), (uint8_t)(i * 31), 9 }, 6);
}

POOLED(klass, of_binary_is_a_field_that_is_neither_echo_nor_flag)
{
	struct klass k = learned_binary(pool, identified);

	cr_expect_eq(k.field.place[0], 3);
	cr_expect_eq(k.field.mask[0], 0x07);
	cr_expect_eq(k.field.mask[1], 0);
	cr_expect(alike(&k, (uint8_t[6]){ 1, 2, 0x85, 0x83 }, (uint8_t[6]){ 9, 9, 0x80, 0x83 }));
	cr_expect_not(alike(&k, (uint8_t[6]){ 1, 2, 0x80, 0x80 }, (uint8_t[6]){ 1, 2, 0x80, 0x83 }));
}

/* A constant, a number of the question and another one, then data. */
static void
numbered(unsigned i, uint8_t asked[6], uint8_t said[6])
{
	memcpy(asked, (const uint8_t[]){ 0, 1, 2, 3, 4, 5 }, 6);
	memcpy(said, (const uint8_t[]){ 0, (uint8_t)(i * 37), (uint8_t)(i % 4), 3, 4, 5 }, 6);
}

POOLED(klass, of_binary_has_no_field_behind_data)
{
	struct klass k = learned_binary(pool, numbered);

	cr_expect_eq(k.field.mask[0], 0);
	cr_expect(alike(&k, (uint8_t[6]){ 0, 1, 2 }, (uint8_t[6]){ 0, 8, 9 }));
}

POOLED(klass, of_binary_passes_over_a_length_of_any_width)
{
	struct handmade h = handmade(pool, PROTO_TCP, 389);
	static const uint8_t op[] = { 0x61, 0x64, 0x65, 0x6f, 0x78, 0x6b };
	struct klass k;
	uint8_t m[300] = { 0x30 };
	struct klass_pair a = { 0 }, b = { 0 };
	struct klass_name x, y;

	handmade_open(&h);
	for (unsigned i = 0; i < 400; i++) {
		size_t body = i % 5 == 0 ? 200 + i % 50 : 8 + i % 60, head = 2;

		m[1] = (uint8_t)body;
		if (body >= 128) {
			m[1] = 0x81;
			m[head++] = (uint8_t)body;
		}
		memset(m + head, 7, body);
		m[head] = op[i / 3 % ARRAY_LEN(op)];
		handmade_say(&h, SIDE_SERVER, span_of(pool_copy(pool, m, head + body), head + body));
	}
	klass_learn(&k, pool, h.c);
	cr_expect_eq(k.field.length.form, KLASS_LENGTH_BER);
	a.said = span_of((const uint8_t[]){ 0x30, 0x02, 0x64, 7 }, 4);
	b.said = span_of((const uint8_t[]){ 0x30, 0x81, 0x02, 0x64, 7 }, 5);
	x = klass_of(&k, &a);
	y = klass_of(&k, &b);
	cr_expect(klass_eq(&x, &y));
	b.said = span_of((const uint8_t[]){ 0x30, 0x81, 0x02, 0x65, 7 }, 5);
	y = klass_of(&k, &b);
	cr_expect_not(klass_eq(&x, &y));
}

/* X.690: an identifier of one or two bytes, what is answered, a code, text. */
static struct span
coded(struct pool *pool, unsigned id, uint8_t op, uint8_t code)
{
	uint8_t wide = id > 0x7f;
	const uint8_t m[] = { 0x30, (uint8_t)(12 + wide), 2, (uint8_t)(1 + wide), (uint8_t)(wide ? id >> 8 : id),
		(uint8_t)id, op, 7, 10, 1, code, 4, 2, 'o', 'k' };
	uint8_t *made = pool_copy(pool, m, sizeof m);

	if (wide)
		return span_of(made, sizeof m);
	memmove(made + 5, made + 6, sizeof m - 6);
	return span_of(made, sizeof m - 1);
}

POOLED(klass, of_parts_is_a_code_that_lengths_move)
{
	static const uint8_t op[] = { 0x61, 0x65, 0x6f }, code[] = { 0, 0, 49, 32 };
	struct handmade h = handmade(pool, PROTO_TCP, 389);
	struct klass_pair a = { .said = coded(pool, 3, 0x61, 49) };
	struct klass_name x, y;
	struct klass k;

	handmade_open(&h);
	for (unsigned i = 0; i < 400; i++) {
		handmade_say(&h, SIDE_CLIENT, coded(pool, i, 0x60, 3));
		handmade_say(&h, SIDE_SERVER, coded(pool, i, op[i % 3], code[i / 3 % 4]));
	}
	klass_learn(&k, pool, h.c);
	cr_assert_eq(k.parts.nplaces, 2);
	x = klass_of(&k, &a);
	a.said = coded(pool, 999, 0x61, 49);
	y = klass_of(&k, &a);
	cr_expect(klass_eq(&x, &y), "whatever the identifier");
	a.said = coded(pool, 999, 0x61, 0);
	y = klass_of(&k, &a);
	cr_expect_not(klass_eq(&x, &y), "another code");
	a.said = coded(pool, 3, 0x65, 49);
	y = klass_of(&k, &a);
	cr_expect_not(klass_eq(&x, &y), "another answer");
}

POOLED(klass, learns_nothing_from_no_messages_and_still_answers)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct klass_name a, b;
	struct klass k;

	klass_learn(&k, pool, h.c);
	a = name(&k, "", "x");
	b = name(&k, "", "\1");
	cr_expect_gt(a.n, 0);
	cr_expect_gt(b.n, 0);
}
