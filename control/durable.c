#include "control/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/beside.h"

enum { CHUNK = 1 << 16 };

static int PRINTF(2, 3)
path_of(char to[PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to, PATH_MAX, fmt, ap);
	va_end(ap);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int
durable_open(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EINVAL : -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

int
durable_mkdir(const char *folder, mode_t mode)
{
	char parent[PATH_MAX];
	struct stat st;
	int err;

	if (mkdir(folder, mode) < 0) {
		if (errno != EEXIST)
			return -errno;
		if (lstat(folder, &st) < 0)
			return -errno;
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	err = beside_folder(parent, folder);
	return err < 0 ? err : beside_sync(parent);
}

int
durable_write(const char *folder, const char *name, const void *bytes, size_t n)
{
	char path[PATH_MAX], beside[BESIDE_PATH];
	int fd = path_of(path, "%s/%s", folder, name);

	if (fd == 0)
		fd = beside_open(beside, path, 0600);
	return fd < 0 ? fd : beside_place(fd, beside_write(fd, span_of(bytes, n)), beside, path);
}

/* Bytes read, 0 at the end, or -errno. */
static ssize_t
next_chunk(int fd, char to[CHUNK])
{
	ssize_t n;

	do {
		n = read(fd, to, CHUNK);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int
durable_copy(const char *folder, const char *name, int fd)
{
	char path[PATH_MAX], beside[BESIDE_PATH], chunk[CHUNK];
	int to = path_of(path, "%s/%s", folder, name), err = 0;
	ssize_t n = 0;

	if (to == 0)
		to = beside_open(beside, path, 0600);
	if (to < 0)
		return to;
	while (err == 0 && (n = next_chunk(fd, chunk)) > 0)
		err = beside_write(to, span_of(chunk, (size_t)n));
	return beside_place(to, err < 0 ? err : (int)n, beside, path);
}

/* Through /proc: that very file, whatever stands under its name by now. */
int
durable_link(const char *folder, const char *name, int fd)
{
	char from[64], path[PATH_MAX];

	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	if (path_of(path, "%s/%s", folder, name) < 0)
		return -ENAMETOOLONG;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	if (fsync(fd) == 0)
		return 0;
	unlink(path);
	return -EIO;
}

int
durable_unlink(const char *path, int fd)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0)
		return -errno;
	if (lstat(path, &there) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (there.st_dev != ours.st_dev || there.st_ino != ours.st_ino)
		return 0;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int
durable_sum(int fd, char hex[DURABLE_SUM], uint64_t *bytes)
{
	char chunk[CHUNK];
	SHA2_CTX sum;
	ssize_t n;

	*bytes = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	SHA256Init(&sum);
	while ((n = next_chunk(fd, chunk)) > 0) {
		SHA256Update(&sum, (const uint8_t *)chunk, (size_t)n);
		*bytes += (uint64_t)n;
	}
	SHA256End(&sum, hex);
	return (int)n;
}
