#include "control/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_secret(uint8_t to[SECRET_BYTES], const char *path, struct diag *why)
{
	uint8_t bytes[SECRET_BYTES + 1];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return diag_set(why, -errno, "%s: %s.", path, strerror(errno));
	n = read(fd, bytes, sizeof bytes);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || n != SECRET_BYTES) {
		close(fd);
		return diag_set(why, -EINVAL, "%s is no key file: it must hold exactly %d bytes.", path,
		    SECRET_BYTES);
	}
	close(fd);
	if (st.st_mode & 077)
		return diag_set(why, -EPERM, "%s can be read by others; its mode must be 0600.", path);
	memcpy(to, bytes, SECRET_BYTES);
	return 0;
}

/* Beside, synced, then linked: never half a key, never over one that another start just made. */
static int
make_secret(const char *path, struct diag *why)
{
	uint8_t bytes[SECRET_BYTES];
	char temp[1100];
	int fd, err = 0;

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return diag_set(why, -errno, "No random bytes for %s: %s.", path, strerror(errno));
	snprintf(temp, sizeof temp, "%s.%ld.tmp", path, (long)getpid());
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return diag_set(why, -errno, "The key file %s cannot be made: %s.", path, strerror(errno));
	if (write(fd, bytes, sizeof bytes) != sizeof bytes || fsync(fd) < 0)
		err = -EIO;
	close(fd);
	if (err == 0 && link(temp, path) < 0 && errno != EEXIST)
		err = -errno;
	unlink(temp);
	if (err < 0)
		return diag_set(why, err, "The key file %s cannot be written: %s.", path, strerror(-err));
	return 0;
}

int
secret_load(uint8_t to[SECRET_BYTES], const char *path, struct diag *why)
{
	int err = 0;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		err = make_secret(path, why);
	return err < 0 ? err : read_secret(to, path, why);
}

int
secret_check(const char *path, struct diag *why)
{
	uint8_t bytes[SECRET_BYTES];

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	return read_secret(bytes, path, why);
}
