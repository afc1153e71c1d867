#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/ctl.h"
#include "control/proto.h"
#include "tests/cases.h"

static char folder[] = "/tmp/mynah-ctl-XXXXXX", path[sizeof folder + 8];
static struct ctl *c;
static struct diag why;

/* Says what it was asked: {"argc":..., "words":[...]}; "long" answers two MiB, "quote" refuses with bytes of a file. */
static json_t *
echo(void *ctx, unsigned argc, char *const *argv, bool *ok)
{
	json_t *words = json_array();

	(void)ctx;
	if (strcmp(argv[0], "refuse") == 0) {
		json_decref(words);
		return ctl_refuse(ok, "No, because %s.", argv[1]);
	}
	if (strcmp(argv[0], "quote") == 0) {
		json_decref(words);
		return ctl_refuse(ok, "No, there stands %s.", "\"\xff\"");
	}
	if (strcmp(argv[0], "long") == 0)
		for (int i = 0; i < 1 << 17; i++)
			json_array_append_new(words, json_string("fourteen bytes"));
	for (unsigned i = 0; i < argc; i++)
		json_array_append_new(words, json_string(argv[i]));
	return json_pack("{so}", "words", words);
}

static void
begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/s", folder);
	cr_assert_eq(ctl_open(&c, path, echo, NULL, &why), 0, "%s", why.text);
}

static void
end(void)
{
	ctl_close(c);
	cr_expect_neq(access(path, F_OK), 0, "the socket is gone");
	rmdir(folder);
}

TestSuite(ctl, .init = begin, .fini = end, .timeout = 60);

static int
dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(to.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	ctl_turn(c, 0);
	return fd;
}

static ssize_t
take(int fd, char *to, size_t room)
{
	ssize_t n = recv(fd, to, room - 1, 0);

	to[n > 0 ? n : 0] = '\0';
	return n;
}

static const struct {
	const char *what, *say, *answer;
} cases[] = {
	{ "a word", "status\n", "{\"words\":[\"status\"],\"ok\":true}\n" },
	{ "a carriage return is no part of it", "status\r\n", "{\"words\":[\"status\"],\"ok\":true}\n" },
	{ "escapes are undone", "load a%20b%25 c\n", "{\"words\":[\"load\",\"a b%\",\"c\"],\"ok\":true}\n" },
	{ "two requests in one breath", "a\nb\n",
	  "{\"words\":[\"a\"],\"ok\":true}\n{\"words\":[\"b\"],\"ok\":true}\n" },
	{ "a refusal", "refuse me\n", "{\"error\":\"No, because me.\",\"ok\":false}\n" },
	{ "a refusal that quotes what is not UTF-8", "quote\n", "{\"error\":\"No, there stands \\\"?\\\".\",\"ok\":false}\n" },
	{ "an empty line is a word of no letters", "\n", "{\"words\":[\"\"],\"ok\":true}\n" },
	{ "too many words", "a b c d e\n", "{\"error\":\"The request has more than 4 words.\",\"ok\":false}\n" },
	{ "half an escape", "a%2\n", "{\"error\":\"The request is no line of words.\",\"ok\":false}\n" },
	{ "an escaped NUL", "a%00\n", "{\"error\":\"The request is no line of words.\",\"ok\":false}\n" },
	{ "a control byte", "a\x01\n", "{\"error\":\"The request is no line of words.\",\"ok\":false}\n" },
	{ "bytes that are not UTF-8 in a refusal", "refuse \xff\n",
	  "{\"error\":\"The request is not UTF-8.\",\"ok\":false}\n" },
	{ "bytes that are not UTF-8", "\xc3\x28\n", "{\"error\":\"The request is not UTF-8.\",\"ok\":false}\n" },
	{ "the same, escaped", "%ff\n", "{\"error\":\"The request is not UTF-8.\",\"ok\":false}\n" },
};

EACH_CASE(ctl, a_line_gets_a_line, cases)
{
	char got[512];
	int fd = dial();

	cr_assert_eq(send(fd, cases[*i].say, strlen(cases[*i].say), 0), (ssize_t)strlen(cases[*i].say));
	ctl_turn(c, 1);
	take(fd, got, sizeof got);
	cr_expect_str_eq(got, cases[*i].answer, "%s", cases[*i].what);
	cr_expect_eq(ctl_clients(c), 1, "%s: the client stays", cases[*i].what);
	close(fd);
}

Test(ctl, a_nul_byte_is_refused)
{
	char got[256];
	int fd = dial();

	cr_assert_eq(send(fd, "a\0b\n", 4, 0), 4);
	ctl_turn(c, 1);
	take(fd, got, sizeof got);
	cr_expect_str_eq(got, "{\"error\":\"The request contains a NUL byte.\",\"ok\":false}\n");
	close(fd);
}

Test(ctl, an_endless_line_ends_the_client_and_nobody_else)
{
	char junk[CTL_LINE], got[256];
	int bad = dial(), good = dial();

	memset(junk, 'x', sizeof junk);
	cr_assert_eq(send(bad, junk, sizeof junk, 0), (ssize_t)sizeof junk);
	ctl_turn(c, 1);
	take(bad, got, sizeof got);
	cr_expect_str_eq(got, "{\"error\":\"A request has at most 4096 bytes.\",\"ok\":false}\n");
	cr_expect_eq(take(bad, got, sizeof got), 0, "closed");
	cr_assert_eq(send(good, "a\n", 2, 0), 2);
	ctl_turn(c, 2);
	cr_expect_gt(take(good, got, sizeof got), 0);
	close(bad);
	close(good);
}

Test(ctl, a_request_may_come_byte_by_byte)
{
	char got[128];
	int fd = dial();

	for (const char *p = "status\n"; *p != '\0'; p++) {
		cr_assert_eq(send(fd, p, 1, 0), 1);
		ctl_turn(c, 1);
	}
	take(fd, got, sizeof got);
	cr_expect_str_eq(got, "{\"words\":[\"status\"],\"ok\":true}\n");
	close(fd);
}

Test(ctl, a_client_that_never_reads_holds_up_nobody)
{
	char got[128];
	int slow = dial(), good = dial();

	cr_assert_eq(send(slow, "long\nlong\n", 10, 0), 10);
	for (int t = 1; t < 20; t++)
		ctl_turn(c, t);
	cr_assert_eq(send(good, "a\n", 2, 0), 2);
	ctl_turn(c, 20);
	cr_expect_gt(take(good, got, sizeof got), 0);
	cr_expect_eq(ctl_clients(c), 2);
	ctl_turn(c, CTL_IDLE_MS + 19);	/* good's last word was at 20 */
	cr_expect_eq(ctl_clients(c), 1, "the slow one is gone");
	close(slow);
	close(good);
}

Test(ctl, a_long_answer_arrives_whole_at_a_slow_reader)
{
	static char got[1 << 16];
	size_t all = 0;
	ssize_t n;
	int fd = dial();

	cr_assert_eq(send(fd, "long\n", 5, 0), 5);
	for (int t = 1; t < 5000 && (all == 0 || got[n - 1] != '\n'); t++) {
		ctl_turn(c, t);
		n = take(fd, got, sizeof got);
		cr_assert_neq(n, 0);
		all += n > 0 ? (size_t)n : 0;
		n = n > 0 ? n : 1;
	}
	cr_expect_eq(all, (1u << 17) * 17 + strlen("{\"words\":[\"long\"],\"ok\":true}\n"));
	close(fd);
}

Test(ctl, when_all_places_are_taken_the_longest_idle_makes_room)
{
	int fd[CTL_CLIENTS + 1];
	char got[128];

	for (int k = 0; k < CTL_CLIENTS; k++) {
		fd[k] = dial();
		send(fd[k], "a\n", 2, 0);
		ctl_turn(c, k == 7 ? 0 : 100 + k);
		cr_expect_gt(take(fd[k], got, sizeof got), 0);
	}
	fd[CTL_CLIENTS] = dial();
	cr_expect_eq(ctl_clients(c), CTL_CLIENTS);
	cr_expect_eq(take(fd[7], got, sizeof got), 0, "the eighth was idle longest");
	send(fd[CTL_CLIENTS], "a\n", 2, 0);
	ctl_turn(c, 200);
	cr_expect_gt(take(fd[CTL_CLIENTS], got, sizeof got), 0);
	for (int k = 0; k <= CTL_CLIENTS; k++)
		close(fd[k]);
}

Test(ctl, clients_that_hang_up_in_the_middle_leave_nothing)
{
	for (int k = 0; k < 200; k++) {
		int fd = dial();

		send(fd, "long\nsta", k % 9, 0);
		if (k & 1)
			ctl_turn(c, k);
		close(fd);
		ctl_turn(c, k);
	}
	ctl_turn(c, 300);
	cr_expect_eq(ctl_clients(c), 0);
}

Test(ctl, a_socket_in_use_is_not_taken_away)
{
	struct ctl *other;

	cr_expect(ctl_in_use(path));
	cr_expect_eq(ctl_open(&other, path, echo, NULL, &why), -EADDRINUSE);
	cr_expect(strstr(why.text, path) != NULL && strstr(why.text, "in use") != NULL, "%s", why.text);
	close(dial());
}

Test(ctl, a_socket_left_by_a_crash_is)
{
	char left[sizeof path + 8];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct ctl *other;
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(left, sizeof left, "%s-left", path);
	strcpy(to.sun_path, left);
	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	close(fd);
	cr_expect_eq(ctl_open(&other, left, echo, NULL, &why), 0, "%s", why.text);
	cr_assert_eq(stat(left, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0700, "only we may ask");
	ctl_close(other);
}

Test(ctl, a_file_is_never_replaced)
{
	char left[sizeof path + 8];
	struct ctl *other;
	int fd;

	snprintf(left, sizeof left, "%s-file", path);
	fd = open(left, O_CREAT | O_WRONLY, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(ctl_open(&other, left, echo, NULL, &why), -EEXIST);
	cr_expect_eq(unlink(left), 0, "it is still there");
}
