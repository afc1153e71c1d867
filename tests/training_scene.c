#include "tests/training_scene.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/file.h"

/* ---- a trainer that ends when the test says so ---- */

struct fake_trainer fake;

int
trainer_start(struct trainer *self, const struct trainer_job *j, struct diag *because)
{
	(void)self;
	cr_assert_not(fake.busy);
	if (j->nnew == 99)
		return diag_set(because, -EAGAIN, "no thread");
	fake.busy = true;
	fake.cancelled = false;
	fake.started++;
	snprintf(fake.service, sizeof fake.service, "%s", j->service);
	snprintf(fake.image, sizeof fake.image, "%s", j->image);
	snprintf(fake.running, sizeof fake.running, "%s", j->running);
	snprintf(fake.definition, sizeof fake.definition, "%s", j->definition != NULL ? j->definition : "");
	fake.nold = j->nold;
	fake.nnew = j->nnew;
	for (uint32_t i = 0; i < j->nold + j->nnew; i++)
		cr_expect_eq(access(j->captures[i], R_OK), 0, "%s", j->captures[i]);
	return 0;
}

void
trainer_view(const struct trainer *self, struct trainer_view *to)
{
	(void)self;
	*to = (struct trainer_view){ .busy = fake.busy, .stage = "factorise", .fraction = 0.5, .started_ms = 1000 };
	snprintf(to->service, sizeof to->service, "%s", fake.service);
}

void
trainer_cancel(struct trainer *self)
{
	(void)self;
	fake.cancelled = true;
}

bool
trainer_done(struct trainer *self, struct trainer_result *r)
{
	(void)self;
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

struct fake_air air;
struct store *store;

void
goes_on_air(const char *service, const char *version)
{
	cr_assert_eq(store_on_air(store, service, version, &why), 0, "%s", why.text);
}

int
reload_later(struct reload *r, const char *file, const char *name, struct diag *because)
{
	(void)r;
	air.loads++;
	snprintf(air.file, sizeof air.file, "%s", file);
	cr_expect_eq(access(file, R_OK), 0, "%s", file);
	if (air.slot > 0)
		goes_on_air(name, "00000000000000b1");
	air.waits = air.slot == 0;
	return air.slot < 0 ? diag_set(because, air.slot, "no memory for it") : air.slot;
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
struct export export;
static struct reload reload;
struct training *t;
static struct spool *spool;
struct diag why;
int64_t now = 5000;

void
put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	cr_assert_not_null(f, "%s", file);
	fputs(text, f);
	fclose(f);
}

void
open_all(void)
{
	static const char *const names[] = { "ftp", "dns" };
	static const struct training_service services[] = {
		{ .name = "ftp", .file = "first.mynah", .definition = "ftp.service", .proto = MODEL_TCP, .port = 21 },
		{ .name = "dns", .file = "first.mynah", .proto = MODEL_UDP, .port = 53 } };
	struct training_config c = { .reload = &reload, .export = &export, .folder = "state", .service = services,
		.nservices = 2, .seconds = 60, .hold_out = 20 };

	cr_assert_eq(store_open(&store, "state", &(struct store_limits){ 0 }, &why), 0, "%s", why.text);
	cr_assert_eq(spool_open(&spool, "spool", names, 2, &why), 0, "%s", why.text);
	c.store = store;
	c.spool = spool;
	cr_assert_eq(training_create(&t, &c, &why), 0, "%s", why.text);
}

void
close_all(void)
{
	training_destroy(t);
	spool_close(spool);
	store_close(store);
}

void
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

void
end(void)
{
	char command[64];

	close_all();
	export_close(&export);
	snprintf(command, sizeof command, "cd / && rm -r %s", place);
	cr_expect_eq(system(command), 0);
}

void
turns(void)
{
	for (unsigned i = 0; i < 8; i++)
		training_turn(t, now += SPOOL_SETTLE_MS);
}

void
arrive(const char *file, const char *bytes)
{
	put(file, bytes);
	turns();
}

void
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

void
fail(int err, bool unfit)
{
	cr_assert(fake.busy);
	fake.result = (struct trainer_result){ .err = err, .unfit = unfit };
	diag_set(&fake.result.why, 0, "it failed.");
	fake.over = true;
	training_turn(t, ++now);
}

const char *
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

const char *
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
