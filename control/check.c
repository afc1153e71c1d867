#include "control/check.h"

#include <errno.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/wire.h"

extern char **environ;

enum { STATUS_USE = 2, STATUS_NO_TSHARK = 3 };

/* The installed program, or that of the tree which an uninstalled one was built from. */
static const char *
program(void)
{
	return access(MYNAH_DATA "/semantics/check", R_OK) == 0 ? MYNAH_DATA "/semantics/check"
	    : MYNAH_SOURCE "/scripts/semantics/check";
}

/* Starts it with its standard output in *out. 0 or an errno. */
static int
start(pid_t *child, int *out, const char *const *argv)
{
	posix_spawn_file_actions_t act;
	int pipe_fd[2], err;

	if (pipe(pipe_fd) < 0)
		return -1;
	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, pipe_fd[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&act, pipe_fd[0]);
	posix_spawn_file_actions_addclose(&act, pipe_fd[1]);
	err = posix_spawnp(child, argv[0], &act, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&act);
	close(pipe_fd[1]);
	if (err != 0)
		close(pipe_fd[0]);
	*out = pipe_fd[0];
	return err;
}

int
check_path(char path[CHECK_PATH_BYTES], struct diag *why)
{
	int fd;

	snprintf(path, CHECK_PATH_BYTES, "/tmp/mynah-eval-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return diag_set(why, -errno, "%s: cannot be made: %s.", path, strerror(errno));
	close(fd);
	return 0;
}

double
check_transcripts(const char *transcripts, uint8_t proto, uint16_t port, unsigned how)
{
	const char *what = how & CHECK_SYNTAX ? "syntax" : "semantics";
	char service[16];
	const char *argv[] = { "python3", program(), service, transcripts, "--json",
		NULL, NULL, NULL };
	size_t nargv = 5;
	double share = -1;
	json_t *o = NULL;
	pid_t child;
	int out, status = 0;
	FILE *f;

	if (how & CHECK_SYNTAX)
		argv[nargv++] = "--syntax";
	if (how & CHECK_BOTH)
		argv[nargv++] = "--both";
	snprintf(service, sizeof service, "%s/%u", proto == PROTO_TCP ? "tcp" : "udp", port);
	if (start(&child, &out, argv) != 0) {
		fprintf(stderr, "mynah: %s is not judged: python3 cannot be started.\n", what);
		return -1;
	}
	f = fdopen(out, "r");
	if (f != NULL) {
		o = json_loadf(f, 0, NULL);
		fclose(f);
	}
	waitpid(child, &status, 0);
	if (o != NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		share = json_number_value(json_object_get(o, "conversations_ok"));
	else
		fprintf(stderr, "mynah: %s is not judged: %s %s.\n", what, argv[1],
		    WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_TSHARK ? "needs tshark"
		    : WIFEXITED(status) && WEXITSTATUS(status) == STATUS_USE ? "has no rules for this service"
		    : "failed");
	json_decref(o);
	return share;
}
