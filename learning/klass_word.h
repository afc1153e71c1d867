#pragma once
/*
 * klass_word.h - the word of a reply that says what kind it is.
 *
 * The first word, after those that repeat what the client just said (a tag, an echo): of several
 * lines the one that begins so counts. Where none does, what it said before that is looked for. Where nearly every reply begins with one word and a number
 * of fixed width follows (a protocol's name and a status), the number. A word is
 *	its letters, digits and _		OK, NOT_FOUND
 *	digits alone: themselves where all are of one width (331), else "#"
 *	a punctuation byte and what follows, of digits only that there are some: +OK, -ERR, ":", "$-"
 * and "~" stands for a word that was seen in too few conversations to be more than data.
 */
#include "learning/intern.h"
#include "learning/klass_name.h"

struct klass_word {
	bool echoes;			/* replies repeat the client's first word */
	bool numbers;			/* words of digits are codes */
	bool status;			/* lead is passed over */
	struct klass_name lead;		/* the first word of nearly all */
	struct intern known;		/* names that are no data */
	uint32_t *conversations, *last;	/* by id: that have it; the last one of them + 1 */
	uint32_t least;			/* conversations that make a word known */
};

void	klass_word_learn(struct klass_word *k, struct pool *pool, const struct klass_pair *pair,
	    uint32_t n);
struct klass_name klass_word_of(const struct klass_word *k, const struct klass_pair *pair);
