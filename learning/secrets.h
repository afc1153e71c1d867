#pragma once
/*
 * secrets.h - which words of the people in a capture nobody else should have.
 *
 * Without knowledge of a protocol, from the captures alone. A field is a word's distance from a
 * word before it, or from the prompt that the server said last. It is one of secrets where the server says
 * hardly any of its values to anybody, a value goes with one owner (the client's word before it: a
 * name) and an owner has his value, and where the value decides, for owners who tried several, what kind of
 * reply comes. Long words that look random and that the server never says are tokens wherever
 * they stand. What three owners use, or many conversations, is no secret of one, and what a server says none at all.
 */
#include "learning/exchange.h"

struct secrets {
	struct intern values;	/* words of clients, in the order in which they first came */
	struct intern said;	/* words of servers, and what these are put together of */
	bool *secret;		/* per value */
	bool *common;		/* per value: too many conversations have it to be anybody's own */
};

/* x is made of all of c. Memory is the pool's. */
void	secrets_find(struct secrets *out, struct pool *pool, const struct corpus *c, const struct exchanges *x);
/* The next word of s from *at on, and the next run of letters and digits; empty: there is none. */
struct span secrets_word(struct span s, size_t *at);
struct span secrets_piece(struct span s, size_t *at);
