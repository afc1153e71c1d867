/* What becomes of captures that arrive, and of what was learned from them. */
#include "tests/training_scene.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(training, .init = begin, .fini = end, .timeout = 60);

Test(training, a_capture_that_arrives_is_learned_and_goes_on_air)
{
	const struct store_service *v;

	arrive("spool/ftp/a.pcap", "conversations");
	cr_expect_str_eq(fake.service, "ftp");
	cr_expect(fake.nold == 0 && fake.nnew == 1);
	cr_expect_str_eq(states("ftp"), "new");
	cr_expect_not_null(strstr(fake.running, "00000000000000a0"), "%s", fake.running);
	cr_expect_str_eq(fake.definition, "ftp.service");
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
