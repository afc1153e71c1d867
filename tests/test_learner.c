/* Learning as the configuration has it, and its commands; no job is begun: there is nothing to learn from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/learner.h"
#include "tests/cases.h"
#include "tests/file.h"
#include "tests/model_of.h"

#define CONFIGURATION \
	"ports:\n- device: net_null0\n  link-address: 192.0.2.2\n" \
	"models:\n- {name: archive, file: ftp.mynah, definition: ftp.service}\n- {name: names, file: dns.mynah}\n" \
	"prefixes:\n- prefix: 198.19.0.0/16\n  services: [{port: tcp/2121, model: archive}, {port: tcp/21, " \
	"model: archive}]\n"

#define SERVICE \
	"service ftp 1\nchannel c tcp 21\nframing c line \"\\r\\n\"\ncommand PWD verb \"PWD\" args 0 -> code\n"

static char place[] = "/tmp/mynah-learner-XXXXXX";
static struct diag why;
static struct conf *c;
static struct reload r;
static struct export x;
static struct learner l;

static void
put(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "w");

	cr_assert_not_null(f, "%s", name);
	fwrite(bytes, 1, n, f);
	fclose(f);
}

/* The configuration with more in it. */
static void
begin_with(const char *more)
{
	char text[1024];

	enter_new_folder(place);
	snprintf(text, sizeof text, "%s%s", CONFIGURATION, more);
	put("x.yaml", text, strlen(text));
	put("ftp.service", SERVICE, sizeof SERVICE - 1);
	cr_assert_eq(conf_load(&c, "x.yaml", &why), 0, "%s", why.text);
	cr_assert_eq(export_open(&x, NULL, "here", 10, &why), 0, "%s", why.text);
	if (c->state != NULL)
		cr_assert_eq(store_open(&r.store, c->state, &(struct store_limits){ 0 }, &why), 0, "%s", why.text);
	cr_assert_eq(learner_open(&l, c, &r, &x, &why), 0, "%s", why.text);
}

static void
end(void)
{
	char command[64];

	learner_close(&l);
	if (r.store != NULL)
		store_close(r.store);
	export_close(&x);
	conf_free(c);
	snprintf(command, sizeof command, "cd / && rm -r %s", place);
	cr_expect_eq(system(command), 0);
}

TestSuite(learner, .fini = end, .timeout = 60);

/* The answer to up to three words; the caller frees it. */
static json_t *
answer(bool *ok, const char *a, const char *b, const char *three)
{
	char words[3][32];
	char *argv[3] = { words[0], words[1], words[2] };

	snprintf(words[0], sizeof words[0], "%s", a);
	snprintf(words[1], sizeof words[1], "%s", b != NULL ? b : "");
	snprintf(words[2], sizeof words[2], "%s", three != NULL ? three : "");
	*ok = true;
	return learner_answer(&l, 1u + (b != NULL) + (three != NULL), argv, ok);
}

/* A refusal's sentence holds these words. */
static void
expect_refused(const char *a, const char *b, const char *three, const char *says)
{
	bool ok;
	json_t *o = answer(&ok, a, b, three);
	char *text = json_dumps(o, JSON_ENCODE_ANY);

	cr_expect_not(ok, "%s", a);
	cr_expect(text != NULL && strstr(text, says) != NULL, "%s: %s", a, text != NULL ? text : "(nothing)");
	free(text);
	json_decref(o);
}

#define BOTH "state-folder: state\nspool-folder: spool\n"

static const struct {
	const char *a, *b, *c, *says;
} refused[] = {
	{ "retrain", NULL, NULL, "retrain needs the name of a service." },
	{ "retrain", "archive", "names", "retrain needs the name" },
	{ "corpus", NULL, NULL, "corpus needs the name" },
	{ "cancel", "archive", NULL, "cancel stands alone." },
	{ "cancel", NULL, NULL, "Nothing is being learned." },
	{ "retrain", "nowhere", NULL, "There is no service" },
	{ "corpus", "nowhere", NULL, "There is no service" },
	{ "retrain", "archive", NULL, "There is no capture of service" },
};

EACH_CASE(learner, what_cannot_be_done_is_said, refused)
{
	begin_with(BOTH);
	expect_refused(refused[*i].a, refused[*i].b, refused[*i].c, refused[*i].says);
}

Test(learner, other_commands_are_not_its_own)
{
	bool ok;

	begin_with(BOTH);
	cr_expect_null(answer(&ok, "status", NULL, NULL));
	cr_expect_null(answer(&ok, "retrainer", "archive", NULL));
	cr_expect(ok);
}

Test(learner, without_a_state_folder_nothing_is_learned_and_it_says_so)
{
	json_t *status = json_object();

	begin_with("");
	cr_expect(learner_spool_fd(&l) == -1 && learner_trainer_fd(&l) == -1);
	learner_turn(&l, 1);
	learner_tell(&l, status, 1);
	cr_expect_eq(json_object_size(status), 0u);
	expect_refused("retrain", "archive", NULL, "no state-folder");
	expect_refused("cancel", NULL, NULL, "no state-folder");
	expect_refused("corpus", "archive", NULL, "no state-folder");
	json_decref(status);
}

Test(learner, without_a_spool_there_is_still_retraining)
{
	begin_with("state-folder: state\n");
	cr_expect_eq(learner_spool_fd(&l), -1);
	cr_expect_geq(learner_trainer_fd(&l), 0);
	expect_refused("retrain", "archive", NULL, "There is no capture of service");
}

Test(learner, each_service_has_a_folder_in_the_spool)
{
	struct stat st;

	begin_with(BOTH);
	cr_expect_eq(stat("spool/archive", &st), 0);
	cr_expect_eq(stat("spool/names", &st), 0);
	cr_expect_geq(learner_spool_fd(&l), 0);
}

Test(learner, a_service_has_the_first_port_that_speaks_it)
{
	begin_with(BOTH);
	cr_expect_eq(l.service[0].port, 2121);
	cr_expect_eq(l.service[0].proto, MODEL_TCP);
	cr_expect_str_eq(l.service[0].file, c->models[0].file);
	cr_expect_eq(l.service[1].port, 0, "nobody asks for it");
	cr_expect_str_eq(l.service[0].definition, c->models[0].definition);
	cr_expect_null(l.service[1].definition);
}

Test(learner, a_definition_that_is_none_is_a_sentence_with_its_place)
{
	begin_with(BOTH);
	put("ftp.service", "service ftp 1\nfrob\n", 19);
	cr_expect_eq(learner_check(c, &why), -EINVAL);
	cr_expect_not_null(strstr(why.text, "ftp.service:2:1"), "%s", why.text);
}

Test(learner, what_is_dropped_is_in_the_corpus_and_status_tells_of_learning)
{
	json_t *status = json_object(), *o, *one;
	bool ok;

	begin_with(BOTH);
	put("spool/archive/monday.pcap", "conversations", 13);
	put("spool/archive/tuesday.pcap", "more of them", 12);
	learner_turn(&l, 1000);
	learner_turn(&l, 1000 + 2 * SPOOL_SETTLE_MS);	/* complete: one is taken, and no job begins yet */
	o = answer(&ok, "corpus", "archive", NULL);
	cr_expect(ok);
	one = json_array_get(json_object_get(o, "corpus"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(one, "capture")), "monday.pcap");
	cr_expect_str_eq(json_string_value(json_object_get(one, "state")), "new");
	json_decref(o);
	learner_tell(&l, status, 2000);
	cr_expect_not_null(json_object_get(status, "trained"));
	cr_expect(json_is_false(json_object_get(json_object_get(status, "training"), "busy")));
	json_decref(status);
}

/* Whatever goes on air while a candidate waits for a slot is told to training.h. */
Test(learner, reload_tells_it_how_a_wait_ended)
{
	begin_with(BOTH);
	cr_assert_not_null(r.ended);
	r.ended(r.ctx, "/somebody/elses.mynah", "archive", 3, &why);
}

Test(learner, a_spool_that_cannot_be_made_is_a_sentence)
{
	int err;

	begin_with(BOTH);
	learner_close(&l);
	cr_assert_eq(system("rm -r spool && touch spool"), 0);
	err = learner_open(&l, c, &r, &x, &why);
	cr_expect_lt(err, 0);
	cr_expect_not_null(strstr(why.text, "spool"), "%s", why.text);
	cr_expect_null(l.training, "and nothing is left half open");
}
