#pragma once
/*
 * image_check.h - do the entries of an image's sections make sense together? Half of
 * image_verify(), which alone uses it: image.c checks header, extents, checksums and the text,
 * and then asks here what each entry refers to.
 */
#include "models/image.h"

/* One verification under way. */
struct image_check {
	const char *name;	/* of the file */
	struct diag *why;
	struct image i;
	uint32_t n[IMAGE_SECTION_N];	/* entries */
	bool second;			/* it stands in another image */
	int err;
};

/* Fills why, and err unless it is set; false, so that a check can return it. */
PRINTF(2, 3) bool image_refuse(struct image_check *c, const char *fmt, ...);
/* All sections but the text; their places and sizes are right already. False: err is filled. */
bool	image_check_entries(struct image_check *c);
/* Sets and registers; then data tables, maps, ends of message and variables. */
bool	image_check_hostsets(struct image_check *c);
bool	image_check_lists(struct image_check *c);

static inline bool
image_in_section(const struct image_check *c, enum image_section which, uint32_t first, uint32_t n)
{
	return first <= c->n[which] && n <= c->n[which] - first;
}

/*
 * Parts of neighbours lie one behind the other and cover their section: *next is where this one
 * must begin. So no two share entries, and all loops over them together are linear.
 */
static inline bool
image_follows(const struct image_check *c, enum image_section which, uint64_t *next, uint32_t first,
    uint64_t n)
{
	if (first != *next || n > c->n[which] - *next)
		return false;
	*next += n;
	return true;
}

static inline bool
image_is_string(const struct image_check *c, struct image_span s)
{
	return image_in_section(c, IMAGE_STR, s.at, s.n);
}

static inline bool
image_all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static inline bool
image_is_set(const struct image_check *c, uint32_t i)
{
	return !c->i.hostset[i].is_register;
}
