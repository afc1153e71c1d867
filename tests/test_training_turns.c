/* Whose turn it is: asked for, waiting, cancelled, begun anew; and what is told of it. */
#include "tests/training_scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(training_turns, .init = begin, .fini = end, .timeout = 60);

Test(training_turns, retrain_begins_at_once_also_without_new_captures)
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

Test(training_turns, retrain_without_a_capture_or_service_says_so)
{
	cr_expect_eq(training_retrain(t, "ftp", &why), -ENODATA);
	cr_expect_not_null(strstr(why.text, "no capture of service \"ftp\""), "%s", why.text);
	cr_expect_eq(training_retrain(t, "smtp", &why), -ENOENT);
	cr_expect_not_null(strstr(why.text, "no service \"smtp\""), "%s", why.text);
	cr_expect_str_eq(notes(), "");
}

Test(training_turns, services_take_turns)
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
Test(training_turns, who_writes_without_end_holds_up_nobody)
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

Test(training_turns, cancel_ends_the_job_and_all_that_wait)
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

Test(training_turns, a_capture_that_is_there_already_begins_nothing)
{
	arrive("spool/ftp/a.pcap", "conversations");
	finish(true, "00000000000000b1");
	arrive("spool/ftp/again.pcap", "conversations");
	cr_expect_eq(fake.started, 1u);
	cr_expect_eq(access("spool/ftp/again.pcap", F_OK), -1);
}

Test(training_turns, what_a_killed_program_left_is_removed_and_new_captures_wait)
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

Test(training_turns, status_tells_the_job_its_queue_and_the_last_results)
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

Test(training_turns, the_corpus_is_listed_with_what_became_of_it)
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
