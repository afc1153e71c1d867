/* mynah - the tool: learns, shows, compiles, tries and scores models, and talks to mynahd. */
#include <cblas.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/cmd.h"
#include "control/proto.h"
#include "models/beside.h"
#include "models/vocab.h"

static const struct command {
	const char *name, *words, *what;
	const char *options;	/* a line each */
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "learn", "[--port tcp/21] [--name ftp] -o MODEL CAPTURE...", "learn a service from captures",
	    "  -o, --output MODEL   where the model goes; replaced in one step\n"
	    "  -p, --port PROTO/N   the service; worked out when the captures hold one\n"
	    "  -n, --name NAME      what the service is called in records\n"
	    "  -s, --seed N         of everything random; the same seed gives the same model\n"
	    "  -L, --learner L      prisma, scriptgen or mining; auto: the one that answers best\n"
	    "  -c, --clusterer C    nmf, linkage, first-token, reply-supervised, template,\n"
	    "                       or two as A+B; the best is chosen\n"
	    "  -k, --order K        of the Markov model: 1, 2 or 4; the best is chosen\n"
	    "  -d, --definition F   for mining and auto: commands and answers of the service\n"
	    "  -q, --quota MIB      conversations kept to learn from; default 16\n"
	    "  -b, --basis MODEL    an older model of the service; learning starts at its clusters\n"
	    "  -e, --spare N        percent of conversations to leave for a sensor to judge by; 0\n"
	    "  -N, --no-scrub       keep passwords, keys and tokens of the clients as they are\n"
	    "  -r, --report FILE    numbers as JSON\n",
	    cmd_learn },
	{ "eval", "[--port tcp/21] [--json] [--transcripts FILE] MODEL|--split N|--train FILE CAPTURE...",
	    "score a model on captures",
	    "  -p, --port PROTO/N       the service; worked out when the captures hold one\n"
	    "  -j, --json               the scores as one JSON object\n"
	    "  -s, --split N            hold out N percent of the conversations, and of the clients, and learn\n"
	    "                           from the others\n"
	    "  -l, --train FILE         learn from this capture, which may be repeated, instead of a MODEL\n"
	    "  -L, --learner L          how: auto, prisma, scriptgen or mining\n"
	    "  -d, --definition FILE    what a learner is told of the service; mining needs it\n"
	    "  -c, --check              judge what was said by the protocol's rules; needs python3 and tshark\n"
	    "  -r, --repeat N           play each conversation N times; at each place the best counts\n"
	    "  -b, --both N             have the model talk with itself N times, too\n"
	    "  -a, --ablate             with --split: a row for every clusterer, product, order, learner\n"
	    "  -C, --curve              learn from a sixteenth, an eighth ... of the conversations, too\n"
	    "  -N, --no-scrub           learn and play passwords, keys and tokens of the clients as they are\n"
	    "  -t, --transcripts FILE   what was said, a JSON line for each conversation\n"
	    "  -H, --html FILE          one page with figures and charts, for a browser\n",
	    cmd_eval },
	{ "replay", "-m MODEL[@PORT] [-m MODEL[@PORT]] IN OUT", "answer a capture's clients, offline",
	    "  -m, --model MODEL[@PORT]   who answers; without a port on every port of its protocol\n"
	    "IN is a capture with clients; OUT becomes one with both sides, through the real stack.\n",
	    cmd_replay },
	{ "show", "[--text | --dot | --json] MODEL", "describe a model, or print it as text",
	    "  -t, --text    the whole model as text; mynah compile reads it back\n"
	    "  -d, --dot     its states and turns as a graph, for graphviz\n"
	    "  -j, --json    its numbers as one JSON object\n",
	    cmd_show },
	{ "compile", "TEXT -o MODEL | TEXT --check", "make a model from its text",
	    "  -o, --output MODEL   where the model goes; replaced in one step\n"
	    "  -n, --check          only say whether the text is a good model\n"
	    "TEXT may be - for standard input.\n",
	    cmd_compile },
	{ "chat", "[--to ADDR] [--from ADDR] MODEL", "talk to a model, as its client",
	    "  -t, --to ADDR[/PORT]     the model's own address; 198.19.0.1\n"
	    "  -f, --from ADDR[/PORT]   yours; 192.0.2.1\n"
	    "  -s, --seed N             stands for the site's secret; 0: none\n"
	    "  -r, --raw                send lines as they are, without CR LF behind them\n"
	    "Reads what the client says from standard input, a line each, with \\xHH \\r \\n \\t \\\\\n"
	    "as in C. To a datagram service each line is one datagram.\n",
	    cmd_chat },
	{ "simulate", "[--conversations N] [--server runtime|prisma] MODEL",
	    "let a model talk to itself, as client and server",
	    "  -n, --conversations N    how many; 1\n"
	    "  -s, --seed N             of what the client says; 0\n"
	    "  -S, --server WHO         runtime: the model as a sensor has it, the default; prisma: the\n"
	    "                           published simulator, as for the client\n"
	    "  -t, --transcripts FILE   what was said, a JSON line for each conversation\n"
	    "Without --transcripts the conversations are printed, > before what the client says.\n",
	    cmd_simulate },
	{ "ctl", "[-s SOCKET] COMMAND", "talk to a running mynahd",
	    "  -s, --socket SOCKET  its control socket; " CTL_SOCKET "\n"
	    "  -j, --json           the answer as it came: one JSON object\n"
	    "Commands:\n"
#define LINE(name, args, help) "  " name args "\n      " help "\n"
	    CTL_COMMANDS(LINE),
#undef LINE
	    cmd_ctl },
};

static void
print_help(FILE *to)
{
	fputs("usage: mynah COMMAND ...\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  mynah %-8s %-50s %s\n", commands[i].name, commands[i].words,
		    commands[i].what);
	fputs("\nmynah COMMAND --help tells more, mynah --version which this is. "
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", to);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
print_usage(FILE *to, const struct command *c)
{
	fprintf(to, "usage: mynah %s %s\n", c->name, c->words);
}

static bool
is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

int
cmd_wrong_usage(char **argv, const char *fmt, ...)
{
	const char *name = strrchr(argv[0], ' ');
	const struct command *c = name != NULL ? find(name + 1) : NULL;
	va_list ap;

	if (fmt != NULL) {
		fprintf(stderr, "%s: ", argv[0]);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	if (c != NULL)
		print_usage(stderr, c);
	return CMD_USAGE;
}

bool
cmd_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	    sa.st_ino == sb.st_ino && S_ISREG(sa.st_mode);
}

static char unfinished[2][BESIDE_PATH];	/* read by the signal handler */

static void
stop(int signal)
{
	for (unsigned i = 0; i < ARRAY_LEN(unfinished); i++)
		if (unfinished[i][0] != '\0')
			unlink(unfinished[i]);
	raise(signal);		/* SA_RESETHAND: now it ends us */
}

void
cmd_unfinished(const char *path)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };
	unsigned i = unfinished[0][0] != '\0';

	if (beside_name(unfinished[i], path) < 0)
		unfinished[i][0] = '\0';
	for (i = 0; i < ARRAY_LEN(signals); i++) {
		struct sigaction old;

		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;	/* nohup */
		sigaction(signals[i], &act, NULL);
	}
}

int
cmd_failed(const struct diag *why)
{
	fprintf(stderr, "mynah: %s\n", why->text);
	return CMD_FAILED;
}

int
cmd_flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "mynah: standard output: %s\n", strerror(errno));
	return status == CMD_DONE ? CMD_FAILED : status;
}

int
main(int argc, char **argv)
{
	const struct command *c;
	char name[64];

	openblas_set_num_threads(1);	/* one thread repeats exactly; and nothing here needs two */
	if (argc < 2) {
		print_help(stderr);
		return CMD_USAGE;
	}
	if (is_help(argv[1])) {
		print_help(stdout);
		return cmd_flush(CMD_DONE);
	}
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0) {
		puts("mynah " MYNAH_VERSION);
		return cmd_flush(CMD_DONE);
	}
	c = find(argv[1]);
	if (c == NULL) {
		fprintf(stderr, "mynah: there is no command '%s'; mynah --help lists them\n", argv[1]);
		return CMD_USAGE;
	}
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!is_help(argv[i]))
			continue;
		print_usage(stdout, c);
		printf("\n%c%s.\n%s", c->what[0] - 32, c->what + 1, c->options);
		return cmd_flush(CMD_DONE);
	}
	snprintf(name, sizeof name, "mynah %s", c->name);
	argv[1] = name;
	return cmd_flush(c->run(argc - 1, argv + 1));
}
