#pragma once
/*
 * template.h - what messages of one kind have in common: fixed tokens and fields.
 *
 * PRISMA12 "Templates and Rules" groups messages by number of tokens; a position is fixed where
 * all agree and a field where they do not. Groups are then divided further, which the paper
 * leaves to the state a message belongs to:
 *  - by a position on which others depend (two pages of one length are two templates),
 *  - by a position with few values, or one that is frequent, that the client did not say himself
 *    (codes, modes, the root directory),
 *  - on the client's side, by a position that tells the replies apart (reply-supervised).
 *
 * Client templates come in levels, from whole messages to their first word, so that what was
 * never seen whole still finds a template: LEVEL_FULL, LEVEL_LINE (first line, then anything;
 * binary: head, run and the bytes behind it, then anything, never divided, or without a run the first
 * eight bytes, then anything), LEVEL_WORD (first word, separator, the rest of its line, line end,
 * then anything; binary: the first byte, where it is always the same or tells replies apart, then anything).
 */
#include "learning/row.h"

#define NO_TEMPLATE UINT32_MAX

enum { TEMPLATE_BESIDES = 2 };

/* A template of rare values stands for none of those that have templates of their own. */
struct besides {
	uint32_t token;
	const struct span *value;
	uint32_t n;
};

struct template {
	uint8_t level;
	bool tail;
	uint32_t ntoken;
	const struct token *token;	/* of one member: kinds, and bytes where fixed */
	bool *is_field;			/* per token */
	uint32_t nfields;
	bool has_lines;			/* TOKEN_LINES: nothing to say where nothing is asked */
	uint32_t *member;		/* units */
	uint32_t support;		/* members */
	struct besides besides[TEMPLATE_BESIDES];
	uint32_t nbesides;
};

struct templates {
	struct pool *pool;
	struct template *t;
	uint32_t n, room;
	uint32_t *of[LEVELS];		/* per unit and level: template or NO_TEMPLATE */
};

/* What servers say; independent of the client's templates. */
void	templates_of_server(struct templates *out, struct pool *pool, const struct exchanges *x);
/* What clients say; server[unit] tells replies apart. Most specific first. */
void	templates_of_client(struct templates *out, struct pool *pool, const struct exchanges *x,
    const struct templates *server);
