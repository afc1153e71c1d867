/* mynah eval - how well a model answers the clients of captures. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ablate.h"
#include "control/bidirectional.h"
#include "control/check.h"
#include "control/cmd.h"
#include "control/curve.h"
#include "control/figures.h"
#include "control/job.h"
#include "control/mined.h"
#include "control/page.h"
#include "control/service.h"
#include "control/summary.h"
#include "control/transcript.h"
#include "learning/split.h"
#include "learning/trial.h"
#include "models/text.h"

enum { SPLIT_SEED = 7, MAX_CAPTURES = 1024, MAX_REPEATS = 10000 };

struct evaluation {
	const char *model_path, *transcripts, *html;
	const char *learner;		/* of what is learned here */
	const char *definition_path;	/* of the service, for it; NULL: none */
	struct definition definition;
	uint8_t proto;			/* 0: the model's */
	uint16_t port;			/* 0: work out */
	bool json, ablate, check, measure_curve, no_scrub;
	unsigned long both_sides;	/* conversations of the model with itself; 0: none */
	unsigned long repeats;		/* of which the best counts; 0: not asked for */
	unsigned split;			/* percent held out, the rest is learned from */
	const char *capture[MAX_CAPTURES];
	size_t ncaptures, ntrain;	/* the first ntrain are learned from, the others played */
	struct job job;
	struct model *model;		/* NULL: one is learned */
	struct figures_column column[FIGURES_COLUMNS];
	unsigned ncolumns;
	struct curve curve;
	struct mining_report mining;	/* of the first column, where that learned it */
	struct diag why;
};

/* What the model says late on purpose, by state and template. */
static void
print_delays(const struct figures_column *c)
{
	const json_t *all = json_object_get(c->summary, "delays"), *d;
	size_t i;

	if (json_array_size(all) > 0)
		puts("\nlearned delays   state  template       ms");
	json_array_foreach(all, i, d) {
		char template[24] = "-";	/* the connection, or words that no template knows */

		if (!json_is_null(json_object_get(d, "template")))
			snprintf(template, sizeof template, "%lld",
			    (long long)json_integer_value(json_object_get(d, "template")));
		printf("%22lld  %8s %8lld\n", (long long)json_integer_value(json_object_get(d, "state")), template,
		    (long long)json_integer_value(json_object_get(d, "ms")));
	}
}

static void
print_figures(const struct evaluation *t)
{
	json_t *o;

	if (!t->json) {
		figures_print(t->column, t->ncolumns);
		curve_print(&t->curve);
		if (t->mining.mined != NULL)
			mined_print_rules(&t->mining, stdout);
		print_delays(&t->column[0]);
		for (unsigned i = 0; i < t->ncolumns; i++)
			json_decref(t->column[i].summary);
		return;
	}
	o = figures_json(&t->column[0]);
	json_object_set_new(o, "by_client", t->ncolumns > 1 ? figures_json(&t->column[1]) : json_null());
	json_object_set_new(o, "curve", curve_json(&t->curve));
	json_object_set_new(o, "mining", mined_json(&t->mining));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* Has the rules of the protocol judge a column, whose transcripts go into a file for that. */
static int
check_column(struct evaluation *t, struct pool *pool, const struct corpus *c,
    struct figures_column *column, const char *transcripts)
{
	char path[CHECK_PATH_BYTES];
	const char *from = transcripts == NULL ? path : transcripts;
	int err = 0;

	if (transcripts == NULL) {
		err = check_path(path, &t->why);
		if (err < 0)
			return err;
		err = transcript_write(path, c, &column->report, pool, &t->why);
	}
	if (err == 0) {
		column->syntax = check_transcripts(from, c->proto, c->port, CHECK_SYNTAX);
		column->semantics = check_transcripts(from, c->proto, c->port, 0);
	}
	if (transcripts == NULL)
		unlink(path);
	return err;
}

/* What does not know how clients talk has no figure, and a sentence. */
static int
simulate_column(struct evaluation *t, uint16_t port, struct figures_column *column)
{
	const char *name = t->model_path == NULL ? t->capture[0] : t->model_path;
	int err = t->both_sides == 0 ? 0 : bidirectional_run(&column->both, column->model, name,
	    t->both_sides, port, t->check, &t->why);

	if (err != -ENODATA)
		return err;
	fprintf(stderr, "mynah: %s\n", t->why.text);
	return 0;
}

/* The first column's talks are the transcripts. */
static int
put_column(struct evaluation *t, struct pool *pool, const struct corpus *c,
    const struct figures_column *column)
{
	struct figures_column *to = &t->column[t->ncolumns];
	const char *transcripts = t->ncolumns++ == 0 ? t->transcripts : NULL;
	int err = 0;

	*to = *column;
	to->syntax = to->semantics = -1;
	to->summary = summary_object_of(to->model);
	if (transcripts != NULL)
		err = transcript_write(transcripts, c, &to->report, pool, &t->why);
	if (err == 0 && t->check)
		err = check_column(t, pool, c, to, transcripts);
	if (err == 0 && t->repeats > 0)
		err = completeness_play(&to->best, pool, to->model, c, &to->report, (uint32_t)t->repeats,
		    &t->job.progress);
	return err < 0 ? err : simulate_column(t, c->port, to);
}

/* Learns from what is not held, plays what is, and puts the figures into the next column. */
static int
add_column(struct evaluation *t, struct pool *pool, const struct corpus *c, const bool *held,
    const struct learn_params *p, const char *title)
{
	struct trial trial;
	int err = trial_run(&trial, pool, c, held, p, EVAL_ALL, &t->why);

	if (err < 0)
		return err;
	if (t->ncolumns == 0)
		t->mining = trial.made.report.mining;
	return put_column(t, pool, c, &(struct figures_column){ .title = title, .model = trial.made.model,
		.report = trial.report, .baselines = trial.baselines, .has_baselines = true });
}

static bool *
not_trained(struct pool *pool, const struct corpus *c, size_t ntrain)
{
	bool *held = pool_array(pool, c->nconversations + 1, sizeof *held);

	for (uint32_t i = 0; i < c->nconversations; i++)
		held[i] = c->conversations[i].source >= ntrain;
	return held;
}

static int
eval_learned(struct evaluation *t, struct pool *pool)
{
	struct learn_params p = { .proto = t->proto, .port = t->port, .seed = SPLIT_SEED,
		.learner = t->learner, .definition = t->definition_path == NULL ? NULL : &t->definition,
		.no_scrub = t->no_scrub, .progress = &t->job.progress };
	struct corpus_options o = { .proto = t->proto, .port = t->port, .related = learn_uses_related(&p),
		.progress = t->job.progress.fn, .ctx = &t->job };
	struct corpus *captured;
	const struct corpus *c;
	bool *held, *clients = NULL;
	int err = corpus_load(&captured, pool, &o, t->capture, t->ncaptures, &t->why);

	if (err < 0)
		return err;
	c = learn_scrub(pool, captured, &p);	/* before anything is held out: those speak the same words */
	held = t->ntrain > 0 ? not_trained(pool, c, t->ntrain)
	    : corpus_split(pool, c, t->split, SPLIT_SEED);
	if (t->ablate)
		return ablate(pool, c, held, &p, t->json, &t->why);
	err = add_column(t, pool, c, held, &p, t->ntrain > 0 ? NULL : "by conversation");
	if (err == 0 && t->measure_curve)
		err = curve_measure(&t->curve, pool, c, held, &p, &t->why);
	if (err < 0 || t->ntrain > 0)
		return err;
	clients = split_by_client(pool, c, t->split, SPLIT_SEED);
	if (clients != NULL)
		return add_column(t, pool, c, clients, &p, "by client");
	fprintf(stderr, "mynah: %s: has too few clients to hold some of them out; give a capture with at "
	    "least %d that talk about equally much.\n", t->capture[0], SPLIT_CLIENTS);
	return 0;
}

/* A model knows the names of the captures it was learned from: on those, figures tell little. */
static void
warn_of_sources(const struct evaluation *t)
{
	struct diag why;
	struct text text;
	char *source;
	size_t n;

	if (model_text(t->model, &source, &n, &why) < 0)
		return;
	if (text_parse(&text, t->model_path, span_of(source, n), &why) == 0) {
		for (size_t i = 0; i < t->ncaptures; i++) {
			const char *slash = strrchr(t->capture[i], '/');
			struct span name = span_str(slash == NULL ? t->capture[i] : slash + 1);

			for (uint32_t k = 0; k < text.nsource; k++)
				if (span_eq(text.source[k].name, name))
					fprintf(stderr, "mynah: %s: learned from a capture called %.*s; on that the "
					    "figures say how well it remembers.\n", t->model_path, (int)name.n,
					    (const char *)name.p);
		}
		text_fini(&text);
	}
	free(source);
}

static int
eval_model(struct evaluation *t, struct pool *pool)
{
	struct corpus_options o = { .port = t->port, .progress = t->job.progress.fn, .ctx = &t->job };
	struct figures_column column = { .model = t->model };
	struct corpus *c;
	int err;

	o.proto = model_proto(t->model) == MODEL_TCP ? PROTO_TCP : PROTO_UDP;
	if (t->proto != 0 && t->proto != o.proto)
		return diag_set(&t->why, -EINVAL, "%s: is a model of a %s service.", t->model_path,
		    o.proto == PROTO_TCP ? "TCP" : "UDP");
	err = corpus_load(&c, pool, &o, t->capture, t->ncaptures, &t->why);
	if (err < 0)
		return err;
	eval(&column.report, pool, t->model, c, NULL, EVAL_ALL, &t->job.progress);
	return put_column(t, pool, c, &column);
}

static int
eval_in_pool(struct pool *pool, void *ctx)
{
	struct evaluation *t = ctx;
	int err = t->model == NULL ? eval_learned(t, pool) : eval_model(t, pool);

	if (err == 0 && !t->ablate && t->column[0].report.messages == 0)
		return diag_set(&t->why, -ENODATA, "%s: no server message to compare with.",
		    t->capture[t->ntrain]);
	if (err == 0 && t->html != NULL)
		err = page_write(t->html, &(struct page){ .capture = t->capture + t->ntrain,
			.ncaptures = t->ncaptures - t->ntrain, .column = t->column,
			.ncolumns = t->ncolumns, .curve = &t->curve, .model = t->column[0].model }, pool, &t->why);
	return err;
}

static int
run(struct evaluation *t)
{
	int err = t->model_path == NULL ? 0 : model_load(&t->model, t->model_path, &t->why);

	if (err == 0 && t->definition_path != NULL)
		err = definition_load(&t->definition, t->definition_path, &t->why);
	if (err == 0) {
		err = job_init(&t->job, 0, &t->why);
		if (err == 0) {
			job_watch(&t->job);
			diag_set(&t->why, 0, "%s: not enough memory to play it", t->capture[t->ntrain]);
			err = pool_run(&t->job.pool, eval_in_pool, t);
			job_fini(&t->job);
		}
		if (err == 0 && t->model != NULL)
			warn_of_sources(t);
		model_destroy(t->model);
	}
	definition_fini(&t->definition);
	if (err < 0)
		return cmd_failed(&t->why);
	if (t->ablate)
		return CMD_DONE;
	if (t->column[0].report.class_messages == 0)
		fprintf(stderr, "mynah: %s: not one reply is of the kind that %s has; is it a capture of "
		    "another service?\n", t->model_path == NULL ? "what was learned" : t->model_path,
		    t->capture[t->ntrain]);
	print_figures(t);
	return CMD_DONE;
}

static bool
is_read(const struct evaluation *t, const char *path)
{
	for (size_t i = 0; path != NULL && i <= t->ncaptures; i++) {
		const char *read = i < t->ncaptures ? t->capture[i] : t->model_path;

		if (read != NULL && cmd_same_file(path, read))
			return true;
	}
	return false;
}

int
cmd_eval(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "transcripts", required_argument, NULL, 't' },
		{ "split", required_argument, NULL, 's' },
		{ "train", required_argument, NULL, 'l' },
		{ "learner", required_argument, NULL, 'L' },
		{ "definition", required_argument, NULL, 'd' },
		{ "ablate", no_argument, NULL, 'a' },
		{ "check", no_argument, NULL, 'c' },
		{ "curve", no_argument, NULL, 'C' },
		{ "both", required_argument, NULL, 'b' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "html", required_argument, NULL, 'H' },
		{ "no-scrub", no_argument, NULL, 'N' },
		{ NULL, 0, NULL, 0 },
	};
	static struct evaluation t;
	int c;

	while ((c = getopt_long(argc, argv, "p:jt:s:l:L:d:acCH:b:r:N", options, NULL)) != -1) {
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
		case 'H':
			t.html = optarg;
			break;
		case 'L':
			if (!learn_has_learner(optarg))
				return cmd_wrong_usage(argv, "--learner %s: auto, prisma, scriptgen or mining is wanted", optarg);
			t.learner = optarg;
			break;
		case 'd':
			t.definition_path = optarg;
			break;
		case 'a':
			t.ablate = true;
			break;
		case 'N':
			t.no_scrub = true;
			break;
		case 'c':
			t.check = true;
			break;
		case 'C':
			t.measure_curve = true;
			break;
		case 'b':
			t.both_sides = strtoul(optarg, NULL, 10);
			if (t.both_sides == 0 || t.both_sides > BIDIRECTIONAL_MAX)
				return cmd_wrong_usage(argv, "--both %s: give a number of conversations, 1 to %d",
				    optarg, BIDIRECTIONAL_MAX);
			break;
		case 'r':
			t.repeats = strtoul(optarg, NULL, 10);
			if (t.repeats == 0 || t.repeats > MAX_REPEATS)
				return cmd_wrong_usage(argv, "--repeat %s: give how often, 1 to %d", optarg,
				    MAX_REPEATS);
			break;
		case 's':
			t.split = (unsigned)strtoul(optarg, NULL, 10);
			if (t.split == 0 || t.split > 90)
				return cmd_wrong_usage(argv, "--split %s: give a percentage, 1 to 90", optarg);
			break;
		case 'l':
			if (t.ncaptures == MAX_CAPTURES)
				return cmd_wrong_usage(argv, "--train %s: at most %d captures", optarg, MAX_CAPTURES);
			t.capture[t.ncaptures++] = optarg;
			t.ntrain++;
			break;
		default:
			return cmd_wrong_usage(argv, NULL);
		}
	}
	if (t.split > 0 && t.ntrain > 0)
		return cmd_wrong_usage(argv, "--split holds conversations out of captures, --train names those to "
		    "learn from: one of both");
	if (t.learner != NULL && t.split == 0 && t.ntrain == 0)
		return cmd_wrong_usage(argv, "--learner says how to learn: it goes with --split or --train");
	if (t.definition_path != NULL && t.split == 0 && t.ntrain == 0)
		return cmd_wrong_usage(argv, "--definition is for what learns: it goes with --split or --train");
	if (t.learner != NULL && strcmp(t.learner, "mining") == 0 && t.definition_path == NULL)
		return cmd_wrong_usage(argv, "--learner mining wants --definition FILE, what the service is told to be");
	if (t.definition_path != NULL && !learn_uses_definition(&(struct learn_params){ .learner = t.learner }))
		return cmd_wrong_usage(argv, "--definition tells --learner mining or auto what the service is; nothing else "
		    "asks");
	if (t.learner != NULL && t.ablate)
		return cmd_wrong_usage(argv, "--ablate tries every learner: it goes without --learner");
	if (t.ablate && ((t.split == 0 && t.ntrain == 0) || t.transcripts != NULL ||
	    t.html != NULL))
		return cmd_wrong_usage(argv, "--ablate learns anew each time: it goes with --split, not with "
		    "--transcripts or --html");
	if (t.measure_curve && ((t.split == 0 && t.ntrain == 0) || t.ablate))
		return cmd_wrong_usage(argv, "--curve learns from parts of the conversations: it goes with --split or "
		    "--train, not with --ablate");
	if (t.no_scrub && t.split == 0 && t.ntrain == 0)
		return cmd_wrong_usage(argv, "--no-scrub is about learning: it goes with --split or --train; a model that "
		    "is there is played what the captures say");
	if (t.split == 0 && t.ntrain == 0 && argc - optind > 1)
		t.model_path = argv[optind++];
	if (argc == optind || (t.split == 0 && t.ntrain == 0 && t.model_path == NULL))
		return cmd_wrong_usage(argv, "name a model and at least one capture");
	while (optind < argc && t.ncaptures < MAX_CAPTURES)
		t.capture[t.ncaptures++] = argv[optind++];
	if (optind < argc)
		return cmd_wrong_usage(argv, "%s: at most %d captures", argv[optind], MAX_CAPTURES);
	if (is_read(&t, t.transcripts))
		return cmd_wrong_usage(argv, "--transcripts %s would overwrite what is read", t.transcripts);
	if (is_read(&t, t.html))
		return cmd_wrong_usage(argv, "--html %s would overwrite what is read", t.html);
	if (t.html != NULL && t.transcripts != NULL && strcmp(t.html, t.transcripts) == 0)
		return cmd_wrong_usage(argv, "%s cannot be both the page and the transcripts", t.html);
	if (t.html != NULL)
		cmd_unfinished(t.html);
	return run(&t);
}
