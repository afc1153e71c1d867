/* A conversation from text: compile, load, feed, render. */
#include "models/session.h"

#include <criterion/criterion.h>
#include "tests/cases.h"
#include "tests/talk.h"

static void
listen_to(struct talk *k)
{
	size_t n = session_render(&k->s, &k->f, k->m, &talk_env, 0, (uint8_t *)k->said,
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
	size_t n = session_feed(&k->s, &k->a, k->m, &talk_env, span_str(what), FEED_PUSH, &k->f, &k->t);

	cr_expect_eq(n, strlen(what), "%s", what);
	cr_expect(k->t.taken, "%s", what);
	listen_to(k);
	return k->said;
}

Test(session, greets_logs_in_and_says_goodbye)
{
	char *text = file_of(TEST_ROOT "/tests/data/models/ftp-small.txt");
	struct talk k = talk_to(text);

	session_event(&k.s, &k.a, k.m, &talk_env, EVENT_CONNECT, 0, &k.f, &k.t);
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

#define MODEL(eom, replies) \
	"mynah-model 1\nservice \"t\" tcp\nlearner \"hand\" order 1 seed 1\nseparators \" \\r\\n\"\n"      \
	"start 0\nclass 0 30-39\n" eom " error 0x0p+0\n"                                           \
	"template 0 support 1 from hand\n  match \"A\" line \"\\r\\n\"\n"                          \
	"template 1 support 1 from hand\n  match \"BYE\"\n"                                        \
	"template 2 support 1 from hand\n  match \"R\"\n" replies                                  \
	"state 0 eom 0 support 1 \"s\"\n  on message 0\n    alt weight 1 say 0 goto 0 from hand\n" \
	"  on message 1\n    alt weight 1 goto 0 from hand close\n"                                \
	"  on message 2\n    alt weight 1 say 1 goto 0 from hand\n"                                \
	"  on other\n    alt weight 1 say 0 goto 0 from hand\n"
#define REPLIES \
	"reply 0 support 1 from hand\n  say \"ok\\r\\n\"\n"                                        \
	"reply 1 support 1 from hand\n  say rand 0 16 host \" \" rand 0 16 pair\n"

/* How many bytes belong to the first message: 0 while its end cannot be told. */
static const struct {
	const char *what, *eom, *in;
	unsigned flags;
	size_t taken;
} ends[] = {
	{ "after the first terminator", "eom 0 term \"\\r\\n\"", "A b\r\nA c\r\n", FEED_PUSH, 5 },
	{ "not before it", "eom 0 term \"\\r\\n\"", "A b\r", FEED_PUSH, 0 },
	{ "with the peer's FIN", "eom 0 term \"\\r\\n\"", "A b\r", FEED_END, 4 },
	{ "after a length field says", "eom 0 length at 1 width 1 be times 2 plus 2", "x\x02" "abcdefgh", 0, 6 },
	{ "never before the field", "eom 0 length at 1 width 1 be times 1 plus -5", "x\x02" "abc", 0, 2 },
	{ "not before the field is there", "eom 0 length at 1 width 2 be times 1 plus 3", "x\x01", FEED_PUSH, 0 },
	{ "after the body that the head announces",
	    "eom 0 decimal label \"length:\" term \"\\r\\n\\r\\n\"",
	    "A\r\nContent-Length: \t 3\r\n\r\nabcde", 0, 29 },
	{ "not before it is there", "eom 0 decimal label \"length:\" term \"\\r\\n\\r\\n\"",
	    "A\r\nContent-Length: 3\r\n\r\nab", FEED_PUSH, 0 },
	{ "after the head without a number", "eom 0 decimal label \"length:\" term \"\\r\\n\\r\\n\"",
	    "A\r\n\r\nabc", 0, 5 },
	{ "where nothing can follow", "eom 0 final", "BYEBYE", 0, 3 },
	{ "with PSH where nothing fits any more", "eom 0 final", "xyz", FEED_PUSH, 3 },
	{ "without PSH nowhere", "eom 0 push", "A b\r\n", 0, 0 },
	{ "with PSH in an accepting state", "eom 0 push", "A b\r\n", FEED_PUSH, 5 },
	{ "with PSH not in the middle", "eom 0 push", "A b", FEED_PUSH, 0 },
	{ "not with PSH but when nothing comes", "eom 0 idle 300", "A b\r\n", FEED_PUSH, 0 },
};

EACH_CASE(session, a_message_ends, ends)
{
	char text[2048];
	struct talk k;
	size_t n;

	snprintf(text, sizeof text, MODEL("%s", "%s"), ends[*i].eom, REPLIES);
	k = talk_to(text);
	n = session_feed(&k.s, NULL, k.m, &talk_env, span_str(ends[*i].in), ends[*i].flags, &k.f, &k.t);
	cr_expect_eq(k.t.taken, ends[*i].taken > 0, "%s", ends[*i].what);
	cr_expect_eq(n, ends[*i].taken > 0 ? ends[*i].taken : strlen(ends[*i].in), "%s: %zu",
	    ends[*i].what, n);
	model_destroy(k.m);
}

Test(session, a_pause_ends_what_has_no_other_end)
{
	struct talk k = talk_to(MODEL("eom 0 idle 300", REPLIES));
	struct span in = span_str("A b\r\n");

	cr_expect_eq(session_pause_ms(&k.s, k.m), 0);
	session_feed(&k.s, NULL, k.m, &talk_env, in, FEED_PUSH, &k.f, &k.t);
	cr_expect_not(k.t.taken);
	cr_expect_eq(session_pause_ms(&k.s, k.m), 300);
	cr_expect_eq(session_feed(&k.s, NULL, k.m, &talk_env, in, FEED_PUSH, &k.f, &k.t), in.n);
	cr_expect(k.t.taken);
	cr_expect_eq(k.t.template, 0);
	model_destroy(k.m);
}

Test(session, sixty_four_kilobytes_are_a_message_whatever_they_say)
{
	struct talk k = talk_to(MODEL("eom 0 term \"\\r\\n\"", REPLIES));
	static uint8_t endless[MODEL_MESSAGE_BYTES + 100];

	memset(endless, 'A', sizeof endless);
	cr_expect_eq(session_feed(&k.s, NULL, k.m, &talk_env, span_of(endless, 60000), 0, &k.f, &k.t), 60000);
	cr_expect_not(k.t.taken);
	cr_expect_eq(session_feed(&k.s, NULL, k.m, &talk_env, span_of(endless, sizeof endless), 0, &k.f, &k.t),
	    MODEL_MESSAGE_BYTES);
	cr_expect(k.t.taken);
	cr_expect_eq(k.t.match, MATCH_OTHER);
	model_destroy(k.m);
}

Test(session, a_repeated_probe_gets_the_same_answer_and_a_neighbour_another)
{
	struct talk k = talk_to(MODEL("eom 0 push", REPLIES));
	struct session_env who = talk_env;
	char first[64], again[64];

	who.key[3] = 7;
	for (int i = 0; i < 1000; i++) {
		size_t n;

		session_init(&k.s, k.m);
		who.peer_port = (uint16_t)i;
		session_feed(&k.s, NULL, k.m, &who, span_str("R"), FEED_PUSH, &k.f, &k.t);
		n = session_render(&k.s, &k.f, k.m, &who, 0, (uint8_t *)(i > 0 ? again : first), 64, NULL);
		cr_assert_eq(n, 33);
		cr_assert(i == 0 || memcmp(first, again, n) == 0);
	}
	who.peer.b[15]++;		/* another peer: what the host is called stays */
	session_render(&k.s, &k.f, k.m, &who, 0, (uint8_t *)again, 64, NULL);
	cr_expect_arr_eq(first, again, 17);
	cr_expect_arr_neq(first + 17, again + 17, 16);
	who.own.b[15]++;
	session_render(&k.s, &k.f, k.m, &who, 0, (uint8_t *)again, 64, NULL);
	cr_expect_arr_neq(first, again, 16);
	model_destroy(k.m);
}

/* P says both fields of a pair, X only the second: docs/model-format.md 5. */
static const char pair_model[] =
	"mynah-model 1\nservice \"t\" tcp\nlearner \"hand\" order 1 seed 1\nseparators \" \\r\\n\"\n"
	"start 0\nclass 0 00-09 0e-3a 3c-ff\neom 0 term \"\\r\\n\" error 0x0p+0\n"
	"map 0\n  \"\\x00\" \"\"\n  \"a\\x00b\" \"\"\n  \"a\\x00b\\x00c\" \"\"\n  \"ab\" \"\"\n"
	"template 0 support 1 from hand\n  match \"P\" span 0 0 0 \";\" span 0 0 0 \"\\r\\n\"\n"
	"  field 0 1 1\n  field 1 3 3\n"
	"template 1 support 1 from hand\n  match \"X\" span 0 0 0 \"\\r\\n\"\n  field 1 1 1\n"
	"reply 0 support 1 from hand\n  say \"known\"\nreply 1 support 1 from hand\n  say \"no\"\n"
	"state 0 eom 0 support 1 \"s\"\n"
	"  on message 0\n    alt weight 1 say 0 goto 0 from hand\n      when known-pair 0 1 0\n"
	"    alt weight 1 say 1 goto 0 from hand\n"
	"  on message 1\n    alt weight 1 say 0 goto 0 from hand\n      when known-pair 0 1 0\n"
	"    alt weight 1 say 1 goto 0 from hand\n";

/* Template 0 has no turn; it and template 1 match what begins with A: docs/model-format.md 4. */
static const char passed_model[] =
	"mynah-model 1\nservice \"t\" tcp\nlearner \"hand\" order 1 seed 1\nseparators \" \\r\\n\"\n"
	"start 0\neom 0 push error 0x0p+0\nmap 0\n  \"x\" \"\"\n"
	"template 0 support 1 from hand\n  match \"A\" any 1 \";\" tail\n  field 30 1 1\n  field 31 3 3\n"
	"template 1 support 1 from hand\n  match \"A\" any 1 tail\n  field 30 2 2\n"
	"template 2 support 1 from hand\n  match \"B\"\n"
	"reply 0 support 1 from hand\n  say \"[\" field 31 \"]\"\nreply 1 support 1 from hand\n  say field 30 \",\" field 31\n"
	"state 0 eom 0 support 1 \"s\"\n"
	"  on message 1\n    alt weight 1 say 0 goto 0 from hand\n"
	"  on message 2\n    alt weight 1 say 1 goto 0 from hand\n";

Test(session, templates_that_no_state_answers_are_remembered)
{
	static struct talk k;

	talk_begin(&k, model_of(passed_model));
	cr_expect_str_eq(talk_say(&k, span_str("A1;x")), "[]", "what is remembered was said earlier");
	cr_expect_str_eq(talk_say(&k, span_str("B")), ";x,x", "of two templates with the slot the one that answers fills it");
	cr_expect_str_eq(talk_say(&k, span_str("A1;yy")), "[x]");
	cr_expect_str_eq(talk_say(&k, span_str("A2-z")), "[yy]", "it does not match, so the slot keeps what it holds");
	cr_expect_str_eq(talk_say(&k, span_str("B")), "-z,yy");
	model_destroy(k.m);
}

/* Extensions, of which some begin as others: docs/model-format.md 5. */
static const char begins_model[] =
	"mynah-model 1\nservice \"t\" tcp\nlearner \"hand\" order 1 seed 1\nseparators \" \\r\\n\"\n"
	"start 0\neom 0 term \"\\r\\n\" error 0x0p+0\n"
	"map 0\n  \"21\" \"\"\n  \"230\" \"\"\nmap 1\n  \"2\" \"\"\n  \"9\" \"\"\n"
	"template 0 support 1 from hand\n  match \"CALL\" line \"\\r\\n\"\n  field 0 1 1\n"
	"reply 0 support 1 from hand\n  say \"longer\"\nreply 1 support 1 from hand\n  say \"shorter\"\n"
	"reply 2 support 1 from hand\n  say \"no\"\n"
	"state 0 eom 0 support 1 \"s\"\n"
	"  on message 0\n    alt weight 1 say 0 goto 0 from hand\n      when begins 0 0\n"
	"    alt weight 1 say 1 goto 0 from hand\n      when begins 0 1\n"
	"    alt weight 1 say 2 goto 0 from hand\n";

static const struct {
	const char *asked, *answer;
} beginnings[] = {
	{ "CALL2\r\n", "shorter" }, { "CALL21\r\n", "longer" }, { "CALL2199\r\n", "longer" },
	{ "CALL22\r\n", "shorter" }, { "CALL23\r\n", "shorter" }, { "CALL2301\r\n", "longer" },
	{ "CALL1\r\n", "no" }, { "CALL\r\n", "no" }, { "CALL9\r\n", "shorter" }, { "CALL:\r\n", "no" },
};

EACH_CASE(session, a_field_may_begin_with_a_key, beginnings)
{
	static struct talk k;

	talk_begin(&k, model_of(begins_model));
	cr_expect_str_eq(talk_say(&k, span_str(beginnings[*i].asked)), beginnings[*i].answer, "%s",
	    beginnings[*i].asked);
	model_destroy(k.m);
}

/* A head of lines: docs/model-format.md 5. */
static const char head_model[] =
	"mynah-model 1\nservice \"t\" udp\nlearner \"hand\" order 1 seed 1\nseparators \" \\r\\n\"\n"
	"start 0\neom 0 datagram error 0x0p+0\n"
	"template 0 support 1 from hand\n  match \"GET\" tail\n  field 0 0 1\n"
	"reply 0 support 1 from hand\n  say \"part\"\nreply 1 support 1 from hand\n  say \"all\"\n"
	"reply 2 support 1 from hand\n  say \"what\"\n"
	"state 0 eom 0 support 1 \"s\"\n"
	"  on message 0\n    alt weight 1 say 0 goto 0 from hand\n      when line 0 \"Range:\"\n"
	"    alt weight 1 say 1 goto 0 from hand\n      when no-line 0 \"Odd:\"\n"
	"    alt weight 1 say 2 goto 0 from hand\n";

static const struct {
	const char *asked, *answer;
} heads[] = {
	{ "GET a\r\nRange: 1-2\r\n\r\n", "part" }, { "GET a\nHost: b\nRange: 1-2", "part" },
	{ "GET a\r\nHost: b\r\n\r\n", "all" }, { "GET", "all" }, { "GETRange:", "all" },
	{ "GET a\r\nHost: b\r\n\r\nRange: 1\r\n", "all" }, { "GET a\r\nHost: Range:\r\n\r\n", "all" },
	{ "GET a\r\nHost: b\r\nOdd: c\r\n\r\n", "what" },
};

EACH_CASE(session, a_line_of_the_head_decides, heads)
{
	static struct talk k;

	talk_begin(&k, model_of(head_model));
	cr_expect_str_eq(talk_say(&k, span_str(heads[*i].asked)), heads[*i].answer, "%s", heads[*i].asked);
	model_destroy(k.m);
}

#define LINE(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static const struct {
	const char *what;
	struct span first, then;	/* first may be empty: then is the first message */
	const char *answer;
} pairs[] = {
	{ "both", { 0 }, LINE("Pa;b\r\n"), "known" },
	{ "the other way round", { 0 }, LINE("Pb;a\r\n"), "no" },
	{ "one that goes on", { 0 }, LINE("Pa;bb\r\n"), "no" },
	{ "one that ends early", { 0 }, LINE("Pa;\r\n"), "no" },
	{ "not without the zero between", { 0 }, LINE("Pab;\r\n"), "no" },
	{ "a zero in the second", { 0 }, LINE("Pa;b\0c\r\n"), "known" },
	{ "a zero in the first", { 0 }, LINE("Pa\0b;c\r\n"), "known" },
	{ "two empty ones", { 0 }, LINE("P;\r\n"), "known" },
	{ "one remembered", LINE("Pa;x\r\n"), LINE("Xb\r\n"), "known" },
	{ "another remembered", LINE("Pb;x\r\n"), LINE("Xb\r\n"), "no" },
	{ "nothing remembered", { 0 }, LINE("Xb\r\n"), "no" },
};

EACH_CASE(session, two_fields_are_known_together, pairs)
{
	static struct talk k;

	talk_begin(&k, model_of(pair_model));
	if (pairs[*i].first.n > 0)
		talk_say(&k, pairs[*i].first);
	cr_expect_str_eq(talk_say(&k, pairs[*i].then), pairs[*i].answer, "%s", pairs[*i].what);
	model_destroy(k.m);
}

Test(session, two_fields_of_512_bytes_are_never_known_together)
{
	static struct talk k;
	char k300[301], rest[301], text[4096];

	for (int n = 510; n <= 512; n++) {	/* of both together; all are keys of the map */
		snprintf(k300, sizeof k300, "%0300d", 1);
		snprintf(rest, sizeof rest, "%0*d", n - 300, 2);
		snprintf(text, sizeof text, "%.*smap 0\n  \"%s\\x00%s\" \"\"\n%s",
		    (int)(strstr(pair_model, "map 0") - pair_model), pair_model, k300, rest, strstr(pair_model, "template 0"));
		talk_begin(&k, model_of(text));
		snprintf(text, sizeof text, "P%s;%s\r\n", k300, rest);
		cr_expect_str_eq(talk_say(&k, span_str(text)), n < 512 ? "known" : "no", "%d", n);
		model_destroy(k.m);
	}
}

Test(session, of_two_machines_each_remembers_and_either_repeats_what_it_said)
{
	char *text = file_of(TEST_ROOT "/tests/data/models/two-machines.txt"), again[64];
	struct talk k = talk_to(text);
	struct fields later;
	size_t n;

	session_event(&k.s, &k.a, k.m, &talk_env, EVENT_CONNECT, 0, &k.f, &k.t);
	listen_to(&k);
	cr_expect_str_eq(k.said, "two\r\n");
	cr_expect_str_eq(say(&k, "NAME ada\r\n"), "hello ada\r\n");
	cr_expect_str_eq(say(&k, "SUM 4\r\n"), "ada: 4\r\n", "the second heard the name that the first answered");
	cr_expect_not(k.t.freeze);
	session_fields(&later, &k.s, &k.a, k.m);
	n = session_render(&k.s, &later, k.m, &talk_env, 0, (uint8_t *)again, sizeof again, NULL);
	cr_expect_eq(n, 8);
	cr_expect_eq(memcmp(again, "ada: 4\r\n", 8), 0);
	cr_expect_str_eq(say(&k, "QUIET\r\n"), "gladly\r\n", "where the first is silent");
	cr_expect_str_eq(say(&k, "PLEASE\r\n"), "after all\r\n", "its history went on");
	session_feed(&k.s, NULL, k.m, &talk_env, span_str("SUM 5\r\n"), FEED_PUSH, &k.f, &k.t);
	listen_to(&k);
	cr_expect_str_eq(k.said, "no idea\r\n", "without an arena there is no second");
	model_destroy(k.m);
	free(text);
}
