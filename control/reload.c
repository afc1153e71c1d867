#include "control/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/history.h"
#include "control/log.h"
#include "models/selftest.h"

static const char *
proto_name(uint8_t proto)
{
	return proto == MODEL_TCP ? "tcp" : "udp";
}

enum { SERVICE_ROOM = sizeof ((struct set *)0)->name[0] };

struct waiting {		/* a file that found no free slot */
	struct waiting *next;
	char *file;
	char name[SERVICE_ROOM];
};

/*
 * A fifo or a device would keep control waiting; model_load() reads to the end. A model that
 * does not say what it said when it was made stays outside.
 */
static int
load_file(struct model **out, const char *file, struct diag *why)
{
	struct diag differs;
	struct stat st;
	int err;

	if (stat(file, &st) < 0)
		return diag_set(why, -errno, "The model %s cannot be read: %s.", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return diag_set(why, -EINVAL, "The model %s is not a file.", file);
	err = model_load(out, file, why);
	if (err < 0)
		return err;
	err = selftest_run(*out, &differs);
	if (err < 0) {
		model_destroy(*out);
		return diag_set(why, err, "The model %s is refused: %s", file, differs.text);
	}
	return 0;
}

static void
introduce(struct reload *r, int slot, const char *service, const struct model *m)
{
	struct voice *v = &r->voice[slot];
	struct span name = model_name(m);

	snprintf(v->service, sizeof v->service, "%s", service);
	snprintf(v->model, sizeof v->model, "%.*s", (int)MIN(name.n, sizeof v->model - 1),
	    (const char *)name.p);
	snprintf(v->version, sizeof v->version, "%s", model_version(m));
	v->since = time(NULL);
}

static int
check_protocols(const struct conf *c, struct model *const *models, struct diag *why)
{
	const struct conf_service *s;

	for (uint32_t i = 0; (s = conf_service(c, i)) != NULL; i++)
		if (s->model != NULL && model_proto(models[s->model_index]) != s->proto)
			return diag_set(why, -EINVAL, "The service on %s cannot be model \"%s\": %s speaks %s.",
			    s->port, s->model, c->models[s->model_index].file,
			    proto_name(model_proto(models[s->model_index])));
	return 0;
}

/* All models of the configuration, in its order. */
static int
load_all(const struct conf *c, struct model **models, struct diag *why)
{
	uint32_t n = 0;
	int err = 0;

	while (err == 0 && n < c->models_count) {
		err = load_file(&models[n], c->models[n].file, why);
		n += err == 0;
	}
	if (err == 0)
		err = check_protocols(c, models, why);
	if (err < 0)
		while (n > 0)
			model_destroy(models[--n]);
	return err;
}

int
reload_check(const struct conf *c, struct diag *why)
{
	struct model *models[SET_SLOTS];
	int err = load_all(c, models, why);

	for (uint32_t i = 0; err == 0 && i < c->models_count; i++)
		model_destroy(models[i]);
	return err;
}

static uint8_t
action_of(enum conf_action a)
{
	static const uint8_t actions[] = { [CONF_UNSET] = ACTION_RESET, [CONF_SILENT] = ACTION_SILENT,
		[CONF_DROP] = ACTION_DROP, [CONF_RESET] = ACTION_RESET, [CONF_HANDSHAKE] = ACTION_HANDSHAKE };

	return actions[a];
}

static void
fill_profile(struct profile *to, const struct conf_profile *f, const int *slots)
{
	snprintf(to->name, sizeof to->name, "%s", f->name != NULL ? f->name : "");
	to->persona = f->who;
	to->ping = f->ping == SWITCH_YES;
	to->share = f->share;
	to->other_tcp = to->other_udp = (struct target){ .action = action_of(f->action) };
	for (uint32_t i = 0; i < f->services_count; i++) {
		const struct conf_service *v = &f->services[i];
		struct target *of = v->proto == MODEL_TCP ? to->tcp : to->udp;
		struct target t = v->model == NULL ? (struct target){ .action = action_of(*v->action) } :
		    (struct target){ .action = ACTION_ANSWER, .slot = (uint8_t)slots[v->model_index] };

		for (uint32_t port = v->first; port <= v->last; port++)
			of[port] = t;
	}
}

/* False without memory. */
static bool
add_range(struct set *s, struct conf_prefix *p, const int *slots, const uint8_t key[PRF_KEY])
{
	struct range *to = set_add_range(s, &p->addr, p->bits);

	if (to == NULL)
		return false;
	to->on_link = p->on_link == SWITCH_YES;
	to->key = key;
	for (uint32_t i = 0; i < p->density_count; i++)
		to->density[to->ndensity++] = (uint8_t)p->density[i];
	for (uint32_t k = 0; k <= p->profiles_count; k++) {
		if (k > 0 && set_add_profile(to) == NULL)
			return false;
		fill_profile(to->profile[k], conf_profile(p, k), slots);
	}
	return true;
}

/* The kept model in the place of the configured one, which stays where the other is no good. */
static bool
load_last(struct model **m, const struct history_model *last, const char *service)
{
	struct diag why;
	struct model *kept;

	if (load_file(&kept, last->file, &why) < 0) {
		log_say("%s Service %s speaks its configured file instead.", why.text, service);
		return false;
	}
	if (strcmp(model_version(kept), last->version) != 0 || model_proto(kept) != model_proto(*m)) {
		log_say("%s is not what it was when it was kept; service %s speaks its configured file instead.",
		    last->file, service);
		model_destroy(kept);
		return false;
	}
	model_destroy(*m);
	*m = kept;
	return true;
}

/* What a service begins with. The configured file's version is written last: until then it counts again. */
static int
begin_with(struct reload *r, const struct conf_model *c, struct model **m, struct diag *why)
{
	struct history_model last;
	const char *version = model_version(*m);
	int err = history_last(r->store, c->name, version, &last, why);

	if (err < 0 || (err > 0 && load_last(m, &last, c->name)))
		return MIN(err, 0);
	err = history_keep(r->store, c->name, c->file, version, ORIGIN_CONFIGURED, why);
	if (err == 0)
		err = history_aired(r->store, &r->past, c->name, c->file, version, why);
	if (err == 0 && r->store != NULL)
		err = store_configured(r->store, c->name, version, why);
	return err;
}

static int
load_first(struct reload *r, const struct conf *c, struct model **models, struct diag *why)
{
	int err = load_all(c, models, why);

	if (err < 0)
		return err;
	for (uint32_t i = 0; err == 0 && i < c->models_count; i++)
		err = begin_with(r, &c->models[i], &models[i], why);
	for (uint32_t i = 0; err < 0 && i < c->models_count; i++)
		model_destroy(models[i]);
	return err;
}

int
reload_first(struct reload *r, const struct conf *c, const uint8_t key[PRF_KEY], struct diag *why)
{
	struct model *models[SET_SLOTS];
	int slots[SET_SLOTS];
	struct set *s;
	int err = load_first(r, c, models, why);

	if (err < 0)
		return err;
	s = set_create(NULL);
	for (uint32_t i = 0; s != NULL && i < c->models_count; i++) {
		slots[i] = set_add(s, c->models[i].name, models[i]);
		assert(slots[i] > 0);	/* the schema allows as many models as there are slots */
		introduce(r, slots[i], c->models[i].name, models[i]);
	}
	for (uint32_t i = 0; s != NULL && err == 0 && i < c->prefixes_count; i++)
		if (!add_range(s, &c->prefixes[i], slots, key))
			err = -ENOMEM;
	if (s == NULL || err < 0) {
		if (s != NULL)
			set_discard(s);
		for (uint32_t i = 0; i < c->models_count; i++)
			model_destroy(models[i]);
		return diag_set(why, -ENOMEM, "No memory for the set of models.");
	}
	set_publish(s);
	r->loaded += c->models_count;
	return 0;
}

/* Which service a model without a name is meant for. */
static const char *
guess_service(const struct set *s, const struct model *m)
{
	struct span own = model_name(m);
	const char *only = NULL;
	unsigned n = 0;

	for (unsigned i = 1; i < SET_SLOTS; i++) {
		if (s->slot[i] == NULL || !s->on_air[i] || model_proto(s->slot[i]) != model_proto(m))
			continue;
		if (span_eq(span_str(s->name[i]), own))
			return s->name[i];
		only = s->name[i];
		n++;
	}
	return n == 1 ? only : NULL;
}

static void
list_services(char *to, size_t room, const struct set *s)
{
	size_t at = 0;

	snprintf(to, room, "none");
	for (unsigned i = 1; i < SET_SLOTS && at < room; i++)
		if (s->slot[i] != NULL && s->on_air[i])
			at += (size_t)snprintf(to + at, room - at, "%s%s", at ? ", " : "", s->name[i]);
}

/* The slot that m takes over, or -errno with a sentence. */
static int
predecessor(const struct set *s, const char *file, const char **name, const struct model *m,
    struct diag *why)
{
	char have[256];
	int old;

	list_services(have, sizeof have, s);
	if (*name == NULL)
		*name = guess_service(s, m);
	if (*name == NULL)
		return diag_set(why, -EINVAL, "%s fits several services or none; name one of: %s.", file, have);
	old = set_find(s, *name);
	if (old < 0)
		return diag_set(why, -ENOENT, "There is no service \"%.63s\" on air; there are: %s.", *name, have);
	if (model_proto(s->slot[old]) != model_proto(m))
		return diag_set(why, -EINVAL, "%s speaks %s, the service \"%s\" is on %s.", file,
		    proto_name(model_proto(m)), *name, proto_name(model_proto(s->slot[old])));
	return old;
}

static int
swap(struct reload *r, struct model *m, int old, const char *name, struct diag *why)
{
	struct set *s = set_create(set_current());
	int slot;

	if (s == NULL)
		return diag_set(why, -ENOMEM, "No memory for a new set of models.");
	slot = set_add(s, name, m);
	if (slot < 0) {
		set_discard(s);
		return diag_set(why, -EBUSY, "Busy: all %d slots hold models that conversations still use; "
		    "try later.", SET_SLOTS - 1);
	}
	set_repoint(s, (uint8_t)old, (uint8_t)slot);
	introduce(r, slot, name, m);
	set_publish(s);
	return slot;
}

/* Where the pointer to a service's waiting file is, or would be put. */
static struct waiting **
place_of(struct reload *r, const char *name)
{
	struct waiting **at = &r->waiting;

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static void
forget(struct waiting **at)
{
	struct waiting *w = *at;

	if (w == NULL)
		return;
	*at = w->next;
	free(w->file);
	free(w);
}

/* The file is kept before the model speaks; that it does is written when it does. */
static int
air(struct reload *r, struct model *m, int old, const char *file, const char *name, struct diag *why)
{
	struct diag unwritten;
	int slot = history_keep(r->store, name, file, model_version(m), ORIGIN_LOADED, why);

	if (slot < 0)
		return slot;
	slot = swap(r, m, old, name, why);
	if (slot >= 0 && history_aired(r->store, &r->past, name, file, model_version(m), &unwritten) < 0)
		log_say("Service %s speaks %s, but that is not remembered: %s", name, file, unwritten.text);
	return slot;
}

/*
 * version: what file must hold; NULL: anything. kept becomes the name of the service where that
 * is known: the old set, and name with it, goes with set_publish().
 */
static int
load(struct reload *r, const char *file, const char *version, const char *name, char kept[SERVICE_ROOM],
    struct diag *why)
{
	struct model *m;
	int slot = load_file(&m, file, why);

	if (slot < 0) {
		r->refused++;
		return slot;
	}
	slot = predecessor(set_current(), file, &name, m, why);
	if (slot >= 0 && version != NULL && strcmp(model_version(m), version) != 0)
		slot = diag_set(why, -ESTALE, "%s holds model %s by now, not %s.", file, model_version(m),
		    version);
	if (slot >= 0) {
		snprintf(kept, SERVICE_ROOM, "%s", name);
		slot = air(r, m, slot, file, kept, why);
	}
	if (slot < 0) {
		model_destroy(m);
		*(slot == -EBUSY ? &r->busy : &r->refused) += 1;
		return slot;
	}
	forget(place_of(r, kept));
	r->loaded++;
	return slot;
}

int
reload_load(struct reload *r, const char *file, const char *name, struct diag *why)
{
	char kept[SERVICE_ROOM];

	return load(r, file, NULL, name, kept, why);
}

int
reload_rollback(struct reload *r, const char *name, struct diag *why)
{
	struct history_model before;
	char kept[SERVICE_ROOM], have[256];
	int err;

	if (set_find(set_current(), name) < 0) {	/* nor is a record begun for whatever name */
		list_services(have, sizeof have, set_current());
		return diag_set(why, -ENOENT, "There is no service \"%.63s\" on air; there are: %s.", name, have);
	}
	err = history_before(r->store, r->past, name, &before, why);
	return err < 0 ? err : load(r, before.file, before.version, name, kept, why);
}

/* Only the newest file waits; its service keeps its place. */
static int
keep_waiting(struct reload *r, const char *file, const char *name)
{
	struct waiting **at = place_of(r, name);
	char *copy = strdup(file);

	if (copy != NULL && *at == NULL && (*at = calloc(1, sizeof **at)) != NULL)
		snprintf((*at)->name, sizeof (*at)->name, "%s", name);
	if (copy == NULL || *at == NULL) {
		free(copy);
		return -ENOMEM;
	}
	free((*at)->file);
	(*at)->file = copy;
	return 0;
}

int
reload_later(struct reload *r, const char *file, const char *name, struct diag *why)
{
	char kept[SERVICE_ROOM];
	int slot = load(r, file, NULL, name, kept, why);

	if (slot != -EBUSY)
		return slot;
	if (keep_waiting(r, file, kept) < 0)
		return diag_set(why, -ENOMEM, "No memory to keep %s waiting for a free slot.", file);
	return 0;
}

unsigned
reload_waiting(const struct reload *r)
{
	unsigned n = 0;

	for (const struct waiting *w = r->waiting; w != NULL; w = w->next)
		n++;
	return n;
}

bool
reload_waits(const struct reload *r, const char *file, const char *name)
{
	const struct waiting *w = r->waiting;

	while (w != NULL && strcmp(w->name, name) != 0)
		w = w->next;
	return w != NULL && strcmp(w->file, file) == 0;
}

static bool
has_free_slot(const struct set *s)
{
	for (unsigned slot = 1; s != NULL && slot < SET_SLOTS; slot++)
		if (s->slot[slot] == NULL)
			return true;
	return false;
}

/* What is refused for another reason than want of a slot will not get better by waiting. */
static void
try_again(struct reload *r)
{
	while (r->waiting != NULL && has_free_slot(set_current())) {
		struct waiting *w = r->waiting;
		char kept[SERVICE_ROOM];
		struct diag why = { "" };
		int slot;

		r->waiting = w->next;
		r->retried++;
		slot = load(r, w->file, NULL, w->name, kept, &why);
		if (r->ended != NULL)
			r->ended(r->ctx, w->file, w->name, slot, &why);
		w->next = NULL;
		forget(&w);
	}
}

void
reload_retire(struct reload *r)
{
	int n;

	try_again(r);
	n = set_retire(r->pins, r->npins);
	if (n > 0)
		r->retired += (unsigned)n;
}

void
reload_fini(struct reload *r)
{
	while (r->waiting != NULL)
		forget(&r->waiting);
	history_fini(&r->past);
}

uint64_t
reload_pins(const struct reload *r, unsigned slot)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->npins; i++)
		n += __atomic_load_n(&r->pins[i]->n[slot], __ATOMIC_RELAXED);
	return n;
}
