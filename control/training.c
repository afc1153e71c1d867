#include "control/training.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/batch.h"
#include "control/clock.h"
#include "control/log.h"
#include "control/verdict.h"
#include "models/beside.h"

enum { RETAIN_MS = 3600 * 1000 };

struct seat {			/* one service */
	struct training_service is;
	bool arrived;		/* captures came since the last job was asked for */
	bool wanted;		/* learn as soon as the trainer is free */
	bool waiting;		/* a model that passed waits for a slot */
	char base[17];		/* version that the candidate was judged against */
	char version[17];	/* the candidate's */
	char *kept;		/* its file in the store, while it waits */
	struct batch batch;
	json_t *last;		/* result; NULL: none yet */
};

struct training {
	struct training_config c;
	struct seat *seat;
	int at;			/* seat of the job under way; -1 */
	uint32_t turn;		/* who is looked at first for the next one */
	int64_t retained_ms;
};

/* Takes more. */
static void
note(struct training *t, const char *action, const struct seat *s, const char *version, json_t *more)
{
	export_note(t->c.export, action, s->is.name, version, more, clock_ms(CLOCK_REALTIME));
}

static void
note_why(struct training *t, const char *action, const struct seat *s, const char *version, const char *reason,
    const struct diag *why)
{
	log_say("%s", why->text);
	note(t, action, s, version, json_pack("{ss so}", "reason", reason, "why", verdict_sentence(why)));
}

static void
candidate_path(const struct training *t, const struct seat *s, char to[PATH_MAX])
{
	snprintf(to, PATH_MAX, "%s/%s/candidate.mynah", t->c.folder, s->is.name);
}

static void
remove_candidate(const struct training *t, const struct seat *s)
{
	char path[PATH_MAX];

	candidate_path(t, s, path);
	unlink(path);
}

static const struct store_service *
record_of(const struct training *t, const struct seat *s, struct diag *why)
{
	return store_service(t->c.store, s->is.name, why);
}

static const char *
on_air(const struct store_service *v)
{
	return v->on_air >= 0 ? v->model[v->on_air].version : "";
}

/* ---- a job begins ---- */

static int
gather(struct seat *s, const struct store_service *v, const struct spool *spool, struct diag *why)
{
	int err = batch_fill(&s->batch, v);

	if (err < 0)
		return diag_set(why, err, "%s: no memory to begin learning.", s->is.name);
	if (s->batch.n == 0)
		return diag_set(why, -ENODATA, "There is no capture of service \"%s\" to learn from; %s.", s->is.name,
		    spool != NULL ? "put one into its folder in the spool" : "configure a spool-folder and put one there");
	return 0;
}

static int
begin(struct training *t, struct seat *s, struct diag *why)
{
	const struct store_service *v = record_of(t, s, why);
	struct trainer_job job = { .service = s->is.name, .proto = s->is.proto, .port = s->is.port,
		.seconds = t->c.seconds, .memory_mb = t->c.memory_mb, .hold_out = t->c.hold_out,
		.no_scrub = t->c.no_scrub };
	char image[PATH_MAX];
	int err = v == NULL ? -EIO : gather(s, v, t->c.spool, why);

	s->wanted = false;
	if (err < 0)
		return err;
	candidate_path(t, s, image);
	job.captures = (const char *const *)s->batch.file;
	job.nold = s->batch.nold;
	job.nnew = s->batch.n - job.nold;
	job.running = v->on_air >= 0 ? v->model[v->on_air].file : s->is.file;
	job.image = image;
	job.definition = s->is.definition;
	snprintf(s->base, sizeof s->base, "%s", on_air(v));
	err = trainer_start(t->c.trainer, &job, why);
	if (err < 0)
		return err;
	t->at = (int)(s - t->seat);
	log_say("Learning service %s from %u new and %u old captures.", s->is.name, job.nnew, job.nold);
	note(t, "training", s, s->base, json_pack("{sI sI}", "old_captures", (json_int_t)job.nold, "new_captures",
	    (json_int_t)job.nnew));
	return 0;
}

/* The next service in turn, if the trainer is free. */
static void
begin_next(struct training *t)
{
	struct diag why;

	for (uint32_t k = 0; t->at < 0 && k < t->c.nservices; k++) {
		struct seat *s = &t->seat[t->turn];

		t->turn = (t->turn + 1) % t->c.nservices;
		if (s->wanted && !s->waiting && begin(t, s, &why) < 0)
			note_why(t, "failed", s, "", "error", &why);
	}
}

/* ---- a job has ended ---- */

/* New captures that were left out, or failed together, are learned next. */
static void
go_on(struct training *t, struct seat *s, enum due_end end)
{
	struct diag why;
	const struct store_service *v = record_of(t, s, &why);

	s->wanted |= v != NULL && due_more(v, s->batch.kind, end, s->batch.n - s->batch.nold);
}

static void
judge(struct training *t, struct seat *s, enum capture_state to)
{
	struct diag why;

	if (s->batch.n > 0 && store_judge(t->c.store, s->is.name, (const char *const *)s->batch.file,
		s->batch.conversations, s->batch.n, to, &why) < 0)
		log_say("%s", why.text);
	else
		go_on(t, s, DUE_JUDGED);
	batch_fini(&s->batch);
	if (store_retain(t->c.store, &why) < 0)
		log_say("%s", why.text);
}

/* What people see as the service's last result; takes nothing. */
static void
remember(struct seat *s, const char *outcome, const char *version, const struct diag *why)
{
	json_decref(s->last);
	s->last = json_pack("{ss ss ss sI so}", "service", s->is.name, "outcome", outcome, "version", version, "at",
	    (json_int_t)(clock_ms(CLOCK_REALTIME) / 1000), "why", verdict_sentence(why));
}

static void
stop_waiting(struct seat *s)
{
	s->waiting = false;
	free(s->kept);
	s->kept = NULL;
}

static void
published(struct training *t, struct seat *s, int slot)
{
	log_say("Service %s speaks version %s, which it has learned, from slot %d.", s->is.name, s->version, slot);
	note(t, "load", s, s->version, json_pack("{ss si ss}", "origin", verdict_origin(ORIGIN_TRAINED), "slot", slot,
	    "before", s->base));
	judge(t, s, CAPTURE_LEARNED);
	stop_waiting(s);
}

/* It passed, but is not to be had on air: the captures stay NEW. */
static void
not_published(struct training *t, struct seat *s, const struct diag *why)
{
	note_why(t, "refused", s, s->version, "error", why);
	remember(s, "failed", s->version, why);
	batch_fini(&s->batch);
	stop_waiting(s);
}

/* What was in the way (a full disk, no memory) may be there for long: only a person knows when to try again. */
static void
not_kept(struct training *t, struct seat *s, const struct diag *why)
{
	size_t n = strlen(why->text);
	struct diag more;

	n -= n > 0 && why->text[n - 1] == '.';
	diag_set(&more, 0, "%.*s; its captures stay new, and \"mynah ctl retrain %s\" tries again.", (int)MIN(n, 380u),
	    why->text, s->is.name);
	not_published(t, s, &more);
}

static void
publish(struct training *t, struct seat *s, const char *image)
{
	const struct store_service *v;
	struct diag why;
	int at = store_add_model(t->c.store, s->is.name, image, s->version, ORIGIN_TRAINED, &why), slot;

	v = at < 0 ? NULL : record_of(t, s, &why);
	s->kept = v == NULL ? NULL : strdup(v->model[at].file);
	if (v != NULL && s->kept == NULL)
		diag_set(&why, 0, "%s: no memory to put version %s on air.", s->is.name, s->version);
	if (s->kept == NULL) {
		not_kept(t, s, &why);
		return;
	}
	slot = reload_later(t->c.reload, s->kept, s->is.name, &why);
	s->waiting = slot == 0;
	if (slot > 0)
		published(t, s, slot);
	else if (slot < 0)
		not_kept(t, s, &why);
	else
		note(t, "busy", s, s->version, NULL);
}

static void
passed(struct training *t, struct seat *s, const char *image)
{
	struct diag why;
	const struct store_service *v = record_of(t, s, &why);

	if (v != NULL && strcmp(on_air(v), s->base) != 0) {
		log_say("Service %s speaks version %s since learning began; it is learned again.", s->is.name, on_air(v));
		s->wanted = true;
	} else if (strcmp(s->version, s->base) == 0) {
		judge(t, s, CAPTURE_LEARNED);	/* nothing new in them */
	} else {
		publish(t, s, image);
	}
}

/* Those that cannot be read; the others that came with them are tried once more, without. */
static void
refuse_unreadable(struct training *t, struct seat *s, const struct trainer_result *r)
{
	const char **file = calloc(s->batch.n + 1u, sizeof *file);
	const struct store_service *v;
	struct diag why;
	size_t n = 0;

	for (uint32_t i = 0; file != NULL && i < s->batch.n; i++)
		if (r->unreadable[i])
			file[n++] = s->batch.file[i];
	if (file == NULL || store_judge(t->c.store, s->is.name, file, NULL, n, CAPTURE_REFUSED, &why) < 0) {
		log_say("%s", file == NULL ? "No memory to refuse captures." : why.text);
		free(file);
		return;
	}
	v = record_of(t, s, &why);
	for (uint32_t i = 0; v != NULL && i < v->ncaptures; i++) {
		s->wanted |= v->capture[i].state == CAPTURE_NEW;
		for (size_t k = 0; k < n; k++)
			if (strcmp(v->capture[i].file, file[k]) == 0)
				log_say("Service %s: %s is no capture and is refused.", s->is.name, v->capture[i].origin);
	}
	free(file);
}

static bool
is_past_limit(const struct trainer_result *r)
{
	return r->err == -ENOMEM || r->err == -ETIMEDOUT;
}

/* No job could afford it, not even alone: instead of the trainer's sentence, one that says so. */
static void
say_refused(const struct training *t, const struct seat *s, int err, struct diag *why)
{
	const struct store_service *v = record_of(t, s, NULL);

	diag_set(why, 0, "%s: %s needs more %s than a job has, alone and in %d tries, and is refused; raise %s "
	    "(training), then put it into the spool again.", s->is.name,
	    s->batch.file[s->batch.nold], err == -ENOMEM ? "memory" : "time", STORE_TRIES,
	    err == -ENOMEM ? "memory-mb" : "seconds");
	if (v != NULL)
		verdict_by_origin(why, v);
}

/* Who fails past a limit must not make all later jobs fail. */
static void
heed_limit(struct training *t, struct seat *s, struct trainer_result *r)
{
	const char *const *fresh = (const char *const *)s->batch.file + s->batch.nold;
	uint32_t n = s->batch.n - s->batch.nold;
	struct diag why;
	int got = 0;

	if (is_past_limit(r) && n > 0)
		got = store_past_limit(t->c.store, s->is.name, fresh, n, &why);
	else if (r->err == -ENODATA && s->batch.kind != DUE_FRESH && n > 0)
		got = store_within_limit(t->c.store, s->is.name, fresh, n, &why);
	else
		return;
	if (got < 0)
		log_say("%s", why.text);
	else
		go_on(t, s, is_past_limit(r) ? DUE_PAST : DUE_FEW);
	if (got > 0)
		say_refused(t, s, r->err, &r->why);
}

static void
no_verdict(struct training *t, struct seat *s, struct trainer_result *r)
{
	heed_limit(t, s, r);
	note_why(t, "failed", s, "", verdict_reason(r), &r->why);
	remember(s, "failed", "", &r->why);
	if (r->unreadable != NULL && r->ncaptures == s->batch.n)
		refuse_unreadable(t, s, r);
	else if (r->unfit && !is_past_limit(r))	/* no memory says nothing about the captures */
		judge(t, s, CAPTURE_REFUSED);
	batch_fini(&s->batch);
}

static void
heed_result(struct training *t)
{
	const struct store_service *v;
	struct trainer_result r;
	char image[PATH_MAX];
	struct seat *s;

	if (t->at < 0 || !trainer_done(t->c.trainer, &r))
		return;
	s = &t->seat[t->at];
	t->at = -1;
	v = record_of(t, s, NULL);
	if (v != NULL)
		verdict_by_origin(&r.why, v);
	if (r.conversations != NULL && r.ncaptures == s->batch.n) {
		s->batch.conversations = r.conversations;
		r.conversations = NULL;
	}
	if (r.err < 0) {
		no_verdict(t, s, &r);
	} else {
		snprintf(s->version, sizeof s->version, "%s", r.version);
		log_say("%s", r.why.text);
		note(t, "verdict", s, r.version, verdict_json(&r));
		remember(s, r.verdict.passed ? "passed" : "refused", r.version, &r.why);
		candidate_path(t, s, image);
		if (r.verdict.passed)
			passed(t, s, image);
		else
			judge(t, s, CAPTURE_REFUSED);
	}
	remove_candidate(t, s);
	trainer_result_fini(&r);
}

bool
training_ended(struct training *t, const char *file, const char *name, int slot, const struct diag *why)
{
	for (uint32_t i = 0; i < t->c.nservices; i++) {
		struct seat *s = &t->seat[i];

		if (!s->waiting || strcmp(s->is.name, name) != 0 || strcmp(s->kept, file) != 0)
			continue;
		if (slot > 0)
			published(t, s, slot);
		else
			not_kept(t, s, why);
		return true;
	}
	return false;
}

/* Something else went on air while a model waited: what it was judged against is gone. */
static void
heed_others(struct training *t)
{
	for (uint32_t i = 0; i < t->c.nservices; i++) {
		struct seat *s = &t->seat[i];
		struct diag why;

		if (!s->waiting || reload_waits(t->c.reload, s->kept, s->is.name))
			continue;
		diag_set(&why, 0, "%s: another model went on air before version %s found a free slot; it is learned again.",
		    s->is.name, s->version);
		not_published(t, s, &why);
		s->wanted = true;
	}
}

/* ---- what arrives ---- */

/* One file a turn: its sum takes 2 s per GB. */
static void
heed_spool(struct training *t, int64_t now_ms)
{
	char path[PATH_MAX];
	struct diag why;
	struct seat *s;
	int i, err;

	if (t->c.spool == NULL)
		return;
	spool_turn(t->c.spool, now_ms);
	i = spool_ready(t->c.spool, now_ms);
	if (i < 0)
		return;
	s = &t->seat[i];
	if (spool_take(t->c.spool, i, path, sizeof path)) {
		err = store_add_capture(t->c.store, s->is.name, path, &why);
		s->arrived |= err >= 0;
		if (err < 0)		/* -EAGAIN: it arrives again once it is written */
			log_say("%s", why.text);
	}
	if (spool_batch_over(t->c.spool, i)) {
		s->wanted |= s->arrived;
		s->arrived = false;
	}
}

static void
retain(struct training *t, int64_t now_ms)
{
	struct diag why;

	if (t->at >= 0 || now_ms - t->retained_ms < RETAIN_MS)
		return;
	t->retained_ms = now_ms;
	if (store_retain(t->c.store, &why) < 0)
		log_say("%s", why.text);
}

void
training_turn(struct training *t, int64_t now_ms)
{
	if (t->retained_ms == 0)
		t->retained_ms = now_ms;
	heed_spool(t, now_ms);
	heed_result(t);
	heed_others(t);
	retain(t, now_ms);
	begin_next(t);
}

/* ---- questions and orders ---- */

static struct seat *
find(const struct training *t, const char *name, struct diag *why)
{
	for (uint32_t i = 0; i < t->c.nservices; i++)
		if (strcmp(t->seat[i].is.name, name) == 0)
			return &t->seat[i];
	diag_set(why, -ENOENT, "There is no service \"%.63s\" in the configuration.", name);
	return NULL;
}

int
training_retrain(struct training *t, const char *name, struct diag *why)
{
	struct seat *s = find(t, name, why);
	const struct store_service *v = s == NULL ? NULL : record_of(t, s, why);

	if (v == NULL)
		return -ENOENT;
	if (t->at >= 0 || s->waiting) {
		s->wanted = true;
		return 1;
	}
	return begin(t, s, why);
}

int
training_cancel(struct training *t, struct diag *why)
{
	unsigned n = t->at >= 0;

	for (uint32_t i = 0; i < t->c.nservices; i++) {
		n += t->seat[i].wanted;
		t->seat[i].wanted = false;
	}
	if (t->at >= 0)
		trainer_cancel(t->c.trainer);
	return n > 0 ? 0 : diag_set(why, -ENOENT, "Nothing is being learned.");
}

json_t *
training_status(const struct training *t, int64_t now_ms)
{
	json_t *o = json_object(), *queue = json_array();
	struct trainer_view v;

	trainer_view(t->c.trainer, &v);
	json_object_set_new(o, "busy", json_boolean(v.busy));
	if (v.busy) {
		json_object_set_new(o, "service", json_string(v.service));
		json_object_set_new(o, "stage", json_string(v.stage));
		json_object_set_new(o, "percent", json_integer((json_int_t)(v.fraction * 100)));
		json_object_set_new(o, "seconds", json_integer((json_int_t)((now_ms - v.started_ms) / 1000)));
	}
	for (uint32_t i = 0; i < t->c.nservices; i++)
		if (t->seat[i].wanted || t->seat[i].waiting)
			json_array_append_new(queue, json_pack("{ss ss}", "service", t->seat[i].is.name, "for",
			    t->seat[i].waiting ? "slot" : "trainer"));
	json_object_set_new(o, "queue", queue);
	return o;
}

json_t *
training_results(const struct training *t)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < t->c.nservices; i++)
		if (t->seat[i].last != NULL)
			json_array_append(list, t->seat[i].last);
	return list;
}

json_t *
training_corpus(const struct training *t, const char *name, struct diag *why)
{
	const struct seat *s = find(t, name, why);
	const struct store_service *v = s == NULL ? NULL : record_of(t, s, why);

	return v == NULL ? NULL : verdict_corpus(v);
}

/* ---- beginning and end ---- */

static void
remove_left_over(const struct training *t, const struct seat *s)
{
	char path[PATH_MAX], beside[BESIDE_PATH];

	candidate_path(t, s, path);
	unlink(path);
	if (beside_name(beside, path) == 0)
		unlink(beside);
}

int
training_create(struct training **out, const struct training_config *c, struct diag *why)
{
	struct training *t = calloc(1, sizeof *t);

	if (t != NULL)
		t->seat = calloc(MAX(c->nservices, 1u), sizeof *t->seat);
	if (t == NULL || t->seat == NULL) {
		free(t);
		return diag_set(why, -ENOMEM, "No memory for learning.");
	}
	t->c = *c;
	t->at = -1;
	for (uint32_t i = 0; i < c->nservices; i++) {
		t->seat[i].is = c->service[i];
		remove_left_over(t, &t->seat[i]);
	}
	*out = t;
	return 0;
}

void
training_destroy(struct training *t)
{
	for (uint32_t i = 0; i < t->c.nservices; i++) {
		batch_fini(&t->seat[i].batch);
		free(t->seat[i].kept);
		json_decref(t->seat[i].last);
	}
	free(t->seat);
	free(t);
}
