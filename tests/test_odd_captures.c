/* Captures that nobody wishes for (odd_captures.py), through learn, eval, show and simulate. */
#include "tests/cases.h"
#include "tests/tool.h"

#define MAKE "python3 \"$D\"/../odd_captures.py "
#ifdef __SANITIZE_ADDRESS__
#define BOUNDED "timeout 120 "		/* its shadow needs all addresses there are */
#else
#define BOUNDED "ulimit -v 4194304; timeout 120 "	/* KiB */
#endif

/* What cannot be learned from is refused with this sentence, what can has it in the summary. */
static const struct {
	const char *capture, *options, *sentence;
	const char *holds;	/* a condition over r, the report, and t, the model as text */
} learned[] = {
	{ "ten", "", "10 conversations", "r['conversations'] == 10 and sum(r['unused'].values()) == 0" },
	{ "no_handshakes", "", "in part: 30 conversations began before the capture",
	    "r['unused']['no-handshake'] == 30 and '220 hello' not in t" },
	{ "half_without_handshake", "", "in part: 10 conversations began before the capture",
	    "r['conversations'] == 20 and '220 hello' in t" },
	{ "gaps", "", "in part: 9 conversations miss packets", "r['unused']['gaps'] == 9 and r['pipelined'] == 18" },
	{ "mixed", "-p tcp/21", "packets of other services", "'HTTP' not in t and r['conversations'] == 20" },
	{ "mixed", "-p tcp/80", "packets of other services", "'331' not in t and r['conversations'] == 20" },
	{ "encrypted", "", "messages look encrypted or compressed", "'SSH-2.0-Odd_1.0' in t" },
	{ "noise", "", "messages look encrypted or compressed", "r['unused']['random-messages'] > 200" },
	{ "empty", "", "not used: 120 messages without a byte",
	    "r['unused']['empty-messages'] == 120 and 'again' not in t" },
	{ "large", "", "6 replies are longer than a model says",
	    "r['unused']['long-questions'] == 6 and r['unused']['long-replies'] == 6" },
	{ "identical", "", "more than learning keeps",
	    "r['conversations'] + r['left_out_conversations'] == 50000 and r['templates'] == r['replies'] == 1" },
};

EACH_CASE(odd_captures, are_learned_as_far_as_sense_goes, learned)
{
	char line[2048];

	tool_enter();
	snprintf(line, sizeof line, MAKE "%s c.pcap", learned[*i].capture);
	cr_assert_eq(tool_run(line), 0, "%s", line);
	snprintf(line, sizeof line, BOUNDED "\"$M\" learn %s -r r.json -o m.mynah c.pcap >out && grep -qF '%s' out",
	    learned[*i].options, learned[*i].sentence);
	cr_expect_eq(tool_run(line), 0, "%s: \"%s\"", learned[*i].capture, learned[*i].sentence);
	cr_expect_eq(tool_run(BOUNDED "\"$M\" show m.mynah >show && \"$M\" show --text m.mynah >t"), 0, "%s: show",
	    learned[*i].capture);
	snprintf(line, sizeof line, BOUNDED "\"$M\" eval %s m.mynah c.pcap >eval", learned[*i].options);
	cr_expect_eq(tool_run(line), 0, "%s: eval", learned[*i].capture);
	cr_expect_eq(tool_run(BOUNDED "\"$M\" simulate m.mynah >said"), 0, "%s: simulate", learned[*i].capture);
	snprintf(line, sizeof line, "python3 -c \"import json; r = json.load(open('r.json')); "
	    "t = open('t', errors='replace').read(); assert %s, (r['unused'], t[:2000])\"", learned[*i].holds);
	cr_expect_eq(tool_run(line), 0, "%s: %s", learned[*i].capture, learned[*i].holds);
	tool_leave();
}

static const struct {
	const char *capture, *sentence;
} refused[] = {
	{ "client_only", "no conversation in which a server answers (390 packets read). See that both directions" },
	{ "server_only", "never answers what a client says, so there is nothing to learn; see that both directions" },
	{ "only_empty", "never answers what a client says" },
	{ "nothing_said", "no conversation in which a server answers" },
	{ "mixed", "several services talk here, by conversations tcp/21 (20), tcp/80 (20)" },
};

EACH_CASE(odd_captures, are_refused_with_a_sentence_where_nothing_can_be_learned, refused)
{
	char line[1024];

	tool_enter();
	snprintf(line, sizeof line, MAKE "%s c.pcap", refused[*i].capture);
	cr_assert_eq(tool_run(line), 0, "%s", line);
	cr_expect_eq(tool_run(BOUNDED "\"$M\" learn -o m.mynah c.pcap >out 2>err"), 1, "%s", refused[*i].capture);
	snprintf(line, sizeof line, "test \"$(grep -c '' err)\" = 1 && grep -qF '%s' err && test ! -e m.mynah",
	    refused[*i].sentence);
	cr_expect_eq(tool_run(line), 0, "%s: \"%s\"", refused[*i].capture, refused[*i].sentence);
	tool_leave();
}
