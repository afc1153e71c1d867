#include "control/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct past {
	struct past *next;
	char service[64];
	struct history_model on_air, before;	/* version "": none */
};

static struct past *
find(const struct past *past, const char *service)
{
	while (past != NULL && strcmp(past->service, service) != 0)
		past = past->next;
	return (struct past *)past;
}

/* Absolute, so that it is the same file from wherever we stand later. */
static int
remember(struct past **past, const char *service, const char *file, const char *version, struct diag *why)
{
	struct past *p = find(*past, service);
	struct history_model now;

	if (realpath(file, now.file) == NULL)
		return diag_set(why, -errno, "%s: %s.", file, strerror(errno));
	snprintf(now.version, sizeof now.version, "%s", version);
	if (p == NULL) {
		p = calloc(1, sizeof *p);
		if (p == NULL)
			return diag_set(why, -ENOMEM, "No memory to remember %s.", file);
		snprintf(p->service, sizeof p->service, "%s", service);
		p->next = *past;
		*past = p;
	}
	if (strcmp(p->on_air.version, version) != 0)
		p->before = p->on_air;
	p->on_air = now;
	return 0;
}

int
history_keep(struct store *s, const char *service, const char *file, const char *version,
    enum model_origin origin, struct diag *why)
{
	int at = s == NULL ? 0 : store_add_model(s, service, file, version, origin, why);

	return MIN(at, 0);
}

int
history_aired(struct store *s, struct past **past, const char *service, const char *file,
    const char *version, struct diag *why)
{
	return s != NULL ? store_on_air(s, service, version, why) : remember(past, service, file, version, why);
}

static void
tell(struct history_model *to, const struct store_model *m)
{
	snprintf(to->file, sizeof to->file, "%s", m->file);
	snprintf(to->version, sizeof to->version, "%s", m->version);
}

int
history_before(struct store *s, const struct past *past, const char *service, struct history_model *to,
    struct diag *why)
{
	const struct store_service *v = s == NULL ? NULL : store_service(s, service, why);
	const struct past *p = find(past, service);

	if (s != NULL && v == NULL)
		return -EIO;
	if (v != NULL && v->before >= 0)
		tell(to, &v->model[v->before]);
	else if (s == NULL && p != NULL && p->before.version[0] != '\0')
		*to = p->before;
	else
		return diag_set(why, -ENOENT, "Service \"%s\" had no other model before; there is nothing to go back to.",
		    service);
	return 0;
}

int
history_last(struct store *s, const char *service, const char *configured, struct history_model *to,
    struct diag *why)
{
	const struct store_service *v;

	if (s == NULL)
		return 0;
	v = store_service(s, service, why);
	if (v == NULL)
		return -EIO;
	if (v->on_air < 0 || strcmp(v->configured, configured) != 0 ||
	    strcmp(v->model[v->on_air].version, configured) == 0)
		return 0;
	tell(to, &v->model[v->on_air]);
	return 1;
}

void
history_fini(struct past **past)
{
	while (*past != NULL) {
		struct past *p = *past;

		*past = p->next;
		free(p);
	}
}
