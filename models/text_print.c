/* The canonical layout. What is printed here and only this is what an image carries. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/text_lex.h"
#include "models/text_parts.h"

struct out {
	char *p;
	size_t n, cap;
	bool failed;
};

static bool
room(struct out *o, size_t more)
{
	if (o->failed)
		return false;
	if (o->cap - o->n <= more) {
		size_t cap = MAX(o->cap * 2, o->n + more + 4096);
		char *p = realloc(o->p, cap);
		if (p == NULL) {
			o->failed = true;
			return false;
		}
		o->p = p;
		o->cap = cap;
	}
	return true;
}

/* Short pieces only: words and numbers. */
static void PRINTF(2, 3)
put(struct out *o, const char *fmt, ...)
{
	va_list ap;

	if (!room(o, 256))
		return;
	va_start(ap, fmt);
	int n = vsnprintf(o->p + o->n, 256, fmt, ap);
	va_end(ap);
	assert(n >= 0 && n < 256);
	o->n += (size_t)n;
}

/* A blank and the string in quotes. */
static void
put_string(struct out *o, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	char *q;

	if (!room(o, 4 * s.n + 3))
		return;
	q = o->p + o->n;
	*q++ = ' ';
	*q++ = '"';
	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = s.p[i];
		if (b == '\r' || b == '\n' || b == '\t') {
			*q++ = '\\';
			*q++ = b == '\r' ? 'r' : b == '\n' ? 'n' : 't';
		} else if (b == '\\' || b == '"') {
			*q++ = '\\';
			*q++ = (char)b;
		} else if (b >= 0x20 && b <= 0x7e) {
			*q++ = (char)b;
		} else {
			*q++ = '\\';
			*q++ = 'x';
			*q++ = digits[b >> 4];
			*q++ = digits[b & 15];
		}
	}
	*q++ = '"';
	o->n = (size_t)(q - o->p);
}

static void
put_float(struct out *o, double v)
{
	if (room(o, TEXT_FLOAT))
		o->n += text_float_print(o->p + o->n, v);
}

static void
print_class(struct out *o, const struct text_class *c)
{
	for (unsigned b = 0; b < 256; b++) {
		unsigned to = b;
		if (!(c->has[b / 8] >> b % 8 & 1))
			continue;
		while (to < 255 && c->has[(to + 1) / 8] >> (to + 1) % 8 & 1)
			to++;
		put(o, to > b ? " %02x-%02x" : " %02x", b, to);
		b = to;
	}
}

static void
print_eom(struct out *o, const struct text_eom *e)
{
	put(o, " %s", vocab_name(&vocab_eom, e->kind));
	switch (e->kind) {
	case EOM_TERM:
		put_string(o, e->term);
		break;
	case EOM_LENGTH:
		put(o, " at %u width %u %s times %d plus %d", e->at, e->width,
		    vocab_name(&vocab_format, e->format), e->times, e->plus);
		break;
	case EOM_DECIMAL:
		put(o, " label");
		put_string(o, e->label);
		put(o, " term");
		put_string(o, e->term);
		break;
	case EOM_PARTS:
		put_string(o, e->label);
		put(o, " term");
		put_string(o, e->term);
		break;
	case EOM_IDLE:
		put(o, " %u", e->ms);
		break;
	}
	put(o, " error ");
	put_float(o, e->error);
}

static void
print_head(struct out *o, const struct text *t)
{
	put(o, "mynah-model %d\nservice", TEXT_VERSION);
	put_string(o, t->name);
	put(o, " %s\nchannel %s\n", t->proto == MODEL_TCP ? "tcp" : "udp",
	    vocab_name(&vocab_channel, t->channel));
}

static void
print_learner(struct out *o, const struct text *t)
{
	put(o, "learner");
	put_string(o, t->learner);
	put(o, " order %u seed %" PRIu64, t->order, t->seed);
	if (t->clusterer.n > 0) {
		put(o, " events");
		put_string(o, t->clusterer);
	}
	if (t->chosen_of > 0)
		put(o, " of %u", t->chosen_of);
	put(o, "\n");
	for (uint32_t i = 0; i < t->nsource; i++) {
		put(o, "source");
		put_string(o, t->source[i].name);
		put(o, " conversations %u messages %u\n", t->source[i].conversations,
		    t->source[i].messages);
	}
	put(o, "separators");
	put_string(o, t->separators);
	put(o, "\nstart %u\n", t->start);
}

static void
print_tables(struct out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nvar; i++) {
		put(o, "var %u %s", i, vocab_name(&vocab_var, t->var[i].type));
		put_string(o, t->var[i].preset);
		put(o, "\n");
	}
	for (uint32_t i = 0; i < t->nclass; i++) {
		put(o, "class %u", i);
		print_class(o, &t->class[i]);
		put(o, "\n");
	}
	for (uint32_t i = 0; i < t->nhostset; i++) {
		const struct text_hostset *h = &t->hostset[i];
		put(o, "%s %u scope %s", h->is_register ? "register" : "set", i,
		    vocab_name(&vocab_scope, h->scope));
		if (h->under >= 0)
			put(o, " under %d", h->under);
		for (uint32_t k = 0; k < h->n; k++)
			put_string(o, h->base[k]);
		put(o, "\n");
	}
	for (uint32_t i = 0; i < t->neom; i++) {
		put(o, "eom %u", i);
		print_eom(o, &t->eom[i]);
		put(o, "\n");
	}
	for (uint32_t i = 0; i < t->ndata; i++) {
		const struct text_data *d = &t->data[i];
		put(o, "data %u scope %s\n", i, vocab_name(&vocab_scope, d->scope));
		for (uint32_t k = 0; k < d->n; k++) {
			put(o, "  %u", d->choice[k].weight);
			put_string(o, d->choice[k].value);
			put(o, "\n");
		}
	}
	for (uint32_t i = 0; i < t->nmap; i++) {
		put(o, "map %u\n", i);
		for (uint32_t k = 0; k < t->map[i].n; k++) {
			put(o, " ");
			put_string(o, t->map[i].pair[k].key);
			put_string(o, t->map[i].pair[k].value);
			put(o, "\n");
		}
	}
}

static void
print_origin(struct out *o, uint32_t support, int32_t cluster, uint8_t origin)
{
	put(o, " support %u", support);
	if (cluster >= 0)
		put(o, " cluster %d", cluster);
	put(o, " from %s", vocab_name(&vocab_origin, origin));
}

static void
print_elem(struct out *o, const struct text_elem *e)
{
	if (e->kind != ELEM_LIT)
		put(o, " %s", vocab_name(&vocab_elem, e->kind));
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		put_string(o, e->lit);
		break;
	case ELEM_SPAN:
		put(o, " %d %u %u", e->class, e->min, e->max);
		break;
	case ELEM_ANY:
		put(o, " %u", e->min);
		break;
	case ELEM_COUNTED:
		put(o, " %u %u", e->min, e->max);
		break;
	case ELEM_LEN:
		put(o, " %s %u", vocab_name(&vocab_format, e->format), e->min);
		break;
	}
}

static void
print_op(struct out *o, const struct text_op *op)
{
	const char *format = vocab_name(&vocab_format, op->format);

	if (op->kind != OP_LIT)
		put(o, " %s", vocab_name(&vocab_op, op->kind));
	switch (op->kind) {
	case OP_LIT:
		put_string(o, op->lit);
		break;
	case OP_FIELD:
		put(o, " %u", op->slot);
		if (op->from > 0 || op->len > 0)
			put(o, " %u", op->from);
		if (op->len > 0)
			put(o, " %u", op->len);
		break;
	case OP_SEQ:
		put(o, " %u %" PRId64 " %s %u", op->slot, op->delta, format, op->len);
		break;
	case OP_PART:
		put(o, " %u %s", op->slot, op->after ? "after" : "before");
		put_string(o, op->lit);
		break;
	case OP_LINES:
		put(o, " %u", op->slot);
		put_string(o, op->lit);
		break;
	case OP_MAP:
	case OP_PATH:
		put(o, " %u %u", op->index, op->slot);
		break;
	case OP_RAND:
		put(o, " %u %u %s", op->index, op->len, vocab_name(&vocab_scope, op->scope));
		break;
	case OP_DATA:
	case OP_VAR:
	case OP_REG:
		put(o, " %u", op->index);
		break;
	case OP_ADDR:
	case OP_PORT:
		put(o, " %s %s", op->peer ? "peer" : "own", format);
		break;
	case OP_TIME:
	case OP_LEN:
		put(o, " %s %" PRId64, format, op->delta);
		if (op->kind == OP_TIME && op->format == FMT_TEXT)
			put_string(o, op->lit);
		else
			put(o, " %u", op->len);
		break;
	case OP_SET:
		put(o, " %u", op->index);
		put_string(o, op->lit);
		break;
	case OP_EACH:
		put(o, " %u %u", op->index, op->from);
		put_string(o, op->lit);
		put_string(o, op->behind);
		break;
	case OP_ANNOUNCED:
		put(o, " %s", format);
		break;
	}
}

static void
print_match(struct out *o, const struct text_template *p)
{
	put(o, "match");
	for (uint32_t k = 0; k < p->nelem; k++)
		print_elem(o, &p->elem[k]);
}

static void
print_templates(struct out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		const struct text_template *p = &t->template[i];
		put(o, "template %u", i);
		print_origin(o, p->support, p->cluster, p->origin);
		put(o, "%s\n  ", p->second ? " second" : "");
		print_match(o, p);
		put(o, "\n");
		for (uint32_t k = 0; k < p->nfield; k++)
			put(o, "  field %u %u %u\n", p->field[k].slot, p->field[k].first,
			    p->field[k].last);
	}
}

/* A further say line after each literal that ends a line, for the eye. */
static void
print_replies(struct out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nreply; i++) {
		const struct text_reply *r = &t->reply[i];
		put(o, "reply %u", i);
		print_origin(o, r->support, r->cluster, r->origin);
		put(o, "\n  say");
		for (uint32_t k = 0; k < r->nop; k++) {
			const struct text_op *op = &r->op[k];
			print_op(o, op);
			if (op->kind == OP_LIT && op->lit.n > 0 &&
			    op->lit.p[op->lit.n - 1] == '\n' && k + 1 < r->nop)
				put(o, "\n  say");
		}
		put(o, "\n");
	}
}

static void
print_guard(struct out *o, const struct text_guard *g)
{
	put(o, "      when %s", vocab_name(&vocab_guard, g->kind));
	switch (g->kind) {
	case GUARD_LINE:
	case GUARD_NO_LINE:
	case GUARD_EQ:
	case GUARD_NE:
		put(o, " %u", g->slot);
		put_string(o, g->lit);
		break;
	case GUARD_EMPTY:
	case GUARD_NONEMPTY:
		put(o, " %u", g->index);
		break;
	case GUARD_HISTORY:
		put(o, " %u %u", g->back, g->index);
		break;
	case GUARD_PAIR:
		put(o, " %u %u %u", g->slot, g->back, g->index);
		break;
	case GUARD_CHANNEL:
	case GUARD_NO_CHANNEL:
		break;
	default:
		put(o, " %u %u", g->slot, g->index);
	}
	put(o, "\n");
}

static void
print_alt(struct out *o, const struct text_alt *a)
{
	put(o, "    alt weight %u", a->weight);
	if (a->reply >= 0)
		put(o, " say %d", a->reply);
	put(o, " goto %u", a->next);
	if (a->delay_ms > 0)
		put(o, " delay %u", a->delay_ms);
	put(o, " conf ");
	put_float(o, a->conf);
	put(o, " scope %s from %s%s%s%s\n", vocab_name(&vocab_scope, a->scope),
	    vocab_name(&vocab_origin, a->origin), a->close ? " close" : "",
	    a->reset ? " reset" : "", a->pending ? " pending" : "");
	for (uint32_t i = 0; i < a->nguard; i++)
		print_guard(o, &a->guard[i]);
	for (uint32_t i = 0; i < a->neffect; i++) {
		const struct text_effect *e = &a->effect[i];
		put(o, "      do %s", vocab_name(&vocab_effect, e->kind));
		if (e->kind != EFFECT_POP && e->kind != EFFECT_CLEAR && e->kind != EFFECT_OPEN)
			put(o, " %u", e->slot);
		if (e->kind != EFFECT_OPEN && e->kind != EFFECT_TAKE)
			put(o, " %u", e->index);
		put(o, "\n");
	}
}

static void
print_states(struct out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nstate; i++) {
		const struct text_state *s = &t->state[i];
		put(o, "state %u", i);
		if (s->backoff >= 0)
			put(o, " backoff %d", s->backoff);
		if (s->eom >= 0)
			put(o, " eom %d", s->eom);
		if (s->idle_ms > 0)
			put(o, " idle %u", s->idle_ms);
		put(o, " support %u", s->support);
		put_string(o, s->note);
		put(o, "\n");
		for (uint32_t k = 0; k < s->nturn; k++) {
			const struct text_turn *turn = &s->turn[k];
			put(o, "  on %s", vocab_name(&vocab_event, turn->event));
			if (turn->event == EVENT_MESSAGE || turn->event == EVENT_SILENCE)
				put(o, " %u", turn->arg);
			if (turn->event == EVENT_CHANNEL)
				put(o, " %s", vocab_name(&vocab_news, turn->arg));
			put(o, "\n");
			for (uint32_t a = 0; a < turn->nalt; a++)
				print_alt(o, &turn->alt[a]);
		}
	}
}

static void
print_symbol(struct out *o, uint32_t symbol)
{
	if (symbol >= PRISMA_START)
		put(o, symbol == PRISMA_END ? " end" : " start");
	else
		put(o, " %c%u", symbol % 2 == 0 ? 'c' : 's', symbol / 2);
}

static void
print_rule(struct out *o, const struct text_rule *r)
{
	put(o, "    fill %u", r->field);
	if (r->n > 1)
		put(o, " %u", r->n);
	put(o, " %s", vocab_name(&vocab_prisma, r->kind));
	if (r->kind != PRISMA_DATA)
		put(o, " %u %u", r->back, r->source);
	if (r->kind == PRISMA_SEQ)
		put(o, " %" PRId64, r->delta);
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_PART)
		put(o, r->after ? " after" : " before");
	if (r->kind == PRISMA_PART)
		put_string(o, r->lit);
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_DATA)
		put(o, " %u %u", r->values, r->column);
	put(o, "\n");
}

static void
print_prisma_tables(struct out *o, const struct text_prisma *p)
{
	for (uint32_t i = 0; i < p->nform; i++) {
		const struct text_form *f = &p->form[i];
		put(o, "  form %u node %u count %u", i, f->node, f->count);
		for (uint32_t k = 0; k < f->npiece; k++) {
			if (f->piece[k].n > 0)
				put_string(o, f->piece[k]);
			else
				put(o, " *");
		}
		put(o, "\n");
	}
	for (uint32_t i = 0; i < p->nvalues; i++) {
		const struct text_values *v = &p->values[i];
		put(o, "  values %u of %u columns %u\n", i, v->total, v->ncolumn);
		for (uint32_t k = 0; k < v->nrow; k++) {
			put(o, "    %u", v->row[k].count);
			for (uint32_t c = 0; c < v->ncolumn; c++)
				put_string(o, v->row[k].value[c]);
			put(o, "\n");
		}
	}
}

static void
print_prisma(struct out *o, const struct text_prisma *p)
{
	if (p->order == 0)
		return;
	put(o, "prisma order %u port %u separators", p->order, p->port);
	put_string(o, p->separators);
	if (p->has_run) {
		put(o, " run %u", p->head);
		put_string(o, span_of(&p->delimiter, 1));
	}
	put(o, "\n");
	for (uint32_t i = 0; i < p->nnode; i++) {
		put(o, "  node %u", i);
		for (uint32_t k = 0; k < p->order; k++)
			print_symbol(o, p->node[i].symbol[k]);
		put(o, "\n");
		for (uint32_t k = 0; k < p->node[i].nway; k++)
			put(o, "    to %u %u\n", p->node[i].way[k].to, p->node[i].way[k].count);
	}
	print_prisma_tables(o, p);
	for (uint32_t i = 0; i < p->ncontext; i++) {
		const struct text_context *c = &p->context[i];
		put(o, "  context count %u", c->count);
		for (uint32_t k = 0; k < c->nform; k++) {
			if (c->form[k] >= 0)
				put(o, " %d", c->form[k]);
			else
				put(o, " -");
		}
		put(o, "\n");
		for (uint32_t k = 0; k < c->nrule; k++)
			print_rule(o, &c->rule[k]);
	}
}

static void
print_basis(struct out *o, const struct text_basis *b, const char *side)
{
	if (b->nfeature == 0 && b->ncluster == 0)
		return;
	put(o, "basis%s %s", side, b->ngram > 0 ? "ngram" : "tokens");
	if (b->ngram > 0)
		put(o, " %u", b->ngram);
	put(o, "\n");
	for (uint32_t i = 0; i < b->nfeature; i++) {
		put(o, "  feature");
		put_string(o, b->feature[i]);
		put(o, "\n");
	}
	for (uint32_t i = 0; i < b->ncluster; i++) {
		put(o, "  cluster %u", i);
		for (uint32_t k = 0; k < b->ncolumn[i]; k++) {
			put(o, " %u:", b->column[i][k].feature);
			put_float(o, b->column[i][k].value);
		}
		put(o, "\n");
	}
}

static void
print_rest(struct out *o, const struct text *t)
{
	print_basis(o, &t->basis[SIDE_CLIENT], "");
	print_basis(o, &t->basis[SIDE_SERVER], " server");
	print_prisma(o, &t->prisma);
	for (uint32_t i = 0; i < t->nvector; i++) {
		put(o, "vector\n");
		for (uint32_t k = 0; k < t->vector[i].n; k++) {
			put(o, k % 2 == 0 ? "  >" : "  <");
			put_string(o, t->vector[i].line[k]);
			put(o, "\n");
		}
	}
}

static void
print_machine(struct out *o, const struct text *t)
{
	print_learner(o, t);
	print_tables(o, t);
	print_templates(o, t);
	print_replies(o, t);
	print_states(o, t);
	print_rest(o, t);
}

/* Hands over what was printed. */
static int
finish(struct out *o, char **to, size_t *n)
{
	if (!room(o, 1)) {
		free(o->p);
		return -ENOMEM;
	}
	o->p[o->n] = '\0';
	*to = o->p;
	*n = o->n;
	return 0;
}

int
text_print_match(const struct text_template *template, char **to, size_t *n)
{
	struct out o = { 0 };

	print_match(&o, template);
	return finish(&o, to, n);
}

int
text_print(const struct text *t, char **to, size_t *n)
{
	struct out o = { 0 };

	print_head(&o, t);
	print_machine(&o, t);
	if (t->second != NULL) {
		put(&o, "second");
		for (uint32_t k = 0; k < SECOND_KIND_N; k++)
			if (t->second_for >> k & 1)
				put(&o, " %s", vocab_name(&vocab_second, k));
		put(&o, "\n");
		print_machine(&o, t->second);
	}
	return finish(&o, to, n);
}
