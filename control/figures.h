#pragma once
/*
 * figures.h - what an evaluation found, as a table for people and as JSON.
 */
#include <jansson.h>

#include "learning/baseline.h"

enum { FIGURES_COLUMNS = 2 };

struct figures_column {
	const char *title;
	struct eval_report report;
	struct baselines baselines;
	bool has_baselines;
	double syntax, semantics;	/* shares of conversations; -1: not judged */
};

/* One object; what was not asked for is null. The caller's reference. */
json_t	*figures_json(const struct figures_column *c);
/* Side by side on standard output. */
void	figures_print(const struct figures_column *column, unsigned n);
