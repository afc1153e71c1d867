/*
 * ftp_capture.c - writes a capture of a busy FTP server, as large as wanted.
 *
 *   ftp_capture MESSAGES OUT.pcap
 *
 * For measuring how learning grows, not for judging what is learned: users, passwords, names, sizes and ports
 * differ from conversation to conversation, what is said about them follows from a handful of commands.
 * Whether a name exists and how large it is is decided by hashing it, so the server is the same to
 * everybody. Same arguments, same bytes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/trace.h"
#include "tests/bench.h"

enum { OPEN = 40, LINE = 400, PATH = 120, FRAME = 600, SERVER_PORT = 21 };

struct session {
	uint64_t random;
	struct addr client;
	uint16_t port;
	uint32_t seq[2];		/* next of the client, of the server */
	int64_t due_ns;
	bool greeted, named, in;	/* how far the login is */
	char user[32], path[PATH];
	unsigned left;			/* commands before QUIT */
};

struct world {
	struct trace_out *out;
	uint64_t random, messages, wanted;
	struct session open[OPEN];
	unsigned nopen;
	int64_t next_ns;		/* when the next client comes */
};

static const char *const words[] = { "album", "archive", "backup", "bench", "budget", "draft", "driver", "field",
	"garden", "harbour", "index", "invoice", "ledger", "letter", "manual", "meadow", "minutes", "notes", "orchard",
	"photo", "plan", "recipe", "report", "river", "sample", "sketch", "source", "survey", "table", "ticket", "tower",
	"valley" };
static const char *const people[] = { "adam", "berta", "carl", "dora", "emil", "frieda", "gustav", "hanna", "ida",
	"jakob", "klara", "linus", "marta", "nils", "olga", "paul" };
static const char *const endings[] = { "txt", "pdf", "zip", "png", "iso", "doc", "tar.gz", "csv" };
static const char *const folders[] = { "pub", "projects", "private", "2003", "2004", "incoming", "music", "old" };
static const char *const orders[] = { "RETR", "RETR", "RETR", "SIZE", "SIZE", "CWD", "CWD", "LIST", "NLST", "PWD",
	"CDUP", "TYPE A", "TYPE I", "SYST", "NOOP", "MDTM", "DELE", "MKD", "STOR", "HELP", "FEAT", "XYZZY" };

static uint32_t
draw(uint64_t *random, uint32_t below)
{
	return (uint32_t)((bench_random(random) >> 32) * below >> 32);
}

static const char *
pick(uint64_t *random, const char *const *list, size_t n)
{
	return list[draw(random, (uint32_t)n)];
}
#define PICK(random, list) pick((random), (list), ARRAY_LEN(list))

/* What the server holds under a name: 0 .. 99, the same for everybody. */
static uint64_t
fate(const struct session *s, const char *name)
{
	return span_hash(span_str(name), span_hash(span_str(s->path), 1));
}

static void
put_frame(struct world *w, struct session *s, bool server, uint8_t flags, const char *payload)
{
	static const struct addr self = { { [10] = 0xff, 0xff, 198, 18, 0, 10 } };
	struct wire_out o = { .proto = PROTO_TCP, .ttl = 64, .df = true, .win = 64240,
		.smac = { 2, 0, 0, 0, 0, 1 }, .dmac = { 2, 0, 0, 0, 0, 2 },
		.src = server ? self : s->client, .dst = server ? s->client : self,
		.sport = server ? SERVER_PORT : s->port, .dport = server ? s->port : SERVER_PORT,
		.seq = s->seq[server], .ack = flags & TCP_ACK ? s->seq[!server] : 0, .tcp_flags = flags };
	size_t head = wire_header_bytes(&o), n = strlen(payload);
	uint8_t frame[FRAME];

	memcpy(frame + head, payload, n);
	trace_write(w->out, s->due_ns, span_of(frame, wire_build(&o, frame, sizeof frame, n)));
	s->seq[server] += (uint32_t)n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	s->due_ns += 200000 + draw(&s->random, 3000000);
}

PRINTF(4, 5) static void
say(struct world *w, struct session *s, bool server, const char *format, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	put_frame(w, s, server, TCP_PSH | TCP_ACK, line);
	w->messages++;
}

static void
begin(struct world *w, struct session *s)
{
	uint32_t host = draw(&w->random, 2000);

	*s = (struct session){ .random = bench_random(&w->random), .due_ns = w->next_ns,
		.client = { { [10] = 0xff, 0xff, 198, 19, (uint8_t)(host >> 8), (uint8_t)host } },
		.port = (uint16_t)(20000 + draw(&w->random, 40000)) };
	s->seq[0] = (uint32_t)bench_random(&s->random);
	s->seq[1] = (uint32_t)bench_random(&s->random);
	s->left = 3 + draw(&s->random, 13);
	w->next_ns += INT64_C(1000000) * (1 + draw(&w->random, 6000));
	put_frame(w, s, false, TCP_SYN, "");
	put_frame(w, s, true, TCP_SYN | TCP_ACK, "");
	put_frame(w, s, false, TCP_ACK, "");
}

static void
end(struct world *w, struct session *s)
{
	say(w, s, false, "QUIT\r\n");
	say(w, s, true, "221 Goodbye.\r\n");
	put_frame(w, s, true, TCP_FIN | TCP_ACK, "");
	put_frame(w, s, false, TCP_FIN | TCP_ACK, "");
	put_frame(w, s, true, TCP_ACK, "");
}

/* One name in eight is somebody from outside, one password in ten is wrong. */
static void
log_in(struct world *w, struct session *s)
{
	bool guest = draw(&s->random, 8) == 0;

	if (!s->named) {
		snprintf(s->user, sizeof s->user, guest ? "anonymous" : "%s%u", PICK(&s->random, people),
		    draw(&s->random, 100));
		say(w, s, false, "USER %s\r\n", s->user);
		say(w, s, true, "331 Please specify the password.\r\n");
		s->named = true;
		return;
	}
	say(w, s, false, "PASS %s%u\r\n", PICK(&s->random, words), draw(&s->random, 10000));
	s->in = draw(&s->random, 10) > 0;
	s->named = s->in;
	say(w, s, true, s->in ? "230 Login successful.\r\n" : "530 Login incorrect.\r\n");
	snprintf(s->path, sizeof s->path, "/home/%s", s->user);
}

static void
passive(struct world *w, struct session *s)
{
	uint32_t port = 30000 + draw(&s->random, 30000);

	if (draw(&s->random, 3) == 0) {
		say(w, s, false, "EPSV\r\n");
		say(w, s, true, "229 Entering Extended Passive Mode (|||%u|)\r\n", port);
	} else {
		say(w, s, false, "PASV\r\n");
		say(w, s, true, "227 Entering Passive Mode (198,18,0,10,%u,%u).\r\n", port >> 8, port & 255);
	}
}

static void
change_folder(struct world *w, struct session *s)
{
	const char *to = PICK(&s->random, folders);
	size_t n = strlen(s->path);

	say(w, s, false, "CWD %s\r\n", to);
	if (fate(s, to) % 3 == 0 || n + strlen(to) + 2 > sizeof s->path) {
		say(w, s, true, "550 Failed to change directory.\r\n");
		return;
	}
	snprintf(s->path + n, sizeof s->path - n, "/%s", to);
	say(w, s, true, "250 Directory successfully changed.\r\n");
}

static void
transfer(struct world *w, struct session *s, const char *order, const char *name)
{
	uint64_t f = fate(s, name);

	passive(w, s);
	say(w, s, false, "%s%s%s\r\n", order, name[0] ? " " : "", name);
	if (strcmp(order, "RETR") == 0 && f % 4 == 0)
		say(w, s, true, "550 Failed to open file.\r\n");
	else if (strcmp(order, "RETR") == 0)
		say(w, s, true, "150 Opening BINARY mode data connection for %s (%u bytes).\r\n"
		    "226 Transfer complete.\r\n", name, (unsigned)(f >> 20) % 100000);
	else if (strcmp(order, "STOR") == 0)
		say(w, s, true, "150 Ok to send data.\r\n226 Transfer complete.\r\n");
	else
		say(w, s, true, "150 Here comes the directory listing.\r\n226 Directory send OK.\r\n");
}

/* A command with a name that is answered at once. */
static void
ask_about(struct world *w, struct session *s, const char *order, const char *name)
{
	uint64_t f = fate(s, name);
	bool there = f % 4 > 0;

	say(w, s, false, "%s %s\r\n", order, name);
	if (strcmp(order, "SIZE") == 0)
		there ? say(w, s, true, "213 %u\r\n", (unsigned)(f >> 20) % 100000)
		      : say(w, s, true, "550 Could not get file size.\r\n");
	else if (strcmp(order, "MDTM") == 0)
		there ? say(w, s, true, "213 2003%02u%02u1200%02u\r\n", (unsigned)(f >> 8) % 12 + 1,
		    (unsigned)(f >> 16) % 28 + 1, (unsigned)(f >> 24) % 60)
		      : say(w, s, true, "550 Could not get file modification time.\r\n");
	else if (strcmp(order, "DELE") == 0)
		say(w, s, true, there ? "250 Delete operation successful.\r\n" : "550 Delete operation failed.\r\n");
	else
		there ? say(w, s, true, "257 \"%s/%s\" created\r\n", s->path, name)
		      : say(w, s, true, "550 Create directory operation failed.\r\n");
}

static void
plain(struct world *w, struct session *s, const char *order)
{
	static const char *const said[][2] = {
		{ "TYPE A", "200 Switching to ASCII mode.\r\n" },
		{ "TYPE I", "200 Switching to Binary mode.\r\n" },
		{ "SYST", "215 UNIX Type: L8\r\n" },
		{ "NOOP", "200 NOOP ok.\r\n" },
		{ "HELP", "214-The following commands are recognized.\r\n CWD DELE HELP LIST\r\n214 Help OK.\r\n" },
		{ "FEAT", "211-Features:\r\n EPSV\r\n MDTM\r\n SIZE\r\n211 End\r\n" },
		{ "XYZZY", "500 Unknown command.\r\n" },
	};
	char *slash = strrchr(s->path, '/');

	say(w, s, false, "%s\r\n", order);
	if (strcmp(order, "PWD") == 0)
		say(w, s, true, "257 \"%s\" is the current directory\r\n", s->path);
	else if (strcmp(order, "CDUP") == 0) {
		if (slash != NULL && slash != s->path)
			*slash = '\0';
		say(w, s, true, "250 Directory successfully changed.\r\n");
	}
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (strcmp(order, said[i][0]) == 0)
			say(w, s, true, "%s", said[i][1]);
}

static void
command(struct world *w, struct session *s)
{
	const char *order = PICK(&s->random, orders);
	char name[64];

	snprintf(name, sizeof name, "%s%u.%s", PICK(&s->random, words), draw(&s->random, 2000),
	    PICK(&s->random, endings));
	if (strcmp(order, "CWD") == 0)
		change_folder(w, s);
	else if (strcmp(order, "RETR") == 0 || strcmp(order, "STOR") == 0)
		transfer(w, s, order, name);
	else if (strcmp(order, "LIST") == 0 || strcmp(order, "NLST") == 0)
		transfer(w, s, order, "");
	else if (strcmp(order, "SIZE") == 0 || strcmp(order, "MDTM") == 0 || strcmp(order, "DELE") == 0 ||
	    strcmp(order, "MKD") == 0)
		ask_about(w, s, order, name);
	else
		plain(w, s, order);
}

/* What this client does next. False: nothing any more. */
static bool
step(struct world *w, struct session *s)
{
	if (!s->greeted) {
		say(w, s, true, "220 (vsFTPd 3.0.3)\r\n");
		s->greeted = true;
	} else if (!s->in) {
		log_in(w, s);
	} else if (s->left-- > 0) {
		command(w, s);
	} else {
		end(w, s);
		return false;
	}
	s->due_ns += INT64_C(1000000) * draw(&s->random, 4000);
	return true;
}

/* Whoever is due first; a new client as long as more messages are wanted. False: all is said. */
static bool
turn(struct world *w)
{
	struct session *first = NULL;

	for (unsigned i = 0; i < w->nopen; i++)
		if (first == NULL || w->open[i].due_ns < first->due_ns)
			first = &w->open[i];
	if (w->nopen < OPEN && w->messages < w->wanted && (first == NULL || w->next_ns <= first->due_ns)) {
		begin(w, &w->open[w->nopen++]);
		return true;
	}
	if (first != NULL && !step(w, first))
		*first = w->open[--w->nopen];
	return first != NULL;
}

int
main(int argc, char **argv)
{
	static struct world w = { .random = 21, .next_ns = INT64_C(1100000000000000000) };
	struct diag why;

	if (argc != 3 || (w.wanted = strtoull(argv[1], NULL, 10)) == 0) {
		fprintf(stderr, "usage: %s MESSAGES OUT.pcap\n", argv[0]);
		return 2;
	}
	if (trace_create(&w.out, argv[2], &why) < 0)
		bench_die("%s", why.text);
	while (turn(&w))
		;
	if (trace_finish(w.out, &why) < 0)
		bench_die("%s", why.text);
	return 0;
}
