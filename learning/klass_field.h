#pragma once
/*
 * klass_field.h - the field of a binary reply that says what kind it is.
 *
 * Of the first bytes of a message the bits are sorted: those that never change, those that are the
 * asked message's bits at the same place, and those that are free. Neighbouring free bits of a byte
 * are a field; a lone one is a flag. The first field is the kind, unless it takes too many values:
 * then it is data, and no kind follows. The byte behind it belongs to it where it takes few values,
 * tells no more than it and is not text. A length of the message is passed over: places before it
 * count from the beginning, those behind it from its end.
 */
#include "learning/klass_name.h"

enum klass_length_form { KLASS_LENGTH_NONE, KLASS_LENGTH_BE, KLASS_LENGTH_LE,
	KLASS_LENGTH_BER };	/* X.690 8.1.3: a byte, or how many bytes follow */

struct klass_length {
	uint8_t form;			/* enum klass_length_form */
	uint8_t at, width;		/* BER: of the first byte, 1 */
};

struct klass_field {
	struct klass_length length;
	uint8_t place[2], mask[2];	/* mask 0: not used */
};

void	klass_field_learn(struct klass_field *k, struct pool *pool, const struct klass_pair *pair,
	    uint32_t n);
struct klass_name klass_field_of(const struct klass_field *k, struct span said);
