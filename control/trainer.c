#include "control/trainer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/job.h"
#include "learning/learn.h"
#include "learning/trace.h"
#include "models/image_save.h"

enum { STACK_BYTES = 8 << 20, NICE = 10 };

/* Between trainer_start() and the join only the atomics are touched from both sides. */
struct trainer {
	int bell;			/* an eventfd */
	pthread_t thread;
	bool busy;			/* there is a thread, or one to be joined */
	int64_t started_ms;
	struct trainer_job asked;	/* strings are ours */
	struct trainer_result result;
	_Atomic(const char *) stage;
	_Atomic uint32_t permille;
	atomic_bool cancel, over;
};

struct run {				/* what the thread works with */
	struct trainer *t;
	const struct trainer_job *asked;
	struct trainer_result *result;
	struct job job;
	void *(*get)(void *ctx, size_t bytes);	/* the job's own */
	int64_t deadline_ms;		/* 0: none */
	bool late;
	struct corpus *corpus;		/* as it was captured */
	const struct corpus *clean;	/* without secrets: what is learned, and what judges */
	bool *held;
	struct definition definition;
	struct learn_params params;	/* of what is learned */
	struct model *running, *candidate;
	struct text said;		/* the running model's */
};

/* Does the job have to end now? */
static void
look_up(struct run *r)
{
	if (r->deadline_ms != 0 && clock_ms(CLOCK_MONOTONIC) >= r->deadline_ms)
		r->late = true;
	if (r->late || atomic_load_explicit(&r->t->cancel, memory_order_relaxed))
		pool_cancel(&r->job.pool);
}

static void
on_progress(void *ctx, const char *stage, double fraction)
{
	struct run *r = ctx;

	atomic_store_explicit(&r->t->stage, stage, memory_order_relaxed);
	atomic_store_explicit(&r->t->permille, (uint32_t)(MIN(MAX(fraction, 0.0), 1.0) * 1000), memory_order_relaxed);
	look_up(r);
	pool_check(&r->job.pool);
}

/* What works long without a word allocates: the clock is looked at for every chunk. */
static void *
get_chunk(void *ctx, size_t bytes)
{
	struct run *r = (struct run *)((char *)ctx - offsetof(struct run, job));

	look_up(r);
	return r->get(ctx, bytes);
}

static void
release_model(void *arg)
{
	model_destroy(*(struct model **)arg);
}

static void
release_text(void *arg)
{
	text_fini(arg);
}

static int
load_running(struct run *r, struct pool *pool)
{
	struct trainer_result *out = r->result;
	char *text;
	size_t n;
	int err;

	pool_defer(pool, release_text, &r->said);
	pool_defer(pool, release_model, &r->running);
	err = model_load(&r->running, r->asked->running, &out->why);
	if (err == 0)
		err = model_text(r->running, &text, &n, &out->why);
	if (err < 0)
		return err;
	err = text_parse(&r->said, r->asked->running, span_of(text, n), &out->why);
	free(text);
	return err;
}

static void
release_definition(void *arg)
{
	definition_fini(arg);
}

/* How it is learned: from there on with what is known of the service. */
static int
prepare(struct run *r, struct pool *pool, const struct progress *progress)
{
	const struct trainer_job *j = r->asked;
	struct span name = model_name(r->running);
	int err = 0;

	r->params = (struct learn_params){ .seed = j->seed, .progress = progress, .before = &r->said,
		.no_scrub = j->no_scrub };
	r->params.name = memcpy(pool_alloc(pool, name.n + 1), name.p, name.n);
	if (j->definition == NULL)
		return 0;
	pool_defer(pool, release_definition, &r->definition);
	err = definition_load(&r->definition, j->definition, &r->result->why);
	r->params.definition = &r->definition;
	return err;
}

static bool *
mark(struct trainer_result *out, const struct trainer_job *j, uint32_t capture)
{
	if (out->unreadable == NULL)
		out->unreadable = calloc((size_t)j->nold + j->nnew, sizeof *out->unreadable);
	if (out->unreadable != NULL)
		out->unreadable[capture] = true;
	return out->unreadable;
}

/* It says nothing about the file. */
static bool
is_passing(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EIO;
}

/* What is no capture must not take those with it that came at the same time. */
static int
open_each(struct run *r)
{
	const struct trainer_job *j = r->asked;
	struct trainer_result *out = r->result;
	struct diag why;
	int err = 0;

	out->ncaptures = j->nold + j->nnew;
	for (uint32_t i = 0; i < out->ncaptures; i++) {
		struct trace *trace;
		int bad;

		on_progress(r, "read", 0);
		bad = trace_open(&trace, j->captures[i], &why);
		if (bad == 0) {
			trace_close(trace);
			continue;
		}
		if (err == 0)
			out->why = why;
		err = err < 0 ? err : bad;
		if (i < j->nold || is_passing(bad) || mark(out, j, i) == NULL)
			return err;
	}
	out->unfit = err < 0;
	return err;
}

/* Captures of the service on its port, or on the one where they have it. */
static int
load_captures(struct run *r, struct pool *pool)
{
	const struct trainer_job *j = r->asked;
	struct corpus_options o = { .proto = j->proto, .port = j->port, .seed = j->seed,
		.related = learn_uses_related(&r->params), .budget_bytes = LEARN_BUDGET_BYTES,
		.progress = on_progress, .ctx = r };
	struct diag *why = &r->result->why;
	struct diag elsewhere;
	int err;

	err = corpus_load(&r->corpus, pool, &o, j->captures, (size_t)j->nold + j->nnew, why);
	if (err == -ENOENT && o.port != 0) {
		o.port = 0;
		o.proto = 0;
		if (corpus_load(&r->corpus, pool, &o, j->captures, (size_t)j->nold + j->nnew, &elsewhere) == 0 &&
		    r->corpus->proto == j->proto)
			err = 0;
	}
	r->result->unfit = err < 0 && j->nnew > 0;
	return err;
}

static int
check_captures(struct run *r)
{
	const struct trainer_job *j = r->asked;
	struct trainer_result *out = r->result;
	const struct corpus *c = r->corpus;
	uint32_t fresh = 0;

	if (c->proto != model_proto(r->running)) {
		out->unfit = j->nnew > 0;
		return diag_set(&out->why, -EINVAL, "%s: the captures are of another protocol than the service.",
		    c->sources[c->nsources - 1].name);
	}
	out->conversations = calloc(c->nsources, sizeof *out->conversations);
	if (out->conversations == NULL)
		return -ENOMEM;
	out->ncaptures = c->nsources;
	for (uint32_t i = 0; i < c->nsources; i++) {
		out->conversations[i] = c->sources[i].conversations;
		fresh += i >= j->nold ? c->sources[i].conversations : 0;
	}
	if (fresh > 0 || j->nnew == 0)
		return 0;
	out->unfit = true;
	return diag_set(&out->why, -ENOENT, "%s: the new captures hold no conversation on %s/%u.",
	    c->sources[j->nold].name, c->proto == PROTO_TCP ? "tcp" : "udp", c->port);
}

static int
make_image(struct run *r, struct pool *pool)
{
	const struct trainer_job *j = r->asked;
	struct trainer_result *out = r->result;
	bool *use = pool_array(pool, r->corpus->nconversations, sizeof *use);
	struct learned learned;
	int err;

	for (uint32_t i = 0; i < r->corpus->nconversations; i++)
		use[i] = !r->held[i];
	r->clean = learn_scrub(pool, r->corpus, &r->params);
	err = learn_image(&learned, pool, r->clean, use, &r->params, &out->why);
	out->warm = err == 0 && learned.report.nmf.warm;
	out->unfit = err < 0 && err != -ENODATA && err != -ENOMEM && j->nnew > 0;	/* too few: more may come */
	if (err < 0)
		return err;
	return image_save(j->image, learned.image, &out->why);
}

static int
judge(struct run *r, struct pool *pool, const struct progress *progress)
{
	struct trainer_result *out = r->result;
	struct gate_input in = { .service = r->asked->service, .running = r->running, .said = &r->said,
		.corpus = r->clean, .nold = r->asked->nold, .held = r->held, .progress = progress };
	int err;

	pool_defer(pool, release_model, &r->candidate);
	err = model_load(&r->candidate, r->asked->image, &out->why);
	if (err < 0)
		return err;
	snprintf(out->version, sizeof out->version, "%s", model_version(r->candidate));
	progress_at(progress, "judge", 0);
	in.candidate = r->candidate;
	gate_judge(&out->verdict, pool, &in);
	out->why = out->verdict.why;
	return 0;
}

static int
work_in_pool(struct pool *pool, void *ctx)
{
	struct run *r = ctx;
	const struct progress progress = { on_progress, r };
	int err = load_running(r, pool);

	if (err == 0)
		err = prepare(r, pool, &progress);
	if (err == 0)
		err = open_each(r);
	if (err == 0)
		err = load_captures(r, pool);
	if (err == 0)
		err = check_captures(r);
	if (err < 0)
		return err;
	r->held = corpus_held_out(pool, r->corpus, r->asked->hold_out);
	err = make_image(r, pool);
	return err < 0 ? err : judge(r, pool, &progress);
}

/* A sentence for what the pool ends without one. */
static int
explain(const struct run *r, int err)
{
	const struct trainer_job *j = r->asked;
	struct diag *why = &r->result->why;

	if (r->late && err < 0)
		return diag_set(why, -ETIMEDOUT, "%s: learning was not done after %u s (training: seconds); allow more "
		    "time, or give fewer captures.", j->service, j->seconds);
	if (err == -ECANCELED)
		return diag_set(why, err, "%s: learning was cancelled.", j->service);
	if (err == -ENOMEM)
		return diag_set(why, err, "%s: learning needs more than %s (training: memory-mb); allow more, or give "
		    "fewer captures.", j->service, j->memory_mb > 0 ? "it is allowed" : "there is");
	return err;
}

/* The last that the scheduler serves; where it may not be, learning is merely less polite. */
static void
stand_back(void)
{
	struct sched_param none = { 0 };

	pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}

static void *
work(void *arg)
{
	struct trainer *t = arg;
	struct trainer_result *out = &t->result;
	struct run r = { .t = t, .asked = &t->asked, .result = out };
	int64_t began = clock_ms(CLOCK_MONOTONIC);
	uint64_t one = 1;

	stand_back();
	if (t->asked.seconds > 0)
		r.deadline_ms = began + (int64_t)t->asked.seconds * 1000;
	out->err = job_init(&r.job, (size_t)t->asked.memory_mb << 20, &out->why);
	if (out->err == 0) {
		r.get = r.job.pool.get;
		r.job.pool.get = get_chunk;
		out->err = explain(&r, pool_run(&r.job.pool, work_in_pool, &r));
		out->peak_bytes = r.job.pool.peak_bytes;
		job_fini(&r.job);
	}
	if (out->err < 0)
		unlink(t->asked.image);
	out->seconds = (double)(clock_ms(CLOCK_MONOTONIC) - began) / 1000;
	atomic_store_explicit(&t->over, true, memory_order_release);
	if (write(t->bell, &one, sizeof one) < 0)
		one = 0;		/* full: it rings already */
	return NULL;
}

int
trainer_create(struct trainer **out, struct diag *why)
{
	struct trainer *t = calloc(1, sizeof *t);

	if (t == NULL)
		return diag_set(why, -ENOMEM, "No memory for the trainer.");
	t->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->bell < 0) {
		int err = -errno;

		free(t);
		return diag_set(why, err, "No trainer: %s.", strerror(-err));
	}
	atomic_init(&t->stage, "");
	*out = t;
	return 0;
}

static void
forget_job(struct trainer_job *j)
{
	for (uint32_t i = 0; j->captures != NULL && i < j->nold + j->nnew; i++)
		free((char *)j->captures[i]);
	free((void *)j->captures);
	free((char *)j->service);
	free((char *)j->running);
	free((char *)j->definition);
	free((char *)j->image);
	*j = (struct trainer_job){ 0 };
}

static int
copy_job(struct trainer_job *to, const struct trainer_job *from)
{
	uint32_t n = from->nold + from->nnew;
	char **captures = calloc(n + 1u, sizeof *captures);
	bool whole = captures != NULL;

	*to = *from;
	to->captures = (const char *const *)captures;
	for (uint32_t i = 0; whole && i < n; i++)
		whole = (captures[i] = strdup(from->captures[i])) != NULL;
	to->service = strdup(from->service);
	to->running = strdup(from->running);
	to->image = strdup(from->image);
	to->definition = from->definition == NULL ? NULL : strdup(from->definition);
	if (whole && to->service != NULL && to->running != NULL && to->image != NULL &&
	    (to->definition != NULL) == (from->definition != NULL))
		return 0;
	forget_job(to);
	return -ENOMEM;
}

static int
start_thread(struct trainer *t)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);	/* whatever the limits of the shell were */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->thread, &attr, work, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int
trainer_start(struct trainer *t, const struct trainer_job *job, struct diag *why)
{
	int err;

	if (t->busy)
		return diag_set(why, -EBUSY, "A model of %s is being learned; wait for it, or cancel it.",
		    t->asked.service);
	err = copy_job(&t->asked, job);
	if (err < 0)
		return diag_set(why, err, "%s: no memory to begin learning.", job->service);
	t->result = (struct trainer_result){ 0 };
	snprintf(t->result.service, sizeof t->result.service, "%s", job->service);
	atomic_store(&t->cancel, false);
	atomic_store(&t->over, false);
	atomic_store(&t->stage, "begin");
	atomic_store(&t->permille, 0);
	t->started_ms = clock_ms(CLOCK_MONOTONIC);
	err = start_thread(t);
	if (err < 0) {
		diag_set(why, err, "%s: learning cannot begin: %s.", job->service, strerror(-err));
		forget_job(&t->asked);
		return err;
	}
	t->busy = true;
	return 0;
}

void
trainer_view(const struct trainer *t, struct trainer_view *to)
{
	*to = (struct trainer_view){ .busy = t->busy, .stage = "" };
	if (!t->busy)
		return;
	snprintf(to->service, sizeof to->service, "%s", t->asked.service);
	to->stage = atomic_load_explicit(&t->stage, memory_order_relaxed);
	to->fraction = atomic_load_explicit(&t->permille, memory_order_relaxed) / 1000.0;
	to->started_ms = t->started_ms;
}

void
trainer_cancel(struct trainer *t)
{
	atomic_store_explicit(&t->cancel, true, memory_order_relaxed);
}

int
trainer_fd(const struct trainer *t)
{
	return t->bell;
}

bool
trainer_done(struct trainer *t, struct trainer_result *r)
{
	uint64_t rings;

	if (!t->busy || !atomic_load_explicit(&t->over, memory_order_acquire))
		return false;
	pthread_join(t->thread, NULL);
	if (read(t->bell, &rings, sizeof rings) < 0)
		rings = 0;
	t->busy = false;
	*r = t->result;
	forget_job(&t->asked);
	return true;
}

void
trainer_result_fini(struct trainer_result *r)
{
	free(r->conversations);
	free(r->unreadable);
	r->conversations = NULL;
	r->unreadable = NULL;
}

void
trainer_destroy(struct trainer *t)
{
	if (t->busy) {
		trainer_cancel(t);
		pthread_join(t->thread, NULL);
		if (t->result.err == 0)
			unlink(t->asked.image);
		trainer_result_fini(&t->result);
		forget_job(&t->asked);
	}
	close(t->bell);
	free(t);
}
