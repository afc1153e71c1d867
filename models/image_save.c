#include "models/image_save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/image.h"

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

/* Is it a model or empty? A slip of the pen (-o *.pcap) is no reason to lose a capture. */
static bool
may_replace(const char *path, const struct stat *st)
{
	char magic[sizeof IMAGE_MAGIC - 1];
	int fd = st->st_size == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	bool model;

	if (fd < 0)
		return st->st_size == 0;
	model = read(fd, magic, sizeof magic) == sizeof magic &&
	    memcmp(magic, IMAGE_MAGIC, sizeof magic) == 0;
	close(fd);
	return model;
}

/* path.tmp opened for writing, or -errno with a sentence. */
static int
open_beside(const char *path, char beside[PATH_MAX], struct diag *why)
{
	struct stat st;
	int n = snprintf(beside, PATH_MAX, "%s.tmp", path), fd;

	if (n < 0 || n >= PATH_MAX)
		return diag_set(why, -ENAMETOOLONG, "%s: the name is too long.", path);
	if (path[0] == '\0')
		return diag_set(why, -EINVAL, "a model needs a file name, and this one is empty.");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))	/* a rename would replace a device */
		return diag_set(why, -EINVAL, "%s: is no ordinary file, so no model is put in its place.",
		    path);
	if (stat(path, &st) == 0 && !may_replace(path, &st))
		return diag_set(why, -EEXIST, "%s: holds something else than a model and is not replaced; "
		    "remove it, or give the model another name.", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : diag_set(why, -errno, "%s: cannot be written: %s.", path, strerror(errno));
}

int
image_may_save(const char *path, struct diag *why)
{
	char beside[PATH_MAX];
	int fd = open_beside(path, beside, why);

	if (fd < 0)
		return fd;
	close(fd);
	unlink(beside);
	return 0;
}

int
image_save(const char *path, struct span image, struct diag *why)
{
	char beside[PATH_MAX];
	int fd = open_beside(path, beside, why), err;

	if (fd < 0)
		return fd;
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
