#pragma once
/*
 * tool.h - the built mynah from outside: a command line in, exit status and files out.
 *
 * Each test works in a directory of its own: tool_enter() and tool_leave() around it. In a
 * line "$M" is the tool and $D the folder tests/data.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int
tool_run(const char *line)
{
	char command[4096];
	int status;

	snprintf(command, sizeof command, "M='%s'; D='%s'; %s", TEST_MYNAH, TEST_ROOT "/tests/data", line);
	status = system(command);
	cr_assert(WIFEXITED(status), "%s", line);
	return WEXITSTATUS(status);
}

static inline void
tool_enter(void)
{
	char place[] = "/tmp/mynah-test-XXXXXX";

	cr_assert_not_null(mkdtemp(place));
	cr_assert_eq(chdir(place), 0);
}

static inline void
tool_leave(void)
{
	cr_assert_eq(tool_run("cd / && case $OLDPWD in /tmp/mynah-test-*) rm -r \"$OLDPWD\" ;; *) false ;; esac"), 0);
}
