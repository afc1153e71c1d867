#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz.h"

int
fuzz_file(struct span bytes, char path[FUZZ_PATH])
{
	int fd = memfd_create("fuzz", 0);

	fuzz_must(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n, "there is memory for a file");
	snprintf(path, FUZZ_PATH, "/proc/self/fd/%d", fd);
	return fd;
}
