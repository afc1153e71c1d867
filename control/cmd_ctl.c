/* mynah ctl - one question to a running mynahd, one answer (proto.h). */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/cmd.h"
#include "control/proto.h"

enum { ANSWER_MAX = 16 << 20, PATIENCE_S = 30 };	/* bytes; a load waits for the workers */

/* What follows a command, as " FILE [NAME]", or NULL: there is none of that name. */
static const char *
words_of(const char *command)
{
#define WORDS(name, args, help) strcmp(command, name) == 0 ? args :
	return CTL_COMMANDS(WORDS) NULL;
#undef WORDS
}

/* Does the command take n words? Those in brackets may be left out. */
static bool
takes(const char *command, int n)
{
	int most = 0, least = 0;

	for (const char *p = words_of(command); *p != '\0'; p++)
		if (*p == ' ') {
			most++;
			least += p[1] != '[';
		}
	return n >= least && n <= most;
}

static int
dial(const char *path, struct diag *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd;

	if (strlen(path) >= sizeof to.sun_path)
		return diag_set(why, -ENAMETOOLONG, "The socket's name %s is too long.", path);
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return diag_set(why, -errno, "No socket: %s.", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		int err = -errno;

		close(fd);
		return diag_set(why, err, "No mynahd answers on %s: %s; start it, or name its control-socket with -s.", path,
		    strerror(-err));
	}
	return fd;
}

/* The words as one line; -E2BIG when it is too long. */
static int
request_line(char to[CTL_LINE], int argc, char **argv, struct diag *why)
{
	size_t n = 0;

	for (int i = 0; i < argc; i++) {
		for (const char *p = argv[i]; *p != '\0' && n + 4 < CTL_LINE; p++) {
			unsigned char c = (unsigned char)*p;

			if (c <= ' ' || c == '%' || c == 0x7f)
				n += (size_t)sprintf(to + n, "%%%02x", c);
			else
				to[n++] = (char)c;
		}
		to[n++] = i + 1 < argc ? ' ' : '\n';
		if (n + 4 >= CTL_LINE)
			return diag_set(why, -E2BIG, "The request is longer than %d bytes.", CTL_LINE);
	}
	return (int)n;
}

static char *
read_answer(int fd, size_t *n, struct diag *why)
{
	size_t room = 1 << 16;
	char *text = malloc(room);

	for (*n = 0; text != NULL && *n < ANSWER_MAX;) {
		ssize_t got;

		if (*n == room) {
			char *more = realloc(text, room *= 2);

			if (more == NULL)
				break;
			text = more;
		}
		got = recv(fd, text + *n, room - *n, 0);
		if (got <= 0) {
			diag_set(why, -EPIPE, "mynahd %s.", got == 0 ? "hung up" : strerror(errno));
			free(text);
			return NULL;
		}
		*n += (size_t)got;
		if (text[*n - 1] == '\n')
			return text;
	}
	diag_set(why, -ENOMEM, "No memory for the answer.");
	free(text);
	return NULL;
}

static int
ask(const char *path, int argc, char **argv, char **answer, size_t *n, struct diag *why)
{
	char line[CTL_LINE];
	int len = request_line(line, argc, argv, why), fd;

	if (len < 0)
		return len;
	fd = dial(path, why);
	if (fd < 0)
		return fd;
	*answer = NULL;
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		diag_set(why, -errno, "mynahd does not listen: %s.", strerror(errno));
	else
		*answer = read_answer(fd, n, why);
	close(fd);
	return *answer != NULL ? 0 : -EPIPE;
}

static void print_value(const json_t *v, int depth);

static void
print_scalar(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:	fputs(json_string_value(v), stdout); break;
	case JSON_INTEGER:	printf("%lld", (long long)json_integer_value(v)); break;
	case JSON_REAL:		printf("%g", json_real_value(v)); break;
	case JSON_TRUE:		fputs("yes", stdout); break;
	case JSON_FALSE:	fputs("no", stdout); break;
	default:		fputs("-", stdout);
	}
}

/* {"a":1,"b":2} in a list: a 1  b 2 */
static void
print_row(const json_t *o, int depth)
{
	const char *key;
	json_t *v;
	bool first = true;

	printf("%*s", depth * 2, "");
	json_object_foreach((json_t *)o, key, v) {
		printf("%s%s ", first ? "" : "  ", key);
		print_scalar(v);
		first = false;
	}
	putchar('\n');
}

static void
print_object(const json_t *o, int depth)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		bool nested = json_is_object(v) || json_is_array(v);

		if (depth == 0 && strcmp(key, "ok") == 0)
			continue;
		if (nested && json_object_size(v) + json_array_size(v) == 0) {
			printf("%*s%s: none\n", depth * 2, "", key);
		} else if (nested) {
			printf("%*s%s:\n", depth * 2, "", key);
			print_value(v, depth + 1);
		} else {
			printf("%*s%-*s ", depth * 2, "", 20 - depth * 2, key);
			print_scalar(v);
			putchar('\n');
		}
	}
}

static void
print_value(const json_t *v, int depth)
{
	size_t i;
	json_t *e;

	if (depth > 8)		/* mynahd nests three deep */
		return;
	if (json_is_object(v))
		print_object(v, depth);
	else
		json_array_foreach(v, i, e)
			if (json_is_object(e))
				print_row(e, depth);
}

static int
show(const char *answer, size_t n, bool raw)
{
	json_error_t bad;
	json_t *o = json_loadb(answer, n, 0, &bad);
	bool ok = json_is_true(json_object_get(o, "ok"));
	const char *said = json_string_value(json_object_get(o, "error"));

	if (raw)
		fwrite(answer, 1, n, stdout);
	else if (o == NULL)
		fprintf(stderr, "mynah: The answer is no JSON: %s.\n", bad.text);
	else if (!ok)
		fprintf(stderr, "mynah: %s\n", said != NULL ? said : "mynahd refuses and does not say why.");
	else
		print_value(o, 0);
	json_decref(o);
	return ok ? CMD_DONE : CMD_FAILED;
}

int
cmd_ctl(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	const char *path = CTL_SOCKET;
	char *answer, file[PATH_MAX];
	struct diag why;
	bool raw = false;
	size_t n;
	int o, status;

	while ((o = getopt_long(argc, argv, "s:j", options, NULL)) != -1)
		if (o == 's')
			path = optarg;
		else if (o == 'j')
			raw = true;
		else
			return cmd_wrong_usage(argv, NULL);
	if (optind == argc)
		return cmd_wrong_usage(argv, "a command is missing");
	if (words_of(argv[optind]) == NULL)
		return cmd_wrong_usage(argv, "there is no command '%s'; mynah ctl --help lists them", argv[optind]);
	if (!takes(argv[optind], argc - optind - 1))
		return cmd_wrong_usage(argv, "%s is followed by%s", argv[optind],
		    words_of(argv[optind])[0] == '\0' ? " nothing" : words_of(argv[optind]));
	if (strncmp(words_of(argv[optind]), " FILE", 5) == 0 && realpath(argv[optind + 1], file) != NULL)
		argv[optind + 1] = file;	/* mynahd stands in another folder */
	if (ask(path, argc - optind, argv + optind, &answer, &n, &why) < 0)
		return cmd_failed(&why);
	status = show(answer, n, raw);
	free(answer);
	return status;
}
