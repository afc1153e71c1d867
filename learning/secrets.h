#pragma once
/*
 * secrets.h - which words of the people in a capture nobody else should have.
 *
 * Without knowledge of a protocol, from the captures alone. A field is a word's distance from a word
 * before it, or from the prompt that the server said last, and the type of its part where it has one. It is
 * one of secrets where the server says hardly any of its values to anybody, a value goes with one owner (the
 * client's word before it: a name) and an owner has his value, and where the value decides, for owners who
 * tried several, what kind of reply comes. Between other bytes than text words come by chance, so there
 * it has to decide for many owners, and for nearly all; the whole reply may then be its kind. Where messages
 * are parts with a length before them (parts.h), what these hold are the words, and a field that is
 * as sure as that is one whatever the server says. Long words that look random and that the server never
 * says are tokens wherever they stand. What three owners use, or many conversations, is no secret of one,
 * and what a server says none at all.
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

/* A message's words, one after the other: what its parts hold (parts.h), or what stands between other signs. */
struct secrets_walk {
	const struct parts *parts;
	struct span message, left;
	size_t at;
	uint8_t type;		/* of the part that was the last word */
};

struct secrets_walk secrets_walk(const struct parts *parts, struct span message);
/* Empty: there are no more. */
struct span secrets_next(struct secrets_walk *w);
/* The next word of s from *at on, and the next run of letters and digits; empty: there is none. */
struct span secrets_word(struct span s, size_t *at);
struct span secrets_piece(struct span s, size_t *at);
