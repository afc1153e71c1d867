#include "control/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/log.h"
#include "control/manifest.h"
#include "control/store_inside.h"
#include "models/beside.h"

/* ---- what no manifest names ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
last_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Removes from a folder all files but the n that are named. What goes wrong stays for next time. */
static void
sweep_folder(const char *folder, const char **names, size_t n)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	qsort(names, n, sizeof names[0], by_name);
	while ((e = readdir(dir)) != NULL) {
		const char *name = e->d_name;

		if (bsearch(&name, names, n, sizeof names[0], by_name) == NULL)
			unlinkat(fd, name, 0);	/* not a folder: that fails */
	}
	closedir(dir);
}

void
store_sweep(const struct entry *e)
{
	const char **names = calloc(MAX(e->s.nmodels, e->s.ncaptures) + 1, sizeof names[0]);
	char path[PATH_MAX + 32];

	if (names == NULL)
		return;
	for (uint32_t i = 0; i < e->s.nmodels; i++)
		names[i] = last_name(e->s.model[i].file);
	snprintf(path, sizeof path, "%s/models", e->folder);
	sweep_folder(path, names, e->s.nmodels);
	for (uint32_t i = 0; i < e->s.ncaptures; i++)
		names[i] = last_name(e->s.capture[i].file);
	snprintf(path, sizeof path, "%s/captures", e->folder);
	sweep_folder(path, names, e->s.ncaptures);
	snprintf(path, sizeof path, "%s/" MANIFEST ".tmp", e->folder);
	unlink(path);
	free(names);
}

/* ---- one change ---- */

int
store_begin(struct store_service *next, const struct entry *e, struct diag *why)
{
	if (manifest_copy(next, &e->s, e->folder) < 0)
		return diag_set(why, -ENOMEM, "No memory for the record of service \"%s\".", e->s.name);
	return 0;
}

int
store_commit(struct entry *e, struct store_service *next, struct diag *why)
{
	char *text = manifest_text(next);
	int err = text == NULL ? -ENOMEM : durable_write(e->folder, MANIFEST, text, strlen(text));

	free(text);
	if (err < 0) {
		manifest_fini(next);
		return diag_set(why, err, "%s/" MANIFEST " cannot be written: %s. It is as it was.", e->folder,
		    strerror(-err));
	}
	manifest_fini(&e->s);
	e->s = *next;
	err = beside_sync(e->folder);
	return err == 0 ? 0 : diag_set(why, err, "%s/" MANIFEST " may not survive a crash: %s.", e->folder,
	    strerror(-err));
}

/* ---- open ---- */

static int
check_name(const char *name, struct diag *why)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (n == 0 || n > 63 || name[n] != '\0' || name[0] == '.')
		return diag_set(why, -EINVAL, "Service \"%.64s\" cannot have a folder of that name: allowed are up to "
		    "63 letters, digits, dots, underscores and hyphens, and no dot in front.", name);
	return 0;
}

/* Is it there, and as long as the record says? bytes 0: any. */
static bool
is_there(const char *file, uint64_t bytes)
{
	struct stat st;

	return lstat(file, &st) == 0 && S_ISREG(st.st_mode) && (bytes == 0 || (uint64_t)st.st_size == bytes);
}

/* People may remove what they do not want kept; the record on disk follows at the next change. */
static void
forget_lost(struct entry *e)
{
	struct store_service *s = &e->s;

	for (uint32_t i = s->nmodels; i-- > 0;)
		if (!is_there(s->model[i].file, 0)) {
			log_say("%s is gone; service %s does without that model.", s->model[i].file, s->name);
			manifest_remove_model(s, i);
		}
	for (uint32_t i = s->ncaptures; i-- > 0;)
		if (!is_there(s->capture[i].file, s->capture[i].bytes)) {
			log_say("%s (%s) is gone or not as long as it was; service %s does without that capture.",
			    s->capture[i].file, s->capture[i].origin, s->name);
			manifest_remove_capture(s, i);
		}
}

static bool
is_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	bool empty = true;

	while (dir != NULL && empty && (e = readdir(dir)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return dir != NULL && empty;
}

/* No links: what is removed and written below is ours. */
static int
make_folders(const struct entry *e, struct diag *why)
{
	static const char *const parts[] = { "", "/models", "/captures" };
	char path[PATH_MAX + 32];
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof path, "%s%s", e->folder, parts[i]);
		err = durable_mkdir(path, 0700);
	}
	return err == 0 ? 0 : diag_set(why, err, "The folder %s cannot be made: %s.", path, strerror(-err));
}

/* A service's first manifest comes before its first file: files without one are not ours to judge. */
static int
first_manifest(struct entry *e, struct diag *why)
{
	static const char *const parts[] = { "models", "captures" };
	struct store_service next;
	char path[PATH_MAX + 32];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof path, "%s/%s", e->folder, parts[i]);
		if (!is_empty(path))
			return diag_set(why, -EINVAL, "%s holds files, but %s/" MANIFEST " is missing. Nothing was "
			    "removed; bring it back, or move the folder away.", path, e->folder);
	}
	manifest_init(&next, e->s.name);
	return store_commit(e, &next, why);
}

/* A new entry at the end of the list; make: where there is no manifest yet, begin one. */
static int
add_entry(struct store *s, const char *name, bool make, struct diag *why)
{
	struct entry *e;
	int err = check_name(name, why);
	bool fresh;

	if (err < 0)
		return err;
	if (s->n == STORE_SERVICES)
		return diag_set(why, -ENOSPC, "%s holds %d services already.", s->folder, STORE_SERVICES);
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return diag_set(why, -ENOMEM, "No memory for service \"%s\".", name);
	manifest_init(&e->s, name);
	snprintf(e->folder, sizeof e->folder, "%.*s/%s", PATH_MAX - BELOW, s->folder, name);
	err = manifest_load(&e->s, e->folder, why);
	fresh = err == -ENOENT && make;
	if (err == 0 || fresh)
		err = make_folders(e, why);
	if (err == 0 && fresh)
		err = first_manifest(e, why);
	if (err < 0) {
		manifest_fini(&e->s);
		free(e);
		return err;
	}
	forget_lost(e);
	store_sweep(e);
	s->entry[s->n++] = e;
	return 0;
}

static bool
is_folder(const char *within, const char *name)
{
	char path[PATH_MAX + 256];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", within, name);
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Every folder with a manifest. Others are somebody else's. */
static int
open_services(struct store *s, struct diag *why)
{
	struct dirent **names;
	int n = scandir(s->folder, &names, NULL, alphasort), err = 0;

	if (n < 0)
		return diag_set(why, -errno, "The state folder %s cannot be read: %s.", s->folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (err == 0 && check_name(names[i]->d_name, NULL) == 0 && is_folder(s->folder, names[i]->d_name))
			err = add_entry(s, names[i]->d_name, false, why);
		if (err == -ENOENT)
			err = 0;
		free(names[i]);
	}
	free(names);
	return err;
}

/* An open file with a lock, not a pid in a file: the kernel lets go of it however we end. */
static int
lock_folder(struct store *s, struct diag *why)
{
	char path[PATH_MAX + 32], pid[24] = "";
	int n;

	snprintf(path, sizeof path, "%s/.lock", s->folder);
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (s->lock < 0)
		return diag_set(why, -errno, "%s cannot be opened: %s.", path, strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0) {
		n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
		if (ftruncate(s->lock, 0) < 0 || pwrite(s->lock, pid, (size_t)n, 0) != n)
			return diag_set(why, -EIO, "%s cannot be written: %s.", path, strerror(errno));
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return diag_set(why, -errno, "%s cannot be locked: %s.", path, strerror(errno));
	if (pread(s->lock, pid, sizeof pid - 1, 0) < 0 || atol(pid) <= 0)
		return diag_set(why, -EBUSY, "The state folder %s is in use by another process.", s->folder);
	return diag_set(why, -EBUSY, "The state folder %s is in use by process %ld; every sensor needs one of its own.",
	    s->folder, atol(pid));
}

int
store_open(struct store **out, const char *folder, const struct store_limits *limits, struct diag *why)
{
	struct store *s = calloc(1, sizeof *s);
	int err = s == NULL ? -ENOMEM : durable_mkdir(folder, 0700);

	if (err == 0 && realpath(folder, s->folder) == NULL)
		err = -errno;
	if (err == 0 && strlen(s->folder) > PATH_MAX - BELOW)
		err = -ENAMETOOLONG;
	if (err < 0) {
		free(s);
		return diag_set(why, err, "The state folder %s cannot be made: %s.", folder, strerror(-err));
	}
	s->limits = *limits;
	err = lock_folder(s, why);
	if (err == 0)
		err = open_services(s, why);
	if (err == 0)
		err = store_retain(s, why);
	if (err < 0) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void
store_close(struct store *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		manifest_fini(&s->entry[i]->s);
		free(s->entry[i]);
	}
	if (s->lock >= 0)
		close(s->lock);
	free(s);
}

struct entry *
store_find(struct store *s, const char *name, struct diag *why)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (strcmp(s->entry[i]->s.name, name) == 0)
			return s->entry[i];
	return add_entry(s, name, true, why) < 0 ? NULL : s->entry[s->n - 1];
}

const struct store_service *
store_service(struct store *s, const char *name, struct diag *why)
{
	const struct entry *e = store_find(s, name, why);

	return e == NULL ? NULL : &e->s;
}

/* ---- models ---- */

/* The oldest go; not the newest, the one on air, nor the one to go back to. */
static void
prune_models(struct store_service *s)
{
	for (int32_t i = 0; s->nmodels > STORE_MODELS && i < (int32_t)s->nmodels - 1;)
		if (i == s->on_air || i == s->before)
			i++;
		else
			manifest_remove_model(s, (uint32_t)i);
}

/* Into its place by rename: a damaged file of that version is healed. */
static int
copy_model(const struct entry *e, const char *file, const char *version, struct diag *why)
{
	char folder[PATH_MAX + 32], name[32];
	int fd = durable_open(file), err;

	if (fd < 0)
		return diag_set(why, fd, "The model %s cannot be read: %s.", file,
		    fd == -EINVAL ? "it is not a file" : strerror(-fd));
	snprintf(folder, sizeof folder, "%s/models", e->folder);
	snprintf(name, sizeof name, "%s.mynah", version);
	err = durable_copy(folder, name, fd);
	if (err == 0)
		err = beside_sync(folder);
	close(fd);
	return err == 0 ? 0 : diag_set(why, err, "%s cannot be copied to %s: %s.", file, folder, strerror(-err));
}

int
store_add_model(struct store *s, const char *service, const char *file, const char *version,
    enum model_origin origin, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	struct store_model m = { .added_ms = clock_ms(CLOCK_REALTIME), .origin = (uint8_t)origin };
	struct store_service next;
	int err = e == NULL ? -EINVAL : copy_model(e, file, version, why);
	bool pruned;

	if (err < 0)
		return err;
	if (manifest_find_model(&e->s, version) >= 0)
		return manifest_find_model(&e->s, version);
	snprintf(m.version, sizeof m.version, "%s", version);
	err = store_begin(&next, e, why);
	if (err < 0)
		return err;
	if (manifest_add_model(&next, e->folder, &m) < 0) {
		manifest_fini(&next);
		return diag_set(why, -ENOMEM, "No memory for the record of service \"%s\".", service);
	}
	prune_models(&next);
	pruned = next.nmodels <= e->s.nmodels;
	err = store_commit(e, &next, why);
	if (err < 0 || pruned)
		store_sweep(e);
	return err < 0 ? err : manifest_find_model(&e->s, version);
}

int
store_on_air(struct store *s, const char *service, const char *version, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	int32_t at = e == NULL ? -1 : manifest_find_model(&e->s, version);
	struct store_service next;

	if (e == NULL)
		return -EINVAL;
	if (at < 0)
		return diag_set(why, -ENOENT, "Service \"%s\" has no model %s.", service, version);
	if (at == e->s.on_air)
		return 0;
	if (store_begin(&next, e, why) < 0)
		return -ENOMEM;
	next.before = next.on_air;
	next.on_air = at;
	return store_commit(e, &next, why);
}

int
store_configured(struct store *s, const char *service, const char *version, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	struct store_service next;

	if (e == NULL)
		return -EINVAL;
	if (strcmp(e->s.configured, version) == 0)
		return 0;
	if (store_begin(&next, e, why) < 0)
		return -ENOMEM;
	snprintf(next.configured, sizeof next.configured, "%s", version);
	return store_commit(e, &next, why);
}
