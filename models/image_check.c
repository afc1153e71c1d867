#include "models/image_check.h"

#include <errno.h>
#include <stdlib.h>

#include "models/eom.h"
#include "models/match.h"

static bool
check_model(struct image_check *c)
{
	const struct image_model *m = c->i.model;

	if (c->n[IMAGE_MODEL] != 1 || !image_is_string(c, m->name) || m->name.n < 1 || m->name.n > 63)
		return image_refuse(c, "it has no name");
	if (m->start >= c->n[IMAGE_STATE] || c->n[IMAGE_STATE] > MODEL_STATES)
		return image_refuse(c, "it starts in state %u of %u", m->start, c->n[IMAGE_STATE]);
	if ((m->proto != MODEL_TCP && m->proto != MODEL_UDP) || m->channel != CHANNEL_PLAIN ||
	    !!(m->flags & MODEL_SECOND) != c->second ||
	    (m->flags >= MODEL_SECOND_FOR && c->n[IMAGE_SECOND] == 0) || m->reply_max > MODEL_REPLY_BYTES ||
	    m->idle_ms == 0 || !image_all_zero(m->zero, sizeof m->zero))
		return image_refuse(c, "its description makes no sense");
	return true;
}

/* Marks where lists begin; each ends inside and names templates. */
static bool
check_acc(struct image_check *c, bool *begins)
{
	const uint16_t *acc = c->i.acc;
	uint32_t at = 0, n = c->n[IMAGE_ACC];

	while (at < n) {
		begins[at] = true;
		if (acc[at] > n - at - 1)
			return image_refuse(c, "a list of templates does not end");
		for (uint32_t x = 1; x <= acc[at]; x++)
			if (acc[at + x] >= c->n[IMAGE_TEMPLATE])
				return image_refuse(c, "the automaton accepts no template");
		at += acc[at] + 1u;
	}
	if (n == 0 || acc[0] != 0)
		return image_refuse(c, "its empty list is not empty");
	return true;
}

static bool
check_nodes(struct image_check *c, const bool *begins)
{
	const struct image *i = &c->i;
	uint32_t nclasses = i->model->nclasses;

	for (uint32_t k = 0; k < c->n[IMAGE_NODE]; k++) {
		const struct image_node *n = &i->node[k];
		bool final = n->accept != 0;

		for (uint32_t x = 0; x < nclasses && final; x++)
			final = match_next(i->step, i->cell, k, (uint8_t)x) == MATCH_DEAD;
		if (n->accept >= c->n[IMAGE_ACC] || !begins[n->accept] ||
		    n->near > c->n[IMAGE_TEMPLATE] || n->final != final ||
		    (k == 0 && (n->accept != 0 || n->near != 0)))
			return image_refuse(c, "node %u is wrong", k);
	}
	return true;
}

/* Wherever a message is read from, a step leads to a node; from the dead one to itself. */
static bool
check_steps(struct image_check *c, uint32_t nodes, uint32_t nclasses)
{
	const struct image *i = &c->i;
	uint32_t ncells = c->n[IMAGE_CELL];

	for (uint32_t k = 0; k < ncells; k++)
		if (i->cell[k].next >= nodes || (i->cell[k].owner == MATCH_DEAD && i->cell[k].next != MATCH_DEAD))
			return image_refuse(c, "cell %u leads nowhere", k);
	for (uint32_t k = 0; k < nodes; k++)
		if (i->step[k].base > ncells - nclasses || i->step[k].usual >= nodes ||
		    (k == MATCH_DEAD && i->step[k].usual != MATCH_DEAD))
			return image_refuse(c, "node %u leads nowhere", k);
	return true;
}

static bool
check_automaton(struct image_check *c)
{
	const struct image *i = &c->i;
	uint32_t nclasses = i->model->nclasses, nodes = c->n[IMAGE_NODE];
	bool *begins, good;

	if (c->n[IMAGE_CLSMAP] != 256 || nclasses < 1 || nclasses > 256 || nodes < 2 || nodes > 65536 ||
	    c->n[IMAGE_STEP] != nodes || c->n[IMAGE_CELL] < nclasses)
		return image_refuse(c, "its automaton has %u nodes and %u classes", nodes, nclasses);
	for (unsigned v = 0; v < 256; v++)
		if (i->clsmap[v] >= nclasses)
			return image_refuse(c, "byte %u is in no class", v);
	if (!check_steps(c, nodes, nclasses))
		return false;
	begins = calloc((size_t)c->n[IMAGE_ACC] + 1, sizeof *begins);
	if (begins == NULL) {
		c->err = diag_set(c->why, -ENOMEM, "%s: there is not enough memory to check this "
		    "image.", c->name);
		return false;
	}
	good = check_acc(c, begins) && check_nodes(c, begins);
	free(begins);
	return good;
}

static bool
check_elem(const struct image_check *c, const struct image_elem *e)
{
	if (!image_all_zero(e->zero, sizeof e->zero) || !image_is_string(c, e->lit))
		return false;
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
	case ELEM_TAIL:
		return true;
	case ELEM_SPAN:
		return e->class < c->n[IMAGE_CLASS] && (e->max == 0 || e->max >= e->min);
	case ELEM_ANY:
		return e->max == e->min;
	case ELEM_COUNTED:
		return e->min <= e->max && e->max <= COUNTED_MAX;
	}
	return false;
}

static bool
check_templates(struct image_check *c)
{
	const struct image *i = &c->i;
	uint64_t elem = 0, field = 0;

	if (c->n[IMAGE_TEMPLATE] > MODEL_TEMPLATES)
		return image_refuse(c, "it has too many templates");
	for (uint32_t k = 0; k < c->n[IMAGE_ELEM]; k++)
		if (!check_elem(c, &i->elem[k]))
			return image_refuse(c, "element %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_CLASS]; k++) {
		uint32_t n = 0;

		for (unsigned v = 0; v < 256; v++)
			if (i->class[k].has[v / 8] >> v % 8 & 1 && i->class[k].member[n++] != v)
				return image_refuse(c, "class %u is wrong", k);
		if (i->class[k].n != n || !image_all_zero(i->class[k].member + n, 256 - n))
			return image_refuse(c, "class %u is wrong", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_TEMPLATE]; k++) {
		const struct image_template *t = &i->template[k];
		uint64_t literal = 0;
		uint32_t fills = 0;

		if (!image_follows(c, IMAGE_ELEM, &elem, t->elem, t->nelem) ||
		    !image_follows(c, IMAGE_FIELD, &field, t->field, t->nfield) ||
		    t->nfield > MODEL_SLOTS || t->second > (c->n[IMAGE_SECOND] > 0))
			return image_refuse(c, "template %u lies outside", k);
		for (uint32_t f = t->field; f < t->field + t->nfield; f++) {
			const struct image_field *x = &i->field[f];

			if (x->slot >= MODEL_SLOTS || x->first > x->last || x->last >= t->nelem ||
			    fills >> x->slot & 1)
				return image_refuse(c, "field %u of template %u is wrong", f - t->field, k);
			fills |= 1u << x->slot;
		}
		for (uint32_t e = t->elem; e < t->elem + t->nelem; e++)
			if (i->elem[e].kind == ELEM_LIT || i->elem[e].kind == ELEM_LIT_CASE)
				literal += i->elem[e].lit.n;
		if (t->literal != literal)
			return image_refuse(c, "template %u has other literals than it says", k);
		if (t->fills != fills)
			return image_refuse(c, "template %u fills other slots than it says", k);
		if (t->resync >= (uint32_t)RESYNC_UNCLEAR)
			continue;
		if (t->resync >= c->n[IMAGE_TURN] || i->turn[t->resync].event != EVENT_MESSAGE ||
		    i->turn[t->resync].arg != k)
			return image_refuse(c, "template %u is expected where it is not", k);
	}
	return true;
}

static bool
check_states(struct image_check *c)
{
	const struct image *i = &c->i;

	uint64_t turn = 0, group = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_STATE]; k++) {
		const struct image_state *s = &i->state[k];
		uint32_t hops = 0;

		if (!image_follows(c, IMAGE_TURN, &turn, s->turn, s->nturn) ||
		    (s->eom != IMAGE_NONE && s->eom >= c->n[IMAGE_EOM]) || s->wants_arena > 1)
			return image_refuse(c, "state %u is wrong", k);
		for (uint32_t b = s->backoff; b != IMAGE_NONE; b = i->state[b].backoff)
			if (b >= c->n[IMAGE_STATE] || ++hops > MODEL_BACKOFF)
				return image_refuse(c, "state %u backs off for ever", k);
		for (uint32_t t = s->turn; t < s->turn + s->nturn; t++) {
			const struct image_turn *x = &i->turn[t];

			if (t > s->turn && (x[-1].event > x->event ||
			    (x[-1].event == x->event && x[-1].arg >= x->arg)))
				return image_refuse(c, "the turns of state %u are not sorted", k);
		}
	}
	for (uint32_t t = 0; t < c->n[IMAGE_TURN]; t++) {
		const struct image_turn *x = &i->turn[t];

		if (x->event >= EVENT_KIND_N ||
		    !image_follows(c, IMAGE_GROUP, &group, x->group, x->ngroup) ||
		    (x->event == EVENT_MESSAGE && x->arg >= c->n[IMAGE_TEMPLATE]))
			return image_refuse(c, "turn %u is wrong", t);
	}
	return true;
}

static bool
check_guard(const struct image_check *c, const struct image_guard *g)
{
	if (g->slot >= MODEL_SLOTS || !image_is_string(c, g->lit))
		return false;
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
	case GUARD_BEGINS:
		return g->index < c->n[IMAGE_MAP];
	case GUARD_PAIR:
		return g->index < c->n[IMAGE_MAP] && g->back < MODEL_SLOTS;
	case GUARD_LINE:
	case GUARD_NO_LINE:
	case GUARD_EQ:
	case GUARD_NE:
	case GUARD_CHANNEL:
	case GUARD_NO_CHANNEL:
		return true;
	case GUARD_HISTORY:
		return g->index < c->n[IMAGE_TEMPLATE] && g->back >= 1 && g->back <= 3;
	case GUARD_IN:
	case GUARD_NOTIN:
		return g->index < c->n[IMAGE_HOSTSET] && image_is_set(c, g->index);
	case GUARD_LEAF:
	case GUARD_PARENT:
		return g->index < c->n[IMAGE_HOSTSET] && image_is_set(c, g->index) &&
		    c->i.hostset[g->index].under != IMAGE_NONE;
	case GUARD_EMPTY:
	case GUARD_NONEMPTY:
		return g->index < c->n[IMAGE_HOSTSET] && !image_is_set(c, g->index);
	}
	return false;
}

static bool
check_effect(const struct image_check *c, const struct image_effect *e)
{
	if (e->slot >= MODEL_SLOTS)
		return false;
	if (e->kind == EFFECT_OPEN || e->kind == EFFECT_TAKE)
		return e->index == 0;
	if (e->kind == EFFECT_SEND)
		return e->index < c->n[IMAGE_REPLY];
	if (e->index >= c->n[IMAGE_HOSTSET])
		return false;
	switch (e->kind) {
	case EFFECT_ADD:
	case EFFECT_DEL:
		return image_is_set(c, e->index);
	case EFFECT_STORE:
	case EFFECT_PUSH:
	case EFFECT_POP:
		return !image_is_set(c, e->index);
	case EFFECT_CLEAR:
		return true;
	}
	return false;
}

static bool
weights_add_up(const struct image_alt *alt, const struct image_group *g)
{
	uint64_t sum = 0;
	uint32_t heaviest = 0;

	for (uint32_t k = 0; k < g->nalt; k++) {
		if (alt[k].before != sum || alt[k].weight == 0)
			return false;
		sum += alt[k].weight;
		heaviest = MAX(heaviest, alt[k].weight);
	}
	return sum == g->weight && heaviest == g->heaviest;
}

static bool
check_groups(struct image_check *c)
{
	const struct image *i = &c->i;
	uint64_t guard = 0, alt = 0, effect = 0;
	bool opens = false;

	for (uint32_t k = 0; k < c->n[IMAGE_GUARD]; k++)
		if (!check_guard(c, &i->guard[k]))
			return image_refuse(c, "guard %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_EFFECT]; k++)
		if (!check_effect(c, &i->effect[k]))
			return image_refuse(c, "effect %u is wrong", k);
		else
			opens |= i->effect[k].kind == EFFECT_OPEN;
	if (opens != !!(i->h->features & IMAGE_NEEDS_RELATED))
		return image_refuse(c, "it opens other connections than it says");
	for (uint32_t k = 0; k < c->n[IMAGE_ALT]; k++) {
		const struct image_alt *a = &i->alt[k];

		if (a->neffect > MODEL_EFFECTS || !image_follows(c, IMAGE_EFFECT, &effect, a->effect, a->neffect))
			return image_refuse(c, "the effects of alternative %u lie outside", k);
		if ((a->reply != IMAGE_NONE && a->reply >= c->n[IMAGE_REPLY]) ||
		    a->next >= c->n[IMAGE_STATE] || a->zero != 0 ||
		    a->flags > (ALT_CLOSE | ALT_RESET | ALT_PENDING))
			return image_refuse(c, "alternative %u is wrong", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_GROUP]; k++) {
		const struct image_group *g = &i->group[k];

		if (!image_follows(c, IMAGE_GUARD, &guard, g->guard, g->nguard) ||
		    g->nguard > MODEL_GUARDS || !image_follows(c, IMAGE_ALT, &alt, g->alt, g->nalt) ||
		    g->nalt == 0 || g->scope >= SCOPE_N || !weights_add_up(&i->alt[g->alt], g))
			return image_refuse(c, "group %u is wrong", k);
	}
	return true;
}

static bool
is_time_format(struct span f)
{
	for (size_t i = 0; i < f.n; i++)
		if (f.p[i] == '%' && (++i == f.n || memchr("abdeHMSYymjsTZ%", f.p[i], 15) == NULL))
			return false;
	return true;
}

static bool
check_op(const struct image_check *c, const struct image_op *op)
{
	bool number = op->format == FMT_TEXT || op->format == FMT_HEX || op->format == FMT_BE ||
	    op->format == FMT_LE;
	bool width = op->format == FMT_TEXT || op->format == FMT_HEX || op->len <= 8;

	if (!image_is_string(c, op->lit) || op->slot >= MODEL_SLOTS || op->format >= FORMAT_N ||
	    op->zero != 0 ||
	    op->flags > (OP_PEER | OP_AFTER | OP_COUNTS_BEFORE | OP_COUNTS_MARK | OP_COUNTS_END))
		return false;
	switch (op->kind) {
	case OP_LIT:
	case OP_FIELD:
	case OP_PART:
	case OP_LINES:
	case OP_MARK:
	case OP_BREAK:
	case OP_END:
	case OP_ADDR:
	case OP_PORT:
	case OP_ANNOUNCED:
		return true;
	case OP_EACH:
		return op->index < c->n[IMAGE_HOSTSET] && image_is_set(c, op->index) && op->len < c->n[IMAGE_MAP] &&
		    op->from <= op->lit.n;
	case OP_SEQ:
		return number && width && op->len <= MODEL_REPLY_BYTES;
	case OP_LEN:
		return number && width && op->len <= MODEL_REPLY_BYTES &&
		    (op->len > 0 || !(op->flags & OP_COUNTS_BEFORE)) &&
		    (op->len > 0 || op->format == FMT_TEXT || op->format == FMT_HEX);
	case OP_TIME:
		if (op->format == FMT_TEXT)
			return is_time_format(span_of(c->i.str + op->lit.at, op->lit.n));
		return number && width && op->len <= MODEL_REPLY_BYTES &&
		    (op->len > 0 || op->format == FMT_HEX);
	case OP_DATA:
		return op->index < c->n[IMAGE_DATA];
	case OP_MAP:
		return op->index < c->n[IMAGE_MAP];
	case OP_RAND:
		return op->index < c->n[IMAGE_CLASS] && c->i.class[op->index].n > 0 &&
		    op->scope < SCOPE_N && op->len <= MODEL_REPLY_BYTES;
	case OP_VAR:
		return op->index < c->n[IMAGE_VAR];
	case OP_SET:
		return op->index < c->n[IMAGE_HOSTSET] && image_is_set(c, op->index);
	case OP_REG:
	case OP_PATH:
		return op->index < c->n[IMAGE_HOSTSET] && !image_is_set(c, op->index);
	}
	return false;
}

static uint32_t
op_reads(const struct image_op *op)
{
	bool reads = op->kind == OP_FIELD || op->kind == OP_SEQ || op->kind == OP_PART ||
	    op->kind == OP_MAP || op->kind == OP_LINES || op->kind == OP_PATH;

	return reads ? 1u << op->slot : 0;
}

/* OP_LEN looks for its mark where the compiler said. */
static bool
check_len_place(const struct image_op *op, uint32_t n, uint32_t k)
{
	bool before = false, mark = false;
	uint32_t open = 1;

	for (uint32_t j = k + 1; j < n && op[j].kind != OP_BREAK && open > 0; j++) {
		mark |= op[j].kind == OP_MARK;
		open += (op[j].kind == OP_LEN) - (uint32_t)(op[j].kind == OP_END);
	}
	if (open == 0)
		return (op[k].flags & (OP_COUNTS_MARK | OP_COUNTS_BEFORE | OP_COUNTS_END)) == OP_COUNTS_END;
	for (uint32_t j = k; !mark && j-- > 0 && op[j].kind != OP_BREAK;)
		before |= op[j].kind == OP_MARK;
	return !(op[k].flags & OP_COUNTS_END) && mark == !!(op[k].flags & OP_COUNTS_MARK) &&
	    before == !!(op[k].flags & OP_COUNTS_BEFORE);
}

static bool
check_replies(struct image_check *c)
{
	const struct image *i = &c->i;
	uint32_t keep = 0;
	uint64_t ops = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_OP]; k++)
		if (!check_op(c, &i->op[k]))
			return image_refuse(c, "op %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_REPLY]; k++) {
		const struct image_reply *r = &i->reply[k];
		uint32_t reads = 0, nlen = 0, host = 0, open = 0;

		if (!image_follows(c, IMAGE_OP, &ops, r->op, r->nop) || r->nop > 4096)
			return image_refuse(c, "reply %u lies outside", k);
		for (uint32_t o = 0; o < r->nop; o++) {
			const struct image_op *op = &i->op[r->op + o];

			reads |= op_reads(op);
			open = op->kind == OP_BREAK ? 0 : open + (op->kind == OP_LEN);
			if (op->kind == OP_END && open-- == 0)
				return image_refuse(c, "reply %u ends a length that is not there", k);
			host |= op->kind == OP_REG || op->kind == OP_SET || op->kind == OP_PATH || op->kind == OP_EACH;
			if (op->kind == OP_LEN && (++nlen > IMAGE_LENS ||
			    !check_len_place(&i->op[r->op], r->nop, o)))
				return image_refuse(c, "reply %u counts what is not there", k);
		}
		if (reads != r->reads || nlen != r->nlen || host != r->host || r->zero != 0)
			return image_refuse(c, "reply %u reads other slots than it says", k);
		keep |= reads;
	}
	for (uint32_t k = 0; k < c->n[IMAGE_GUARD]; k++) {
		if (i->guard[k].kind != GUARD_HISTORY && i->guard[k].kind != GUARD_EMPTY &&
		    i->guard[k].kind != GUARD_NONEMPTY && i->guard[k].kind != GUARD_CHANNEL &&
		    i->guard[k].kind != GUARD_NO_CHANNEL)
			keep |= 1u << i->guard[k].slot;
		if (i->guard[k].kind == GUARD_PAIR)
			keep |= 1u << i->guard[k].back;
	}
	for (uint32_t k = 0; k < c->n[IMAGE_EFFECT]; k++)
		if (i->effect[k].kind != EFFECT_POP && i->effect[k].kind != EFFECT_CLEAR &&
		    i->effect[k].kind != EFFECT_OPEN)
			keep |= 1u << i->effect[k].slot;
	if (keep != i->model->keep)
		return image_refuse(c, "it remembers other slots than it reads");
	return true;
}

bool
image_check_entries(struct image_check *c)
{
	return check_model(c) && check_automaton(c) && check_templates(c) && check_states(c) &&
	    image_check_hostsets(c) && check_groups(c) && check_replies(c) && image_check_lists(c);
}
