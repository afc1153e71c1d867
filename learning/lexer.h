#pragma once
/*
 * lexer.h - messages as tokens, with no knowledge of their protocol.
 *
 * Text: alternating runs of separators and other bytes, both kept (PRISMA12 "Templates and
 * Rules", spec/prisma.md 7), so that joining the tokens gives the message back. Own and peer
 * addresses and the time of the message are recognised by their values and become tokens of
 * their own kind, which compare equal whatever they say.
 *
 * Binary: where the captures show a run of bytes that always ends at one delimiter byte with
 * a fixed number of bytes before it (a name that ends in zero, say), the head is one token per
 * byte, the run is one token, the bytes behind are one token each, and what is left is one.
 * Where there is no such run but many messages are, behind a head, words of text with one delimiter
 * behind each, the words of these are tokens.
 * Where messages are parts that say their length (parts.h), the type of a part is a token (TOKEN_TYPE), and so are
 * its length (TOKEN_LEN) and what it holds, or both as one (TOKEN_PART); a reply has an empty token where what a
 * length counts ends before the reply does (TOKEN_END).
 * Where they do not, every byte is a token, as in the paper. A random looking run of the client's
 * bytes is one token in what the server answers (TOKEN_ECHO). Between two datagrams of one reply
 * stands an empty token (TOKEN_BREAK). Lines of the question that a reply repeats are one token
 * (TOKEN_LINES, repeats.h).
 */
#include "learning/parts.h"
#include "models/addr.h"
#include "models/vocab.h"

enum token_kind { TOKEN_WORD, TOKEN_SEP, TOKEN_BYTE, TOKEN_RUN, TOKEN_REST, TOKEN_TIME, TOKEN_ADDR,
	TOKEN_ECHO, TOKEN_BREAK, TOKEN_LINES, TOKEN_TYPE, TOKEN_LEN, TOKEN_PART, TOKEN_END };

struct token {
	uint8_t kind;
	uint8_t format;		/* ADDR: enum format; TIME: index for lexer_time_format(); LINES: their name; LEN: bytes */
	bool peer;		/* ADDR: the peer's address */
	struct span bytes;
};

struct lexer {
	bool binary;
	uint8_t is_separator[32];	/* text: bit per byte */
	/* binary */
	struct parts parts;
	bool has_run;
	bool has_words;			/* instead: many messages are, behind a head, words with the delimiter behind each */
	uint32_t head;			/* bytes before the run, or the first word */
	uint8_t delimiter;
	uint32_t tail;			/* bytes from the delimiter on that are tokens of their own */
	uint32_t loose;			/* so many more bytes at the end are tokens, too, instead of a rest */
};

/* What the lexer may know about a message besides its bytes. */
struct lexer_context {
	struct addr own, peer;		/* of the server and the client of its conversation */
	int64_t time_ms;		/* when it was captured */
	bool from_server;		/* only servers tell the time and addresses */
	struct span nonce;		/* bytes of the client that look random, or nothing */
};

/* Looks at client messages and decides. */
void	lexer_learn(struct lexer *l, bool binary, const struct span *message, size_t n);
/* Tokens of a message, in the pool; returns their number. */
uint32_t lexer_split(const struct lexer *l, struct pool *pool, struct span message,
    const struct lexer_context *ctx, struct token **out);
static inline bool
lexer_is_separator(const struct lexer *l, uint8_t c)
{
	return l->is_separator[c / 8] >> c % 8 & 1;
}
/* Do messages consist of words? Then these name things. */
static inline bool
lexer_has_words(const struct lexer *l)
{
	return !l->binary || l->has_words;
}
/* strftime-like format of a TIME token; OP_TIME renders the same. */
struct span lexer_time_format(uint8_t format);
