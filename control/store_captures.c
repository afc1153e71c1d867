#include "control/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/log.h"
#include "control/manifest.h"
#include "models/beside.h"

/* Names come from whoever may write to the spool; they end in logs and answers. */
static void
plain_origin(char to[NAME_MAX + 1], const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(to, NAME_MAX + 1, "%s", slash == NULL ? path : slash + 1);
	for (char *p = to; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

/*
 * A lease is refused while a file is open for writing; it ends with the descriptor. Who wants to
 * write meanwhile waits for that, and we are told with a signal that does nothing by itself.
 * Where there are no leases (another owner's file, some file systems) nobody is known to write.
 */
static bool
somebody_writes(int fd)
{
	return fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
}

/* The sum of what is behind fd, which nobody may change meanwhile. */
static int
sum_capture(struct store_capture *to, struct stat *st, int fd, const char *file, struct diag *why)
{
	struct stat after;
	int err;

	if (somebody_writes(fd))
		return diag_set(why, -EAGAIN, "The capture %s is still being written.", file);
	err = fstat(fd, st) < 0 ? -errno : durable_sum(fd, to->sha256, &to->bytes);
	if (err == 0 && fstat(fd, &after) < 0)
		err = -errno;
	if (err < 0)
		return diag_set(why, err, "The capture %s cannot be read: %s.", file, strerror(-err));
	if (to->bytes == 0)
		return diag_set(why, -EINVAL, "The capture %s is empty.", file);
	if (after.st_size != st->st_size || (uint64_t)after.st_size != to->bytes ||
	    after.st_mtim.tv_sec != st->st_mtim.tv_sec || after.st_mtim.tv_nsec != st->st_mtim.tv_nsec)
		return diag_set(why, -EAGAIN, "The capture %s changed while it was read; close it, or rename it "
		    "into place.", file);
	return 0;
}

/* Until its record is written the file keeps its name in the spool: a crash loses nothing. */
static int
keep_capture(const struct entry *e, const struct store_capture *c, const struct stat *st, int fd,
    const char *file, struct diag *why)
{
	char folder[PATH_MAX + 32], name[DURABLE_SUM + 8];
	int err = -EXDEV;

	snprintf(folder, sizeof folder, "%s/captures", e->folder);
	snprintf(name, sizeof name, "%s.pcap", c->sha256);
	if (st->st_nlink == 1)	/* else somebody keeps a name to write through */
		err = durable_link(folder, name, fd);
	if (err < 0 && lseek(fd, 0, SEEK_SET) == 0)
		err = durable_copy(folder, name, fd);
	if (err == 0)
		err = beside_sync(folder);
	return err == 0 ? 0 : diag_set(why, err, "The capture %s cannot be taken over into %s: %s; mend that, "
	    "then put it there again.", file, folder, strerror(-err));
}

/* At the end of the list; before: the place of its older record, or -1. */
static int
record_capture(struct entry *e, const struct store_capture *c, int32_t before, struct diag *why)
{
	struct store_service next;
	int err = store_begin(&next, e, why);

	if (err < 0)
		return err;
	if (before >= 0)
		manifest_remove_capture(&next, (uint32_t)before);
	if (manifest_add_capture(&next, e->folder, c) < 0) {
		manifest_fini(&next);
		return diag_set(why, -ENOMEM, "No memory for the record of service \"%s\".", e->s.name);
	}
	return store_commit(e, &next, why);
}

static int
add_capture(struct entry *e, const struct store_limits *limits, int fd, const char *file, struct diag *why)
{
	char origin[NAME_MAX + 1];
	struct store_capture c = { .origin = origin, .arrived_ms = clock_ms(CLOCK_REALTIME), .state = CAPTURE_NEW };
	struct stat st;
	int32_t before;
	int err;

	if (fstat(fd, &st) == 0 && limits->capture_bytes != 0 && (uint64_t)st.st_size > limits->capture_bytes)
		return diag_set(why, -EFBIG, "The capture %s has %llu bytes; all captures of a service may have %llu "
		    "(training: corpus-mb).", file, (unsigned long long)st.st_size,
		    (unsigned long long)limits->capture_bytes);	/* before it is read: that takes seconds */
	err = sum_capture(&c, &st, fd, file, why);
	if (err < 0)
		return err;
	before = manifest_find_capture(&e->s, c.sha256);
	if (before >= 0 && e->s.capture[before].state != CAPTURE_REFUSED)
		return diag_set(why, -EEXIST, "The capture %s is here already.", file);
	if (before < 0 && e->s.ncaptures >= STORE_CAPTURES)
		return diag_set(why, -ENOSPC, "Service \"%s\" keeps %d captures already; %s stays where it is.",
		    e->s.name, STORE_CAPTURES, file);
	plain_origin(origin, file);
	if (before < 0 || access(e->s.capture[before].file, F_OK) < 0)	/* its bytes are there already */
		err = keep_capture(e, &c, &st, fd, file, why);
	if (err == 0)
		err = record_capture(e, &c, before, why);
	if (err < 0)
		store_sweep(e);
	else if (before >= 0)
		log_say("The capture %s was refused before; it was put there again and is new again.", file);
	return err;
}

int
store_add_capture(struct store *s, const char *service, const char *file, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	int fd = e == NULL ? -1 : durable_open(file), err, gone = 0;

	if (e == NULL)
		return -EINVAL;
	if (fd < 0)
		return diag_set(why, fd, "The capture %s cannot be read: %s.", file,
		    fd == -EINVAL ? "it is not a file" : strerror(-fd));
	err = add_capture(e, &s->limits, fd, file, why);
	if (err == 0 || err == -EEXIST)
		gone = durable_unlink(file, fd);
	close(fd);
	if (gone < 0)
		log_say("%s was taken over, but cannot be removed: %s.", file, strerror(-gone));
	return err < 0 ? err : (int)e->s.ncaptures - 1;
}

static struct store_capture *
capture_of_file(struct store_service *s, const char *file)
{
	for (uint32_t i = 0; i < s->ncaptures; i++)
		if (strcmp(s->capture[i].file, file) == 0)
			return &s->capture[i];
	return NULL;
}

int
store_judge(struct store *s, const char *service, const char *const *files,
    const uint32_t *conversations, size_t n, enum capture_state to, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	struct store_service next;

	if (e == NULL)
		return -EINVAL;
	if (store_begin(&next, e, why) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct store_capture *c = capture_of_file(&next, files[i]);

		if (c == NULL)
			continue;
		if (c->state == CAPTURE_NEW)
			c->state = (uint8_t)to;
		if (conversations != NULL)
			c->conversations = conversations[i];
	}
	return store_commit(e, &next, why);
}

/* The n files that are NEW have failed together; company 0: they have not failed. 1: one is REFUSED. */
static int
mark(struct store_service *s, const char *const *files, size_t n, uint32_t company)
{
	int refused = 0;

	for (size_t i = 0; i < n; i++) {
		struct store_capture *c = capture_of_file(s, files[i]);

		if (c == NULL || c->state != CAPTURE_NEW)
			continue;
		c->among = company;
		c->tries = company == 0 ? 0 : (uint8_t)MIN(c->tries + (company == 1), STORE_TRIES);
		if (c->tries >= STORE_TRIES) {
			c->state = CAPTURE_REFUSED;
			refused = 1;
		}
	}
	return refused;
}

static int
mark_all(struct store *s, const char *service, const char *const *files, size_t n, bool failed, struct diag *why)
{
	struct entry *e = store_find(s, service, why);
	struct store_service next;
	uint32_t company = 0;
	int refused, err;

	if (e == NULL)
		return -EINVAL;
	if (store_begin(&next, e, why) < 0)
		return -ENOMEM;
	for (size_t i = 0; failed && i < n; i++) {
		const struct store_capture *c = capture_of_file(&next, files[i]);

		company += c != NULL && c->state == CAPTURE_NEW;
	}
	refused = mark(&next, files, n, company);
	err = store_commit(e, &next, why);
	return err < 0 ? err : refused;
}

int
store_past_limit(struct store *s, const char *service, const char *const *files, size_t n, struct diag *why)
{
	return mark_all(s, service, files, n, true, why);
}

int
store_within_limit(struct store *s, const char *service, const char *const *files, size_t n, struct diag *why)
{
	return mark_all(s, service, files, n, false, why);
}

/* ---- retention ---- */

static bool
too_old(const struct store_capture *c, const struct store_limits *l, int64_t now)
{
	return l->capture_days != 0 && now - c->arrived_ms > (int64_t)l->capture_days * 86400 * 1000;
}

/* True when something goes. An arrival time in the future (a clock set back) is young. */
static bool
choose(struct store_service *s, const struct store_limits *l, int64_t now)
{
	uint64_t all = 0;
	uint32_t had = s->ncaptures;

	for (uint32_t i = 0; i < s->ncaptures; i++)
		all += s->capture[i].bytes;
	for (uint32_t i = 0; i < s->ncaptures;) {
		const struct store_capture *c = &s->capture[i];
		bool over = (l->capture_bytes != 0 && all > l->capture_bytes) ||
		    s->ncaptures > STORE_CAPTURES / 16 * 15;

		if (c->state != CAPTURE_NEW && (over || too_old(c, l, now))) {
			all -= c->bytes;
			manifest_remove_capture(s, i);
		} else {
			i++;
		}
	}
	return s->ncaptures < had;
}

int
store_retain(struct store *s, struct diag *why)
{
	int64_t now = clock_ms(CLOCK_REALTIME);
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < s->n; i++) {
		struct entry *e = s->entry[i];
		struct store_service next;

		err = store_begin(&next, e, why);
		if (err < 0)
			break;
		if (!choose(&next, &s->limits, now)) {
			manifest_fini(&next);
			continue;
		}
		err = store_commit(e, &next, why);
		if (err == 0)
			store_sweep(e);
	}
	return err;
}
