#include "tests/conv_inside.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int
conv_fail(struct conv *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (c->failed)
		return -1;
	c->failed = true;
	n = snprintf(c->why, c->room, "%s:%d: ", c->path, c->line);
	va_start(ap, fmt);
	vsnprintf(c->why + n, c->room - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

/* Splits a line at blanks; "..." keeps its blanks and quotes, <...> is one word; # ends it. */
void
conv_split(struct conv *c, const char *s)
{
	c->nwords = c->at = 0;
	while (c->nwords < WORDS) {
		char *to = c->word[c->nwords];
		char until = 0;
		int n = 0;

		while (isspace((unsigned char)*s))
			s++;
		if (*s == '\0' || *s == '#')
			break;
		if (*s == '<' && s[1] != '\0' && !isspace((unsigned char)s[1]))
			until = '>';
		for (; *s != '\0' && n < WORD - 1; s++) {
			if (until == 0 && isspace((unsigned char)*s))
				break;
			to[n++] = *s;
			if (until == '"' && *s == '\\' && s[1] != '\0')
				to[n++] = *++s;
			else if (until != 0 && *s == until && n > 1) {
				until = 0;
			} else if (until == 0 && *s == '"') {
				until = '"';
			}
		}
		to[n] = '\0';
		c->nwords++;
	}
}

const char *
conv_peek(const struct conv *c)
{
	return c->at < c->nwords ? c->word[c->at] : "";
}

const char *
conv_next(struct conv *c)
{
	return c->at < c->nwords ? c->word[c->at++] : "";
}

bool
conv_accept(struct conv *c, const char *word)
{
	if (strcmp(conv_peek(c), word) != 0)
		return false;
	c->at++;
	return true;
}

/* "N", "N+3", "17", "17-1". */
uint32_t
conv_number(struct conv *c)
{
	const char *s = conv_next(c);
	uint32_t v = 0;
	char *end;

	if (isdigit((unsigned char)*s)) {
		v = (uint32_t)strtoul(s, &end, 0);
	} else {
		size_t n = strcspn(s, "+-");
		int i = c->nnames;

		while (--i >= 0 && (strlen(c->name[i].name) != n || strncmp(c->name[i].name, s, n) != 0))
			;
		if (i < 0) {
			conv_fail(c, "nothing was saved as %s", s);
			return 0;
		}
		v = c->name[i].value;
		end = (char *)s + n;
	}
	if (*end == '+')
		v += (uint32_t)strtoul(end + 1, NULL, 0);
	else if (*end == '-')
		v -= (uint32_t)strtoul(end + 1, NULL, 0);
	return v;
}

void
conv_save(struct conv *c, const char *name, uint32_t value, uint16_t id)
{
	int i = 0;

	while (i < c->nnames && strcmp(c->name[i].name, name) != 0)
		i++;
	if (i == NAMES) {
		conv_fail(c, "too many names");
		return;
	}
	snprintf(c->name[i].name, sizeof c->name[i].name, "%.31s", name);
	c->name[i].value = value;
	c->name[i].id = id;
	if (i == c->nnames)
		c->nnames++;
}

/* A string in quotes, perhaps *N behind it; * inside keeps its meaning if glob. */
size_t
conv_string(struct conv *c, uint8_t *to, bool *open_end)
{
	const char *s = conv_next(c);
	size_t n = 0, once;
	unsigned long times;

	if (*s != '"') {
		conv_fail(c, "expected a string, not %s", s);
		return 0;
	}
	for (s++; *s != '\0' && *s != '"' && n < PAYLOAD; s++) {
		unsigned x;

		if (*s != '\\') {
			to[n++] = (uint8_t)*s;
			continue;
		}
		s++;
		if (*s == 'r')
			to[n++] = '\r';
		else if (*s == 'n')
			to[n++] = '\n';
		else if (*s == 'x' && sscanf(s + 1, "%2x", &x) == 1) {
			to[n++] = (uint8_t)x;
			s += 2;
		} else {
			to[n++] = (uint8_t)*s;
		}
	}
	*open_end = n > 0 && to[n - 1] == '*' && s[-1] == '*';
	once = n;
	times = *s == '"' && s[1] == '*' ? strtoul(s + 2, NULL, 10) : 1;
	for (unsigned long i = 1; i < times && n + once <= PAYLOAD; i++, n += once)
		memcpy(to + n, to, once);
	return n;
}

/* "<mss 1460,sackOK,ts 100 0,nop,wscale 7>" to option bytes; -1 in mask where "any" stands. */
int
conv_options(struct conv *c, const char *s, uint8_t *to, uint8_t *mask, uint32_t isn, bool ours)
{
	char text[WORD], *item, *rest = text;
	int n = 0;

	snprintf(text, sizeof text, "%s", s + 1);
	text[strcspn(text, ">")] = '\0';
	memset(mask, 0xff, TCP_OPTIONS_MAX);
	while ((item = strsep(&rest, ",")) != NULL) {
		char a[32] = "", b[32] = "", kind[32] = "";
		uint32_t v;

		if (sscanf(item, "%31s %31s %31s", kind, a, b) < 1)
			break;		/* <>: none at all */
		if (n > TCP_OPTIONS_MAX - 18)
			return conv_fail(c, "too many options");
		if (strcmp(kind, "mss") == 0) {
			to[n] = 2;
			to[n + 1] = 4;
			store_be16(to + n + 2, (uint16_t)(atoi(a) - (ours && c->six ? WIRE_IPV6_HEADER - WIRE_IPV4_HEADER : 0)));
			n += 4;
		} else if (strcmp(kind, "wscale") == 0) {
			to[n] = 3;
			to[n + 1] = 3;
			to[n + 2] = (uint8_t)atoi(a);
			mask[n + 2] = strcmp(a, "any") == 0 ? 0 : 0xff;
			n += 3;
		} else if (strcmp(kind, "sackOK") == 0) {
			to[n++] = 4;
			to[n++] = 2;
		} else if (strcmp(kind, "ts") == 0) {
			to[n] = 8;
			to[n + 1] = 10;
			for (int i = 0; i < 2; i++) {
				const char *w = i == 0 ? a : b;
				int id = c->nnames;

				while (--id >= 0 && strcmp(c->name[id].name, w) != 0)
					;
				v = id >= 0 ? c->name[id].value : (uint32_t)strtoul(w, NULL, 0);
				store_be32(to + n + 2 + 4 * i, v);
				if (strcmp(w, "any") == 0)
					memset(mask + n + 2 + 4 * i, 0, 4);
			}
			n += 10;
		} else if (strcmp(kind, "sack") == 0) {	/* relative to the other side's first */
			int start = n;

			to[n++] = 5;
			to[n++] = 0;
			for (const char *w = item + 5; w != NULL && *w != '\0'; w = strchr(w, ' ')) {
				unsigned from, till;

				if (sscanf(w += *w == ' ', "%u:%u", &from, &till) != 2)
					break;
				store_be32(to + n, isn + from);
				store_be32(to + n + 4, isn + till);
				n += 8;
			}
			to[start + 1] = (uint8_t)(n - start);
		} else if (strcmp(kind, "nop") == 0) {
			to[n++] = 1;
		} else if (strcmp(kind, "end") == 0) {
			to[n++] = 0;
		} else if (strcmp(kind, "raw") == 0) {
			for (const char *h = a; h[0] != '\0' && h[1] != '\0'; h += 2) {
				unsigned x = 0;

				sscanf(h, "%2x", &x);
				to[n++] = (uint8_t)x;
			}
		} else {
			return conv_fail(c, "no option is called %s", kind);
		}
	}
	return n;
}
