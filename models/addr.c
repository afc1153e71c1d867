#include "models/addr.h"

#include <arpa/inet.h>
#include <errno.h>

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
