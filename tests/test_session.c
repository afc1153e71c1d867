/* A conversation from text: compile, load, feed, render. */
#include "models/session.h"

#include <criterion/criterion.h>
#include "tests/model_of.h"

static const struct session_env env = {
	.own = { { [10] = 0xff, 0xff, 198, 19, 0, 1 } },
	.peer = { { [10] = 0xff, 0xff, 192, 0, 2, 1 } },
	.own_port = 21, .peer_port = 40000,
};

/* A conversation under test, and what the server said last. */
struct talk {
	struct model *m;
	struct session s;
	struct arena a;
	struct fields f;
	struct turn t;
	char said[4096];
};

static void
listen_to(struct talk *k)
{
	size_t n = session_render(&k->s, &k->f, k->m, &env, 0, (uint8_t *)k->said,
	    sizeof k->said - 1, NULL);

	k->said[n] = '\0';
	cr_expect_eq(n, k->t.out_len);
}

static struct talk
talk_to(const char *text)
{
	struct talk k = { .m = model_of(text) };

	session_init(&k.s, k.m);
	return k;
}

static const char *
say(struct talk *k, const char *what)
{
	size_t n = session_feed(&k->s, &k->a, k->m, &env, span_str(what), FEED_PUSH, &k->f, &k->t);

	cr_expect_eq(n, strlen(what), "%s", what);
	cr_expect(k->t.taken, "%s", what);
	listen_to(k);
	return k->said;
}

Test(session, greets_logs_in_and_says_goodbye)
{
	char *text = file_of(TEST_ROOT "/tests/data/models/ftp-small.txt");
	struct talk k = talk_to(text);

	session_event(&k.s, &k.a, k.m, &env, EVENT_CONNECT, 0, &k.f, &k.t);
	cr_assert(k.t.taken);
	listen_to(&k);
	cr_expect_eq(strncmp(k.said, "220 Welcome", 11), 0, "%s", k.said);
	cr_expect_str_eq(say(&k, "USER anonymous\r\n"), "331 Password required for anonymous.\r\n");
	cr_expect_eq(k.t.match, MATCH_EXACT);
	cr_expect_str_eq(say(&k, "PASS me@example.net\r\n"), "230 User anonymous logged in.\r\n");
	cr_expect_str_eq(say(&k, "CWD pub\r\n"), "250 CWD command successful.\r\n");
	cr_expect_str_eq(say(&k, "CWD nowhere\r\n"), "550 nowhere: No such file or directory.\r\n");
	cr_expect_str_eq(say(&k, "SYST\r\n"), "215 UNIX Type: L8\r\n");
	cr_expect_str_eq(say(&k, "QUIT\r\n"), "221 Goodbye.\r\n");
	cr_expect(k.t.close);
	model_destroy(k.m);
	free(text);
}
