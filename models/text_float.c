/*
 * Floats of the text model: hexadecimal, so that they read back to the same bits, and without
 * the C library's printing, which asks the locale for its decimal point.
 */
#include <math.h>
#include <stdio.h>

#include "models/text_lex.h"

size_t
text_float_print(char to[TEXT_FLOAT], double v)
{
	uint64_t bits, mant;
	int exp, n;
	char hex[14];

	memcpy(&bits, &v, sizeof bits);
	mant = bits & ((1ull << 52) - 1);
	exp = (int)(bits >> 52 & 0x7ff);
	snprintf(hex, sizeof hex, "%013llx", (unsigned long long)mant);
	for (n = 13; n > 0 && hex[n - 1] == '0'; n--)
		;
	hex[n] = '\0';
	return (size_t)snprintf(to, TEXT_FLOAT, "%s0x%d%s%sp%+d", bits >> 63 ? "-" : "",
	    exp != 0, n > 0 ? "." : "", hex,
	    exp != 0 ? exp - 1023 : mant != 0 ? -1022 : 0);
}

static int
digit(uint8_t b, unsigned base)
{
	int v = b >= '0' && b <= '9' ? b - '0' : (b | 32) >= 'a' && (b | 32) <= 'f' ?
	    (b | 32) - 'a' + 10 : 99;

	return v < (int)base ? v : -1;
}

/* Digits with at most one point; *frac counts those behind it. False: none, or too many. */
static bool
mantissa(struct reader *r, unsigned base, unsigned max, uint64_t *m, int *frac)
{
	unsigned digits = 0;
	bool point = false;

	*m = 0;
	*frac = 0;
	for (; r->p < r->end; r->p++) {
		int d = digit(*r->p, base);
		if (*r->p == '.' && !point) {
			point = true;
			continue;
		}
		if (d < 0)
			break;
		*m = *m * base + (unsigned)d;
		*frac += point;
		if (++digits > max)
			return false;
	}
	return digits > 0;
}

bool
text_float_parse(struct span s, double *v)
{
	struct reader r = reader_of(s);
	bool minus = s.n > 0 && s.p[0] == '-', down;
	uint64_t m;
	int frac, exp = 0;

	r.p += minus;
	if (r.end - r.p > 2 && r.p[0] == '0' && r.p[1] == 'x') {
		r.p += 2;
		if (!mantissa(&r, 16, 16, &m, &frac) || r.p == r.end || *r.p++ != 'p' ||
		    r.p == r.end)
			return false;
		down = *r.p == '-';
		r.p += *r.p == '-' || *r.p == '+';
		if (r.end - r.p < 1 || r.end - r.p > 4)
			return false;
		for (; r.p < r.end; r.p++) {
			if (digit(*r.p, 10) < 0)
				return false;
			exp = exp * 10 + *r.p - '0';
		}
		*v = ldexp((double)m, (down ? -exp : exp) - 4 * frac);
	} else {
		if (!mantissa(&r, 10, 15, &m, &frac) || r.p < r.end)
			return false;
		*v = (double)m / pow(10, frac);	/* both exact, so the quotient is rounded once */
	}
	if (minus)
		*v = -*v;
	return isfinite(*v);
}
