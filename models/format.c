#include "models/format.h"

size_t
format_digits(uint8_t to[FORMAT_MAX], uint64_t v, enum format f)
{
	uint8_t rev[20];
	unsigned base = f == FMT_HEX ? 16 : 10;
	size_t n = 0;

	do
		rev[n++] = (uint8_t)"0123456789abcdef"[v % base];
	while ((v /= base) > 0);
	for (size_t i = 0; i < n; i++)
		to[i] = rev[n - 1 - i];
	return n;
}

size_t
format_binary(uint8_t *to, uint64_t v, unsigned n, enum format f)
{
	for (unsigned i = 0; i < n; i++)
		to[f == FMT_LE ? i : n - 1 - i] = (uint8_t)(v >> 8 * i);
	return n;
}

static size_t
hex_bytes(uint8_t *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = (uint8_t)"0123456789abcdef"[p[i] >> 4];
		to[2 * i + 1] = (uint8_t)"0123456789abcdef"[p[i] & 15];
	}
	return 2 * n;
}

size_t
format_addr(uint8_t to[FORMAT_MAX], const struct addr *a, enum format f)
{
	unsigned width = addr_is_v4(a) ? 4 : 16;
	const uint8_t *p = a->b + 16 - width;
	char text[ADDR_TEXT];
	size_t n = 0;

	switch (f) {
	case FMT_TEXT:
		n = (size_t)addr_print(text, a);
		memcpy(to, text, n);
		return n;
	case FMT_HEX:
		return hex_bytes(to, p, width);
	case FMT_COMMA:
		for (unsigned i = 0; i < width; i++) {
			if (i > 0)
				to[n++] = ',';
			n += format_digits(to + n, p[i], FMT_TEXT);
		}
		return n;
	default:
		for (unsigned i = 0; i < width; i++)
			to[i] = p[f == FMT_LE ? width - 1 - i : i];
		return width;
	}
}

size_t
format_port(uint8_t to[FORMAT_MAX], uint16_t port, enum format f)
{
	uint8_t be[2] = { (uint8_t)(port >> 8), (uint8_t)port };
	size_t n;

	switch (f) {
	case FMT_TEXT:
		return format_digits(to, port, FMT_TEXT);
	case FMT_HEX:
		return hex_bytes(to, be, 2);
	case FMT_COMMA:
		n = format_digits(to, be[0], FMT_TEXT);
		to[n++] = ',';
		return n + format_digits(to + n, be[1], FMT_TEXT);
	default:
		return format_binary(to, port, 2, f);
	}
}

struct date {
	int64_t year;
	unsigned month, day, yday;	/* from 1 */
};

/*
 * Days since 1970 to a date of the Gregorian calendar, for days >= 0. Years counted from March
 * of year 0, so that the leap day is the last of its year: Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms", civil_from_days.
 */
static struct date
date_of(int64_t days)
{
	int64_t z = days + 719468, era = z / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	struct date d = {
		.year = (int64_t)yoe + era * 400 + (mp >= 10),
		.month = mp < 10 ? mp + 3 : mp - 9,
		.day = doy - (153 * mp + 2) / 5 + 1,
	};
	bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;

	/* 1 March is day 60 or 61 of its year; doy counts from there */
	d.yday = mp < 10 ? doy + 60 + leap : doy - 305;
	return d;
}

static size_t
padded(uint8_t *to, uint64_t v, unsigned width, uint8_t with)
{
	uint8_t digits[FORMAT_MAX];
	size_t n = format_digits(digits, v, FMT_TEXT), pad = width > n ? width - n : 0;

	memset(to, with, pad);
	memcpy(to + pad, digits, n);
	return pad + n;
}

static size_t
word3(uint8_t *to, const char *words, unsigned which)
{
	memcpy(to, words + 3 * which, 3);
	return 3;
}

size_t
format_time(uint8_t to[FORMAT_MAX], int64_t s, char word)
{
	struct date d = date_of(s / 86400);
	unsigned t = (unsigned)(s % 86400), hour = t / 3600, minute = t / 60 % 60;

	switch (word) {
	case 'a':		/* 1 January 1970 was a Thursday */
		return word3(to, "ThuFriSatSunMonTueWed", (unsigned)(s / 86400 % 7));
	case 'b':
		return word3(to, "JanFebMarAprMayJunJulAugSepOctNovDec", d.month - 1);
	case 'd':
		return padded(to, d.day, 2, '0');
	case 'e':
		return padded(to, d.day, 2, ' ');
	case 'H':
		return padded(to, hour, 2, '0');
	case 'M':
		return padded(to, minute, 2, '0');
	case 'S':
		return padded(to, t % 60, 2, '0');
	case 'Y':
		return padded(to, (uint64_t)d.year, 4, '0');
	case 'y':
		return padded(to, (uint64_t)d.year % 100, 2, '0');
	case 'm':
		return padded(to, d.month, 2, '0');
	case 'j':
		return padded(to, d.yday, 3, '0');
	case 's':
		return format_digits(to, (uint64_t)s, FMT_TEXT);
	case 'T':
		padded(to, hour, 2, '0');
		padded(to + 3, minute, 2, '0');
		padded(to + 6, t % 60, 2, '0');
		to[2] = to[5] = ':';
		return 8;
	case 'Z':
		memcpy(to, "GMT", 3);
		return 3;
	default:
		to[0] = '%';
		return 1;
	}
}
