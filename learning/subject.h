#pragma once
/*
 * subject.h - was an answer given to so few subjects, of all that there were, that it may be their own?
 *
 * A subject is what a message is about: a name, say. Names are compared without regard to case: one
 * asked for in many spellings is one.
 */
#include <stdbool.h>

#include "models/bytes.h"

struct subject {
	struct span bytes;
	bool mine;		/* this subject got the answer in question */
};

/* Sorts them. */
bool	subjects_few(struct subject *all, uint32_t n);
