/*
 * The pipeline: from captures or handmade corpora to models that talk. Goldens stand in
 * tests/data/golden/; after a wanted change scripts/renew-goldens writes them anew.
 */
#include "learning/learn.h"

#include <errno.h>
#include <time.h>

#include "tests/cases.h"
#include "tests/handmade.h"
#include "tests/pooled.h"
#include "tests/talk.h"

#define DATA TEST_ROOT "/tests/data/"

static struct text
learned(struct pool *pool, const struct handmade *h)
{
	struct learn_params params = { .name = "handmade", .clusterer = "first-token" };
	struct learn_report report;
	struct diag why = { "" };
	struct text t;

	cr_assert_eq(learn_corpus(&t, pool, h->c, NULL, &params, &report, &why), 0, "%s", why.text);
	cr_assert_eq(text_check(&t, &why), 0, "%s", why.text);
	return t;
}

static struct model *
model_from(struct pool *pool, const struct handmade *h)
{
	struct text t = learned(pool, h);

	return model_of_text(&t);
}

/* A whole conversation with a fresh session: > lines are said, < lines expected by their beginning. */
static void
expect_talk(struct model *m, ...)
{
	static struct talk k;
	const char *line, *said = talk_begin(&k, m);
	va_list ap;

	va_start(ap, m);
	while ((line = va_arg(ap, const char *)) != NULL) {
		if (line[0] == '>')
			said = talk_say(&k, span_str(line + 1));
		else
			cr_expect_eq(strncmp(said, line + 1, strlen(line + 1)), 0, "\"%s\", not \"%s\"",
			    said, line + 1);
	}
	va_end(ap);
}

enum { N = 40 };

static unsigned
jumble(unsigned i)
{
	return (i * 2654435761u >> 8) % 90000 + 10000;
}

POOLED(learn, the_state_decides_before_and_after_the_login)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">LIST\r\n", "<530 log in first\r\n",
		    handmade_line(&h, ">USER u%u\r\n", jumble(i)), "<331 go on\r\n",
		    handmade_line(&h, ">PASS p%u\r\n", jumble(i + N)), "<230 fine\r\n",
		    ">LIST\r\n", "<150 here it comes\r\n", NULL);
	m = model_from(pool, &h);
	expect_talk(m, "<220 ready", ">LIST\r\n", "<530", ">USER new\r\n", "<331", ">PASS x\r\n", "<230",
	    ">LIST\r\n", "<150", NULL);
	expect_talk(m, ">USER new\r\n", "<331", ">PASS x\r\n", "<230", ">LIST\r\n", "<150", NULL);
	expect_talk(m, ">LIST\r\n", "<530", ">LIST\r\n", NULL);
	model_destroy(m);
}

POOLED(learn, known_values_decide_and_strangers_get_the_answer_for_strangers)
{
	static const char *const known[] = { "alice", "bob", "carol" };
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < 60; i++)
		handmade_talk(&h, "<220 ready\r\n", i * 7 % 5 < 3
		    ? handmade_line(&h, ">USER %s\r\n", known[i * 7 % 5])
		    : handmade_line(&h, ">USER s%u\r\n", jumble(i)),
		    i * 7 % 5 < 3 ? "<331 go on\r\n" : "<530 who are you\r\n", NULL);
	m = model_from(pool, &h);
	for (unsigned k = 0; k < 3; k++)
		expect_talk(m, handmade_line(&h, ">USER %s\r\n", known[k]), "<331", NULL);
	expect_talk(m, ">USER dave\r\n", "<530", NULL);
	expect_talk(m, ">USER alic\r\n", "<530", NULL);
	model_destroy(m);
}

POOLED(learn, many_known_values_decide_too)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < 120; i++) {	/* thirty files that exist, each asked for twice */
		bool exists = i % 2;
		unsigned name = exists ? i / 2 % 30 : 1000 + i;

		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">SIZE f%u\r\n", jumble(name)),
		    exists ? handmade_line(&h, "<213 %u\r\n", jumble(name) * 3) : "<550 no such file\r\n",
		    NULL);
	}
	m = model_from(pool, &h);
	for (unsigned k = 0; k < 30; k++)
		expect_talk(m, handmade_line(&h, ">SIZE f%u\r\n", jumble(k)),
		    handmade_line(&h, "<213 %u\r\n", jumble(k) * 3), NULL);
	expect_talk(m, ">SIZE another\r\n", "<550", NULL);
	model_destroy(m);
}

POOLED(learn, what_was_never_heard_gets_the_answer_to_what_was_never_heard)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", "<200 fine\r\n",
		    handmade_line(&h, ">X%u\r\n", jumble(i)), "<500 what\r\n", ">QUIT\r\n", "<221 bye\r\n",
		    NULL)->end = END_FIN_SERVER;
	m = model_from(pool, &h);
	expect_talk(m, ">NOOP\r\n", "<200", ">FROB\r\n", "<500", ">NOOP\r\n", "<200", ">QUIT\r\n", "<221", NULL);
	model_destroy(m);
}

POOLED(learn, addresses_and_times_are_the_sensors_own)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < N; i++) {
		struct tm tm;
		time_t now;
		char date[64];

		handmade_open(&h);
		handmade_say(&h, SIDE_SERVER, span_str("220 at 198.18.0.10 for 198,18,0,1 hi\r\n"));
		handmade_say(&h, SIDE_CLIENT, span_str("DATE\r\n"));
		now = (time_t)(h.now_ns / 1000000000);
		strftime(date, sizeof date, "211 %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&now, &tm));
		handmade_say(&h, SIDE_SERVER, span_str(handmade_line(&h, "%s", date)));
	}
	m = model_from(pool, &h);
	expect_talk(m, "<220 at 198.19.0.1 for 192,0,2,1 hi\r\n", ">DATE\r\n",
	    "<211 Thu, 01 Jan 1970 00:00:00 GMT\r\n", NULL);
	model_destroy(m);
}

POOLED(learn, clients_that_all_follow_one_script_teach_every_command)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct model *m;

	for (unsigned i = 0; i < 20; i++)
		handmade_talk(&h, "<220 ready\r\n", handmade_line(&h, ">USER u%u\r\n", jumble(i)),
		    "<331 go on\r\n", handmade_line(&h, ">PASS p%u\r\n", jumble(i + N)), "<230 fine\r\n",
		    handmade_line(&h, ">CWD d%u\r\n", jumble(i + 100)), "<250 there\r\n", ">QUIT\r\n",
		    "<221 bye\r\n", NULL);
	m = model_from(pool, &h);
	expect_talk(m, ">CWD x\r\n", "<250", ">USER x\r\n", "<331", ">QUIT\r\n", "<221", NULL);
	model_destroy(m);
}

/* What is refused, with a sentence. */
static int
refused(struct pool *pool, const struct handmade *h, const struct learn_params *p, struct diag *why)
{
	struct learn_report report;
	struct text t;

	return learn_corpus(&t, pool, h->c, NULL, p, &report, why);
}

POOLED(learn, too_few_conversations_are_refused)
{
	for (unsigned n = 0; n < 7; n++) {
		struct handmade h = handmade(pool, PROTO_TCP, 21);
		struct learn_params p = { .port = 0 };
		struct diag why = { "" };
		int err;

		for (unsigned i = 0; i < n; i++)
			handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", "<200 fine\r\n", NULL);
		err = refused(pool, &h, &p, &why);
		cr_expect_eq(err, n < LEARN_MIN_CONVERSATIONS ? -ENODATA : 0, "%u: %d", n, err);
		cr_expect_eq(why.text[0] != '\0', n < LEARN_MIN_CONVERSATIONS);
		cr_expect(err == 0 || strstr(why.text, "too few") != NULL, "%s", why.text);
	}
}

POOLED(learn, a_server_that_never_speaks_is_refused)
{
	struct handmade h = handmade(pool, PROTO_UDP, 514);
	struct learn_params p = { .port = 0 };
	struct diag why = { "" };

	for (unsigned i = 0; i < 10; i++)
		handmade_talk(&h, ">a message for the log", NULL);
	cr_expect_eq(refused(pool, &h, &p, &why), -ENODATA);
	cr_expect_not_null(strstr(why.text, "never answers what a client says"), "%s", why.text);
}

POOLED(learn, an_unknown_clusterer_or_order_is_refused_by_name)
{
	static const struct learn_params wrong[] = { { .clusterer = "frob" }, { .order = 3 } };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct handmade h = handmade(pool, PROTO_TCP, 21);
		struct diag why = { "" };

		for (unsigned k = 0; k < 10; k++)
			handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", "<200 fine\r\n", NULL);
		cr_expect_eq(refused(pool, &h, &wrong[i], &why), -EINVAL);
		cr_expect_not_null(strstr(why.text, i == 0 ? "frob" : "order 3"), "%s", why.text);
	}
}

POOLED(learn, only_conversations_in_use_are_learned_from)
{
	struct handmade h = handmade(pool, PROTO_TCP, 21);
	struct learn_params p = { .clusterer = "first-token" };
	struct learn_report report;
	struct diag why;
	struct text t;
	bool use[20];
	char *text;
	size_t n;

	for (unsigned i = 0; i < 20; i++) {
		use[i] = i % 2;
		handmade_talk(&h, "<220 ready\r\n", ">NOOP\r\n", i % 2 ? "<200 fine\r\n" : "<599 secret\r\n",
		    NULL);
	}
	cr_assert_eq(learn_corpus(&t, pool, h.c, use, &p, &report, &why), 0);
	cr_expect_eq(report.conversations, 10);
	cr_assert_eq(text_print(&t, &text, &n), 0);
	cr_expect_null(strstr(text, "secret"));
	cr_expect_not_null(strstr(text, "200 fine"));
	free(text);
}

POOLED(learn, empty_datagrams_in_a_capture_do_no_harm)
{
	struct handmade h = handmade(pool, PROTO_UDP, 53);
	struct model *m;

	for (unsigned i = 0; i < N; i++)
		handmade_talk(&h, ">", "<1", handmade_line(&h, ">ask %u", jumble(i)), "<yes", ">no", "<", NULL);
	m = model_from(pool, &h);
	model_destroy(m);
}

static const struct {
	uint8_t proto;
	size_t bytes, said;
	bool varies;
} long_replies[] = {
	{ PROTO_TCP, 70000, MODEL_REPLY_BYTES, false }, { PROTO_TCP, 200000, MODEL_REPLY_BYTES, true },
	{ PROTO_UDP, 1472, MODEL_DATAGRAM_BYTES, true }, { PROTO_UDP, 4000, MODEL_DATAGRAM_BYTES, false },
	{ PROTO_UDP, 4000, MODEL_DATAGRAM_BYTES, true },
};

EACH_CASE(learn, replies_too_long_for_a_model_are_learned_by_their_beginning, long_replies)
{
	size_t n = long_replies[*i].bytes;
	bool udp = long_replies[*i].proto == PROTO_UDP;
	struct handmade h;
	struct talk *k;
	struct pool pool;

	pool_init(&pool, 0);
	k = pool_alloc(&pool, sizeof *k);
	h = handmade(&pool, long_replies[*i].proto, 80);
	for (unsigned c = 0; c < 10; c++) {
		uint8_t *page = pool_alloc(&pool, n);

		memset(page, long_replies[*i].varies ? 'a' + (int)c : 'x', n);
		memcpy(page, "200 ", 4);
		handmade_open(&h);
		if (!udp)
			handmade_say(&h, SIDE_SERVER, span_str("220 ready\r\n"));
		handmade_say(&h, SIDE_CLIENT, span_str("GET\r\n"));
		handmade_say(&h, SIDE_SERVER, span_of(page, n));
	}
	talk_begin(k, model_from(&pool, &h));
	talk_say(k, span_str("GET\r\n"));
	cr_expect_eq(k->t.out_len, long_replies[*i].said, "%u", k->t.out_len);
	cr_expect_eq(strncmp(k->said, "200 ", 4), 0);
	model_destroy(k->m);
	pool_fini(&pool);
}

/* Captures that ship. */
static struct text
learn_file(struct pool *pool, const char *path, const char *clusterer, uint32_t order,
    struct learn_report *report)
{
	struct learn_params params = { .seed = 1, .clusterer = clusterer, .order = order };
	struct learned made;
	struct diag why = { "" };

	cr_assert_eq(learn(&made, pool, &path, 1, &params, &why), 0, "%s", why.text);
	*report = made.report;
	return made.text;
}

static const char *const small[] = { "ftp-small", "dns-small", "http-small" };

/* " word VALUE" out of a line. */
static void
cut_word(char *line, const char *word)
{
	char *at = strstr(line, word), *end;

	if (at == NULL)
		return;
	end = strchr(at + strlen(word), ' ');
	memmove(at, end == NULL ? line + strlen(line) : end, end == NULL ? 1 : strlen(end) + 1);
}

/*
 * What is compared: the text without floats, clusters and basis (whose last bits differ
 * between processors), with three values per table; how both sides talk is test_prisma's.
 */
static void
print_golden(FILE *to, const struct text *t, const struct learn_report *r)
{
	struct compile_report compiled;
	struct diag why = { "" };
	uint8_t *image;
	char *text, *rest, *line;
	unsigned values = 0;
	bool sides = false;
	size_t n;

	cr_assert_eq(compile(t, &image, &n, &compiled, &why), 0, "%s", why.text);
	free(image);
	fprintf(to, "rules:");
	for (unsigned k = 0; k < RULE_KINDS; k++)
		fprintf(to, " %s %u", rule_names[k], r->emit.rule[k]);
	fprintf(to, "\nexchanges %u, markov states %u, minimal %u, turns %u\n", r->exchanges,
	    r->markov_states, r->minimal_states, r->emit.turns);
	fprintf(to, "automaton: states %u, byte classes %u\n", compiled.automaton_states,
	    compiled.byte_classes);
	cr_assert_eq(text_print(t, &text, &n), 0);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && strncmp(line, "basis", 5) != 0) {
		bool value = strncmp(line, "  \"", 3) == 0 ||
		    (line[0] == ' ' && line[1] == ' ' && line[2] >= '0' && line[2] <= '9');

		sides = strncmp(line, "prisma", 6) == 0 || (sides && line[0] == ' ');
		if (sides)
			continue;
		if (!value && values > 3)
			fprintf(to, "  %u more\n", values - 3);
		values = value ? values + 1 : 0;
		if (values > 3)
			continue;
		if (strncmp(line, "  say", 5) != 0 && strncmp(line, "  match", 7) != 0 && !value) {
			cut_word(line, " cluster ");
			cut_word(line, " conf ");
			cut_word(line, " error ");
		}
		fprintf(to, "%s\n", line);
	}
	free(text);
}

EACH_CASE(learn, small_captures_give_the_models_that_are_written_down, small)
{
	char path[512], golden[512], command[600], *made = NULL, *want;
	struct learn_report report;
	struct text t;
	struct pool pool;
	size_t n;
	FILE *f;

	pool_init(&pool, 0);
	snprintf(path, sizeof path, DATA "%s.pcap.gz", small[*i]);
	snprintf(golden, sizeof golden, DATA "golden/%s.txt", small[*i]);
	t = learn_file(&pool, path, "first-token", 2, &report);
	f = open_memstream(&made, &n);
	print_golden(f, &t, &report);
	fclose(f);
	if (getenv("RENEW_GOLDENS") != NULL) {
		f = fopen(golden, "w");
		cr_assert_not_null(f, "%s", golden);
		fwrite(made, 1, n, f);
		fclose(f);
	}
	want = file_of(golden);
	if (strcmp(made, want) != 0) {
		snprintf(command, sizeof command, "diff -u '%s' - >&2", golden);
		f = popen(command, "w");
		fwrite(made, 1, n, f);
		pclose(f);
		cr_expect(false, "%s: another model; if it is wanted, scripts/renew-goldens", small[*i]);
	}
	free(made);
	free(want);
	pool_fini(&pool);
}

EACH_CASE(learn, the_same_captures_and_seed_give_the_same_image, small)
{
	char path[512];
	struct span image[2];

	snprintf(path, sizeof path, DATA "%s.pcap.gz", small[*i]);
	for (unsigned k = 0; k < 2; k++) {	/* every clusterer, every order */
		struct learn_report report;
		struct pool pool;
		struct text t;

		pool_init(&pool, 0);
		t = learn_file(&pool, path, NULL, 0, &report);
		image[k] = image_of(&t);
		cr_expect_geq(report.choice.ncandidates, 3);
		pool_fini(&pool);
	}
	cr_expect(span_eq(image[0], image[1]));
	free((void *)image[0].p);
	free((void *)image[1].p);
}

EACH_CASE(learn, a_learned_model_survives_text_and_back, small)
{
	char path[512], *text, *again;
	struct learn_report report;
	struct diag why = { "" };
	struct span image, back;
	struct text t, read;
	struct pool pool;
	struct model *m;
	size_t n, n2;

	pool_init(&pool, 0);
	snprintf(path, sizeof path, DATA "%s.pcap.gz", small[*i]);
	t = learn_file(&pool, path, "nmf", 2, &report);	/* the one with a basis */
	cr_assert_eq(text_check(&t, &why), 0, "%s", why.text);
	cr_assert_eq(text_print(&t, &text, &n), 0);
	image = image_of(&t);
	cr_assert_eq(model_from_bytes(&m, "learned", image, &why), 0, "%s", why.text);
	cr_assert_eq(model_text(m, &again, &n2, &why), 0, "%s", why.text);
	cr_expect_eq(n, n2);
	cr_expect_str_eq(again, text);
	cr_assert_eq(text_parse(&read, "learned", span_of(again, n2), &why), 0, "%s", why.text);
	back = image_of(&read);
	cr_expect(span_eq(image, back));
	text_fini(&read);
	free((void *)image.p);
	free((void *)back.p);
	free(text);
	free(again);
	model_destroy(m);
	pool_fini(&pool);
}

static const char *const shipped[] = { "ftp-vsftpd", "ftp-proftpd", "dns-dnsmasq", "http-nginx" };

EACH_CASE(learn, shipped_captures_give_models_that_pass_every_check, shipped)
{
	char path[512];
	struct learn_report report;
	struct diag why = { "" };
	struct text t;
	struct pool pool;

	pool_init(&pool, 0);
	snprintf(path, sizeof path, DATA "%s.pcap.gz", shipped[*i]);
	t = learn_file(&pool, path, "first-token", 2, &report);
	cr_expect_eq(text_check(&t, &why), 0, "%s", why.text);
	model_destroy(model_of_text(&t));
	cr_expect_geq(report.conversations, 500);
	pool_fini(&pool);
}
