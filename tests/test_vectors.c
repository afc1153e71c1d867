/* What learning writes down as a model's self-test: enough of it, and nothing about the clients. */
#include "learning/vectors.h"

#include "learning/learn.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/naive_vector.h"
#include "tests/pooled.h"

enum { N = 60 };

static struct learned
made_of(struct pool *pool, const struct handmade *h, const bool *use)
{
	struct learn_params params = { .name = "handmade", .clusterer = "first-token" };
	struct learned made;
	struct diag why = { "" };

	cr_assert_eq(learn_image(&made, pool, h->c, use, &params, &why), 0, "%s", why.text);
	return made;
}

/* Is there a line of one side that begins with these words? 0: clients, 1: servers. */
static bool
has_line(const struct text *t, uint32_t side, const char *words)
{
	for (uint32_t i = 0; i < t->nvector; i++)
		for (uint32_t k = side; k < t->vector[i].n; k += 2)
			if (t->vector[i].line[k].n >= strlen(words) &&
			    memcmp(t->vector[i].line[k].p, words, strlen(words)) == 0)
				return true;
	return false;
}

/* Logins with names and passwords of their own; the service tells nobody from anybody. */
static struct handmade
logins(struct pool *pool)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in first\r\n",
		    handmade_line(&h, ">USER name%u\r\n", 7919 * i), "<331 go on\r\n",
		    handmade_line(&h, ">PASS secret%u\r\n", 104729 * i), "<230 fine\r\n",
		    ">LIST\r\n", "<150 here it comes\r\n",
		    handmade_line(&h, ">REST %u\r\n", 31 * i), handmade_line(&h, "<350 from %u\r\n", 31 * i),
		    ">QUIT\r\n", "<221 bye\r\n", NULL);
	return h;
}

POOLED(vectors, nothing_that_clients_made_up_is_written_down)
{
	struct handmade h = logins(pool);
	struct learned made = made_of(pool, &h, NULL);

	cr_expect(has_line(&made.text, 0, "USER x\r\n"));
	cr_expect(has_line(&made.text, 0, "PASS x\r\n"));
	cr_expect_not(has_line(&made.text, 0, "USER name"));
	cr_expect_not(has_line(&made.text, 0, "PASS secret"));
}

POOLED(vectors, a_number_stands_where_a_number_stood)
{
	struct handmade h = logins(pool);
	struct learned made = made_of(pool, &h, NULL);

	cr_expect(has_line(&made.text, 0, "REST 1\r\n"));
	cr_expect(has_line(&made.text, 1, "350 from 1\r\n"));
}

POOLED(vectors, every_answer_of_a_small_model_is_in_one_of_them)
{
	static const char *const answers[] = { "220 ", "530 ", "331 ", "230 ", "150 ", "350 ", "221 " };
	struct handmade h = logins(pool);
	struct learned made = made_of(pool, &h, NULL);

	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		cr_expect(has_line(&made.text, 1, answers[i]), "%s", answers[i]);
	cr_expect_leq(made.text.nvector, 3, "%u vectors", made.text.nvector);
}

POOLED(vectors, values_that_decide_are_kept_as_the_model_holds_them_anyway)
{
	static const char *const known[] = { "alice", "bob", "carol" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned made;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", i * 7 % 5 < 3
		    ? handmade_line(&h, ">USER %s\r\n", known[i * 7 % 5])
		    : handmade_line(&h, ">USER s%u\r\n", 7919 * i),
		    i * 7 % 5 < 3 ? "<331 go on\r\n" : "<530 who are you\r\n", NULL);
	made = made_of(pool, &h, NULL);
	cr_expect(has_line(&made.text, 1, "331 "));
	cr_expect(has_line(&made.text, 1, "530 "));
	cr_expect(has_line(&made.text, 0, "USER x\r\n"));
	cr_expect_not(has_line(&made.text, 0, "USER s"));
}

POOLED(vectors, conversations_held_out_lead_to_nothing)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned made;
	bool use[N];

	for (unsigned i = 0; i < N; i++) {
		use[i] = i % 3 != 0;
		handmade_talk(&h, "<220 ready\r\n", use[i] ? ">NOOP\r\n" : ">SITE hidden\r\n", "<200 fine\r\n",
		    NULL);
	}
	made = made_of(pool, &h, use);
	cr_expect(has_line(&made.text, 0, "NOOP"));
	cr_expect_not(has_line(&made.text, 0, "SITE"));
	cr_expect_not(has_line(&made.text, 0, "?"));	/* what nobody explains: only they said such */
}

POOLED(vectors, long_answers_and_many_commands_keep_to_the_budget)
{
	enum { COMMANDS = 200 };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learned made;
	size_t bytes = 0;

	for (unsigned i = 0; i < 2 * COMMANDS; i++) {
		uint8_t *page = pool_alloc(pool, 4000);

		memset(page, 'a', 4000);
		for (unsigned at = 10 + i % COMMANDS; at < 4000; at += 10 + i % COMMANDS)
			page[at] = ' ';		/* so many words, so every page has a template of its own */
		handmade_open(&h);
		handmade_say(&h, SIDE_CLIENT, span_str(handmade_line(&h, "DO %u\r\n", i % COMMANDS)));
		handmade_say(&h, SIDE_SERVER, span_of(page, i % 2 ? 4000 : 600 + i % COMMANDS));
		handmade_say(&h, SIDE_CLIENT, span_str("QUIT\r\n"));
		handmade_say(&h, SIDE_SERVER, span_str("221 bye\r\n"));
	}
	made = made_of(pool, &h, NULL);
	cr_expect(made.text.nvector > 5 && made.text.nvector <= SELFTEST_VECTORS, "%u", made.text.nvector);
	for (uint32_t i = 0; i < made.text.nvector; i++) {
		cr_expect_leq(made.text.vector[i].n, (uint32_t)SELFTEST_LINES);
		for (uint32_t k = 0; k < made.text.vector[i].n; k++) {
			bytes += made.text.vector[i].line[k].n;
			cr_expect_leq(made.text.vector[i].line[k].n, (size_t)VECTORS_LINE);
		}
	}
	cr_expect_leq(bytes, (size_t)VECTORS_BYTES);
}

static const char *const captures[] = { "ftp-small", "dns-small", "http-small", "ftp-proftpd" };

EACH_CASE(vectors, both_implementations_say_what_learning_wrote_down, captures)
{
	char path[512];
	const char *paths[1] = { path };
	struct learn_params params = { .clusterer = "first-token" };
	struct learned made;
	struct diag why = { "" };
	struct pool pool;

	pool_init(&pool, 0);
	snprintf(path, sizeof path, TEST_ROOT "/tests/data/%s.pcap.gz", captures[*i]);
	cr_assert_eq(learn(&made, &pool, paths, 1, &params, &why), 0, "%s", why.text);
	cr_expect_gt(made.text.nvector, 0);
	for (uint32_t k = 0; k < made.text.nvector; k++)
		naive_expect_vector(captures[*i], &made.text, &made.text.vector[k]);
	cr_expect_eq(selftest_run(made.model, &why), made.text.nvector, "%s", why.text);
	pool_fini(&pool);
}
