#pragma once
/*
 * micro.h - microclustering: which mutating regions tell requests apart after all.
 *
 * SG05: a region whose values are frequent enough means something, and the requests that share a
 * value belong together. With that alone every flag divides requests. So a region must also have
 * influence: its values tell what the server answers (a G-test with Williams' correction). Without
 * the test of influence it is the published method.
 */
#include "learning/scriptgen/region.h"

struct tally {			/* what the server answered to a request, and how often */
	uint32_t *what, *count;
	uint32_t n;
};

struct micro_params {
	uint32_t values;	/* of a region, at most; 16 */
	double support, cover;	/* shares of the rows: of a value, at least (and two rows); of such values together */
	uint32_t depth;		/* divisions of divisions; 3 */
	bool influence;		/* p < 0.01 is asked for; false: as published */
};

struct micro_params micro_params(void);
/*
 * The part of each row, counted from 0; returns how many. tally may be NULL
 * (then nothing has influence).
 */
uint32_t micro_divide(uint32_t *part, struct pool *pool, const struct alignment *a,
    const struct tally *tally, const struct region_params *r, const struct micro_params *p);
/*
 * Is a table of values (rows) by answers (columns) further from independence than chance brings
 * about once in a hundred times? *g is what the values tell about the answers, in nats.
 */
bool	micro_influences(const double *table, uint32_t rows, uint32_t columns, double *g);
