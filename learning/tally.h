#pragma once
/*
 * tally.h - votes of samples for answers.
 */
#include "learning/rules.h"

/*
 * How well an answer foretells a reply: what is said at all, or at least what kind of reply it is. With
 * more for the kind, names would decide that need a name and a type.
 */
enum { WRONG, SAME_KIND, SAME_ANSWER = 4 };

/* Answers of some samples with their numbers, the one that foretells most first. */
struct tally {
	const struct answer *answer;	/* NULL: silence */
	uint32_t n, kind, alike;	/* alike: how many got this kind */
};

/* What kind of reply an answer is (exchange.h); 0: silence. */
uint32_t answer_kind(const struct exchanges *x, const struct answer *a);
/* Makes one of all votes for the same answer, sorts them in place; returns how many are left. */
uint32_t tally(const struct exchanges *x, struct tally *t, uint32_t n);
/* How well an answer that enough evidence speaks for foretells another. */
uint8_t	tally_foretold(const struct exchanges *x, const struct answer *by, const struct answer *a);
