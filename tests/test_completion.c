/* The shells complete what the tool knows: every command, option, question; and files of its kinds. */
#include "control/proto.h"
#include "tests/cases.h"
#include "tests/tool.h"

#define SHELLS TEST_ROOT "/scripts/completion/mynah"

/* A folder with a file of each kind, and rc: c WORD... prints what bash makes of the last word. */
static void
enter(void)
{
	tool_enter();
	cr_assert_eq(tool_run("touch a.mynah b.pcap.gz a.txt; mkdir d; echo PATH=\"${M%/*}\":'$PATH' >rc; cat >>rc <<'E'\n"
	    ". " SHELLS ".bash\n"
	    "c() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _$1 $1 \"${!#}\" x 2>err; "
	    "printf '%s\\n' \"${COMPREPLY[@]}\"; }\nE"), 0);
}

#define B "bash -c '. ./rc; c "		/* and the words, and another quotation mark */

/* One word, completed from a part of it. */
static const struct {
	const char *words, *becomes;
} typed[] = {
	{ "mynah le", "learn" },
	{ "mynah --v", "--version" },
	{ "mynah learn --cl", "--clusterer" },
	{ "mynah learn --clusterer fi", "first-token" },
	{ "mynah learn --order 4", "4" },
	{ "mynah learn -o a", "a.mynah" },
	{ "mynah learn b", "b.pcap.gz" },
	{ "mynah learn a", "" },
	{ "mynah eval a", "a.mynah" },
	{ "mynah show a", "a.mynah" },
	{ "mynah show b", "" },
	{ "mynah show d", "d" },
	{ "mynah ctl --so", "--socket" },
	{ "mynah ctl coun", "counters" },
	{ "mynah ctl -s x coun", "counters" },
	{ "mynah ctl load a", "a.mynah" },
	{ "mynah ctl status coun", "" },
	{ "mynah frob --x", "" },
};

EACH_CASE(completion, bash_completes_a_word, typed)
{
	char line[2048];

	enter();
	snprintf(line, sizeof line, "test \"$(" B "%s')\" = '%s' || { " B "%s'; cat err; false; }", typed[*i].words,
	    typed[*i].becomes, typed[*i].words);
	cr_expect_eq(tool_run(line), 0, "%s", typed[*i].words);
	tool_leave();
}

/* The manual's headings and entries are held against the tables by test_manual. */
Test(completion, bash_knows_every_command_and_option_of_the_manual)
{
	enter();
	cr_expect_eq(tool_run(B "mynah \"\"' >known; sed -n 's/^.Ss mynah //p' " TEST_ROOT
	    "/docs/mynah.1 >told; test $(wc -l <told) -ge 7 && ! grep -vxFf known told"), 0);
	cr_expect_eq(tool_run("awk '/^.Ss mynah/{c=$3} /^.It Fl . , Fl -/{print c, \"-\" substr($6, 1)}' " TEST_ROOT
	    "/docs/mynah.1 >told; test $(wc -l <told) -ge 20 && while read k o; do "
	    "test \"$(" B "mynah '$k' '$o)\" = $o || { echo \"$k $o\"; exit 1; }; done <told"), 0);
	tool_leave();
}

Test(completion, bash_knows_every_question_to_the_sensor)
{
	static const char *const names[] = {
#define NAME(name, words, help) name,
		CTL_COMMANDS(NAME)
#undef NAME
	};
	char line[256];

	enter();
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		snprintf(line, sizeof line, "test \"$(" B "mynah ctl %s')\" = %s", names[k], names[k]);
		cr_expect_eq(tool_run(line), 0, "%s", names[k]);
	}
	tool_leave();
}

/* Their completion needs a terminal to be tried (zsh), or is asked with complete -C (fish). */
static const struct {
	const char *shell, *line;
} others[] = {
	{ "zsh", "zsh -n " SHELLS ".zsh" },
	{ "fish", "PATH=${M%/*}:$PATH; f() { HOME=$PWD fish -N -c 'source " SHELLS ".fish; complete -C '\"\\\"$1\\\"\"; }; "
	  "f 'mynah le' | grep -qx learn && f 'mynah learn --cl' | grep -q '^--clusterer' && "
	  "f 'mynah ctl coun' | grep -qx counters && f 'mynah ctl load a' | grep -q a.mynah && "
	  "f 'mynah show a' | grep -q a.mynah" },
};

EACH_CASE(completion, other_shells_know_it_too, others)
{
	char line[64];

	snprintf(line, sizeof line, "command -v %s >/dev/null", others[*i].shell);
	if (tool_run(line) != 0)
		cr_skip_test("%s is not installed", others[*i].shell);
	enter();
	cr_expect_eq(tool_run(others[*i].line), 0, "%s", others[*i].shell);
	tool_leave();
}
