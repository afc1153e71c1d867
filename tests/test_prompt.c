#include "learning/prompt.h"
#include "tests/cases.h"
#include "tests/pooled.h"

enum { N = 40 };

/* N commands in lines, and behind every fourth the given reply with the text of make(). */
static struct prompts
after_commands(struct pool *pool, const char *reply, const char *(*make)(struct pool *, unsigned))
{
	static const char *const command[] = { "MAIL\r\n", "RCPT\r\n", "QUIT\r\n", "DATA\r\n" };
	struct heard *h = pool_array(pool, 2 * (size_t)N, sizeof *h);
	struct prompts p;
	size_t n = 0;

	for (unsigned i = 0; i < N; i++) {
		h[n++] = (struct heard){ .before = span_str("250 fine\r\n"),
			.message = span_str(command[i % 4]) };
		if (i % 4 == 3)
			h[n++] = (struct heard){ .before = span_str(reply),
				.message = span_str(make(pool, i)) };
	}
	prompts_learn(&p, pool, h, n);
	cr_expect_eq(p.rule[0].kind, EOM_TERM);
	cr_expect(span_eq(p.rule[0].term, span_str("\r\n")));
	return p;
}

static const char *
mail(struct pool *pool, unsigned i)
{
	char *m = pool_alloc(pool, 128);

	sprintf(m, "From: u%u\r\nTo: me\r\n\r\nhello %u\r\n.\r\n", i, i * 7);
	return m;
}

static const char *
commands(struct pool *pool, unsigned i)
{
	char *m = pool_alloc(pool, 128);

	sprintf(m, "MAIL\r\nRCPT\r\n%s\r\n", i % 8 == 3 ? "DATA" : "QUIT");
	return m;
}

static const char *
text_without_end(struct pool *pool, unsigned i)
{
	char *m = pool_alloc(pool, 128);

	sprintf(m, "line one\r\nline %u\r\nends in %u%c", i, i * 7, 'a' + (int)i % 26);
	return m;
}

POOLED(prompt, a_text_asked_for_ends_otherwise)
{
	struct prompts p = after_commands(pool, "354 go on\r\n", mail);

	cr_assert_eq(p.n, 1);
	cr_assert_eq(prompts_after(&p, span_str("354 go on\r\n")), 1);
	cr_expect_eq(p.rule[1].kind, EOM_TERM);
	cr_expect(span_eq(p.rule[1].term, span_str("\r\n.\r\n")));
	cr_expect_eq(prompts_after(&p, span_str("250 fine\r\n")), 0);
	cr_expect_eq(prompts_after(&p, (struct span){ 0 }), 0, "silence asks for nothing");
}

POOLED(prompt, the_last_of_several_replies_counts)
{
	struct prompts p = after_commands(pool, "354 go on\r\n", mail);

	cr_expect_eq(prompts_after(&p, span_str("250 fine\r\n354 go on\r\n")), 1);
	cr_expect_eq(prompts_after(&p, span_str("354 go on\r\n250 fine\r\n")), 0);
	cr_expect_eq(prompts_after(&p, span_str("250-354 go on\r\n")), 0, "part of a line");
}

POOLED(prompt, commands_sent_in_one_go_are_no_text)
{
	struct prompts p = after_commands(pool, "220 ready\r\n", commands);

	cr_expect_eq(p.n, 0);
	cr_expect_eq(p.nrules, 1);
	cr_expect_eq(prompts_after(&p, span_str("220 ready\r\n")), 0);
}

POOLED(prompt, a_text_whose_end_does_not_show_ends_by_push)
{
	struct prompts p = after_commands(pool, "+ send it\r\n", text_without_end);

	cr_assert_eq(prompts_after(&p, span_str("+ send it\r\n")), 1);
	cr_expect_eq(p.rule[1].kind, EOM_PUSH);
}

POOLED(prompt, texts_may_be_most_of_what_is_said)
{
	struct heard h[2 * N];
	struct prompts p;

	for (unsigned i = 0; i < N; i++) {
		h[2 * i] = (struct heard){ .before = span_str("220 ready\r\n"),
			.message = span_str("DATA\r\n"), .opens = true };
		h[2 * i + 1] = (struct heard){ .before = span_str("354 go on\r\n"),
			.message = span_str(mail(pool, i)) };
	}
	prompts_learn(&p, pool, h, 2 * (size_t)N);
	cr_expect(span_eq(p.rule[0].term, span_str("\r\n")));
	cr_expect_eq(prompts_after(&p, span_str("354 go on\r\n")), 1);
}

POOLED(prompt, a_few_odd_messages_change_nothing)
{
	struct heard h[N];
	struct prompts p;

	for (unsigned i = 0; i < N; i++)
		h[i] = (struct heard){ .before = span_str(i < 3 ? "354 go on\r\n" : "250 fine\r\n"),
			.message = span_str(i < 3 ? mail(pool, i) : "QUIT\r\n") };
	prompts_learn(&p, pool, h, N);
	cr_expect_eq(p.n, 0);
	prompts_learn(&p, pool, NULL, 0);
	cr_expect_eq(p.n, 0);
	cr_expect_eq(p.rule[0].kind, EOM_PUSH);
}
