/* Sets and registers over turns and conversations: a model by hand, and what it keeps. */
#include "models/host.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/cases.h"
#include "tests/model_of.h"

#define SETS                                                                                   \
	"mynah-model 1\nservice \"t\" tcp\nlearner \"hand\" order 1 seed 1\nstart 0\n"         \
	"register 0 scope connection \"/\"\n"                                                  \
	"set 1 scope pair under 0 \"/\" \"/docs\" \"/docs/old\" \"/pub\"\n"                          \
	"set 2 scope pair under 0 \"/notes\"\nset 3 scope host\nregister 4 scope host\n"       \
	"eom 0 term \"\\r\\n\" error 0x0p+0\n"
#define MATCH(n, verb) "template " #n " support 1 from hand\n  match \"" verb " \" line \"\\r\\n\"\n  field 0 1 1\n"
#define ALT(say) "    alt weight 1 say " #say " goto 0 from hand\n"
#define MODEL                                                                                  \
	SETS MATCH(0, "cd") MATCH(1, "mk") MATCH(2, "rm") MATCH(3, "where") MATCH(4, "list")   \
	MATCH(5, "note") MATCH(6, "noted") MATCH(7, "up") MATCH(8, "clear")                    \
	"reply 0 support 1 from hand\n  say \"yes \" reg 0\n"                                  \
	"reply 1 support 1 from hand\n  say \"no\"\n"                                          \
	"reply 2 support 1 from hand\n  say \"made \" path 0 0\n"                              \
	"reply 3 support 1 from hand\n  say set 1 \",\" \"+\" set 2 \",\"\n"                   \
	"reply 4 support 1 from hand\n  say \"is \" reg 4\n"                                   \
	"state 0 eom 0 support 1 \"s\"\n"                                                      \
	"  on message 0\n" ALT(0) "      when in 0 1\n      do push 0 0\n" ALT(1)               \
	"  on message 1\n" ALT(2) "      when notin 0 1\n      when parent 0 1\n      do add 0 1\n" ALT(1) \
	"  on message 2\n" ALT(0) "      when in 0 1\n      when leaf 0 1\n      do del 0 1\n" ALT(1) \
	"  on message 3\n" ALT(0)                                                               \
	"  on message 4\n" ALT(3)                                                               \
	"  on message 5\n" ALT(4) "      when notin 0 3\n      do add 0 3\n      do store 0 4\n" ALT(1) \
	"  on message 6\n" ALT(4) "      when in 0 3\n" ALT(1)                                  \
	"  on message 7\n" ALT(0) "      when nonempty 0\n      do pop 0\n" ALT(1)              \
	"  on message 8\n" ALT(0) "      do clear 1\n      do clear 0\n"

struct client {
	struct model *m;
	struct session s;
	struct arena a;
	struct session_env env;
	char said[256];
};

static struct client
client_of(struct model *m, struct host *pair, struct host *own, uint32_t connection)
{
	struct client c = { .m = m, .env = { .pair_host = pair, .own_host = own, .connection = connection } };

	session_init(&c.s, m);
	return c;
}

static const char *
say(struct client *c, const char *what)
{
	struct fields f = { 0 };
	struct turn t;
	char line[512];
	size_t n;

	snprintf(line, sizeof line, "%s\r\n", what);
	session_feed(&c->s, &c->a, c->m, &c->env, span_str(line), FEED_PUSH, &f, &t);
	cr_assert(t.taken, "%s", what);
	n = session_render(&c->s, &f, c->m, &c->env, 0, (uint8_t *)c->said, sizeof c->said - 1, NULL);
	c->said[n] = '\0';
	return c->said;
}

#define EXPECT(c, what, answer) cr_expect_str_eq(say(&(c), what), answer, "%s: %s", what, (c).said)

Test(host, what_is_made_is_there_until_it_is_taken_away)
{
	struct model *m = model_of(MODEL);
	struct host pair = { 0 }, own = { 0 };
	struct client c = client_of(m, &pair, &own, 1);

	EXPECT(c, "where ", "yes /");
	EXPECT(c, "mk x", "made /x");
	EXPECT(c, "mk x", "no");
	EXPECT(c, "mk nowhere/x", "no");
	EXPECT(c, "cd x", "yes /x");
	EXPECT(c, "mk y", "made /x/y");
	EXPECT(c, "list ", "y+");
	EXPECT(c, "rm ../x", "no");
	EXPECT(c, "rm y", "yes /x");
	EXPECT(c, "up ", "yes /");
	EXPECT(c, "up ", "no");
	EXPECT(c, "list ", "docs,pub,x+notes");
	EXPECT(c, "rm docs", "no");
	EXPECT(c, "rm docs/old", "yes /");
	EXPECT(c, "rm docs", "yes /");
	EXPECT(c, "cd docs", "no");
	EXPECT(c, "list ", "pub,x+notes");
	model_destroy(m);
}

Test(host, what_one_conversation_changed_the_next_one_sees_but_not_where_it_stood)
{
	struct model *m = model_of(MODEL);
	struct host pair = { 0 }, other = { 0 }, own = { 0 };
	struct client first = client_of(m, &pair, &own, 1), second = client_of(m, &pair, &own, 2);
	struct client stranger = client_of(m, &other, &own, 3);

	EXPECT(first, "mk x", "made /x");
	EXPECT(first, "cd x", "yes /x");
	EXPECT(second, "where ", "yes /");
	EXPECT(second, "cd x", "yes /x");
	EXPECT(second, "up ", "yes /");
	EXPECT(first, "where ", "yes /x");
	EXPECT(stranger, "cd x", "no");
	EXPECT(first, "note z", "is z");	/* of the host: everybody's */
	EXPECT(stranger, "noted z", "is z");
	EXPECT(first, "clear ", "yes /");
	EXPECT(second, "cd x", "no");
	model_destroy(m);
}

Test(host, that_nobody_keeps_is_as_at_the_beginning)
{
	struct model *m = model_of(MODEL);
	struct client c = client_of(m, NULL, NULL, 1);

	EXPECT(c, "mk x", "made /x");
	EXPECT(c, "cd x", "no");
	EXPECT(c, "cd docs", "yes /");
	model_destroy(m);
}

Test(host, forgets_its_oldest_changes_where_there_is_no_room_and_stays_in_bounds)
{
	struct model *m = model_of(MODEL);
	struct host pair = { 0 }, own = { 0 };
	struct client c = client_of(m, &pair, &own, 1);
	char line[64];

	for (unsigned i = 0; i < 100000; i++) {
		snprintf(line, sizeof line, "mk directory-%u", i);
		cr_assert_eq(strncmp(say(&c, line), "made /directory-", 16), 0, "%s: %s", line, c.said);
		cr_assert_leq(pair.used, sizeof pair.bytes);
	}
	EXPECT(c, "cd directory-99999", "yes /directory-99999");
	EXPECT(c, "cd /directory-0", "no");
	EXPECT(c, "cd /docs", "yes /docs");
	model_destroy(m);
}

Test(host, accepts_names_that_are_too_long_and_forgets_them)
{
	struct model *m = model_of(MODEL);
	struct host pair = { 0 }, own = { 0 };
	struct client c = client_of(m, &pair, &own, 1);
	char line[128] = "note ";

	memset(line + 5, 'x', 80);
	say(&c, line);
	cr_expect_eq(own.used, 0);
	memcpy(line, "cd   ", 5);
	EXPECT(c, line, "no");
	EXPECT(c, "where ", "yes /");
	model_destroy(m);
}
