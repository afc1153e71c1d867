/* The manual names every command, option, drop reason and counter; the tables say which there are. */
#include <string.h>

#include "dataplane/stack.h"
#include "dataplane/wire.h"
#include "tests/tool.h"

enum { PAGE_MAX = 1 << 16 };

static const char *
page(char to[PAGE_MAX], const char *path)
{
	FILE *f = fopen(path, "re");

	cr_assert_not_null(f, "%s", path);
	to[fread(to, 1, PAGE_MAX - 1, f)] = '\0';
	fclose(f);
	return to;
}

static void
expect_row(const char *text, const char *name)
{
	char entry[80];

	snprintf(entry, sizeof entry, "\n| `%s` |", name);
	cr_expect_not_null(strstr(text, entry), "docs/counters.md has no line for \"%s\"", name);
}

Test(manual, counters_md_names_every_drop_fault_and_part)
{
	static char text[PAGE_MAX];

	page(text, TEST_ROOT "/docs/counters.md");
	for (int i = 0; i < DROP_N; i++)
		expect_row(text, drop_name((enum drop)i));
	for (int i = 0; i < WIRE_FAULTS; i++)
		expect_row(text, wire_fault_name((enum wire_fault)i));
	for (int i = 0; i < PARTS_N; i++)
		expect_row(text, stack_part_name((enum stack_part)i));
}

/* The part of docs/mynah.md about one command, on its own. */
static char *
section_of(char *text, const char *command)
{
	char head[80], *from, *to;

	snprintf(head, sizeof head, "\n## mynah %s\n", command);
	from = strstr(text, head);
	cr_assert_not_null(from, "docs/mynah.md has no section \"mynah %s\"", command);
	to = strstr(from + 1, "\n## ");
	if (to != NULL)
		to[1] = '\0';
	return from;
}

/* "  -o, --output MODEL   where" and, below "Commands:", "  load FILE [NAME]". */
static void
expect_help_line(const char *manual, const char *command, const char *line)
{
	char letter, name[32], entry[80];

	if (sscanf(line, "  -%c, --%31[a-z]", &letter, name) == 2)
		snprintf(entry, sizeof entry, "| `-%c`, `--%s", letter, name);
	else if (strncmp(line, "  ", 2) == 0 && sscanf(line + 2, "%31[a-z]", name) == 1)
		snprintf(entry, sizeof entry, "| `%s", name);
	else
		return;
	cr_expect_not_null(strstr(manual, entry), "docs/mynah.md, mynah %s, lacks %s", command, entry);
}

static unsigned
expect_command(const char *command)
{
	static char text[PAGE_MAX], help[PAGE_MAX];
	char line[128], *manual, *save;
	unsigned n = 0;

	page(text, TEST_ROOT "/docs/mynah.md");
	manual = section_of(text, command);
	snprintf(line, sizeof line, "\"$M\" %s --help >help", command);
	cr_assert_eq(tool_run(line), 0);
	page(help, "help");
	for (char *l = strtok_r(help, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save), n++)
		expect_help_line(manual, command, l);
	return n;
}

Test(manual, mynah_md_names_every_command_and_option)
{
	static char list[PAGE_MAX];
	char name[32], *save;
	unsigned commands = 0;

	tool_enter();
	cr_assert_eq(tool_run("\"$M\" --help >list"), 0);
	page(list, "list");
	for (char *l = strtok_r(list, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "  mynah %31[a-z]", name) == 1) {
			cr_expect_gt(expect_command(name), 3, "mynah %s --help says too little", name);
			commands++;
		}
	cr_expect_geq(commands, 7);
	tool_leave();
}

Test(manual, mynah_md_names_no_option_that_is_not_there)
{
	tool_enter();
	cr_expect_eq(tool_run("awk '/^## mynah /{c=$3} /^\\| `-/{match($0, /--[a-z]+/); "
	    "print c, substr($0, RSTART, RLENGTH)}' " TEST_ROOT "/docs/mynah.md >told; test -s told && "
	    "while read c o; do \"$M\" $c --help | grep -q -- \"$o\" || exit 1; done <told"), 0);
	tool_leave();
}

Test(manual, counters_md_names_what_learn_could_not_use)
{
	tool_enter();
	cr_expect_eq(tool_run("\"$M\" learn -r r.json -o m.mynah \"$D\"/ftp-small.pcap.gz >out && "
	    "python3 -c 'import json; t = open(\"" TEST_ROOT "/docs/counters.md\").read(); "
	    "missing = [k for k in json.load(open(\"r.json\"))[\"unused\"] if f\"| `{k}` |\" not in t]; "
	    "assert not missing, missing'"), 0);
	tool_leave();
}
