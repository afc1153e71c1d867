/* docs/learning.md: its commands print what it says they print. */
#include <string.h>

#include "tests/file.h"
#include "tests/tool.h"

#define PAGE TEST_ROOT "/docs/learning.md"

enum { LINE = 512, OUTPUT = 1 << 20 };

/* Standard output and error of a line of the page, where "mynah" is the built tool. */
static char *
output_of(const char *line)
{
	static char out[OUTPUT];
	char command[2 * LINE];
	FILE *f;

	snprintf(command, sizeof command, "mynah() { \"$M\" \"$@\"; }; (%s) >out 2>&1", line);
	cr_assert_eq(tool_run(command), 0, "%s", line);
	f = fopen("out", "re");
	cr_assert_not_null(f);
	out[fread(out, 1, sizeof out - 1, f)] = '\0';
	fclose(f);
	return out;
}

/* Takes the next line of *at into line, without its end. False: there is none, or a fence. */
static bool
next_line(const char **at, char line[LINE])
{
	size_t n = strcspn(*at, "\n");

	if (**at == '\0' || strncmp(*at, "```", 3) == 0)
		return false;
	cr_assert(n < LINE);
	memcpy(line, *at, n);
	line[n] = '\0';
	*at += n + ((*at)[n] == '\n');
	return true;
}

/* Where the line stands in text, whole; NULL: nowhere. */
static const char *
find_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *end; *text != '\0'; text = *end == '\0' ? end : end + 1) {
		end = text + strcspn(text, "\n");
		if ((size_t)(end - text) == n && memcmp(text, line, n) == 0)
			return end;
	}
	return NULL;
}

/*
 * In a block "```console" a line "$ command" is run; each line below it must stand in what the
 * command printed, whole and in this order. "..." is for what the page leaves out.
 */
Test(learning_page, commands_print_what_it_says)
{
	const char *at = (const char *)file_bytes(PAGE).p, *rest = NULL;
	unsigned commands = 0;
	char line[LINE];

	tool_enter();
	cr_assert_eq(tool_run("zcat \"$D\"/desk.pcap.gz >desk.pcap && zcat \"$D\"/ftp-walks.pcap.gz >walks.pcap && "
	    "cp \"$D\"/../../scripts/services/ftp.service ."), 0);
	while ((at = strstr(at, "```console\n")) != NULL) {
		at += strlen("```console\n");
		while (next_line(&at, line)) {
			if (strncmp(line, "$ ", 2) == 0) {
				rest = output_of(line + 2);
				commands++;
				continue;
			}
			if (strcmp(line, "...") == 0)
				continue;
			cr_assert_not_null(rest, "\"%s\" stands before any command", line);
			rest = find_line(rest, line);
			cr_assert_not_null(rest, "not printed here: \"%s\"", line);
		}
	}
	cr_assert_geq(commands, 3);
	tool_leave();
}
