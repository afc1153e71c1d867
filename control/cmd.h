#pragma once
/*
 * cmd.h - the subcommands of the tool, one file each: control/cmd_<name>.c.
 *
 * A command gets its own words (argv[0] is "mynah <name>"), prints results on standard output
 * and sentences about errors on standard error, and returns the exit status. -h and --help are
 * answered before it is called. The table is in mynah.c; a command needs a line there, a
 * prototype here and its file in control/meson.build.
 */
#include "models/diag.h"

enum { CMD_DONE = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

int	cmd_chat(int argc, char **argv);
int	cmd_compile(int argc, char **argv);
int	cmd_ctl(int argc, char **argv);
int	cmd_eval(int argc, char **argv);
int	cmd_learn(int argc, char **argv);
int	cmd_replay(int argc, char **argv);
int	cmd_show(int argc, char **argv);
int	cmd_simulate(int argc, char **argv);

/* Says what is wrong (NULL: getopt has) and how the command is called. Returns CMD_USAGE. */
int	cmd_wrong_usage(char **argv, const char *fmt, ...) PRINTF(2, 3);
/* Do both names lead to the same file? What is read must not be written over. */
bool	cmd_same_file(const char *a, const char *b);
/*
 * Ctrl-C, SIGTERM and SIGHUP remove path.tmp, which an output is written to before it gets its
 * name, and then do what they always do. At most two files per command; path stays the caller's.
 */
void	cmd_unfinished(const char *path);
/* Prints the sentence. Returns CMD_FAILED. */
int	cmd_failed(const struct diag *why);
/* Writes what is still buffered to standard output; a full disk or closed pipe is a failure. */
int	cmd_flush(int status);
