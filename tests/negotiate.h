#pragma once
/*
 * negotiate.h - made-up SMB1 Negotiate requests behind a NetBIOS session header, and their answers:
 * three lists of dialects, everything that identifies a request random.
 */
#include "learning/pool.h"
#include "models/bytes.h"

/* Where fields stand in a request. */
enum { NEGOTIATE_FLAGS2 = 14, NEGOTIATE_PID = 30, NEGOTIATE_UID = 32, NEGOTIATE_MID = 34, NEGOTIATE_WORDS = 36 };

static inline uint32_t
negotiate_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* list 0 to 2: so many bytes of dialects that it has 51, 137 or 179 bytes in all. */
static inline struct span
negotiate_request(struct pool *pool, uint32_t *seed, unsigned list)
{
	static const char *const dialects[] = { "\2NT LM 0.12",
		"\2PC NETWORK PROGRAM 1.0\0\2LANMAN1.0\0\2Windows for Workgroups 3.1a\0\2LM1.2X002\0"
		"\2LANMAN2.1\0\2NT LM 0.12",
		"\2PC NETWORK PROGRAM 1.0\0\2MICROSOFT NETWORKS 1.03\0\2MICROSOFT NETWORKS 3.0\0\2LANMAN1.0\0"
		"\2LM1.2X002\0\2DOS LANMAN2.1\0\2LANMAN2.1\0\2Samba\0\2NT LM 0.12" };
	static const size_t bytes[] = { 12, 98, 140 };
	size_t n = 39 + bytes[list];
	uint8_t *m = pool_alloc(pool, n);

	memcpy(m, "\0\0\0\0\xffSMBr\0\0\0\0\x18", 14);
	m[2] = (uint8_t)((n - 4) >> 8);
	m[3] = (uint8_t)(n - 4);
	for (unsigned i = NEGOTIATE_FLAGS2; i < NEGOTIATE_FLAGS2 + 2; i++)
		m[i] = (uint8_t)negotiate_random(seed);
	for (unsigned i = NEGOTIATE_PID; i < NEGOTIATE_MID + 2; i++)
		m[i] = (uint8_t)negotiate_random(seed);
	m[37] = (uint8_t)bytes[list];
	memcpy(m + 39, dialects[list], bytes[list]);
	return span_of(m, n);
}

/* An answer: PID, UID and MID come back; a challenge is random and a time goes on. */
static inline struct span
negotiate_answer(struct pool *pool, uint32_t *seed, struct span request, uint32_t now)
{
	uint8_t *m = pool_alloc(pool, 96);

	memcpy(m, "\0\0\0\x5c\xffSMBr\0\0\0\0\x98\1\x28", 16);
	memcpy(m + NEGOTIATE_PID, request.p + NEGOTIATE_PID, 6);
	m[36] = 17;
	for (unsigned i = 0; i < 4; i++)
		m[60 + i] = (uint8_t)(now >> 8 * i);
	for (unsigned i = 0; i < 8; i++)
		m[73 + i] = (uint8_t)negotiate_random(seed);
	memcpy(m + 81, "W\0O\0R\0K\0\0\0", 10);
	return span_of(m, 96);
}
