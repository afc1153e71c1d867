#include "models/image_build.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "models/prf.h"

enum { LEVEL = 7 };	/* of compression: a fifth of the best one's time, 4 % more bytes */

void *
image_build_add(struct image_build *b, enum image_section which, const void *entry, size_t bytes,
    uint32_t count)
{
	struct section *s = &b->section[which];

	if (s->n + bytes > s->room) {
		size_t room = MAX(s->room * 2, (s->n + bytes + 4095) & ~(size_t)4095);
		uint8_t *p = room < IMAGE_BYTES_MAX ? realloc(s->p, room) : NULL;

		if (p == NULL) {
			b->no_memory = true;
			return NULL;
		}
		s->p = p;
		s->room = room;
	}
	if (bytes > 0)
		memcpy(s->p + s->n, entry, bytes);
	s->n += bytes;
	s->count += count;
	return s->p + s->n - bytes;
}

static bool
strings_grow(struct image_build *b)
{
	size_t mask = MAX(b->strings_mask * 2 + 1, 1023u);
	uint32_t *table = calloc(mask + 1, sizeof *table);

	if (table == NULL)
		return false;
	for (size_t i = 0; i < b->nstring; i++) {
		struct span s = span_of(b->section[IMAGE_STR].p + b->string[i].at, b->string[i].n);
		size_t h = span_hash(s, 0) & mask;

		while (table[h] != 0)
			h = (h + 1) & mask;
		table[h] = (uint32_t)i + 1;
	}
	free(b->strings);
	b->strings = table;
	b->strings_mask = mask;
	return true;
}

struct image_span
image_build_string(struct image_build *b, struct span s)
{
	struct image_span at = { b->section[IMAGE_STR].count, (uint32_t)s.n };
	size_t h;

	if (s.n == 0)
		return (struct image_span){ 0, 0 };
	if (b->nstring * 2 >= b->strings_mask && !strings_grow(b))
		goto no_memory;
	for (h = span_hash(s, 0) & b->strings_mask; b->strings[h] != 0;
	    h = (h + 1) & b->strings_mask) {
		struct image_span have = b->string[b->strings[h] - 1];

		if (span_eq(s, span_of(b->section[IMAGE_STR].p + have.at, have.n)))
			return have;
	}
	if (b->nstring == b->string_room) {
		size_t room = MAX(b->string_room * 2, 256u);
		struct image_span *grown = realloc(b->string, room * sizeof *grown);

		if (grown == NULL)
			goto no_memory;
		b->string = grown;
		b->string_room = room;
	}
	if (image_build_add(b, IMAGE_STR, s.p, s.n, (uint32_t)s.n) == NULL)
		return (struct image_span){ 0, 0 };
	b->string[b->nstring++] = at;
	b->strings[h] = (uint32_t)b->nstring;
	return at;
no_memory:
	b->no_memory = true;
	return (struct image_span){ 0, 0 };
}

int
image_build_text(struct image_build *b, struct image_about *about, const struct text *t, struct diag *why)
{
	static const uint8_t zeros[PRF_KEY];
	char *text = NULL;
	uLongf packed;
	size_t n;
	uint8_t *to;
	int err = text_print(t, &text, &n);

	if (err < 0)
		return err;
	if (n > IMAGE_TEXT_MAX) {
		err = diag_set(why, -EFBIG, "The text of the model has %zu bytes; %d are allowed.",
		    n, IMAGE_TEXT_MAX);
		goto free_text;
	}
	about->text_bytes = (uint32_t)n;
	about->content = siphash(zeros, span_of(text, n));
	packed = compressBound(n);
	to = malloc(packed);
	if (to == NULL || compress2(to, &packed, (const uint8_t *)text, n, LEVEL) != Z_OK)
		b->no_memory = true;
	else
		image_build_add(b, IMAGE_TEXT, to, packed, (uint32_t)packed);
	free(to);
free_text:
	free(text);
	return err;
}

int
image_build_finish(const struct image_build *b, const struct image_about *about, uint8_t **image,
    size_t *n)
{
	struct image_header h = {
		.version = IMAGE_VERSION, .header_bytes = sizeof h, .features = about->features,
		.bytes = sizeof h, .content = about->content, .text_bytes = about->text_bytes,
		.nsections = IMAGE_SECTION_N,
	};

	memcpy(h.magic, IMAGE_MAGIC, sizeof h.magic);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++) {
		h.section[i] = (struct image_extent){ .at = (uint32_t)h.bytes,
			.bytes = (uint32_t)b->section[i].n, .count = b->section[i].count };
		h.bytes += (b->section[i].n + 7) & ~(size_t)7;
		if (h.bytes > IMAGE_BYTES_MAX)
			return -EFBIG;
	}
	*image = calloc(1, h.bytes);
	if (*image == NULL)
		return -ENOMEM;
	memcpy(*image, &h, sizeof h);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		if (b->section[i].n > 0)
			memcpy(*image + h.section[i].at, b->section[i].p, b->section[i].n);
	image_sum(*image);
	*n = h.bytes;
	return 0;
}

void
image_build_fini(struct image_build *b)
{
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		free(b->section[i].p);
	free(b->string);
	free(b->strings);
}
