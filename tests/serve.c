/*
 * serve - says fixed lines through kernel sockets: what mynahd is compared with in scripts/bench lab.
 *
 *	serve PORT SECONDS GREETING [BEGINNING REPLY]...
 *
 * One thread, one epoll, no state but the socket. A line that begins so is answered so; after the last of the
 * pairs it closes. A line of nobody, or half a line, closes too: load.c counts that as an error. Ends by itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, LINE = 512};

static void
die(const char *what)
{
	fprintf(stderr, "serve: %s: %s.\n", what, strerror(errno));
	exit(1);
}

static int
listen_on(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) < 0 ||	/* the accepted inherit it */
	    bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4096) < 0)
		die("listening");
	return fd;
}

static bool
say(int fd, const char *line)
{
	char out[LINE];
	int n = snprintf(out, sizeof out, "%s\r\n", line);

	return send(fd, out, (size_t)n, MSG_NOSIGNAL) == n;
}

static void
greet(int epoll, int listener, const char *greeting)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		if (!say(fd, greeting) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
		    &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd }) < 0)
			close(fd);
}

/* pairs ends with NULL. False: close. */
static bool
answer(int fd, char *const *pairs)
{
	char line[LINE];
	ssize_t n = recv(fd, line, sizeof line, 0);

	if (n <= 0 || line[n - 1] != '\n')
		return n < 0 && errno == EAGAIN;
	for (; pairs[0] != NULL; pairs += 2)
		if ((size_t)n >= strlen(pairs[0]) && memcmp(line, pairs[0], strlen(pairs[0])) == 0)
			return say(fd, pairs[1]) && pairs[2] != NULL;
	return false;
}

int
main(int argc, char **argv)
{
	struct epoll_event e[EVENTS];
	struct rlimit files;
	int listener, epoll = epoll_create1(0);
	time_t until;

	if (argc < 4 || argc % 2 != 0 || atoi(argv[1]) <= 0 || atoi(argv[1]) > 65535) {
		fputs("usage: serve PORT SECONDS GREETING [BEGINNING REPLY]...\n", stderr);
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listener = listen_on((uint16_t)atoi(argv[1]));
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener }) < 0)
		die("epoll");
	until = time(NULL) + atoi(argv[2]);
	while (time(NULL) < until) {
		int n = epoll_wait(epoll, e, EVENTS, 500);

		for (int i = 0; i < n; i++)
			if (e[i].data.fd == listener)
				greet(epoll, listener, argv[3]);
			else if (!answer(e[i].data.fd, argv + 4))
				close(e[i].data.fd);
	}
	return 0;
}
