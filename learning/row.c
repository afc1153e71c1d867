#include "learning/row.h"

#include "learning/klass.h"
#include "learning/opening.h"

enum {
	WORD_TOKENS = 4,	/* of a LEVEL_WORD row */
	HEAD_BYTES = 8,		/* of a binary message without a run; of one that is made of parts, so many of these */
};

/* Tokens of the unit's first bytes. */
static uint32_t
tokens_in(const struct unit *u, size_t bytes)
{
	uint32_t j = 0;

	while (j < u->ntoken && u->token[j].bytes.p < u->bytes.p + bytes)
		j++;
	return j;
}

/* Up to and with the first line feed, or all of it. */
static size_t
line_bytes(const struct unit *u)
{
	size_t n = opening_bytes(u->bytes, 1);

	return n == 0 ? u->bytes.n : n;
}

/* The token that an opening ends in has nothing of what comes behind. */
static struct span
cut(const struct unit *u, struct span token, size_t bytes)
{
	size_t at = (size_t)(token.p - u->bytes.p);

	return span_sub(token, 0, bytes - at);
}

/* Is a message made of parts (parts.h)? */
static bool
is_parts(const struct unit *u)
{
	return u->ntoken > 0 && u->token[0].kind == TOKEN_TYPE;
}

/* Tokens of its first parts; 0: it has no more than these. */
static uint32_t
part_tokens(const struct unit *u, uint32_t parts)
{
	uint32_t j = 0;

	while (j < u->ntoken && parts > 0) {
		parts -= u->token[j].kind == TOKEN_LEN || u->token[j].kind == TOKEN_PART;
		j++;
	}
	return j < u->ntoken ? j : 0;
}

/* Binary: head, run and the bytes behind it, then anything; without a run the first bytes or parts. */
static bool
run_row(struct row *r, const struct unit *u, uint32_t tail)
{
	uint32_t n = is_parts(u) ? part_tokens(u, HEAD_BYTES) : HEAD_BYTES;

	for (uint32_t j = 0; j < u->ntoken; j++) {
		if (u->token[j].kind == TOKEN_RUN) {
			n = MIN(u->ntoken, j + 1 + tail);
			*r = (struct row){ .token = u->token, .value = u->value, .ntoken = n, .tail = true };
			return true;
		}
	}
	if (u->ntoken <= n || n == 0)
		return false;
	*r = (struct row){ .token = u->token, .value = u->value, .ntoken = n, .tail = true };
	return true;
}

/* Binary: the first byte, then anything; the first letter of a word is no type. */
static bool
byte_row(struct row *r, const struct unit *u)
{
	if (u->ntoken < 2 || u->token[0].kind != TOKEN_BYTE || klass_is_text(u->bytes))
		return false;
	*r = (struct row){ .token = u->token, .value = u->value, .ntoken = 1, .tail = true };
	return true;
}

/* The opening, then anything. */
static bool
opening_row(struct row *r, struct pool *pool, const struct unit *u, struct intern *values)
{
	uint32_t n = tokens_in(u, u->opening);
	struct token *tok;
	uint32_t *value;

	if (n == 0 || n == u->ntoken || u->token[n - 1].kind != TOKEN_SEP)
		return false;
	tok = pool_copy(pool, u->token, n * sizeof *tok);
	value = pool_copy(pool, u->value, n * sizeof *value);
	tok[n - 1].bytes = cut(u, tok[n - 1].bytes, u->opening);
	value[n - 1] = intern_add(values, tok[n - 1].bytes);
	*r = (struct row){ .token = tok, .value = value, .ntoken = n, .tail = true };
	return true;
}

/* Where the carriage return or line feed begins: blanks before it belong to the line. */
static size_t
blanks_before_end(struct span sep)
{
	size_t n = 0;

	while (n < sep.n && sep.p[n] != '\r' && sep.p[n] != '\n')
		n++;
	return n;
}

/* First word, one separator byte, the rest of its line as one token, the line's end, then anything. */
static bool
word_row(struct row *r, struct pool *pool, const struct unit *u, struct intern *values)
{
	uint32_t n = tokens_in(u, line_bytes(u));
	struct token *tok = pool_array(pool, WORD_TOKENS, sizeof *tok);
	uint32_t *value = pool_array(pool, WORD_TOKENS, sizeof *value);

	if (n < 4 || u->token[0].kind != TOKEN_WORD || u->token[n - 1].kind != TOKEN_SEP)
		return false;
	for (uint32_t j = 0; j < WORD_TOKENS; j++) {
		tok[j] = u->token[j < 2 ? j : n - 1];
		tok[j].bytes = row_token(u, LEVEL_WORD, j);
		value[j] = intern_add(values, tok[j].bytes);
	}
	tok[2].kind = TOKEN_REST;
	*r = (struct row){ .token = tok, .value = value, .ntoken = WORD_TOKENS,
		.tail = tok[3].bytes.p + tok[3].bytes.n < u->bytes.p + u->bytes.n };
	return true;
}

struct span
row_token(const struct unit *u, enum level level, uint32_t j)
{
	size_t line = line_bytes(u), blanks;
	const uint8_t *from;
	struct span sep;

	if (level == LEVEL_FULL || j == 0 || (level == LEVEL_LINE && u->token[j].kind != TOKEN_SEP))
		return u->token[j].bytes;
	if (level == LEVEL_LINE)
		return cut(u, u->token[j].bytes, u->opening);
	if (j == 1)
		return span_sub(u->token[1].bytes, 0, 1);
	sep = cut(u, u->token[tokens_in(u, line) - 1].bytes, line);
	blanks = blanks_before_end(sep);
	from = u->token[1].bytes.p + 1;
	if (j == 2)
		return span_of(from, (size_t)(sep.p + blanks - from));
	return span_sub(sep, blanks, sep.n);
}

uint32_t
row_shape(struct intern *shapes, struct pool *pool, enum level level, const struct row *r)
{
	bool whole = level == LEVEL_FULL || r->token[r->ntoken - 1].kind != TOKEN_SEP;
	struct span end = whole ? span_str("") : r->token[r->ntoken - 1].bytes;
	uint8_t *key = pool_alloc(pool, 2 * r->ntoken + 2 + end.n);
	size_t n = 0;

	for (uint32_t j = 0; j < r->ntoken; j++) {
		key[n++] = r->token[j].kind;
		if (r->token[j].kind == TOKEN_TYPE)	/* what is behind one type is not what is behind another */
			key[n++] = r->token[j].bytes.p[0];
	}
	key[n++] = r->tail ? 1 : 0;
	if (level == LEVEL_WORD && r->ntoken > 1)	/* what stands beside a line must be literal */
		key[n++] = r->token[1].bytes.p[0];
	if (end.n > 0)
		memcpy(key + n, end.p, end.n);
	return intern_add(shapes, span_of(key, n + end.n));
}

bool
row_of(struct row *r, enum level level, const struct lexer *l, struct pool *pool,
    const struct unit *u, struct intern *values)
{
	switch (level) {
	case LEVEL_FULL:
		*r = (struct row){ .token = u->token, .value = u->value, .ntoken = u->ntoken };
		return u->ntoken > 0;
	case LEVEL_LINE:
		return l->binary ? run_row(r, u, l->tail) : opening_row(r, pool, u, values);
	default:
		return l->binary ? byte_row(r, u) : word_row(r, pool, u, values);
	}
}
