#include "control/community.h"

#include <string.h>

static uint32_t
rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* RFC 3174 6.1 */
static void
sha1_block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int t = 0; t < 80; t++)
		w[t] = t < 16 ? load_be32(p + 4 * t) : rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f = t < 20 ? (b & c) | (~b & d) : t < 40 || t >= 60 ? b ^ c ^ d :
		    (b & c) | (b & d) | (c & d);
		uint32_t k = t < 20 ? 0x5a827999 : t < 40 ? 0x6ed9eba1 : t < 60 ? 0x8f1bbcdc : 0xca62c1d6;
		uint32_t next = rotl(a, 5) + f + e + w[t] + k;

		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void
sha1(uint8_t to[SHA1_BYTES], struct span bytes)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t last[128] = { 0 };
	size_t at = 0, rest, end;

	for (; bytes.n - at >= 64; at += 64)
		sha1_block(h, bytes.p + at);
	rest = bytes.n - at;
	if (rest > 0)
		memcpy(last, bytes.p + at, rest);
	last[rest] = 0x80;
	end = rest < 56 ? 64 : 128;
	store_be32(last + end - 8, (uint32_t)(bytes.n >> 29));
	store_be32(last + end - 4, (uint32_t)(bytes.n << 3));
	for (at = 0; at < end; at += 64)
		sha1_block(h, last + at);
	for (int i = 0; i < 5; i++)
		store_be32(to + 4 * i, h[i]);
}

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
	uint8_t text[2 + 32 + 2 + 4] = { 0 }, *at = text + 2, sum[SHA1_BYTES];
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
	sha1(sum, span_of(text, (size_t)(at + 4 - text)));
	memcpy(to, "1:", 2);
	base64(to + 2, sum, sizeof sum);
}
