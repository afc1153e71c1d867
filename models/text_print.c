/* The canonical layout. What is printed here and only this is what an image carries. */
#include <inttypes.h>

#include "models/text_lex.h"
#include "models/text_out.h"
#include "models/text_parts.h"

static void
print_class(struct text_out *o, const struct text_class *c)
{
	for (unsigned b = 0; b < 256; b++) {
		unsigned to = b;
		if (!(c->has[b / 8] >> b % 8 & 1))
			continue;
		while (to < 255 && c->has[(to + 1) / 8] >> (to + 1) % 8 & 1)
			to++;
		text_put(o, to > b ? " %02x-%02x" : " %02x", b, to);
		b = to;
	}
}

static void
print_eom(struct text_out *o, const struct text_eom *e)
{
	text_put(o, " %s", vocab_name(&vocab_eom, e->kind));
	switch (e->kind) {
	case EOM_TERM:
		text_put_string(o, e->term);
		break;
	case EOM_LENGTH:
		text_put(o, " at %u width %u %s times %d plus %d", e->at, e->width,
		    vocab_name(&vocab_format, e->format), e->times, e->plus);
		break;
	case EOM_DECIMAL:
		text_put(o, " label");
		text_put_string(o, e->label);
		text_put(o, " term");
		text_put_string(o, e->term);
		break;
	case EOM_PARTS:
		text_put_string(o, e->label);
		text_put(o, " term");
		text_put_string(o, e->term);
		break;
	case EOM_IDLE:
		text_put(o, " %u", e->ms);
		break;
	}
	text_put(o, " error ");
	text_put_float(o, e->error);
}

static void
print_head(struct text_out *o, const struct text *t)
{
	text_put(o, "mynah-model %d\nservice", TEXT_VERSION);
	text_put_string(o, t->name);
	text_put(o, " %s\nchannel %s\n", t->proto == MODEL_TCP ? "tcp" : "udp",
	    vocab_name(&vocab_channel, t->channel));
}

static void
print_learner(struct text_out *o, const struct text *t)
{
	text_put(o, "learner");
	text_put_string(o, t->learner);
	text_put(o, " order %u seed %" PRIu64, t->order, t->seed);
	if (t->clusterer.n > 0) {
		text_put(o, " events");
		text_put_string(o, t->clusterer);
	}
	if (t->chosen_of > 0)
		text_put(o, " of %u", t->chosen_of);
	text_put(o, "\n");
	for (uint32_t i = 0; i < t->nsource; i++) {
		text_put(o, "source");
		text_put_string(o, t->source[i].name);
		text_put(o, " conversations %u messages %u\n", t->source[i].conversations,
		    t->source[i].messages);
	}
	text_put(o, "separators");
	text_put_string(o, t->separators);
	text_put(o, "\nstart %u\n", t->start);
}

static void
print_tables(struct text_out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nvar; i++) {
		text_put(o, "var %u %s", i, vocab_name(&vocab_var, t->var[i].type));
		text_put_string(o, t->var[i].preset);
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < t->nclass; i++) {
		text_put(o, "class %u", i);
		print_class(o, &t->class[i]);
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < t->nhostset; i++) {
		const struct text_hostset *h = &t->hostset[i];
		text_put(o, "%s %u scope %s", h->is_register ? "register" : "set", i,
		    vocab_name(&vocab_scope, h->scope));
		if (h->under >= 0)
			text_put(o, " under %d", h->under);
		for (uint32_t k = 0; k < h->n; k++)
			text_put_string(o, h->base[k]);
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < t->neom; i++) {
		text_put(o, "eom %u", i);
		print_eom(o, &t->eom[i]);
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < t->ndata; i++) {
		const struct text_data *d = &t->data[i];
		text_put(o, "data %u scope %s\n", i, vocab_name(&vocab_scope, d->scope));
		for (uint32_t k = 0; k < d->n; k++) {
			text_put(o, "  %u", d->choice[k].weight);
			text_put_string(o, d->choice[k].value);
			text_put(o, "\n");
		}
	}
	for (uint32_t i = 0; i < t->nmap; i++) {
		text_put(o, "map %u\n", i);
		for (uint32_t k = 0; k < t->map[i].n; k++) {
			text_put(o, " ");
			text_put_string(o, t->map[i].pair[k].key);
			text_put_string(o, t->map[i].pair[k].value);
			text_put(o, "\n");
		}
	}
}

static void
print_origin(struct text_out *o, uint32_t support, int32_t cluster, uint8_t origin)
{
	text_put(o, " support %u", support);
	if (cluster >= 0)
		text_put(o, " cluster %d", cluster);
	text_put(o, " from %s", vocab_name(&vocab_origin, origin));
}

static void
print_elem(struct text_out *o, const struct text_elem *e)
{
	if (e->kind != ELEM_LIT)
		text_put(o, " %s", vocab_name(&vocab_elem, e->kind));
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		text_put_string(o, e->lit);
		break;
	case ELEM_SPAN:
		text_put(o, " %d %u %u", e->class, e->min, e->max);
		break;
	case ELEM_ANY:
		text_put(o, " %u", e->min);
		break;
	case ELEM_COUNTED:
		text_put(o, " %u %u", e->min, e->max);
		break;
	case ELEM_LEN:
		text_put(o, " %s %u", vocab_name(&vocab_format, e->format), e->min);
		break;
	}
}

static void
print_op(struct text_out *o, const struct text_op *op)
{
	const char *format = vocab_name(&vocab_format, op->format);

	if (op->kind != OP_LIT)
		text_put(o, " %s", vocab_name(&vocab_op, op->kind));
	switch (op->kind) {
	case OP_LIT:
		text_put_string(o, op->lit);
		break;
	case OP_FIELD:
		text_put(o, " %u", op->slot);
		if (op->from > 0 || op->len > 0)
			text_put(o, " %u", op->from);
		if (op->len > 0)
			text_put(o, " %u", op->len);
		break;
	case OP_SEQ:
		text_put(o, " %u %" PRId64 " %s %u", op->slot, op->delta, format, op->len);
		break;
	case OP_PART:
		text_put(o, " %u %s", op->slot, op->after ? "after" : "before");
		text_put_string(o, op->lit);
		break;
	case OP_LINES:
		text_put(o, " %u", op->slot);
		text_put_string(o, op->lit);
		break;
	case OP_MAP:
	case OP_PATH:
		text_put(o, " %u %u", op->index, op->slot);
		break;
	case OP_RAND:
		text_put(o, " %u %u %s", op->index, op->len, vocab_name(&vocab_scope, op->scope));
		break;
	case OP_DATA:
	case OP_VAR:
	case OP_REG:
		text_put(o, " %u", op->index);
		break;
	case OP_ADDR:
	case OP_PORT:
		text_put(o, " %s %s", op->peer ? "peer" : "own", format);
		break;
	case OP_TIME:
	case OP_LEN:
		text_put(o, " %s %" PRId64, format, op->delta);
		if (op->kind == OP_TIME && op->format == FMT_TEXT)
			text_put_string(o, op->lit);
		else
			text_put(o, " %u", op->len);
		break;
	case OP_SET:
		text_put(o, " %u", op->index);
		text_put_string(o, op->lit);
		break;
	case OP_EACH:
		text_put(o, " %u %u", op->index, op->from);
		text_put_string(o, op->lit);
		text_put_string(o, op->behind);
		break;
	case OP_ANNOUNCED:
		text_put(o, " %s", format);
		break;
	}
}

static void
print_match(struct text_out *o, const struct text_template *p)
{
	text_put(o, "match");
	for (uint32_t k = 0; k < p->nelem; k++)
		print_elem(o, &p->elem[k]);
}

static void
print_templates(struct text_out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->ntemplate; i++) {
		const struct text_template *p = &t->template[i];
		text_put(o, "template %u", i);
		print_origin(o, p->support, p->cluster, p->origin);
		text_put(o, "%s\n  ", p->second ? " second" : "");
		print_match(o, p);
		text_put(o, "\n");
		for (uint32_t k = 0; k < p->nfield; k++)
			text_put(o, "  field %u %u %u\n", p->field[k].slot, p->field[k].first,
			    p->field[k].last);
	}
}

/* A further say line after each literal that ends a line, for the eye. */
static void
print_replies(struct text_out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nreply; i++) {
		const struct text_reply *r = &t->reply[i];
		text_put(o, "reply %u", i);
		print_origin(o, r->support, r->cluster, r->origin);
		text_put(o, "\n  say");
		for (uint32_t k = 0; k < r->nop; k++) {
			const struct text_op *op = &r->op[k];
			print_op(o, op);
			if (op->kind == OP_LIT && op->lit.n > 0 &&
			    op->lit.p[op->lit.n - 1] == '\n' && k + 1 < r->nop)
				text_put(o, "\n  say");
		}
		text_put(o, "\n");
	}
}

static void
print_guard(struct text_out *o, const struct text_guard *g)
{
	text_put(o, "      when %s", vocab_name(&vocab_guard, g->kind));
	switch (g->kind) {
	case GUARD_LINE:
	case GUARD_NO_LINE:
	case GUARD_EQ:
	case GUARD_NE:
		text_put(o, " %u", g->slot);
		text_put_string(o, g->lit);
		break;
	case GUARD_EMPTY:
	case GUARD_NONEMPTY:
		text_put(o, " %u", g->index);
		break;
	case GUARD_HISTORY:
		text_put(o, " %u %u", g->back, g->index);
		break;
	case GUARD_PAIR:
		text_put(o, " %u %u %u", g->slot, g->back, g->index);
		break;
	case GUARD_CHANNEL:
	case GUARD_NO_CHANNEL:
		break;
	default:
		text_put(o, " %u %u", g->slot, g->index);
	}
	text_put(o, "\n");
}

static void
print_alt(struct text_out *o, const struct text_alt *a)
{
	text_put(o, "    alt weight %u", a->weight);
	if (a->reply >= 0)
		text_put(o, " say %d", a->reply);
	text_put(o, " goto %u", a->next);
	if (a->delay_ms > 0)
		text_put(o, " delay %u", a->delay_ms);
	text_put(o, " conf ");
	text_put_float(o, a->conf);
	text_put(o, " scope %s from %s%s%s%s\n", vocab_name(&vocab_scope, a->scope),
	    vocab_name(&vocab_origin, a->origin), a->close ? " close" : "",
	    a->reset ? " reset" : "", a->pending ? " pending" : "");
	for (uint32_t i = 0; i < a->nguard; i++)
		print_guard(o, &a->guard[i]);
	for (uint32_t i = 0; i < a->neffect; i++) {
		const struct text_effect *e = &a->effect[i];
		text_put(o, "      do %s", vocab_name(&vocab_effect, e->kind));
		if (e->kind != EFFECT_POP && e->kind != EFFECT_CLEAR && e->kind != EFFECT_OPEN)
			text_put(o, " %u", e->slot);
		if (e->kind != EFFECT_OPEN && e->kind != EFFECT_TAKE)
			text_put(o, " %u", e->index);
		text_put(o, "\n");
	}
}

static void
print_states(struct text_out *o, const struct text *t)
{
	for (uint32_t i = 0; i < t->nstate; i++) {
		const struct text_state *s = &t->state[i];
		text_put(o, "state %u", i);
		if (s->backoff >= 0)
			text_put(o, " backoff %d", s->backoff);
		if (s->eom >= 0)
			text_put(o, " eom %d", s->eom);
		if (s->idle_ms > 0)
			text_put(o, " idle %u", s->idle_ms);
		text_put(o, " support %u", s->support);
		text_put_string(o, s->note);
		text_put(o, "\n");
		for (uint32_t k = 0; k < s->nturn; k++) {
			const struct text_turn *turn = &s->turn[k];
			text_put(o, "  on %s", vocab_name(&vocab_event, turn->event));
			if (turn->event == EVENT_MESSAGE || turn->event == EVENT_SILENCE)
				text_put(o, " %u", turn->arg);
			if (turn->event == EVENT_CHANNEL)
				text_put(o, " %s", vocab_name(&vocab_news, turn->arg));
			text_put(o, "\n");
			for (uint32_t a = 0; a < turn->nalt; a++)
				print_alt(o, &turn->alt[a]);
		}
	}
}

static void
print_symbol(struct text_out *o, uint32_t symbol)
{
	if (symbol >= PRISMA_START)
		text_put(o, symbol == PRISMA_END ? " end" : " start");
	else
		text_put(o, " %c%u", symbol % 2 == 0 ? 'c' : 's', symbol / 2);
}

static void
print_rule(struct text_out *o, const struct text_rule *r)
{
	text_put(o, "    fill %u", r->field);
	if (r->n > 1)
		text_put(o, " %u", r->n);
	text_put(o, " %s", vocab_name(&vocab_prisma, r->kind));
	if (r->kind != PRISMA_DATA)
		text_put(o, " %u %u", r->back, r->source);
	if (r->kind == PRISMA_SEQ)
		text_put(o, " %" PRId64, r->delta);
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_PART)
		text_put(o, r->after ? " after" : " before");
	if (r->kind == PRISMA_PART)
		text_put_string(o, r->lit);
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_DATA)
		text_put(o, " %u %u", r->values, r->column);
	text_put(o, "\n");
}

static void
print_prisma_tables(struct text_out *o, const struct text_prisma *p)
{
	for (uint32_t i = 0; i < p->nform; i++) {
		const struct text_form *f = &p->form[i];
		text_put(o, "  form %u node %u count %u", i, f->node, f->count);
		for (uint32_t k = 0; k < f->npiece; k++) {
			if (f->piece[k].n > 0)
				text_put_string(o, f->piece[k]);
			else
				text_put(o, " *");
		}
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < p->nvalues; i++) {
		const struct text_values *v = &p->values[i];
		text_put(o, "  values %u of %u columns %u\n", i, v->total, v->ncolumn);
		for (uint32_t k = 0; k < v->nrow; k++) {
			text_put(o, "    %u", v->row[k].count);
			for (uint32_t c = 0; c < v->ncolumn; c++)
				text_put_string(o, v->row[k].value[c]);
			text_put(o, "\n");
		}
	}
}

static void
print_prisma(struct text_out *o, const struct text_prisma *p)
{
	if (p->order == 0)
		return;
	text_put(o, "prisma order %u port %u separators", p->order, p->port);
	text_put_string(o, p->separators);
	if (p->has_run) {
		text_put(o, " run %u", p->head);
		text_put_string(o, span_of(&p->delimiter, 1));
	}
	text_put(o, "\n");
	for (uint32_t i = 0; i < p->nnode; i++) {
		text_put(o, "  node %u", i);
		for (uint32_t k = 0; k < p->order; k++)
			print_symbol(o, p->node[i].symbol[k]);
		text_put(o, "\n");
		for (uint32_t k = 0; k < p->node[i].nway; k++)
			text_put(o, "    to %u %u\n", p->node[i].way[k].to, p->node[i].way[k].count);
	}
	print_prisma_tables(o, p);
	for (uint32_t i = 0; i < p->ncontext; i++) {
		const struct text_context *c = &p->context[i];
		text_put(o, "  context count %u", c->count);
		for (uint32_t k = 0; k < c->nform; k++) {
			if (c->form[k] >= 0)
				text_put(o, " %d", c->form[k]);
			else
				text_put(o, " -");
		}
		text_put(o, "\n");
		for (uint32_t k = 0; k < c->nrule; k++)
			print_rule(o, &c->rule[k]);
	}
}

static void
print_basis(struct text_out *o, const struct text_basis *b, const char *side)
{
	if (b->nfeature == 0 && b->ncluster == 0)
		return;
	text_put(o, "basis%s %s", side, b->ngram > 0 ? "ngram" : "tokens");
	if (b->ngram > 0)
		text_put(o, " %u", b->ngram);
	text_put(o, "\n");
	for (uint32_t i = 0; i < b->nfeature; i++) {
		text_put(o, "  feature");
		text_put_string(o, b->feature[i]);
		text_put(o, "\n");
	}
	for (uint32_t i = 0; i < b->ncluster; i++) {
		text_put(o, "  cluster %u", i);
		for (uint32_t k = 0; k < b->ncolumn[i]; k++) {
			text_put(o, " %u:", b->column[i][k].feature);
			text_put_float(o, b->column[i][k].value);
		}
		text_put(o, "\n");
	}
}

static void
print_rest(struct text_out *o, const struct text *t)
{
	print_basis(o, &t->basis[SIDE_CLIENT], "");
	print_basis(o, &t->basis[SIDE_SERVER], " server");
	print_prisma(o, &t->prisma);
	for (uint32_t i = 0; i < t->nvector; i++) {
		text_put(o, "vector\n");
		for (uint32_t k = 0; k < t->vector[i].n; k++) {
			text_put(o, k % 2 == 0 ? "  >" : "  <");
			text_put_string(o, t->vector[i].line[k]);
			text_put(o, "\n");
		}
	}
}

static void
print_machine(struct text_out *o, const struct text *t)
{
	print_learner(o, t);
	print_tables(o, t);
	print_templates(o, t);
	print_replies(o, t);
	print_states(o, t);
	print_rest(o, t);
}

int
text_print_match(const struct text_template *template, char **to, size_t *n)
{
	struct text_out o = { 0 };

	print_match(&o, template);
	return text_put_end(&o, to, n);
}

int
text_print(const struct text *t, char **to, size_t *n)
{
	struct text_out o = { 0 };

	print_head(&o, t);
	print_machine(&o, t);
	if (t->second != NULL) {
		text_put(&o, "second");
		for (uint32_t k = 0; k < SECOND_KIND_N; k++)
			if (t->second_for >> k & 1)
				text_put(&o, " %s", vocab_name(&vocab_second, k));
		text_put(&o, "\n");
		print_machine(&o, t->second);
	}
	return text_put_end(&o, to, n);
}
