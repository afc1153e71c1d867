/* mynah eval - how well a model answers the clients of captures. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "control/ablate.h"
#include "control/cmd.h"
#include "control/job.h"
#include "control/service.h"
#include "control/transcript.h"
#include "learning/trial.h"

enum { SPLIT_SEED = 7 };

struct evaluation {
	const char *model_path, *transcripts;
	uint8_t proto;			/* 0: the model's */
	uint16_t port;			/* 0: work out */
	bool json, ablate;
	unsigned split;			/* percent held out, the rest is learned from; 0: model_path speaks */
	const char *const *captures;
	size_t ncaptures;
	struct job job;
	struct model *model;
	struct eval_report report;
	struct diag why;
};

static double
share(uint32_t part, uint32_t all)
{
	return all == 0 ? 0 : (double)part / all;
}

static void
print_report(const struct evaluation *t)
{
	const struct eval_report *r = &t->report;

	if (t->json) {
		json_t *o = json_pack("{s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:i}",
		    "conversations", (int)r->conversations, "messages", (int)r->messages,
		    "class_agreement_messages", share(r->class_messages, r->messages),
		    "class_agreement_conversations", share(r->class_conversations, r->conversations),
		    "byte_equal", share(r->equal, r->messages), "similarity", r->similarity,
		    "full_length", share(r->full_length, r->conversations),
		    "unasked", (int)r->unasked);

		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
		return;
	}
	printf("%s: %u conversations, %u server messages\n", t->model_path, r->conversations,
	    r->messages);
	printf("  class agreement       %6.2f %% of messages, %6.2f %% of conversations\n",
	    100 * share(r->class_messages, r->messages),
	    100 * share(r->class_conversations, r->conversations));
	printf("  equal byte for byte   %6.2f %% of messages\n", 100 * share(r->equal, r->messages));
	printf("  similarity            %6.2f %%\n", 100 * r->similarity);
	printf("  full length reached   %6.2f %% of conversations\n",
	    100 * share(r->full_length, r->conversations));
	printf("  said unasked          %6u times\n", r->unasked);
}

static int
write_transcripts(struct evaluation *t, struct pool *pool, const struct corpus *c)
{
	return t->transcripts == NULL ? 0
	    : transcript_write(t->transcripts, c, &t->report, pool, &t->why);
}

/* Learns from all but split percent of the conversations and plays these. */
static int
eval_split(struct evaluation *t, struct pool *pool)
{
	struct corpus_options o = { .proto = t->proto, .port = t->port, .progress = t->job.progress.fn,
		.ctx = &t->job };
	struct learn_params p = { .proto = t->proto, .port = t->port, .seed = SPLIT_SEED,
		.progress = &t->job.progress };
	struct trial trial;
	struct corpus *c;
	int err = corpus_load(&c, pool, &o, t->captures, t->ncaptures, &t->why);

	if (err < 0)
		return err;
	if (t->ablate)
		return ablate(pool, c, corpus_split(pool, c, t->split, SPLIT_SEED), &p, t->json, &t->why);
	err = trial_run(&trial, pool, c, corpus_split(pool, c, t->split, SPLIT_SEED), &p, EVAL_ALL,
	    &t->why);
	if (err < 0)
		return err;
	t->report = trial.report;
	return write_transcripts(t, pool, c);
}

static int
eval_in_pool(struct pool *pool, void *ctx)
{
	struct evaluation *t = ctx;
	struct corpus_options o = { .port = t->port, .progress = t->job.progress.fn, .ctx = &t->job };
	struct corpus *c;
	int err;

	if (t->split > 0)
		return eval_split(t, pool);
	o.proto = model_proto(t->model) == MODEL_TCP ? PROTO_TCP : PROTO_UDP;
	if (t->proto != 0 && t->proto != o.proto)
		return diag_set(&t->why, -EINVAL, "%s: is a model of a %s service.", t->model_path,
		    o.proto == PROTO_TCP ? "TCP" : "UDP");
	err = corpus_load(&c, pool, &o, t->captures, t->ncaptures, &t->why);
	if (err < 0)
		return err;
	eval(&t->report, pool, t->model, c, NULL, EVAL_ALL, &t->job.progress);
	if (t->report.messages == 0)
		return diag_set(&t->why, -ENODATA, "%s: no server message to compare with.",
		    t->captures[0]);
	return write_transcripts(t, pool, c);
}

static int
run(struct evaluation *t)
{
	int err = t->split > 0 ? 0 : model_load(&t->model, t->model_path, &t->why);

	if (err == 0) {
		err = job_init(&t->job, 0, &t->why);
		if (err == 0) {
			job_watch(&t->job);
			diag_set(&t->why, 0, "%s: not enough memory to play it", t->captures[0]);
			err = pool_run(&t->job.pool, eval_in_pool, t);
			job_fini(&t->job);
		}
		model_destroy(t->model);
	}
	if (err < 0)
		return cmd_failed(&t->why);
	if (t->ablate)
		return CMD_DONE;
	if (t->report.class_messages == 0)
		fprintf(stderr, "mynah: %s: not one reply is of the kind that %s has; is it a capture of "
		    "another service?\n", t->model_path, t->captures[0]);
	print_report(t);
	return CMD_DONE;
}

int
cmd_eval(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "transcripts", required_argument, NULL, 't' },
		{ "split", required_argument, NULL, 's' },
		{ "ablate", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	static struct evaluation t;
	int c;

	while ((c = getopt_long(argc, argv, "p:jt:s:a", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!service_parse(optarg, &t.proto, &t.port))
				return cmd_wrong_usage(argv, "--port %s: write it as tcp/21 or udp/53", optarg);
			break;
		case 'j':
			t.json = true;
			break;
		case 't':
			t.transcripts = optarg;
			break;
		case 'a':
			t.ablate = true;
			break;
		case 's':
			t.split = (unsigned)strtoul(optarg, NULL, 10);
			if (t.split == 0 || t.split > 90)
				return cmd_wrong_usage(argv, "--split %s: give a percentage, 1 to 90", optarg);
			t.model_path = "held out";
			break;
		default:
			return cmd_wrong_usage(argv, NULL);
		}
	}
	if (t.ablate && (t.split == 0 || t.transcripts != NULL))
		return cmd_wrong_usage(argv, "--ablate learns anew each time: it goes with --split, not with "
		    "--transcripts");
	if (argc - optind < (t.split > 0 ? 1 : 2))
		return cmd_wrong_usage(argv, "name a model and at least one capture");
	if (t.split > 0)
		optind--;
	else
		t.model_path = argv[optind];
	t.captures = (const char *const *)argv + optind + 1;
	t.ncaptures = (size_t)(argc - optind - 1);
	for (int i = optind + (t.split > 0); t.transcripts != NULL && i < argc; i++)
		if (cmd_same_file(t.transcripts, argv[i]))
			return cmd_wrong_usage(argv, "--transcripts %s would overwrite what is read",
			    t.transcripts);
	return run(&t);
}
