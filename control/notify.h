#pragma once
/*
 * notify.h - tells the service manager that mynahd is ready, or about to end.
 *
 * The protocol of sd_notify(3): one datagram to the socket that the environment names, a path
 * or, after @, an abstract name. A program that nobody asked says nothing. Threads: control.
 */
#include "models/diag.h"

/* socket: $NOTIFY_SOCKET, NULL without one; said: "READY=1". 0, or -errno with a sentence. */
int	notify(const char *socket, const char *said, struct diag *why);
