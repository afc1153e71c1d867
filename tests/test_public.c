/*
 * The public captures through mynah learn and mynah replay: each is learned or answered, or refused with
 * one sentence; nothing crashes, hangs or leaks, and every packet read is accounted for. Malformed, cut,
 * fragmented, tunnelled and odd link types are among them. Skipped where the captures are not.
 */
#include <glob.h>

#include "dataplane/wire.h"
#include "learning/trace.h"
#include "models/base.h"
#include "tests/tool.h"

#define BOUNDS "ulimit -t 60; "	/* seconds of CPU, for each command */

/* Of tests/data/models, one of each protocol: on every port that the capture has. */
#define OURS "-m ftp.mynah -m udp.mynah"

static glob_t
all_captures(void)
{
	glob_t g = { 0 };

	glob(TEST_SHARED "/traces/public/*.pcap*", 0, NULL, &g);
	glob(TEST_SHARED "/traces/scans.pcap", GLOB_APPEND, NULL, &g);
	if (g.gl_pathc == 0) {
		printf("skipped: no traces/public in '%s'\n", TEST_SHARED);
		fflush(stdout);
		cr_skip_test("no traces/public in '%s'", TEST_SHARED);
	}
	tool_enter();
	cr_assert_eq(tool_run("\"$M\" compile \"$D\"/models/ftp-small.txt -o ftp.mynah >said && "
	    "\"$M\" compile \"$D\"/models/udp-small.txt -o udp.mynah >said"), 0);
	return g;
}

static void
done(glob_t *g)
{
	globfree(g);
	tool_leave();
}

/* Standard output in "said", standard error in "complaint". */
static int
run(const char *verb, const char *options, const char *capture, const char *to)
{
	char line[2048];

	snprintf(line, sizeof line, BOUNDS "\"$M\" %s %s '%s' %s >said 2>complaint", verb, options, capture, to);
	return tool_run(line);
}

/* Done without a complaint, or failed with one sentence that names the file. A sanitizer's report is neither. */
static bool
is_done_or_refused(int status, const char *verb, const char *capture)
{
	char line[1024];

	cr_expect(status == 0 || status == 1, "mynah %s %s: exit status %d", verb, capture, status);
	if (status == 0) {
		cr_expect_eq(tool_run("test -s said && test ! -s complaint"), 0, "mynah %s %s", verb, capture);
		return true;
	}
	snprintf(line, sizeof line, "test $(wc -l <complaint) = 1 && test ! -s said && "
	    "grep -q '^mynah: .*%s.*\\.$' complaint", strrchr(capture, '/') + 1);
	cr_expect_eq(tool_run(line), 0, "mynah %s %s: no sentence", verb, capture);
	return false;
}

/* The sum of the counts of all lines of a report whose text begins so. */
static unsigned long long
counted(const char *text)
{
	unsigned long long sum = 0, n;
	char line[512], what[400];
	FILE *f = fopen("said", "r");

	cr_assert_not_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, " %llu %399[^\n]", &n, what) == 2 && strncmp(what, text, strlen(text)) == 0)
			sum += n;
	fclose(f);
	return sum;
}

static void
expect_all_accounted(const char *capture)
{
	unsigned long long conversations, turns, clients, ours, written = 0, broken = 0;
	struct trace_packet p;
	struct trace *t;
	struct diag why;
	struct wire w;
	FILE *f = fopen("said", "r");

	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%llu conversations, %llu turns: %llu packets of the clients, %llu of ours",
	    &conversations, &turns, &clients, &ours), 4, "%s", capture);
	fclose(f);
	cr_expect_eq(counted("packets read"), clients + counted("packets of the recorded servers") +
	    counted("packets left out"), "%s: some packets are not accounted for", capture);
	cr_expect_geq(clients, conversations, "%s", capture);
	cr_assert_eq(trace_open(&t, "out.pcap", &why), 0, "%s: %s", capture, why.text);
	while (trace_next(t, &p)) {
		written++;
		broken += wire_parse(&w, p.link, p.data, WIRE_CHECK_SUMS) != WIRE_OK;
	}
	trace_close(t);
	cr_expect_eq(written, clients + ours + counted("acknowledgements added"), "%s", capture);
	cr_expect_eq(broken, 0, "%s: %llu of the frames written are damaged", capture, broken);
}

static bool
is_replayed(const char *options, const char *capture)
{
	bool ok = is_done_or_refused(run("replay", options, capture, "out.pcap"), "replay", capture);

	if (ok)
		expect_all_accounted(capture);
	cr_expect_eq(tool_run("rm -f out.pcap; test -z \"$(ls | grep tmp)\""), 0, "%s: something is left", capture);
	return ok;
}

Test(public, every_capture_is_learned_or_refused_with_a_sentence, .timeout = 280)
{
	glob_t g = all_captures();
	size_t learned = 0;

	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *capture = g.gl_pathv[i];

		if (!is_done_or_refused(run("learn", "-o m.mynah", capture, ""), "learn", capture)) {
			cr_expect_eq(tool_run("test ! -e m.mynah"), 0, "%s", capture);
			continue;
		}
		learned++;
		cr_expect_eq(tool_run("\"$M\" show m.mynah >said"), 0, "%s: what was learned cannot be read", capture);
		is_replayed("-m m.mynah", capture);
		cr_expect_eq(tool_run("rm m.mynah"), 0);
	}
	printf("%zu of %zu public captures are learned\n", learned, g.gl_pathc);
	cr_expect_gt(learned, 0);
	cr_expect_lt(learned, g.gl_pathc);
	done(&g);
}

Test(public, every_capture_is_answered_or_refused_with_a_sentence, .timeout = 280)
{
	glob_t g = all_captures();
	size_t answered = 0;

	for (size_t i = 0; i < g.gl_pathc; i++)
		answered += is_replayed(OURS, g.gl_pathv[i]);
	printf("%zu of %zu public captures are answered\n", answered, g.gl_pathc);
	cr_expect_gt(answered, 0);
	cr_expect_lt(answered, g.gl_pathc);
	done(&g);
}
