#pragma once
/*
 * region.h - region analysis: which bytes of aligned messages belong together, and what they are.
 *
 * SG05 "Region Analysis": columns get a type, a mutation rate, an entropy and a share of gaps;
 * neighbours that behave alike are a region. A fixed region tells requests apart, any other one
 * mutates. What sort of mutating region it is (section "kinds" below) is ours.
 */
#include "learning/scriptgen/align.h"

enum region_kind {
	REGION_FIXED,		/* one value, no gap */
	REGION_LENGTH,		/* a number that follows from how many bytes come behind it */
	REGION_ENUM,		/* few values, each of which comes again */
	REGION_NUMERIC,		/* decimal digits */
	REGION_RANDOM,		/* hardly a value comes twice */
	REGION_TEXT,		/* the rest */
	REGION_KINDS
};
extern const char *const region_names[REGION_KINDS];

enum region_type { TYPE_ZERO, TYPE_TEXT, TYPE_BINARY };	/* of most bytes; zero goes with both */

struct region {
	uint32_t first, last;	/* columns */
	uint8_t kind, type;
	uint32_t min, max;	/* bytes of a row in it */
	uint32_t values;	/* distinct ones; having no byte is one */
	double mutation;	/* mean over its columns of distinct bytes / rows; 0: always the same */
	double entropy;		/* bits, of its whole values */
	double similarity;	/* mean share of equal bytes, over pairs of rows */
	double gaps;		/* share of cells without a byte */
};

struct region_params {
	double mutation;	/* rates of one region differ by so much at most; 0.10 */
	double distinct, entropy; /* random: values / rows, or entropy / greatest possible; 0.5, 0.8 */
};

struct regions {
	struct region *region;
	uint32_t n;
};

struct region_params region_params(void);
void	regions_find(struct regions *out, struct pool *pool, const struct alignment *a,
    const struct region_params *p);
/* What a row has in a region, gaps removed: in to, which has room for its columns. */
struct span region_value(uint8_t *to, const struct alignment *a, const struct region *r, uint32_t row);
