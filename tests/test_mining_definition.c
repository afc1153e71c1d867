#include "learning/mining/definition.h"

#include <errno.h>
#include <stdio.h>

#include "tests/cases.h"

#define HEAD "service x 1\nchannel c tcp 21\nframing c line \"\\r\\n\"\n"

Test(mining_definition, those_that_ship_are_read)
{
	static const char *const path[] = { TEST_ROOT "/scripts/services/ftp.service",
		TEST_ROOT "/scripts/services/http.service" };
	static const uint32_t commands[] = { 11, 8 };
	struct definition d;
	struct diag why = { "" };

	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		cr_assert_eq(definition_load(&d, path[i], &why), 0, "%s", why.text);
		cr_expect_eq(d.ncommand, commands[i]);
		definition_fini(&d);
	}
}

Test(mining_definition, says_what_a_verb_a_code_and_a_word_are)
{
	struct definition d;

	cr_assert_eq(definition_load(&d, TEST_ROOT "/scripts/services/ftp.service", NULL), 0);
	cr_expect_eq(d.channel[0].port, 21);
	cr_expect_eq(d.channel[0].proto, MODEL_TCP);
	cr_expect_eq(definition_find(&d, span_str("xcwd")), 4);
	cr_expect_eq(definition_find(&d, span_str("CW")), -1);
	cr_expect_eq(definition_class_of(&d, "331"), 0);
	cr_expect_eq(definition_class_of(&d, "550"), 1);
	cr_expect_eq(definition_class_of(&d, "999"), -1);
	cr_expect_eq(definition_constant_of(&d, span_str("..")), 1);
	cr_expect_eq(definition_constant_of(&d, span_str("...")), -1);
	cr_expect(definition_ignores(&d, span_str("pasv")));
	cr_expect_not(definition_ignores(&d, span_str("RETR")));
	cr_expect_eq(d.command[5].alias, 4);
	cr_expect_eq(d.nmax, 10);
	cr_expect_eq(d.scope, SCOPE_PAIR);
	definition_fini(&d);
}

static const struct {
	const char *text, *sentence;	/* how it begins */
} wrong[] = {
	{ "", "x:1:1: the definition has no line 'service NAME 1'" },
	{ "service x 1\n", "x:2:1: the definition has no line 'framing CHANNEL ...'" },
	{ HEAD, "x:4:1: the definition has no command" },
	{ "service x 2\n", "x:1:11: 2 is too much" },
	{ "service\n", "x:1:8: the service's name is expected here" },
	{ "greeting x\n", "x:1:1: a line of a service definition does not begin so" },
	{ "service x 1\nchannel c sctp 1\n", "x:2:11: 'tcp' is expected here" },
	{ "service x 1\nchannel c tcp 65536\n", "x:2:15: 65536 is too much" },
	{ "service x 1\nchannel c tcp 1 role boss\n", "x:2:22: 'control' is expected here" },
	{ "channel c tcp 1\nchannel c tcp 2\n", "x:2:9: there is a channel of this name already" },
	{ "framing c line \"\\n\"\n", "x:1:9: no channel of this name stands above" },
	{ "channel c tcp 1\nframing c line \"\"\n", "x:2:" },
	{ HEAD "multiline dots\n", "x:4:11: 'none' is expected here" },
	{ HEAD "case loud\n", "x:4:6: 'exact' is expected here" },
	{ HEAD "class YES 2\n", "x:4:11: a code is expected here" },
	{ HEAD "command A verb \"A\" args 0\n", "x:4:26: '->' is expected here" },
	{ HEAD "command A verb args 0 -> class\n", "x:4:16: a verb in quotes is expected here" },
	{ HEAD "command A verb \"A\" args 2..1 -> class\n", "x:4:25: a number of arguments goes upward" },
	{ HEAD "command A verb \"A\" args 9 -> class\n", "x:4:25: 9 is too much" },
	{ HEAD "command A verb \"A\" args 0 -> capture 2 \"a\" \"b\"\n", "x:4:38: a code is expected here" },
	{ HEAD "command A verb \"A\" args 0 -> song\n", "x:4:30: 'data' is expected here" },
	{ HEAD "alias B => A\n", "x:4:7: no command of this name stands above" },
	{ HEAD "command A verb \"A\" args 0 -> class\nalias A => A\n", "x:5:" },
	{ HEAD "meta near\n", "x:4:6: exact, substring, notsubstring or map is expected here" },
	{ HEAD "meta map m { \"\" => \"a\" }\n", "x:4:17: nothing cannot be replaced" },
	{ HEAD "nmax 0\n", "x:4:6: nmax is 1 to 10" },
	{ HEAD "nmax 11\n", "x:4:6: 11 is too much" },
	{ HEAD "scope world\n", "x:4:7: 'peer' is expected here" },
	{ HEAD "ignore\n", "x:4:7: a verb is expected here" },
	{ HEAD "const A \"open\n", "x:4:9: this string has no closing quote" },
	{ HEAD "resp-more A 150\n", "x:4:11: no command of this name stands above" },
};

EACH_CASE(mining_definition, names_line_and_column_of_what_is_wrong, wrong)
{
	struct definition d;
	struct diag why = { "" };

	cr_expect_eq(definition_parse(&d, "x", span_str(wrong[*i].text), &why), -EINVAL, "%s", wrong[*i].text);
	cr_expect_eq(strncmp(why.text, wrong[*i].sentence, strlen(wrong[*i].sentence)), 0, "%s\n%s",
	    why.text, wrong[*i].sentence);
}

Test(mining_definition, that_is_not_there_is_named)
{
	struct definition d;
	struct diag why = { "" };

	cr_expect_eq(definition_load(&d, "/nowhere/x.service", &why), -ENOENT);
	cr_expect_not_null(strstr(why.text, "/nowhere/x.service"), "%s", why.text);
}
