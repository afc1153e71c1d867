/* The trainer and the air are made up here; the store and the spool are real. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/training.h"
#include "tests/cases.h"
#include "tests/file.h"

/* ---- a trainer that ends when the test says so ---- */

static struct {
	bool busy, over, cancelled;
	unsigned started;
	char service[64], image[4096], running[4096];
	uint32_t nold, nnew;
	struct trainer_result result;
} fake;

int
trainer_start(struct trainer *t, const struct trainer_job *j, struct diag *why)
{
	(void)t;
	cr_assert_not(fake.busy);
	if (j->nnew == 99)
		return diag_set(why, -EAGAIN, "no thread");
	fake.busy = true;
	fake.cancelled = false;
	fake.started++;
	snprintf(fake.service, sizeof fake.service, "%s", j->service);
	snprintf(fake.image, sizeof fake.image, "%s", j->image);
	snprintf(fake.running, sizeof fake.running, "%s", j->running);
	fake.nold = j->nold;
	fake.nnew = j->nnew;
	for (uint32_t i = 0; i < j->nold + j->nnew; i++)
		cr_expect_eq(access(j->captures[i], R_OK), 0, "%s", j->captures[i]);
	return 0;
}

void
trainer_view(const struct trainer *t, struct trainer_view *to)
{
	(void)t;
	*to = (struct trainer_view){ .busy = fake.busy, .stage = "factorise", .fraction = 0.5, .started_ms = 1000 };
	snprintf(to->service, sizeof to->service, "%s", fake.service);
}

void
trainer_cancel(struct trainer *t)
{
	(void)t;
	fake.cancelled = true;
}

bool
trainer_done(struct trainer *t, struct trainer_result *r)
{
	(void)t;
	if (!fake.over)
		return false;
	fake.busy = fake.over = false;
	*r = fake.result;
	return true;
}

void
trainer_result_fini(struct trainer_result *r)
{
	free(r->conversations);
	free(r->unreadable);
}

/* ---- the air ---- */

static struct {
	int slot;		/* what reload_later() answers */
	unsigned loads;
	char file[4096];
	bool waits;		/* file: nothing else went on air since */
} air;
static struct store *store;

/* As reload.c does: what is published is written down. */
static void
goes_on_air(const char *service, const char *version)
{
	struct diag why;

	cr_assert_eq(store_on_air(store, service, version, &why), 0, "%s", why.text);
}

int
reload_later(struct reload *r, const char *file, const char *name, struct diag *why)
{
	(void)r;
	air.loads++;
	snprintf(air.file, sizeof air.file, "%s", file);
	cr_expect_eq(access(file, R_OK), 0, "%s", file);
	if (air.slot > 0)
		goes_on_air(name, "00000000000000b1");
	air.waits = air.slot == 0;
	return air.slot < 0 ? diag_set(why, air.slot, "no memory for it") : air.slot;
}

bool
reload_waits(const struct reload *r, const char *file, const char *name)
{
	(void)r;
	(void)name;
	return air.waits && strcmp(file, air.file) == 0;
}

/* ---- the scene ---- */

static char place[] = "/tmp/mynah-training-XXXXXX";
static struct export export;
static struct reload reload;
static struct training *t;
static struct spool *spool;
static struct diag why;
static int64_t now = 5000;

static void
put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	cr_assert_not_null(f, "%s", file);
	fputs(text, f);
	fclose(f);
}

static void
open_all(void)
{
	static const char *const names[] = { "ftp", "dns" };
	static const struct training_service services[] = {
		{ "ftp", "first.mynah", MODEL_TCP, 21 }, { "dns", "first.mynah", MODEL_UDP, 53 } };
	struct training_config c = { .reload = &reload, .export = &export, .folder = "state", .service = services,
		.nservices = 2, .seconds = 60, .hold_out = 20 };

	cr_assert_eq(store_open(&store, "state", &(struct store_limits){ 0 }, &why), 0, "%s", why.text);
	cr_assert_eq(spool_open(&spool, "spool", names, 2, &why), 0, "%s", why.text);
	c.store = store;
	c.spool = spool;
	cr_assert_eq(training_create(&t, &c, &why), 0, "%s", why.text);
}

static void
close_all(void)
{
	training_destroy(t);
	spool_close(spool);
	store_close(store);
}

static void
begin(void)
{
	enter_new_folder(place);
	cr_assert_eq(export_open(&export, "records", "a", 10, &why), 0, "%s", why.text);
	open_all();
	put("first.mynah", "the first model");
	for (unsigned i = 0; i < 2; i++) {
		const char *name = i == 0 ? "ftp" : "dns";

		cr_assert_geq(store_add_model(store, name, "first.mynah", "00000000000000a0", ORIGIN_CONFIGURED, &why), 0,
		    "%s", why.text);
		goes_on_air(name, "00000000000000a0");
	}
	air.slot = 3;
}

static void
end(void)
{
	char command[64];

	close_all();
	export_close(&export);
	snprintf(command, sizeof command, "cd / && rm -r %s", place);
	cr_expect_eq(system(command), 0);
}

TestSuite(training, .init = begin, .fini = end, .timeout = 60);

/* Turns until the spool is empty and complete. */
static void
turns(void)
{
	for (unsigned i = 0; i < 8; i++)
		training_turn(t, now += SPOOL_SETTLE_MS);
}

static void
arrive(const char *file, const char *bytes)
{
	put(file, bytes);
	turns();
}

/* The job ends with a verdict on a candidate that it wrote. */
static void
finish(bool passes, const char *version)
{
	cr_assert(fake.busy, "no job is under way");
	put(fake.image, "the candidate");
	fake.result = (struct trainer_result){ .verdict.passed = passes, .ncaptures = fake.nold + fake.nnew };
	fake.result.conversations = calloc(fake.nold + fake.nnew + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < fake.nold + fake.nnew; i++)
		fake.result.conversations[i] = 10 + i;
	snprintf(fake.result.service, 64, "%s", fake.service);
	snprintf(fake.result.version, 17, "%s", version);
	diag_set(&fake.result.why, 0, "%s: the candidate %s.", fake.service, passes ? "passes" : "is refused");
	fake.result.verdict.why = fake.result.why;
	fake.over = true;
	training_turn(t, ++now);
	cr_expect_eq(access("state/ftp/candidate.mynah", F_OK), -1, "the candidate is removed");
}

static void
fail(int err, bool unfit)
{
	cr_assert(fake.busy);
	fake.result = (struct trainer_result){ .err = err, .unfit = unfit };
	diag_set(&fake.result.why, 0, "it failed.");
	fake.over = true;
	training_turn(t, ++now);
}

/* "new learned" by age. */
static const char *
states(const char *service)
{
	static char all[256];
	static const char *const names[] = { "new", "learned", "refused" };
	const struct store_service *v = store_service(store, service, &why);

	all[0] = '\0';
	for (uint32_t i = 0; i < v->ncaptures; i++)
		sprintf(all + strlen(all), "%s%s", i > 0 ? " " : "", names[v->capture[i].state]);
	return all;
}

/* The actions of all notes so far: "training verdict load". */
static const char *
notes(void)
{
	static char all[512];
	char line[4096];
	FILE *f;

	export_flush(&export);
	f = fopen("records", "r");
	all[0] = '\0';
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		json_t *o = json_loads(line, 0, NULL);

		cr_assert_not_null(o, "%s", line);
		sprintf(all + strlen(all), "%s%s", all[0] ? " " : "",
		    json_string_value(json_object_get(json_object_get(o, "mynah"), "action")));
		json_decref(o);
	}
	fclose(f);
	return all;
}

Test(training, a_capture_that_arrives_is_learned_and_goes_on_air)
{
	const struct store_service *v;

	arrive("spool/ftp/a.pcap", "conversations");
	cr_expect_str_eq(fake.service, "ftp");
	cr_expect(fake.nold == 0 && fake.nnew == 1);
	cr_expect_str_eq(states("ftp"), "new");
	cr_expect_not_null(strstr(fake.running, "00000000000000a0"), "%s", fake.running);
	finish(true, "00000000000000b1");
	v = store_service(store, "ftp", &why);
	cr_expect_eq(air.loads, 1u);
	cr_expect_not_null(strstr(air.file, "00000000000000b1"), "the store's copy: %s", air.file);
	cr_expect_eq(v->model[v->nmodels - 1].origin, ORIGIN_TRAINED);
	cr_expect_str_eq(states("ftp"), "learned");
	cr_expect_eq(v->capture[0].conversations, 10u);
	cr_expect_str_eq(notes(), "training verdict load");
	turns();
	cr_expect_eq(fake.started, 1u, "and that is all");
}

Test(training, what_was_learned_is_old_for_the_next_batch)
{
	arrive("spool/ftp/a.pcap", "conversations");
	finish(true, "00000000000000b1");
	put("spool/ftp/b.pcap", "more");
	arrive("spool/ftp/c.pcap", "and more");
	cr_expect_eq(fake.started, 2u, "one batch, one job");
	cr_expect(fake.nold == 1 && fake.nnew == 2);
}

Test(training, a_refused_candidate_is_not_published_and_its_captures_are_not_learned)
{
	arrive("spool/ftp/a.pcap", "poison");
	finish(false, "00000000000000b1");
	cr_expect_eq(air.loads, 0u);
	cr_expect_eq(store_service(store, "ftp", &why)->nmodels, 1u);
	cr_expect_str_eq(states("ftp"), "refused");
	cr_expect_str_eq(notes(), "training verdict");
	arrive("spool/ftp/b.pcap", "good");
	cr_expect(fake.nold == 0 && fake.nnew == 1);
}

Test(training, a_refused_capture_that_is_offered_again_is_tried_again)
{
	arrive("spool/ftp/a.pcap", "odd");
	finish(false, "00000000000000b1");
	arrive("spool/ftp/a.pcap", "odd");
	cr_expect_eq(fake.started, 2u);
	cr_expect_str_eq(states("ftp"), "new");
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "learned");
}

static const struct {
	const char *what;
	int err;
	bool unfit;
	const char *states;
	uint32_t next;	/* captures in the next job, with one more */
} ends[] = {
	{ "cancelled", -ECANCELED, false, "new", 2 },
	{ "too long", -ETIMEDOUT, false, "new", 1 },
	{ "too much", -ENOMEM, false, "new", 1 },
	{ "too much to load", -ENOMEM, true, "new", 1 },
	{ "too few conversations", -ENODATA, false, "new", 2 },
	{ "the captures cannot be read", -EINVAL, true, "refused", 1 },
};

EACH_CASE(training, a_job_without_a_verdict_is_not_tried_for_ever, ends)
{
	arrive("spool/ftp/a.pcap", "conversations");
	fail(ends[*i].err, ends[*i].unfit);
	cr_expect_str_eq(states("ftp"), ends[*i].states, "%s", ends[*i].what);
	cr_expect_str_eq(notes(), "training failed", "%s", ends[*i].what);
	turns();
	cr_expect_eq(fake.started, 1u, "%s", ends[*i].what);
	arrive("spool/ftp/b.pcap", "more");
	cr_expect_eq(fake.started, 2u, "the next arrival tries again");
	cr_expect_eq(fake.nnew, ends[*i].next, "%s", ends[*i].what);
}

static const char *
last_why(void)
{
	static char text[512];
	json_t *o = training_results(t);

	snprintf(text, sizeof text, "%s", json_string_value(json_object_get(json_array_get(o, 0), "why")));
	json_decref(o);
	return text;
}

static const struct {
	int err;
	const char *says;
} limits[] = {
	{ -ETIMEDOUT, "ftp: bad.pcap needs more time than a job has, alone and in 3 tries, and is refused; raise seconds" },
	{ -ENOMEM, "ftp: bad.pcap needs more memory than a job has, alone and in 3 tries, and is refused; raise memory-mb" },
};

EACH_CASE(training, one_that_no_job_can_afford_does_not_hold_up_the_others, limits)
{
	put("spool/ftp/bad.pcap", "too much");
	arrive("spool/ftp/good.pcap", "conversations");
	cr_assert_eq(fake.nnew, 2u);
	fail(limits[*i].err, false);
	cr_expect_eq(fake.nnew, 1u, "half of them, at once");
	fail(limits[*i].err, false);
	cr_expect_eq(fake.nnew, 1u);
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "new learned");
	turns();
	cr_expect_eq(fake.started, 3u);
	arrive("spool/ftp/b.pcap", "more");
	cr_expect_eq(fake.nnew, 1u, "without it");
	finish(false, "00000000000000b2");
	fail(limits[*i].err, false);
	cr_expect_str_eq(states("ftp"), "new learned refused");
	close_all();
	open_all();
	arrive("spool/ftp/c.pcap", "and more");
	finish(false, "00000000000000b3");
	fail(limits[*i].err, false);
	cr_expect_str_eq(states("ftp"), "refused learned refused refused");
	cr_expect_not_null(strstr(last_why(), limits[*i].says), "%s", last_why());
	arrive("spool/ftp/bad.pcap", "too much");
	cr_expect_str_eq(states("ftp"), "learned refused refused new");
}

Test(training, a_cancelled_job_is_no_try)
{
	arrive("spool/ftp/a.pcap", "conversations");
	for (unsigned i = 0; i < 2 * STORE_TRIES; i++) {
		fail(-ECANCELED, false);
		cr_expect_eq(training_retrain(t, "ftp", &why), 0, "%s", why.text);
	}
	cr_expect_str_eq(states("ftp"), "new");
}

Test(training, what_cannot_be_read_does_not_take_the_others_with_it)
{
	put("spool/ftp/a.pcap", "conversations");
	put("spool/ftp/b.txt", "a letter");
	arrive("spool/ftp/c.pcap", "more conversations");
	cr_assert_eq(fake.nnew, 3u);
	fake.result = (struct trainer_result){ .err = -EBADMSG, .unfit = true, .ncaptures = 3 };
	fake.result.unreadable = calloc(3, sizeof(bool));
	fake.result.unreadable[1] = true;
	diag_set(&fake.result.why, 0, "it is a letter.");
	fake.over = true;
	training_turn(t, ++now);
	cr_expect_str_eq(states("ftp"), "new refused new");
	cr_expect_eq(fake.started, 2u, "at once");
	cr_expect_eq(fake.nnew, 2u);
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "learned refused learned");
}

Test(training, without_a_free_slot_the_model_waits_and_so_does_its_service)
{
	arrive("spool/ftp/a.pcap", "conversations");
	air.slot = 0;
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "new");
	cr_expect_str_eq(notes(), "training verdict busy");
	arrive("spool/ftp/b.pcap", "more");
	cr_expect_eq(fake.started, 1u);
	cr_expect_not(training_ended(t, "/other/file", "ftp", 4, &why), "an operator's own");
	goes_on_air("ftp", "00000000000000b1");
	cr_expect(training_ended(t, air.file, "ftp", 4, &why));
	cr_expect_str_eq(notes(), "training verdict busy load");
	cr_expect_str_eq(states("ftp"), "learned new", "what arrived meanwhile was not judged");
	turns();
	cr_expect_eq(fake.started, 2u);
	cr_expect(fake.nold == 1 && fake.nnew == 1);
}

Test(training, a_model_that_cannot_be_published_leaves_its_captures_new)
{
	arrive("spool/ftp/a.pcap", "conversations");
	air.slot = -ENOMEM;
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "new");
	cr_expect_str_eq(notes(), "training verdict refused");
	cr_expect_str_eq(last_why(), "no memory for it; its captures stay new, and \"mynah ctl retrain ftp\" tries again.");
}

Test(training, a_model_that_cannot_be_kept_says_how_to_try_again)
{
	arrive("spool/ftp/a.pcap", "conversations");
	cr_assert_eq(system("rm -r state/ftp/models && : >state/ftp/models"), 0);
	finish(true, "00000000000000b1");
	cr_expect_str_eq(states("ftp"), "new");
	cr_expect_not_null(strstr(last_why(), "; its captures stay new, and \"mynah ctl retrain ftp\" tries again."), "%s",
	    last_why());
}

Test(training, a_sentence_names_captures_as_they_came)
{
	char said[4096];
	FILE *f;

	put("spool/ftp/a.pcap", "conversations");
	arrive("spool/ftp/b.pcap", "a letter");
	fake.result = (struct trainer_result){ .err = -EBADMSG };
	diag_set(&fake.result.why, 0, "%s: it is a letter, unlike %s.", store_service(store, "ftp", &why)->capture[1].file,
	    store_service(store, "ftp", &why)->capture[0].file);
	fake.over = true;
	training_turn(t, ++now);
	cr_expect_str_eq(last_why(), "b.pcap: it is a letter, unlike a.pcap.");
	export_flush(&export);
	f = fopen("records", "r");
	said[fread(said, 1, sizeof said - 1, f)] = '\0';
	fclose(f);
	cr_expect_not_null(strstr(said, "\"why\":\"b.pcap: it is a letter, unlike a.pcap.\""), "%s", said);
}

/* The operator puts another model on air. */
static void
load_another(void)
{
	put("other.mynah", "another");
	cr_assert_geq(store_add_model(store, "ftp", "other.mynah", "00000000000000c7", ORIGIN_LOADED, &why), 0);
	goes_on_air("ftp", "00000000000000c7");
	air.waits = false;
}

Test(training, a_candidate_judged_against_what_is_gone_is_learned_again)
{
	arrive("spool/ftp/a.pcap", "conversations");
	load_another();
	finish(true, "00000000000000b1");
	cr_expect_eq(air.loads, 0u);
	cr_expect_eq(fake.started, 2u);
	cr_expect_not_null(strstr(fake.running, "00000000000000c7"), "%s", fake.running);
	cr_expect_str_eq(states("ftp"), "new");
}

Test(training, one_that_waited_too)
{
	arrive("spool/ftp/a.pcap", "conversations");
	air.slot = 0;
	finish(true, "00000000000000b1");
	load_another();
	training_turn(t, ++now);
	cr_expect_eq(fake.started, 2u);
	cr_expect_str_eq(notes(), "training verdict busy refused training");
}

Test(training, one_that_waited_while_the_old_model_was_loaded_again)
{
	arrive("spool/ftp/a.pcap", "conversations");
	air.slot = 0;
	finish(true, "00000000000000b1");
	air.waits = false;	/* what is on air has the version that it had */
	training_turn(t, ++now);
	cr_expect_eq(fake.started, 2u);
	cr_expect_str_eq(notes(), "training verdict busy refused training");
}

Test(training, the_same_model_again_is_not_published_again)
{
	arrive("spool/ftp/a.pcap", "conversations");
	finish(true, "00000000000000a0");
	cr_expect_eq(air.loads, 0u);
	cr_expect_str_eq(states("ftp"), "learned");
}

Test(training, retrain_begins_at_once_also_without_new_captures)
{
	arrive("spool/ftp/a.pcap", "conversations");
	finish(true, "00000000000000b1");
	cr_expect_eq(training_retrain(t, "ftp", &why), 0, "%s", why.text);
	cr_expect(fake.nold == 1 && fake.nnew == 0);
	cr_expect_eq(training_retrain(t, "ftp", &why), 1, "waits for its turn");
	finish(false, "00000000000000b2");
	cr_expect_str_eq(states("ftp"), "learned", "what was learned stays learned");
	cr_expect_eq(fake.started, 3u);
}

Test(training, retrain_without_a_capture_or_service_says_so)
{
	cr_expect_eq(training_retrain(t, "ftp", &why), -ENODATA);
	cr_expect_not_null(strstr(why.text, "no capture of service \"ftp\""), "%s", why.text);
	cr_expect_eq(training_retrain(t, "smtp", &why), -ENOENT);
	cr_expect_not_null(strstr(why.text, "no service \"smtp\""), "%s", why.text);
	cr_expect_str_eq(notes(), "");
}

Test(training, services_take_turns)
{
	arrive("spool/ftp/a.pcap", "conversations");
	arrive("spool/dns/a.pcap", "questions");
	arrive("spool/ftp/b.pcap", "more");
	cr_expect_eq(fake.started, 1u);
	finish(false, "00000000000000b1");
	cr_expect_str_eq(fake.service, "dns");
	fail(-ETIMEDOUT, false);
	cr_expect_str_eq(fake.service, "ftp");
	cr_expect_eq(fake.started, 3u);
}

/* More files than turns, into one service, with names that never repeat. */
Test(training, who_writes_without_end_holds_up_nobody)
{
	char name[48], bytes[16];

	for (unsigned i = 0; i < 250 && fake.started < 2; i++) {
		for (unsigned k = 0; k < 2; k++) {
			snprintf(name, sizeof name, "spool/ftp/%u-%u.pcap", i, k);
			snprintf(bytes, sizeof bytes, "talk %u %u", i, k);
			put(name, bytes);
		}
		if (i == 62)
			put("spool/dns/a.pcap", "questions");
		training_turn(t, now += 1000);
		if (i == 80) {
			cr_expect_str_eq(fake.service, "dns");
			finish(false, "00000000000000b1");
		}
	}
	cr_expect_str_eq(fake.service, "ftp", "what came in its first minute is learned");
	cr_expect(fake.nnew > 100 && fake.nnew < 130, "%u", fake.nnew);
}

Test(training, cancel_ends_the_job_and_all_that_wait)
{
	cr_expect_eq(training_cancel(t, &why), -ENOENT);
	arrive("spool/ftp/a.pcap", "conversations");
	arrive("spool/dns/a.pcap", "questions");
	cr_expect_eq(training_cancel(t, &why), 0);
	cr_expect(fake.cancelled);
	fail(-ECANCELED, false);
	turns();
	cr_expect_eq(fake.started, 1u);
	cr_expect_eq(training_retrain(t, "dns", &why), 0, "%s", why.text);
}

Test(training, a_capture_that_is_there_already_begins_nothing)
{
	arrive("spool/ftp/a.pcap", "conversations");
	finish(true, "00000000000000b1");
	arrive("spool/ftp/again.pcap", "conversations");
	cr_expect_eq(fake.started, 1u);
	cr_expect_eq(access("spool/ftp/again.pcap", F_OK), -1);
}

Test(training, what_a_killed_program_left_is_removed_and_new_captures_wait)
{
	arrive("spool/ftp/a.pcap", "conversations");
	put("state/ftp/candidate.mynah", "half");
	put("state/ftp/candidate.mynah.tmp", "half");
	fake.busy = false;
	close_all();
	open_all();
	cr_expect_eq(access("state/ftp/candidate.mynah", F_OK), -1);
	cr_expect_eq(access("state/ftp/candidate.mynah.tmp", F_OK), -1);
	turns();
	cr_expect_eq(fake.started, 1u, "what may have killed it is not begun again by itself");
	cr_expect_eq(training_retrain(t, "ftp", &why), 0, "%s", why.text);
	cr_expect_eq(fake.nnew, 1u);
}

static const char *
at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "(none)";
}

Test(training, status_tells_the_job_its_queue_and_the_last_results)
{
	json_t *o = training_status(t, 4000);

	cr_expect(json_is_false(json_object_get(o, "busy")));
	json_decref(o);
	arrive("spool/ftp/a.pcap", "conversations");
	arrive("spool/dns/a.pcap", "questions");
	o = training_status(t, 4000);
	cr_expect_str_eq(at(o, "service"), "ftp");
	cr_expect_str_eq(at(o, "stage"), "factorise");
	cr_expect_eq(json_integer_value(json_object_get(o, "percent")), 50);
	cr_expect_eq(json_integer_value(json_object_get(o, "seconds")), 3);
	cr_expect_str_eq(at(json_array_get(json_object_get(o, "queue"), 0), "service"), "dns");
	json_decref(o);
	finish(false, "00000000000000b1");
	o = training_results(t);
	cr_assert_eq(json_array_size(o), 1u);
	cr_expect_str_eq(at(json_array_get(o, 0), "outcome"), "refused");
	cr_expect_str_eq(at(json_array_get(o, 0), "why"), "ftp: the candidate is refused.");
	json_decref(o);
}

Test(training, the_corpus_is_listed_with_what_became_of_it)
{
	json_t *o, *one;

	arrive("spool/ftp/monday.pcap", "conversations");
	finish(true, "00000000000000b1");
	o = training_corpus(t, "ftp", &why);
	cr_assert_not_null(o, "%s", why.text);
	one = json_array_get(json_object_get(o, "corpus"), 0);
	cr_expect_str_eq(at(one, "capture"), "monday.pcap");
	cr_expect_str_eq(at(one, "state"), "learned");
	cr_expect_eq(json_integer_value(json_object_get(one, "conversations")), 10);
	cr_expect_eq(json_integer_value(json_object_get(one, "bytes")), 13);
	json_decref(o);
	cr_expect_null(training_corpus(t, "smtp", &why));
}
