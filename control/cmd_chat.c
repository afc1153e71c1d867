/* mynah chat - you are the client, on this terminal; no network, no privileges. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/cmd.h"
#include "models/host.h"

struct chat {
	struct model *m;
	struct session s;
	struct arena a;
	struct fields f;
	struct session_env env;
	struct host host;	/* of both ends, and of our own: there is one conversation */
	struct turn t;
	uint8_t *message;	/* what the client said and no message ended with yet */
	size_t n, room;
	bool raw;		/* lines as they are, no CR LF behind them */
	bool prompt;
	bool over;
};

/* What the server says, datagram by datagram. */
static void
print_reply(struct chat *c)
{
	uint8_t some[4096];
	size_t at = 0, boundary;

	if (!c->t.taken)
		return;
	while (at < c->t.out_len) {
		size_t n = session_render(&c->s, &c->f, c->m, &c->env, at, some, sizeof some, &boundary);

		fwrite(some, 1, n, stdout);
		at += n;
	}
	fflush(stdout);
	c->over = c->t.close || c->t.reset;
}

static void
event(struct chat *c, enum event_kind kind)
{
	c->env.now_ms = clock_ms(CLOCK_REALTIME);
	session_event(&c->s, &c->a, c->m, &c->env, kind, 0, &c->f, &c->t);
	print_reply(c);
}

/* Feeds what the client has said so far; turn after turn while messages are complete. */
static void
feed(struct chat *c, unsigned flags)
{
	size_t used = 0;

	if (model_proto(c->m) == MODEL_UDP)
		flags = FEED_DATAGRAM;
	while (!c->over && (used < c->n || flags & FEED_DATAGRAM)) {
		size_t n;

		c->env.now_ms = clock_ms(CLOCK_REALTIME);
		n = session_feed(&c->s, &c->a, c->m, &c->env,
		    span_of(c->message + used, c->n - used), flags, &c->f, &c->t);
		if (!c->t.taken)
			break;
		print_reply(c);
		used += n;
		if (flags & FEED_DATAGRAM)
			break;
	}
	memmove(c->message, c->message + used, c->n - used);
	c->n -= used;
}

static int
hex_digit(char ch)
{
	return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 :
	    ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* One line without its newline, with \xHH \r \n \t \\ read as in C; returns the bytes. */
static size_t
unescape(uint8_t *to, const char *line, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? line[i + 1] : '\0';

		if (line[i] != '\\') {
			to[k++] = (uint8_t)line[i];
		} else if (next == 'x' && i + 3 < n && hex_digit(line[i + 2]) >= 0 &&
		    hex_digit(line[i + 3]) >= 0) {
			to[k++] = (uint8_t)(hex_digit(line[i + 2]) << 4 | hex_digit(line[i + 3]));
			i += 3;
		} else if (next != '\0' && strchr("rnt\\", next) != NULL) {
			to[k++] = (uint8_t)(next == 'r' ? '\r' : next == 'n' ? '\n' : next == 't' ? '\t' : '\\');
			i++;
		} else {
			to[k++] = '\\';
		}
	}
	return k;
}

static int
say_line(struct chat *c, const char *line, size_t n)
{
	bool newline = n > 0 && line[n - 1] == '\n';

	if (c->n + n + 2 > c->room) {
		size_t room = 2 * (c->n + n + 2);
		uint8_t *grown = realloc(c->message, room);

		if (grown == NULL)
			return -ENOMEM;
		c->message = grown;
		c->room = room;
	}
	c->n += unescape(c->message + c->n, line, n - newline);
	if (!c->raw) {
		c->message[c->n++] = '\r';
		c->message[c->n++] = '\n';
	}
	feed(c, FEED_PUSH);
	/* a person who typed something the service waits on has paused */
	if (!c->over && c->prompt && c->n > 0)
		feed(c, FEED_PUSH);
	return 0;
}

static int
converse(struct chat *c)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int err = 0;

	if (model_proto(c->m) == MODEL_TCP)
		event(c, EVENT_CONNECT);
	while (!c->over && err == 0) {
		if (c->prompt)
			fputs("> ", stderr);
		n = getline(&line, &room, stdin);
		if (n < 0)
			break;
		err = say_line(c, line, (size_t)n);
	}
	free(line);
	if (!c->over && err == 0 && model_proto(c->m) == MODEL_TCP) {
		if (c->n > 0)
			feed(c, FEED_PUSH | FEED_END);
		if (!c->over)
			event(c, EVENT_FIN);
	}
	return err;
}

static bool
is_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	*port = (uint16_t)v;
	return errno == 0 && end != text && *end == '\0' && v <= 65535 && text[0] != '-';
}

/* ADDRESS or ADDRESS/PORT. */
static bool
is_endpoint(const char *text, struct addr *a, uint16_t *port)
{
	const char *slash = strchr(text, '/');
	char address[ADDR_TEXT];
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof address || (slash != NULL && !is_port(slash + 1, port)))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	return addr_parse(a, address) == 0;
}

/* A seed stands for a site's secret; 0 is the key of zeros. */
static void
seed_key(uint8_t key[16], unsigned long long seed)
{
	for (unsigned i = 0; i < 8; i++)
		key[i] = (uint8_t)(seed >> 8 * i);
}

int
cmd_chat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "raw", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct chat c = { .env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201),
		.own_port = 0, .peer_port = 40000 } };
	struct diag why;
	char *end;
	int o, err;

	c.env.pair_host = c.env.own_host = &c.host;
	while ((o = getopt_long(argc, argv, "f:t:s:r", options, NULL)) != -1) {
		switch (o) {
		case 'f':
			if (!is_endpoint(optarg, &c.env.peer, &c.env.peer_port))
				return cmd_wrong_usage(argv, "--from %s: an address is wanted, or "
				    "address/port", optarg);
			break;
		case 't':
			if (!is_endpoint(optarg, &c.env.own, &c.env.own_port))
				return cmd_wrong_usage(argv, "--to %s: an address is wanted, or "
				    "address/port", optarg);
			break;
		case 's':
			errno = 0;
			seed_key(c.env.key, strtoull(optarg, &end, 10));
			if (errno != 0 || end == optarg || *end != '\0')
				return cmd_wrong_usage(argv, "--seed %s: a number is wanted", optarg);
			break;
		case 'r':
			c.raw = true;
			break;
		default:
			return cmd_wrong_usage(argv, NULL);
		}
	}
	if (argc - optind != 1)
		return cmd_wrong_usage(argv, "exactly one model is wanted");
	if (model_load(&c.m, argv[optind], &why) < 0)
		return cmd_failed(&why);
	/* a binary service has no lines: what is typed is sent as it is */
	c.raw = c.raw || model_proto(c.m) == MODEL_UDP;
	c.prompt = isatty(STDIN_FILENO);
	session_init(&c.s, c.m);
	err = converse(&c);
	if (err < 0)
		diag_set(&why, err, "there is not enough memory for this message.");
	model_destroy(c.m);
	free(c.message);
	return err < 0 ? cmd_failed(&why) : CMD_DONE;
}
