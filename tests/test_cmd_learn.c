/* mynah learn from outside: what bad input leads to, and that nothing is left behind. */
#include "learning/learn.h"
#include "tests/cases.h"
#include "tests/file.h"
#include "tests/pooled.h"
#include "tests/tool.h"

#define LEARN "\"$M\" learn "
#define FTP "\"$D\"/ftp-small.pcap.gz"

static const struct {
	const char *what, *before, *line;
	int status;
	const char *sentence;	/* a part of what standard error says */
} cases[] = {
	{ "no capture", "", LEARN "-o m.mynah", 2, "no capture to learn from" },
	{ "no place for the model", "", LEARN FTP, 2, "say with -o" },
	{ "a missing file", "", LEARN "-o m.mynah nowhere.pcap", 1, "nowhere.pcap: cannot be opened" },
	{ "an empty file", ": >e.pcap", LEARN "-o m.mynah e.pcap", 1, "e.pcap: is empty" },
	{ "no capture file", "echo hello >t.pcap", LEARN "-o m.mynah t.pcap", 1,
	    "t.pcap: is not a capture" },
	{ "half a header", "zcat " FTP " | head -c 10 >h.pcap", LEARN "-o m.mynah h.pcap", 1,
	    "h.pcap: is not a capture" },
	{ "a header alone", "zcat " FTP " | head -c 24 >h.pcap", LEARN "-o m.mynah h.pcap", 1,
	    "h.pcap: no conversation" },
	{ "gzip that is cut before anything", "head -c 12 " FTP " >h.pcap.gz",
	    LEARN "-o m.mynah h.pcap.gz", 1, "h.pcap.gz: " },
	{ "a folder", "", LEARN "-o m.mynah .", 1, "is a directory" },
	{ "too few conversations", "zcat " FTP " | head -c 3000 >f.pcap", LEARN "-o m.mynah f.pcap", 1,
	    "f.pcap: 4 conversations of tcp/21 are too few" },
	{ "another service", "", LEARN "-p tcp/80 -o m.mynah " FTP, 1, "most go to tcp/21 (20)" },
	{ "another protocol", "", LEARN "-p udp/53 -o m.mynah " FTP, 1, "no conversation on udp/53" },
	{ "two services", "", LEARN "-o m.mynah " FTP " \"$D\"/http-small.pcap.gz", 1,
	    "say which one with --port" },
	{ "a missing folder", "", LEARN "-o nowhere/m.mynah " FTP, 1, "nowhere/m.mynah: cannot be written" },
	{ "a folder as model", "mkdir d", LEARN "-o d " FTP "; r=$?; rmdir d; exit $r", 1,
	    "d: is no ordinary file" },
	{ "a pipe as model", "mkfifo p", LEARN "-o p " FTP "; r=$?; test -p p && exit $r", 1,
	    "p: is no ordinary file" },
	{ "a report that cannot be", "", LEARN "-r nowhere/r.json -o m.mynah " FTP, 1, "nowhere/r.json" },
	{ "a report that cannot be, said before captures are read", "", LEARN "-r nowhere/r.json -o m.mynah missing.pcap", 1,
	    "nowhere/r.json: the report cannot be written" },
	{ "a model that cannot be", "", LEARN "-r r.json -o nowhere/m.mynah " FTP, 1, "nowhere/m.mynah" },
	{ "a bad name", "", LEARN "-n 'a b' -o m.mynah " FTP, 2, "1 to 63 letters" },
	{ "an unknown learner", "", LEARN "-L frob -o m.mynah " FTP, 2,
	    "--learner frob: auto, prisma, scriptgen or mining is wanted" },
	{ "clusters for a learner without any", "", LEARN "-L scriptgen -c nmf -o m.mynah " FTP, 2,
	    "--clusterer, --order and --basis are for --learner prisma" },
	{ "an unknown clusterer", "", LEARN "-c frob -o m.mynah " FTP, 2,
	    "no clusterer \"frob\"; there are nmf, linkage, first-token, reply-supervised, template, and two of them as A+B" },
	{ "a product of one", "", LEARN "-c nmf+nmf -o m.mynah " FTP, 2, "no clusterer \"nmf+nmf\"" },
	{ "a product of three", "", LEARN "-c nmf+linkage+template -o m.mynah " FTP, 2,
	    "no clusterer \"nmf+linkage+template\"" },
	{ "an order that is not tried", "", LEARN "-k 3 -o m.mynah " FTP, 2, "--order 3: 1, 2 or 4" },
	{ "an order that is none", "", LEARN "-k 9 -o m.mynah " FTP, 2, "--order 9" },
	{ "no name at all", "", LEARN "-n '' -o m.mynah " FTP, 2, "1 to 63 letters" },
	{ "the capture as model", "zcat " FTP " >c.pcap", LEARN "-o c.pcap c.pcap", 2,
	    "c.pcap would be overwritten" },
	{ "the capture as report", "zcat " FTP " >c.pcap", LEARN "-r c.pcap -o m.mynah ./c.pcap", 2,
	    "c.pcap would be overwritten" },
	{ "another capture as model", "zcat " FTP " >c.pcap",
	    LEARN "-o c.pcap " FTP "; r=$?; zcat " FTP " | cmp - c.pcap && exit $r", 1,
	    "c.pcap: holds something else than a model" },
	{ "one file for both", "", LEARN "-r m.mynah -o m.mynah " FTP, 2, "both the model and the report" },
	{ "a seed that is none", "", LEARN "-s -1 -o m.mynah " FTP, 2, "--seed -1" },
	{ "an unknown option", "", LEARN "--frob -o m.mynah " FTP, 2, "frob" },
	{ "a basis that is none", "", LEARN "-b " FTP " -o m.mynah " FTP, 1, "ftp-small.pcap.gz" },
	{ "a basis that is missing", "", LEARN "--basis nowhere.mynah -o m.mynah " FTP, 1, "nowhere.mynah" },
	{ "a port without protocol", "", LEARN "-p 21 -o m.mynah " FTP, 2, "--port 21: write it as" },
	{ "a protocol without port", "", LEARN "-p tcp/ -o m.mynah " FTP, 2, "--port tcp/: write it" },
	{ "more than can be left out", "", LEARN "-e 91 -o m.mynah " FTP, 2, "--spare 91: a number of percent" },
	{ "port zero", "", LEARN "-p tcp/0 -o m.mynah " FTP, 2, "--port tcp/0" },
	{ "a port too high", "", LEARN "-p tcp/65536 -o m.mynah " FTP, 2, "--port tcp/65536" },
	{ "a port beyond numbers", "", LEARN "-p tcp/99999999999999999999 -o m.mynah " FTP, 2,
	    "--port tcp/9999" },
	{ "a port and more", "", LEARN "-p tcp/21x -o m.mynah " FTP, 2, "--port tcp/21x" },
};

EACH_CASE(cmd_learn, says_what_is_wrong_and_leaves_nothing_behind, cases)
{
	char line[1024];

	tool_enter();
	cr_assert_eq(tool_run(cases[*i].before), 0, "%s", cases[*i].what);
	snprintf(line, sizeof line, "mkdir ../${PWD##*/}.err && (%s) >../${PWD##*/}.err/out "
	    "2>../${PWD##*/}.err/err", cases[*i].line);
	cr_expect_eq(tool_run(line), cases[*i].status, "%s", cases[*i].what);
	snprintf(line, sizeof line, "grep -qF -- '%s' ../${PWD##*/}.err/err", cases[*i].sentence);
	cr_expect_eq(tool_run(line), 0, "%s: \"%s\" is not in the sentence", cases[*i].what,
	    cases[*i].sentence);
	cr_expect_eq(tool_run("test \"$(grep -vc ^usage: ../${PWD##*/}.err/err)\" = 1"), 0,
	    "%s: one sentence", cases[*i].what);
	cr_expect_eq(tool_run("test ! -s ../${PWD##*/}.err/out"), 0, "%s: no result", cases[*i].what);
	cr_expect_eq(tool_run("test -z \"$(find . -name '*.mynah*' -o -name '*.json*' -o -name '*.tmp')\""),
	    0, "%s: nothing is written", cases[*i].what);
	tool_run("rm -r ../${PWD##*/}.err");
	tool_leave();
}

static const struct {
	const char *what, *line;
} good[] = {
	{ "a capture that breaks off is used up to there, and the summary says so",
	    "zcat " FTP " | head -c 40000 >cut.pcap; " LEARN "-o m.mynah cut.pcap >out && "
	    "grep -q 'warning: cut.pcap: breaks off' out && \"$M\" show m.mynah >out" },
	{ "so is one whose gzip is cut", "head -c 3000 " FTP " >cut.pcap.gz; "
	    LEARN "-o m.mynah cut.pcap.gz >out && grep -q 'gzip is cut' out" },
	{ "the same again gives the same bytes", LEARN "-s 7 -o a.mynah " FTP " >out && "
	    LEARN "-s 7 -o b.mynah " FTP " >out && cmp a.mynah b.mynah" },
	{ "what cannot be learned leaves the old model as it was", LEARN "-o m.mynah " FTP " >out && "
	    "cp m.mynah old && ! " LEARN "-p tcp/80 -o m.mynah " FTP " 2>out && cmp m.mynah old" },
	{ "several captures of one service are one", LEARN "-o m.mynah " FTP " " FTP " >out && "
	    "grep -q ' 40 conversations' out" },
	{ "the port chooses among several services",
	    LEARN "-p tcp/80 -o m.mynah " FTP " \"$D\"/http-small.pcap.gz >out && grep -q tcp/80 out" },
	{ "the name is the service's", LEARN "-n my-ftp -o m.mynah " FTP " >out && "
	    "\"$M\" show m.mynah | grep -q '^my-ftp'" },
	{ "the report is JSON and names what was chosen", LEARN "-r r.json -o m.mynah " FTP " >out && "
	    "python3 -c 'import json; r = json.load(open(\"r.json\")); "
	    "assert r[\"port\"] == 21 and r[\"conversations\"] == 20 and "
	    "sum(c[\"chosen\"] for c in r[\"candidates\"]) == 1' && test ! -e r.json.tmp" },
	{ "the report tells what each learner got right by kind of message", LEARN "-r r.json -o m.mynah " FTP " >out && "
	    "python3 -c 'import json; r = json.load(open(\"r.json\")); k = r[\"kinds\"]; "
	    "assert any(x[\"kind\"] == \"connect\" for x in k) and any(x[\"looks\"] == \"match \\\"QUIT\\\\r\\\\n\\\"\" "
	    "for x in k), k; assert all(x[\"by\"] in x[\"learners\"] for x in k); "
	    "assert [sum(x[\"learners\"][l[\"learner\"]][\"right\"] for x in k) for l in r[\"learners\"]] == "
	    "[l[\"right\"] for l in r[\"learners\"]]'" },
	{ "... which is nothing where one learner was asked for", LEARN "-L prisma -r r.json -o m.mynah " FTP " >out && "
	    "python3 -c 'import json; assert json.load(open(\"r.json\"))[\"kinds\"] == []'" },
	{ "the report tells what each stage took", "before=$(date +%s) && "
	    LEARN "-r r.json -o m.mynah " FTP " >out && python3 -c 'import json, sys, time; "
	    "r = json.load(open(\"r.json\")); s = r[\"stages\"]; n = [x[\"stage\"] for x in s]; "
	    "assert n[0] == \"read\" and n[-1] == \"vectors\" and len(n) == len(set(n)), n; "
	    "assert all(x[\"seconds\"] >= 0 for x in s); "
	    "assert 0 < sum(x[\"seconds\"] for x in s) <= time.time() - int(sys.argv[1]); "
	    "held = [x[\"pool_bytes\"] for x in s]; assert 0 < max(held) == held[-1] < r[\"peak_bytes\"]; "
	    "assert r[\"messages\"] >= r[\"exchanges\"]' $before" },
	{ "the basis of an older model is where it starts", LEARN "-c nmf -o a.mynah " FTP " >out && "
	    LEARN "-c nmf -b a.mynah -r r.json -o b.mynah " FTP " >out && "
	    "grep -q 'basis of a.mynah: NMF began there (100.0 %' out && "
	    "python3 -c 'import json; assert json.load(open(\"r.json\"))[\"nmf\"][\"warm\"]'" },
	{ "... and may be of the model that is replaced", LEARN "-c nmf -o a.mynah " FTP " >out && "
	    LEARN "-c nmf -b a.mynah -o a.mynah " FTP " >out && grep -q 'NMF began' out" },
	{ "the basis of another service is not", LEARN "-c nmf -o a.mynah \"$D\"/http-small.pcap.gz >out && "
	    LEARN "-c nmf -b a.mynah -o b.mynah " FTP " >out && grep -q 'a.mynah: not used' out && "
	    LEARN "-c nmf -o c.mynah " FTP " >out && cmp b.mynah c.mynah" },
	{ "what is learned reads back as text to the same bytes", LEARN "-o a.mynah " FTP " >out && "
	    "\"$M\" show --text a.mynah >a.txt && \"$M\" compile a.txt -o b.mynah >out && "
	    "cmp a.mynah b.mynah" },
};

EACH_CASE(cmd_learn, does_what_it_should, good)
{
	tool_enter();
	cr_expect_eq(tool_run(good[*i].line), 0, "%s", good[*i].what);
	tool_leave();
}

static const unsigned spare[] = { 0, 20, 50 };

/* The image is that of all conversations but the held out ones, to the byte; one thread: no product is computed. */
static int
expect_left_out(struct pool *pool, void *percent)
{
	const char *path = TEST_ROOT "/tests/data/ftp-proftpd.pcap.gz";
	struct learn_params p = { .name = "spared", .clusterer = "first-token" };
	struct corpus_options o = { 0 };
	struct diag why = { "" };
	struct learned l;
	struct corpus *c;
	struct span image;
	uint32_t kept = 0;
	bool *use;

	cr_assert_eq(corpus_load(&c, pool, &o, &path, 1, &why), 0, "%s", why.text);
	use = corpus_held_out(pool, c, *(unsigned *)percent);
	for (uint32_t i = 0; i < c->nconversations; i++)
		kept += use[i] = !use[i];
	cr_expect(*(unsigned *)percent == 0 ? kept == c->nconversations : kept < c->nconversations && kept > 0);
	cr_assert_eq(learn_image(&l, pool, learn_scrub(pool, c, &p), use, &p, &why), 0, "%s", why.text);
	cr_expect_eq(l.report.conversations, kept);
	image = file_bytes("m.mynah");
	cr_expect(span_eq(image, l.image), "%u %%: %zu bytes, not %zu", *(unsigned *)percent, image.n, l.image.n);
	free((void *)image.p);
	return 0;
}

EACH_CASE(cmd_learn, spare_leaves_out_what_a_sensor_holds_out, spare)
{
	struct pool pool;
	unsigned percent = spare[*i];
	char line[256];

	tool_enter();
	snprintf(line, sizeof line, LEARN "-c first-token -n spared -e %u -o m.mynah \"$D\"/ftp-proftpd.pcap.gz >out",
	    percent);
	cr_assert_eq(tool_run(line), 0);
	pool_init(&pool, 0);
	cr_expect_eq(pool_run(&pool, expect_left_out, &percent), 0);
	pool_fini(&pool);
	tool_leave();
}
