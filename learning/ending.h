#pragma once
/*
 * ending.h - where a client message ends, learned from messages whose ends are known.
 *
 * In a capture a message ends when the other side speaks; at run time it must be known while
 * bytes come in (spec/unified-model.md 5). Every rule is tried on the captured messages and
 * the one that finds most of their ends as one message wins: terminator, head with a decimal
 * body length, binary length field, lines that tell how much follows, push. No protocol is known here.
 */
#include "learning/pool.h"
#include "models/text.h"

/* Chooses for n messages. term and label of the result live in the pool. */
void	ending_learn(struct text_eom *out, struct pool *pool, const struct span *message, size_t n);
/*
 * Bytes of the first message in s, after a rule; 0 when it does not end inside s. The same
 * answer as the runtime gives when it is fed s (models/eom.h).
 */
size_t	ending_first(const struct text_eom *e, struct span s);
/* Bytes that have to follow s for its first message to end; 0: it ends, or nothing in s tells. */
size_t	ending_lacks(const struct text_eom *e, struct span s);
