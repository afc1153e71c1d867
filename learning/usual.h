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
