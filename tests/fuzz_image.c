/*
 * fuzz_image - an image, and behind it what a client does to the model.
 *
 * Checksums would hide what the structural checks of image_verify() have to find, so they are
 * made to fit first. What is refused is fine; what is accepted must answer within bounds.
 */
#include "tests/fuzz_image.h"

#include <zlib.h>

#include "models/image.h"
#include "models/session.h"
#include "tests/fuzz.h"

enum { MESSAGE_MAX = 4095, EVENTS_MAX = 200 };

struct fuzz_image_count fuzz_image_count;

static void
repair(uint8_t *p, size_t n)
{
	struct image_header *h = (struct image_header *)p;	/* malloc'ed, so aligned */
	const struct image_extent *second = &h->section[IMAGE_SECOND];

	if (second->at % 8 == 0 && second->at > 0 && second->at <= n && second->bytes <= n - second->at &&
	    second->bytes >= sizeof *h)
		repair(p + second->at, second->bytes);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++) {
		struct image_extent *x = &h->section[i];
		size_t whole = ((size_t)x->bytes + 7) & ~(size_t)7;

		if (x->at <= n && whole <= n - x->at)
			x->crc = (uint32_t)crc32(0, p + x->at, (uInt)whole);
	}
	h->crc = (uint32_t)crc32(0, p, offsetof(struct image_header, crc));
}

static void
render(const struct model *m, const struct session *s, const struct fields *f,
    const struct session_env *env, size_t n)
{
	static uint8_t out[MODEL_REPLY_BYTES];
	size_t boundary;

	fuzz_must(n <= sizeof out, "an answer is no longer than a model can say");
	for (size_t at = 0; at < n; ) {
		size_t got = session_render(s, f, m, env, at, out, sizeof out, &boundary);

		fuzz_must(got > 0 && got <= n - at, "an answer has the length that was promised");
		at += got;
	}
}

/* An operation byte, then a message or an event; whoever talks acknowledges nothing. */
static void
converse(const struct model *m, struct reader script)
{
	struct session_env env = { .own = addr_v4(0xc6130001), .peer = addr_v4(0xc0000201), .key = { 1 },
		.now_ms = 1000000000 + (int64_t)(script.end - script.p) * 86400000 };
	struct arena a = { 0 };
	struct session s;
	struct fields f;
	struct turn turn;

	session_init(&s, m);
	for (int i = 0; i < EVENTS_MAX && script.p < script.end; i++) {
		uint8_t op = rd_u8(&script);
		uint16_t arg = rd_be16(&script);

		if (op < 32) {
			session_event(&s, &a, m, &env, op % EVENT_KIND_N, arg, &f, &turn);
		} else {
			size_t left = (size_t)(script.end - script.p);
			struct span words = rd_bytes(&script, MIN((size_t)arg & MESSAGE_MAX, left));

			session_feed(&s, op & 7 ? &a : NULL, m, &env, words,
			    op & 8 ? FEED_DATAGRAM : FEED_PUSH | FEED_END, &f, &turn);
		}
		session_silence_ms(&s, m);
		session_pause_ms(&s, m);
		fuzz_image_count.turns += turn.taken;
		if (turn.taken)
			render(m, &s, &f, &env, turn.out_len);
	}
	model_speaks_first(m);
	model_stateless(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct image_header *h = (const void *)data;
	size_t bytes = n < sizeof *h || h->bytes > n ? n : h->bytes;
	uint8_t *image = malloc(bytes + 1);
	struct diag why = { "" };
	struct model *m;

	if (bytes > 0)
		memcpy(image, data, bytes);
	if (bytes >= sizeof *h)
		repair(image, bytes);
	if (model_from_bytes(&m, "fuzz", span_of(image, bytes), &why) == 0) {
		fuzz_image_count.accepted++;
		converse(m, reader_of(span_of(data + bytes, n - bytes)));
		model_destroy(m);
	} else {
		fuzz_image_count.refused++;
		fuzz_must_say_why(&why);
	}
	free(image);
	return 0;
}
