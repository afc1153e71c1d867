#include "control/spool.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/durable.h"
#include "control/log.h"

enum { EVENTS_AT_ONCE = 64 << 10, TURN_READS = 8 };	/* bytes of one read(); reads per turn */

struct tray {			/* one service's folder */
	char name[64], folder[PATH_MAX];
	int watch;		/* -1: the folder is not there */
	char **queue;		/* names; head..tail wait */
	size_t head, tail, room;
	size_t batch;		/* of them, still to be taken with those that were; 0: none is half taken */
	void *waiting;		/* tsearch() tree over the same names */
	int64_t first_ms, last_ms;	/* arrivals of this batch */
	bool said_full;
};

struct spool {
	int fd, top;		/* top: the watch on SPOOL */
	char folder[PATH_MAX];
	struct tray *tray;
	size_t n, next;		/* next: who is looked at first */
	int64_t now_ms;		/* of this turn */
	bool said_file, said_folder;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
in_progress(const char *name)
{
	static const char *const ends[] = { ".tmp", ".part" };
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (n >= strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	return name[0] == '.';
}

static int
append(struct tray *t, char *name)
{
	if (t->tail == t->room && t->head > t->room / 2) {
		memmove(t->queue, t->queue + t->head, (t->tail - t->head) * sizeof *t->queue);
		t->tail -= t->head;
		t->head = 0;
	}
	if (t->tail == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		char **queue = reallocarray(t->queue, room, sizeof *queue);

		if (queue == NULL)
			return -ENOMEM;
		t->queue = queue;
		t->room = room;
	}
	t->queue[t->tail++] = name;
	return 0;
}

/* Names that wait already are not queued again, but keep the batch open. */
static void
arrive(struct spool *s, struct tray *t, const char *name)
{
	char *copy;

	if (in_progress(name))
		return;
	t->last_ms = s->now_ms;
	if (t->head == t->tail)
		t->first_ms = s->now_ms;
	if (tfind(name, &t->waiting, compare) != NULL)
		return;
	if (t->tail - t->head == SPOOL_WAITING) {
		if (!t->said_full)
			log_say("More than %d captures wait in %s; put the others there again later.", SPOOL_WAITING,
			    t->folder);
		t->said_full = true;
		return;
	}
	copy = strdup(name);
	if (copy == NULL || append(t, copy) < 0) {
		log_say("No memory for captures in %s; put them there again later.", t->folder);
		free(copy);
	} else if (tsearch(copy, &t->waiting, compare) == NULL) {
		t->tail--;
		free(copy);
	}
}

/* By name, so that what lies there is taken in the same order every time. */
static void
look_through(struct spool *s, struct tray *t)
{
	struct dirent **names;
	int n = scandir(t->folder, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		arrive(s, t, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static int
watch_tray(struct spool *s, struct tray *t)
{
	t->watch = inotify_add_watch(s->fd, t->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW);
	if (t->watch < 0)
		return -errno;
	look_through(s, t);
	return 0;
}

/* ---- SPOOL itself ---- */

static struct tray *
tray_of_name(struct spool *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->tray[i].name, name) == 0)
			return &s->tray[i];
	return NULL;
}

static void
say_stray(struct spool *s, const char *name, bool folder)
{
	bool *said = folder ? &s->said_folder : &s->said_file;
	char plain[NAME_MAX + 1];

	if (*said || in_progress(name))
		return;
	*said = true;
	snprintf(plain, sizeof plain, "%s", name);
	for (char *p = plain; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	if (folder)
		log_say("%s/%s is of no service that is configured; what is put there is not learned.", s->folder, plain);
	else
		log_say("%s/%s is in no service's folder and is not learned; put captures into %s/SERVICE.", s->folder,
		    plain, s->folder);
}

static void
look_for_strays(struct spool *s)
{
	DIR *dir = opendir(s->folder);
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (tray_of_name(s, e->d_name) == NULL)
			say_stray(s, e->d_name, e->d_type == DT_DIR);
	if (dir != NULL)
		closedir(dir);
}

static void
lose(struct spool *s, struct tray *t)
{
	if (t->watch < 0)
		return;
	inotify_rm_watch(s->fd, t->watch);
	t->watch = -1;
	log_say("%s was removed; captures are taken from it again when it is back.", t->folder);
}

static void
hear_top(struct spool *s, const struct inotify_event *e)
{
	struct tray *t = e->len > 0 ? tray_of_name(s, e->name) : NULL;

	if (e->mask & IN_IGNORED) {
		s->top = -1;
		log_say("The spool folder %s was removed; nothing is taken from it until mynahd starts again.", s->folder);
	} else if (t == NULL && e->len > 0 && !(e->mask & (IN_DELETE | IN_MOVED_FROM))) {
		say_stray(s, e->name, e->mask & IN_ISDIR);
	} else if (t != NULL && (e->mask & (IN_DELETE | IN_MOVED_FROM))) {
		lose(s, t);
	} else if (t != NULL && t->watch < 0 && watch_tray(s, t) < 0) {
		log_say("%s cannot be watched: %s.", t->folder, strerror(errno));
	}
}

/* ---- turns ---- */

static void
look_everywhere(struct spool *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->tray[i].watch < 0)
			watch_tray(s, &s->tray[i]);
		else
			look_through(s, &s->tray[i]);
}

static void
hear(struct spool *s, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		look_everywhere(s);
		return;
	}
	if (e->wd == s->top) {
		hear_top(s, e);
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->tray[i].watch == e->wd) {
			if (e->mask & IN_IGNORED)
				lose(s, &s->tray[i]);
			else if (e->len > 0 && !(e->mask & IN_ISDIR))
				arrive(s, &s->tray[i], e->name);
			return;
		}
}

void
spool_turn(struct spool *s, int64_t now_ms)
{
	_Alignas(struct inotify_event) char buffer[EVENTS_AT_ONCE];

	s->now_ms = now_ms;
	for (int i = 0; i < TURN_READS; i++) {
		ssize_t n = read(s->fd, buffer, sizeof buffer);
		const struct inotify_event *e;

		if (n <= 0)
			return;
		for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *e + e->len)) {
			e = (const struct inotify_event *)(buffer + at);
			hear(s, e);
		}
	}
}

static bool
is_ready(const struct tray *t, int64_t now_ms)
{
	return t->batch > 0 || (t->head < t->tail && (now_ms - t->last_ms >= SPOOL_SETTLE_MS ||
		now_ms - t->first_ms >= SPOOL_LONGEST_MS));
}

int
spool_ready(const struct spool *s, int64_t now_ms)
{
	for (size_t k = 0; k < s->n; k++) {
		size_t i = (s->next + k) % s->n;

		if (is_ready(&s->tray[i], now_ms))
			return (int)i;
	}
	return -1;
}

/* What stands at path is a capture as far as one can see from outside. */
static bool
is_ordinary(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;		/* somebody took it away again */
	if (S_ISREG(st.st_mode))
		return true;
	if (!S_ISDIR(st.st_mode))
		log_say("%s is not a file and is left alone.", path);
	return false;
}

bool
spool_take(struct spool *s, int service, char *path, size_t room)
{
	struct tray *t = &s->tray[service];
	bool found = false;

	s->next = ((size_t)service + 1) % s->n;
	if (t->batch == 0)
		t->batch = t->tail - t->head;
	while (!found && t->batch > 0) {
		char *name = t->queue[t->head++];
		int n = snprintf(path, room, "%s/%s", t->folder, name);

		if (--t->batch == 0)
			t->first_ms = s->now_ms;	/* what came meanwhile */
		tdelete(name, &t->waiting, compare);
		free(name);
		found = n > 0 && (size_t)n < room && is_ordinary(path);
	}
	if (t->head == t->tail)
		t->head = t->tail = 0;
	return found;
}

bool
spool_batch_over(const struct spool *s, int service)
{
	return s->tray[service].batch == 0;
}

/* ---- open and close ---- */

static int
open_tray(struct spool *s, const char *name, struct diag *why)
{
	struct tray *t = &s->tray[s->n++];
	int err;

	*t = (struct tray){ .watch = -1 };
	snprintf(t->name, sizeof t->name, "%s", name);
	if ((size_t)snprintf(t->folder, sizeof t->folder, "%s/%s", s->folder, name) >= sizeof t->folder)
		return diag_set(why, -ENAMETOOLONG, "The spool folder of %s has too long a name.", name);
	err = durable_mkdir(t->folder, 0770);
	if (err == 0)
		err = watch_tray(s, t);
	return err == 0 ? 0 : diag_set(why, err, "The spool folder %s cannot be made and watched: %s.", t->folder,
	    strerror(-err));
}

static int
open_top(struct spool *s, const char *folder, struct diag *why)
{
	int err = durable_mkdir(folder, 0770);

	if (err == 0 && realpath(folder, s->folder) == NULL)
		err = -errno;
	if (err == 0 && (s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0)
		err = -errno;
	if (err == 0 && (s->top = inotify_add_watch(s->fd, s->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
		IN_CREATE | IN_DELETE | IN_ONLYDIR)) < 0)
		err = -errno;
	return err == 0 ? 0 : diag_set(why, err, "The spool folder %s cannot be made and watched: %s.", folder,
	    strerror(-err));
}

int
spool_open(struct spool **out, const char *folder, const char *const *services, size_t n, struct diag *why)
{
	struct spool *s = calloc(1, sizeof *s);
	int err;

	if (s != NULL) {
		s->fd = s->top = -1;
		s->now_ms = INT64_MIN / 2;	/* what lies there has lain there long enough */
		s->tray = calloc(MAX(n, (size_t)1), sizeof *s->tray);
	}
	if (s == NULL || s->tray == NULL) {
		free(s);
		return diag_set(why, -ENOMEM, "No memory for the spool folder %s.", folder);
	}
	err = open_top(s, folder, why);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = open_tray(s, services[i], why);
	if (err < 0) {
		spool_close(s);
		return err;
	}
	look_for_strays(s);
	*out = s;
	return 0;
}

int
spool_fd(const struct spool *s)
{
	return s->fd;
}

void
spool_close(struct spool *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct tray *t = &s->tray[i];

		while (t->head < t->tail) {
			tdelete(t->queue[t->head], &t->waiting, compare);
			free(t->queue[t->head++]);
		}
		free(t->queue);
	}
	if (s->fd >= 0)
		close(s->fd);
	free(s->tray);
	free(s);
}
