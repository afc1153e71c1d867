#pragma once
/*
 * frag.h - puts fragments of IPv4 and IPv6 together; the same code for captures and for the stack.
 *
 * A table has a fixed number of entries, each with room for one datagram, in the caller's
 * memory; nothing else is ever allocated. An entry lives in one of four places its key
 * hashes to, so a search is four comparisons whatever anybody sends; when all four are
 * taken the oldest goes. First in wins. A fragment that overlaps another condemns the
 * datagram (RFC 5722, also right for IPv4; RFC 1858, RFC 3128), and what still arrives for
 * it is refused until its age is over. An exact repetition is ignored. Of IPv6's extension
 * headers those before the fragment header do not come back: they were for the way.
 *
 * Threads: none of its own; one table belongs to one caller. Time is an argument.
 */
#include "dataplane/wire.h"

enum { FRAG_PIECES = 8, FRAG_AGE_S = 5 };

/* What became of a fragment. Everything above FRAG_WHOLE is a reason to refuse it. */
enum frag_verdict {
	FRAG_HELD,
	FRAG_WHOLE,
	FRAG_DUPLICATE,		/* the same range again */
	FRAG_NOT_IP,
	FRAG_CUT,		/* the capture does not have all of it */
	FRAG_TINY,		/* empty, or splits the L4 header */
	FRAG_ODD,		/* not the last, yet no multiple of eight bytes */
	FRAG_TOO_BIG,		/* ends beyond 65,535 bytes or beyond an entry's room */
	FRAG_TOO_MANY,		/* more than FRAG_PIECES */
	FRAG_OVERLAP,		/* or two different last fragments */
	FRAG_CONDEMNED,		/* of a datagram refused before */
	FRAG_VERDICTS
};

struct frag_entry;

struct frag_table {
	uint64_t count[FRAG_VERDICTS];
	uint64_t aged, evicted;	/* datagrams given up: too old, pushed out by a newer one */
	int64_t age_ns;		/* FRAG_AGE_S unless the caller sets another */
	uint64_t seed;		/* of the hash */
	uint32_t entries;	/* a power of two, at least 4 */
	uint32_t room;		/* bytes of L4 per datagram */
	size_t stride;
};

/* Bytes of a table; entries is rounded up to a power of two, room is at most 65,515. */
size_t	frag_bytes(uint32_t entries, uint32_t room);
/* mem: frag_bytes() of zeroed memory, 16-byte aligned, owned by the caller. */
struct frag_table *frag_init(void *mem, uint32_t entries, uint32_t room, uint64_t seed);
/*
 * Takes one fragment. On FRAG_WHOLE *packet is the IP packet, header and sums of IP made
 * new, to be parsed as WIRE_RAW_IP; it lies in the table until the next call.
 */
enum frag_verdict frag_input(struct frag_table *t, const struct wire *w, int64_t now_ns,
    struct span *packet);
const char *frag_verdict_name(enum frag_verdict v);
