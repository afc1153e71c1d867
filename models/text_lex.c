#include "models/text_lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 64 << 10 };

struct text_chunk {
	struct text_chunk *next;
	size_t used, size;
	_Alignas(16) uint8_t bytes[];
};

void
text_free_chunks(struct text_chunk *c)
{
	while (c != NULL) {
		struct text_chunk *next = c->next;
		free(c);
		c = next;
	}
}

void *
lex_alloc(struct lexer *x, size_t n, size_t size)
{
	struct text_chunk *c = x->mem;
	size_t want;

	if (__builtin_mul_overflow(n, size, &want) || want > SIZE_MAX / 2)
		lex_no_memory(x);
	want = (want + 15) / 16 * 16;
	if (c == NULL || c->size - c->used < want) {
		size_t room = MAX(want, (size_t)CHUNK);
		c = calloc(1, sizeof *c + room);
		if (c == NULL)
			lex_no_memory(x);
		c->size = room;
		if (x->mem != NULL && want > CHUNK / 4) {	/* keep filling the old one */
			c->next = x->mem->next;
			x->mem->next = c;
		} else {
			c->next = x->mem;
			x->mem = c;
		}
	}
	c->used += want;
	return c->bytes + c->used - want;
}

void
lex_fail(struct lexer *x, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	x->err = diag_set(x->why, -EINVAL, "%.80s:%u:%u: %s", x->file, x->line, x->col, what);
	longjmp(x->out, 1);
}

void
lex_fail_at(struct lexer *x, uint32_t line, uint32_t col, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	x->line = line;
	x->col = col;
	lex_fail(x, "%s", what);
}

void
lex_no_memory(struct lexer *x)
{
	x->err = diag_set(x->why, -ENOMEM, "%.80s: not enough memory for this model", x->file);
	longjmp(x->out, 1);
}

static bool
is_blank(uint8_t b)
{
	return b == ' ' || b == '\t' || b == '\r';
}

static bool
is_word(uint8_t b)
{
	return b > 0x20 && b < 0x7f && b != '"' && b != '#';
}

static int
hex_value(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	if ((b | 32) >= 'a' && (b | 32) <= 'f')
		return (b | 32) - 'a' + 10;
	return -1;
}

/* The byte after a backslash; moves *p past it. */
static uint8_t
escaped(struct lexer *x, const uint8_t **p)
{
	static const char from[] = "rnt\\\"", to[] = "\r\n\t\\\"";
	const uint8_t *q = *p;
	const char *at = *q != '\0' ? strchr(from, *q) : NULL;
	int hi, lo;

	if (at != NULL) {
		*p = q + 1;
		return (uint8_t)to[at - from];
	}
	if (*q == 'x' && x->end - q > 2 && (hi = hex_value(q[1])) >= 0 &&
	    (lo = hex_value(q[2])) >= 0) {
		*p = q + 3;
		return (uint8_t)(hi << 4 | lo);
	}
	x->col = (uint32_t)(q - x->bol);
	lex_fail(x, "after \\ only r n t \\ \" and x with two hexadecimal digits may follow");
}

static void
string(struct lexer *x)
{
	const uint8_t *q = x->p + 1, *close = q;
	uint8_t *to;
	size_t n = 0;

	while (close < x->end && *close != '"' && *close != '\n')
		close += *close == '\\' && close + 1 < x->end && close[1] != '\n' ? 2 : 1;
	if (close >= x->end || *close != '"')
		lex_fail(x, "this string has no closing quote on its line");
	to = lex_alloc(x, (size_t)(close - q), 1);
	while (q < close) {
		uint8_t b = *q++;
		if (b == '\\') {
			b = escaped(x, &q);
		} else if (b < 0x20 || b == 0x7f) {
			x->col = (uint32_t)(q - x->bol);
			lex_fail(x, "byte %02x must be written \\x%02x in a string", b, b);
		}
		to[n++] = b;
	}
	x->kind = LEX_STRING;
	x->text = span_of(to, n);
	x->p = close + 1;
	if (x->p < x->end && (is_word(*x->p) || *x->p == '"'))
		lex_fail(x, "a blank must follow this string");
}

void
lex_next(struct lexer *x)
{
	bool fresh = x->kind == LEX_EOL || x->bol == NULL;	/* no second line end */

	if (x->bol == NULL)
		x->bol = x->p;
	for (;;) {
		while (x->p < x->end && is_blank(*x->p))
			x->p++;
		if (x->p < x->end && *x->p == '#')
			while (x->p < x->end && *x->p != '\n')
				x->p++;
		x->line = x->next_line;
		x->col = (uint32_t)(x->p - x->bol) + 1;
		if (x->p >= x->end) {		/* the last line may lack its end */
			x->kind = fresh ? LEX_END : LEX_EOL;
			return;
		}
		if (*x->p != '\n')
			break;
		x->p++;
		x->bol = x->p;
		x->next_line++;
		if (!fresh) {
			x->kind = LEX_EOL;
			return;
		}
	}
	if (*x->p == '"') {
		string(x);
		return;
	}
	x->text.p = x->p;
	while (x->p < x->end && is_word(*x->p))
		x->p++;
	x->text.n = (size_t)(x->p - x->text.p);
	if (x->text.n == 0)
		lex_fail(x, "byte %02x has no place here; is this a text model?", *x->p);
	if (x->p < x->end && *x->p == '"')
		lex_fail(x, "a blank must stand before a string");
	x->kind = LEX_WORD;
}

/* "wants X, not Y". */
static void __attribute__((noreturn))
unexpected(struct lexer *x, const char *wanted)
{
	if (x->kind == LEX_WORD)
		lex_fail(x, "%s is expected here, not '%.*s'", wanted,
		    (int)MIN(x->text.n, (size_t)40), (const char *)x->text.p);
	lex_fail(x, "%s is expected here, not %s", wanted,
	    x->kind == LEX_STRING ? "a string" : x->kind == LEX_EOL ? "the end of the line" :
	    "the end of the file");
}

void
lex_eol(struct lexer *x)
{
	if (x->kind != LEX_EOL && x->kind != LEX_END)
		unexpected(x, "the end of the line");
	if (x->kind == LEX_EOL)
		lex_next(x);
}

struct span
lex_string(struct lexer *x, const char *what)
{
	struct span s = x->text;

	if (x->kind != LEX_STRING)
		unexpected(x, what);
	lex_next(x);
	return s;
}

bool
lex_at_number(const struct lexer *x)
{
	return x->kind == LEX_WORD && x->text.p[0] >= '0' && x->text.p[0] <= '9';
}

static bool
decimal(struct span s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(*v, 10u, v) ||
		    __builtin_add_overflow(*v, (uint64_t)(s.p[i] - '0'), v))
			return false;
	return s.n > 0;
}

uint64_t
lex_number(struct lexer *x, const char *what, uint64_t max)
{
	uint64_t v;

	if (!lex_at_number(x))
		unexpected(x, what);
	if (!decimal(x->text, &v))
		lex_fail(x, "'%.*s' is no decimal number for %s",
		    (int)MIN(x->text.n, (size_t)40), (const char *)x->text.p, what);
	if (v > max)
		lex_fail(x, "%llu is too much for %s, which is at most %llu",
		    (unsigned long long)v, what, (unsigned long long)max);
	lex_next(x);
	return v;
}

int64_t
lex_integer(struct lexer *x, const char *what, int64_t min, int64_t max)
{
	bool minus = x->kind == LEX_WORD && x->text.p[0] == '-';
	uint64_t v;

	if (x->kind != LEX_WORD || !decimal(span_sub(x->text, minus, x->text.n), &v) ||
	    v > INT64_MAX)
		unexpected(x, what);
	int64_t i = minus ? -(int64_t)v : (int64_t)v;
	if (i < min || i > max)
		lex_fail(x, "%lld is out of range for %s, %lld to %lld", (long long)i, what,
		    (long long)min, (long long)max);
	lex_next(x);
	return i;
}

double
lex_float(struct lexer *x, const char *what)
{
	double v;

	if (x->kind != LEX_WORD || !text_float_parse(x->text, &v))
		unexpected(x, what);
	lex_next(x);
	return v;
}

int
lex_vocab(struct lexer *x, const struct vocab *v)
{
	int value = x->kind == LEX_WORD ? vocab_find(v, x->text) : -1;
	char words[300];
	size_t n = 0;

	if (value >= 0) {
		lex_next(x);
		return value;
	}
	for (uint32_t i = 0; i < v->n && n < sizeof words; i++)
		n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", i > 0 ? " " : "",
		    v->word[i]);
	char wanted[340];
	snprintf(wanted, sizeof wanted, "a word for %s (%s)", v->what, words);
	unexpected(x, wanted);
}

void
lex_expect(struct lexer *x, const char *word)
{
	char wanted[64];

	if (lex_take(x, word))
		return;
	snprintf(wanted, sizeof wanted, "'%s'", word);
	unexpected(x, wanted);
}

bool
lex_is(const struct lexer *x, const char *word)
{
	return x->kind == LEX_WORD && span_eq(x->text, span_str(word));
}

bool
lex_take(struct lexer *x, const char *word)
{
	if (!lex_is(x, word))
		return false;
	lex_next(x);
	return true;
}
