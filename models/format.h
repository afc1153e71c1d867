#pragma once
/*
 * format.h - numbers, addresses and times as a reply writes them (docs/model-format.md section 7).
 *
 * No locale, no time zone, no lock: libc's time functions take one. All return the bytes written.
 */
#include "models/addr.h"
#include "models/vocab.h"

enum { FORMAT_MAX = 64 };	/* bytes that any of these writes, widths above excepted */

/* Digits of v to base 10 (FMT_TEXT) or 16 (FMT_HEX), no leading zeros. */
size_t	format_digits(uint8_t to[FORMAT_MAX], uint64_t v, enum format f);
/* The lowest n bytes of v, 1 to 8. */
size_t	format_binary(uint8_t *to, uint64_t v, unsigned n, enum format f);
size_t	format_addr(uint8_t to[FORMAT_MAX], const struct addr *a, enum format f);
size_t	format_port(uint8_t to[FORMAT_MAX], uint16_t port, enum format f);
/* One word of a time, the letter after '%'; s is Unix time, 0 to the end of the year 9999. */
size_t	format_time(uint8_t to[FORMAT_MAX], int64_t s, char word);
