#pragma once
/*
 * text_lex.h - words, strings and line ends of a text model, and the memory they live in.
 *
 * Errors leave by longjmp through lex_fail(), so that the reader has no error path; whoever
 * made the lexer has set `out`. For models/text*.c, and whoever else reads files of such lines.
 */
#include <setjmp.h>

#include "models/diag.h"
#include "models/vocab.h"

enum { TEXT_MAX_BYTES = 64 << 20 };

enum lex_kind { LEX_WORD, LEX_STRING, LEX_EOL, LEX_END };

struct lexer {
	const char *file;
	const uint8_t *p, *end, *bol;	/* next byte, end of the text, begin of the line */
	uint32_t next_line;
	/* the token in hand */
	enum lex_kind kind;
	struct span text;		/* WORD: as it stands; STRING: decoded, lives in mem */
	uint32_t line, col;
	struct text_chunk *mem;		/* what text_fini() frees */
	struct diag *why;
	int err;
	jmp_buf out;
};

/* 16-byte aligned zeroed memory that lives as long as the model. */
void	*lex_alloc(struct lexer *x, size_t n, size_t size);
void	text_free_chunks(struct text_chunk *c);

void	lex_fail(struct lexer *x, const char *fmt, ...) PRINTF(2, 3) __attribute__((noreturn));
void	lex_fail_at(struct lexer *x, uint32_t line, uint32_t col, const char *fmt, ...) PRINTF(4, 5)
    __attribute__((noreturn));
void	lex_no_memory(struct lexer *x) __attribute__((noreturn));
/* To the next token; several line ends are one, none stands at the beginning. */
void	lex_next(struct lexer *x);

/* Each takes one token of its kind, or fails with what it wanted. */
void	lex_eol(struct lexer *x);
struct span lex_string(struct lexer *x, const char *what);
uint64_t lex_number(struct lexer *x, const char *what, uint64_t max);
int64_t	lex_integer(struct lexer *x, const char *what, int64_t min, int64_t max);
double	lex_float(struct lexer *x, const char *what);
/* A word of the list; fails with the list. */
int	lex_vocab(struct lexer *x, const struct vocab *v);
void	lex_expect(struct lexer *x, const char *word);

bool	lex_is(const struct lexer *x, const char *word);
/* Takes the word if it is in hand. */
bool	lex_take(struct lexer *x, const char *word);
bool	lex_at_number(const struct lexer *x);

/* Reads a float of the format document. False: it is none. */
bool	text_float_parse(struct span s, double *v);
enum { TEXT_FLOAT = 32 };
/* Writes it; returns its length. v is finite. */
size_t	text_float_print(char to[TEXT_FLOAT], double v);
