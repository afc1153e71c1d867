#pragma once
/*
 * parts.h - messages made of parts that say how long they are: a byte for the type, a length (X.690 8.1.3,
 * whose short form is one byte), and as many bytes, which may be parts again.
 *
 * Nothing says that a service talks like that, nor which types hold parts; both are learned from
 * messages of both sides. Chance makes parts of some contents, so a type holds parts only where nearly
 * all of its contents are some. All memory is the job's pool.
 */
#include "learning/pool.h"
#include "models/bytes.h"

enum { PARTS_DEPTH = 12 };

struct parts {
	bool found;
	uint8_t holds[32];	/* bit per type: its content is parts */
};

struct part {			/* of a message, side by side */
	uint8_t type;
	uint8_t depth;		/* parts around it */
	bool opened;		/* what it holds follows */
	struct span length;	/* its bytes that say the length */
	struct span content;
};

/*
 * The next part of *left, which then begins behind it, or with what it holds; depth is not told.
 * False: there is none.
 */
bool	parts_next(const struct parts *p, struct span *left, struct part *out);
void	parts_learn(struct parts *out, const struct span *message, size_t n);
/*
 * The parts of a message, a part before those that it holds, in the pool; 0: it has other bytes, too, or
 * very many parts.
 */
uint32_t parts_of(const struct parts *p, struct pool *pool, struct span message, struct part **out);
