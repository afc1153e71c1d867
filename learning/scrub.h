#pragma once
/*
 * scrub.h - secrets of the people in a capture (secrets.h), made up anew before anything is learned from them.
 *
 * Each secret becomes one word, wherever it stands: what it decided still decides, and nothing downstream
 * (tables, guards, bases, vectors) can hold it. The word is a function of the seed and of how many words clients
 * had said before the secret's first time, of its length, which classes of characters it has (digits, hexadecimal
 * ones, small and capital letters), and where it has other signs: lengths inside messages and what divides words stay
 * true. Its letters and digits have no part in it, so a model offers no way to try a guess.
 *
 * Which words are secrets depends on all conversations, what stands for one does not: of two corpora that
 * begin alike, the words of the common beginning are replaced alike if at all. So a sensor that learns
 * old captures first, and new ones after, keeps its words.
 */
#include "learning/exchange.h"

/*
 * The corpus with secrets replaced, its report saying how many. x is made of all of it. Memory is the pool's;
 * the result shares what is not changed.
 */
const struct corpus *scrub(struct pool *pool, const struct corpus *c, const struct exchanges *x,
	    uint64_t seed);
