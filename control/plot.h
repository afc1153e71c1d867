#pragma once
/*
 * plot.h - small charts as SVG, to stand in a page (page.h), whose style sheet has the colours.
 *
 * All y are shares, 0 to 1; NAN is no point. Text is put as it is: escape what is not ours.
 */
#include <stdint.h>
#include <stdio.h>

struct plot_line {
	const char *name;		/* in the legend */
	const double *y;
	unsigned style;			/* the style sheet's class "lineN"; 0 stands out */
};

struct plot_places {			/* along the x axis, from the left */
	const uint32_t *height;		/* of the bars behind the lines; the highest fills the chart */
	const uint32_t *name;		/* what stands below each; NULL: 1 .. n */
	uint32_t n;
};

/* A point of each line at each place. */
void	plot_lines(FILE *to, const char *x_label, const char *y_label, const struct plot_line *line,
	    unsigned nlines, const struct plot_places *at);

struct plot_bin {
	double said, right;		/* means; right NAN: nobody is in it */
	uint32_t n;
};

/* Shares said against shares right, with the diagonal on which both are the same. */
void	plot_calibration(FILE *to, const char *x_label, const char *y_label,
	    const struct plot_bin *bin, unsigned n);

struct plot_bar {
	const char *name;
	double share;
	unsigned style;			/* "barN" */
};

/* Lying bars, one below the other. name NULL: a gap. */
void	plot_bars(FILE *to, const struct plot_bar *bar, unsigned n);
