#pragma once
/*
 * calls.h - the conversations of a capture: who is a client of whom, read before anything is replayed.
 *
 * A SYN says so, or who sends the first datagram; a host that both calls and is called is what it
 * is more often. One conversation is a pair of addresses and ports, however often they call.
 */
#include "control/replay.h"
#include "learning/trace.h"

/* A conversation of the capture, and where ours of the same name stands. */
struct conv {
	struct addr client, server;
	uint16_t client_port, server_port;
	uint8_t proto;
	bool used, called;		/* called: its SYN was seen */
	bool backwards;			/* a server's own call to its client, as active FTP makes */
	bool heard;			/* our side answered */
	bool ended;			/* reset by either side */
	uint32_t isn, seq;		/* first and next of the client's, as recorded */
	uint32_t ack;			/* next of ours */
	uint32_t acked;			/* what the client has told us of that */
	uint32_t ts_val, ts_ecr;	/* last of the client's, last of ours */
	bool has_ts;
	uint8_t ttl;
	uint16_t win;
	int64_t last_ns;		/* its last datagram */
	int64_t due_ns;			/* when the shim acknowledges by itself; 0: nothing to */
	bool queued;
	struct conv *next;		/* due after this one */
};

struct calls {
	struct conv *conv;		/* open addressing, at most half full */
	size_t n, room;
	int64_t first_ns;		/* Unix time of the capture's first packet */
};

/* 0, or -errno with a sentence: also where no conversation begins in it. */
int	calls_read(struct calls *all, const char *path, struct diag *why);
void	calls_fini(struct calls *all);
/* The conversation with these addresses and ports; one that is not used: there is none. */
struct conv *calls_place(const struct calls *all, const struct conv *k);
struct conv calls_key(const struct wire *w, bool from_client);
/* Parses a packet: can the stack be asked about it? Counts it, and why not. */
bool	calls_usable(struct wire *w, const struct trace_packet *p, struct replay_report *n);
/* When it was captured, within 1970 and 2116. */
int64_t	calls_moment(const struct trace_packet *p);
