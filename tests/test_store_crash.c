/*
 * A store that is killed, or whose disk fails, at every step of a change: it opens, it is whole,
 * and no capture is lost. The steps are the system calls that change something; this program
 * stands before the C library's (a kill leaves what the kernel has, so that the order of syncs
 * is checked apart).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/cases.h"
#include "tests/file.h"
#include "tests/store_rig.h"

enum fate { FAIL, DIE_BEFORE, DIE_AFTER, FATES };
enum { ROUNDS = 200, SUPPLY = 30, DIED = 9 };

static struct {
	bool armed;
	int left;		/* steps until fate strikes */
	enum fate fate;
	bool struck;
} plan;

/* ---- the order of syncs ---- */

static struct {
	bool on;
	char synced[256];	/* the file last synced */
	char folder[256];	/* a folder with a name that no sync has made last; "" none */
	unsigned unsynced;	/* renames or links of a file that was not synced, or a folder left behind */
} order;

static void
path_of_fd(char to[256], int fd)
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, to, 255);
	to[MAX(n, 0)] = '\0';
}

static void
new_name(const char *from, const char *to)
{
	char where[256];

	snprintf(where, sizeof where, "%s", to);
	*strrchr(where, '/') = '\0';
	if (strcmp(order.synced, from) != 0 || (order.folder[0] != '\0' && strcmp(order.folder, where) != 0))
		order.unsynced++;
	snprintf(order.folder, sizeof order.folder, "%s", where);
}

/* ---- system calls, each a step ---- */

/* True: this one fails. */
static bool
step(void)
{
	if (!plan.armed || plan.struck || plan.left-- > 0)
		return false;
	plan.struck = true;
	if (plan.fate == DIE_BEFORE)
		_exit(DIED);
	errno = EIO;
	return plan.fate == FAIL;
}

static int
after(int result)
{
	if (plan.armed && plan.struck && plan.fate == DIE_AFTER)
		_exit(DIED);
	return result;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

int
fsync(int fd)
{
	struct stat st;

	if (step())
		return -1;
	if (order.on && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		path_of_fd(order.synced, fd);
	else if (order.on)
		order.folder[0] = '\0';
	return after(REAL("fsync", int (*)(int))(fd));
}

int
rename(const char *from, const char *to)
{
	if (step())
		return -1;
	if (order.on)
		new_name(from, to);
	return after(REAL("rename", int (*)(const char *, const char *))(from, to));
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (step())
		return -1;
	return after(REAL("linkat", int (*)(int, const char *, int, const char *, int))(from_fd, from, to_fd, to,
	    flags));
}

int
unlink(const char *path)
{
	if (step())
		return -1;
	if (order.on && order.folder[0] != '\0' && strstr(path, ".tmp") == NULL)
		order.unsynced++;	/* a capture leaves the spool before its record lasts */
	return after(REAL("unlink", int (*)(const char *))(path));
}

int
unlinkat(int fd, const char *path, int flags)
{
	if (step())
		return -1;
	return after(REAL("unlinkat", int (*)(int, const char *, int))(fd, path, flags));
}

int
mkdir(const char *path, mode_t mode)
{
	if (step())
		return -1;
	return after(REAL("mkdir", int (*)(const char *, mode_t))(path, mode));
}

int
ftruncate(int fd, off_t n)
{
	if (step())
		return -1;
	return after(REAL("ftruncate", int (*)(int, off_t))(fd, n));
}

/* ---- what is done, and what must hold afterwards ---- */

/* In memory where that is possible: a kill cannot tell, and hundreds of syncs are waited for. */
static char place[] = "/dev/shm/mynah-crash-XXXXXX";
static struct diag why;

static void
begin(void)
{
	if (access("/dev/shm", W_OK) < 0)
		strcpy(place, "/tmp/mynah-crash-XXXXXX");
	enter_new_folder(place);
	cr_assert_eq(mkdir("spool", 0700), 0);
}

static void
end(void)
{
	memset(&plan, 0, sizeof plan);
	cr_expect_eq(system("rm -rf state spool m.mynah"), 0);
	rmdir(place);
}

TestSuite(store_crash, .init = begin, .fini = end, .timeout = 240);

static const struct store_limits small = { .capture_bytes = 60 };	/* five captures or so */

static void
spool_file(char to[64], unsigned i)
{
	snprintf(to, 64, "spool/%u.pcap", i);
}

/* One of each change, the i-th time. Every error is passed on, none stops the others. */
static int
changes(struct store *s, unsigned i)
{
	char file[64];
	const struct store_service *v = store_service(s, "ftp", &why);
	const char *judged;
	int err = v == NULL ? -EIO : 0, at;

	spool_file(file, i);
	at = store_add_capture(s, "ftp", file, &why);
	err |= at == -EEXIST ? 0 : MIN(at, 0);	/* recorded before a kill */
	err |= MIN(store_add_model(s, "ftp", "m.mynah", version_of(i), ORIGIN_TRAINED, &why), 0);
	err |= store_on_air(s, "ftp", version_of(i), &why);
	if (v != NULL && v->ncaptures > 0) {
		judged = v->capture[v->ncaptures - 1].file;
		err |= store_judge(s, "ftp", &judged, NULL, 1, CAPTURE_LEARNED, &why);
	}
	err |= store_retain(s, &why);
	return err;
}

/* The files that the i-th changes() puts in. */
static void
put_files(unsigned i)
{
	char file[64];

	spool_file(file, i);
	put_text(file, "capture %u\n", i);
	put_text("m.mynah", "image %s\n", version_of(i));
}

static bool
keeps(const struct store_service *v, unsigned i)
{
	char text[64], want[64];

	snprintf(want, sizeof want, "capture %u\n", i);
	for (uint32_t k = 0; k < v->ncaptures; k++)
		if (get_text(text, sizeof text, v->capture[k].file) > 0 && strcmp(text, want) == 0)
			return true;
	return false;
}

/* Opens it again: whole, the i-th capture here or still in the spool, something on air as before. */
static void
expect_nothing_lost(unsigned i, bool had, const char *what, int at)
{
	const struct store_service *v;
	struct store *s;
	char file[64];

	cr_assert_eq(store_open(&s, "state", &no_limits, &why), 0, "%s %d: %s", what, at, why.text);
	v = store_service(s, "ftp", &why);
	cr_assert_not_null(v, "%s %d: %s", what, at, why.text);
	expect_whole(v, "state");
	spool_file(file, i);
	cr_expect(keeps(v, i) || access(file, F_OK) == 0, "%s %d: capture %u is lost", what, at, i);
	if (had) {
		cr_assert_geq(v->on_air, 0, "%s %d", what, at);
		cr_expect(strcmp(v->model[v->on_air].version, version_of(i)) == 0 ||
		    strcmp(v->model[v->on_air].version, version_of(i - 1)) == 0, "%s %d: %s on air", what, at,
		    v->model[v->on_air].version);
	}
	store_close(s);
}

static void
prepare(unsigned n)
{
	struct store *s;

	cr_assert_eq(store_open(&s, "state", &small, &why), 0, "%s", why.text);
	for (unsigned i = 1; i <= n; i++) {
		put_files(i);
		cr_assert_eq(changes(s, i), 0, "%s", why.text);
	}
	store_close(s);
}

/* Status of a child that opens the store and makes the i-th changes while the plan is in force. */
static int
under_the_plan(unsigned i)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store *s;
		int err;

		plan.armed = true;
		err = store_open(&s, "state", &small, &why);
		if (err == 0) {
			err = changes(s, i);
			store_close(s);
		}
		_exit(err < 0 ? 1 : plan.struck ? 0 : 2);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static const struct {
	enum fate fate;
	const char *what;
} fates[] = { { FAIL, "failed step" }, { DIE_BEFORE, "killed before step" }, { DIE_AFTER, "killed after step" } };

/* Both the very first changes and those of a store that is full. */
EACH_CASE(store_crash, every_step_may_be_the_last, fates)
{
	for (unsigned had = 0; had <= 8; had += 8) {
		int steps = 0, status = 0;

		for (; status != 2; steps++) {
			cr_assert_eq(system("rm -rf state spool/*"), 0);
			prepare(had);
			put_files(had + 1);
			plan.fate = fates[*i].fate;
			plan.left = steps;
			status = under_the_plan(had + 1);
			if (fates[*i].fate != FAIL)
				cr_expect(status == DIED || status == 2, "%s %d: status %d", fates[*i].what, steps, status);
			expect_nothing_lost(had + 1, had > 0, fates[*i].what, steps);
		}
		cr_expect_gt(steps, 30, "only %d steps were seen", steps);
	}
}

Test(store_crash, names_come_after_what_they_name_is_on_disk)
{
	prepare(8);
	put_files(9);
	order.on = true;
	prepare(9);
	order.on = false;
	cr_expect_eq(order.unsynced, 0u);
	cr_expect_str_eq(order.folder, "", "a new name in %s lasts by chance", order.folder);
}

/* ---- kill -9 ---- */

static void
nap(unsigned *seed)
{
	struct timespec t = { .tv_nsec = 1000 * (1000 + rand_r(seed) % 40000) };

	nanosleep(&t, NULL);
}

/* Works until it is killed; says after each round of changes that it is done. */
static void
work(unsigned from, int say)
{
	struct store *s;

	if (store_open(&s, "state", &small, &why) < 0)
		_exit(1);
	for (unsigned i = from; i < from + SUPPLY; i++) {
		put_text("m.mynah", "image %s\n", version_of(i));
		if (changes(s, i) < 0 || write(say, &i, sizeof i) != sizeof i)
			_exit(1);
	}
	pause();
}

/* How far a worker came that began after done and was killed at a moment of nobody's choice. */
static unsigned
kill_a_worker(unsigned done, unsigned *seed)
{
	int pipes[2], status;
	unsigned said;
	pid_t child;

	cr_assert_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0)
		work(done + 1, pipes[1]);
	close(pipes[1]);
	nap(seed);
	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status), "after %u it ended by itself with %d", done, WEXITSTATUS(status));
	while (read(pipes[0], &said, sizeof said) == sizeof said)
		done = said;
	close(pipes[0]);
	return done;
}

Test(store_crash, kill_9_two_hundred_times)
{
	unsigned seed = 1, done = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned i = done + 1; i <= done + SUPPLY + 1; i++)
			put_files(i);
		done = kill_a_worker(done, &seed);
		expect_nothing_lost(done + 1, done > 0, "round", round);
	}
	cr_expect_gt(done, 0u, "no round of changes was finished");
}

/* ---- a disk that is full ---- */

Test(store_crash, a_file_that_cannot_be_written_to_its_end_changes_nothing)
{
	struct rlimit had, full = { .rlim_cur = 5 };
	struct store *s;

	prepare(3);
	put_files(4);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &had), 0);
	full.rlim_max = had.rlim_max;
	cr_assert_eq(store_open(&s, "state", &no_limits, &why), 0, "%s", why.text);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	cr_expect_eq(store_add_model(s, "ftp", "m.mynah", version_of(4), ORIGIN_TRAINED, &why), -EFBIG);
	cr_expect_eq(store_add_capture(s, "ftp", "spool/4.pcap", &why), -EFBIG);
	cr_expect_eq(store_configured(s, "ftp", version_of(3), &why), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &had);
	cr_expect_not_null(strstr(why.text, "manifest.json cannot be written: File too large"), "%s", why.text);
	cr_expect_str_eq(store_service(s, "ftp", &why)->configured, "");
	expect_whole(store_service(s, "ftp", &why), "state");
	store_close(s);
	expect_nothing_lost(4, true, "full disk", 0);
}
