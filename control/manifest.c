#include "control/manifest.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/durable.h"

enum { FORMAT = 1, TEXT_MAX = 4 << 20, ROOM = 64 };

static const char *const states[] = { "new", "learned", "refused" };
static const char *const origins[] = { "configured", "loaded", "trained" };

/* ---- the record ---- */

void
manifest_init(struct store_service *to, const char *name)
{
	*to = (struct store_service){ .on_air = -1, .before = -1 };
	snprintf(to->name, sizeof to->name, "%s", name);
}

void
manifest_fini(struct store_service *s)
{
	for (uint32_t i = 0; i < s->nmodels; i++)
		free(s->model[i].file);
	for (uint32_t i = 0; i < s->ncaptures; i++) {
		free(s->capture[i].file);
		free(s->capture[i].origin);
	}
	free(s->model);
	free(s->capture);
}

/* Room for one more in a list that has n; it grows ROOM entries at a time. */
static int
one_more(void **list, uint32_t n, size_t size)
{
	void *more;

	if (n % ROOM != 0)
		return 0;
	more = reallocarray(*list, n + ROOM, size);
	if (more == NULL)
		return -ENOMEM;
	*list = more;
	return 0;
}

int
manifest_add_model(struct store_service *s, const char *folder, const struct store_model *m)
{
	struct store_model *to;

	if (one_more((void **)&s->model, s->nmodels, sizeof *s->model) < 0)
		return -ENOMEM;
	to = &s->model[s->nmodels];
	*to = *m;
	if (asprintf(&to->file, "%s/models/%s.mynah", folder, m->version) < 0)
		return -ENOMEM;
	return (int)s->nmodels++;
}

int
manifest_add_capture(struct store_service *s, const char *folder, const struct store_capture *c)
{
	struct store_capture *to;

	if (one_more((void **)&s->capture, s->ncaptures, sizeof *s->capture) < 0)
		return -ENOMEM;
	to = &s->capture[s->ncaptures];
	*to = *c;
	if (asprintf(&to->file, "%s/captures/%s.pcap", folder, c->sha256) < 0)
		return -ENOMEM;
	to->origin = strdup(c->origin);
	if (to->origin == NULL) {
		free(to->file);
		return -ENOMEM;
	}
	return (int)s->ncaptures++;
}

void
manifest_remove_model(struct store_service *s, uint32_t i)
{
	free(s->model[i].file);
	s->nmodels--;
	memmove(&s->model[i], &s->model[i + 1], (s->nmodels - i) * sizeof s->model[0]);
	for (int32_t *at = &s->on_air; at != NULL; at = at == &s->on_air ? &s->before : NULL)
		*at = *at == (int32_t)i ? -1 : *at > (int32_t)i ? *at - 1 : *at;
}

void
manifest_remove_capture(struct store_service *s, uint32_t i)
{
	free(s->capture[i].file);
	free(s->capture[i].origin);
	s->ncaptures--;
	memmove(&s->capture[i], &s->capture[i + 1], (s->ncaptures - i) * sizeof s->capture[0]);
}

int32_t
manifest_find_model(const struct store_service *s, const char *version)
{
	for (uint32_t i = 0; i < s->nmodels; i++)
		if (strcmp(s->model[i].version, version) == 0)
			return (int32_t)i;
	return -1;
}

int32_t
manifest_find_capture(const struct store_service *s, const char *sha256)
{
	for (uint32_t i = 0; i < s->ncaptures; i++)
		if (strcmp(s->capture[i].sha256, sha256) == 0)
			return (int32_t)i;
	return -1;
}

int
manifest_copy(struct store_service *to, const struct store_service *from, const char *folder)
{
	int err = 0;

	*to = *from;
	to->model = NULL;
	to->capture = NULL;
	to->nmodels = to->ncaptures = 0;
	for (uint32_t i = 0; err >= 0 && i < from->nmodels; i++)
		err = manifest_add_model(to, folder, &from->model[i]);
	for (uint32_t i = 0; err >= 0 && i < from->ncaptures; i++)
		err = manifest_add_capture(to, folder, &from->capture[i]);
	if (err < 0)
		manifest_fini(to);
	return MIN(err, 0);
}

/* ---- to text ---- */

static const char *
version_at(const struct store_service *s, int32_t i)
{
	return i < 0 ? "" : s->model[i].version;
}

char *
manifest_text(const struct store_service *s)
{
	json_t *models = json_array(), *captures = json_array(), *all;
	char *text;

	for (uint32_t i = 0; i < s->nmodels; i++)
		json_array_append_new(models, json_pack("{ss sI ss}", "version", s->model[i].version,
		    "added_ms", (json_int_t)s->model[i].added_ms, "origin", origins[s->model[i].origin]));
	for (uint32_t i = 0; i < s->ncaptures; i++) {
		const struct store_capture *c = &s->capture[i];

		json_array_append_new(captures, json_pack("{ss ss sI sI sI ss sI si}", "sha256", c->sha256,
		    "origin", c->origin, "bytes", (json_int_t)c->bytes, "arrived_ms", (json_int_t)c->arrived_ms,
		    "conversations", (json_int_t)c->conversations, "state", states[c->state], "among",
		    (json_int_t)c->among, "tries", (int)c->tries));
	}
	all = json_pack("{si ss ss ss ss so so}", "format", FORMAT, "service", s->name, "configured",
	    s->configured, "on_air", version_at(s, s->on_air), "before", version_at(s, s->before),
	    "models", models, "captures", captures);
	/* json_array_append_new() takes no NULL: without memory an entry would be missing unseen */
	text = all == NULL || json_array_size(models) != s->nmodels ||
	    json_array_size(captures) != s->ncaptures ? NULL : json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	return text;
}

/* ---- and back ---- */

struct reading {
	const char *folder, *text;
	struct store_service *to;
	struct diag *why;
};

static const char *
after_string(const char *p)
{
	for (p++; *p != '"'; p++)
		p += *p == '\\';
	return p;
}

/* The line of entry i of the list under key, or (i < 0) of key. The text is JSON, that is known. */
static unsigned
line_of(const char *text, const char *key, int64_t i)
{
	unsigned line = 1, depth = 0;
	bool inside = false;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"') {
			const char *end = after_string(p);

			if (depth == 1 && end[1 + strspn(end + 1, " \t\r\n")] == ':')
				inside = strncmp(p + 1, key, (size_t)(end - p - 1)) == 0 &&
				    key[end - p - 1] == '\0';
			if (depth == 1 && inside && i < 0)
				return line;
			p = end;
		} else if (*p == '{' || *p == '[') {
			if (++depth == 3 && inside && i-- == 0)
				return line;
		} else if (*p == '}' || *p == ']') {
			depth--;
		} else if (*p == '\n') {
			line++;
		}
	}
	return 1;
}

static int PRINTF(4, 5)
bad(const struct reading *r, const char *key, int64_t i, const char *fmt, ...)
{
	char rest[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof rest, fmt, ap);
	va_end(ap);
	return diag_set(r->why, -EINVAL, "%s/" MANIFEST " line %u: %s. Nothing was removed; mend the file, or "
	    "move the folder away.", r->folder, line_of(r->text, key, i), rest);
}

static bool
hex_digits(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") == n && s[n] == '\0';
}

static int
index_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -1;
}

static int
read_model(const struct reading *r, json_t *from, uint32_t i)
{
	struct store_model m = { 0 };
	json_int_t added;
	const char *version, *origin;
	json_error_t e;
	int at;

	if (json_unpack_ex(from, &e, JSON_STRICT, "{ss sI ss}", "version", &version, "added_ms", &added,
		"origin", &origin) < 0)
		return bad(r, "models", i, "%s", e.text);
	if (!hex_digits(version, 16))
		return bad(r, "models", i, "version is \"%.32s\"; it must be 16 hexadecimal digits", version);
	at = index_of(origin, origins, ARRAY_LEN(origins));
	if (at < 0)
		return bad(r, "models", i, "origin is \"%.32s\"; allowed are configured, loaded, trained", origin);
	if (manifest_find_model(r->to, version) >= 0)
		return bad(r, "models", i, "version %s stands here a second time", version);
	memcpy(m.version, version, sizeof m.version);
	m.added_ms = added;
	m.origin = (uint8_t)at;
	at = manifest_add_model(r->to, r->folder, &m);
	return at < 0 ? diag_set(r->why, at, "No memory for %s/" MANIFEST ".", r->folder) : 0;
}

static int
read_capture(const struct reading *r, json_t *from, uint32_t i)
{
	struct store_capture c = { 0 };
	json_int_t bytes, arrived, conversations, among = 0, tries = 0;	/* older manifests lack the last two */
	const char *sum, *state, *origin;
	json_error_t e;
	int at;

	if (json_unpack_ex(from, &e, JSON_STRICT, "{ss ss sI sI sI ss s?I s?I}", "sha256", &sum, "origin",
		&origin, "bytes", &bytes, "arrived_ms", &arrived, "conversations", &conversations, "state", &state,
		"among", &among, "tries", &tries) < 0)
		return bad(r, "captures", i, "%s", e.text);
	if (!hex_digits(sum, 64))
		return bad(r, "captures", i, "sha256 is \"%.80s\"; it must be 64 hexadecimal digits", sum);
	if (bytes < 0 || conversations < 0 || conversations > UINT32_MAX)
		return bad(r, "captures", i, "bytes or conversations is not a count");
	if (among < 0 || among > STORE_CAPTURES || tries < 0 || tries > STORE_TRIES)
		return bad(r, "captures", i, "among or tries is not a count, or too large");
	if (arrived < 0)	/* ages are differences */
		return bad(r, "captures", i, "arrived_ms is before 1970");
	if (strlen(origin) > NAME_MAX)
		return bad(r, "captures", i, "origin is longer than a file's name can be");
	at = index_of(state, states, ARRAY_LEN(states));
	if (at < 0)
		return bad(r, "captures", i, "state is \"%.32s\"; allowed are new, learned, refused", state);
	if (manifest_find_capture(r->to, sum) >= 0)
		return bad(r, "captures", i, "capture %s stands here a second time", sum);
	memcpy(c.sha256, sum, sizeof c.sha256);
	c.origin = (char *)origin;
	c.bytes = (uint64_t)bytes;
	c.arrived_ms = arrived;
	c.conversations = (uint32_t)conversations;
	c.among = (uint32_t)among;
	c.tries = (uint8_t)tries;
	c.state = (uint8_t)at;
	at = manifest_add_capture(r->to, r->folder, &c);
	return at < 0 ? diag_set(r->why, at, "No memory for %s/" MANIFEST ".", r->folder) : 0;
}

/* "" or the version of a model that is listed. */
static int
read_place(const struct reading *r, const char *key, const char *version, int32_t *to)
{
	*to = version[0] == '\0' ? -1 : manifest_find_model(r->to, version);
	if (version[0] != '\0' && *to < 0)
		return bad(r, key, -1, "%s is \"%.32s\", which is none of the models", key, version);
	return 0;
}

static int
read_all(const struct reading *r, json_t *all)
{
	const char *service, *configured, *on_air, *before;
	json_t *models, *captures;
	json_int_t format;
	json_error_t e;
	int err = 0;

	if (json_unpack_ex(all, &e, JSON_STRICT, "{sI ss ss ss ss so so}", "format", &format, "service",
		&service, "configured", &configured, "on_air", &on_air, "before", &before, "models", &models,
		"captures", &captures) < 0)
		return bad(r, "", -1, "%s", e.text);
	if (format != FORMAT)
		return bad(r, "format", -1, "format is %lld; this program knows %d", (long long)format, FORMAT);
	if (strcmp(service, r->to->name) != 0)
		return bad(r, "service", -1, "it is of service \"%.63s\", not of \"%s\"", service, r->to->name);
	if (configured[0] != '\0' && !hex_digits(configured, 16))
		return bad(r, "configured", -1, "configured is \"%.32s\"; it must be 16 hexadecimal digits", configured);
	snprintf(r->to->configured, sizeof r->to->configured, "%s", configured);
	if (!json_is_array(models) || json_array_size(models) > STORE_MODELS)
		return bad(r, "models", -1, "models must be a list of at most %d", STORE_MODELS);
	if (!json_is_array(captures) || json_array_size(captures) > STORE_CAPTURES)
		return bad(r, "captures", -1, "captures must be a list of at most %d", STORE_CAPTURES);
	for (uint32_t i = 0; err == 0 && i < json_array_size(models); i++)
		err = read_model(r, json_array_get(models, i), i);
	for (uint32_t i = 0; err == 0 && i < json_array_size(captures); i++)
		err = read_capture(r, json_array_get(captures, i), i);
	if (err == 0)
		err = read_place(r, "on_air", on_air, &r->to->on_air);
	if (err == 0)
		err = read_place(r, "before", before, &r->to->before);
	if (err == 0 && r->to->before >= 0 && r->to->before == r->to->on_air)
		err = bad(r, "before", -1, "before and on_air are the same model");
	return err;
}

/* malloc'ed and NUL-terminated; *n bytes before that. */
static int
read_text(char **to, size_t *n, const char *folder, struct diag *why)
{
	char path[PATH_MAX];
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof path, "%s/" MANIFEST, folder);
	fd = durable_open(path);
	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return diag_set(why, fd, "%s cannot be read: %s.", path,
		    fd == -EINVAL ? "it is not a file" : strerror(-fd));
	*to = malloc(TEXT_MAX + 1);
	for (*n = 0; *to != NULL && got > 0 && *n < TEXT_MAX; *n += (size_t)MAX(got, 0))
		got = read(fd, *to + *n, TEXT_MAX - *n);
	close(fd);
	if (*to == NULL)
		return diag_set(why, -ENOMEM, "%s: no memory.", path);
	(*to)[*n] = '\0';
	if (got == 0)
		return 0;
	free(*to);
	return diag_set(why, -EIO, "%s cannot be read to its end, or is larger than %d bytes.", path, TEXT_MAX);
}

int
manifest_load(struct store_service *to, const char *folder, struct diag *why)
{
	struct reading r = { .folder = folder, .to = to, .why = why };
	json_error_t e;
	json_t *all;
	char *text, name[sizeof to->name];
	size_t n;
	int err = read_text(&text, &n, folder, why);

	if (err < 0)
		return err;
	memcpy(name, to->name, sizeof name);
	manifest_init(to, name);
	r.text = text;
	all = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
	if (all == NULL)
		err = diag_set(why, -EINVAL, "%s/" MANIFEST " line %d: %s. Nothing was removed; mend the file, or "
		    "move the folder away.", folder, MAX(e.line, 1), e.text);
	else
		err = read_all(&r, all);
	json_decref(all);
	free(text);
	if (err < 0) {
		manifest_fini(to);
		manifest_init(to, name);
	}
	return err;
}
