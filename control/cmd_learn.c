/* mynah learn - captures of a service in, a model out. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control/cmd.h"
#include "control/figures.h"
#include "control/job.h"
#include "control/joined.h"
#include "control/mined.h"
#include "control/service.h"
#include "learning/learn.h"
#include "models/beside.h"
#include "models/image_save.h"

struct order {			/* what the command line asks for, and what came of it */
	struct learn_params params;
	const char *out, *report_path, *basis_path, *definition_path;
	struct definition definition;
	const char *const *captures;
	size_t ncaptures;
	struct job job;
	struct learned made;
	struct diag why;
};

static bool
parse_number(const char *s, uint64_t most, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(s, &end, 10);
	return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0 && *n <= most;
}

/* As models/text_check wants it, but said before the work. */
static bool
is_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(s);

	return n > 0 && n <= 63 && strspn(s, allowed) == n;
}

/* What was not used, or not as it was: name, sentence and number, in the order of the counters. */
static void
each_unused(const struct learn_report *r, void (*say)(void *, const char *, const char *, uint64_t), void *ctx)
{
	const struct corpus_report *c = &r->corpus->report;

	for (unsigned f = 1; f < WIRE_FAULTS; f++)
		say(ctx, wire_fault_name((enum wire_fault)f), "not used: %llu frames that are damaged or no IP", c->fault[f]);
	say(ctx, "other-protocol", "not used: %llu packets that are neither TCP nor UDP", c->other_protocol);
	say(ctx, "other-service", "not used: %llu packets of other services", c->other_service);
	say(ctx, "stray-segments", "not used: %llu TCP segments that begin no conversation and belong to none", c->stray);
	say(ctx, "unanswered-connections", "not used: %llu connections that nobody accepted", c->unanswered);
	say(ctx, "silent-conversations", "not used: %llu conversations without payload", c->silent);
	say(ctx, "fragments-lost", "not used: %llu packets whose fragments are not all there", c->frag_lost);
	say(ctx, "empty-messages", "not used: %llu messages without a byte", r->odd.empty);
	say(ctx, "no-handshake", "in part: %llu conversations began before the capture, so what was said first is "
	    "missing; capture before clients come", c->no_handshake);
	say(ctx, "gaps", "in part: %llu conversations miss packets, and what stands beside the holes may belong together "
	    "wrongly; capture with a larger buffer", c->gaps);
	say(ctx, "long-questions", "in part: %llu messages of clients are longer than a model hears at once "
	    "(64 KiB) and count as several", r->odd.long_client);
	say(ctx, "long-replies", "in part: %llu replies are longer than a model says (64 KiB), so only their beginning is "
	    "learned", r->odd.long_server);
	say(ctx, "random-messages", "in part: %llu messages look encrypted or compressed; what the model knows of "
	    "them is recorded, not understood", r->odd.random);
	say(ctx, "no-slot", "in part: %llu times a value of the client is needed that the model has no room to keep; what "
	    "depends on it is recorded, or not said", r->emit.no_slot);
}

static void
print_unused(void *ctx, const char *name, const char *sentence, uint64_t n)
{
	if (n == 0)
		return;
	fputs("  ", ctx);
	fprintf(ctx, sentence, (unsigned long long)n);
	fprintf(ctx, " (%s)\n", name);
}

/* What came of --basis. */
static void
print_basis(const struct order *o, FILE *to)
{
	const struct learn_report *r = &o->made.report;

	fprintf(to, "  basis of %s: ", o->basis_path);
	if (r->has_nmf)
		fprintf(to, "%s (%.1f %% of the words known)%s\n",
		    r->nmf.warm ? "NMF began there" : "not used", 100 * r->nmf.known,
		    r->kept ? "; clusterer and order are its, too" : "");
	else
		fprintf(to, "%s\n", r->kept ? "clusterer and order are its, which need no more" : "not used");
}

/* What the learner that looks at captures alone found. */
static void
print_prisma(const struct order *o, FILE *to)
{
	const struct learn_report *r = &o->made.report;

	fprintf(to, "  clusters: %s (%u), order %u: foretells %.1f %% of the replies left out\n",
	    r->clusterer, r->clusters, r->order, 100 * r->foretold);
	if (o->basis_path != NULL)
		print_basis(o, to);
	fputs("  rules:", to);
	for (unsigned k = 0; k < RULE_KINDS; k++)
		fprintf(to, " %u %s%s", r->emit.rule[k], rule_names[k], k + 1 < RULE_KINDS ? "," : "\n");
}

static void
print_scriptgen(const struct scriptgen_report *r, FILE *to)
{
	fprintf(to, "  scriptgen: a tree of %u states, %u of them in the model; %u labels, %u forms of answers, "
	    "%u habits\n", r->tree, r->kept, r->labels, r->forms, r->habits);
	fprintf(to, "  dependencies: %u copied, %u sums, %u lengths, %u times, %u random\n", r->links[LINK_COPY],
	    r->links[LINK_ADD], r->links[LINK_LENGTH], r->links[LINK_TIME], r->links[LINK_RANDOM]);
	if (r->cut > 0)
		fprintf(to, "  in part: %u conversations are longer than is looked at\n", r->cut);
	if (r->left_out > 0)
		fprintf(to, "  not used: %u conversations whose beginning is missing, or without an answer\n",
		    r->left_out);
	if (r->labels_left_out > 0)
		fprintf(to, "  not used: %u labels that are rare; the automaton would have had no room\n",
		    r->labels_left_out);
}

static void
print_choice(const struct order *o, FILE *to)
{
	const struct learn_report *r = &o->made.report;

	fprintf(to, "  %u conversations, %u exchanges; %u client templates, %u replies, %u states, "
	    "%u turns\n", r->conversations, r->exchanges, o->made.text.ntemplate, o->made.text.nreply,
	    r->emit.states, r->emit.turns);
	if (r->scriptgen.tree == 0)
		print_prisma(o, to);
	else
		print_scriptgen(&r->scriptgen, to);
}

static void
print_summary(struct order *o, FILE *to)
{
	const struct learn_report *r = &o->made.report;
	const struct corpus *corpus = r->corpus;

	fprintf(to, "%s: %.*s, %s/%u, %s\n", o->out, (int)o->made.text.name.n, o->made.text.name.p,
	    corpus->proto == PROTO_TCP ? "tcp" : "udp", corpus->port,
	    r->binary ? "binary" : "text");
	if (r->mining.mined != NULL)
		mined_print(&r->mining, &o->job.pool, to);
	else
		print_choice(o, to);
	joined_print(&r->join, to);
	fprintf(to, "  automaton: %u states, %u byte classes; image: %zu bytes, %u self-test vectors\n",
	    o->made.compiled.automaton_states, o->made.compiled.byte_classes,
	    o->made.compiled.image_bytes, o->made.text.nvector);
	if (o->made.compiled.templates_left_out > 0)
		fprintf(to, "  %u templates left out: the automaton was full\n",
		    o->made.compiled.templates_left_out);
	if (corpus->report.secrets > 0)
		fprintf(to, "  scrubbed: %u secrets of clients, made up anew at %llu places (--no-scrub keeps them)\n",
		    corpus->report.secrets, (unsigned long long)corpus->report.secret_places);
	if (r->pipelined > 0)
		fprintf(to, "  not used: %u messages sent in one go, or in pieces, whose replies cannot be told apart\n",
		    r->pipelined);
	if (r->extra > 0)
		fprintf(to, "  not used: %u messages of the server that no message of a client is known for\n", r->extra);
	if (corpus->report.left_out > 0)
		fprintf(to, "  not used: %llu conversations (%llu messages) more than learning keeps; what was "
		    "new stayed first\n", (unsigned long long)corpus->report.left_out,
		    (unsigned long long)corpus->report.left_out_messages);
	each_unused(r, print_unused, to);
	for (uint32_t i = 0; i < corpus->nsources; i++)
		if (corpus->sources[i].warning != NULL)
			fprintf(to, "  warning: %s\n", corpus->sources[i].warning);
}

static void
put_unused(void *ctx, const char *name, const char *sentence, uint64_t n)
{
	(void)sentence;
	json_object_set_new(ctx, name, json_integer((json_int_t)n));
}

static json_t *
candidates_json(const struct learn_report *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->choice.ncandidates; i++) {
		const struct candidate *c = &r->choice.candidate[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:f, s:i, s:i, s:b}", "clusterer",
		    c->clusterer, "order", (int)c->order, "foretold", c->foretold, "right", (int)c->right,
		    "equal", (int)c->equal, "chosen", i == r->choice.chosen));
	}
	return list;
}

static json_t *
stages_json(const struct job *j)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < j->nstages; i++)
		json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:I}", "stage", j->stage[i].name,
		    "seconds", j->stage[i].seconds, "cpu_seconds", j->stage[i].cpu_seconds, "pool_bytes",
		    (json_int_t)j->stage[i].pool_bytes));
	return list;
}

/* Of the whole process: the pool, and what the libraries and the compiler of images took. */
static json_t *
peak_json(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return json_integer((json_int_t)u.ru_maxrss * 1024);
}

/* null where another learner was asked for. */
static json_t *
scriptgen_json(const struct scriptgen_report *s)
{
	if (s->tree == 0)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "tree", (int)s->tree,
	    "kept", (int)s->kept, "labels", (int)s->labels, "forms", (int)s->forms, "habits", (int)s->habits,
	    "copied", (int)s->links[LINK_COPY], "sums", (int)s->links[LINK_ADD], "lengths",
	    (int)s->links[LINK_LENGTH], "times", (int)s->links[LINK_TIME], "random", (int)s->links[LINK_RANDOM], "cut", (int)s->cut, "labels_left_out", (int)s->labels_left_out);
}

/* 0 or -errno. */
static int
write_report(const struct order *o, int fd)
{
	const struct learn_report *r = &o->made.report;
	const struct cluster_report *c = &r->nmf;
	json_t *root, *rules = json_object(), *unused = json_object(), *nmf = NULL;
	int err = 0;

	for (unsigned k = 0; k < RULE_KINDS; k++)
		json_object_set_new(rules, rule_names[k], json_integer(r->emit.rule[k]));
	each_unused(r, put_unused, unused);
	if (r->has_nmf)
		nmf = json_pack("{s:b, s:f, s:i, s:i, s:i, s:f}", "warm", c->warm, "known", c->known,
		    "columns", (int)c->inner, "sweeps", (int)c->sweeps,
		    "finish_sweeps", (int)c->finish_sweeps, "objective", c->objective);
	root = json_pack("{s:s%, s:s%, s:s, s:i, s:b, s:i, s:i, s:I, s:I, s:i, s:i, s:I, s:i, s:i, s:i, s:i, s:i, s:i, "
	    "s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "service", o->made.text.name.p, o->made.text.name.n,
	    "learner", o->made.text.learner.p, o->made.text.learner.n,
	    "proto", r->corpus->proto == PROTO_TCP ? "tcp" : "udp",
	    "port", (int)r->corpus->port, "binary", r->binary,
	    "conversations", (int)r->conversations, "messages", (int)r->corpus->nmessages,
	    "left_out_conversations", (json_int_t)r->corpus->report.left_out,
	    "left_out_messages", (json_int_t)r->corpus->report.left_out_messages, "exchanges", (int)r->exchanges,
	    "secrets", (int)r->corpus->report.secrets,
	    "secret_places", (json_int_t)r->corpus->report.secret_places,
	    "pipelined", (int)r->pipelined, "silent", (int)r->silent, "extra", (int)r->extra,
	    "templates", (int)o->made.text.ntemplate, "replies", (int)o->made.text.nreply,
	    "states", (int)r->emit.states, "turns", (int)r->emit.turns,
	    "markov_states", (int)r->markov_states, "minimal_states", (int)r->minimal_states,
	    "templates_left_out", (int)o->made.compiled.templates_left_out,
	    "automaton_states", (int)o->made.compiled.automaton_states,
	    "vectors", (int)o->made.text.nvector,
	    "rules", rules, "unused", unused, "candidates", candidates_json(r),
	    "learners", joined_json(&r->join), "kinds", joined_kinds_json(&r->join, &o->made.text),
	    "nmf", nmf != NULL ? nmf : json_null(), "scriptgen", scriptgen_json(&r->scriptgen),
	    "mining", mined_json(&r->mining),
	    "stages", stages_json(&o->job), "peak_bytes", peak_json());
	if (root == NULL)
		err = -ENOMEM;
	else if (json_dumpfd(root, fd, JSON_INDENT(2)) != 0)
		err = errno != 0 ? -errno : -EIO;
	json_decref(root);
	return err;
}

static int
report_fails(struct order *o, int err)
{
	return diag_set(&o->why, err, "%s: the report cannot be written: %s.", o->report_path, strerror(-err));
}

/* The report first, beside its place: without it there is no model either. */
static int
save(struct order *o, struct span image)
{
	char beside[BESIDE_PATH];
	int fd, err, placed;

	if (o->report_path == NULL)
		return image_save(o->out, image, &o->why);
	fd = beside_open(beside, o->report_path, 0666);
	if (fd < 0)
		return report_fails(o, fd);
	err = write_report(o, fd);
	err = err < 0 ? report_fails(o, err) : image_save(o->out, image, &o->why);
	placed = beside_place(fd, err, beside, o->report_path);
	return err < 0 || placed == 0 ? err : report_fails(o, placed);
}

static int
learn_in_pool(struct pool *pool, void *ctx)
{
	struct order *o = ctx;
	int err;

	o->params.progress = &o->job.progress;
	err = learn(&o->made, pool, o->captures, o->ncaptures, &o->params, &o->why);
	job_stop_watch(&o->job);
	return err < 0 ? err : save(o, o->made.image);
}

/* The text of an older model, whose basis NMF starts from; the caller frees it. */
static int
read_basis(struct order *o, struct text *old)
{
	struct model *m;
	char *text;
	size_t n;
	int err = model_load(&m, o->basis_path, &o->why);

	if (err < 0)
		return err;
	err = model_text(m, &text, &n, &o->why);
	model_destroy(m);
	if (err < 0)
		return err;
	err = text_parse(old, o->basis_path, span_of(text, n), &o->why);
	free(text);
	if (err == 0)
		o->params.before = old;
	return err;
}

/* Before the work: can what comes of it be written? */
static int
may_save(struct order *o)
{
	int err = image_may_save(o->out, &o->why);

	if (err < 0 || o->report_path == NULL)
		return err;
	err = beside_may(o->report_path);
	return err < 0 ? report_fails(o, err) : 0;
}

static int
run(struct order *o)
{
	struct text old = { 0 };
	int err = may_save(o);

	if (err == 0 && o->basis_path != NULL)
		err = read_basis(o, &old);
	if (err == 0 && o->definition_path != NULL)
		err = definition_load(&o->definition, o->definition_path, &o->why);
	if (err == 0)
		err = job_init(&o->job, 0, &o->why);
	if (err < 0) {
		text_fini(&old);
		definition_fini(&o->definition);
		return cmd_failed(&o->why);
	}
	job_watch(&o->job);
	diag_set(&o->why, 0, "%s: not enough memory to learn from it", o->captures[0]);
	err = pool_run(&o->job.pool, learn_in_pool, o);
	if (err == 0)
		print_summary(o, stdout);
	job_fini(&o->job);
	text_fini(&old);
	definition_fini(&o->definition);
	return err < 0 ? cmd_failed(&o->why) : CMD_DONE;
}

int
cmd_learn(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "learner", required_argument, NULL, 'L' },
		{ "clusterer", required_argument, NULL, 'c' },
		{ "order", required_argument, NULL, 'k' },
		{ "definition", required_argument, NULL, 'd' },
		{ "basis", required_argument, NULL, 'b' },
		{ "spare", required_argument, NULL, 'e' },
		{ "no-scrub", no_argument, NULL, 'N' },
		{ "quota", required_argument, NULL, 'q' },
		{ "report", required_argument, NULL, 'r' },
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	static struct order o;
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "p:n:s:L:c:k:d:b:e:Nq:r:o:", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!service_parse(optarg, &o.params.proto, &o.params.port))
				return cmd_wrong_usage(argv, "--port %s: write it as tcp/21 or udp/53", optarg);
			break;
		case 'n':
			if (!is_name(optarg))
				return cmd_wrong_usage(argv, "--name '%s': 1 to 63 letters, digits, '.', '_' and "
				    "'-' are wanted", optarg);
			o.params.name = optarg;
			break;
		case 's':
			if (!parse_number(optarg, UINT64_MAX, &o.params.seed))
				return cmd_wrong_usage(argv, "--seed %s: not a number", optarg);
			break;
		case 'L':
			if (!learn_has_learner(optarg))
				return cmd_wrong_usage(argv, "--learner %s: auto, prisma, scriptgen or mining is wanted", optarg);
			o.params.learner = optarg;
			break;
		case 'c':
			if (choose_check(optarg, 0, &o.why) < 0)
				return cmd_wrong_usage(argv, "--clusterer %s: %s", optarg, o.why.text);
			o.params.clusterer = optarg;
			break;
		case 'e':
			if (!parse_number(optarg, 90, &n))
				return cmd_wrong_usage(argv, "--spare %s: a number of percent, 0 to 90, is wanted", optarg);
			o.params.spare = (unsigned)n;
			break;
		case 'N':
			o.params.no_scrub = true;
			break;
		case 'k':
			if (!parse_number(optarg, 4, &n) || n == 0 || n == 3)
				return cmd_wrong_usage(argv, "--order %s: 1, 2 or 4 is wanted", optarg);
			o.params.order = (uint32_t)n;
			break;
		case 'q':
			if (!parse_number(optarg, SIZE_MAX >> 20, &n) || n == 0)
				return cmd_wrong_usage(argv, "--quota %s: a number of MiB is wanted", optarg);
			o.params.budget_bytes = (size_t)n << 20;
			break;
		case 'd':
			o.definition_path = optarg;
			o.params.definition = &o.definition;
			break;
		case 'b':
			o.basis_path = optarg;
			break;
		case 'r':
			o.report_path = optarg;
			break;
		case 'o':
			o.out = optarg;
			break;
		default:
			return cmd_wrong_usage(argv, NULL);
		}
	}
	if (o.params.learner != NULL && (strcmp(o.params.learner, "scriptgen") == 0 ||
	    strcmp(o.params.learner, "mining") == 0) &&
	    (o.params.clusterer != NULL || o.params.order != 0 || o.basis_path != NULL))
		return cmd_wrong_usage(argv, "--clusterer, --order and --basis are for --learner prisma");
	if (o.params.learner != NULL && strcmp(o.params.learner, "mining") == 0 && o.definition_path == NULL)
		return cmd_wrong_usage(argv, "--learner mining wants --definition FILE, what the service is told to be");
	if (o.definition_path != NULL && !learn_uses_definition(&o.params))
		return cmd_wrong_usage(argv, "--definition tells --learner mining, or auto without --clusterer and --order, "
		    "what the service is; nothing else asks");
	if (o.out == NULL)
		return cmd_wrong_usage(argv, "say with -o where the model goes");
	if (optind == argc)
		return cmd_wrong_usage(argv, "no capture to learn from");
	o.captures = (const char *const *)argv + optind;
	o.ncaptures = (size_t)(argc - optind);
	for (size_t i = 0; i < o.ncaptures; i++)
		if (cmd_same_file(o.out, o.captures[i]) ||
		    (o.report_path != NULL && cmd_same_file(o.report_path, o.captures[i])))
			return cmd_wrong_usage(argv, "%s would be overwritten", o.captures[i]);
	if (o.report_path != NULL && strcmp(o.report_path, o.out) == 0)
		return cmd_wrong_usage(argv, "%s cannot be both the model and the report", o.out);
	cmd_unfinished(o.out);
	if (o.report_path != NULL)
		cmd_unfinished(o.report_path);
	return run(&o);
}
