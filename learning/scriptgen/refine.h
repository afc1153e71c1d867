#pragma once
/*
 * refine.h - which bytes that a label leaves free decide what is answered.
 *
 * Microclusters (micro.h) come from the few messages that are aligned together: what is rare among these, one
 * name among all names, is not seen there. A label names the same bytes in every message that it matches, so
 * all of them can be asked: a run of free bytes, or one of them. A frequent value of it *decides* if the answer that one
 * half of its messages got most often was given more often than the usual one in the other half, and the other way round.
 * Silence is never such an answer: to be silent by mistake ends the conversation.
 * Of the run whose values tell most answers right each such value gets a label; the label itself stays, for all others. No
 * such label takes messages of another one.
 * That is SG05's microclustering on samples of any number.
 */
#include "learning/scriptgen/kinds.h"

/*
 * Adds labels to k, behind those that are there; k->of is true until then and kinds_assign() is due after it. Returns
 * how many were added.
 */
uint32_t refine_labels(struct kinds *k, struct matches *matches, const struct kinds_member *m, uint32_t n);
