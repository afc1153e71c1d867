#include "models/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "models/image_check.h"
#include "models/prf.h"

#define SECTION_BYTES(name, field, type) sizeof(type),
static const uint32_t entry_bytes[] = { IMAGE_SECTIONS(SECTION_BYTES) };
#undef SECTION_BYTES
#define SECTION_NAME(name, field, type) #field,
static const char *const section_name[] = { IMAGE_SECTIONS(SECTION_NAME) };
#undef SECTION_NAME

bool
image_refuse(struct image_check *c, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	c->err = diag_set(c->why, c->err == 0 ? -EBADMSG : c->err,
	    "%s: this model image is damaged (%s); make it again with mynah learn or "
	    "mynah compile.", c->name, what);
	return false;
}

uint32_t
image_key_hash(struct span key)
{
	return (uint32_t)(span_hash(key, 0) >> 16);
}

static uint32_t
sum_of(const uint8_t *p, size_t n)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), p, n);
}

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

void
image_sum(uint8_t *bytes)
{
	struct image_header h;

	memcpy(&h, bytes, sizeof h);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		h.section[i].crc = sum_of(bytes + h.section[i].at, padded(h.section[i].bytes));
	h.crc = sum_of((const uint8_t *)&h, offsetof(struct image_header, crc));
	memcpy(bytes, &h, sizeof h);
}

static bool
check_header(struct image_check *c, struct span s)
{
	struct image_header h = { 0 };

	memcpy(&h, s.p, MIN(s.n, sizeof h));
	if (s.n < sizeof h.magic || memcmp(h.magic, IMAGE_MAGIC, sizeof h.magic) != 0) {
		c->err = diag_set(c->why, -ENOEXEC, "%s: this is not a mynah model image.", c->name);
		return false;
	}
	if (s.n >= offsetof(struct image_header, features) && h.version != IMAGE_VERSION) {
		c->err = diag_set(c->why, -EPROTONOSUPPORT,
		    "%s: this model image has version %u, this program reads version %d; make it "
		    "again with mynah learn, or from its text.", c->name, h.version, IMAGE_VERSION);
		return false;
	}
	if (s.n < sizeof h || h.bytes != s.n)
		return image_refuse(c, "it has %zu bytes and should have %llu", s.n,
		    (unsigned long long)(s.n < sizeof h ? sizeof h : h.bytes));
	if (h.crc != sum_of(s.p, offsetof(struct image_header, crc)))
		return image_refuse(c, "the checksum of its header does not fit");
	if (h.header_bytes != sizeof h || h.nsections != IMAGE_SECTION_N || h.zero != 0)
		return image_refuse(c, "its header is not of this version");
	return true;
}

/* Sections follow each other without a gap, whole entries, zeros up to the next multiple of 8. */
static bool
check_sections(struct image_check *c, struct span s)
{
	const struct image_header *h = c->i.h;
	uint64_t at = sizeof *h;

	for (unsigned i = 0; i < IMAGE_SECTION_N; i++) {
		const struct image_extent *x = &h->section[i];
		size_t whole = padded(x->bytes);

		if (x->at != at || whole > s.n - at)
			return image_refuse(c, "section %s lies outside", section_name[i]);
		if (x->crc != sum_of(s.p + at, whole))
			return image_refuse(c, "the checksum of section %s does not fit", section_name[i]);
		if ((uint64_t)x->count * entry_bytes[i] != x->bytes)
			return image_refuse(c, "section %s has broken entries", section_name[i]);
		for (size_t k = x->bytes; k < whole; k++)
			if (s.p[at + k] != 0)
				return image_refuse(c, "section %s is filled up with other than zeros",
				    section_name[i]);
		c->n[i] = x->count;
		at += whole;
	}
	if (at != s.n)
		return image_refuse(c, "something follows its last section");
	return true;
}

static void
find_sections(struct image *i, const uint8_t *p)
{
	i->h = (const struct image_header *)p;
#define SECTION_FIND(NAME, field, type)                                                        \
	i->field = (const type *)(p + i->h->section[IMAGE_##NAME].at);
	IMAGE_SECTIONS(SECTION_FIND)
#undef SECTION_FIND
}

static bool
check_features(struct image_check *c)
{
	uint32_t f = c->i.h->features;

	if (f & IMAGE_NEEDS_CHANNEL) {
		c->err = diag_set(c->why, -EOPNOTSUPP,
		    "%s: this model speaks inside another channel than plain, which this version "
		    "does not do yet.", c->name);
		return false;
	}
	if (f & ~(uint32_t)IMAGE_KNOWN_FEATURES)
		return image_refuse(c, "it needs features 0x%x, which nobody knows", f);
	return true;
}

int
image_inflate(const struct image *i, char **to, size_t *n, struct diag *why)
{
	uLongf bytes = i->h->text_bytes;
	char *text = malloc(bytes + 1);

	if (text == NULL)
		return diag_set(why, -ENOMEM, "There is not enough memory for the text of a model.");
	if (uncompress((uint8_t *)text, &bytes, i->text, i->h->section[IMAGE_TEXT].bytes) != Z_OK ||
	    bytes != i->h->text_bytes) {
		free(text);
		return diag_set(why, -EBADMSG, "The text inside the model image is damaged.");
	}
	text[bytes] = '\0';
	*to = text;
	*n = bytes;
	return 0;
}

static bool
check_text(struct image_check *c)
{
	static const uint8_t zeros[PRF_KEY];
	uint64_t content;
	char *text;
	size_t n;
	int err;

	if (c->i.h->text_bytes > IMAGE_TEXT_MAX)
		return image_refuse(c, "its text is too long");
	err = image_inflate(&c->i, &text, &n, NULL);
	if (err == -ENOMEM) {
		c->err = diag_set(c->why, err, "%s: there is not enough memory to check this image.",
		    c->name);
		return false;
	}
	if (err < 0)
		return image_refuse(c, "its text cannot be unpacked");
	content = siphash(zeros, span_of(text, n));
	free(text);
	if (content != c->i.h->content)
		return image_refuse(c, "its text is another one than its name says");
	return true;
}

static struct span
second_of(const struct image *i)
{
	return span_of(i->second, i->h->section[IMAGE_SECOND].bytes);
}

/* All but the text and what stands for a second machine. */
static bool
check_image(struct image_check *c, struct span s)
{
	if (!check_header(c, s))
		return false;
	c->i.h = (const struct image_header *)s.p;
	if (!check_sections(c, s))
		return false;
	find_sections(&c->i, s.p);
	return check_features(c) && image_check_entries(c);
}

/* A second machine only speaks, has no text, and no second one. */
static bool
check_second(struct image_check *c)
{
	struct image_check in = { .name = c->name, .why = c->why, .second = true };

	if (second_of(&c->i).n == 0)
		return true;
	if (!check_image(&in, second_of(&c->i))) {
		c->err = in.err;
		return false;
	}
	if (in.n[IMAGE_SECOND] > 0 || in.n[IMAGE_HOSTSET] > 0 || in.n[IMAGE_EFFECT] > 0 || in.n[IMAGE_TEXT] > 0 ||
	    in.i.h->text_bytes > 0 || in.i.h->content != 0 || in.i.model->proto != c->i.model->proto)
		return image_refuse(c, "its second machine is none");
	return true;
}

void
image_second(struct image *second, const struct image *of)
{
	find_sections(second, second_of(of).p);
}

int
image_verify(struct image *where, const char *name, struct span s, struct diag *why)
{
	struct image_check c = { .name = name, .why = why };

	if (s.n > IMAGE_BYTES_MAX)
		return diag_set(why, -EFBIG, "%s: a model image larger than 1 GiB is refused.", name);
	if (!check_image(&c, s) || !check_second(&c) || !check_text(&c))
		return c.err;
	*where = c.i;
	return 0;
}
