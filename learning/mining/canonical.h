#pragma once
/*
 * canonical.h - conversations as interactions: COMMAND(arguments, answer), SM05 "trace processor".
 *
 * A request stands with all replies up to the one that ends it: codes 1xx and those that the definition
 * calls further ones do not. A verb that nobody declared is OTHER, so that it breaks "nothing
 * happened in between". An alias becomes the command it stands for. A request without a reply
 * has the answer TIMEOUT. A related connection belongs to the interaction that was under way when its first byte came,
 * and what it carried is the answer where the definition wants data. What a server says before it is asked is the interaction of no request.
 *
 * Spans point into the corpus or the pool. Linear in the bytes of the corpus.
 */
#include "learning/announce.h"
#include "learning/corpus.h"
#include "learning/mining/definition.h"

enum { CANONICAL_OTHER = DEFINITION_COMMANDS };

struct inter {
	uint32_t conversation;
	uint8_t command;	/* or CANONICAL_OTHER */
	uint8_t narg;
	char code[3];		/* of the reply that ended it; "000": none came */
	int8_t class;		/* of it, -1: none */
	int8_t constant[DEFINITION_ARGS];	/* the constant that the argument is, or -1 */
	bool asked;		/* false: what the server said first */
	bool closes;		/* the server closed after it */
	struct span arg[DEFINITION_ARGS];
	struct span verb, rest;	/* as they were said; rest: what stands behind the verb and a blank */
	struct span reply;	/* all of it, as it came */
	uint32_t early;		/* bytes of it that did not end the interaction */
	struct announced announced;	/* in the reply: where the client is expected; port 0: nowhere */
	uint32_t related;	/* talk of the corpus that went on meanwhile, + 1; 0: none */
	int64_t asked_ns, said_ns;
	struct span answer;	/* the value that the definition wants, or nothing: then the class is the answer */
};

struct canonical {
	const struct definition *d;
	const struct corpus *corpus;
	struct inter *inter;
	uint32_t n;
	uint32_t *first;	/* per conversation, and one more */
	uint32_t nconversations;
	uint32_t unpaired;	/* replies to nothing */
};

/* use[c] NULL or true: conversation c; the others have no interaction. */
void	canonical_make(struct canonical *out, struct pool *pool, const struct definition *d,
    const struct corpus *c, const bool *use);
/* Name of the constant, of the class, or the value itself: as papers write it. */
struct span canonical_arg(const struct canonical *c, const struct inter *i, unsigned k);
struct span canonical_answer(const struct canonical *c, const struct inter *i);
/* One line per interaction: number, command, arguments, answer, parted by tabs. From the pool. */
struct span canonical_print(const struct canonical *c, struct pool *pool, uint32_t conversation);
