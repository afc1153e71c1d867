/* meson install: everything is where its reader looks, the installed works, and goes away again. */
#include "models/base.h"
#include "tests/tool.h"

/*
 * R: a root that the build was installed into. The build's own log of installed files is put
 * back afterwards: "ninja uninstall" goes by it.
 */
#define LOG   "\"" TEST_BUILD "/meson-logs/install-log.txt\""
#define ENTER "if test -e " LOG "; then cp " LOG " log; fi; DESTDIR=$PWD/root meson install -C \"" TEST_BUILD "\" " \
	      "--no-rebuild --quiet >out 2>&1 || { cat out; false; }"
#define LEAVE "rm -f " LOG "; if test -e log; then cp log " LOG "; fi"
#define R     "R=$PWD/root" TEST_PREFIX "; "

static const struct {
	const char *what, *line;
	const char *needs;		/* a program that may be missing; NULL: none */
} claims[] = {
	{ "the tool runs", "\"$R\"/bin/mynah --version | grep -Eqx 'mynah [0-9.]+'", NULL },
	{ "its pages are found", "for p in mynah mynahd mynahd.yaml; do MANPATH=\"$R\"/share/man man -w $p || exit 1; "
	  "done >out 2>err && test $(grep -c ^$PWD/root out) = 3", "man" },
	{ "completion is where the shells look", "cd \"$R\"/share && test -s bash-completion/completions/mynah && "
	  "test -s bash-completion/completions/mynahd && test -s zsh/site-functions/_mynah && "
	  "test -s fish/vendor_completions.d/mynah.fish && test -s fish/vendor_completions.d/mynahd.fish", NULL },
	{ "documentation and example are there", "cd \"$R\"/share/doc/mynah && test -s SECURITY.md && test -s tutorial.md && "
	  "test -s LICENSE && test -s examples/mynahd.example.yaml && test -s examples/personas.example.yaml && test -s examples/mynahd.logrotate", NULL },
	{ "nothing is put into /etc or beside the prefix", "test \"$(find $PWD/root -type f ! -path \"$R/*\")\" = '' && "
	  "! test -e root/etc && ! test -e \"$R\"/etc", NULL },
	{ "every page of the documentation is installed or about the sources", "cd " TEST_ROOT "/docs && for f in *.md *.svg; do "
	  "test -e \"$R\"/share/doc/mynah/$f || case $f in CONTRIBUTING.md|testing.md|conversations.md) ;; "
	  "*) echo $f; exit 1 ;; esac; done", NULL },
#ifdef TEST_MYNAHD
	{ "the sensor runs", "\"$R\"/sbin/mynahd --version | grep -Eqx 'mynahd [0-9.]+'", NULL },
	{ "the unit is clean and starts the installed sensor", "U=\"$R\"/lib/systemd/system/mynahd.service; "
	  "grep -q '^ExecStart=!" TEST_PREFIX "/sbin/mynahd ' $U && sed \"s!=.*/sbin/mynahd!=$R/sbin/mynahd!\" $U >mynahd.service && "
	  "MANPATH=\"$R\"/share/man systemd-analyze verify ./mynahd.service >said 2>&1; e=$?; cat said; test $e = 0 && ! test -s said",
	  "systemd-analyze" },
	{ "example, unit and user fit", "grep -q '^user: mynah\\b' \"$R\"/share/doc/mynah/examples/mynahd.example.yaml && "
	  "grep -qx User=mynah \"$R\"/lib/systemd/system/mynahd.service && "
	  "! grep -E '^(key|record|control|state|spool)-' \"$R\"/share/doc/mynah/examples/mynahd.example.yaml | grep -vE ': /(run|var/lib|var/log)/mynah/'", NULL },
	{ "the user is understood", "systemd-sysusers --root=$PWD/root --dry-run \"$R\"/lib/sysusers.d/mynah.conf >out 2>&1 && "
	  "grep -q mynah out || { cat out; false; }", "systemd-sysusers" },
	{ "the rotation of records is understood", "sed \"/su mynah/d; s!/var/log!$PWD!\" "
	  "\"$R\"/share/doc/mynah/examples/mynahd.logrotate >l && mkdir mynah && chmod 755 . mynah && echo {} >mynah/records.json && "
	  "logrotate -d -s state l >out 2>&1 && grep -q 'rotating pattern: .*records.json' out && ! grep -i error out", "logrotate" },
#endif
	{ "an uninstall leaves nothing", "DESTDIR=$PWD/root ninja -C \"" TEST_BUILD "\" uninstall >out 2>&1 && "
	  "! test -e root || { cat out; find root; false; }", NULL },
};

/* One test, since all share one installation and the last claim takes it away. */
Test(install, puts_everything_in_its_place_and_takes_it_away)
{
	char line[2048];

	tool_enter();
	cr_assert_eq(tool_run(ENTER), 0);
	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		snprintf(line, sizeof line, "command -v %s >/dev/null", claims[i].needs);
		if (claims[i].needs != NULL && tool_run(line) != 0) {
			printf("[SKIP] install::%s: not installed; not tried: %s\n", claims[i].needs, claims[i].what);
			continue;
		}
		snprintf(line, sizeof line, R "%s", claims[i].line);
		cr_expect_eq(tool_run(line), 0, "%s", claims[i].what);
	}
	cr_expect_eq(tool_run(LEAVE), 0);
	tool_leave();
}
