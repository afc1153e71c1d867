#pragma once
/*
 * decide.h - which answer a client message gets in a state.
 *
 * Nodes are pairs (state of memory.h, client template); the state of length 0 has one for every
 * template, longer histories only where they foretell the reply better than the shorter one
 * they back off to, judged with the sample itself left out. Likewise a template of a more specific
 * level is dropped where the general one foretells its replies as well for fewer bytes. In a node a field of the message
 * may decide (known users, existing files): then each answer names the values it was given to
 * and what is said to values never seen is learned from the first sight of each value.
 * Two fields may decide together: the user who logged in and the file he names.
 */
#include "learning/memory.h"
#include "learning/rules.h"

enum { KEY_LINES = 2 };

struct key {			/* what decides: one field, or two together */
	struct source one, two;
	bool is_pair;
	bool no_field;			/* nothing but lines */
	struct span line[KEY_LINES];	/* that lines of these names are there decides, too */
	uint32_t nlines;
};

struct choice {
	const struct answer *answer;	/* NULL: silence */
	bool guarded;
	bool begins;			/* the key's value begins with one of them; none of them with another */
	const struct key *by;		/* whose values, NULL: the node's key */
	struct span *value;		/* guarded: key values that get this answer, sorted */
	uint32_t nvalues;
	enum { LINE_ANY, LINE_MISSING, LINE_THERE } line[KEY_LINES];	/* the key's */
	uint32_t support;
};

struct node {
	uint32_t state, client;		/* client == templates: CONNECT */
	struct key key;			/* where any choice is guarded */
	struct choice *choice;		/* guarded first: by whole values, by beginnings, by kin; at most one unguarded, last */
	uint32_t nchoices;
	uint32_t support;
	double accuracy;		/* left-one-out */
};

struct decisions {
	struct node *node;		/* sorted by state, then client */
	uint32_t n;
	bool *dropped;			/* per client template: a more general level answers as well */
	uint64_t kind;			/* as right, but only the kind of reply */
	uint64_t right, judged;		/* left-one-out, over all exchanges with a known reply */
};

/*
 * before[e]: the state in which exchange e's client message came. explained[e]: what latches held
 * explains the answer (regardless.h), so it is no evidence for states that have forgotten them.
 */
void	decide(struct decisions *out, struct pool *pool, const struct rules *r,
	    const struct memory *m, const uint32_t *before, const bool *explained);
/* After nodes were added behind the others. */
void	decisions_sort(struct decisions *d);
/* The node of a state and a client template, or NULL. */
const struct node *decisions_find(const struct decisions *d, uint32_t state, uint32_t client);
