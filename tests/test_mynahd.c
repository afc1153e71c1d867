/* The sensor from outside, as far as it goes without a network: bad input, sentences, exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cases.h"

#define SMALL TEST_ROOT "/tests/data/models/ftp-small.txt"

static char place[] = "/tmp/mynah-test-XXXXXX";

/* Runs a command line in which D is the sensor, M the tool; returns its exit status. */
static int
run(const char *line)
{
	char command[2048];
	int status;

	snprintf(command, sizeof command, "D='%s'; M='%s'; %s", TEST_MYNAHD, TEST_MYNAH, line);
	status = system(command);
	cr_assert(WIFEXITED(status), "%s", line);
	return WEXITSTATUS(status);
}

static void
go_somewhere(void)
{
	cr_assert_not_null(mkdtemp(place));
	cr_assert_eq(chdir(place), 0);
	cr_assert_eq(run("\"$M\" compile " SMALL " -o ftp.mynah >out; cat >good.yaml <<'E'\n"
			 "ports:\n"
			 "- device: net_null0\n"
			 "  link-address: 192.0.2.2\n"
			 "models:\n"
			 "- {name: ftp, file: ftp.mynah}\n"
			 "prefixes:\n"
			 "- prefix: 198.19.0.0/16\n"
			 "  services: [{port: tcp/21, model: ftp}]\n"
			 "control-socket: s\n"
			 "record-file: r.json\n"
			 "E\n"), 0);
}

static void
leave(void)
{
	run("rm -f *.yaml *.mynah *.key out err s r.json; cd / && rmdir \"$OLDPWD\"");
}

TestSuite(mynahd, .init = go_somewhere, .fini = leave, .timeout = 60);

/* sed makes bad.yaml out of good.yaml; says must stand in the one line on standard error. */
static const struct {
	const char *sed, *says;
} bad[] = {
	{ "s/^models/modles/", "bad.yaml line 4: \"modles\" is not a key" },
	{ "s/net_null0/net_af_packet0,iface=nowhere0/", "There is no interface nowhere0" },
	{ "s/net_null0/eth0/", "neither a PCI address" },
	{ "s/ftp.mynah/none.mynah/", "none.mynah" },
	{ "s/ftp.mynah/good.yaml/", "good.yaml" },
	{ "s/tcp.21/udp\\/21/", "speaks tcp" },
	{ "s/model: ftp/model: web/", "line 8: model \"web\" is not in the list" },
	{ "s/tcp.21, model: ftp/&}, {port: &/", "has a service already" },
	{ "s/^control.*/cores: {control: 0, workers: [1022]}/", "there is no CPU 1022" },
	{ "s/^control.*/control-socket: nodir\\/s/", "cannot be made: No such file" },
	{ "s/^record.*/record-file: nodir\\/r/", "cannot be made: No such file or directory; make the folder" },
	{ "s/^record.*/record-file: ./", "is a folder" },
	{ "s/^record.*/user: nosuchuser/", "There is no user \"nosuchuser\"" },
	{ "s/^record.*/key-file: good.yaml/", "is no key file" },
};

EACH_CASE(mynahd, bad_input_is_one_sentence_and_status_1, bad)
{
	char line[1024];

	snprintf(line, sizeof line, "sed '%s' good.yaml >bad.yaml; \"$D\" --check -c bad.yaml >out 2>err", bad[*i].sed);
	cr_expect_eq(run(line), 1, "%s", bad[*i].says);
	snprintf(line, sizeof line, "test $(wc -l <err) = 1 && grep -qF '%s' err || { cat err; false; }", bad[*i].says);
	cr_expect_eq(run(line), 0, "%s", bad[*i].says);
	cr_expect_eq(run("\"$D\" -c bad.yaml >out 2>err"), 1, "starting fails for the same reason: %s", bad[*i].says);
	cr_expect_eq(run(line), 0, "%s", bad[*i].says);
	cr_expect_eq(run("! test -e s && ! test -e r.json && ! test -e mynahd.key"), 0, "nothing was made");
}

static const struct {
	const char *line;
	int status;
} words[] = {
	{ "\"$D\" --frob 2>err", 2 },
	{ "\"$D\" -c 2>err", 2 },
	{ "\"$D\" -c good.yaml more 2>err", 2 },
	{ "\"$D\" -v -c good.yaml 2>err", 2 },
	{ "\"$D\" --help | grep -q -- --check", 0 },
	{ "\"$D\" --help | grep -o -- '--[a-z]*' | sort -u >out; test $(wc -l <out) -ge 5 && while read o; do "
	  "grep -q -- \"^[.]It.* Fl -${o#--}\" " TEST_ROOT "/docs/mynahd.8 || exit 1; done <out", 0 },
	{ "\"$D\" --version | grep -q '^mynahd '", 0 },
	{ "\"$D\" --check -c good.yaml >out 2>err && ! test -s out && ! test -s err && ! test -e mynahd.key", 0 },
	{ "\"$D\" --check -v -c good.yaml >good2.yaml && \"$D\" --check -v -c good2.yaml | cmp - good2.yaml", 0 },
	{ "\"$D\" --check -c nowhere.yaml 2>err; grep -qx 'mynahd: nowhere.yaml: No such file or directory.' err", 0 },
	{ "touch s; \"$D\" -c good.yaml 2>err; test $? = 1 && grep -q 'a file of that name exists' err", 0 },
};

EACH_CASE(mynahd, words_and_status, words)
{
	cr_expect_eq(run(words[*i].line), words[*i].status, "%s", words[*i].line);
}

/* Starts it, waits for "ready", not that of the one before, does what stands between, and stops it. */
#define UP   ": >out; { \"$D\" -c good.yaml >out 2>err & } && until grep -qx ready out; do sleep 0.05; kill -0 $! || exit 9; done;"
#define MODEL_2 "sed 's/220 /220-/' " SMALL " >two.txt; \"$M\" compile two.txt -o two.mynah >/dev/null; rm two.txt; "
#define CTL  "\"$M\" ctl -s s "

static const struct {
	const char *what, *line;
} lives[] = {
	{ "stops on SIGTERM", UP "kill $!; wait $! && ! test -e s && test -e r.json && test $(wc -c <mynahd.key) = 16" },
	{ "stops on request", UP CTL "stop && wait $! && ! test -e s" },
	{ "tells its status", UP CTL "status | grep -q '^workers  *1$'; e=$?; kill $!; wait $! && exit $e" },
	{ "tells it as JSON", UP CTL "--json counters | grep -q '\"drop\":{\"none\":0'; e=$?; kill $!; wait $! && exit $e" },
	{ "tells nothing that the manual does not", UP "for c in status models flows counters; do " CTL "-j $c; done >all; "
	  "kill $!; wait $! && python3 -c 'import json; t = open(\"" TEST_ROOT "/docs/counters.md\").read()\n"
	  "def keys(v): return [k for k in v] + keys([*v.values()]) if isinstance(v, dict) else "
	  "[k for e in v for k in keys(e)] if isinstance(v, list) else []\n"
	  "told = {k for l in open(\"all\") for k in keys(json.loads(l))} - {\"ok\"}\n"
	  "missing = [k for k in told if f\"`{k}`\" not in t and f\"\\n## {k}\\n\" not in t]\n"
	  "assert len(told) > 90 and not missing, missing'; e=$?; rm all; exit $e" },
	{ "makes the folder of the default socket, as another user too", "test $(id -u) = 0 || exit 0; unshare -m true 2>no || "
	  "{ echo; echo \"[SKIP] mynahd::folder_of_the_default_socket: $(cat no)\"; rm no; exit 0; }; rm no; chmod 755 .; sed -i "
	  "'s/^control.*/user: nobody/' good.yaml; export D; unshare -m sh -c 'mount -t tmpfs none /run && \"$D\" -c good.yaml "
	  "--check && ! test -e /run/mynah && " UP "test $(stat -c %a%U /run/mynah) = 755nobody && "
	  "test -S /run/mynah/mynahd.sock; e=$?; kill $!; wait $!; test -d /run/mynah && ! test -e /run/mynah/mynahd.sock || "
	  "e=8; exit $e'" },
	{ "of learning, all that the manual tells and no more", "printf 'state-folder: state\\nspool-folder: spool\\n' >>good.yaml; "
	  "mkdir -p spool/ftp; cp " TEST_ROOT "/tests/data/ftp-small.pcap.gz spool/ftp; " UP
	  "until grep -q '\"outcome\"' all 2>/dev/null && grep -q '\"for\"' all; do " CTL "-j retrain ftp >out; " CTL "-j retrain ftp >out; "
	  CTL "-j status >>all; done; kill $!; wait $! && python3 -c 'import json, re\n"
	  "told = [json.loads(l) for l in open(\"all\")]\n"
	  "keys = {k for o in told for x in [o[\"training\"], *o[\"training\"][\"queue\"], *o[\"trained\"]] for k in x}\n"
	  "text = re.search(r\"\\n.{3}training`.*\\n.{3}trained`[^\\n]*\", open(\"" TEST_ROOT "/docs/counters.md\").read(), re.S)[0]\n"
	  "values = {\"training\", \"trained\", \"trainer\", \"slot\", \"passed\", \"refused\", \"failed\"}\n"
	  "assert set(re.findall(\"`([a-z]+)`\", text)) == keys | values, (keys, text)'; e=$?; rm -r all state spool; exit $e" },
	{ "loads a model", UP CTL "load ftp.mynah ftp | grep -q '^slot *2$'; e=$?; kill $!; wait $! && exit $e" },
	{ "goes back to the model before", MODEL_2 UP CTL "load two.mynah ftp >one; " CTL "-j rollback ftp >two; " CTL
	  "-j rollback ftp >three; kill $!; wait $! && grep -q '\"ok\":true' two && grep -q '\"ok\":true' three && "
	  "! cmp -s two three; e=$?; rm one two three; exit $e" },
	{ "speaks after kill -9 what it spoke before", MODEL_2 "echo 'state-folder: state' >>good.yaml; " UP CTL
	  "-j load two.mynah ftp | grep -o 'version[^,]*' >one; kill -9 $!; wait $!; rm two.mynah; " UP CTL
	  "-j models >two; kill $!; wait $! && test -s one && grep -qF \"$(cat one)\" two; e=$?; rm -r one two state; exit $e" },
	{ "keeps models as another user too", "test $(id -u) != 0 && exit 0; " MODEL_2 "chmod 755 .; printf 'state-folder: state\\n"
	  "user: nobody\\n' >>good.yaml; " UP CTL "load two.mynah ftp >one; e=$?; test $(ls state/ftp/models | wc -l) = 2 || e=9; "
	  "test -z \"$(find state ! -user nobody)\" || e=8; grep -q 'not remembered' err && e=7; kill $!; wait $!; "
	  "rm -r one state; exit $e" },
	{ "one state folder, one sensor", "echo 'state-folder: state' >>good.yaml; sed 's/^control.*/control-socket: t/' "
	  "good.yaml >t.yaml; " UP "\"$D\" -c t.yaml 2>no; e=$?; grep -q 'is in use by process' no || e=9; kill $!; wait $!; "
	  "rm -r no state; test $e = 1" },
	{ "refuses what is none", UP CTL "load good.yaml ftp 2>no; e=$?; grep -q good.yaml no || e=9; rm no; kill $!; "
	  "wait $! && test $e = 1" },
	{ "is not started twice", UP "\"$D\" -c good.yaml 2>no; e=$?; grep -q 'another mynahd runs' no || e=9; rm no; "
	  CTL "status >out; f=$?; kill $!; wait $! && test $e$f = 10" },
	{ "opens its records again", UP "mv r.json old.json; kill -HUP $!; until test -e r.json; do sleep 0.05; done; "
	  "rm old.json; kill $!; wait $!" },
	{ "tells the service manager when it answers", "python3 -c 'import socket, subprocess as p, sys\n"
	  "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(\"n\"); s.settimeout(30); "
	  "import os; d = p.Popen([sys.argv[1], \"-c\", \"good.yaml\"], stdout=p.PIPE, stderr=open(\"err\", \"w\"), "
	  "env={**os.environ, \"NOTIFY_SOCKET\": os.path.abspath(\"n\")}); r = s.recv(99); "
	  "assert r == b\"READY=1\" and d.stdout.readline() == b\"ready\\n\", r\n"
	  "d.terminate(); assert s.recv(99) == b\"STOPPING=1\" and d.wait() == 0' \"$D\"; e=$?; rm -f n; exit $e" },
	{ "takes over the socket of one that crashed", UP "kill -9 $!; wait $!; " UP "kill $!; wait $!" },
};

EACH_CASE(mynahd, from_start_to_end, lives)
{
	cr_expect_eq(run(lives[*i].line), 0, "%s", lives[*i].what);
	cr_expect_eq(run("! grep -q 'did not come back' err"), 0, "%s: frames were lost", lives[*i].what);
}

Test(mynahd, ctl_without_a_sensor_says_so)
{
	cr_expect_eq(run(CTL "status 2>err"), 1);
	cr_expect_eq(run("grep -q 'No mynahd answers on s: .*; start it, or name its control-socket with -s' err"), 0);
	cr_expect_eq(run(CTL "2>err"), 2);
	cr_expect_eq(run(CTL "frob 2>err"), 2);
	cr_expect_eq(run(CTL "load 2>err"), 2);
	cr_expect_eq(run(CTL "load a b c 2>err"), 2);
	cr_expect_eq(run(CTL "rollback 2>err"), 2);
	cr_expect_eq(run(CTL "rollback a b 2>err"), 2);
	cr_expect_eq(run(CTL "status now 2>err"), 2);
}
