#include "models/image_save.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/beside.h"
#include "models/image.h"

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
open_beside(const char *path, char temp[BESIDE_PATH], struct diag *why)
{
	struct stat st;
	int fd;

	if (path[0] == '\0')
		return diag_set(why, -EINVAL, "a model needs a file name, and this one is empty.");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))	/* a rename would replace a device */
		return diag_set(why, -EINVAL, "%s: is no ordinary file, so no model is put in its place.",
		    path);
	if (stat(path, &st) == 0 && !may_replace(path, &st))
		return diag_set(why, -EEXIST, "%s: holds something else than a model and is not replaced; "
		    "remove it, or give the model another name.", path);
	fd = beside_open(temp, path, 0644);
	return fd >= 0 ? fd : diag_set(why, fd, "%s: cannot be written: %s.", path, strerror(-fd));
}

int
image_may_save(const char *path, struct diag *why)
{
	char temp[BESIDE_PATH];
	int fd = open_beside(path, temp, why);

	if (fd < 0)
		return fd;
	close(fd);
	unlink(temp);
	return 0;
}

int
image_save(const char *path, struct span image, struct diag *why)
{
	char temp[BESIDE_PATH], folder[BESIDE_PATH];
	int fd = open_beside(path, temp, why), err;

	if (fd < 0)
		return fd;
	err = beside_place(fd, beside_write(fd, image), temp, path);
	if (err < 0)
		return diag_set(why, err, "%s: writing it failed: %s; the file is as it was.", path,
		    strerror(-err));
	err = beside_folder(folder, path);
	if (err == 0)
		err = beside_sync(folder);
	return err == 0 ? 0 : diag_set(why, err, "%s: it may not survive a crash: %s.", path,
	    strerror(-err));
}
