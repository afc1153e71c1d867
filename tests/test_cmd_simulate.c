/* mynah simulate from outside. */
#include "tests/cases.h"
#include "tests/tool.h"

#define SIMULATE "\"$M\" simulate "
#define FTP "\"$D\"/ftp-small.pcap.gz"

static const struct {
	const char *what, *line;
	int status;
	const char *sentence;
} cases[] = {
	{ "nothing", SIMULATE, 2, "exactly one model" },
	{ "a missing model", SIMULATE "nowhere.mynah", 1, "nowhere.mynah" },
	{ "no number", SIMULATE "-n many m.mynah", 2, "--conversations many: a number" },
	{ "too many", SIMULATE "-n 1000001 m.mynah", 2, "a number up to 1000000" },
	{ "no such server", SIMULATE "-S me m.mynah", 2, "--server me: runtime or prisma" },
	{ "a seed that is none", SIMULATE "-s -1 m.mynah", 2, "--seed -1: a number" },
	{ "the model as transcripts", SIMULATE "-t m.mynah m.mynah", 2, "--transcripts m.mynah is the model" },
	{ "transcripts that cannot be", SIMULATE "-t nowhere/t m.mynah", 1, "nowhere/t: cannot be written" },
	{ "transcripts on a full disk", SIMULATE "-t /dev/full m.mynah", 1, "/dev/full: not all" },
	{ "a model that knows no clients", "\"$M\" compile \"$D\"/models/talk-small.txt -o t.mynah && "
	    SIMULATE "t.mynah", 1, "t.mynah: does not say how clients talk" },
};

EACH_CASE(cmd_simulate, says_what_is_wrong, cases)
{
	char line[1024];

	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn -c first-token -o m.mynah " FTP " >out"), 0);
	snprintf(line, sizeof line, "(%s) >out 2>err", cases[*i].line);
	cr_expect_eq(tool_run(line), cases[*i].status, "%s", cases[*i].what);
	snprintf(line, sizeof line, "grep -qF -- '%s' err", cases[*i].sentence);
	cr_expect_eq(tool_run(line), 0, "%s: \"%s\" is not in the sentence", cases[*i].what,
	    cases[*i].sentence);
	tool_leave();
}

static const struct {
	const char *what, *line;
} good[] = {
	{ "the server greets, the client logs in", SIMULATE "m.mynah >out && head -1 out | grep -q '^< 220' && "
	    "grep -q '^> USER ' out" },
	{ "the same call says the same, another seed something else", SIMULATE "-n 5 m.mynah >a && "
	    SIMULATE "-n 5 m.mynah >b && cmp a b && " SIMULATE "-n 5 -s 1 m.mynah >c && ! cmp -s a c" },
	{ "the published server talks, too", SIMULATE "-S prisma -n 5 m.mynah | grep -q '^< 331'" },
	{ "a transcript has both sides of every conversation", SIMULATE "-n 20 -t t m.mynah >out && "
	    "test ! -s out && python3 -c 'import json; t = [json.loads(l) for l in open(\"t\")]; "
	    "assert [c[\"conversation\"] for c in t] == list(range(20)); "
	    "assert all(c[\"proto\"] == \"tcp\" and c[\"server\"] == \"198.19.0.1\" for c in t); "
	    "m = [m for c in t for m in c[\"messages\"]]; "
	    "assert all(sorted(x) == [\"bytes\", \"from\", \"time\"] and x[\"bytes\"] for x in m); "
	    "assert {x[\"from\"] for x in m} == {\"client\", \"server\"}'" },
	{ "datagrams are messages one by one", "\"$M\" learn -o d.mynah \"$D\"/dns-small.pcap.gz >out && "
	    SIMULATE "-n 3 -t t d.mynah && python3 -c 'import json; "
	    "t = [json.loads(l)[\"messages\"] for l in open(\"t\")]; "
	    "answered = [m for m in t if len(m) > 1]; assert answered; "
	    "assert all(m[0][\"bytes\"][:2] == m[1][\"bytes\"][:2] for m in answered)'" },
};

EACH_CASE(cmd_simulate, does_what_it_should, good)
{
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn -c first-token -o m.mynah " FTP " >out"), 0);
	cr_expect_eq(tool_run(good[*i].line), 0, "%s", good[*i].what);
	tool_leave();
}
