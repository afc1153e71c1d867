#pragma once
/*
 * eom.h - where a client message ends by its bytes alone: terminator, head with a decimal body
 * length, binary length field (spec: unified-model 5), lines of which some tell how much follows.
 *
 * The runtime asks with every segment (session.c), the learner with whole captured messages
 * (learning/ending.c): one answer for both. The other kinds of rules end by PSH, a pause, the
 * automaton or the datagram, which the caller knows.
 * Pure functions; nothing is kept.
 */
#include "models/bytes.h"
#include "models/vocab.h"

struct eom {			/* the parts of a rule that bytes are read with */
	uint8_t kind;		/* enum eom_kind */
	uint8_t width, format;	/* LENGTH: 1, 2 or 4 bytes; FMT_BE or FMT_LE */
	uint32_t at;		/* LENGTH: offset of the field */
	int32_t times, plus;	/* LENGTH: message = times * value + plus bytes */
	struct span term;	/* TERM, DECIMAL: end of the head; PARTS: of a line; not empty */
	struct span label;	/* DECIMAL: what stands before the number, in letters of either case */
				/* PARTS: EOM_MARKS bytes */
};

/*
 * PARTS: a message is one part. A part is a line; if that is a mark and a decimal number alone,
 * that many bytes and the end of a line follow (first mark), or that many parts (second mark).
 */
enum { EOM_MARKS = 2, EOM_MAX_PARTS = 1024 };	/* a message ends with that many */

/*
 * Bytes of the message that in begins with, some of which may still be missing; 0 as long as
 * that cannot be told. in and what is returned have at most MODEL_MESSAGE_BYTES. searched: so
 * many bytes of in were all of it when it could not be told; no terminator is looked for in
 * them again.
 */
size_t	eom_end(const struct eom *e, struct span in, size_t searched);
/* The value of the length field, -1 while it is not there. */
int64_t	eom_field(const struct eom *e, struct span in);
