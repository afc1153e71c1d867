/* mynah eval from outside. */
#include "tests/cases.h"
#include "tests/tool.h"

#define EVAL "\"$M\" eval "
#define FTP "\"$D\"/ftp-small.pcap.gz"
#define HTTP "\"$D\"/http-small.pcap.gz"
#define DESK "\"$D\"/desk.pcap.gz"
/* Python: the page, which must be well-formed, and what to look at it with. */
#define PAGE "import re; import xml.etree.ElementTree as E\npage = E.parse(\"p.html\").getroot()\n" \
    "name = lambda e: e.tag.split(\"}\")[-1]\ncount = lambda n: sum(name(e) == n for e in page.iter())\n"

static const struct {
	const char *what, *line;
	int status;
	const char *sentence;
} cases[] = {
	{ "nothing", EVAL, 2, "name a model" },
	{ "no capture", EVAL "m.mynah", 2, "name a model and at least one capture" },
	{ "nothing to play", EVAL "--train " FTP, 2, "name a model and at least one capture" },
	{ "two ways to learn", EVAL "--split 10 --train " FTP " " FTP, 2, "one of both" },
	{ "an unknown option", EVAL "--frob m.mynah " FTP, 2, "frob" },
	{ "a wrong port", EVAL "-p 21 m.mynah " FTP, 2, "--port 21: write it as" },
	{ "a missing model", EVAL "nowhere.mynah " FTP, 1, "nowhere.mynah" },
	{ "a missing capture", EVAL "m.mynah nowhere.pcap", 1, "nowhere.pcap: cannot be opened" },
	{ "an empty model", ": >e.mynah; " EVAL "e.mynah " FTP, 1, "e.mynah: this is not a mynah model" },
	{ "a capture as model", EVAL FTP " " FTP, 1, "is not a mynah model" },
	{ "a model that is cut", "head -c 5000 m.mynah >c.mynah; " EVAL "c.mynah " FTP, 1,
	    "c.mynah: this model image is damaged" },
	{ "a model with one bit flipped", "python3 -c 'b = bytearray(open(\"m.mynah\", \"rb\").read()); "
	    "b[3000] ^= 4; open(\"f.mynah\", \"wb\").write(b)'; " EVAL "f.mynah " FTP, 1,
	    "f.mynah: this model image is damaged" },
	{ "an empty capture", ": >e.pcap; " EVAL "m.mynah e.pcap", 1, "e.pcap: is empty" },
	{ "a capture of the other protocol", EVAL "m.mynah \"$D\"/dns-small.pcap.gz", 1,
	    "no conversation" },
	{ "a port of the other protocol", EVAL "-p udp/53 m.mynah \"$D\"/dns-small.pcap.gz", 1,
	    "m.mynah: is a model of a TCP service" },
	{ "captures of two services", EVAL "m.mynah " FTP " " HTTP, 1, "say which one with --port" },
	{ "a capture of another service is scored, and the doubt said", EVAL "m.mynah " HTTP, 0,
	    "is it a capture of another service?" },
	{ "transcripts that cannot be", EVAL "-t nowhere/t m.mynah " FTP, 1, "nowhere/t: cannot be written" },
	{ "the capture as transcripts", "zcat " FTP " >c.pcap; " EVAL "-t c.pcap m.mynah c.pcap", 2,
	    "--transcripts c.pcap would overwrite" },
	{ "never repeated", EVAL "-r 0 m.mynah " FTP, 2, "--repeat 0: give how often" },
	{ "no conversation of both sides", EVAL "-b 0 m.mynah " FTP, 2, "--both 0: give a number" },
	{ "secrets of a model", EVAL "-N m.mynah " FTP, 2, "--no-scrub is about learning" },
	{ "a curve of a model", EVAL "-C m.mynah " FTP, 2, "--curve learns from parts" },
	{ "a learner for a model", EVAL "-L scriptgen m.mynah " FTP, 2, "--learner says how to learn" },
	{ "mining without a definition", EVAL "-L mining -s 20 " FTP, 2, "--learner mining wants --definition FILE" },
	{ "a definition for a model", EVAL "-d x.service m.mynah " FTP, 2, "--definition is for what learns" },
	{ "a definition that is nowhere", EVAL "-L mining -d nowhere.service -s 20 " FTP, 1,
	    "nowhere.service: the definition of the service cannot be read: No such file or directory; ftp.service" },
	{ "an ablation of a learner without clusters", EVAL "-L scriptgen -s 20 -a " FTP, 2, "it goes without --learner" },
	{ "a definition for nobody", EVAL "--split 10 -L prisma -d x " FTP, 2, "nothing else asks" },
	{ "an ablation of a model", EVAL "-a m.mynah " FTP, 2, "--ablate learns anew each time" },
	{ "an ablation with transcripts", EVAL "-a -s 20 -t t " FTP, 2, "not with --transcripts" },
	{ "a page that cannot be", EVAL "-H nowhere/p m.mynah " FTP, 1, "nowhere/p: cannot be written" },
	{ "a page in the place of a device", EVAL "-H /dev/null m.mynah " FTP, 1, "/dev/null: is not a file" },
	{ "the capture as page", "zcat " FTP " >c.pcap; " EVAL "-H c.pcap m.mynah c.pcap", 2,
	    "--html c.pcap would overwrite" },
	{ "the model as page", EVAL "-H m.mynah m.mynah " FTP, 2, "--html m.mynah would overwrite" },
	{ "the page as transcripts", EVAL "-H t -t t m.mynah " FTP, 2, "t cannot be both the page" },
	{ "an ablation with a page", EVAL "-a -s 20 -H p " FTP, 2, "--transcripts or --html" },
	{ "transcripts on a full disk", EVAL "-t /dev/full m.mynah " FTP, 1, "/dev/full: not all" },
};

EACH_CASE(cmd_eval, says_what_is_wrong, cases)
{
	char line[1024];

	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn -c first-token -o m.mynah " FTP " >out"), 0);
	snprintf(line, sizeof line, "(%s) >out 2>err", cases[*i].line);
	cr_expect_eq(tool_run(line), cases[*i].status, "%s", cases[*i].what);
	snprintf(line, sizeof line, "grep -qF -- '%s' err", cases[*i].sentence);
	cr_expect_eq(tool_run(line), 0, "%s: \"%s\" is not in the sentence", cases[*i].what,
	    cases[*i].sentence);
	cr_expect_eq(tool_run("test \"$(grep -vc ^usage: err)\" = 1"), 0, "%s: one sentence",
	    cases[*i].what);
	if (cases[*i].status != 0)
		cr_expect_eq(tool_run("test ! -s out"), 0, "%s: no scores", cases[*i].what);
	tool_leave();
}

static const struct {
	const char *what, *line;
} good[] = {
	{ "scores are JSON with every number of the manual", EVAL "--json m.mynah " FTP " >s.json && "
	    "python3 -c 'import json; s = json.load(open(\"s.json\")); "
	    "assert sorted(s) == sorted([\"conversations\", \"messages\", \"class_agreement_messages\", "
	    "\"class_agreement_conversations\", \"byte_equal\", \"similarity\", \"full_length\", \"unasked\", \"refuser\", \"table\", \"by_client\", \"curve\", "
	    "\"syntax_conversations_ok\", \"semantic_conversations_ok\", \"bidirectional\", \"completeness\", \"mining\", \"model\"]); "
	    "assert s[\"model\"][\"image_bytes\"] > 1000 and sum(s[\"model\"][\"templates\"].values()) > 5; "
	    "assert s[\"conversations\"] == 20 and s[\"messages\"] == 275; "
	    "assert 0.7 < s[\"class_agreement_messages\"] <= 1'" },
	{ "every conversation has its line in the transcripts, every server message its place in it",
	    EVAL "-t t.jsonl m.mynah " FTP " >out && test $(wc -l <t.jsonl) = 20 && "
	    "python3 -c 'import json; t = [json.loads(l) for l in open(\"t.jsonl\")]; "
	    "m = [m for c in t for m in c[\"messages\"]]; "
	    "assert all(c[\"proto\"] == \"tcp\" and c[\"server_port\"] == 21 for c in t); "
	    "s = [x for x in m if x[\"from\"] == \"server\" and x[\"recorded\"] != \"\"]; "
	    "assert len(s) == 275 and all(x[\"equal\"] == (x[\"bytes\"] == x[\"recorded\"]) for x in s); "
	    "assert s[0][\"recorded\"].encode(\"latin-1\").startswith(b\"220\")'" },
	{ "the port chooses among several services", EVAL "-p tcp/21 m.mynah " FTP " " HTTP " | "
	    "grep -q '^conversations  *20$'" },
	{ "held out conversations and clients stand beside each other, with the baselines of each",
	    EVAL "--split 25 --json " FTP " >s.json && python3 -c 'import json; s = json.load(open(\"s.json\")); "
	    "assert s[\"conversations\"] == 5; "
	    "assert all(0 < p[\"refuser\"][m] < p[\"table\"][m] and p[\"refuser\"][m] < p[m] "
	    "for p in (s, s[\"by_client\"]) for m in (\"class_agreement_messages\",))' && "
	    EVAL "--split 25 " FTP " | grep -q 'by conversation *by client'" },
	{ "the page has the figures of the table, and needs nothing from elsewhere",
	    EVAL "--html p.html m.mynah " FTP " 2>err >table && test ! -e p.html.tmp && python3 -c '" PAGE
	    "told = \" \".join(page.itertext()); figures = open(\"table\").read().replace(\" %\", \"%\").split()\n"
	    "assert all(f.replace(\"%\", \" %\") in told for f in figures if f[0].isdigit())\n"
	    "assert not [e for e in page.iter() if name(e) in (\"script\", \"link\", \"img\", \"a\")]\n"
	    "assert \"url(\" not in open(\"p.html\").read() and count(\"h1\") == 1'" },
	{ "held out conversations and clients have their charts", EVAL "--split 25 --html p.html " FTP
	    " >out && python3 -c '" PAGE "assert count(\"svg\") >= 8, count(\"svg\")\n"
	    "assert [e.text for e in page.iter() if name(e) == \"h3\"][:2] == [\"by conversation\", \"by client\"]'" },
	{ "who agrees always has a line at the top", "\"$M\" learn -o d.mynah " DESK " >out && "
	    EVAL "--html p.html d.mynah " DESK " 2>err >out && python3 -c '" PAGE
	    "line = [e for e in page.iter() if e.get(\"class\") == \"line0\"][0]\n"
	    "ys = {p.split()[1] for p in re.split(\"[ML]\", line.get(\"d\")) if p}\n"
	    "assert ys == {\"36.0\"}, ys'" },
	{ "what an attacker said is text in it", "python3 -c 'import gzip, sys; "
	    "b = gzip.open(sys.argv[1]).read(); open(\"<&\\\"> .pcap\", \"wb\").write("
	    "b.replace(b\"take \", b\"<&\\\"> \").replace(b\"ok b\", b\"\\0&#\\xff\"))' " DESK " && "
	    EVAL "--split 40 --html p.html *.pcap 2>err >out && python3 -c '" PAGE
	    "told = \" \".join(page.itertext())\n"
	    "assert told.count(\"<&\\\"> \") > 1 - (\"graphviz is not installed\" in told)'" },
	{ "where graphviz is not installed the page says so", "PATH=/nowhere " EVAL "--html p.html m.mynah " FTP
	    " 2>err >out && grep -q \"graphviz is not installed\" p.html" },
	{ "what is learned from one capture is played against another",
	    EVAL "--train " FTP " --json " FTP " >s.json && "
	    "python3 -c 'import json; s = json.load(open(\"s.json\")); assert s[\"conversations\"] == 20; "
	    "assert s[\"by_client\"] is None'" },
	{ "the protocol's rules judge what was said",
	    EVAL "--check --json m.mynah " FTP " 2>err >s.json && "
	    "python3 -c 'import json; s = json.load(open(\"s.json\")); "
	    "assert 0 < s[\"semantic_conversations_ok\"] <= 1' && " EVAL "--check m.mynah " FTP
	    " 2>err | grep -q '^right semantics, conversations .* %'" },
	{ "the model talks with itself, and the rules judge both",
	    EVAL "--check --both 30 --json m.mynah " FTP " 2>err >s.json && "
	    "python3 -c 'import json; s = json.load(open(\"s.json\"))[\"bidirectional\"]; "
	    "assert s[\"conversations\"] == 30 and s[\"messages\"] > 60; "
	    "assert 0 < s[\"semantic_conversations_ok\"] <= 1' && " EVAL "-b 30 m.mynah " FTP
	    " 2>err >out && grep -q '^both sides, conversations  *30$' out && ! grep -q '^  right' out" },
	{ "a model that knows no clients cannot", "\"$M\" compile \"$D\"/models/talk-small.txt -o t.mynah >out && "
	    EVAL "-b 5 --json t.mynah " FTP " 2>err | grep -q '\"bidirectional\":null' && "
	    "grep -q 't.mynah: does not say how clients talk' err" },
	{ "what is said late is told by state and template",
	    "\"$M\" compile \"$D\"/models/talk-small.txt -o t.mynah >out && "
	    EVAL "t.mynah " FTP " 2>err | grep -qx 'learned delays   state  template       ms' && "
	    EVAL "t.mynah " FTP " 2>err | grep -qE '^ +0 +4 +500$' && " EVAL "--json t.mynah " FTP " 2>err | "
	    "python3 -c 'import json, sys; d = json.load(sys.stdin)[\"model\"][\"delays\"]; "
	    "assert d == [{\"state\": 0, \"template\": 4, \"reply\": 3, \"ms\": 500}], d' && "
	    "\"$M\" show t.mynah | grep -q ', 1 come after 500 to 500 ms$'" },
	{ "the best of several times is at least what is said once",
	    EVAL "--repeat 3 --json m.mynah " FTP " 2>err >s.json && "
	    "python3 -c 'import json; s = json.load(open(\"s.json\")); b = s[\"completeness\"]; "
	    "assert b[\"repeats\"] == 3 and len(b[\"equal\"]) == 21; "
	    "assert all(e <= s9 <= s7 and e <= l9 <= l7 <= s7 and l9 <= s9 for e, s9, s7, l9, l7 in "
	    "zip(b[\"equal\"], b[\"by_sum_90\"], b[\"by_sum_75\"], b[\"by_longer_90\"], b[\"by_longer_75\"]))' && "
	    EVAL "-r 3 m.mynah " FTP " 2>err | grep -q '^best of all times, equal .* %'" },
	{ "a model that learned from the capture is found out", EVAL "m.mynah " FTP " 2>err >out && "
	    "grep -q 'm.mynah: learned from a capture called ftp-small.pcap.gz' err && "
	    "cp " FTP " other.pcap.gz && " EVAL "m.mynah other.pcap.gz 2>err >out && test ! -s err" },
	{ "the same again gives the same scores", EVAL "--json m.mynah " FTP " >a && "
	    EVAL "--json m.mynah " FTP " >b && cmp a b" },
};

EACH_CASE(cmd_eval, does_what_it_should, good)
{
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" learn -c first-token -o m.mynah " FTP " >out"), 0);
	cr_expect_eq(tool_run(good[*i].line), 0, "%s", good[*i].what);
	tool_leave();
}

Test(cmd_eval, a_curve_ends_with_what_all_conversations_teach)
{
	tool_enter();
	cr_assert_eq(tool_run(EVAL "--split 20 --curve --json --html page.html " FTP " >figures"), 0);
	cr_expect_eq(tool_run("python3 -c '\n"
	    "import json\n"
	    "found = json.load(open(\"figures\"))\n"
	    "curve = found[\"curve\"]\n"
	    "learned = [p[\"conversations\"] for p in curve]\n"
	    "assert len(curve) >= 2 and learned == sorted(set(learned)), curve\n"
	    "assert min(learned) >= 5, curve\n"
	    "same = \"similarity class_agreement_messages class_agreement_conversations\".split()\n"
	    "assert all(abs(curve[-1][k] - found[k]) < 1e-12 for k in same), (curve[-1], found)\n"
	    "assert curve[0][\"image_bytes\"] < curve[-1][\"image_bytes\"], curve\n'"), 0);
	cr_expect_eq(tool_run("grep -q \"Would more captures help\" page.html"), 0);
	cr_expect_eq(tool_run(EVAL "--split 20 --curve " FTP " | grep -q \"^learned from\""), 0);
	cr_expect_eq(tool_run(EVAL "--split 20 --repeat 3 --html page.html " FTP " >out && "
	    "grep -q \"The best of 3 times\" page.html"), 0);
	tool_leave();
}

/* Peers that were never seen find a service that remembers; who is known began elsewhere. */
Test(cmd_eval, mining_is_told_a_definition_and_tells_the_published_rules)
{
	tool_enter();
	cr_assert_eq(tool_run(EVAL "--split 25 --json -L mining -d \"$D\"/../../scripts/services/ftp.service "
	    "\"$D\"/ftp-walks.pcap.gz >figures"), 0);
	cr_expect_eq(tool_run("python3 -c '\n"
	    "import json\n"
	    "found = json.load(open(\"figures\"))\n"
	    "assert found[\"model\"][\"learner\"] == \"mining\", found[\"model\"]\n"
	    "assert found[\"by_client\"][\"class_agreement_conversations\"] >= 0.9, found[\"by_client\"]\n"
	    "rules = found[\"mining\"]\n"
	    "assert rules[\"published\"] == {\"initial\": 16, \"closure\": 80}\n"
	    "near, = [r for r in rules[\"readings\"] if r[\"nearest\"]]\n"
	    "assert 13 <= near[\"initial\"] <= 20 and near[\"closure\"] > near[\"initial\"], near\n'"), 0);
	tool_leave();
}

/* Ports that a server announces are then its own, anew each time, and not one of the recording. */
Test(cmd_eval, mining_hears_what_went_over_connections_that_were_announced)
{
	tool_enter();
	cr_assert_eq(tool_run(EVAL "--split 25 -t talks -L mining -d \"$D\"/../../scripts/services/ftp.service "
	    "\"$D\"/ftp-data-walks.pcap.gz >figures"), 0);
	cr_expect_eq(tool_run("python3 -c '\n"
	    "import json\n"
	    "said = [m[\"bytes\"] for line in open(\"talks\") for m in json.loads(line)[\"messages\"]\n"
	    "        if m[\"from\"] == \"server\" and m[\"bytes\"].startswith(\"229\")]\n"
	    "assert len(said) > 20, said\n"
	    "assert len(set(said)) > len(said) / 2, said\n'"), 0);
	tool_leave();
}

Test(cmd_eval, an_ablation_has_a_row_for_every_part_and_ends_with_what_is_chosen_against_the_best)
{
	tool_enter();
	cr_assert_eq(tool_run(EVAL "--split 20 --ablate --json " FTP " >rows"), 0);
	cr_expect_eq(tool_run("python3 -c '\n"
	    "import itertools, json\n"
	    "found = [json.loads(l) for l in open(\"rows\")]\n"
	    "rows = [r for r in found if r[\"asked\"] != \"distance\"]\n"
	    "far, joined = [r for r in found if r[\"asked\"] == \"distance\"]\n"
	    "assert found[19] == far and found[-1] == joined\n"
	    "one = [\"nmf\", \"linkage\", \"first-token\", \"reply-supervised\", \"template\"]\n"
	    "want = one + [\"+\".join(p) for p in itertools.combinations(one, 2)]\n"
	    "want += [\"prisma, order %d\" % k for k in (1, 2, 4)] + [\"prisma\"]\n"
	    "want += [\"prisma\", \"scriptgen\", \"auto\"]\n"
	    "assert [r[\"asked\"] for r in rows] == want, rows\n"
	    "assert all(r[\"clusterer\"] == r[\"asked\"] for r in rows[:15])\n"
	    "assert [r[\"order\"] for r in rows[15:18]] == [1, 2, 4]\n"
	    "assert all(0 < r[\"class_agreement_messages\"] <= 1 for r in rows)\n"
	    "assert all(r[\"learner\"] == \"prisma\" for r in rows[:20]) and rows[20][\"learner\"] == \"scriptgen\"\n"
	    "free, auto = rows[18], rows[-1]\n"
	    "chosen = [r for r in rows if r[\"asked\"] == free[\"clusterer\"]][0]\n"
	    "same = \"foretold class_agreement_messages class_agreement_conversations\".split()\n"
	    "assert all(chosen[k] == free[k] for k in same), (chosen, free)\n"
	    "taken = [r for r in rows[19:21] if r[\"learner\"] == auto[\"learner\"]][0]\n"
	    "assert all(taken[k] == auto[k] for k in same), (taken, auto)\n"
	    "of = {r[\"asked\"]: r[\"class_agreement_messages\"] for r in rows}\n"
	    "for last, d, names in (free, far, one), (auto, joined, [\"prisma\", \"scriptgen\"]):\n"
	    "    best = max(of[c] for c in names)\n"
	    "    assert d[\"of\"] == last[\"asked\"] and of[d[\"best_single\"]] == best, d\n"
	    "    gain = last[\"class_agreement_messages\"] - best\n"
	    "    assert round(gain * d[\"messages\"]) == d[\"won\"] - d[\"lost\"], (gain, d)\n"
	    "    assert abs(d[\"points\"] - 100 * gain) < 1e-6, (gain, d)\n"
	    "assert \"kinds\" not in far\n"
	    "k = joined[\"kinds\"]\n"
	    "assert k[\"all\"] > 5 and k[\"worse\"] <= k[\"below\"] <= k[\"all\"], k\n"
	    "assert k[\"below\"] <= k[\"lacking\"] <= joined[\"messages\"], k\n'"), 0);
	cr_expect_eq(tool_run(EVAL "--split 20 --ablate " FTP " >table && grep -q ^nmf+linkage table && "
	    "grep -q \"^prisma against\" table && tail -3 table | head -1 | grep -q ^auto && tail -2 table | grep -q \"^auto against\" && "
	    "tail -1 table | grep -q \"^by kind of reply: of \""), 0);
	tool_leave();
}
