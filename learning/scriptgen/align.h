#pragma once
/*
 * align.h - messages side by side: global alignment of two, and of two groups of aligned ones.
 *
 * SG05 "Region Analysis" builds on the protocol informatics project (Beddoe 2004): scores per pair, a
 * guide tree (guide.h), progressive alignment. Departures: the score is global and symmetric with a
 * price for gaps (a free gap smears fields into their neighbours), and a group is represented by the
 * frequencies in its columns instead of one of its members.
 *
 * Time and memory are bounded whatever the messages: the first ALIGN_MAX bytes are looked at, and
 * above ALIGN_FULL only a band around the diagonal. Ties: diagonal, then a gap in b, then in a.
 */
#include "learning/pool.h"
#include "models/bytes.h"

enum { ALIGN_MATCH = 5, ALIGN_MISMATCH = -4, ALIGN_GAP = -6, ALIGN_OPEN = -6 };
enum { ALIGN_MAX = 1024, ALIGN_FULL = 256, ALIGN_BAND = 64 };	/* bytes */
enum { ALIGN_NONE = -1 };	/* in a cell: no byte */

struct align_score {
	int32_t score;
	uint32_t same;		/* columns in which both have the same byte; the most of all best alignments */
};

struct alignment {
	uint32_t rows, columns;
	int16_t *cell;		/* rows x columns: a byte or ALIGN_NONE */
};

struct align_score align_pair(struct span a, struct span b);
/* 0: equal, 1: nothing in common. The share of columns that differ, of the longer message. */
double	align_distance(struct span a, struct span b);
/* One message as a group of its own. */
void	align_one(struct alignment *out, struct pool *pool, struct span message);
/*
 * The rows of a, then those of b. Here the first of several gaps has a price of its own, so that
 * those which the longer group needs stay together. Costs rows times columns squared at most.
 */
void	align_join(struct alignment *out, struct pool *pool, const struct alignment *a,
    const struct alignment *b);

/* Some rows of a, without the columns in which none of them has a byte. */
void	align_rows(struct alignment *out, struct pool *pool, const struct alignment *a,
    const uint32_t *row, uint32_t n);

static inline int16_t
align_cell(const struct alignment *a, uint32_t row, uint32_t column)
{
	return a->cell[(size_t)row * a->columns + column];
}
