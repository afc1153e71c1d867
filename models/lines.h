#pragma once
/*
 * lines.h - the lines of a message's head: those behind its first line, up to an empty one.
 *
 * A line ends in LF or CR LF, or with the message. Pure.
 */
#include "models/bytes.h"

struct line {
	struct span bytes, end;		/* without its end; that */
};

/*
 * The next line of the head that begins with name; false: there is no other. *rest is the message
 * at first, and then in the line that was found.
 */
static inline bool
lines_next(struct span *rest, struct span name, struct line *out)
{
	const uint8_t *lf;

	while (rest->n > 0 && (lf = memchr(rest->p, '\n', rest->n)) != NULL) {
		size_t n, whole;

		*rest = span_sub(*rest, (size_t)(lf - rest->p) + 1, SIZE_MAX);
		lf = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
		whole = lf == NULL ? rest->n : (size_t)(lf - rest->p) + 1;
		n = whole - (lf != NULL);
		n -= n > 0 && rest->p[n - 1] == '\r';
		if (n == 0)
			break;
		if (n >= name.n && memcmp(rest->p, name.p, name.n) == 0) {
			*out = (struct line){ span_sub(*rest, 0, n), span_sub(*rest, n, whole - n) };
			return true;
		}
	}
	*rest = span_sub(*rest, rest->n, 0);
	return false;
}
