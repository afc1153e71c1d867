#include "learning/announce.h"

#include <ctype.h>

#include "models/format.h"

enum { LEAST_PORT = 1024 };

/* A decimal number of at most five digits at the beginning of s; its digits, 0: none. */
static size_t
number(struct span s, uint32_t *v)
{
	size_t n = 0;

	for (*v = 0; n < s.n && n < 6 && isdigit(s.p[n]); n++)
		*v = *v * 10 + (s.p[n] - '0');
	return n < 6 ? n : 0;
}

/* "4,210" */
static bool
two_bytes(struct announced *a, struct span s)
{
	uint32_t high, low;
	size_t n = number(s, &high), m;

	if (n == 0 || n == s.n || s.p[n] != ',')
		return false;
	m = number(span_sub(s, n + 1, s.n), &low);
	if (m == 0 || high > 255 || low > 255)
		return false;
	*a = (struct announced){ (uint16_t)(high * 256 + low), true, span_sub(s, 0, n + 1 + m) };
	return true;
}

/* No part of a word, of an address or of a number with a comma or a point. */
static bool
is_apart(uint8_t c)
{
	return !isalnum(c) && c != '.' && c != ',' && c != '-';
}

bool
announce_next(struct announced *a, struct span *left, const struct addr *server)
{
	uint8_t own[FORMAT_MAX];
	size_t nown = format_addr(own, server, FMT_COMMA);

	for (size_t i = 0; i < left->n; i++) {
		struct span s = span_sub(*left, i, left->n);
		uint32_t v;
		size_t n;

		if (!isdigit(s.p[0]) || (i > 0 && isdigit(s.p[-1])))
			continue;
		n = number(s, &v);
		if (s.n > nown && memcmp(s.p, own, nown) == 0 && s.p[nown] == ',' &&
		    two_bytes(a, span_sub(s, nown + 1, s.n)))
			n = nown + 1 + a->where.n;
		else if (n > 0 && v >= LEAST_PORT && v <= UINT16_MAX && i > 0 && is_apart(s.p[-1]) && n < s.n &&
		    is_apart(s.p[n]))
			*a = (struct announced){ (uint16_t)v, false, span_sub(s, 0, n) };
		else
			continue;
		*left = span_sub(s, n, s.n);
		return true;
	}
	left->n = 0;
	return false;
}
