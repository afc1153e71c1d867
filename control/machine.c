#include "control/machine.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/dot.h"

extern char **environ;

enum { SVG_MAX = 8 << 20, LABEL = 36 };

struct box {				/* all nodes with one last symbol */
	uint32_t symbol, messages;
	const struct text_form *form;	/* the commonest */
};

static uint32_t
symbol_of(const struct text_prisma *p, uint32_t node)
{
	return p->node[node].symbol[p->order - 1];
}

static int
by_symbol(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

static bool
is_end(uint32_t symbol)
{
	return symbol == PRISMA_START || symbol == PRISMA_END;
}

/* The ends first, then by messages. */
static int
by_messages(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	if (is_end(x->symbol) != is_end(y->symbol))
		return is_end(x->symbol) ? -1 : 1;
	return x->messages != y->messages ? (x->messages < y->messages) - (x->messages > y->messages)
	    : by_symbol(a, b);
}

static struct box *
box_of(struct box *box, uint32_t n, uint32_t symbol)
{
	return bsearch(&(struct box){ .symbol = symbol }, box, n, sizeof *box, by_symbol);
}

/* One for each last symbol, sorted by it. Returns their number. */
static uint32_t
collect(struct box *box, const struct text_prisma *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nnode; i++)
		box[i] = (struct box){ .symbol = symbol_of(p, i) };
	qsort(box, p->nnode, sizeof *box, by_symbol);
	for (uint32_t i = 0; i < p->nnode; i++)
		if (i == 0 || box[i].symbol != box[n - 1].symbol)
			box[n++] = box[i];
	for (uint32_t i = 0; i < p->nform; i++) {
		struct box *b = box_of(box, n, symbol_of(p, p->form[i].node));

		b->messages += p->form[i].count;
		if (b->form == NULL || b->form->count < p->form[i].count)
			b->form = &p->form[i];
	}
	return n;
}

static void
put_box(FILE *to, const struct box *b)
{
	unsigned room = LABEL;

	if (is_end(b->symbol)) {
		fprintf(to, "\tb%u [shape=plaintext, label=\"%s\"];\n", b->symbol,
		    b->symbol == PRISMA_START ? "begin" : "end");
		return;
	}
	fprintf(to, "\tb%u [class=\"%s\", label=\"", b->symbol, b->symbol % 2 == 1 ? "server" : "client");
	for (uint32_t i = 0; b->form != NULL && i < b->form->npiece && room > 0; i++)
		room -= dot_bytes(to, b->form->piece[i].n > 0 ? b->form->piece[i] : span_str("*"), room);
	fprintf(to, "%s\\n%u\"];\n", room == 0 ? ".." : "", b->messages);
}

/* What leads most often from one box to others that are shown. */
static void
put_ways(FILE *to, const struct text_prisma *p, const struct box *from, const struct box *box, uint32_t n)
{
	uint64_t count[MACHINE_BOXES] = { 0 }, all = 0;

	for (uint32_t i = 0; i < p->nnode; i++) {
		if (symbol_of(p, i) != from->symbol)
			continue;
		for (uint32_t w = 0; w < p->node[i].nway; w++) {
			const struct text_way *way = &p->node[i].way[w];

			all += way->count;
			for (uint32_t k = 0; k < n; k++)
				if (box[k].symbol == symbol_of(p, way->to))
					count[k] += way->count;
		}
	}
	for (unsigned i = 0; i < MACHINE_WAYS; i++) {
		uint32_t best = 0;

		for (uint32_t k = 1; k < n; k++)
			if (count[k] > count[best])
				best = k;
		if (count[best] == 0 || 100 * count[best] < MACHINE_PERCENT * all)
			break;
		fprintf(to, "\tb%u -> b%u [label=\"%.0f %%\", penwidth=%.2f];\n", from->symbol,
		    box[best].symbol, 100.0 * count[best] / all, 0.6 + 1.8 * count[best] / all);
		count[best] = 0;
	}
}

static bool
put_graph(FILE *to, const struct text_prisma *p, struct machine_size *size)
{
	struct box *box = calloc(p->nnode + 1, sizeof *box);

	if (box == NULL)
		return false;
	size->all = collect(box, p);
	size->shown = MIN(size->all, (uint32_t)MACHINE_BOXES);
	qsort(box, size->all, sizeof *box, by_messages);
	/* The limits keep a dense graph from taking a minute. */
	fputs("digraph {\n\tbgcolor=transparent;\n\tnslimit=1;\n\tnslimit1=1;\n\tmclimit=0.3;\n"
	    "\tnode [shape=box, fontname=\"sans-serif\", fontsize=11, height=0.3, margin=\"0.1,0.05\"];\n"
	    "\tedge [fontname=\"sans-serif\", fontsize=9, arrowsize=0.6];\n", to);
	for (uint32_t i = 0; i < size->shown; i++) {
		put_box(to, &box[i]);
		put_ways(to, p, &box[i], box, size->shown);
	}
	fputs("}\n", to);
	free(box);
	return true;
}

/* dot -Tsvg between two files. Its exit status; -1: it could not be started. */
static int
run_dot(FILE *in, FILE *out)
{
	static const char *const argv[] = { "dot", "-Tsvg", NULL };
	posix_spawn_file_actions_t act;
	int status = 0, err;
	pid_t child;

	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_adddup2(&act, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&act, fileno(out), STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&act, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&child, argv[0], &act, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&act);
	if (err != 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* From <svg on: what stands before it, prolog and doctype, has no place inside a page. */
static enum machine_drawn
copy_svg(FILE *to, FILE *from)
{
	char *text = malloc(SVG_MAX + 1), *svg = NULL;
	size_t n = text == NULL ? 0 : fread(text, 1, SVG_MAX + 1, from);

	if (n > 0 && n <= SVG_MAX) {
		text[n] = '\0';
		svg = strstr(text, "<svg");
	}
	if (svg != NULL)
		fputs(svg, to);
	free(text);
	return svg == NULL ? MACHINE_FAILED : MACHINE_DRAWN;
}

enum machine_drawn
machine_draw(FILE *to, const struct text *t, struct machine_size *size)
{
	enum machine_drawn done = MACHINE_FAILED;
	FILE *in, *out;

	if (t->prisma.order == 0)
		return MACHINE_NONE;
	in = tmpfile();
	out = tmpfile();
	if (in != NULL && out != NULL && put_graph(in, &t->prisma, size)) {
		int status;

		rewind(in);
		status = run_dot(in, out);
		rewind(out);
		done = status < 0 || status == 127 ? MACHINE_NO_GRAPHVIZ
		    : status > 0 ? MACHINE_FAILED : copy_svg(to, out);
	}
	if (in != NULL)
		fclose(in);
	if (out != NULL)
		fclose(out);
	return done;
}
