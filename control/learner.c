#include "control/learner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl.h"
#include "learning/mining/definition.h"

static void
on_ended(void *ctx, const char *file, const char *name, int slot, const struct diag *why)
{
	const struct learner *l = ctx;

	training_ended(l->training, file, name, slot, why);
}

/* The first port that the configuration gives a model. */
static void
find_port(struct training_service *to, const struct conf *c, uint32_t model)
{
	struct conf_service *s;

	for (uint32_t i = 0; (s = conf_service(c, i)) != NULL && to->port == 0; i++) {
		if (s->model == NULL || s->model_index != model)
			continue;
		to->proto = s->proto;
		to->port = s->first;
	}
}

static int
list_services(struct learner *l, const struct conf *c)
{
	l->service = calloc(c->models_count + 1u, sizeof *l->service);
	for (uint32_t i = 0; l->service != NULL && i < c->models_count; i++) {
		l->service[i] = (struct training_service){ .name = c->models[i].name, .file = c->models[i].file,
			.definition = c->models[i].definition };
		find_port(&l->service[i], c, i);
	}
	return l->service == NULL ? -ENOMEM : 0;
}

static int
open_spool(struct learner *l, const struct conf *c, struct diag *why)
{
	const char *names[SET_SLOTS];

	for (uint32_t i = 0; i < c->models_count; i++)
		names[i] = c->models[i].name;
	return spool_open(&l->spool, c->spool, names, c->models_count, why);
}

int
learner_check(const struct conf *c, struct diag *why)
{
	struct definition d;
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < c->models_count; i++)
		if (c->models[i].definition != NULL) {
			err = definition_load(&d, c->models[i].definition, why);
			definition_fini(&d);
		}
	return err;
}

int
learner_open(struct learner *l, const struct conf *c, struct reload *r, struct export *x, struct diag *why)
{
	struct training_config t = { .store = r->store, .reload = r, .export = x, .folder = c->state,
		.nservices = c->models_count, .seconds = c->training.seconds, .memory_mb = c->training.memory_mb,
		.hold_out = c->training.hold_out, .no_scrub = c->training.scrub == SWITCH_NO };
	int err;

	err = learner_check(c, why);
	if (err < 0 || r->store == NULL)
		return err;
	err = list_services(l, c);
	if (err < 0)
		return diag_set(why, err, "No memory for learning.");
	if (c->spool != NULL)
		err = open_spool(l, c, why);
	if (err == 0)
		err = trainer_create(&l->trainer, why);
	t.spool = l->spool;
	t.trainer = l->trainer;
	t.service = l->service;
	if (err == 0)
		err = training_create(&l->training, &t, why);
	if (err < 0) {
		learner_close(l);
		return err;
	}
	r->ended = on_ended;
	r->ctx = l;
	return 0;
}

int
learner_spool_fd(const struct learner *l)
{
	return l->spool != NULL ? spool_fd(l->spool) : -1;
}

int
learner_trainer_fd(const struct learner *l)
{
	return l->trainer != NULL ? trainer_fd(l->trainer) : -1;
}

void
learner_turn(struct learner *l, int64_t now_ms)
{
	if (l->training != NULL)
		training_turn(l->training, now_ms);
}

static json_t *
retrain(struct learner *l, const char *name, bool *ok)
{
	struct diag why;
	int waits = training_retrain(l->training, name, &why);

	if (waits < 0)
		return ctl_refuse(ok, "%s", why.text);
	return json_pack("{ss sb}", "service", name, "waits", waits);
}

static json_t *
cancel(struct learner *l, bool *ok)
{
	struct diag why;

	return training_cancel(l->training, &why) < 0 ? ctl_refuse(ok, "%s", why.text) : json_object();
}

static json_t *
corpus(const struct learner *l, const char *name, bool *ok)
{
	struct diag why;
	json_t *o = training_corpus(l->training, name, &why);

	return o == NULL ? ctl_refuse(ok, "%s", why.text) : o;
}

json_t *
learner_answer(struct learner *l, unsigned argc, char *const *argv, bool *ok)
{
	bool by_name = strcmp(argv[0], "retrain") == 0 || strcmp(argv[0], "corpus") == 0;

	if (!by_name && strcmp(argv[0], "cancel") != 0)
		return NULL;
	if (l->training == NULL)
		return ctl_refuse(ok, "Nothing is learned here: the configuration has no state-folder.");
	if (argc != 1u + by_name)
		return ctl_refuse(ok, by_name ? "%s needs the name of a service." : "%s stands alone.", argv[0]);
	if (!by_name)
		return cancel(l, ok);
	return argv[0][0] == 'r' ? retrain(l, argv[1], ok) : corpus(l, argv[1], ok);
}

void
learner_tell(const struct learner *l, json_t *status, int64_t now_ms)
{
	if (l->training == NULL)
		return;
	json_object_set_new(status, "training", training_status(l->training, now_ms));
	json_object_set_new(status, "trained", training_results(l->training));
}

void
learner_close(struct learner *l)
{
	if (l->trainer != NULL)
		trainer_destroy(l->trainer);
	if (l->training != NULL)
		training_destroy(l->training);
	if (l->spool != NULL)
		spool_close(l->spool);
	free(l->service);
	*l = (struct learner){ 0 };
}
