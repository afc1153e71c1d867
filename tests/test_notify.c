#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control/notify.h"
#include "tests/file.h"

static struct diag why;

/* A socket that listens under a name; @ stands for the zero byte of an abstract one. */
static int
listen_as(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	cr_assert_eq(bind(fd, (struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	return fd;
}

static void
expect_heard(const char *name)
{
	char heard[64] = "";
	int fd = listen_as(name);

	cr_expect_eq(notify(name, "READY=1", &why), 0, "%s", why.text);
	cr_expect_eq(recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT), 7);
	cr_expect_str_eq(heard, "READY=1");
	cr_expect_lt(recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT), 0, "one datagram");
	close(fd);
}

Test(notify, a_path_and_an_abstract_name_are_told)
{
	char place[] = "/tmp/mynah-notify-XXXXXX", name[64];

	enter_new_folder(place);
	snprintf(name, sizeof name, "%s/socket", place);
	expect_heard(name);
	unlink("socket");
	rmdir(place);
	snprintf(name, sizeof name, "@mynah-notify-%ld", (long)getpid());
	expect_heard(name);
}

Test(notify, without_a_socket_nothing_is_said)
{
	cr_expect_eq(notify(NULL, "READY=1", &why), 0);
}

Test(notify, a_socket_that_cannot_be_is_a_sentence)
{
	char longest[200];

	memset(longest, '/', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (const char *const *bad = (const char *const[]){ "", "/", "relative", longest, NULL }; *bad != NULL; bad++) {
		cr_expect_eq(notify(*bad, "READY=1", &why), -EINVAL, "%s", *bad);
		cr_expect_not_null(strstr(why.text, "NOTIFY_SOCKET is"));
	}
	cr_expect_eq(notify("/nowhere/socket", "READY=1", &why), -ENOENT);
	cr_expect_str_eq(why.text,
	    "The service manager at /nowhere/socket is not told READY=1: No such file or directory.");
}
