#include <math.h>

#include "control/gate.h"
#include "learning/learn.h"
#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/model_of.h"
#include "tests/pooled.h"

/* P(X >= lost) of won + lost fair tosses, by hand: 5 of 5 is 1/32, 4 of 4 is 1/16, 15 of 20 is 0.0207. */
static const struct {
	uint32_t won, lost;
	bool worse;
} tosses[] = {
	{ 0, 0, false },
	{ 0, 4, false },
	{ 0, 5, true },
	{ 1, 6, false },	/* 8/128 = 0.0625 */
	{ 1, 7, true },		/* 9/256 = 0.035 */
	{ 5, 15, true },
	{ 6, 14, false },	/* 0.0577 */
	{ 15, 5, false },
	{ 100, 100, false },
	{ 1000000, 1001000, false },
	{ 1000000, 1005000, true },
	{ 0, UINT32_MAX, true },
	{ UINT32_MAX, UINT32_MAX, false },
};

EACH_CASE(gate, losses_too_many_for_chance_are_worse, tosses)
{
	cr_expect_eq(gate_worse(tosses[*i].won, tosses[*i].lost), tosses[*i].worse, "%u won, %u lost",
	    tosses[*i].won, tosses[*i].lost);
}

/* Conversations apart by blanks; per reply: = both right, - both wrong, + won, ! lost. */
static const struct {
	const char *what, *lines;
	struct gate_count messages, conversations;
} plays[] = {
	{ "nothing was played", "", { 0 }, { 0 } },
	{ "equal", "=== =-", { 5, 4, 4, 0, 0, false }, { 2, 1, 1, 0, 0, false } },
	{ "better", "=+= +", { 4, 2, 4, 2, 0, false }, { 2, 0, 2, 2, 0, false } },
	{ "one loss among many is chance", "===== ===!=", { 10, 10, 9, 0, 1, false }, { 2, 2, 1, 0, 1, true } },
	{ "five losses are not", "!!!!! = = = = =", { 10, 10, 5, 0, 5, true }, { 6, 6, 5, 0, 1, false } },
	{ "a loss of so few that none can be made up", "=!", { 2, 2, 1, 0, 1, true }, { 1, 1, 0, 0, 1, true } },
	{ "as much won as lost", "+!", { 2, 1, 1, 1, 1, false }, { 1, 0, 0, 0, 0, false } },
};

static void
report_of(struct eval_report *r, struct eval_line *line, const char *lines, char right)
{
	struct eval_line l = { 0 };

	*r = (struct eval_report){ .line = line };
	for (; *lines != '\0'; lines++) {
		if (*lines == ' ') {
			l.conversation++;
			l.position = 0;
			continue;
		}
		l.same_class = *lines == '=' || *lines == right;
		line[r->nlines++] = l;
		l.position++;
	}
}

static void
expect_count(const struct gate_count *a, const struct gate_count *b, const char *what)
{
	cr_expect_eq(a->judged, b->judged, "%s: %u judged", what, a->judged);
	cr_expect_eq(a->running, b->running, "%s: %u", what, a->running);
	cr_expect_eq(a->candidate, b->candidate, "%s: %u", what, a->candidate);
	cr_expect_eq(a->won, b->won, "%s: %u won", what, a->won);
	cr_expect_eq(a->lost, b->lost, "%s: %u lost", what, a->lost);
	cr_expect_eq(a->worse, b->worse, "%s: %sworse", what, a->worse ? "" : "not ");
}

EACH_CASE(gate, replies_and_conversations_are_compared_place_by_place, plays)
{
	struct eval_line a[32], b[32];
	struct eval_report running, candidate;
	struct gate_count messages, conversations;

	report_of(&running, a, plays[*i].lines, '!');
	report_of(&candidate, b, plays[*i].lines, '+');
	gate_compare(&messages, &conversations, &running, &candidate);
	expect_count(&messages, &plays[*i].messages, plays[*i].what);
	expect_count(&conversations, &plays[*i].conversations, plays[*i].what);
}

Test(gate, a_reply_that_only_one_play_has_is_the_others_silence)
{
	struct eval_line a[] = { { .same_class = true }, { .position = 1, .same_class = true },
		{ .conversation = 2, .same_class = true } };
	struct eval_line b[] = { { .same_class = true }, { .conversation = 1, .same_class = true } };
	struct eval_report running = { .line = a, .nlines = 3 }, candidate = { .line = b, .nlines = 2 };
	struct gate_count m, c;

	gate_compare(&m, &c, &running, &candidate);
	expect_count(&m, &(struct gate_count){ 4, 3, 2, 1, 2, true }, "replies");
	expect_count(&c, &(struct gate_count){ 3, 2, 1, 1, 2, true }, "conversations");
}

/*
 * A capture of 500 FTP conversations: the first 250 are old, the others new. Every fifth is held
 * out. The running model has learned the old ones.
 */
struct scene {
	struct pool *pool;
	struct corpus *c;
	bool *held;
	struct model *running;
	struct text *said;
};

static void
destroy(void *m)
{
	model_destroy(m);
}

/* A model of the conversations from the first old or new captures that are not held out. */
static struct model *
learned(struct scene *s, struct text *t, uint32_t sources)
{
	bool *use = pool_array(s->pool, s->c->nconversations, sizeof *use);
	struct learn_params p = { .name = "ftp" };
	struct learn_report r;
	struct diag why = { "" };
	struct model *m;

	for (uint32_t i = 0; i < s->c->nconversations; i++)
		use[i] = !s->held[i] && s->c->conversations[i].source < sources;
	cr_assert_eq(learn_corpus(t, s->pool, s->c, use, &p, &r, &why), 0, "%s", why.text);
	m = model_of_text(t);
	pool_defer(s->pool, destroy, m);
	return m;
}

static struct scene
begin(struct pool *pool)
{
	struct scene s = { .pool = pool, .said = pool_alloc(pool, sizeof *s.said) };
	const char *path = TEST_ROOT "/tests/data/ftp-proftpd.pcap.gz";
	struct corpus_options o = { 0 };
	struct diag why = { "" };

	cr_assert_eq(corpus_load(&s.c, pool, &o, &path, 1, &why), 0, "%s", why.text);
	s.c->nsources = 2;
	s.c->sources = pool_grow(pool, s.c->sources, 1, 2, sizeof *s.c->sources);
	s.c->sources[1] = s.c->sources[0];
	for (uint32_t i = 250; i < s.c->nconversations; i++)
		s.c->conversations[i].source = 1;
	s.held = corpus_held_out(pool, s.c, 20);
	s.running = learned(&s, s.said, 1);
	return s;
}

static struct gate_verdict
judged(struct scene *s, const struct model *candidate)
{
	struct gate_input in = { "ftp", s->running, candidate, s->said, s->c, 1, s->held, NULL };
	struct gate_verdict v;

	gate_judge(&v, s->pool, &in);
	return v;
}

POOLED(gate, a_model_that_knows_more_of_the_same_passes)
{
	struct scene s = begin(pool);
	struct text t;
	struct gate_verdict v = judged(&s, learned(&s, &t, 2));

	cr_expect(v.passed, "%s", v.why.text);
	cr_expect_not(v.by_vectors);
	cr_expect_gt(v.messages[GATE_OLD].judged, 100u);
	cr_expect_gt(v.messages[GATE_NEW].judged, 100u);
	cr_expect_gt(v.conversations[GATE_NEW].judged, 20u);
	cr_expect_not_null(strstr(v.why.text, "ftp: the candidate passes: right in old "), "%s", v.why.text);
}

POOLED(gate, the_running_model_itself_passes)
{
	struct scene s = begin(pool);
	struct gate_verdict v = judged(&s, s.running);

	cr_expect(v.passed, "%s", v.why.text);
	for (enum gate_set k = 0; k < GATE_SETS; k++)
		cr_expect(v.messages[k].won + v.messages[k].lost + v.conversations[k].lost == 0);
}

/* What came new ten times over, every reply of the server replaced. */
static void
poison(struct scene *s)
{
	const struct corpus *c = s->c;
	struct corpus *bad = pool_copy(s->pool, c, sizeof *bad);
	uint32_t from = 250, messages = c->nmessages - c->conversations[from].first;

	bad->messages = pool_grow(s->pool, c->messages, c->nmessages, c->nmessages + 9 * (size_t)messages, sizeof *c->messages);
	bad->conversations = pool_grow(s->pool, c->conversations, c->nconversations, 10 * (size_t)c->nconversations,
	    sizeof *c->conversations);
	bad->nmessages = c->conversations[from].first;
	bad->nconversations = from;
	for (uint32_t k = 0; k < 10; k++)
		for (uint32_t i = from; i < c->nconversations; i++) {
			struct conversation *to = &bad->conversations[bad->nconversations++];

			*to = c->conversations[i];
			to->first = bad->nmessages;
			to->start_ns += k;
			for (uint32_t j = 0; j < to->n; j++) {
				struct message m = c->messages[c->conversations[i].first + j];

				if (m.side == SIDE_SERVER)
					m.bytes = span_str("!! owned %n%n\r\n");
				bad->messages[bad->nmessages++] = m;
			}
		}
	s->c = bad;
	s->held = corpus_held_out(s->pool, bad, 20);
}

POOLED(gate, a_poisoned_capture_of_ten_times_the_volume_is_refused)
{
	struct scene s = begin(pool);
	struct gate_verdict v;
	struct text t;

	poison(&s);
	v = judged(&s, learned(&s, &t, 2));
	cr_expect_not(v.passed, "%s", v.why.text);
	cr_expect(v.messages[GATE_OLD].worse && v.conversations[GATE_OLD].worse, "%s", v.why.text);
	cr_expect_gt(v.messages[GATE_NEW].won, v.messages[GATE_NEW].lost, "on its own poison it is better");
	cr_expect_not_null(strstr(v.why.text, "is refused: right in old "), "%s", v.why.text);
	cr_expect_not_null(strstr(v.why.text, "which is worse"), "%s", v.why.text);
}

POOLED(gate, without_new_captures_the_old_ones_decide)
{
	struct scene s = begin(pool);
	struct gate_verdict v;

	for (uint32_t i = 0; i < s.c->nconversations; i++)
		s.c->conversations[i].source = 0;
	v = judged(&s, s.running);
	cr_expect(v.passed, "%s", v.why.text);
	cr_expect_eq(v.messages[GATE_NEW].judged, 0u);
	cr_expect_not_null(strstr(v.why.text, "; new none"), "%s", v.why.text);
}

/* FTP of one dialogue, as the text of a hand-made model has it; more: what follows its states. */
static struct model *
small(struct text *t, const char *user, const char *more)
{
	static char text[4096];

	snprintf(text, sizeof text,
	    "mynah-model 1\nservice \"x\" tcp\nlearner \"hand\" order 1 seed 0\nseparators \" \\r\\n\"\n"
	    "start 0\neom 0 term \"\\r\\n\" error 0.0\n"
	    "template 0 support 1 from hand\n  match \"USER \" tok \"\\r\\n\"\n"
	    "reply 0 support 1 from hand\n  say \"220 hello\\r\\n\"\nreply 1 support 1 from hand\n  say \"%s\\r\\n\"\n"
	    "state 0 eom 0 support 1 \"\"\n"
	    "  on message 0\n    alt weight 1 say 1 goto 0 from hand\n"
	    "  on connect\n    alt weight 1 say 0 goto 0 from hand\n%s", user, more);
	*t = text_of(text);
	return model_of_text(t);
}

#define VECTORS "vector\n  > \"\"\n  < \"220 hello\\r\\n\"\n" \
	"  > \"USER a\\r\\n\"\n  < \"331 go on\\r\\n\"\n"

/* How a candidate that answers USER so fares against a running model with and without vectors. */
static struct gate_verdict
against_vectors(struct pool *pool, const char *vectors, const char *candidate)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct text a, b;
	struct model *running = small(&a, "331 go on", vectors), *next = small(&b, candidate, "");
	bool *held = pool_array(pool, 1, sizeof *held);
	struct gate_input in = { "ftp", running, next, &a, h.c, 0, held, NULL };
	struct gate_verdict v;

	handmade_talk(&h, "<220 hello\r\n", ">USER b\r\n", "<530 no\r\n", NULL);
	gate_judge(&v, pool, &in);
	model_destroy(running);
	model_destroy(next);
	text_fini(&a);
	text_fini(&b);
	return v;
}

POOLED(gate, without_old_conversations_the_running_models_vectors_speak_for_them)
{
	struct gate_verdict v = against_vectors(pool, VECTORS, "331 please do");

	cr_expect(v.passed && v.by_vectors, "%s", v.why.text);
	cr_expect_eq(v.messages[GATE_OLD].judged, 2u);
	v = against_vectors(pool, VECTORS, "530 no");
	cr_expect_not(v.passed, "%s", v.why.text);
	cr_expect_eq(v.messages[GATE_OLD].lost, 1u);
	cr_expect_not_null(strstr(v.why.text, "vectors of the running model 1 of 2"), "%s", v.why.text);
}

POOLED(gate, nothing_that_vouches_is_a_refusal_that_says_what_to_do)
{
	struct gate_verdict v = against_vectors(pool, "", "331 go on");

	cr_expect_not(v.passed);
	cr_expect_not_null(strstr(v.why.text, "nothing old vouches for it"), "%s", v.why.text);
	cr_expect_not_null(strstr(v.why.text, "mynah learn"), "%s", v.why.text);
}

/* All of a capture is learned and new, none of it held out: only the model's vectors are left to judge by. */
static int
judge_itself(struct pool *pool, void *capture)
{
	const char *path = capture;
	struct learn_params p = { .name = "itself", .clusterer = "first-token" };
	struct learned l;
	struct diag why = { "" };
	struct gate_input in = { .service = "itself" };
	struct gate_verdict v;
	int err = learn(&l, pool, &path, 1, &p, &why);

	if (err < 0)
		return err;
	in.running = in.candidate = l.model;
	in.said = &l.text;
	in.corpus = l.report.corpus;
	in.held = pool_array(pool, in.corpus->nconversations, sizeof *in.held);
	gate_judge(&v, pool, &in);
	cr_expect(v.passed && v.by_vectors, "%s", v.why.text);
	cr_expect_geq(v.messages[GATE_OLD].judged, l.text.nvector);
	cr_expect_eq(v.messages[GATE_OLD].running, v.messages[GATE_OLD].judged, "%s", v.why.text);
	cr_expect_eq(v.conversations[GATE_OLD].running, l.text.nvector, "%s", v.why.text);
	return 0;
}

static const char *const services[] = { "http-small.pcap.gz", "ftp-small.pcap.gz", "dns-small.pcap.gz" };

/* HTTP's messages end by an empty line, and its vectors hold their first lines only. */
EACH_CASE(gate, a_model_is_right_in_all_its_own_vectors, services)
{
	struct pool pool;
	char path[256];

	snprintf(path, sizeof path, TEST_ROOT "/tests/data/%s", services[*i]);
	pool_init(&pool, 0);
	cr_expect_eq(pool_run(&pool, judge_itself, path), 0, "%s", path);
	pool_fini(&pool);
}
