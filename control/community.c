#include "control/community.h"

#include <sha1.h>
#include <string.h>

static void
base64(char *to, const uint8_t *p, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		size_t have = MIN(n - i, (size_t)3);
		uint32_t v = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		    (have > 2 ? p[i + 2] : 0);

		*to++ = digit[v >> 18];
		*to++ = digit[v >> 12 & 63];
		*to++ = have > 1 ? digit[v >> 6 & 63] : '=';
		*to++ = have > 2 ? digit[v & 63] : '=';
	}
	*to = '\0';
}

static uint8_t *
put_addr(uint8_t *at, const struct addr *a)
{
	size_t n = addr_is_v4(a) ? 4 : 16;

	memcpy(at, a->b + 16 - n, n);
	return at + n;
}

void
community_id(char to[COMMUNITY_TEXT], const struct addr *a, uint16_t a_port, const struct addr *b,
    uint16_t b_port, uint8_t proto)
{
	uint8_t text[2 + 32 + 2 + 4] = { 0 }, *at = text + 2, sum[SHA1_DIGEST_LENGTH];
	SHA1_CTX c;
	int order = memcmp(a->b, b->b, sizeof a->b);

	if (order > 0 || (order == 0 && a_port > b_port)) {
		const struct addr *low = b;
		uint16_t low_port = b_port;

		b = a;
		b_port = a_port;
		a = low;
		a_port = low_port;
	}
	at = put_addr(put_addr(at, a), b);
	*at++ = proto;
	*at++ = 0;
	store_be16(at, a_port);
	store_be16(at + 2, b_port);
	SHA1Init(&c);
	SHA1Update(&c, text, (size_t)(at + 4 - text));
	SHA1Final(sum, &c);
	memcpy(to, "1:", 2);
	base64(to + 2, sum, sizeof sum);
}
