#pragma once
/*
 * page.h - what an evaluation found, as one page of HTML with its pictures in it.
 *
 * It needs no network and no script, and is well-formed XML. What was said by whoever stands in it
 * escaped: bytes that are not printable ASCII as \xHH.
 */
#include "control/curve.h"
#include "control/figures.h"
#include "models/model.h"

struct page {
	const char *const *capture;	/* names of what was played */
	size_t ncaptures;
	const struct figures_column *column;
	unsigned ncolumns;
	const struct curve *curve;
	const struct model *model;	/* of the first column */
};

/*
 * Under its name when it is complete; until then it is path.tmp. Memory is the pool's. 0, or a
 * negative errno and one sentence.
 */
int	page_write(const char *path, const struct page *p, struct pool *pool, struct diag *why);
