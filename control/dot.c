#include "control/dot.h"

enum { LABEL = 40 };	/* characters of a template or reply on an edge */

unsigned
dot_bytes(FILE *to, struct span s, unsigned room)
{
	unsigned used = 0;

	for (size_t i = 0; i < s.n && used < room; i++) {
		uint8_t b = s.p[i];
		if (b == '\r' || b == '\n')
			continue;
		if (b == '"' || b == '\\')
			fputc('\\', to);
		if (b == '&')			/* else the beginning of an entity */
			fputs("&amp;", to);
		else
			fputc(b >= 0x20 && b <= 0x7e ? b : '.', to);
		used++;
	}
	return used;
}

static unsigned
put_word(FILE *to, const char *word, unsigned room)
{
	unsigned n = (unsigned)strlen(word) + 2;

	if (n > room)
		return room;
	fprintf(to, "<%s>", word);
	return n;
}

static void
put_template(FILE *to, const struct text_template *tp)
{
	unsigned room = LABEL;

	for (uint32_t i = 0; i < tp->nelem && room > 0; i++) {
		const struct text_elem *e = &tp->elem[i];
		room -= e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE ?
		    dot_bytes(to, e->lit, room) :
		    put_word(to, vocab_name(&vocab_elem, e->kind), room);
	}
}

static void
put_reply(FILE *to, const struct text_reply *r)
{
	unsigned room = LABEL;

	for (uint32_t i = 0; i < r->nop && room > 0; i++) {
		const struct text_op *o = &r->op[i];
		room -= o->kind == OP_LIT ? dot_bytes(to, o->lit, room) :
		    put_word(to, vocab_name(&vocab_op, o->kind), room);
	}
}

static void
put_edge(FILE *to, const struct text *t, uint32_t state, const struct text_turn *turn,
    const struct text_alt *a)
{
	fprintf(to, "\ts%u -> s%u [label=\"", state, a->next);
	if (turn->event == EVENT_MESSAGE)
		put_template(to, &t->template[turn->arg]);
	else if (turn->event == EVENT_SILENCE || turn->event == EVENT_CHANNEL)
		fprintf(to, "%s %u", vocab_name(&vocab_event, turn->event), turn->arg);
	else
		fputs(vocab_name(&vocab_event, turn->event), to);
	fputs("\\n", to);
	if (a->reply >= 0)
		put_reply(to, &t->reply[a->reply]);
	fprintf(to, "\\n%u%s%s%s%s\"];\n", a->weight, a->nguard > 0 ? " guarded" : "",
	    a->close ? " close" : "", a->reset ? " reset" : "", a->pending ? " pending" : "");
}

void
dot_print(const struct text *t, FILE *to)
{
	fputs("digraph \"", to);
	dot_bytes(to, t->name, LABEL);
	fputs("\" {\n\trankdir=LR;\n\tnode [shape=box];\n", to);
	for (uint32_t i = 0; i < t->nstate; i++) {
		const struct text_state *s = &t->state[i];
		fprintf(to, "\ts%u [label=\"%u  ", i, i);
		dot_bytes(to, s->note, LABEL);
		fprintf(to, "\\n%u\"%s];\n", s->support, i == t->start ? ", peripheries=2" : "");
		if (s->backoff >= 0)
			fprintf(to, "\ts%u -> s%d [style=dashed, label=\"back-off\"];\n", i, s->backoff);
		for (uint32_t k = 0; k < s->nturn; k++)
			for (uint32_t a = 0; a < s->turn[k].nalt; a++)
				put_edge(to, t, i, &s->turn[k], &s->turn[k].alt[a]);
	}
	fputs("}\n", to);
}
