#pragma once
/*
 * render.h - a reply's ops to bytes: docs/model-format.md section 7, op by op.
 *
 * Pure: the same arguments give the same bytes, so a retransmission renders again. Any window of
 * the reply can be asked for; what lies before it is measured, not written. Cost is linear in
 * the ops and in the bytes up to the end of the window, twice that where a length is counted.
 */
#include "models/image.h"
#include "models/session.h"

struct render {			/* what ops may depend on besides the model */
	const struct fields *f;
	const struct session_env *env;
	uint16_t turn;
	int64_t turn_ms;
};

/* Bytes of the whole reply, at most MODEL_REPLY_BYTES. */
size_t	render_length(const struct image *i, uint32_t reply, const struct render *r);
/*
 * Bytes [from, from + room) into to; returns how many. Of a datagram service only one message,
 * the one that byte from lies in, and *boundary (may be NULL) is set to the offset behind it.
 */
size_t	render(const struct image *i, uint32_t reply, const struct render *r, size_t from,
    uint8_t *to, size_t room, size_t *boundary);
