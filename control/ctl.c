#include "control/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/proto.h"

enum { EVENTS = CTL_CLIENTS + 1,	/* all there can be */
	REQUESTS_PER_TURN = 16 };	/* of one client; the others wait no longer */

struct client {
	int fd;			/* -1: free */
	int64_t seen_ms;	/* last progress: a whole request, or bytes of an answer taken */
	size_t n, out_n, out_at;
	char *out;		/* the answer under way; no request is read before it is out */
	bool closing;		/* after the answer */
	char in[CTL_LINE];
};

struct ctl {
	int epoll, listener;
	ctl_answer *answer;
	void *ctx;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client client[CTL_CLIENTS];
};

json_t *
ctl_refuse(bool *ok, const char *fmt, ...)
{
	char text[2 * CTL_LINE];
	va_list ap;
	json_t *o = json_object(), *sentence;

	*ok = false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sentence = json_string(text);
	if (sentence == NULL) {		/* it quotes what is not UTF-8, or was cut inside of a character */
		for (char *c = text; *c != '\0'; c++)
			*c = (unsigned char)*c < 0x80 ? *c : '?';
		sentence = json_string(text);
	}
	json_object_set_new(o, "error", sentence);
	return o;
}

static int
address(struct sockaddr_un *to, const char *path)
{
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof to->sun_path)
		return -ENAMETOOLONG;
	strcpy(to->sun_path, path);
	return 0;
}

bool
ctl_in_use(const char *path)
{
	struct sockaddr_un to;
	bool there;
	int fd;

	if (address(&to, path) < 0)
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	there = fd >= 0 && (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EAGAIN);
	close(fd);
	return there;
}

/* Frees the name for bind(): a socket nobody listens on was left by a crash. */
static int
take_over(const char *path, struct diag *why)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return diag_set(why, -EEXIST, "The control socket %s cannot be made: a file of that name exists.",
		    path);
	if (ctl_in_use(path))
		return diag_set(why, -EADDRINUSE, "The control socket %s is in use: another mynahd runs.", path);
	unlink(path);
	return 0;
}

static int
watch(int epoll, int fd, void *what, uint32_t events, int how)
{
	struct epoll_event e = { .events = events, .data.ptr = what };

	return epoll_ctl(epoll, how, fd, &e) < 0 ? -errno : 0;
}

static int
listen_on(struct ctl *c, struct diag *why)
{
	struct sockaddr_un to;
	mode_t mask;
	int err = address(&to, c->path);

	mask = umask(0077);	/* between bind() and chmod() anybody could connect */
	if (err == 0 && bind(c->listener, (struct sockaddr *)&to, sizeof to) < 0)
		err = -errno;
	umask(mask);
	if (err == 0 && listen(c->listener, CTL_CLIENTS) < 0)
		err = -errno;
	if (err == 0)
		err = watch(c->epoll, c->listener, NULL, EPOLLIN, EPOLL_CTL_ADD);
	if (err < 0)
		return diag_set(why, err, "The control socket %s cannot be made: %s.", c->path, strerror(-err));
	return 0;
}

int
ctl_open(struct ctl **out, const char *path, ctl_answer *answer, void *ctx, struct diag *why)
{
	struct ctl *c;
	int err = take_over(path, why);

	if (err < 0)
		return err;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return diag_set(why, -ENOMEM, "No memory for the control socket.");
	c->answer = answer;
	c->ctx = ctx;
	snprintf(c->path, sizeof c->path, "%s", path);
	for (int i = 0; i < CTL_CLIENTS; i++)
		c->client[i].fd = -1;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (strlen(path) >= sizeof c->path)
		err = diag_set(why, -ENAMETOOLONG, "The name of the control socket %s is too long.", path);
	else
		err = listen_on(c, why);
	if (err < 0) {
		close(c->epoll);
		close(c->listener);
		free(c);
		return err;
	}
	*out = c;
	return 0;
}

int
ctl_fd(const struct ctl *c)
{
	return c->epoll;
}

unsigned
ctl_clients(const struct ctl *c)
{
	unsigned n = 0;

	for (int i = 0; i < CTL_CLIENTS; i++)
		n += c->client[i].fd >= 0;
	return n;
}

static void
hang_up(struct client *k)
{
	close(k->fd);		/* epoll forgets it */
	free(k->out);
	k->fd = -1;
	k->out = NULL;
}

static struct client *
seat(struct ctl *c)
{
	struct client *oldest = &c->client[0];

	for (int i = 0; i < CTL_CLIENTS; i++) {
		if (c->client[i].fd < 0)
			return &c->client[i];
		if (c->client[i].seen_ms < oldest->seen_ms)
			oldest = &c->client[i];
	}
	hang_up(oldest);
	return oldest;
}

static void
welcome(struct ctl *c, int64_t now_ms)
{
	for (int i = 0; i < CTL_CLIENTS; i++) {		/* the rest of the queue next turn */
		int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct client *k;

		if (fd < 0)
			return;
		k = seat(c);
		*k = (struct client){ .fd = fd, .seen_ms = now_ms };
		if (watch(c->epoll, fd, k, EPOLLIN, EPOLL_CTL_ADD) < 0)
			hang_up(k);
	}
}

static int
hex(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %XX in place. False: not a word. */
static bool
unescape(char *word)
{
	char *to = word;

	for (const char *p = word; *p != '\0'; p++) {
		if (*p == '%') {
			int high = hex(p[1]), low = high < 0 ? -1 : hex(p[2]);

			if (low < 0 || high * 16 + low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			p += 2;
		} else if ((unsigned char)*p < ' ' || *p == 0x7f) {
			return false;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return true;
}

/* What the client sent may stand in an answer, and JSON is UTF-8. */
static bool
is_utf8(const char *word)
{
	json_t *s = json_string(word);

	json_decref(s);
	return s != NULL;
}

static json_t *
ask(struct ctl *c, char *line, size_t n, bool *ok)
{
	char *argv[CTL_WORDS + 1], *rest = line;
	unsigned argc = 0;

	if (n > 0 && line[n - 1] == '\r')
		line[--n] = '\0';
	if (memchr(line, '\0', n) != NULL)
		return ctl_refuse(ok, "The request contains a NUL byte.");
	while (rest != NULL) {
		if (argc == CTL_WORDS)
			return ctl_refuse(ok, "The request has more than %d words.", CTL_WORDS);
		argv[argc] = strsep(&rest, " ");
		if (!unescape(argv[argc]))
			return ctl_refuse(ok, "The request is no line of words.");
		if (!is_utf8(argv[argc]))
			return ctl_refuse(ok, "The request is not UTF-8.");
		argc++;
	}
	argv[argc] = NULL;
	return c->answer(c->ctx, argc, argv, ok);
}

static char *
to_line(json_t *o, bool ok)
{
	char *text, *line = NULL;

	if (o == NULL || json_object_set_new(o, "ok", json_boolean(ok)) < 0) {
		json_decref(o);
		return strdup("{\"ok\":false,\"error\":\"There is no answer: no memory, or a name that is not UTF-8.\"}\n");
	}
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text != NULL && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}

static void
reply(struct client *k, json_t *o, bool ok)
{
	k->out = to_line(o, ok);
	if (k->out == NULL) {
		hang_up(k);
		return;
	}
	k->out_n = strlen(k->out);
	k->out_at = 0;
}

/* False: the client cannot take more now, or is gone. */
static bool
push(struct ctl *c, struct client *k, int64_t now_ms)
{
	while (k->out_at < k->out_n) {
		ssize_t n = send(k->fd, k->out + k->out_at, k->out_n - k->out_at, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(c->epoll, k->fd, k, EPOLLOUT, EPOLL_CTL_MOD);
			return false;
		}
		if (n <= 0) {
			hang_up(k);
			return false;
		}
		k->out_at += (size_t)n;
		k->seen_ms = now_ms;
	}
	free(k->out);
	k->out = NULL;
	if (k->closing) {
		hang_up(k);
		return false;
	}
	watch(c->epoll, k->fd, k, EPOLLIN, EPOLL_CTL_MOD);
	return true;
}

/* Answers what stands in the buffer. */
static void
answer_lines(struct ctl *c, struct client *k, int64_t now_ms)
{
	char *end;

	for (int i = 0; i < REQUESTS_PER_TURN && (end = memchr(k->in, '\n', k->n)) != NULL; i++) {
		size_t n = (size_t)(end - k->in);
		bool ok = true;
		json_t *o;

		*end = '\0';
		o = ask(c, k->in, n, &ok);
		k->n -= n + 1;
		memmove(k->in, end + 1, k->n);
		k->seen_ms = now_ms;
		reply(k, o, ok);
		if (k->fd < 0 || !push(c, k, now_ms))
			return;
	}
	if (k->n == sizeof k->in && memchr(k->in, '\n', k->n) == NULL) {
		bool ok = true;

		k->closing = true;
		reply(k, ctl_refuse(&ok, "A request has at most %d bytes.", CTL_LINE), false);
		if (k->fd >= 0)
			push(c, k, now_ms);
	}
}

static void
hear(struct ctl *c, struct client *k, int64_t now_ms)
{
	ssize_t n = recv(k->fd, k->in + k->n, sizeof k->in - k->n, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hang_up(k);
		return;
	}
	k->n += (size_t)n;
	answer_lines(c, k, now_ms);
}

static void
close_idle(struct ctl *c, int64_t now_ms)
{
	for (int i = 0; i < CTL_CLIENTS; i++)
		if (c->client[i].fd >= 0 && now_ms - c->client[i].seen_ms >= CTL_IDLE_MS)
			hang_up(&c->client[i]);
}

void
ctl_turn(struct ctl *c, int64_t now_ms)
{
	struct epoll_event e[EVENTS];
	int n = epoll_wait(c->epoll, e, EVENTS, 0);
	bool knock = false;

	for (int i = 0; i < n; i++) {
		struct client *k = e[i].data.ptr;

		if (k == NULL)
			knock = true;
		else if (k->fd >= 0 && k->out == NULL)
			hear(c, k, now_ms);
		else if (k->fd >= 0 && push(c, k, now_ms))
			answer_lines(c, k, now_ms);
	}
	close_idle(c, now_ms);
	if (knock)	/* last: a new client may take the place of one in e[] */
		welcome(c, now_ms);
}

void
ctl_close(struct ctl *c)
{
	for (int i = 0; i < CTL_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			hang_up(&c->client[i]);
	close(c->listener);
	close(c->epoll);
	unlink(c->path);
	free(c);
}
