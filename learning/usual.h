#pragma once
/*
 * usual.h - what a server says to what it does not understand.
 */
#include "learning/rules.h"

/*
 * What is said to a word never heard: of the answers that need nothing of the message, the one
 * that is the usual one for most first words. NULL where messages have no words.
 */
const struct answer *usual_answer(const struct rules *r, struct pool *pool);
/*
 * What is said to whatever comes where a message ends by a rule of its own (prompts.rule): the
 * most frequent of the answers that need nothing of the message. NULL: there is none.
 */
const struct answer *usual_after(const struct rules *r, struct pool *pool, uint32_t ending);
