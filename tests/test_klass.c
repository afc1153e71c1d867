#include "learning/klass.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

static const char *const ftp[] = { "220 ready\r\n", "331 go on\r\n", "530-no\r\n530 end\r\n", "221 bye\r\n" };
static const char *const http[] = { "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n",
	"HTTP/1.1 301 Moved\r\n\r\n" };

static struct klass
learned_from(struct pool *pool, const char *const *line, size_t n, unsigned rounds)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct klass k;

	handmade_open(&h);
	for (size_t i = 0; i < n * rounds; i++) {
		/* what clients say must not matter */
		handmade_say(&h, SIDE_CLIENT, span_str(handmade_line(&h, "ASK %zu\r\n", i)));
		handmade_say(&h, SIDE_SERVER, span_str(line[i % n]));
	}
	klass_learn(&k, h.c, false);
	return k;
}

static bool
same(const struct klass *k, const char *a, const char *b)
{
	struct klass_name x = klass_of(k, span_str(a)), y = klass_of(k, span_str(b));

	return klass_eq(&x, &y);
}

POOLED(klass, of_ftp_is_the_reply_code)
{
	struct klass k = learned_from(pool, ftp, ARRAY_LEN(ftp), 5);

	cr_expect_eq(k.word, 0);
	cr_expect(same(&k, "220 ready\r\n", "220-other words\r\n220 end\r\n"));
	cr_expect(same(&k, "530 no\r\n", "530\r\n"));
	cr_expect_not(same(&k, "530 no\r\n", "531 no\r\n"));
	cr_expect_not(same(&k, "530 no\r\n", "5300 no\r\n"));
}

POOLED(klass, of_http_is_the_status_behind_the_protocols_name)
{
	struct klass k = learned_from(pool, http, ARRAY_LEN(http), 5);

	cr_expect_eq(k.word, 1);
	cr_expect(same(&k, "HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 Fine\r\n"));
	cr_expect_not(same(&k, "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n"));
}

POOLED(klass, tells_plus_ok_from_minus_err)
{
	static const char *const pop[] = { "+OK ready\r\n", "-ERR no\r\n" };
	struct klass k = learned_from(pool, pop, ARRAY_LEN(pop), 5);

	cr_expect(same(&k, "+OK\r\n", "+OK 3 messages\r\n"));
	cr_expect_not(same(&k, "+OK\r\n", "-ERR\r\n"));
}

POOLED(klass, silence_is_no_class_of_any_message)
{
	struct klass k = learned_from(pool, ftp, ARRAY_LEN(ftp), 5);
	struct klass binary = { .binary = true };

	cr_expect_eq(klass_of(&k, (struct span){ NULL, 0 }).n, 0);
	cr_expect_not(same(&k, "", " \r\n"));
	cr_expect_not(same(&k, "", "220\r\n"));
	cr_expect_not(same(&binary, "", "x"), "also where no byte is in use");
}

POOLED(klass, of_binary_leaves_out_bytes_that_take_many_values)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct klass k;

	handmade_open(&h);
	for (unsigned i = 0; i < 200; i++) {	/* an identifier, then flags of two kinds */
		const uint8_t m[] = { (uint8_t)(i * 7), (uint8_t)i, i % 2 ? 0x81 : 0x85, 0x83, 9 };

		handmade_say(&h, SIDE_SERVER, span_of(pool_copy(pool, m, sizeof m), sizeof m));
	}
	klass_learn(&k, h.c, true);
	cr_expect_not(k.use[0]);
	cr_expect_not(k.use[1]);
	cr_expect(k.use[2]);
	cr_expect(k.use[3]);
	cr_expect(same(&k, "ab\x81\x83 any", "xy\x81\x83"));
	cr_expect_not(same(&k, "ab\x81\x83", "ab\x85\x83"));
}

POOLED(klass, learns_nothing_from_no_messages_and_still_answers)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct klass k;

	klass_learn(&k, h.c, false);
	cr_expect(same(&k, "x", "x"));
	cr_expect_not(same(&k, "", "x"));
	klass_learn(&k, h.c, true);
	cr_expect_not(same(&k, "", "x"));
}

static const struct {
	const char *what, *message, *word[2];
} words[] = {
	{ "blanks of every kind stand between words", "\r\n\t220 \t ready\r\n", { "220", "ready" } },
	{ "a message of one word has no second", "220", { "220", " " } },
	{ "a message of blanks has none", " \r\n", { " ", " " } },
	{ "a class is at most sixteen bytes", "abcdefghijklmnopqrstuvwxyz b",
	    { "abcdefghijklmnop", "b" } },
	{ "it ends at the first byte that is no letter or digit", "+OK:1 a-b", { "+OK", "a" } },
};

EACH_CASE(klass, words_of, words)
{
	for (unsigned word = 0; word < 2; word++) {
		struct klass k = { .word = word };
		struct klass_name name = klass_of(&k, span_str(words[*i].message));

		cr_expect(span_eq(span_of(name.b, name.n), span_str(words[*i].word[word])),
		    "%s: %.*s", words[*i].what, name.n, name.b);
	}
}
