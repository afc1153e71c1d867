#pragma once
/*
 * embed.h - messages as sets of features: a sparse matrix of zeros and ones.
 *
 * A feature is a byte n-gram, or n neighbouring tokens joined by one blank; what counts
 * is whether a message has it, not how often (PRISMA12 "Embedding"; spec/prisma.md 2).
 * Two passes: embed_count() finds in how many messages each feature is, by a 64-bit
 * seeded hash and 16 bytes per feature; embed_index() makes the matrix and the dictionary
 * of the survivors only. Two features of equal hash count as one.
 *
 * Messages are read in place and must outlive both; nothing is written to them.
 */
#include "learning/sparse.h"
#include "models/bytes.h"

enum embed_kind { EMBED_TOKENS, EMBED_BYTES };
enum { EMBED_MAX_NGRAM = 8 };

struct embed_params {
	enum embed_kind kind;
	uint32_t ngram;			/* 1 .. EMBED_MAX_NGRAM tokens or bytes per feature */
	uint8_t separator[256];		/* 1: between tokens; runs count as one */
	uint64_t seed;
};

struct embed_feature {
	uint64_t hash;
	uint32_t messages;		/* that have it */
	uint32_t last;			/* message + 1 that counted last; its index afterwards */
};

struct embed_count {
	struct embed_params params;
	const struct span *message;
	uint32_t n;			/* messages */
	uint32_t nfeatures;
	struct embed_feature **block;	/* in the order first seen */
	uint32_t *slot;			/* hash table of feature numbers + 1 */
	uint32_t nslots;
};

struct embedding {
	struct sparse x;		/* features x messages */
	struct span *feature;		/* bytes of each, in the pool, in the order first seen */
	uint32_t *messages;		/* that have it */
};

extern const char EMBED_SEPARATORS[];	/* PRISMA's, for HTTP and the like */
extern const char EMBED_WHITESPACE[];	/* the six of C; itunes-xbmc's */

/* Tokens at any of the separators, or bytes when separators is NULL. */
struct embed_params embed_params(const char *separators, uint32_t ngram);
/* Printable bytes, TAB, CR, LF and UTF-8 make up nine tenths of all. */
bool	embed_is_text(const struct span *message, uint32_t n);
void	embed_count(struct embed_count *c, struct pool *pool, const struct embed_params *params,
	    const struct span *message, uint32_t n);
/* of[c]: number of features in exactly c messages, c = 0 .. n. */
uint32_t *embed_histogram(struct pool *pool, const struct embed_count *c);
/* The features in at least c_min and at most c_max messages. Call once per count. */
void	embed_index(struct embedding *e, struct pool *pool, struct embed_count *c,
	    uint32_t c_min, uint32_t c_max);
/* Features of one more message among those of e, as a column for nmf_assign(). */
struct sparse embed_message(struct pool *pool, const struct embed_count *c,
	    const struct embedding *e, struct span message);
