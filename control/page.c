#include "control/page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/machine.h"
#include "control/plot.h"
#include "models/beside.h"

enum {
	POSITIONS = 60,			/* of a conversation that are drawn */
	BINS = 10,
	WORST = 12,			/* classes that are told about */
	EXAMPLE = 120,			/* bytes of a message */
};

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1d2226;--soft:#5d666f;--line:#dde1e5;--back:#fff;--some:#f1f3f5;"
    "--accent:#0b6e75;--second:#5d666f}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e7ea;--soft:#98a2ab;--line:#343b41;--back:#15191c;"
    "--some:#1f2529;--accent:#4fc3c9;--second:#98a2ab}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:46rem;"
    "margin:3rem auto;padding:0 1.5rem}\n"
    "h1{font-size:1.6rem;font-weight:600;margin:0}h2{font-size:1.1rem;font-weight:600;margin:3rem 0 .5rem}\n"
    "h3{font-size:.95rem;font-weight:600;margin:1.5rem 0 .3rem}\n"
    "p{max-width:44rem;margin:.4rem 0}.soft,figcaption{color:var(--soft);font-size:.9rem}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.8rem 0}\n"
    "th,td{text-align:left;padding:.25rem 1.5rem .25rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}\n"
    "td.under{padding-left:1.2rem;color:var(--soft)}\n"
    "code{font:.82rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "figure{margin:1rem 0}.plot{display:block;width:100%;max-width:44rem;font-size:12px}\n"
    ".plot text{fill:var(--soft)}.plot path{fill:none;stroke-width:1.6;stroke:var(--second)}\n"
    ".grid{stroke:var(--line)}.places{fill:var(--some)}.same{stroke:var(--soft);stroke-dasharray:3 4}\n"
    ".plot .line0{stroke:var(--accent);stroke-width:2.4}.plot .line2{stroke-dasharray:6 3}"
    ".plot .line3{stroke-dasharray:2 3}\n"
    ".dot0,.bin,.bar0{fill:var(--accent)}.dot1,.dot2,.dot3,.bar1{fill:var(--second)}.bin{fill-opacity:.75}\n"
    ".bar1{fill-opacity:.45}\n"
    ".machine{overflow:auto}\n"
    ".machine text{fill:var(--ink)}.machine .edge text{fill:var(--soft)}\n"
    ".machine path,.machine polygon{stroke:var(--second)}.machine .edge polygon{fill:var(--second)}\n"
    ".machine .server polygon{fill:var(--some);stroke:var(--accent)}.machine .graph>polygon{stroke:none}\n";

/* ASCII that can be printed, as it is; the rest as \xHH; and what XML would take for its own. */
static void
put(FILE *to, struct span s, size_t room)
{
	for (size_t i = 0; i < s.n && i < room; i++) {
		uint8_t b = s.p[i];

		if (b == '<' || b == '>' || b == '&' || b == '"')
			fprintf(to, "&#%u;", b);
		else if (b == '\r' || b == '\n')
			fputs(b == '\r' ? "\\r" : "\\n", to);
		else if (b == '\\')
			fputs("\\\\", to);
		else if (b < 0x20 || b > 0x7e)
			fprintf(to, "\\x%02x", b);
		else
			fputc(b, to);
	}
	if (s.n > room)
		fputs(" ...", to);
}

static void
put_head(FILE *to, const struct page *p)
{
	fprintf(to, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	    "<title>mynah eval</title>\n<style>\n%s</style>\n</head>\n<body>\n"
	    "<h1>How well it answers</h1>\n<p class=\"soft\">", style);
	for (size_t i = 0; i < p->ncaptures; i++) {
		const char *slash = strrchr(p->capture[i], '/');

		fputs(i > 0 ? ", " : "", to);
		put(to, span_str(slash == NULL ? p->capture[i] : slash + 1), SIZE_MAX);
	}
	fprintf(to, " &#183; mynah eval</p>\n<p>The model was the server of %u recorded conversations. What it said "
	    "is compared with what the recorded server said at the same place%s.</p>\n",
	    p->column[0].report.conversations,
	    p->column[0].has_baselines ? "; it has not learned from them" : "");
}

static void
put_figures(FILE *to, const struct page *p)
{
	struct figures_row row;
	unsigned at = 0;

	fputs("<h2>Figures</h2>\n<table>\n<tr><th></th>", to);
	for (unsigned i = 0; i < p->ncolumns; i++)
		fprintf(to, "<th class=\"n\">%s</th>", p->column[i].title == NULL ? "" : p->column[i].title);
	fputs("</tr>\n", to);
	while (figures_next(&row, p->column, p->ncolumns, &at)) {
		fprintf(to, "<tr><td%s>%s</td>", row.name[0] == ' ' ? " class=\"under\"" : "",
		    row.name + strspn(row.name, " "));
		for (unsigned i = 0; i < p->ncolumns; i++)
			fprintf(to, "<td class=\"n\">%s</td>", row.cell[i]);
		fputs("</tr>\n", to);
	}
	fputs("</table>\n<p class=\"soft\">Class: the reply's code or type. Similarity: 1 minus the edit distance by the "
	    "longer message. By client: nobody who talks was learned from. A table says what is most usual after this "
	    "first word, number of words and last reply; a refuser refuses everything.</p>\n", to);
}

static void
heading(FILE *to, const struct page *p, unsigned i)
{
	if (p->column[i].title != NULL)
		fprintf(to, "<h3>%s</h3>\n", p->column[i].title);
}

/* The model's share, and those of the baselines that there are. Returns how many bars. */
static unsigned
bars_of(struct plot_bar *bar, const struct figures_column *c, bool messages)
{
	const struct eval_report *r = &c->report;
	const struct baselines *b = &c->baselines;
	uint32_t all = messages ? r->messages : r->conversations;

#define SHARE(x) share(messages ? (x)->class_messages : (x)->class_conversations, all)
	bar[0] = (struct plot_bar){ messages ? "messages: model" : "conversations: model", SHARE(r), 0 };
	bar[1] = (struct plot_bar){ "table", SHARE(&b->table), 1 };
	bar[2] = (struct plot_bar){ "refuser", SHARE(&b->refuser), 1 };
#undef SHARE
	return b->refuses ? 3 : 2;
}

static void
put_baselines(FILE *to, const struct page *p)
{
	if (!p->column[0].has_baselines)
		return;
	fputs("<h2>Beside those who know next to nothing</h2>\n<p class=\"soft\">Share with the recorded server's class: "
	    "of messages, and of conversations in which every message has it.</p>\n", to);
	for (unsigned i = 0; i < p->ncolumns; i++) {
		struct plot_bar bar[7];
		unsigned n = bars_of(bar, &p->column[i], true);

		bar[n++] = (struct plot_bar){ 0 };	/* a gap */
		n += bars_of(bar + n, &p->column[i], false);
		heading(to, p, i);
		plot_bars(to, bar, n);
	}
}

enum measure { AGREES, SIMILAR, EQUAL, HIGH, FAIR, MEASURES };

/* Means by position; returns how many positions are worth drawing. */
static uint32_t
by_position(const struct eval_report *r, double mean[MEASURES][POSITIONS], uint32_t *places)
{
	uint32_t n = 0, few = MAX(r->conversations / 50, 3u);

	memset(mean, 0, MEASURES * sizeof *mean);
	memset(places, 0, POSITIONS * sizeof *places);
	for (uint32_t i = 0; i < r->nlines; i++) {
		const struct eval_line *l = &r->line[i];

		if (l->position >= POSITIONS)
			continue;
		places[l->position]++;
		mean[AGREES][l->position] += l->same_class;
		mean[SIMILAR][l->position] += l->similarity;
		mean[EQUAL][l->position] += l->equal;
		mean[HIGH][l->position] += l->similarity >= 0.9;
		mean[FAIR][l->position] += l->similarity >= 0.75;
	}
	while (n < POSITIONS && places[n] > 0 && (n == 0 || places[n] >= few))
		n++;
	for (unsigned k = 0; k < MEASURES; k++)
		for (uint32_t i = 0; i < n; i++)
			mean[k][i] /= places[i];
	return n;
}

static void
put_positions(FILE *to, const struct page *p)
{
	double mean[MEASURES][POSITIONS];
	uint32_t places[POSITIONS];
	const struct plot_line agreement[] = {
		{ "class agrees", mean[AGREES], 0 }, { "similarity", mean[SIMILAR], 1 } };
	const struct plot_line completeness[] = { { "equal", mean[EQUAL], 0 },
		{ "at least 90 % similar", mean[HIGH], 1 }, { "75 %", mean[FAIR], 3 } };

	fputs("<h2>By position in the conversation</h2>\n<p class=\"soft\">The n-th message of the server. Bars: how many "
	    "conversations get that far; where only a few do, the lines end.</p>\n", to);
	for (unsigned i = 0; i < p->ncolumns; i++) {
		const struct plot_places at = { .height = places,
			.n = by_position(&p->column[i].report, mean, places) };

		if (at.n == 0)
			continue;
		heading(to, p, i);
		fputs("<figure>", to);
		plot_lines(to, "message of the server", "mean", agreement, ARRAY_LEN(agreement), &at);
		fputs("</figure>\n<figure>", to);
		plot_lines(to, "message of the server", "share of replies", completeness,
		    ARRAY_LEN(completeness), &at);
		fputs("</figure>\n", to);
	}
}

/* By what the server had said before: at each place the best of all times. */
static void
put_best(FILE *to, const struct page *p)
{
	double mean[3][COMPLETENESS_POSITIONS];
	uint32_t places[COMPLETENESS_POSITIONS], n = 0;
	const struct plot_line line[] = { { "equal", mean[0], 0 },
		{ "at least 90 % similar", mean[1], 1 }, { "75 %", mean[2], 3 } };

	if (p->column[0].best.repeats == 0)
		return;
	fprintf(to, "<h2>The best of %u times</h2>\n<p class=\"soft\">Each conversation was played so often with other "
	    "draws; what counts at each place is the best reply of all. The last place: all beyond.</p>\n",
	    p->column[0].best.repeats);
	for (unsigned i = 0; i < p->ncolumns; i++) {
		for (n = 0; n < COMPLETENESS_POSITIONS && p->column[i].best.at[n].messages > 0; n++) {
			const struct completeness_shares *s = &p->column[i].best.at[n];

			places[n] = s->messages;
			mean[0][n] = share(s->of[BEST_EQUAL], s->messages);
			mean[1][n] = share(s->of[BEST_LONGER_90], s->messages);
			mean[2][n] = share(s->of[BEST_LONGER_75], s->messages);
		}
		heading(to, p, i);
		fputs("<figure>", to);
		plot_lines(to, "message of the server", "share of replies", line, ARRAY_LEN(line),
		    &(struct plot_places){ .height = places, .n = n });
		fputs("</figure>\n", to);
	}
}

static void
put_curve(FILE *to, const struct page *p)
{
	double messages[CURVE_POINTS], conversations[CURVE_POINTS], similarity[CURVE_POINTS];
	uint32_t states[CURVE_POINTS], learned[CURVE_POINTS];
	const struct plot_line line[] = { { "class agrees", messages, 0 },
		{ "in whole conversations", conversations, 3 }, { "similarity", similarity, 1 } };

	if (p->curve->n == 0)
		return;
	for (unsigned i = 0; i < p->curve->n; i++) {
		const struct curve_point *at = &p->curve->at[i];

		messages[i] = at->class_messages;
		conversations[i] = at->class_conversations;
		similarity[i] = at->similarity;
		states[i] = at->states;
		learned[i] = at->conversations;
	}
	fprintf(to, "<h2>Would more captures help?</h2>\n<p class=\"soft\">Learned from growing parts of the conversations, "
	    "played on the same ones held out. Bars: states of the model, %u to %u.</p>\n<figure>", states[0],
	    states[p->curve->n - 1]);
	plot_lines(to, "conversations learned from", "share", line, ARRAY_LEN(line),
	    &(struct plot_places){ .height = states, .name = learned, .n = p->curve->n });
	fputs("</figure>\n", to);
}

/* Returns the mean distance between what was said and what was right. */
static double
by_confidence(const struct eval_report *r, struct plot_bin *bin)
{
	uint32_t n = 0;
	double off = 0;

	memset(bin, 0, BINS * sizeof *bin);
	for (uint32_t i = 0; i < r->nlines; i++) {
		struct plot_bin *b = &bin[r->line[i].play->conf * BINS / 256];

		if (r->line[i].play->said.n == 0)
			continue;
		b->said += r->line[i].play->conf / 255.0;
		b->right += r->line[i].same_class;
		b->n++;
		n++;
	}
	for (unsigned i = 0; i < BINS; i++) {
		off += fabs(bin[i].said - bin[i].right);
		bin[i].said /= MAX(bin[i].n, 1u);
		bin[i].right = bin[i].n == 0 ? NAN : bin[i].right / bin[i].n;
	}
	return n == 0 ? 0 : off / n;
}

static void
put_calibration(FILE *to, const struct page *p)
{
	fputs("<h2>Does it know when it is right?</h2>\n<p class=\"soft\">Replies by the confidence with which they were "
	    "given, in ten bins, with their number. On the dotted line it is as often right as it says.</p>\n", to);
	for (unsigned i = 0; i < p->ncolumns; i++) {
		struct plot_bin bin[BINS];
		double off = by_confidence(&p->column[i].report, bin);

		heading(to, p, i);
		fputs("<figure>", to);
		plot_calibration(to, "confidence", "share with the right class", bin, BINS);
		fprintf(to, "<figcaption>On average %.1f points off.</figcaption></figure>\n", 100 * off);
	}
}

struct wrong {				/* of the replies of one class */
	const struct eval_line *example;
	uint32_t wrong, all;
};

static int
by_class(const void *a, const void *b)
{
	const struct klass_name *x = &(*(const struct eval_line *const *)a)->klass;
	const struct klass_name *y = &(*(const struct eval_line *const *)b)->klass;
	int order = memcmp(x->b, y->b, MIN(x->n, y->n));

	return order != 0 ? order : x->n - y->n;
}

static int
by_wrong(const void *a, const void *b)
{
	const struct wrong *x = a, *y = b;

	return x->wrong != y->wrong ? (x->wrong < y->wrong) - (x->wrong > y->wrong)
	    : by_class(&x->example, &y->example);
}

/* Classes in the order of how many of them came out wrong. Returns their number. */
static uint32_t
worst(struct wrong *to, struct pool *pool, const struct eval_report *r)
{
	const struct eval_line **line = pool_array(pool, r->nlines + 1, sizeof *line);
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nlines; i++)
		line[i] = &r->line[i];
	qsort(line, r->nlines, sizeof *line, by_class);
	for (uint32_t i = 0; i < r->nlines; i++) {
		if (i == 0 || !klass_eq(&line[i]->klass, &line[i - 1]->klass))
			to[n++] = (struct wrong){ .example = line[i] };
		to[n - 1].all++;
		if (line[i]->same_class)
			continue;
		if (to[n - 1].wrong++ == 0)
			to[n - 1].example = line[i];
	}
	qsort(to, n, sizeof *to, by_wrong);
	return n;
}

static void
put_wrong(FILE *to, const struct wrong *w, uint32_t n)
{
	if (n == 0 || w[0].wrong == 0)
		return;
	fputs("<h2>What it gets wrong most often</h2>\n<table>\n<tr><th>recorded class</th><th class=\"n\">wrong</th>"
	    "<th>asked, recorded, said: one example</th></tr>\n", to);
	for (uint32_t i = 0; i < n && i < WORST && w[i].wrong > 0; i++) {
		const struct play_line *l = w[i].example->play;

		fputs("<tr><td><code>", to);
		put(to, span_of(w[i].example->klass.b, w[i].example->klass.n), EXAMPLE);
		fprintf(to, "</code></td><td class=\"n\">%u of %u</td><td><code>", w[i].wrong, w[i].all);
		put(to, l->asked, EXAMPLE);
		fputs("<br/>", to);
		put(to, l->recorded, EXAMPLE);
		fputs("<br/><b>", to);
		if (l->said.n == 0)
			fputs("(nothing)", to);
		put(to, l->said, EXAMPLE);
		fputs("</b></code></td></tr>\n", to);
	}
	fputs("</table>\n", to);
}

static int
put_machine(FILE *to, const struct model *m, struct diag *why)
{
	static const char *const sentence[] = {
		[MACHINE_NONE] = "The model does not say how both sides talk, so there is no picture of it.",
		[MACHINE_NO_GRAPHVIZ] = "graphviz is not installed, so there is no picture of it.",
		[MACHINE_FAILED] = "graphviz could not draw it.",
	};
	enum machine_drawn drawn;
	struct machine_size size;
	struct text t;
	char *source;
	size_t n;
	int err = model_text(m, &source, &n, why);

	if (err < 0)
		return err;
	err = text_parse(&t, "the model", span_of(source, n), why);
	if (err == 0) {
		fputs("<h2>How the model has learned that conversations go</h2>\n<figure class=\"machine\">\n", to);
		drawn = machine_draw(to, &t, &size);
		fputs("<figcaption>", to);
		if (drawn == MACHINE_DRAWN)
			fprintf(to, "%u of %u kinds of messages, with what is said most often there (* stands for what "
			    "varies) and how many were learned from; shaded: the server. An arrow says how often the "
			    "one follows the other; from each box lead the commonest %d, of %d %% at least.",
			    size.shown, size.all, MACHINE_WAYS, MACHINE_PERCENT);
		else
			fputs(sentence[drawn], to);
		fputs("</figcaption>\n</figure>\n", to);
		text_fini(&t);
	}
	free(source);
	return err;
}

int
page_write(const char *path, const struct page *p, struct pool *pool, struct diag *why)
{
	const struct eval_report *r = &p->column[0].report;
	struct wrong *wrong = pool_array(pool, r->nlines + 1, sizeof *wrong);
	uint32_t nwrong = worst(wrong, pool, r);
	char beside[BESIDE_PATH];
	struct stat st;
	FILE *to;
	int err, fd, placed;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return diag_set(why, -EINVAL, "%s: is not a file that a page could replace; name another.",
		    path);
	fd = beside_open(beside, path, 0666);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (to == NULL)
		return diag_set(why, fd < 0 ? fd : -errno, "%s: cannot be written: %s.", path,
		    strerror(fd < 0 ? -fd : errno));
	put_head(to, p);
	put_figures(to, p);
	put_baselines(to, p);
	put_positions(to, p);
	put_best(to, p);
	put_curve(to, p);
	put_calibration(to, p);
	put_wrong(to, wrong, nwrong);
	err = put_machine(to, p->model, why);
	fputs("</body>\n</html>\n", to);
	placed = beside_place_stream(to, err, beside, path);
	return err < 0 || placed == 0 ? err : diag_set(why, placed, "%s: cannot be written: %s.", path,
	    strerror(-placed));
}
