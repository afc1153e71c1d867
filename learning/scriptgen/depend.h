#pragma once
/*
 * depend.h - content dependencies: which bytes of an answer are computed from requests.
 *
 * SG06 (RAID 2006): a link says that a byte of the answer equals a byte of a request; a chunk is a
 * maximal run of links that advance in step. A byte that hardly varies equals anything, so a chunk
 * must take two values (a single byte three). A chunk is extended over up to DEPEND_EXTEND
 * neighbours on either side that agree in all samples, even where they never changed: they belong
 * to the same number, whose high byte was zero so far. That finds an identifier with three
 * samples instead of fifty. What no chunk explains may be a request's number plus a constant, the
 * length of what comes behind, or random.
 *
 * Bytes are named by segment and offset of labels (label.h), so they are found in messages of any length.
 */
#include "learning/scriptgen/label.h"

enum { DEPEND_LEAST = 3, DEPEND_SAMPLES = 32, DEPEND_EXTEND = 3, DEPEND_HISTORY = 8, DEPEND_CELLS = 512 };
enum { DEPEND_HABITS = 256 };

enum link_kind {
	LINK_COPY,
	LINK_ADD,		/* the number plus delta */
	LINK_LENGTH,		/* bytes behind it plus delta */
	LINK_RANDOM,		/* every sample has another value, that nothing tells */
	LINK_TIME,		/* the second it is said in plus delta */
	LINK_KINDS
};

struct link {
	uint8_t kind;
	uint8_t format;		/* ADD, LENGTH, TIME: enum format; decimal where whole */
	bool whole;		/* of and into loose segments: all that they took */
	uint32_t source;	/* COPY, ADD: of struct origins */
	uint32_t segment, offset; /* there */
	uint32_t to_segment, to_offset, n; /* in the answer; n bytes, 0: whole */
	int64_t delta;
};

struct links {
	struct link *link;	/* by place in the answer */
	uint32_t n;
};

/* What samples are: what the segments of a request's label took, one array per sample. */
struct antecedent {
	const struct label *label;
	struct span **value;	/* NULL: this sample has no such request */
};

/* What holds for answers of this service in general: n bytes of the answer's first segment. */
struct habit {
	uint32_t from, to, n;
};

struct depend_input {
	const struct label *answer;
	struct span **value;	/* per sample: what its segments took */
	const struct antecedent *origin; /* the request answered, then earlier ones, nearest first */
	uint32_t norigins, samples;
	const int64_t *time_s;	/* per sample; NULL: not known */
	const struct habit *habit;
	uint32_t nhabits;
};

void	depend_find(struct links *out, struct pool *pool, const struct depend_input *in);
