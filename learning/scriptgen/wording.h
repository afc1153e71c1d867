#pragma once
/*
 * wording.h - what the server says: recorded answers in which dependent bytes are computed.
 *
 * SG05 keeps the answers of a state and gives one of them; SG06 replaces the bytes that links explain.
 * Answers of one response (response.h) that differ in such bytes only are one variant, said with the
 * bytes of one of them. The WORDING_VARIANTS most frequent of a response are kept. Both
 * ends' addresses count as explained, where they stand in network order or as text.
 *
 * Bytes of requests are kept in slots of the model (models/text.h): those of the request answered in
 * numbers that every label may use anew, those of earlier requests in numbers of their own. Where slots run out,
 * the recorded byte is said.
 */
#include "learning/scriptgen/machine.h"
#include "models/text.h"

enum { WORDING_VARIANTS = 16, WORDING_LOCAL = 22 };	/* local slots; the others are for earlier requests */
#define WORDING_SILENCE (UINT32_MAX - 1)

struct holding {		/* bytes of a request that a slot holds */
	uint32_t label, segment, offset, n;	/* n 0: the whole segment */
	bool earlier;
	uint32_t slot;
};

struct variant {
	uint32_t response;	/* of struct responses */
	struct where sample;
	uint32_t count;
	uint32_t reply;		/* of the model; equal for variants that say the same bytes */
};

struct wording {
	struct variant *variant;
	uint32_t n;
	uint32_t **of;		/* per step: variant, WORDING_SILENCE, or KINDS_NONE: not known */
	struct holding *holding;
	uint32_t nholdings;
	uint32_t computed[LINK_KINDS];	/* ops by enum link_kind */
};

struct wording_input {
	struct pool *pool;
	const struct machine *machine;
	const struct responses *responses;
	const struct exchanges *x;
	const struct corpus *corpus;
	bool text;
};

/* Fills the replies and classes of t. */
void	wording_make(struct wording *out, struct text *t, const struct wording_input *in);
