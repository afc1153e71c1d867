#pragma once
/*
 * repeats.h - which lines of a question's head its replies give back, whoever asks.
 *
 * A line is known by how it begins: a word and the separator behind it. That lines of a name come
 * back is a habit of a service: most replies that have such a line too begin it with the question's,
 * and what comes back varies (one constant equals another by chance). Then a reply needs to know
 * nothing of the order of the lines, of their number, or of the client that wrote them.
 *
 * What a reply adds behind such a line is its own. But where it writes into lines of a name, between
 * their words (SIP's rport), that depends on what the line says: then they are given back as they stand.
 */
#include "learning/lexer.h"
#include "learning/separators.h"

struct repeats {
	struct span *name;
	bool *written;		/* per name: replies write into such lines */
	uint32_t n;
};

/* The word that a line begins with and the separator behind it; n == 0: it has none. */
struct span repeats_name(const struct lexer *l, struct span line);
void	repeats_learn(struct repeats *out, struct pool *pool, const struct lexer *l,
    const struct separators_pair *pair, uint32_t n);
/*
 * said: from the beginning of a line of a reply on. How many bytes of it are the question's lines of
 * some name, without the end of the last one; 0: none. Sets *name.
 */
size_t	repeats_at(const struct repeats *r, const struct lexer *l, struct span asked, struct span said,
    uint32_t *name);
