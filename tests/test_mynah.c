/* The tool from outside: words in, exit status and files out. */
#include "tests/cases.h"
#include "tests/tool.h"

#define MODELS TEST_ROOT "/tests/data/models/"

static const struct {
	const char *line;
	int status;
} cases[] = {
	{ "\"$M\" 2>out && false; test $? = 2 && grep -q usage out", 0 },
	{ "\"$M\" -h | grep -q 'mynah show'", 0 },
	{ "\"$M\" --help | grep -q 'mynah compile'", 0 },
	{ "\"$M\" --version | grep -Eqx 'mynah [0-9.]+'", 0 },
	{ "\"$M\" compile --help | grep -q -- --output", 0 },
	{ "\"$M\" show -h | grep -q -- --json", 0 },
	{ "\"$M\" frob 2>out", 2 },
	{ "\"$M\" show 2>out", 2 },
	{ "\"$M\" show --dot --json x 2>out", 2 },
	{ "\"$M\" show --frob x 2>out", 2 },
	{ "\"$M\" compile " MODELS "ftp-small.txt 2>out", 2 },
	{ "\"$M\" compile " MODELS "ftp-small.txt -o x.mynah --check 2>out", 2 },
	{ "\"$M\" show nowhere.mynah 2>out", 1 },
	{ "\"$M\" show nowhere.mynah 2>out; grep -q nowhere.mynah out", 0 },
	{ "\"$M\" show " MODELS "ftp-small.txt 2>out", 1 },
	{ "\"$M\" compile " MODELS "ftp-small.txt --check >out && ! test -e x.mynah", 0 },
	{ "echo hello > x.txt; \"$M\" compile x.txt -o x.mynah 2>out", 1 },
	{ "echo hello > x.txt; \"$M\" compile x.txt -o x.mynah 2>out; grep -q x.txt:1:1 out && "
	  "! test -e x.mynah", 0 },
	{ "sed 's/< \"331 /< \"332 /' " MODELS "ftp-small.txt >x.txt; \"$M\" compile x.txt -o x.mynah 2>out", 1 },
	{ "sed 's/< \"331 /< \"332 /' " MODELS "ftp-small.txt >x.txt; \"$M\" compile --check x.txt 2>out; "
	  "grep -q 'x.txt: .*vector 0, line 4' out", 0 },
	{ "\"$M\" compile " MODELS "ftp-small.txt -o /nowhere/x.mynah 2>out >out", 1 },
	{ "\"$M\" -h > /dev/full 2>out", 1 },
};

EACH_CASE(mynah, says_done_failed_or_wrong_usage, cases)
{
	tool_enter();
	cr_expect_eq(tool_run(cases[*i].line), cases[*i].status, "%s", cases[*i].line);
	tool_leave();
}

Test(mynah, text_and_image_turn_into_each_other_byte_for_byte)
{
	tool_enter();
	for (const char *const *name = (const char *const[]){ "ftp-small", "dns-small",
	     "words-plain", "resync", NULL };
	     *name != NULL; name++) {
		char line[512];
		snprintf(line, sizeof line, "\"$M\" compile " MODELS "%s.txt -o a.mynah >out && "
		    "\"$M\" show --text a.mynah >a.txt && \"$M\" compile a.txt -o b.mynah >out && "
		    "cmp a.mynah b.mynah && \"$M\" show --text b.mynah | cmp a.txt -", *name);
		cr_expect_eq(tool_run(line), 0, "%s", *name);
	}
	tool_leave();
}

Test(mynah, show_names_the_service_in_every_form)
{
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" compile " MODELS "ftp-small.txt -o a.mynah >out"), 0);
	cr_expect_eq(tool_run("\"$M\" show a.mynah | grep -q '^ftp-small, tcp'"), 0);
	cr_expect_eq(tool_run("\"$M\" show --json a.mynah | grep -q '\"service\":\"ftp-small\"'"), 0);
	cr_expect_eq(tool_run("\"$M\" show --dot a.mynah | grep -q '^digraph \"ftp-small\"'"), 0);
	tool_leave();
}
