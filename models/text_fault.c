/* What can be wrong with a template or a reply: the checks that need to look inside. */
#include <stdarg.h>
#include <stdio.h>

#include "models/text_parts.h"

bool
text_fault_say(char *fault, size_t room, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault, room, fmt, ap);
	va_end(ap);
	return true;
}

struct bytes256 {
	uint64_t w[4];
};

static void
add_byte(struct bytes256 *s, unsigned b)
{
	s->w[b / 64] |= 1ull << b % 64;
}

static void
add_range(struct bytes256 *s, unsigned from, unsigned to)
{
	for (unsigned b = from; b <= to; b++)
		add_byte(s, b);
}

static void
drop_byte(struct bytes256 *s, unsigned b)
{
	s->w[b / 64] &= ~(1ull << b % 64);
}

/* The sets that do not depend on the element. */
struct fixed_sets {
	struct bytes256 tok, line, digits, all;
};

static struct fixed_sets
fixed_sets(const struct text *t)
{
	struct fixed_sets f = { 0 };

	add_range(&f.all, 0, 255);
	add_range(&f.digits, '0', '9');
	f.tok = f.line = f.all;
	for (size_t i = 0; i < t->separators.n; i++)
		drop_byte(&f.tok, t->separators.p[i]);
	drop_byte(&f.line, '\r');
	drop_byte(&f.line, '\n');
	return f;
}

/* The bytes an element may begin with. */
static struct bytes256
begins(const struct text *t, const struct fixed_sets *f, const struct text_elem *e)
{
	struct bytes256 s = { { 0 } };
	uint8_t b;

	switch (e->kind) {
	case ELEM_LIT:
		add_byte(&s, e->lit.p[0]);
		break;
	case ELEM_LIT_CASE:
		b = e->lit.p[0];
		add_byte(&s, b);
		if ((b | 32) >= 'a' && (b | 32) <= 'z')
			add_byte(&s, b ^ 32);
		break;
	case ELEM_TOK:
		return f->tok;
	case ELEM_LINE:
		return f->line;
	case ELEM_SPAN:
		memcpy(&s, t->class[e->class].has, sizeof s);
		break;
	case ELEM_LEN:
		return e->format == FMT_TEXT ? f->digits : f->all;
	case ELEM_COUNTED:
		for (uint32_t n = e->min; n <= e->max; n++)
			add_byte(&s, (uint8_t)n);
		break;
	case ELEM_ANY:
		return f->all;
	case ELEM_TAIL:		/* takes what is left over: decides nothing */
		break;
	}
	return s;
}

static bool
is_variable(const struct text_elem *e)
{
	return e->kind == ELEM_TOK || e->kind == ELEM_LINE ||
	    (e->kind == ELEM_SPAN && e->min != e->max) ||
	    (e->kind == ELEM_LEN && e->format == FMT_TEXT && e->min == 0);
}

static uint64_t
least_bytes(const struct text_elem *e)
{
	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		return e->lit.n;
	case ELEM_TOK:
		return 1;
	case ELEM_LEN:
		return MAX(e->min, 1u);
	case ELEM_SPAN:
	case ELEM_ANY:
		return e->min;
	case ELEM_COUNTED:
		return 1 + e->min;
	default:
		return 0;
	}
}

static bool
elem_fault(const struct text *t, const struct text_elem *e, uint32_t i, bool last, char *fault,
    size_t room)
{
	if (e->kind >= ELEM_KIND_N)
		return FAULT("element %u is of no known kind", i);
	if ((e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE) &&
	    (e->lit.n == 0 || e->lit.n > MODEL_MESSAGE_BYTES))
		return FAULT("element %u, a literal, must have 1 to %d bytes", i,
		    MODEL_MESSAGE_BYTES);
	if (e->kind == ELEM_SPAN) {
		if (e->class < 0 || (uint32_t)e->class >= t->nclass)
			return FAULT("element %u: class %d is not defined", i, e->class);
		if (e->min > MODEL_MESSAGE_BYTES || e->max > MODEL_MESSAGE_BYTES)
			return FAULT("element %u: a span has at most %d bytes", i,
			    MODEL_MESSAGE_BYTES);
		if (e->max != 0 && e->max < e->min)
			return FAULT("element %u: its least length is above its greatest", i);
	}
	if (e->kind == ELEM_ANY && (e->min == 0 || e->min > MODEL_MESSAGE_BYTES))
		return FAULT("element %u: any takes 1 to %d bytes", i, MODEL_MESSAGE_BYTES);
	if (e->kind == ELEM_COUNTED && (e->max > COUNTED_MAX || e->min > e->max))
		return FAULT("element %u: a byte counts 0 to %d bytes, the fewest first", i, COUNTED_MAX);
	if (e->kind == ELEM_LEN) {
		if (e->format != FMT_BE && e->format != FMT_LE && e->format != FMT_TEXT)
			return FAULT("element %u: a length is be, le or text", i);
		if (e->format == FMT_TEXT ? e->min > 20 : e->min < 1 || e->min > 8)
			return FAULT("element %u: a length field of %u bytes", i, e->min);
	}
	if (e->kind == ELEM_TAIL && !last)
		return FAULT("element %u: tail must be the last", i);
	return false;
}

/* May what follows a variable element begin with a byte of it? Then its end is unclear. */
static bool
follow_fault(const struct text *t, const struct text_template *tp, char *fault, size_t room)
{
	struct fixed_sets fixed = fixed_sets(t);
	struct bytes256 next = { { 0 } };	/* what the elements after i may begin with */

	for (uint32_t i = tp->nelem; i-- > 0;) {
		const struct text_elem *e = &tp->elem[i];
		struct bytes256 own = begins(t, &fixed, e);
		bool optional = least_bytes(e) == 0;
		for (unsigned w = 0; w < 4; w++) {
			if (is_variable(e) && (own.w[w] & next.w[w]) != 0)
				return FAULT("element %u (%s) may be followed by a byte that it "
				    "would take itself", i, vocab_name(&vocab_elem, e->kind));
			next.w[w] = own.w[w] | (optional ? next.w[w] : 0);
		}
	}
	return false;
}

bool
text_template_fault(const struct text *t, const struct text_template *tp, char *fault,
    size_t room)
{
	uint64_t least = 0;
	uint32_t slots = 0;

	if (tp->origin >= ORIGIN_N)
		return FAULT("%u is no origin", tp->origin);
	if (tp->cluster < -1)
		return FAULT("cluster %d does not exist", tp->cluster);
	if (tp->nelem == 0 || tp->nelem > TEXT_ITEMS)
		return FAULT("it must have 1 to %d elements, not %u", TEXT_ITEMS, tp->nelem);
	for (uint32_t i = 0; i < tp->nelem; i++) {
		if (elem_fault(t, &tp->elem[i], i, i + 1 == tp->nelem, fault, room))
			return true;
		least += least_bytes(&tp->elem[i]);
	}
	if (least > MODEL_MESSAGE_BYTES)
		return FAULT("no message of %d bytes can match it", MODEL_MESSAGE_BYTES);
	for (uint32_t i = 0; i < tp->nfield; i++) {
		const struct text_field *f = &tp->field[i];
		if (f->slot >= MODEL_SLOTS)
			return FAULT("slot %u does not exist, the last is %d", f->slot,
			    MODEL_SLOTS - 1);
		if (f->first > f->last || f->last >= tp->nelem)
			return FAULT("field %u spans elements %u to %u of %u", f->slot, f->first,
			    f->last, tp->nelem);
		if (slots & 1u << f->slot)
			return FAULT("slot %u is filled twice", f->slot);
		slots |= 1u << f->slot;
	}
	return follow_fault(t, tp, fault, room);
}

static bool
time_form_fault(struct span form, char *fault, size_t room)
{
	for (size_t i = 0; i < form.n; i++) {
		if (form.p[i] != '%')
			continue;
		if (++i == form.n || memchr("abdeHMSYymjsTZ%", form.p[i], 15) == NULL)
			return FAULT("the time knows %%a %%b %%d %%e %%H %%M %%S %%Y %%y %%m %%j %%s "
			    "%%T %%Z %%%% only");
	}
	return false;
}

static bool
width_fault(const struct text_op *o, uint32_t i, char *fault, size_t room)
{
	if (o->format >= FORMAT_N || o->format == FMT_COMMA)
		return FAULT("op %u: a number is text, hex, be or le", i);
	if (o->format == FMT_TEXT && o->kind == OP_TIME)
		return false;
	if (o->format == FMT_TEXT || o->format == FMT_HEX) {
		if (o->len > TEXT_WIDTH)
			return FAULT("op %u: more than %d digits", i, TEXT_WIDTH);
	} else if (o->len > 8 || (o->len == 0 && o->kind != OP_SEQ)) {
		return FAULT("op %u: a binary number has 1 to 8 bytes", i);
	}
	return false;
}

static bool
op_fault(const struct text *t, const struct text_reply *r, uint32_t i, char *fault, size_t room)
{
	const struct text_op *o = &r->op[i];
	const struct {
		uint8_t kind;
		const char *what;
		uint32_t n;
	} refs[] = {
		{ OP_DATA, "data", t->ndata }, { OP_MAP, "map", t->nmap },
		{ OP_RAND, "class", t->nclass }, { OP_VAR, "var", t->nvar },
		{ OP_REG, "register", t->nhostset }, { OP_SET, "set", t->nhostset },
		{ OP_PATH, "register", t->nhostset }, { OP_EACH, "set", t->nhostset },
	};

	if (o->kind >= OP_KIND_N)
		return FAULT("op %u is of no known kind", i);
	for (size_t k = 0; k < ARRAY_LEN(refs); k++)
		if (o->kind == refs[k].kind && o->index >= refs[k].n)
			return FAULT("op %u: %s %u is not defined", i, refs[k].what, o->index);
	if (o->slot >= MODEL_SLOTS)
		return FAULT("op %u: slot %u does not exist", i, o->slot);
	switch (o->kind) {
	case OP_LIT:
		if (o->lit.n == 0)
			return FAULT("op %u is an empty literal", i);
		break;
	case OP_PART:
		if (o->lit.n == 0 || o->lit.n > TEXT_STRING)
			return FAULT("op %u: a separator has 1 to %d bytes", i, TEXT_STRING);
		break;
	case OP_LINES:
		if (o->lit.n == 0 || o->lit.n > TEXT_STRING)
			return FAULT("op %u: lines are told by 1 to %d bytes", i, TEXT_STRING);
		break;
	case OP_SET:
		if (t->hostset[o->index].is_register || o->lit.n > TEXT_STRING)
			return FAULT("op %u: %u is no set, or its separator is too long", i,
			    o->index);
		break;
	case OP_EACH:
		if (t->hostset[o->index].is_register || o->from >= t->nmap)
			return FAULT("op %u: %u is no set, or %u no map", i, o->index, o->from);
		if (o->lit.n > TEXT_STRING || o->behind.n > TEXT_STRING)
			return FAULT("op %u: before and behind a member stand at most %d bytes", i, TEXT_STRING);
		break;
	case OP_REG:
	case OP_PATH:
		if (!t->hostset[o->index].is_register)
			return FAULT("op %u: %u is no register", i, o->index);
		break;
	case OP_RAND:
		if (o->scope >= SCOPE_N || o->len == 0)
			return FAULT("op %u: rand needs a length and a scope", i);
		break;
	case OP_ADDR:
	case OP_PORT:
	case OP_ANNOUNCED:
		if (o->format >= FORMAT_N)
			return FAULT("op %u has no known format", i);
		break;
	case OP_SEQ:
		return width_fault(o, i, fault, room);
	case OP_TIME:
		return width_fault(o, i, fault, room) ||
		    (o->format == FMT_TEXT && time_form_fault(o->lit, fault, room));
	case OP_BREAK:
		if (i == 0 || i + 1 == r->nop || r->op[i - 1].kind == OP_BREAK)
			return FAULT("op %u: a break must stand between two messages", i);
		break;
	}
	return false;
}

/* No length may depend on its own digits: one of open width stands before all marks. */
static bool
len_fault(const struct text_reply *r, uint32_t from, uint32_t to, char *fault, size_t room)
{
	uint32_t first = to, open = 0;

	for (uint32_t i = from; i < to; i++)
		if (r->op[i].kind == OP_MARK)
			first = MIN(first, i);
	for (uint32_t i = from; i < to; i++) {
		if (r->op[i].kind == OP_END && open-- == 0)
			return FAULT("op %u: no length is open that could end", i);
		if (r->op[i].kind != OP_LEN)
			continue;
		open++;
		if (width_fault(&r->op[i], i, fault, room))
			return true;
		if (r->op[i].len == 0 && first < i)
			return FAULT("op %u: a length after a mark needs a width", i);
	}
	return false;
}

bool
text_reply_fault(const struct text *t, const struct text_reply *r, char *fault, size_t room)
{
	uint64_t all = 0, message = 0;
	uint32_t begin = 0, lens = 0;

	if (r->origin >= ORIGIN_N)
		return FAULT("%u is no origin", r->origin);
	if (r->cluster < -1)
		return FAULT("cluster %d does not exist", r->cluster);
	if (r->nop > TEXT_ITEMS)
		return FAULT("it has %u ops, at most %d", r->nop, TEXT_ITEMS);
	for (uint32_t i = 0; i < r->nop; i++) {
		const struct text_op *o = &r->op[i];
		if (op_fault(t, r, i, fault, room))
			return true;
		uint64_t n = o->kind == OP_LIT ? o->lit.n :
		    o->kind == OP_RAND || o->kind == OP_LEN ? o->len : 0;
		all += n;
		message += n;
		lens += o->kind == OP_LEN;
		if (lens > TEXT_LENS)
			return FAULT("it has more than %d lengths", TEXT_LENS);
		if (t->proto == MODEL_UDP && message > TEXT_DATAGRAM)
			return FAULT("a datagram of more than %d bytes", TEXT_DATAGRAM);
		if (all > MODEL_REPLY_BYTES)
			return FAULT("it says more than %d bytes", MODEL_REPLY_BYTES);
		if (o->kind == OP_BREAK) {
			if (len_fault(r, begin, i, fault, room))
				return true;
			begin = i + 1;
			message = 0;
		}
	}
	return len_fault(r, begin, r->nop, fault, room);
}
