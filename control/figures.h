#pragma once
/*
 * figures.h - what an evaluation found, as a table for people and as JSON.
 */
#include <jansson.h>

#include "control/bidirectional.h"
#include "learning/baseline.h"
#include "learning/completeness.h"

enum { FIGURES_COLUMNS = 2 };

struct figures_column {
	const char *title;
	const struct model *model;	/* that was played; not needed to print */
	json_t *summary;		/* of it (summary.h), or NULL; figures_json() takes it */
	struct eval_report report;
	struct baselines baselines;
	bool has_baselines;
	double syntax, semantics;	/* shares of conversations; -1: not judged */
	struct completeness best;
	struct bidirectional both;
};

static inline double
share(uint32_t part, uint32_t all)
{
	return all == 0 ? 0 : (double)part / all;
}

/* One object; what was not asked for is null. The caller's reference. */
json_t	*figures_json(const struct figures_column *c);

struct figures_row {
	const char *name;		/* two blanks before it: belongs to the row above */
	char cell[FIGURES_COLUMNS][24];
};
/* The rows one after the other, *at from 0 on; what no column has is left out. False: no more. */
bool	figures_next(struct figures_row *to, const struct figures_column *column, unsigned n,
	    unsigned *at);
/* Side by side on standard output. */
void	figures_print(const struct figures_column *column, unsigned n);
