#pragma once
/*
 * label.h - what a transition of the machine looks like: SG05's sequence of regions, as a pattern.
 *
 * A label is a row of segments. A *rigid* one is a number of bytes, some fixed and the others free,
 * so that a byte of it is named by segment and offset in every message. A *loose* one is a run of
 * bytes of a set that cannot contain the byte behind it, so that there is one way to read a message
 * and the runtime's templates (models/text.h) can say the same; the last one may be a *tail*, whatever
 * is left. What cannot be said that way (in binary messages: any number of bytes that are not all
 * visible, unless many messages show which byte ends them) is cut off into the tail. Labels are made from aligned messages:
 *  - fixed regions are fixed bytes, others without gaps free ones of the same number (binary);
 *  - in text words stay whole: a letter or digit beside a mutating one mutates too, and its number
 *    is not bounded by what was seen;
 *  - of messages longer than what was aligned the rest is tail.
 */
#include "learning/intern.h"
#include "learning/scriptgen/region.h"

enum { LABEL_SEGMENTS = 128 };	/* at most */

struct segment {
	bool rigid, tail;
	uint32_t n;			/* rigid: bytes; loose: least number of bytes, 0 or 1 */
	uint8_t *byte;			/* rigid */
	bool *fixed;			/* rigid: per byte */
	uint8_t class[32];		/* loose and no tail: bytes it takes */
};

struct label {
	struct segment *segment;
	uint32_t n;
	uint32_t fixed;			/* fixed bytes: how specific it is */
};

/* regions is of a; open: messages go on behind what was aligned. */
void	label_make(struct label *out, struct pool *pool, const struct alignment *a,
    const struct regions *regions, bool open, bool text);
/* A message as it is, the longest bytes of it. */
void	label_of_message(struct label *out, struct pool *pool, struct span message, size_t longest);
/* So many free bytes, and whatever comes behind. */
void	label_of_anything(struct label *out, struct pool *pool, uint32_t bytes);
/* Does the label match the whole message? Then value[i] is what segment i took. */
bool	label_match(const struct label *l, struct span message, struct span *value);
/* The label with one more byte of a rigid segment free. */
void	label_free(struct label *l, uint32_t segment, uint32_t offset);
/* The label with a byte of its first segment fixed; false: that ends before it, or is loose. */
bool	label_fix(struct label *l, uint32_t offset, uint8_t byte);
/* Bytes that a pattern takes at least, a loose segment counted as one: its size in an automaton. */
uint32_t label_bytes(const struct label *l);
/* Only the first so many of them; behind them anything may come. */
void	label_cut(struct label *l, uint32_t bytes);
/* A rigid beginning with a tail behind it: takes so many bytes into the beginning, all free. */
void	label_lengthen(struct label *l, struct pool *pool, uint32_t bytes);
/* A copy that shares nothing which label_free() changes. */
struct label label_copy(struct pool *pool, const struct label *l);
/* The same bytes for the same label: to compare and to sort by. */
struct span label_key(struct pool *pool, const struct label *l);
/* More specific first: more fixed bytes, no tail before a tail, then by key. */
int	label_order(const struct label *a, struct span key_a, const struct label *b, struct span key_b);
/* For people: HELO [1..]\r\n; a free byte is a dot, what is left [..]. */
const char *label_print(struct pool *pool, const struct label *l);
