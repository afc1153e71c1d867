#include "learning/lexer.h"

#include <stdio.h>

enum { MAX_TAIL = 8, MAX_BYTE_TOKENS = 96, MAX_WORDS = 32, MAX_WORDS_HEAD = 8, WORDS_TAIL = 3,
	WORDS_ONE_IN = 5, TIME_SLACK_S = 2 };

static const char *const time_formats[] = {
	"%a, %d %b %Y %H:%M:%S GMT",	/* RFC 9110 5.6.7 */
	"%a, %d %b %Y %H:%M:%S +0000",	/* RFC 5322 3.3 */
	"%a %b %e %H:%M:%S %Y",		/* C's asctime */
	"%Y-%m-%dT%H:%M:%S",		/* RFC 3339 */
	"%Y-%m-%d %H:%M:%S",
};
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	"Sep", "Oct", "Nov", "Dec" };
static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

struct span
lexer_time_format(uint8_t format)
{
	return span_str(time_formats[format]);
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
take_number(struct span *s, unsigned width, bool blank, int64_t *v)
{
	*v = 0;
	if (s->n < width)
		return false;
	for (unsigned i = 0; i < width; i++) {
		uint8_t c = s->p[i];

		if (blank && i == 0 && c == ' ')
			continue;
		if (c < '0' || c > '9')
			return false;
		*v = *v * 10 + (c - '0');
	}
	s->p += width;
	s->n -= width;
	return true;
}

static bool
take_name(struct span *s, const char *const *names, unsigned n, int64_t *v)
{
	for (unsigned i = 0; i < n && s->n >= 3; i++) {
		if (memcmp(s->p, names[i], 3) == 0) {
			*v = i;
			s->p += 3;
			s->n -= 3;
			return true;
		}
	}
	return false;
}

/* Does s begin with a time in this format? Then its length, and the Unix time in *seconds. */
static size_t
match_time(const char *fmt, struct span s, int64_t *seconds)
{
	int64_t year = 0, mon = 0, day = 0, hour = 0, min = 0, sec = 0, wday;
	const uint8_t *from = s.p;
	bool ok = true;

	for (; *fmt != '\0' && ok; fmt++) {
		if (*fmt != '%') {
			ok = s.n > 0 && s.p[0] == (uint8_t)*fmt;
			s.p += ok;
			s.n -= ok;
			continue;
		}
		switch (*++fmt) {
		case 'a': ok = take_name(&s, days, 7, &wday); break;
		case 'b': ok = take_name(&s, months, 12, &mon); mon++; break;
		case 'd': ok = take_number(&s, 2, false, &day); break;
		case 'e': ok = take_number(&s, 2, true, &day); break;
		case 'Y': ok = take_number(&s, 4, false, &year); break;
		case 'm': ok = take_number(&s, 2, false, &mon); break;
		case 'H': ok = take_number(&s, 2, false, &hour); break;
		case 'M': ok = take_number(&s, 2, false, &min); break;
		case 'S': ok = take_number(&s, 2, false, &sec); break;
		}
	}
	if (!ok)
		return 0;
	*seconds = days_of(year, mon, day) * 86400 + hour * 3600 + min * 60 + sec;
	return (size_t)(s.p - from);
}

static bool
take_time(struct span s, int64_t now_ms, struct token *t)
{
	for (uint8_t f = 0; f < ARRAY_LEN(time_formats); f++) {
		int64_t seconds;
		size_t n = match_time(time_formats[f], s, &seconds);

		if (n > 0 && seconds * 1000 >= now_ms - TIME_SLACK_S * 1000 &&
		    seconds * 1000 <= now_ms + TIME_SLACK_S * 1000) {
			*t = (struct token){ TOKEN_TIME, f, false, span_sub(s, 0, n) };
			return true;
		}
	}
	return false;
}

struct written {		/* an address in the ways it may be written */
	char text[2][ADDR_TEXT];
	size_t n[2];
};

static void
write_address(struct written *w, const struct addr *a)
{
	w->n[0] = (size_t)addr_print(w->text[0], a);
	w->n[1] = 0;
	if (addr_is_v4(a))
		w->n[1] = (size_t)snprintf(w->text[1], sizeof w->text[1], "%u,%u,%u,%u", a->b[12],
		    a->b[13], a->b[14], a->b[15]);
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
take_address(struct span s, size_t at, const struct written *w, bool peer, struct token *t)
{
	for (unsigned k = 0; k < 2; k++) {
		struct span rest = span_sub(s, at, s.n);

		if (w->n[k] == 0 || rest.n < w->n[k] || memcmp(rest.p, w->text[k], w->n[k]) != 0)
			continue;
		if ((at > 0 && is_digit(s.p[at - 1])) || (rest.n > w->n[k] && is_digit(rest.p[w->n[k]])))
			continue;	/* the middle of a longer number */
		*t = (struct token){ TOKEN_ADDR, k == 0 ? FMT_TEXT : FMT_COMMA, peer,
			span_sub(rest, 0, w->n[k]) };
		return true;
	}
	return false;
}

/* A bound: one token per change of kind, and three per address or time, which need 7 bytes. */
static size_t
most_tokens(const struct lexer *l, struct span m)
{
	size_t n = 1;

	for (size_t i = 1; i < m.n; i++)
		n += lexer_is_separator(l, m.p[i]) != lexer_is_separator(l, m.p[i - 1]);
	return n + m.n / 7 * 3;
}

static uint32_t
split_text(const struct lexer *l, struct pool *pool, struct span m,
    const struct lexer_context *ctx, struct token **out)
{
	struct written own, peer;
	struct token *tok = pool_array(pool, most_tokens(l, m), sizeof *tok), special;
	uint32_t n = 0;

	write_address(&own, &ctx->own);
	write_address(&peer, &ctx->peer);
	for (size_t i = 0; i < m.n;) {
		bool sep = lexer_is_separator(l, m.p[i]);
		size_t from = i;

		if (ctx->from_server && !sep &&
		    (take_address(m, i, &own, false, &special) ||
		     take_address(m, i, &peer, true, &special) ||
		     take_time(span_sub(m, i, m.n), ctx->time_ms, &special))) {
			tok[n++] = special;
			i += special.bytes.n;
			continue;
		}
		for (i++; i < m.n && lexer_is_separator(l, m.p[i]) == sep; i++)
			if (ctx->from_server && !sep &&
			    (take_address(m, i, &own, false, &special) ||
			     take_address(m, i, &peer, true, &special)))
				break;
		tok[n++] = (struct token){ sep ? TOKEN_SEP : TOKEN_WORD, 0, false,
			span_of(m.p + from, i - from) };
	}
	*out = tok;
	return n;
}

/* Length of the text that s begins with, if the delimiter follows it; else 0. */
static size_t
text_run(const struct lexer *l, struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f && s.p[n] != l->delimiter)
		n++;
	return n < s.n && s.p[n] == l->delimiter ? n : 0;
}

/* How many words of text, each with the delimiter behind it, a message is behind its head; 0: it is not. */
static uint32_t
count_words(const struct lexer *l, struct span m)
{
	struct span left = span_sub(m, l->head, m.n);
	uint32_t words = 0;
	size_t n;

	for (; left.n > 0; words++) {
		n = text_run(l, left);
		if (n == 0 || words == MAX_WORDS)
			return 0;
		left = span_sub(left, n + 1, left.n);
	}
	return words;
}

static uint32_t
split_words(const struct lexer *l, struct pool *pool, struct span m, uint32_t words, struct token **out)
{
	struct token *tok = pool_array(pool, l->head + 2 * words, sizeof *tok);
	uint32_t n = 0;
	size_t i = 0;

	for (; i < l->head; i++)
		tok[n++] = (struct token){ TOKEN_BYTE, 0, false, { m.p + i, 1 } };
	while (i < m.n) {
		size_t run = text_run(l, span_sub(m, i, m.n));

		tok[n++] = (struct token){ TOKEN_RUN, 0, false, { m.p + i, run } };
		tok[n++] = (struct token){ TOKEN_BYTE, 0, false, { m.p + i + run, 1 } };
		i += run + 1;
	}
	*out = tok;
	return n;
}

static uint32_t
split_binary(const struct lexer *l, struct pool *pool, struct span m, struct span nonce,
    struct token **out)
{
	struct token *tok = pool_array(pool, MAX_BYTE_TOKENS + l->tail + l->loose + 5, sizeof *tok);
	const uint8_t *echo;
	uint32_t n = 0, last;
	size_t i = 0, run_end;

	if (l->has_run && m.n > l->head) {
		const uint8_t *d = memchr(m.p + l->head, l->delimiter, m.n - l->head);

		if (d != NULL) {
			run_end = (size_t)(d - m.p);
			for (; i < l->head; i++)
				tok[n++] = (struct token){ TOKEN_BYTE, 0, false, { m.p + i, 1 } };
			tok[n++] = (struct token){ TOKEN_RUN, 0, false, { m.p + i, run_end - i } };
			for (i = run_end; i < m.n && i < run_end + l->tail; i++)
				tok[n++] = (struct token){ TOKEN_BYTE, 0, false, { m.p + i, 1 } };
		}
	}
	last = n == 0 ? MAX_BYTE_TOKENS : m.n - i <= l->loose ? n + (uint32_t)(m.n - i) : n;
	for (; i < m.n && n < last; i++)
		tok[n++] = (struct token){ TOKEN_BYTE, 0, false, { m.p + i, 1 } };
	echo = nonce.n == 0 ? NULL : memmem(m.p + i, m.n - i, nonce.p, nonce.n);
	if (echo != NULL) {
		if (echo > m.p + i)
			tok[n++] = (struct token){ TOKEN_REST, 0, false, { m.p + i, (size_t)(echo - m.p) - i } };
		tok[n++] = (struct token){ TOKEN_ECHO, 0, false, { echo, nonce.n } };
		i = (size_t)(echo - m.p) + nonce.n;
	}
	if (i < m.n)
		tok[n++] = (struct token){ TOKEN_REST, 0, false, { m.p + i, m.n - i } };
	*out = tok;
	return n;
}

/* Type and length of a part; a long length stands behind a byte that says how long it is, a kind of type. */
static uint32_t
put_part(const struct part *p, struct token *tok)
{
	bool wide = p->length.n > 1;
	struct span len = p->length;
	uint32_t n = 0;

	tok[n++] = (struct token){ TOKEN_TYPE, 0, false, { len.p - 1, 1 } };
	if (!p->opened) {
		tok[n++] = (struct token){ TOKEN_PART, 0, false, { len.p, len.n + p->content.n } };
		return n;
	}
	if (wide)
		tok[n++] = (struct token){ TOKEN_TYPE, 0, false, { len.p, 1 } };
	tok[n++] = (struct token){ TOKEN_LEN, (uint8_t)(len.n - wide), false, { len.p + wide, len.n - wide } };
	return n;
}

/*
 * 0: not made of parts, or one of a client is too long for a template (ELEM_COUNTED). What the
 * server says has a token where an opened part ends, and the outermost ones are messages.
 */
static uint32_t
split_parts(const struct lexer *l, struct pool *pool, struct span m, bool from_server, struct token **out)
{
	struct part *part;
	uint32_t nparts = parts_of(&l->parts, pool, m, &part), n = 0;
	struct token *tok = pool_array(pool, 4 * (size_t)nparts + 1, sizeof *tok);
	const uint8_t *end[PARTS_DEPTH + 1];	/* of the opened parts around */

	for (uint32_t i = 0; i < nparts; i++) {
		const struct part *p = &part[i];

		if (!from_server && !p->opened && p->length.n > 1)
			return 0;
		if (i > 0 && from_server)
			for (uint32_t open = part[i - 1].depth + part[i - 1].opened; open > p->depth; open--)
				tok[n++] = (struct token){ open == 1 ? TOKEN_BREAK : TOKEN_END, 0, false,
					{ end[open - 1], 0 } };
		n += put_part(p, tok + n);
		end[p->depth] = p->content.p + p->content.n;
	}
	*out = tok;
	return n;
}

uint32_t
lexer_split(const struct lexer *l, struct pool *pool, struct span message,
    const struct lexer_context *ctx, struct token **out)
{
	uint32_t words = l->has_words ? count_words(l, message) : 0;
	uint32_t n = split_parts(l, pool, message, ctx->from_server, out);

	return n > 0 ? n : words > 0 ? split_words(l, pool, message, words, out)
	    : l->binary ? split_binary(l, pool, message, ctx->nonce, out)
			 : split_text(l, pool, message, ctx, out);
}

/*
 * How well (head, delimiter) explains the messages: the share whose rest behind the run is
 * one of the two most frequent lengths, counted only while the run itself varies in length.
 */
static uint32_t
score_run(uint32_t head, uint8_t delimiter, const struct span *m, size_t n, uint32_t *tail)
{
	uint32_t rests[64] = { 0 }, good = 0, other = 0, runs = 0, used = 0, shortest = UINT32_MAX;
	bool seen[64] = { false };

	for (size_t i = 0; i < n; i++) {
		const uint8_t *d;
		size_t rest, run;

		if (m[i].n <= head)
			continue;
		used++;
		d = memchr(m[i].p + head, delimiter, m[i].n - head);
		if (d == NULL)
			continue;
		run = (size_t)(d - m[i].p) - head;
		rest = m[i].n - head - run;
		if (run < 64 && !seen[run]) {
			seen[run] = true;
			runs++;
		}
		if (rest < 64)
			rests[rest]++;
	}
	for (uint32_t r = 1; r < 64; r++) {
		if (rests[r] > good) {
			other = good;
			good = rests[r];
		} else if (rests[r] > other) {
			other = rests[r];
		}
	}
	for (uint32_t r = 1; r < 64 && shortest == UINT32_MAX; r++)
		if (rests[r] * 20 >= good && rests[r] > 0)
			shortest = r;
	*tail = MIN(shortest, (uint32_t)MAX_TAIL);
	return runs < 6 || used * 10 < n * 9 ? 0 : (uint32_t)((good + other) * 1000 / used);
}

static void
learn_run(struct lexer *l, const struct span *m, size_t n)
{
	static const uint8_t delimiters[] = { 0, '\n', '\r', ' ', 0xff };
	uint32_t best = 0;

	for (uint32_t head = 1; head <= 32; head++) {
		for (size_t k = 0; k < sizeof delimiters; k++) {
			uint32_t tail, sc = score_run(head, delimiters[k], m, n, &tail);

			if (sc >= 800 && sc > best) {
				best = sc;
				l->has_run = true;
				l->head = head;
				l->delimiter = delimiters[k];
				l->tail = tail;
			}
		}
	}
}

/* The head and delimiter by which most messages are words, if that are a good part of all. */
static void
learn_words(struct lexer *l, const struct span *m, size_t n)
{
	size_t best = n / WORDS_ONE_IN;

	for (uint32_t head = 1; head <= MAX_WORDS_HEAD; head++) {
		struct lexer try = { .head = head, .delimiter = 0 };
		size_t fit = 0;

		for (size_t i = 0; i < n; i++)
			fit += m[i].n > head && count_words(&try, m[i]) > 1;
		if (fit > best) {
			best = fit;
			l->has_words = true;
			l->head = head;
			l->delimiter = 0;
			l->tail = WORDS_TAIL;
		}
	}
}

void
lexer_learn(struct lexer *l, bool binary, const struct span *message, size_t n)
{
	static const uint8_t separators[] = { '\r', '\n', '\t', ' ' };

	*l = (struct lexer){ .binary = binary };
	if (binary) {
		learn_run(l, message, MIN(n, (size_t)20000));
		if (!l->has_run)
			learn_words(l, message, MIN(n, (size_t)20000));
		return;
	}
	for (size_t i = 0; i < sizeof separators; i++)
		l->is_separator[separators[i] / 8] |= (uint8_t)(1u << separators[i] % 8);
}
