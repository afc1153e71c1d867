#include "models/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
beside_name(char temp[BESIDE_PATH], const char *path)
{
	int n = snprintf(temp, BESIDE_PATH, "%s.tmp", path);

	return n < 0 || n >= BESIDE_PATH ? -ENAMETOOLONG : 0;
}

int
beside_open(char temp[BESIDE_PATH], const char *path, mode_t mode)
{
	int fd, err = beside_name(temp, path);

	if (err < 0)
		return err;
	if (unlink(temp) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

int
beside_may(const char *path)
{
	char temp[BESIDE_PATH];
	int fd = beside_open(temp, path, 0600);

	if (fd < 0)
		return fd;
	close(fd);
	unlink(temp);
	return 0;
}

int
beside_write(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = span_sub(bytes, (size_t)n, SIZE_MAX);
	}
	return 0;
}

/* It has all its bytes; now its name, or none. */
static int
rename_or_remove(int err, const char *temp, const char *path)
{
	if (err == 0 && rename(temp, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(temp);
	return err;
}

int
beside_place(int fd, int err, const char *temp, const char *path)
{
	if (err == 0 && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return rename_or_remove(err, temp, path);
}

int
beside_place_stream(FILE *stream, int err, const char *temp, const char *path)
{
	errno = EIO;			/* an error of before does not say which it was */
	if (err == 0 && (ferror(stream) || fflush(stream) != 0 || fsync(fileno(stream)) < 0))
		err = -errno;
	if (fclose(stream) != 0 && err == 0)
		err = -errno;
	return rename_or_remove(err, temp, path);
}

int
beside_folder(char folder[BESIDE_PATH], const char *path)
{
	const char *slash = strrchr(path, '/');
	int n;

	if (slash == NULL)
		n = snprintf(folder, BESIDE_PATH, ".");
	else
		n = snprintf(folder, BESIDE_PATH, "%.*s", (int)MAX(slash - path, 1), path);
	return n < 0 || n >= BESIDE_PATH ? -ENAMETOOLONG : 0;
}

int
beside_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
	close(fd);
	return err;
}
