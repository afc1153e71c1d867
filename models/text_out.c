#include "models/text_out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/text_lex.h"

static bool
room(struct text_out *o, size_t more)
{
	if (o->failed)
		return false;
	if (o->cap - o->n <= more) {
		size_t cap = MAX(o->cap * 2, o->n + more + 4096);
		char *p = realloc(o->p, cap);
		if (p == NULL) {
			o->failed = true;
			return false;
		}
		o->p = p;
		o->cap = cap;
	}
	return true;
}

void
text_put(struct text_out *o, const char *fmt, ...)
{
	va_list ap;

	if (!room(o, 256))
		return;
	va_start(ap, fmt);
	int n = vsnprintf(o->p + o->n, 256, fmt, ap);
	va_end(ap);
	assert(n >= 0 && n < 256);
	o->n += (size_t)n;
}

void
text_put_string(struct text_out *o, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	char *q;

	if (!room(o, 4 * s.n + 3))
		return;
	q = o->p + o->n;
	*q++ = ' ';
	*q++ = '"';
	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = s.p[i];
		if (b == '\r' || b == '\n' || b == '\t') {
			*q++ = '\\';
			*q++ = b == '\r' ? 'r' : b == '\n' ? 'n' : 't';
		} else if (b == '\\' || b == '"') {
			*q++ = '\\';
			*q++ = (char)b;
		} else if (b >= 0x20 && b <= 0x7e) {
			*q++ = (char)b;
		} else {
			*q++ = '\\';
			*q++ = 'x';
			*q++ = digits[b >> 4];
			*q++ = digits[b & 15];
		}
	}
	*q++ = '"';
	o->n = (size_t)(q - o->p);
}

void
text_put_float(struct text_out *o, double v)
{
	if (room(o, TEXT_FLOAT))
		o->n += text_float_print(o->p + o->n, v);
}

int
text_put_end(struct text_out *o, char **to, size_t *n)
{
	if (!room(o, 1)) {
		free(o->p);
		return -ENOMEM;
	}
	o->p[o->n] = '\0';
	*to = o->p;
	*n = o->n;
	return 0;
}
