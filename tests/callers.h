#pragma once
/*
 * callers.h - thousands of clients of tcp/21 who know by heart what each version of its model must say.
 *
 * Every version is a model of its own: its number stands in each answer, the number of its states and
 * the length of its answers depend on it. A caller learns its version when its handshake ends
 * and compares every byte it hears until it leaves with what that version says there, also what is
 * sent again; some answers get lost on purpose. The first thing that is wrong is a sentence in fault.
 *
 * No Criterion in here. Threads: one owner, who has the rig.
 */
#include "tests/rig.h"

enum { CALLERS_VERSIONS = 2048 };

struct caller;

struct callers {
	struct rig *r;
	struct caller *caller;
	uint32_t n;
	uint32_t *order, turn;		/* whose turn it is */
	uint32_t open;			/* callers in mid-dialogue */
	uint32_t per_version[CALLERS_VERSIONS];	/* of them, and those who are leaving */
	uint16_t *version_of;		/* conversation number -> version, for records */
	uint32_t conversations, room;	/* begun; numbers there are */
	uint64_t round, random;
	bool closing;			/* nobody calls any more, and who talks leaves; set from outside */
	uint64_t answers, lost, again;	/* heard whole; lost on purpose; sent again */
	uint64_t again_off_air;		/* by a model that was no longer on air */
	uint64_t late;			/* handshakes that ended after a swap */
	char fault[256];
};

/* The model of a version as a file; its name is "voice-" and the version. */
void	callers_write(const char *path, unsigned version);
void	callers_init(struct callers *c, struct rig *r, uint32_t n, uint32_t calls, uint64_t seed);
void	callers_fini(struct callers *c);
/* Callers who do something in random order, steps in all, after 100 ms in which timers run. set: on air now. */
void	callers_round(struct callers *c, const struct set *set, uint32_t steps);
/* Until everyone talks. */
void	callers_fill(struct callers *c, const struct set *set);
/* The version on air in set. */
unsigned callers_on_air(const struct set *set);
/* Which version spoke in the conversation of this record. */
unsigned callers_version(const struct callers *c, const struct record *rec);
