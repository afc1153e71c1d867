#pragma once
/*
 * image_build.h - an image that is being written: sections that grow, each string once, then
 * header and sections in one piece. What stands in them is compile.c's business.
 *
 * Once memory runs out no_memory stays set and nothing more is added, so it is asked once, at
 * the end. A zeroed one is empty; image_build_fini() frees it.
 */
#include "models/image.h"
#include "models/text.h"

struct image_build {
	struct section {
		uint8_t *p;
		size_t n, room;		/* bytes */
		uint32_t count;		/* entries: the index that the next one gets */
	} section[IMAGE_SECTION_N];
	uint32_t *strings;	/* hash table of IMAGE_STR: place in string[] + 1 */
	size_t strings_mask;
	struct image_span *string;
	size_t nstring, string_room;
	bool no_memory;
};

struct image_about {		/* what the header says besides the sections */
	uint32_t features;	/* IMAGE_NEEDS_* */
	uint32_t text_bytes;	/* inflated */
	uint64_t content;
};

/* Adds count entries of bytes together; where they stand until the section grows, or NULL. */
void	*image_build_add(struct image_build *b, enum image_section which, const void *entry,
    size_t bytes, uint32_t count);
/* A string, which stands once in the image however often it is asked for. */
struct image_span image_build_string(struct image_build *b, struct span s);
/* The text of the model, compressed, and what about says of it. 0, or -errno with a sentence. */
int	image_build_text(struct image_build *b, struct image_about *about, const struct text *t,
    struct diag *why);
/* *image is malloc'ed. 0, -ENOMEM, or -EFBIG beyond IMAGE_BYTES_MAX. */
int	image_build_finish(const struct image_build *b, const struct image_about *about,
    uint8_t **image, size_t *n);
void	image_build_fini(struct image_build *b);
