#include "control/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEVELS = 3 };		/* STATE/SERVICE/captures/FILE */

int
priv_check(const char *user, struct diag *why)
{
	if (getpwnam(user) == NULL)
		return diag_set(why, -ENOENT, "There is no user \"%s\".", user);
	return 0;
}

/*
 * Folders below folders hold only what is ours and has one name: whoever may write into them
 * gets nothing of anybody else's. A group that an operator gave a folder stays.
 */
static int
give(int parent, const char *name, const struct passwd *pw, unsigned levels)
{
	int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), err = 0;
	const struct dirent *e;
	struct stat st;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : -errno;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1)) &&
	    fchown(fd, pw->pw_uid, st.st_gid == getegid() ? pw->pw_gid : (gid_t)-1) < 0)
		err = -errno;
	dir = S_ISDIR(st.st_mode) && levels > 0 ? fdopendir(fd) : NULL;
	while (dir != NULL && err == 0 && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			err = give(fd, e->d_name, pw, levels - 1);
	if (dir != NULL)
		closedir(dir);
	else
		close(fd);
	return err;
}

static int
give_path(const char *path, const struct passwd *pw)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return give(AT_FDCWD, path, pw, LEVELS);
	return lchown(path, pw->pw_uid, pw->pw_gid) < 0 ? -errno : 0;
}

int
priv_drop(const char *user, const char *const *paths, size_t npaths, struct diag *why)
{
	const struct passwd *pw;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_set(why, -errno, "No-new-privileges cannot be set: %s.", strerror(errno));
	if (user == NULL)
		return 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return priv_check(user, why);
	for (size_t i = 0; i < npaths; i++) {
		int err = paths[i] == NULL ? 0 : give_path(paths[i], pw);

		if (err < 0)
			return diag_set(why, err, "%s cannot be given to user %s: %s.", paths[i], user, strerror(-err));
	}
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0)
		return diag_set(why, -errno, "Cannot become user %s: %s.", user, strerror(errno));
	return 0;
}
