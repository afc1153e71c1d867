#include "control/bell.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/log.h"

static struct {
	int fd;				/* an eventfd: wakes the main loop */
	volatile sig_atomic_t end, reopen;
} bell = { .fd = -1 };

static void
hear(int number)
{
	int saved = errno;
	uint64_t one = 1;

	*(number == SIGHUP ? &bell.reopen : &bell.end) = 1;
	if (write(bell.fd, &one, sizeof one) < 0)
		number = 0;		/* full: the loop is awake already */
	errno = saved;
}

int
bell_hang(struct diag *why)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction act = { .sa_handler = hear, .sa_flags = SA_RESTART };

	bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell.fd < 0)
		return diag_set(why, -errno, "No signals: %s.", strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaction(numbers[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int
bell_fd(void)
{
	return bell.fd;
}

struct bell_heard
bell_heed(void)
{
	struct bell_heard heard;
	uint64_t rings;

	if (read(bell.fd, &rings, sizeof rings) < 0 && errno != EAGAIN)
		log_say("The bell of signals is broken: %s.", strerror(errno));
	heard = (struct bell_heard){ .end = bell.end, .reopen = bell.reopen };
	if (heard.reopen)
		bell.reopen = 0;
	return heard;
}
