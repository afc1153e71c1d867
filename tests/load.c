/*
 * load - speaks one short conversation over and over, to many addresses, and tells how it went.
 *
 *	load --to 198.19.0.0 --addresses 65536 --port 21 --seconds 4 --at-once 64 '220 ' 'USER me' '331 ' ...
 *	load ... --rate 2000 [--most 16000] ...
 *
 * After the options: the beginning of the server's first line, then lines to say and the beginning of the
 * one line that answers each. The server closes after the last. --at-once is a closed loop, --rate an open
 * one: conversations begin when they are due, whether others have ended or not, and their time counts from
 * when they were due. No more than --most are open; one that is due then is held back, which is counted.
 * --patience (ms, default 3000) is what one conversation may take. One line of JSON, exit status 0 however it
 * went, 1 with a sentence if it could not be done, 2 for wrong usage. Ends by itself after seconds + patience.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_STEPS = 32, LINE = 1024, EVENTS = 256, BEGIN_PER_TURN = 16, MOST = 1 << 20 };
enum { LATE_NS = 1000 * 1000 };		/* that a conversation begins after it was due, and is called late */
#define SECOND_NS 1000000000ull

enum end { FINISHED, REFUSED, RESET, WRONG, EARLY, SILENT, LOCAL, ENDS };
static const char *const end_names[ENDS] = {
	"finished", "refused", "reset", "wrong", "early", "silent", "local"
};

struct talk {
	int fd;			/* -1: this place is free */
	uint32_t step;		/* replies heard */
	uint32_t prev, next;	/* by age; next of a free place: another one */
	uint32_t n;
	bool connected;
	uint64_t due_ns, give_up_ns;
	char line[LINE];	/* n bytes of the reply so far */
};

struct load {
	struct sockaddr_in to;
	uint32_t addresses;	/* power of two, from to.sin_addr on */
	uint64_t rate, seconds, most, patience_ns;	/* rate 0: closed loop */
	unsigned nsteps;
	const char *expect[MAX_STEPS], *say[MAX_STEPS];
	size_t nsay[MAX_STEPS];

	int epoll;
	struct talk *talk;	/* [most]; [most] is the list's head, oldest next to it */
	uint32_t spare, open;
	uint64_t began_ns, begin_until_ns;
	uint64_t begun, held_back, late, connected, greeted, end[ENDS];
	uint32_t *took_us;	/* [end[FINISHED]] */
	size_t room;
};

static void
die(const char *what)
{
	fprintf(stderr, "load: %s: %s.\n", what, strerror(errno));
	exit(1);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void
unlist(struct load *l, const struct talk *t)
{
	l->talk[t->prev].next = t->next;
	l->talk[t->next].prev = t->prev;
}

static void
note_time(struct load *l, uint64_t ns)
{
	if (l->end[FINISHED] == l->room) {
		l->room = 2 * l->room + 4096;
		l->took_us = realloc(l->took_us, l->room * sizeof *l->took_us);
		if (l->took_us == NULL)
			die("times");
	}
	l->took_us[l->end[FINISHED]] = (uint32_t)(ns / 1000);
}

static void
end_talk(struct load *l, struct talk *t, enum end how)
{
	if (how == FINISHED)
		note_time(l, now_ns() - t->due_ns);
	l->end[how]++;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	unlist(l, t);
	t->next = l->spare;
	l->spare = (uint32_t)(t - l->talk);
	l->open--;
}

static void
begin_talk(struct load *l, uint64_t due_ns, uint64_t now)
{
	uint32_t at = l->spare, head = (uint32_t)l->most;
	struct talk *t = &l->talk[at];
	struct sockaddr_in to = l->to;
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = at };

	l->spare = t->next;
	*t = (struct talk){ .due_ns = due_ns, .give_up_ns = now + l->patience_ns, .next = head,
		.prev = l->talk[head].prev };
	l->talk[t->prev].next = at;
	l->talk[head].prev = at;
	l->open++;
	l->late += now - due_ns > LATE_NS;
	/* all of the addresses in turn, none near the one before */
	to.sin_addr.s_addr = htonl(ntohl(to.sin_addr.s_addr) + (uint32_t)(l->begun++ * 40503) % l->addresses);
	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0 || setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) < 0 ||
	    (connect(t->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, t->fd, &e) < 0)
		end_talk(l, t, LOCAL);
}

/* t->line ends as a line does; it must be one. False: the talk is over. */
static bool
answer(struct load *l, struct talk *t)
{
	const char *want = t->step < l->nsteps ? l->expect[t->step] : NULL;

	if (want == NULL || t->n < strlen(want) || memcmp(t->line, want, strlen(want)) != 0 ||
	    memchr(t->line, '\n', t->n - 1) != NULL) {
		end_talk(l, t, WRONG);
		return false;
	}
	l->greeted += t->step == 0;
	t->n = 0;
	t->step++;
	if (t->step == l->nsteps)
		return true;		/* the rest is the server's close */
	if (send(t->fd, l->say[t->step], l->nsay[t->step], MSG_NOSIGNAL) != (ssize_t)l->nsay[t->step]) {
		end_talk(l, t, RESET);
		return false;
	}
	return true;
}

/* All there is to hear. */
static void
hear(struct load *l, struct talk *t)
{
	for (;;) {
		ssize_t n = recv(t->fd, t->line + t->n, LINE - t->n, 0);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			end_talk(l, t, errno == ECONNRESET || errno == EPIPE ? RESET : REFUSED);
			return;
		}
		if (n == 0) {
			end_talk(l, t, t->step == l->nsteps && t->n == 0 ? FINISHED : EARLY);
			return;
		}
		t->n += (uint32_t)n;
		if (t->line[t->n - 1] == '\n') {
			if (!answer(l, t))
				return;
		} else if (t->n == LINE) {
			end_talk(l, t, WRONG);
			return;
		}
	}
}

static void
attend(struct load *l, const struct epoll_event *e)
{
	struct talk *t = &l->talk[e->data.u32];

	if (t->fd < 0)
		return;
	if (!t->connected && (e->events & EPOLLOUT) != 0 && (e->events & EPOLLERR) == 0) {
		t->connected = true;
		l->connected++;
	}
	if ((e->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
		hear(l, t);
}

static void
give_up(struct load *l, uint64_t now)
{
	const struct talk *head = &l->talk[l->most];

	while (head->next != l->most && l->talk[head->next].give_up_ns <= now)
		end_talk(l, &l->talk[head->next], SILENT);
}

/* Begins what is due; returns when the next is, at most 10 ms from now. */
static uint64_t
begin_due(struct load *l, uint64_t now)
{
	uint64_t due = now;

	for (unsigned i = 0; i < BEGIN_PER_TURN; i++) {
		if (l->rate > 0)
			due = l->began_ns + (l->begun + l->held_back) * SECOND_NS / l->rate;
		if (due > now || due >= l->begin_until_ns)
			break;
		if (l->open < l->most)
			begin_talk(l, due, now);
		else if (l->rate > 0)
			l->held_back++;
		else
			return now + 10 * 1000 * 1000;
	}
	return due < l->begin_until_ns && due < now + 10 * 1000 * 1000 ? due : now + 10 * 1000 * 1000;
}

static void
run(struct load *l)
{
	struct epoll_event e[EVENTS];
	uint64_t now = now_ns(), next;

	l->began_ns = now;
	l->begin_until_ns = now + l->seconds * SECOND_NS;
	while (now < l->begin_until_ns || l->open > 0) {
		next = now < l->begin_until_ns ? begin_due(l, now) : now + 10 * 1000 * 1000;
		struct timespec wait = { .tv_nsec = next > now ? (long)(next - now) : 0 };
		int n = epoll_pwait2(l->epoll, e, EVENTS, &wait, NULL);

		if (n < 0 && errno != EINTR)
			die("epoll_pwait2");
		for (int i = 0; i < n; i++)
			attend(l, &e[i]);
		now = now_ns();
		give_up(l, now);
	}
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t
part(const struct load *l, double share)
{
	uint64_t n = l->end[FINISHED];

	return n == 0 ? 0 : l->took_us[(size_t)(share * (double)(n - 1) + 0.5)];
}

static double
seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
print(const struct load *l)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	if (l->end[FINISHED] > 0)
		qsort(l->took_us, l->end[FINISHED], sizeof *l->took_us, by_size);
	printf("{\"seconds\": %llu, \"asked\": %llu, \"begun\": %llu, \"held_back\": %llu, \"late\": %llu, "
	    "\"connected\": %llu, \"greeted\": %llu", (unsigned long long)l->seconds,
	    (unsigned long long)(l->rate * l->seconds), (unsigned long long)l->begun,
	    (unsigned long long)l->held_back, (unsigned long long)l->late,
	    (unsigned long long)l->connected, (unsigned long long)l->greeted);
	for (int i = 0; i < ENDS; i++)
		printf(", \"%s\": %llu", end_names[i], (unsigned long long)l->end[i]);
	printf(", \"us\": {\"p5\": %u, \"p50\": %u, \"p95\": %u, \"p99\": %u, \"worst\": %u}, "
	    "\"user\": %.6f, \"sys\": %.6f}\n", part(l, 0.05), part(l, 0.5), part(l, 0.95), part(l, 0.99),
	    part(l, 1), seconds_of(u.ru_utime), seconds_of(u.ru_stime));
}

static int
wrong_usage(const char *what)
{
	fprintf(stderr, "load: %s. The first lines of tests/load.c say how it is used.\n", what);
	return 2;
}

static bool
number(uint64_t *to, uint64_t least, uint64_t most)
{
	char *end;

	errno = 0;
	*to = strtoull(optarg, &end, 10);
	return *optarg >= '0' && *optarg <= '9' && *end == '\0' && errno == 0 && *to >= least && *to <= most;
}

static int
read_script(struct load *l, int n, char **word)
{
	if (n < 1 || n % 2 == 0 || n > 2 * MAX_STEPS - 1)
		return wrong_usage("A script is the beginning of a reply, then pairs of a line to say and its reply");
	for (int i = 0; i < n; i++) {
		unsigned step = (unsigned)(i + 1) / 2;
		char *line;

		if (i % 2 == 0) {
			l->expect[step] = word[i];
			continue;
		}
		line = malloc(strlen(word[i]) + 3);
		if (line == NULL)
			die("script");
		l->nsay[step] = (size_t)sprintf(line, "%s\r\n", word[i]);
		l->say[step] = line;
	}
	l->nsteps = (unsigned)(n + 1) / 2;
	return 0;
}

static int
read_options(struct load *l, int argc, char **argv)
{
	static const struct option options[] = {
		{ "to", required_argument, NULL, 't' },
		{ "addresses", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 's' },
		{ "at-once", required_argument, NULL, 'o' },
		{ "rate", required_argument, NULL, 'r' },
		{ "most", required_argument, NULL, 'm' },
		{ "patience", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t addresses = 1, port = 21, at_once = 0, patience_ms = 3000;
	int c;

	*l = (struct load){ .seconds = 1, .most = 16000, .to.sin_family = AF_INET };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool good = c == 't' ? inet_pton(AF_INET, optarg, &l->to.sin_addr) == 1
		    : c == 'a' ? number(&addresses, 1, 1 << 24) && (addresses & (addresses - 1)) == 0
		    : c == 'p' ? number(&port, 1, 65535)
		    : c == 's' ? number(&l->seconds, 1, 600)
		    : c == 'o' ? number(&at_once, 1, MOST)
		    : c == 'r' ? number(&l->rate, 1, 10000000)
		    : c == 'm' ? number(&l->most, 1, MOST)
		    : c == 'w' ? number(&patience_ms, 1, 600000) : false;

		if (!good)
			return wrong_usage("An option is unknown, or its value is none");
	}
	if (l->to.sin_addr.s_addr == 0 || (at_once > 0) == (l->rate > 0))
		return wrong_usage("--to is needed, and one of --at-once and --rate");
	l->most = at_once > 0 ? at_once : l->most;
	l->patience_ns = patience_ms * 1000 * 1000;
	l->addresses = (uint32_t)addresses;
	l->to.sin_port = htons((uint16_t)port);
	return read_script(l, argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	static struct load l;
	int status = read_options(&l, argc, argv);
	struct rlimit files;

	if (status != 0)
		return status;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max < l.most + 16)
		return wrong_usage("More open at once than files are allowed (ulimit -Hn)");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		die("open files");
	prctl(PR_SET_TIMERSLACK, 1);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.talk = calloc(l.most + 1, sizeof *l.talk);
	if (l.epoll < 0 || l.talk == NULL)
		die("start");
	for (uint32_t i = 0; i < l.most; i++)
		l.talk[i] = (struct talk){ .fd = -1, .next = i + 1 };
	l.talk[l.most].prev = l.talk[l.most].next = (uint32_t)l.most;
	run(&l);
	print(&l);
	return 0;
}
