#include "models/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int
addr_print(char *to, const struct addr *a)
{
	if (addr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, to, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, to, ADDR_TEXT);
	return (int)strlen(to);
}

int
addr_parse(struct addr *a, const char *text)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*a = addr_v4(load_be32(v4));
		return 0;
	}
	return inet_pton(AF_INET6, text, a->b) == 1 ? 0 : -EINVAL;
}

int
addr_parse_prefix(struct addr *a, unsigned *bits, const char *text)
{
	char first[ADDR_TEXT], *end;
	const char *slash = strchr(text, '/');
	unsigned long n, width;

	if (slash == NULL || slash - text >= ADDR_TEXT || slash[1] < '0' || slash[1] > '9')
		return -EINVAL;
	snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
	if (addr_parse(a, first) < 0)
		return -EINVAL;
	width = addr_is_v4(a) ? 32 : 128;
	n = strtoul(slash + 1, &end, 10);
	if (*end != '\0' || n > width)
		return -EINVAL;
	*bits = (unsigned)(n + 128 - width);
	for (unsigned bit = *bits; bit < 128; bit++)
		if (a->b[bit / 8] & 0x80 >> bit % 8)
			return -EDOM;
	return 0;
}
