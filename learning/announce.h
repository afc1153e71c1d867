#pragma once
/*
 * announce.h - where in what a server says a port is announced, at which it expects the client.
 *
 * Either an address and a port as six numbers between commas, or a bare number between bytes that are no part of a
 * number or word. What announces is told by connections that follow (corpus.h), not by words. Pure.
 */
#include "models/addr.h"

struct announced {
	uint16_t port;
	bool comma;		/* its two bytes, behind the address; else as one number */
	struct span where;	/* the port as it was written */
};

/* The next one at or behind *left, which then begins behind it; false: there is none. */
bool	announce_next(struct announced *a, struct span *left, const struct addr *server);
