#include "control/plot.h"

#include <math.h>
#include <stddef.h>

enum { WIDTH = 640, HEIGHT = 280, LEFT = 56, RIGHT = 24, TOP = 36, BOTTOM = 44,
	INNER_W = WIDTH - LEFT - RIGHT, INNER_H = HEIGHT - TOP - BOTTOM };

static double
y_of(double share)
{
	return TOP + (1 - share) * INNER_H;
}

static void
begin(FILE *to, int height, const char *what)
{
	fprintf(to, "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
	    "role=\"img\" aria-label=\"%s\">\n", WIDTH, height, what);
}

/* What both axes of shares and places have: lines at the quarters, and what is shown. */
static void
frame(FILE *to, const char *x_label, const char *y_label)
{
	for (int i = 0; i <= 4; i++) {
		double y = y_of(i / 4.0);

		fprintf(to, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n", LEFT, y,
		    WIDTH - RIGHT, y, LEFT - 8, y + 4, 25 * i);
	}
	fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
	    "<text x=\"%d\" y=\"14\">%s</text>\n", WIDTH - RIGHT, HEIGHT - 6, x_label, LEFT, y_label);
}

static void
x_tick(FILE *to, double x, const char *format, double value)
{
	fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, HEIGHT - BOTTOM + 18);
	fprintf(to, format, value);
	fputs("</text>\n", to);
}

static double
x_of(uint32_t i, uint32_t n)
{
	return LEFT + (i + 0.5) * INNER_W / n;
}

/* A line with gaps where there is no point; a point with none beside it is a dot. */
static void
draw_line(FILE *to, const struct plot_line *l, uint32_t n)
{
	fprintf(to, "<path class=\"line%u\" d=\"", l->style);
	for (uint32_t i = 0; i < n; i++)
		if (!isnan(l->y[i]))
			fprintf(to, "%c%.1f %.1f", i == 0 || isnan(l->y[i - 1]) ? 'M' : 'L', x_of(i, n),
			    y_of(l->y[i]));
	fputs("\"/>\n", to);
	for (uint32_t i = 0; i < n; i++)
		if (!isnan(l->y[i]) && (i == 0 || isnan(l->y[i - 1])) && (i + 1 == n || isnan(l->y[i + 1])))
			fprintf(to, "<circle class=\"dot%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", l->style,
			    x_of(i, n), y_of(l->y[i]));
}

static void
legend(FILE *to, const struct plot_line *line, unsigned n)
{
	double x = LEFT + 190;

	for (unsigned i = 0; i < n; i++) {
		double room = 34;

		fprintf(to, "<path class=\"line%u\" d=\"M%.0f 10h22\"/><text x=\"%.0f\" y=\"14\">%s</text>\n",
		    line[i].style, x, x + 28, line[i].name);
		for (const char *p = line[i].name; *p != '\0'; p++)
			room += 7;
		x += room;
	}
}

/* Between the numbers below an axis, so that there are about a dozen of them. */
static uint32_t
step_of(uint32_t n)
{
	static const uint32_t steps[] = { 1, 2, 5, 10, 20, 50, 100 };
	size_t i = 0;

	while (i + 1 < sizeof steps / sizeof *steps && n / steps[i] > 12)
		i++;
	return steps[i];
}

void
plot_lines(FILE *to, const char *x_label, const char *y_label, const struct plot_line *line,
    unsigned nlines, const struct plot_places *at)
{
	uint32_t n = at->n, most = 1, step = step_of(n);

	for (uint32_t i = 0; i < n; i++)
		most = at->height[i] > most ? at->height[i] : most;
	begin(to, HEIGHT, y_label);
	for (uint32_t i = 0; i < n; i++) {
		double h = (double)at->height[i] / most * INNER_H;

		fprintf(to, "<rect class=\"places\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
		    LEFT + (i + 0.1) * INNER_W / n, y_of(0) - h, 0.8 * INNER_W / n, h);
	}
	frame(to, x_label, y_label);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || (i + 1) % step == 0)
			x_tick(to, x_of(i, n), "%.0f", at->name == NULL ? i + 1 : at->name[i]);
	for (unsigned i = nlines; i > 0; i--)
		draw_line(to, &line[i - 1], n);
	legend(to, line, nlines);
	fputs("</svg>\n", to);
}

/* Away from the axes, where a large point needs room. */
static double
x_share(double share)
{
	enum { ROOM = 18 };

	return LEFT + ROOM + share * (INNER_W - 2 * ROOM);
}

void
plot_calibration(FILE *to, const char *x_label, const char *y_label, const struct plot_bin *bin,
    unsigned n)
{
	uint32_t most = 1;

	for (unsigned i = 0; i < n; i++)
		most = bin[i].n > most ? bin[i].n : most;
	begin(to, HEIGHT, y_label);
	frame(to, x_label, y_label);
	for (int i = 0; i <= 4; i++)
		x_tick(to, x_share(i / 4.0), "%.0f %%", 25 * i);
	fprintf(to, "<line class=\"same\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x_share(0), y_of(0),
	    x_share(1), y_of(1));
	for (unsigned i = 0; i < n; i++) {
		double x = x_share(bin[i].said), y = y_of(bin[i].right);
		double r = 4 + 12 * sqrt((double)bin[i].n / most);

		if (isnan(bin[i].right))
			continue;
		fprintf(to, "<circle class=\"bin\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>"
		    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%u</text>\n", x, y, r, x,
		    bin[i].right > 0.5 ? y + r + 14 : y - r - 6, bin[i].n);
	}
	fputs("</svg>\n", to);
}

void
plot_bars(FILE *to, const struct plot_bar *bar, unsigned n)
{
	enum { STEP = 24, NAMES = 190, ROOM = WIDTH - NAMES - 70 };

	begin(to, (int)n * STEP + 8, "class agreement");
	for (unsigned i = 0; i < n; i++) {
		unsigned y = i * STEP + 4;

		if (bar[i].name == NULL)
			continue;
		fprintf(to, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">%s</text>"
		    "<rect class=\"bar%u\" x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"16\" rx=\"2\"/>"
		    "<text x=\"%.1f\" y=\"%u\">%.1f %%</text>\n", NAMES - 10, y + 13, bar[i].name,
		    bar[i].style, NAMES, y, bar[i].share * ROOM, NAMES + bar[i].share * ROOM + 8, y + 13,
		    100 * bar[i].share);
	}
	fputs("</svg>\n", to);
}
