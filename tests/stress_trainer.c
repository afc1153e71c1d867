/*
 * stress_trainer.c - learning jobs begin, are looked at, cancelled at every stage, and finish, as control does it.
 *
 * Looking never waits: what the control thread and the job touch at the same time is raced over as often as there is
 * time for. A job that nobody cancels must end with the same image each time. A plain program: ThreadSanitizer does
 * not run under Criterion.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/trainer.h"
#include "learning/learn.h"
#include "models/image_save.h"
#include "tests/file.h"

/* No job begins after SECONDS, once two have finished; the control thread rests once in so many VIEWS. */
enum { SECONDS = 8, STAGES = 32, VIEWS = 8 };

#define CAPTURE TEST_ROOT "/tests/data/ftp-small.pcap.gz"

struct tally {
	struct trainer *t;
	unsigned finished, cancelled, views;
	const char *stage[STAGES];	/* seen by name; static strings */
	unsigned nstages;
	char version[17];
	const char *fault;
};

static int
learn_first(struct pool *pool, void *path)
{
	struct learn_params p = { .name = "spoken", .clusterer = "nmf" };
	struct learned l;
	struct diag why;

	if (learn(&l, pool, (const char *const *)&path, 1, &p, &why) < 0)
		return -1;
	return image_save("running.mynah", l.image, &why);
}

static void
saw(struct tally *y, const char *stage)
{
	for (unsigned i = 0; i < y->nstages; i++)
		if (strcmp(y->stage[i], stage) == 0)
			return;
	if (y->nstages < STAGES)
		y->stage[y->nstages++] = stage;
}

/* Looks at a job until it is done, or in its nth other stage; then asks it to end. */
static bool
watch(struct tally *y, unsigned nth)
{
	struct pollfd bell = { trainer_fd(y->t), POLLIN, 0 };
	const char *last = "";
	struct trainer_view v;

	while (poll(&bell, 1, 0) == 0) {
		trainer_view(y->t, &v);
		y->views++;
		if (!v.busy || strcmp(v.service, "archive") != 0 || v.fraction < 0 || v.fraction > 1)
			y->fault = "a view of a job under way is not one";
		saw(y, v.stage);
		if (strcmp(v.stage, last) != 0 && nth-- == 0) {
			trainer_cancel(y->t);
			return true;
		}
		last = v.stage;
		if (y->views % VIEWS == 0)
			usleep(200);
	}
	return false;
}

static void
heed(struct tally *y, bool asked_to_end)
{
	struct pollfd bell = { trainer_fd(y->t), POLLIN, 0 };
	struct trainer_result r;

	if (poll(&bell, 1, 60 * 1000) != 1 || !trainer_done(y->t, &r)) {
		y->fault = "a job does not end";
		return;
	}
	if (r.err == 0) {
		y->finished++;
		if (y->version[0] != '\0' && strcmp(y->version, r.version) != 0)
			y->fault = "the same job made another image";
		memcpy(y->version, r.version, sizeof y->version);
	} else if (r.err == -ECANCELED && asked_to_end) {
		y->cancelled++;
	} else {
		fprintf(stderr, "%s\n", r.why.text);
		y->fault = "a job failed";
	}
	trainer_result_fini(&r);
}

static const char *const captures[] = { CAPTURE };
static const struct trainer_job job = { .service = "archive", .proto = MODEL_TCP, .port = 21, .captures = captures,
	.nnew = 1, .running = "running.mynah", .image = "next.mynah", .hold_out = 20, .seconds = 300, .memory_mb = 512 };

/* nth: the stage in which it is cancelled, counted as they come; UINT32_MAX: never. */
static void
one_job(struct tally *y, unsigned nth)
{
	struct diag why;

	if (trainer_start(y->t, &job, &why) < 0)
		y->fault = "a job does not begin";
	else if (trainer_start(y->t, &job, &why) != -EBUSY)
		y->fault = "two jobs at a time";
	else
		heed(y, watch(y, nth));
}

/* The end of the program ends a job as well. */
static void
end_in_a_job(struct tally *y)
{
	struct diag why;

	if (trainer_start(y->t, &job, &why) == 0)
		watch(y, 2);
	trainer_destroy(y->t);
	if (access("next.mynah", F_OK) == 0 || access("next.mynah.tmp", F_OK) == 0)
		y->fault = "a job left something";
}

int
main(void)
{
	char place[] = "/tmp/mynah-trainer-XXXXXX";
	struct tally y = { 0 };
	struct pool pool;
	struct diag why;
	int64_t over;
	int err;

	enter_new_folder(place);
	pool_init(&pool, 0);
	err = pool_run(&pool, learn_first, CAPTURE);
	pool_fini(&pool);
	if (err < 0 || trainer_create(&y.t, &why) < 0)
		return 1;
	over = clock_ms(CLOCK_MONOTONIC) + SECONDS * 1000;
	for (unsigned i = 0; y.fault == NULL && (y.finished < 2 || clock_ms(CLOCK_MONOTONIC) < over); i++)
		one_job(&y, i % 4 == 0 ? UINT32_MAX : i % STAGES);
	end_in_a_job(&y);
	printf("%u jobs finished, %u cancelled, %u views of %u stages; %s\n", y.finished, y.cancelled, y.views, y.nstages,
	    y.fault != NULL ? y.fault : "no fault");
	unlink("running.mynah");
	unlink("next.mynah");
	if (chdir("/") < 0 || rmdir(place) < 0)
		return 1;
	return y.fault == NULL && y.finished > 1 && y.cancelled > 1 && y.nstages > 3 ? 0 : 1;
}
