#include "control/notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
notify(const char *name, const char *said, struct diag *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t n;
	int fd, err = 0;

	if (name == NULL)
		return 0;
	n = (socklen_t)strlen(name);
	if (n < 2 || n >= sizeof to.sun_path || (name[0] != '/' && name[0] != '@'))
		return diag_set(why, -EINVAL, "NOTIFY_SOCKET is \"%s\"; it must be an absolute path, or begin "
		    "with @, and have less than %zu characters.", name, sizeof to.sun_path);
	memcpy(to.sun_path, name, n);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, said, strlen(said), MSG_NOSIGNAL, (struct sockaddr *)&to,
	    (socklen_t)offsetof(struct sockaddr_un, sun_path) + n) < 0)
		err = diag_set(why, -errno, "The service manager at %s is not told %s: %s.", name, said,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}
