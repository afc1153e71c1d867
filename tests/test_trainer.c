#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/trainer.h"
#include "learning/learn.h"
#include "models/image_save.h"
#include "tests/cases.h"
#include "tests/file.h"

#define DATA(name) TEST_ROOT "/tests/data/" name
#define FTP DATA("ftp-proftpd.pcap.gz")
#define SMALL DATA("ftp-small.pcap.gz")
#define SLOW DATA("http-nginx.pcap.gz")

enum { HOLD_OUT = 20 };

static char place[] = "/tmp/mynah-trainer-XXXXXX";
static struct trainer *t;
static struct diag why;

static const char *clusterer;	/* of the model on air; NULL: whatever is best */
static const char *definition;	/* file, of what mined it; NULL: nothing did */

static int
learn_job(struct pool *pool, void *path)
{
	/* What jobs judge by is held back, or it would be asked what it knows by heart. */
	struct learn_params p = { .name = "spoken", .clusterer = clusterer, .spare = HOLD_OUT };
	struct definition d = { 0 };
	struct learned l;
	int err;

	if (definition != NULL) {
		cr_assert_eq(definition_load(&d, definition, &why), 0, "%s", why.text);
		p.learner = "mining";
		p.definition = &d;
	}
	err = learn(&l, pool, (const char *const *)&path, 1, &p, &why);
	definition_fini(&d);
	return err < 0 ? err : image_save("running.mynah", l.image, &why);
}

/* The model on air, learned from a capture. */
static void
speak(const char *capture)
{
	struct pool pool;

	pool_init(&pool, 0);
	cr_assert_eq(pool_run(&pool, learn_job, (void *)capture), 0, "%s", why.text);
	pool_fini(&pool);
}

static void
begin(void)
{
	enter_new_folder(place);
	cr_assert_eq(trainer_create(&t, &why), 0, "%s", why.text);
}

/* Nothing is left behind but what the test itself made. */
static void
end(void)
{
	if (t != NULL)
		trainer_destroy(t);
	unlink("running.mynah");
	unlink("garbage.pcap");
	cr_expect_eq(access("next.mynah.tmp", F_OK), -1);
	unlink("next.mynah");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(place), 0, "files are left over");
}

TestSuite(trainer, .init = begin, .fini = end, .timeout = 400);

static struct trainer_job
job_of(const char *const *captures, uint32_t nold, uint32_t nnew, uint16_t port)
{
	return (struct trainer_job){ .service = "archive", .proto = MODEL_TCP, .port = port, .captures = captures,
		.nold = nold, .nnew = nnew, .running = "running.mynah", .image = "next.mynah", .hold_out = HOLD_OUT };
}

static struct trainer_result
result(void)
{
	struct pollfd p = { trainer_fd(t), POLLIN, 0 };
	struct trainer_result r;

	cr_assert_eq(poll(&p, 1, 100 * 1000), 1, "the job does not end");
	cr_assert(trainer_done(t, &r));
	cr_expect_not(trainer_done(t, &(struct trainer_result){ 0 }), "once");
	cr_expect_eq(poll(&p, 1, 0), 0, "the bell is quiet again");
	return r;
}

static struct trainer_result
run(const struct trainer_job *j)
{
	cr_assert_eq(trainer_start(t, j, &why), 0, "%s", why.text);
	return result();
}

static bool
is_there(const char *file)
{
	return access(file, F_OK) == 0;
}

Test(trainer, a_job_ends_with_a_whole_image_and_a_verdict)
{
	const char *captures[] = { FTP, SMALL };
	struct trainer_job j = job_of(captures, 1, 1, 21);
	struct trainer_result r;
	struct model *m;

	speak(FTP);
	r = run(&j);
	cr_assert_eq(r.err, 0, "%s", r.why.text);
	cr_expect_str_eq(r.service, "archive");
	cr_expect_str_eq(r.why.text, r.verdict.why.text);
	cr_expect_gt(r.verdict.messages[GATE_OLD].judged, 0u);
	cr_expect_gt(r.peak_bytes, 1u << 20);
	cr_assert_eq(r.ncaptures, 2u);
	cr_expect_eq(r.conversations[0], 500u);
	cr_expect_eq(r.conversations[1], 20u);
	cr_assert_eq(model_load(&m, "next.mynah", &why), 0, "%s", why.text);
	cr_expect_str_eq(model_version(m), r.version);
	cr_expect(span_eq(model_name(m), span_str("spoken")), "it keeps the running model's name for itself");
	model_destroy(m);
	trainer_result_fini(&r);
}

/* Who made a model; and does it speak on connections of its own? */
static bool
is_mined(const char *file, bool *opens)
{
	struct model *m;
	struct text said;
	char *text;
	size_t n;
	bool mined;

	cr_assert_eq(model_load(&m, file, &why), 0, "%s", why.text);
	cr_assert_eq(model_text(m, &text, &n, &why), 0, "%s", why.text);
	cr_assert_eq(text_parse(&said, file, span_of(text, n), &why), 0, "%s", why.text);
	mined = span_eq(said.learner, span_str("mining"));
	*opens = model_opens(m);
	text_fini(&said);
	free(text);
	model_destroy(m);
	return mined;
}

Test(trainer, a_definition_keeps_what_was_mined_and_what_goes_over_further_connections)
{
	const char *captures[] = { DATA("ftp-data-walks.pcap.gz") };
	struct trainer_job j = job_of(captures, 0, 1, 21);
	struct trainer_result r;
	bool opens;

	definition = TEST_ROOT "/scripts/services/ftp.service";
	speak(captures[0]);
	cr_assert(is_mined("running.mynah", &opens) && opens);
	j.definition = definition;
	r = run(&j);
	cr_assert_eq(r.err, 0, "%s", r.why.text);
	cr_expect(is_mined("next.mynah", &opens) && opens);
	trainer_result_fini(&r);
	j.definition = "nowhere.service";
	r = run(&j);
	cr_expect_eq(r.err, -ENOENT, "%s", r.why.text);
	cr_expect_not(r.unfit, "the captures can do nothing for it");
	cr_expect_not_null(strstr(r.why.text, "nowhere.service"), "%s", r.why.text);
	trainer_result_fini(&r);
}

Test(trainer, the_same_job_makes_the_same_image_and_it_passes)
{
	const char *captures[] = { FTP };
	struct trainer_job j = job_of(captures, 1, 0, 0);
	struct trainer_result a, b;

	speak(FTP);
	a = run(&j);
	b = run(&j);
	cr_assert(a.err == 0 && b.err == 0, "%s %s", a.why.text, b.why.text);
	cr_expect_str_eq(a.version, b.version);
	cr_expect(a.verdict.passed, "%s", a.why.text);
	trainer_result_fini(&a);
	trainer_result_fini(&b);
}

static const struct {
	const char *what, *clusterer, *capture;
	bool warm;
} basis[] = {
	{ "the service's own basis", "nmf", SMALL, true },
	{ "a model without one", "first-token", SMALL, false },
	{ "that of another service", "nmf", DATA("http-small.pcap.gz"), false },
};

/* Of a capture that NMF names, which is the first of equals there. */
EACH_CASE(trainer, learning_starts_at_the_running_models_basis_where_that_fits, basis)
{
	const char *captures[] = { SMALL };
	struct trainer_job j = job_of(captures, 1, 0, 0);
	struct trainer_result r;

	clusterer = basis[*i].clusterer;
	speak(basis[*i].capture);
	r = run(&j);
	cr_assert_eq(r.err, 0, "%s: %s", basis[*i].what, r.why.text);
	cr_expect_eq(r.warm, basis[*i].warm, "%s", basis[*i].what);
	trainer_result_fini(&r);
}

/* Waits until the job is in a stage. */
static void
wait_for(const char *stage)
{
	struct trainer_view v;

	do {
		poll(NULL, 0, 5);
		trainer_view(t, &v);
		cr_assert(v.busy, "the job ended before its stage \"%s\"", stage);
	} while (strcmp(v.stage, stage) != 0);
	cr_expect_str_eq(v.service, "archive");
	cr_expect(v.fraction >= 0 && v.fraction <= 1);
	cr_expect_gt(v.started_ms, 0);
}

static const char *const stages[] = { "read", "templates", "factorise", "choose" };

EACH_CASE(trainer, a_cancelled_job_leaves_nothing, stages)
{
	const char *captures[] = { SLOW };
	struct trainer_job j = job_of(captures, 0, 1, 80);
	struct trainer_result r;

	speak(FTP);
	cr_assert_eq(trainer_start(t, &j, &why), 0, "%s", why.text);
	wait_for(stages[*i]);
	trainer_cancel(t);
	r = result();
	cr_expect_eq(r.err, -ECANCELED, "%s", r.why.text);
	cr_expect_str_eq(r.why.text, "archive: learning was cancelled.");
	cr_expect_not(r.unfit);
	cr_expect_not(is_there("next.mynah"));
	trainer_result_fini(&r);
}

Test(trainer, a_job_past_its_time_says_so)
{
	const char *captures[] = { SLOW };
	struct trainer_job j = job_of(captures, 0, 1, 80);
	struct trainer_result r;

	speak(FTP);
	j.seconds = 1;
	r = run(&j);
	cr_expect_eq(r.err, -ETIMEDOUT, "%s", r.why.text);
	cr_expect_not_null(strstr(r.why.text, "not done after 1 s"), "%s", r.why.text);
	cr_expect_not(r.unfit || is_there("next.mynah"));
	trainer_result_fini(&r);
}

Test(trainer, a_job_beyond_its_memory_says_so_and_the_next_one_runs)
{
	const char *captures[] = { FTP };
	struct trainer_job j = job_of(captures, 1, 0, 21);
	struct trainer_result r;

	speak(FTP);
	j.memory_mb = 4;
	r = run(&j);
	cr_expect_eq(r.err, -ENOMEM, "%s", r.why.text);
	cr_expect_not_null(strstr(r.why.text, "memory-mb"), "%s", r.why.text);
	cr_expect_leq(r.peak_bytes, 4u << 20);
	cr_expect_not(r.unfit || is_there("next.mynah"));
	trainer_result_fini(&r);
	j.memory_mb = 0;
	r = run(&j);
	cr_expect_eq(r.err, 0, "%s", r.why.text);
	trainer_result_fini(&r);
}

static void
write_garbage(const void *bytes, size_t n)
{
	FILE *f = fopen("garbage.pcap", "we");

	cr_assert_not_null(f);
	fwrite(bytes, 1, n, f);
	fclose(f);
}

static const struct {
	const char *what, *capture, *says;	/* no capture: garbage.pcap */
	bool unfit;
} faults[] = {
	{ "no capture at all", NULL, "garbage.pcap", true },
	{ "a capture that is not there", "nowhere.pcap", "nowhere.pcap", true },
	{ "a capture of another protocol", DATA("dns-small.pcap.gz"), "tcp/21", true },
};

EACH_CASE(trainer, captures_at_fault_are_named, faults)
{
	const char *captures[] = { faults[*i].capture != NULL ? faults[*i].capture : "garbage.pcap" };
	struct trainer_job j = job_of(captures, 0, 1, 21);
	struct trainer_result r;

	write_garbage("garbage garbage garbage", 23);
	speak(FTP);
	r = run(&j);
	cr_expect_lt(r.err, 0, "%s", faults[*i].what);
	cr_expect_not_null(strstr(r.why.text, faults[*i].says), "%s", r.why.text);
	cr_expect_eq(r.unfit, faults[*i].unfit, "%s", faults[*i].what);
	cr_expect_not(is_there("next.mynah"));
	cr_expect_str_eq(r.version, "");
	trainer_result_fini(&r);
}

Test(trainer, a_new_capture_of_something_else_is_at_fault_beside_good_ones)
{
	const char *captures[] = { FTP, DATA("dns-small.pcap.gz") };
	struct trainer_job j = job_of(captures, 1, 1, 21);
	struct trainer_result r;

	speak(FTP);
	r = run(&j);
	cr_expect_eq(r.err, -ENOENT);
	cr_expect(r.unfit);
	cr_expect_not_null(strstr(r.why.text, "dns-small.pcap.gz: the new captures hold no conversation on tcp/21"), "%s",
	    r.why.text);
	trainer_result_fini(&r);
}

/* The job ends for garbage.pcap. */
static struct trainer_result
run_with_garbage(const char *const *captures, uint32_t nold, uint32_t nnew)
{
	struct trainer_job j = job_of(captures, nold, nnew, 21);
	struct trainer_result r;

	write_garbage("garbage garbage garbage", 23);
	speak(FTP);
	r = run(&j);
	cr_expect_lt(r.err, 0);
	cr_expect_not_null(strstr(r.why.text, "garbage.pcap"), "%s", r.why.text);
	return r;
}

Test(trainer, what_cannot_be_read_is_told_apart_from_what_came_with_it)
{
	const char *captures[] = { FTP, "garbage.pcap", FTP, "nowhere.pcap" };
	struct trainer_result r = run_with_garbage(captures, 1, 3);

	cr_expect(r.unfit);
	cr_assert_not_null(r.unreadable);
	cr_expect(!r.unreadable[0] && r.unreadable[1] && !r.unreadable[2] && r.unreadable[3]);
	trainer_result_fini(&r);
}

Test(trainer, a_new_capture_is_not_at_fault_for_an_old_one)
{
	const char *captures[] = { "garbage.pcap", FTP };
	struct trainer_result r = run_with_garbage(captures, 1, 1);

	cr_expect_not(r.unfit);
	cr_expect_null(r.unreadable);
	trainer_result_fini(&r);
}

Test(trainer, captures_of_the_service_on_another_port_are_found)
{
	const char *captures[] = { FTP };
	struct trainer_job j = job_of(captures, 0, 1, 2121);
	struct trainer_result r;

	speak(FTP);
	r = run(&j);
	cr_expect_eq(r.err, 0, "%s", r.why.text);
	cr_expect_eq(r.conversations[0], 500u);
	trainer_result_fini(&r);
}

Test(trainer, without_the_running_model_there_is_nothing_to_compare_with)
{
	const char *captures[] = { FTP };
	struct trainer_job j = job_of(captures, 0, 1, 21);
	struct trainer_result r = run(&j);

	cr_expect_lt(r.err, 0);
	cr_expect_not_null(strstr(r.why.text, "running.mynah"), "%s", r.why.text);
	cr_expect_not(r.unfit, "the capture may be good");
	trainer_result_fini(&r);
}

Test(trainer, there_is_one_job_at_a_time)
{
	const char *captures[] = { SLOW };
	struct trainer_job j = job_of(captures, 0, 1, 80);
	struct trainer_result r;

	speak(FTP);
	cr_assert_eq(trainer_start(t, &j, &why), 0, "%s", why.text);
	cr_expect_eq(trainer_start(t, &j, &why), -EBUSY);
	cr_expect_not_null(strstr(why.text, "archive"), "%s", why.text);
	trainer_cancel(t);
	r = result();
	trainer_result_fini(&r);
}

Test(trainer, the_end_of_the_program_ends_the_job)
{
	const char *captures[] = { SLOW };
	struct trainer_job j = job_of(captures, 0, 1, 80);

	speak(FTP);
	cr_assert_eq(trainer_start(t, &j, &why), 0, "%s", why.text);
	wait_for("factorise");
	trainer_destroy(t);
	t = NULL;
	cr_expect_not(is_there("next.mynah"));
}

Test(trainer, a_result_that_nobody_takes_goes_with_its_image)
{
	const char *captures[] = { FTP };
	struct trainer_job j = job_of(captures, 1, 0, 21);
	struct pollfd p = { trainer_fd(t), POLLIN, 0 };

	speak(FTP);
	cr_assert_eq(trainer_start(t, &j, &why), 0, "%s", why.text);
	cr_assert_eq(poll(&p, 1, 100 * 1000), 1);
	cr_expect(is_there("next.mynah"));
	trainer_destroy(t);
	t = NULL;
	cr_expect_not(is_there("next.mynah"));
}
