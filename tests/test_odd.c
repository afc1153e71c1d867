/* What a model can only hear or say in part. */
#include "learning/odd.h"
#include "models/vocab.h"
#include "tests/handmade.h"
#include "tests/pooled.h"

static struct span
chance(struct pool *pool, size_t n)
{
	uint8_t *p = pool_alloc(pool, n);
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(x >> 56);
	}
	return span_of(p, n);
}

POOLED(odd, encrypted_bytes_are_told_from_text_and_records)
{
	static const uint8_t record[300] = { 1, 2, 3, 0, 0, 0, 9, 0, 0, 0, 4, 5, 6 };
	struct handmade h = handmade(pool, PROTO_TCP, 22);
	struct odd odd;

	handmade_talk(&h, "<SSH-2.0-Server_1.2.3 and quite a long banner\r\n",
	    "<aGVsbG8gdGhlcmUsIHRoaXMgaXMgYSBsaW5lIGluIGJhc2U2NCB0aGF0IGdvZXMgb24=\r\n",
	    "<The quick brown fox jumps over the lazy dog, 0123456789 times.\r\n", NULL);
	handmade_say(&h, SIDE_SERVER, span_of(record, sizeof record));
	handmade_say(&h, SIDE_CLIENT, chance(pool, ODD_RANDOM_BYTES - 1));
	odd_count(&odd, h.c, NULL);
	cr_expect_eq(odd.random, 0);
	handmade_say(&h, SIDE_CLIENT, chance(pool, 40));
	handmade_say(&h, SIDE_SERVER, chance(pool, 400));
	handmade_say(&h, SIDE_SERVER, chance(pool, 40000));
	odd_count(&odd, h.c, NULL);
	cr_expect_eq(odd.random, 3);
	cr_expect_eq(odd.messages, 8);
}

POOLED(odd, empty_and_long_messages_are_counted_where_they_are_learned_from)
{
	struct handmade h = handmade(pool, PROTO_UDP, 7);
	bool use[] = { true, false };
	uint8_t *large = pool_array(pool, MODEL_MESSAGE_BYTES + 1, 1);
	struct odd odd;

	for (unsigned i = 0; i < ARRAY_LEN(use); i++) {
		handmade_talk(&h, ">", "<", ">a", NULL);
		handmade_say(&h, SIDE_SERVER, span_of(large, MODEL_REPLY_BYTES));
		handmade_say(&h, SIDE_CLIENT, span_of(large, MODEL_MESSAGE_BYTES));
		handmade_say(&h, SIDE_SERVER, span_of(large, MODEL_REPLY_BYTES + 1));
		handmade_say(&h, SIDE_CLIENT, span_of(large, MODEL_MESSAGE_BYTES + 1));
	}
	odd_count(&odd, h.c, use);
	cr_expect_eq(odd.messages, 7);
	cr_expect_eq(odd.empty, 2);
	cr_expect_eq(odd.long_client, 1);
	cr_expect_eq(odd.long_server, 1);
	odd_count(&odd, h.c, NULL);
	cr_expect_eq(odd.empty, 4);
}
