/* The part of PRISMA: its reader, and what can be wrong with it. */
#include "models/text_read.h"

/* start, end, or c or s and the number of an event. */
static uint32_t
read_symbol(struct parser *p)
{
	struct span s = p->x.text;
	uint64_t v = 0;
	bool good;

	if (lex_take(&p->x, "start"))
		return PRISMA_START;
	if (lex_take(&p->x, "end"))
		return PRISMA_END;
	good = p->x.kind == LEX_WORD && s.n > 1 && s.n < 10 && (s.p[0] == 'c' || s.p[0] == 's');
	for (size_t i = 1; i < s.n && good; i++) {
		good = s.p[i] >= '0' && s.p[i] <= '9';
		v = v * 10 + s.p[i] - '0';
	}
	if (!good)
		lex_fail(&p->x, "a symbol is start, end, or c or s and the number of an event");
	lex_next(&p->x);
	return (uint32_t)(2 * v + (s.p[0] == 's'));
}

static void
read_node(struct parser *p, uint32_t order)
{
	struct text_node *node;

	read_index(p, "node", p->node.n);
	node = MORE(p, &p->node, struct text_node);
	node->symbol = lex_alloc(&p->x, order, sizeof *node->symbol);
	for (uint32_t i = 0; i < order; i++)
		node->symbol[i] = read_symbol(p);
	lex_eol(&p->x);
	while (lex_take(&p->x, "to")) {
		struct text_way *way = MORE(p, &p->way, struct text_way);
		way->to = read_u32(p, "a node");
		way->count = read_u32(p, "a count");
		lex_eol(&p->x);
	}
	node->way = KEEP(p, &p->way, struct text_way, &node->nway);
}

static void
read_form(struct parser *p)
{
	struct text_form *form;

	read_index(p, "form", p->form.n);
	form = MORE(p, &p->form, struct text_form);
	lex_expect(&p->x, "node");
	form->node = read_u32(p, "a node");
	lex_expect(&p->x, "count");
	form->count = read_u32(p, "a count");
	while (p->x.kind == LEX_STRING || lex_is(&p->x, "*")) {
		struct span *piece = MORE(p, &p->span, struct span);

		if (lex_take(&p->x, "*")) {
			form->nfield++;
			continue;
		}
		if (p->x.text.n == 0)
			lex_fail(&p->x, "what is fixed in a form has at least one byte");
		*piece = lex_string(&p->x, "fixed tokens");
	}
	form->piece = KEEP(p, &p->span, struct span, &form->npiece);
	lex_eol(&p->x);
}

static void
read_values(struct parser *p)
{
	struct text_values *v;

	read_index(p, "values", p->values.n);
	v = MORE(p, &p->values, struct text_values);
	lex_expect(&p->x, "of");
	v->total = read_u32(p, "a count");
	lex_expect(&p->x, "columns");
	v->ncolumn = (uint32_t)lex_number(&p->x, "the number of columns", TEXT_ITEMS);
	lex_eol(&p->x);
	while (lex_at_number(&p->x)) {
		struct text_row *row = MORE(p, &p->row, struct text_row);
		uint32_t n;

		row->count = read_u32(p, "a count");
		for (uint32_t i = 0; i < v->ncolumn; i++)
			*MORE(p, &p->span, struct span) = lex_string(&p->x, "a value");
		row->value = KEEP(p, &p->span, struct span, &n);
		lex_eol(&p->x);
	}
	v->row = KEEP(p, &p->row, struct text_row, &v->nrow);
}

static void
read_rule(struct parser *p)
{
	struct text_rule *r = MORE(p, &p->rule, struct text_rule);

	r->field = read_u32(p, "a field");
	r->n = lex_at_number(&p->x) ? read_u32(p, "a number of fields") : 1;
	r->kind = (uint8_t)lex_vocab(&p->x, &vocab_prisma);
	if (r->kind != PRISMA_DATA) {
		r->back = read_u32(p, "how many messages before");
		r->source = read_u32(p, "a field");
	}
	if (r->kind == PRISMA_SEQ)
		r->delta = lex_integer(&p->x, "a number to add", INT64_MIN + 1, INT64_MAX);
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_PART) {
		r->after = lex_take(&p->x, "after");
		if (!r->after)
			lex_expect(&p->x, "before");
	}
	if (r->kind == PRISMA_PART)
		r->lit = lex_string(&p->x, "a separator");
	if (r->kind == PRISMA_ADD || r->kind == PRISMA_DATA) {
		r->values = read_u32(p, "a table of values");
		r->column = read_u32(p, "a column");
	}
	lex_eol(&p->x);
}

static void
read_context(struct parser *p)
{
	struct text_context *c = MORE(p, &p->context, struct text_context);
	int32_t form[PRISMA_MAX_ORDER + 1];

	lex_expect(&p->x, "count");
	c->count = read_u32(p, "a count");
	while (p->x.kind == LEX_WORD) {
		if (c->nform > PRISMA_MAX_ORDER)
			lex_fail(&p->x, "a context has at most %d forms", PRISMA_MAX_ORDER + 1);
		form[c->nform++] = lex_take(&p->x, "-") ? -1
		    : (int32_t)lex_number(&p->x, "a form", INT32_MAX);
	}
	c->form = lex_alloc(&p->x, c->nform, sizeof *c->form);
	memcpy(c->form, form, c->nform * sizeof *form);
	lex_eol(&p->x);
	while (lex_take(&p->x, "fill"))
		read_rule(p);
	c->rule = KEEP(p, &p->rule, struct text_rule, &c->nrule);
}

void
read_prisma(struct parser *p)
{
	struct text_prisma *to = &p->t.prisma;

	read_spot(p, PART_PRISMA);
	lex_expect(&p->x, "order");
	to->order = (uint32_t)lex_number(&p->x, "the order", PRISMA_MAX_ORDER);
	if (to->order == 0)
		lex_fail(&p->x, "the order is 1 to %d", PRISMA_MAX_ORDER);
	lex_expect(&p->x, "port");
	to->port = (uint16_t)lex_number(&p->x, "the port", UINT16_MAX);
	lex_expect(&p->x, "separators");
	to->separators = lex_string(&p->x, "the separators");
	to->has_run = lex_take(&p->x, "run");
	if (to->has_run) {
		struct span s;

		to->head = (uint32_t)lex_number(&p->x, "the bytes before the run", TEXT_ITEMS);
		s = lex_string(&p->x, "the byte behind the run");
		if (s.n != 1)
			lex_fail(&p->x, "a run ends at one byte");
		else
			to->delimiter = s.p[0];
	}
	lex_eol(&p->x);
	while (lex_take(&p->x, "node"))
		read_node(p, to->order);
	while (lex_take(&p->x, "form"))
		read_form(p);
	while (lex_take(&p->x, "values"))
		read_values(p);
	while (lex_take(&p->x, "context"))
		read_context(p);
	to->node = KEEP(p, &p->node, struct text_node, &to->nnode);
	to->form = KEEP(p, &p->form, struct text_form, &to->nform);
	to->values = KEEP(p, &p->values, struct text_values, &to->nvalues);
	to->context = KEEP(p, &p->context, struct text_context, &to->ncontext);
}

/* start comes first if at all, end last. */
static bool
node_fault(const struct text_prisma *p, uint32_t i, char *fault, size_t room)
{
	const struct text_node *n = &p->node[i];
	uint64_t sum = 0;

	for (uint32_t k = 0; k < p->order; k++) {
		uint32_t symbol = n->symbol[k];

		if (symbol == PRISMA_START ? i > 0 && (k + 1 == p->order ||
		    (k > 0 && n->symbol[k - 1] != PRISMA_START)) :
		    symbol == PRISMA_END && k + 1 < p->order)
			return FAULT("node %u: start and end stand where they cannot", i);
		if (i == 0 && symbol != PRISMA_START)
			return FAULT("node 0 must be the start");
	}
	for (uint32_t k = 0; k < n->nway; k++) {
		const struct text_way *way = &n->way[k];

		if (way->to >= p->nnode || way->count == 0 || (k > 0 && way[-1].to >= way->to))
			return FAULT("node %u: the ways must be counted, lead to nodes and ascend", i);
		if (memcmp(n->symbol + 1, p->node[way->to].symbol,
		    (p->order - 1) * sizeof *n->symbol) != 0)
			return FAULT("node %u: node %u has another history", i, way->to);
		sum += way->count;
	}
	return sum > UINT32_MAX && FAULT("node %u: the counts are too many", i);
}

static bool
form_fault(const struct text_prisma *p, uint32_t i, char *fault, size_t room)
{
	const struct text_form *f = &p->form[i];
	uint64_t bytes = 0;
	uint32_t fields = 0;

	if (f->node >= p->nnode || p->node[f->node].symbol[p->order - 1] >= PRISMA_START)
		return FAULT("form %u: node %u says nothing", i, f->node);
	if (f->count == 0 || f->npiece > TEXT_ITEMS)
		return FAULT("form %u: a count of 0, or more than %d pieces", i, TEXT_ITEMS);
	for (uint32_t k = 0; k < f->npiece; k++) {
		bytes += f->piece[k].n;
		fields += f->piece[k].n == 0;
		if (k > 0 && f->piece[k].n > 0 && f->piece[k - 1].n > 0)
			return FAULT("form %u: two strings stand side by side", i);
	}
	if (fields != f->nfield)
		return FAULT("form %u: %u fields are counted as %u", i, fields, f->nfield);
	return bytes > MODEL_MESSAGE_BYTES && FAULT("form %u: more than %d bytes", i,
	    MODEL_MESSAGE_BYTES);
}

static bool
values_fault(const struct text_prisma *p, uint32_t i, char *fault, size_t room)
{
	const struct text_values *v = &p->values[i];
	uint64_t sum = 0;

	if (v->ncolumn == 0 || v->ncolumn > TEXT_ITEMS || v->nrow == 0)
		return FAULT("values %u: it must have rows and 1 to %d columns", i, TEXT_ITEMS);
	for (uint32_t k = 0; k < v->nrow; k++) {
		if (v->row[k].count == 0)
			return FAULT("values %u: row %u has the count 0", i, k);
		sum += v->row[k].count;
		for (uint32_t c = 0; c < v->ncolumn; c++)
			if (v->row[k].value[c].n > MODEL_MESSAGE_BYTES)
				return FAULT("values %u: a value of more than %d bytes", i,
				    MODEL_MESSAGE_BYTES);
	}
	return sum > v->total && FAULT("values %u: more rows than there were", i);
}

/* filled: a byte for each field of the form. What stands in this message must be there first. */
static bool
rule_fault(const struct text_prisma *p, const struct text_context *c, const struct text_rule *r,
    uint8_t *filled, char *fault, size_t room)
{
	bool table = r->kind == PRISMA_ADD || r->kind == PRISMA_DATA;
	uint32_t fields = p->form[c->form[c->nform - 1]].nfield;
	int32_t from;

	if (r->kind >= PRISMA_RULE_N || r->n == 0 || (uint64_t)r->field + r->n > fields)
		return FAULT("fills field %u of %u", r->field, fields);
	for (uint32_t i = 0; i < r->n; i++)
		if (filled[r->field + i]++)
			return FAULT("fills field %u twice", r->field + i);
	if (table && (r->values >= p->nvalues ||
	    (uint64_t)r->column + (r->kind == PRISMA_ADD ? 1 : r->n) > p->values[r->values].ncolumn))
		return FAULT("column %u of values %u is not defined", r->column, r->values);
	if (r->kind == PRISMA_PART && (r->lit.n == 0 || r->lit.n > TEXT_STRING))
		return FAULT("a separator has 1 to %d bytes", TEXT_STRING);
	if (r->kind == PRISMA_DATA)
		return false;
	if (r->back >= c->nform)
		return FAULT("looks back %u messages", r->back);
	from = c->form[c->nform - 1 - r->back];
	if (from < 0 || (uint64_t)r->source + r->n > p->form[from].nfield)
		return FAULT("there is no field %u, %u back", r->source, r->back);
	if (r->back == 0 && (r->n > 1 || !filled[r->source] || r->source == r->field))
		return FAULT("field %u is not filled yet", r->source);
	return false;
}

static bool
context_fault(const struct text_prisma *p, uint32_t i, char *fault, size_t room)
{
	const struct text_context *c = &p->context[i];
	uint8_t filled[TEXT_ITEMS];
	char what[120];
	uint32_t fields, all = 0;

	if (c->nform == 0 || c->nform > p->order + 1 || c->count == 0)
		return FAULT("context %u: it has 1 to %u forms and a count", i, p->order + 1);
	for (uint32_t k = 0; k < c->nform; k++)
		if (c->form[k] < 0 ? k + 1 == c->nform || (k > 0 && c->form[k - 1] >= 0)
		    : (uint32_t)c->form[k] >= p->nform)
			return FAULT("context %u: form %d cannot stand there", i, c->form[k]);
	fields = p->form[c->form[c->nform - 1]].nfield;
	memset(filled, 0, fields);
	for (uint32_t k = 0; k < c->nrule; k++, all += c->rule[k - 1].n)
		if (rule_fault(p, c, &c->rule[k], filled, what, sizeof what))
			return FAULT("context %u: rule %u: %s", i, k, what);
	return all != fields && FAULT("context %u does not fill every field", i);
}

bool
text_prisma_fault(const struct text_prisma *p, char *fault, size_t room)
{
	if (p->order == 0)
		return p->nnode + p->nform + p->nvalues + p->ncontext > 0 &&
		    FAULT("it has parts, but no order");
	if (p->order > PRISMA_MAX_ORDER || p->separators.n > TEXT_STRING)
		return FAULT("an order above %d, or too many separators", PRISMA_MAX_ORDER);
	if (p->has_run && (p->separators.n > 0 || p->head > TEXT_ITEMS))
		return FAULT("a run stands where there are no separators, behind %d bytes at most", TEXT_ITEMS);
	if (p->nnode == 0 || p->nnode > MODEL_STATES || p->nform > MODEL_TEMPLATES ||
	    p->nvalues > TEXT_MANY || p->ncontext > TEXT_MANY)
		return FAULT("no nodes, or more nodes, forms, values or contexts than there may be");
	for (uint32_t i = 0; i < p->nnode; i++)
		if (node_fault(p, i, fault, room))
			return true;
	for (uint32_t i = 0; i < p->nform; i++)
		if (form_fault(p, i, fault, room))
			return true;
	for (uint32_t i = 0; i < p->nvalues; i++)
		if (values_fault(p, i, fault, room))
			return true;
	for (uint32_t i = 0; i < p->ncontext; i++)
		if (context_fault(p, i, fault, room))
			return true;
	return false;
}
