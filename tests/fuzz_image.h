#pragma once
/* fuzz_image.h - what became of the images that fuzz_image.c was given. */
#include <stdint.h>

extern struct fuzz_image_count {
	uint64_t accepted, refused, turns;
} fuzz_image_count;
