#include "learning/lexer.h"
#include "tests/cases.h"
#include "tests/pooled.h"

static const struct lexer_context server = {
	.own = { { [10] = 0xff, 0xff, 198, 18, 0, 10 } },
	.peer = { { [10] = 0xff, 0xff, 198, 18, 0, 1 } },
	.time_ms = INT64_C(1078466828999),	/* Fri Mar  5 06:07:08 2004 */
	.from_server = true,
};

static struct lexer
text_lexer(void)
{
	struct lexer l;

	lexer_learn(&l, false, NULL, 0);
	return l;
}

/* Kinds as letters, with the bytes: "W:220 S:  W:hi". */
static const char *
shown(struct pool *pool, const struct token *t, uint32_t n)
{
	char *to = pool_alloc(pool, 4096);
	size_t at = 0;

	for (uint32_t i = 0; i < n; i++)
		at += (size_t)sprintf(to + at, "%s%c:%.*s", i ? "|" : "", "WSBRET@"[t[i].kind],
		    (int)t[i].bytes.n, (const char *)t[i].bytes.p);
	return to;
}

static void
expect_joined(const struct token *t, uint32_t n, struct span message, const char *what)
{
	const uint8_t *at = message.p;

	for (uint32_t i = 0; i < n; i++) {
		cr_expect_eq(t[i].bytes.p, at, "%s: token %u lies behind the one before it", what, i);
		at += t[i].bytes.n;
	}
	cr_expect_eq(at, message.p + message.n, "%s: nothing is left over", what);
}

static const struct {
	const char *what, *message, *tokens;
} texts[] = {
	{ "words and separators alternate", "USER bob\r\n", "W:USER|S: |W:bob|S:\r\n" },
	{ "several separators are one token", "A  \t B\r\n\r\n", "W:A|S:  \t |W:B|S:\r\n\r\n" },
	{ "a message may begin with a separator", " A", "S: |W:A" },
	{ "no message has no tokens", "", "" },
	{ "the own address is cut out of a word", "(198.18.0.10)", "W:(|@:198.18.0.10|W:)" },
	{ "and so is the peer's", "from 198.18.0.1!", "W:from|S: |@:198.18.0.1|W:!" },
	{ "also with commas", "(198,18,0,10,4,210).", "W:(|@:198,18,0,10|W:,4,210)." },
	{ "not in the middle of a number", "1198.18.0.10 198.18.0.101",
	    "W:1198.18.0.10|S: |W:198.18.0.101" },
	{ "another's address is a word", "198.18.0.11", "W:198.18.0.11" },
	{ "both in one word", "198.18.0.1->198.18.0.10", "@:198.18.0.1|W:->|@:198.18.0.10" },
	{ "a date of the web", "Date: Fri, 05 Mar 2004 06:07:08 GMT\r\n",
	    "W:Date:|S: |T:Fri, 05 Mar 2004 06:07:08 GMT|S:\r\n" },
	{ "a date of mail", "Fri, 05 Mar 2004 06:07:07 +0000", "T:Fri, 05 Mar 2004 06:07:07 +0000" },
	{ "a date of C", "Fri Mar  5 06:07:09 2004", "T:Fri Mar  5 06:07:09 2004" },
	{ "a date after RFC 3339", "2004-03-05T06:07:08Z", "T:2004-03-05T06:07:08|W:Z" },
	{ "a date of logs", "2004-03-05 06:07:08", "T:2004-03-05 06:07:08" },
	{ "another time is words", "2004-03-05 06:07:28", "W:2004-03-05|S: |W:06:07:28" },
	{ "half a date is words", "Fri, 05 Mar", "W:Fri,|S: |W:05|S: |W:Mar" },
	{ "bytes above 7f are of words", "\xc3\xa4 b", "W:\xc3\xa4|S: |W:b" },
};

EACH_CASE(lexer, text, texts)
{
	struct lexer l = text_lexer();
	struct span m = span_str(texts[*i].message);
	struct token *t;
	struct pool pool;
	uint32_t n;

	pool_init(&pool, 0);
	n = lexer_split(&l, &pool, m, &server, &t);
	cr_expect_str_eq(shown(&pool, t, n), texts[*i].tokens, "%s", texts[*i].what);
	expect_joined(t, n, m, texts[*i].what);
	pool_fini(&pool);
}

POOLED(lexer, only_servers_tell_time_and_addresses)
{
	struct lexer_context client = server;
	struct lexer l = text_lexer();
	struct token *t;
	uint32_t n;

	client.from_server = false;
	n = lexer_split(&l, pool, span_str("PORT 198,18,0,1,4,210 2004-03-05T06:07:08"), &client, &t);
	cr_expect_str_eq(shown(pool, t, n),
	    "W:PORT|S: |W:198,18,0,1,4,210|S: |W:2004-03-05T06:07:08");
}

POOLED(lexer, special_tokens_say_whose_and_in_which_format)
{
	struct lexer l = text_lexer();
	struct token *t;

	cr_assert_eq(lexer_split(&l, pool, span_str("198.18.0.10 198,18,0,1 2004-03-05T06:07:08"),
	    &server, &t), 5);
	cr_expect_eq(t[0].format, FMT_TEXT);
	cr_expect_not(t[0].peer);
	cr_expect_eq(t[2].format, FMT_COMMA);
	cr_expect(t[2].peer);
	cr_expect(span_eq(lexer_time_format(t[4].format), span_str("%Y-%m-%dT%H:%M:%S")));
}

POOLED(lexer, an_address_of_the_new_kind_is_recognised_in_its_one_form)
{
	struct lexer_context ctx = server;
	struct lexer l = text_lexer();
	struct token *t;
	uint32_t n;

	cr_assert_eq(addr_parse(&ctx.own, "2001:db8::7"), 0);
	n = lexer_split(&l, pool, span_str("at [2001:db8::7]"), &ctx, &t);
	cr_expect_str_eq(shown(pool, t, n), "W:at|S: |W:[|@:2001:db8::7|W:]");
}

/* All bytes: whatever comes, the tokens are the message, and there is room for them. */
POOLED(lexer, any_bytes_join_back_to_the_message)
{
	static const char *const pieces[] = { "198.18.0.1", "198,18,0,10", " ", "\r\n", "x",
		"2004-03-05T06:07:08", "\t", "198.18.0.10", "Fri Mar  5 06:07:08 2004", "\xff" };
	struct lexer l = text_lexer();
	uint32_t seed = 3;

	for (unsigned round = 0; round < 2000; round++) {
		uint8_t *b = pool_alloc(pool, 1000);
		size_t n = 0;
		struct token *t;

		for (unsigned k = 0; k < 20; k++) {
			const char *piece = pieces[(seed = seed * 1664525 + 1013904223) >> 28
				? (seed >> 24) % ARRAY_LEN(pieces) : 2];
			size_t len = strlen(piece);

			memcpy(b + n, piece, len);
			n += len;
		}
		expect_joined(t, lexer_split(&l, pool, span_of(b, n), &server, &t), span_of(b, n), "noise");
	}
}

/* A question as of DNS: id, flags, counts; a name; type and class. */
static struct span
question(struct pool *pool, unsigned id, const char *name, uint8_t type)
{
	uint8_t *b = pool_alloc(pool, 300);
	size_t n = 0;

	b[n++] = (uint8_t)(id >> 8);
	b[n++] = (uint8_t)id;
	b[n++] = 1;
	n += 2;		/* flags, the high byte of the count */
	b[n++] = 1;
	n += 6;
	n--;
	for (const char *label = name; *label != '\0';) {
		size_t len = strcspn(label, ".");

		b[n++] = (uint8_t)len;
		memcpy(b + n, label, len);
		n += len;
		label += len + (label[len] == '.');
	}
	n++;
	b[n + 1] = type;
	b[n + 3] = 1;
	return span_of(b, n + 4);
}

static const char *const names[] = { "a.example", "www.example", "mail.example.net", "ns1.example.org",
	"x.y.z.example", "a-rather-long-name.example.net", "b.example", "files.intern.example" };

static struct lexer
dns_lexer(struct pool *pool)
{
	enum { N = 64 };
	struct span m[N];
	struct lexer l;

	for (unsigned i = 0; i < N; i++)
		m[i] = question(pool, i * 7919, names[i % ARRAY_LEN(names)], i % 3 ? 1 : 28);
	lexer_learn(&l, true, m, N);
	return l;
}

POOLED(lexer, the_run_of_names_is_found_in_binary_messages)
{
	struct lexer l = dns_lexer(pool);
	struct token *t;
	uint32_t n, runs = 0;

	cr_assert(l.has_run);
	cr_expect_eq(l.delimiter, 0);
	cr_expect_eq(l.tail, 5, "the zero, type and class: %u", l.tail);
	n = lexer_split(&l, pool, question(pool, 1, "new.example", 1), &server, &t);
	for (uint32_t i = 0; i < n; i++) {
		if (t[i].kind == TOKEN_RUN) {
			runs++;
			cr_expect_not_null(memmem(t[i].bytes.p, t[i].bytes.n, "new\7example", 11));
			cr_expect_eq(i, l.head);
		}
	}
	cr_expect_eq(runs, 1);
	cr_expect_eq(n, l.head + 1 + 5);
}

POOLED(lexer, binary_messages_join_back_also_when_they_are_cut_or_long)
{
	struct lexer l = dns_lexer(pool);
	uint8_t *b = pool_alloc(pool, 600);
	struct token *t;

	for (size_t k = 0; k < 600; k++)
		b[k] = (uint8_t)(k * 37 | 1);	/* no delimiter */
	for (size_t n = 0; n < 600; n++)
		expect_joined(t, lexer_split(&l, pool, span_of(b, n), &server, &t), span_of(b, n), "noise");
	for (size_t n = 0; n < 30; n++) {
		struct span q = span_sub(question(pool, 9, "www.example", 1), 0, n);

		expect_joined(t, lexer_split(&l, pool, q, &server, &t), q, "a cut question");
	}
}

/* Every third message is a name and options, the others are numbers and data. */
POOLED(lexer, words_behind_a_head_are_tokens)
{
	static const char *const file[] = { "a.txt", "boot/image", "x" };
	enum { N = 60 };
	struct span m[N], q = span_of("\0\1new\0octet\0", 12), cut = span_sub(q, 0, 11);
	struct lexer l;
	struct token *t;
	uint32_t n;

	for (unsigned i = 0; i < N; i++) {
		char *b = pool_alloc(pool, 64);

		b[1] = i % 3 == 0 ? 1 : 4;
		b[3] = (char)i;
		m[i] = span_of(b, i % 3 != 0 ? 4 + i % 7 : 2 + 1 +
		    (size_t)sprintf(b + 2, "%s%c%s", file[i % ARRAY_LEN(file)], 0, i % 2 ? "octet" : "ascii"));
	}
	lexer_learn(&l, true, m, N);
	cr_assert(l.has_words);
	cr_expect_eq(l.head, 2);
	n = lexer_split(&l, pool, q, &server, &t);
	expect_joined(t, n, q, "a request");
	cr_assert_eq(n, 6);
	cr_expect_eq(t[2].kind, TOKEN_RUN);
	cr_expect(span_eq(t[2].bytes, span_str("new")));
	cr_expect(span_eq(t[4].bytes, span_str("octet")));
	cr_expect_eq(lexer_split(&l, pool, cut, &server, &t), cut.n, "no delimiter behind the last word: bytes");
}

POOLED(lexer, without_a_run_every_byte_is_a_token)
{
	enum { N = 64 };
	struct span m[N];
	uint32_t seed = 5;
	struct lexer l;
	struct token *t;

	for (unsigned i = 0; i < N; i++) {
		uint8_t *b = pool_alloc(pool, 60);
		size_t n = 8 + i % 50;

		for (size_t k = 0; k < n; k++)
			b[k] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		m[i] = span_of(b, n);
	}
	lexer_learn(&l, true, m, N);
	cr_expect_not(l.has_run);
	cr_assert_eq(lexer_split(&l, pool, m[3], &server, &t), m[3].n);
	for (size_t k = 0; k < m[3].n; k++)
		cr_expect_eq(t[k].kind, TOKEN_BYTE);
	lexer_learn(&l, true, NULL, 0);
	cr_expect_not(l.has_run);
}
