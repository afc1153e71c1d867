#include "models/image_save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s = span_sub(s, (size_t)n, SIZE_MAX);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The rename lasts only once its directory is on disk. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, err;

	if (slash == NULL)
		strcpy(dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s", (int)MAX(slash - path, 1), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
	close(fd);
	return err;
}

int
image_save(const char *path, struct span image, struct diag *why)
{
	char beside[PATH_MAX];
	struct stat st;
	int n = snprintf(beside, sizeof beside, "%s.tmp", path), fd, err;

	if (n < 0 || (size_t)n >= sizeof beside)
		return diag_set(why, -ENAMETOOLONG, "%s: the name is too long.", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))	/* a rename would replace a device */
		return diag_set(why, -EINVAL, "%s: is no ordinary file, so no model is put in its place.",
		    path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return diag_set(why, -errno, "%s: cannot be written: %s.", path, strerror(errno));
	err = write_all(fd, image);
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(beside, path) < 0)
		err = -errno;
	if (err < 0) {
		unlink(beside);
		return diag_set(why, err, "%s: writing it failed: %s; the file is as it was.", path,
		    strerror(-err));
	}
	err = sync_directory(path);
	return err == 0 ? 0 : diag_set(why, err, "%s: it may not survive a crash: %s.", path,
	    strerror(-err));
}
