#pragma once
/*
 * thin.h - which conversations are kept when there are more than learning can use.
 *
 * PRISMA12 "Replicate-Aware NMF" drops equal messages and keeps their number; a conversation is as
 * good as never equal to another, but after some thousands it says nothing new. So what is kept has
 * a budget. As long as it lasts nothing is left out. Then conversations are left
 * out by chance, all with the same chance wherever they stand in the captures, so that what is
 * frequent stays as frequent as it was; those that said something new stay longest, up to an eighth of
 * the budget. Chance is a hash of who talked when: no seed, no clock.
 *
 * New is a pair of neighbouring messages, or one at either end, whose shapes stood next to each
 * other in fewer than THIN_SEEN conversations that were new. A shape is the first word, what stands
 * between words, and those further words that many messages have in their place; of a binary
 * message likewise the first bytes. All counters are tables of fixed size, in which two things may
 * share a place: something new may be overlooked, nothing is made up.
 */
#include "learning/reuse.h"
#include "models/bytes.h"

struct talk;

enum {
	THIN_SEEN = 4,
	THIN_TALK = 512,		/* what a conversation costs, and each message, beside its bytes */
	THIN_MESSAGE = 128,
	THIN_BYTES = 16384		/* counted of one message, at most */
};

struct thin_heap {			/* the first to go on top */
	struct talk **v;
	uint32_t n, room;
	size_t weight;
};

struct thin {
	struct pool *pool;
	size_t budget;			/* 0: everything is kept */
	struct thin_heap fresh, plain;
	uint32_t *token;		/* how often seen, by hash */
	uint64_t messages[2];		/* looked at, by side */
	uint8_t *pair;			/* conversations that were new by it, by hash */
};

void	thin_init(struct thin *t, struct pool *pool, size_t budget);
/* The talk has come to its end. */
void	thin_add(struct thin *t, struct talk *talk);
/* The talk that has to go now, NULL when none has; it is not thin's any more. */
struct talk *thin_surplus(struct thin *t);
