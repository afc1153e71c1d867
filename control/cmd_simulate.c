/* mynah simulate - conversations in which a model is both sides. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/both_sides.h"
#include "control/cmd.h"
#include "control/transcript.h"
#include "learning/embed.h"

enum { CONVERSATIONS_MAX = 1000000 };

struct simulating {
	const char *path, *transcripts;
	unsigned long long seed, conversations;
	bool prisma;			/* the server is LENS, too */
	struct model *model;
	FILE *to;
	struct diag why;
};

/* Lines of text each on one; what is no text is one line, written as in C. */
static void
print_message(const struct play_line *l)
{
	bool is_text = embed_is_text(&l->said, 1);
	const char *mark = l->side == SIDE_CLIENT ? "> " : "< ";
	struct span rest = l->said;

	while (rest.n > 0) {
		const uint8_t *end = is_text ? memchr(rest.p, '\n', rest.n) : NULL;
		size_t n = end == NULL ? rest.n : (size_t)(end - rest.p);
		size_t text = end != NULL && n > 0 && rest.p[n - 1] == '\r' ? n - 1 : n;

		fputs(mark, stdout);
		for (size_t i = 0; i < text; i++) {
			uint8_t b = rest.p[i];

			if (b == '\\' || b < 0x20 || b > 0x7e)
				printf("\\x%02x", b);
			else
				putchar(b);
		}
		putchar('\n');
		rest = span_sub(rest, n + 1, rest.n);
	}
}

static int
not_written(struct simulating *t)
{
	return diag_set(&t->why, -EIO, "%s: not all of it could be written; the disk may be full.",
	    t->transcripts);
}

static int
put(void *ctx, struct pool *pool, uint32_t number, const struct simulated *s)
{
	struct simulating *t = ctx;

	if (t->to != NULL)
		return transcript_add(t->to, pool, number, model_proto(t->model), s) == 0 ? 0
		    : not_written(t);
	if (t->conversations > 1)
		printf("%sconversation %u\n", number > 0 ? "\n" : "", number);
	for (uint32_t i = 0; i < s->said.n; i++)
		print_message(&s->said.line[i]);
	return 0;
}

static int
run(struct simulating *t)
{
	struct both_sides how = { .model = t->model, .name = t->path, .prisma = t->prisma,
		.seed = t->seed, .conversations = (uint32_t)t->conversations, .each = put, .ctx = t };

	return both_sides_run(&how, &t->why);
}

static int
open_and_run(struct simulating *t)
{
	int err = model_load(&t->model, t->path, &t->why);

	if (err < 0)
		return err;
	if (t->transcripts != NULL && (t->to = fopen(t->transcripts, "w")) == NULL)
		err = diag_set(&t->why, -errno, "%s: cannot be written: %s.", t->transcripts,
		    strerror(errno));
	if (err == 0)
		err = run(t);
	if (t->to != NULL && fclose(t->to) != 0 && err == 0)
		err = not_written(t);
	model_destroy(t->model);
	return err;
}

static bool
is_number(const char *text, unsigned long long max, unsigned long long *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *v <= max;
}

int
cmd_simulate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "conversations", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "server", required_argument, NULL, 'S' },
		{ "transcripts", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct simulating t = { .conversations = 1 };
	int c;

	while ((c = getopt_long(argc, argv, "n:s:S:t:", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			if (!is_number(optarg, CONVERSATIONS_MAX, &t.conversations))
				return cmd_wrong_usage(argv, "--conversations %s: a number up to %d is "
				    "wanted", optarg, CONVERSATIONS_MAX);
			break;
		case 's':
			if (!is_number(optarg, UINT64_MAX, &t.seed))
				return cmd_wrong_usage(argv, "--seed %s: a number is wanted", optarg);
			break;
		case 'S':
			t.prisma = strcmp(optarg, "prisma") == 0;
			if (!t.prisma && strcmp(optarg, "runtime") != 0)
				return cmd_wrong_usage(argv, "--server %s: runtime or prisma is wanted",
				    optarg);
			break;
		case 't':
			t.transcripts = optarg;
			break;
		default:
			return cmd_wrong_usage(argv, NULL);
		}
	}
	if (argc - optind != 1)
		return cmd_wrong_usage(argv, "exactly one model is wanted");
	t.path = argv[optind];
	if (t.transcripts != NULL && cmd_same_file(t.path, t.transcripts))
		return cmd_wrong_usage(argv, "--transcripts %s is the model", t.transcripts);
	return open_and_run(&t) < 0 ? cmd_failed(&t.why) : CMD_DONE;
}
