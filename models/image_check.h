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
