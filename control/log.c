#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void
log_say(const char *fmt, ...)
{
	char line[1024];
	size_t at = (size_t)snprintf(line, sizeof line, "mynahd: ");
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + at, sizeof line - at - 1, fmt, ap);
	va_end(ap);
	at = MIN(at + (size_t)MAX(n, 0), sizeof line - 2);
	line[at++] = '\n';
	if (write(STDERR_FILENO, line, at) < 0)
		return;		/* nobody listens; nothing to tell it to */
}
