#pragma once
/*
 * answers.h - which question of a UDP conversation each server datagram answers.
 *
 * Several questions may be under way at once, some get several answers, some none, and a server
 * may ask on its own. An answer is known by what it repeats of its question: bytes that no other
 * question of the conversation holds and few of other conversations (identifiers, nonces, sequence
 * numbers), four together at any place, or two at the same one of the first places. Where such bytes name only the
 * matter of several questions, the one of which clearly most is repeated, common bytes too, is meant. Of equal
 * questions the oldest without an answer gets it, else the newest. A further answer must repeat
 * what the first one did. A datagram that repeats nothing of a question answers the one
 * before it, in order where there are several, unless the service's answers always repeat:
 * then it is the server's own.
 */
#include "learning/corpus.h"

#define NO_QUESTION UINT32_MAX

struct answers {
	uint32_t *of;		/* per message of the corpus: the question's message, or NO_QUESTION */
	bool *guess;		/* of server datagrams: several questions could be meant */
	bool repeating;		/* answers of this service repeat what is asked */
	uint32_t own;		/* datagrams that answer nothing */
};

/* Memory is the pool's. Costs n log n in the bytes of a conversation. */
void	answers_find(struct answers *out, struct pool *pool, const struct corpus *c);
