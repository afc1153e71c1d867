#pragma once
/*
 * exchange.h - conversations as exchanges: one client message and what the server said to it.
 *
 * A UDP question has all the datagrams that answer it (answers.h), one behind the other, as its
 * reply. Client messages that came in one piece are cut where the learned end of message says
 * (pipelining). What the server said to several is cut where a reply ends, as learned from the
 * replies to single messages; where both run out together, each message has its reply, otherwise
 * it is not known and such an exchange teaches none. What a message lacked when its reply came, and what comes
 * behind that reply and before another message, is its rest: a sensor, too, waits for it. Of a reply longer than a
 * model can say (models/vocab.h) the beginning is used. All memory is the job's pool; spans point into the corpus.
 */
#include "learning/answers.h"
#include "learning/intern.h"
#include "learning/lexer.h"
#include "learning/prompt.h"
#include "learning/repeats.h"

#define NO_UNIT UINT32_MAX

struct unit {			/* one message after cutting */
	struct span bytes;
	const struct span *part; /* datagrams of a reply, side by side in bytes */
	uint32_t nparts;
	struct token *token;
	uint32_t *value;	/* interned bytes per token; special tokens by kind and format */
	uint32_t ntoken;
	size_t opening;		/* text, client: bytes by which it is known, 0: there are no more (opening.h) */
	uint32_t shape;		/* equal for units with the same kinds of tokens in the same order */
	struct span nonce;	/* binary, client: bytes that look random over its shape */
	uint32_t exchange;	/* the exchange it belongs to */
	int64_t time_ms;
};

struct exchange {
	uint32_t conversation;
	uint32_t client;	/* unit, NO_UNIT: the connection itself (CONNECT) */
	uint32_t server;	/* unit, NO_UNIT: silence */
	bool known;		/* server really answers client, and only it */
	uint32_t kind;		/* of the reply (klass.h): equal for equal kinds; 0: silence */
	bool closes;		/* the server closed after it */
	bool timed;		/* TCP, alone and with a reply: wait_ms is known */
	uint32_t wait_ms;	/* from its last byte to the first of the reply */
	uint32_t ending;	/* prompts.rule: how the client's next message ends */
	uint32_t previous;	/* exchange before it in the conversation, NO_UNIT: the first */
};

struct exchanges {
	struct pool *pool;
	struct prompts prompts;		/* where a client message ends */
	struct lexer client_lexer, server_lexer;
	struct repeats repeats;		/* of the question's lines by replies; text only */
	struct intern values;
	struct unit *unit;
	uint32_t nunit;
	struct exchange *exchange;
	uint32_t n;
	uint32_t *first;		/* per conversation, and one more: its exchanges */
	const struct conversation *conversation;	/* the corpus's */
	uint32_t conversations;
	uint32_t pipelined;		/* messages in one go, without a reply of their own */
	uint32_t silent, extra;		/* unanswered; server messages not used */
};

/* use[c]: learn from conversation c; NULL: from all. */
void	exchanges_make(struct exchanges *x, struct pool *pool, const struct corpus *corpus,
    const bool *use, bool binary);
