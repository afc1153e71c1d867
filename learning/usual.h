#pragma once
/*
 * usual.h - what a server says to what it does not understand.
 */
#include "learning/rules.h"

/*
 * What is said to a word never heard: of the answers that need nothing of the message, the one
 * that is the usual one for most first words. What a reply asked for (a password, a proof) is no such
 * word: most messages behind that reply begin with words heard behind nothing else. NULL where messages have no words.
 */
const struct answer *usual_answer(const struct rules *r, struct pool *pool);
/*
 * What is said to whatever comes where a message ends by a rule of its own (prompts.rule): the
 * most frequent reply, which may repeat what was said before the prompt. NULL: there is none.
 */
const struct answer *usual_after(struct rules *r, struct pool *pool, uint32_t ending);
