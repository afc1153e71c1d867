#pragma once
/*
 * top.h - who comes most, to which ports, and to which profiles: "mynah ctl top".
 *
 * Counted from records as they come, in memory that does not grow: Space-Saving (Metwally, Agrawal, El Abbadi 2005,
 * section 3) keeps TOP_KEPT keys of each kind; a new one takes the place of the rarest and inherits its count, so
 * what is listed may be too high by what is said beside it, and who came more often than that is never missing.
 * What is told is of the last TOP_MINUTES at least and of twice as many at most. Threads: control.
 */
#include <jansson.h>

#include "dataplane/record.h"
#include "models/set.h"

enum { TOP_KEPT = 256, TOP_LISTED = 16, TOP_MINUTES = 10, TOP_KEY = 64 };

enum top_kind { TOP_SOURCES, TOP_PORTS, TOP_PROFILES, TOP_KINDS };

struct top_entry {
	char key[TOP_KEY];
	uint64_t hash;
	uint64_t records, bytes;	/* bytes: of IP packets, from it */
	uint64_t inherited;		/* of records, from those whose place it took */
};

struct top_table {
	uint32_t n;
	struct top_entry entry[TOP_KEPT];
};

struct top {
	int64_t since_ms;		/* Unix; 0: nothing was counted */
	int64_t before_ms;		/* the same of what is in before; 0: nothing is */
	struct top_table now[TOP_KINDS], before[TOP_KINDS];
};

/* s: for the profile of the address that was called. */
void	top_add(struct top *t, const struct set *s, const struct record *r, int64_t now_ms);
json_t	*top_tell(struct top *t, int64_t now_ms);
