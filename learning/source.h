#pragma once
/*
 * source.h - bytes of client messages that a reply may depend on.
 *
 * A source is a run of tokens of one client template, in the message that is answered or in the
 * last one of that template before it. Whatever asks for its bytes gives the exchange.
 */
#include "learning/template.h"

struct rules;

/* Where all samples would cost too much, so many of them are looked at, the i-th being sample_at(). */
enum { SAMPLES_LOOKED_AT = 3 };

static inline uint32_t
sample_at(uint32_t i, uint32_t n)
{
	return i * (n - 1) / MAX(1u, MIN(n, (uint32_t)SAMPLES_LOOKED_AT) - 1);
}

struct source {			/* bytes of a client message */
	uint32_t template;
	uint32_t first, last;	/* tokens, inclusive */
	bool earlier;		/* the last message of that template before this one */
};

/* The bytes that a source has in an exchange; p == NULL: it has none. */
struct span source_bytes(const struct rules *r, const struct source *s, uint32_t exchange);
/* Fields of a client template, and runs from one field to another: at most max. */
uint32_t sources_of(const struct rules *r, uint32_t template, struct source *out, uint32_t max);
/* Of these the ones that may decide a value: not the bytes beside a run that varies, nor ids (habit.h). */
uint32_t sources_deciding(const struct rules *r, uint32_t template, struct source *out, uint32_t max);
/*
 * From the first word or run that varies to the last field before the rest: what a message is
 * about. False: nothing varies.
 */
bool	source_subject(const struct rules *r, uint32_t template, struct source *out);
/*
 * Fields of earlier messages in the conversations of some exchanges, nearest first; each once. Words and runs,
 * or bytes of binary messages that take few values (a type, a flag, the length of one of a few lists).
 */
enum remembered { REMEMBERED_WORDS, REMEMBERED_BYTES };
uint32_t sources_earlier(const struct rules *r, enum remembered what, const uint32_t *exchange, uint32_t n,
    struct source *out, uint32_t max);
/* Those bytes, per client template and token; NULL: it has none. Memory from the pool. */
bool	**sources_telling(const struct exchanges *x, const struct templates *client, struct pool *pool);
