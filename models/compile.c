#include "models/compile.h"

#include <errno.h>
#include <stdlib.h>

#include "models/comb.h"
#include "models/compiler.h"
#include "models/position.h"
#include "models/resync.h"
#include "models/slots.h"
#include "models/text_parts.h"

static void
put_class(struct compiler *c, const uint8_t has[32])
{
	struct image_class k = { .n = 0 };

	memcpy(k.has, has, sizeof k.has);
	for (unsigned v = 0; v < 256; v++)
		if (has[v / 8] >> v % 8 & 1)
			k.member[k.n++] = (uint8_t)v;
	ADD(c, IMAGE_CLASS, k);
}

/* The model's classes; then those of tok, line and len text. */
static void
put_classes(struct compiler *c)
{
	static const struct text_elem more[] = {
		{ .kind = ELEM_TOK }, { .kind = ELEM_LINE }, { .kind = ELEM_LEN, .format = FMT_TEXT },
	};
	uint8_t has[32];

	for (uint32_t i = 0; i < c->t->nclass; i++)
		put_class(c, c->t->class[i].has);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		position_elem_class(c->t, &more[i], has);
		put_class(c, has);
	}
}

/* Text has nine kinds of elements, an image six: the others are spans or any. */
static void
put_elem(struct compiler *c, const struct text_elem *e)
{
	struct image_elem out = { .kind = e->kind, .min = e->min, .max = e->max };

	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		out.lit = compiler_string(c, e->lit);
		out.min = out.max = 0;
		break;
	case ELEM_TOK:
		out = (struct image_elem){ .kind = ELEM_SPAN, .class = c->t->nclass, .min = 1 };
		break;
	case ELEM_LINE:
		out = (struct image_elem){ .kind = ELEM_SPAN, .class = c->t->nclass + 1 };
		break;
	case ELEM_SPAN:
		out.class = (uint32_t)e->class;
		break;
	case ELEM_LEN:
		if (e->format == FMT_TEXT)
			out = (struct image_elem){ .kind = ELEM_SPAN, .class = c->t->nclass + 2,
				.min = MAX(e->min, 1u), .max = e->min };
		else
			out = (struct image_elem){ .kind = ELEM_ANY, .min = e->min, .max = e->min };
		break;
	case ELEM_ANY:
		out.max = e->min;
		break;
	case ELEM_TAIL:
		out.min = out.max = 0;
		break;
	}
	ADD(c, IMAGE_ELEM, out);
}

static void
put_template(struct compiler *c, uint32_t i)
{
	const struct text_template *tpl = &c->t->template[i];
	struct image_template out = {
		.elem = compiler_next(c, IMAGE_ELEM), .nelem = tpl->nelem,
		.field = compiler_next(c, IMAGE_FIELD), .nfield = tpl->nfield,
		.fills = slots_filled(tpl),
		.resync = (uint32_t)RESYNC_UNKNOWN, .second = tpl->second,
	};

	for (uint32_t k = 0; k < tpl->nelem; k++) {
		put_elem(c, &tpl->elem[k]);
		if (tpl->elem[k].kind == ELEM_LIT || tpl->elem[k].kind == ELEM_LIT_CASE)
			out.literal += (uint32_t)tpl->elem[k].lit.n;
	}
	for (uint32_t k = 0; k < tpl->nfield; k++) {
		struct image_field f = { tpl->field[k].slot, tpl->field[k].first,
			tpl->field[k].last };

		ADD(c, IMAGE_FIELD, f);
	}
	ADD(c, IMAGE_TEMPLATE, out);
}

/* Where does OP_LEN number i of a reply count from? docs/model-format.md section 7, "len". */
static uint8_t
len_place(const struct text_reply *r, uint32_t i)
{
	uint32_t open = 1;

	for (uint32_t k = i + 1; k < r->nop && r->op[k].kind != OP_BREAK && open > 0; k++)
		open += (r->op[k].kind == OP_LEN) - (uint32_t)(r->op[k].kind == OP_END);
	if (open == 0)
		return OP_COUNTS_END;
	for (uint32_t k = i + 1; k < r->nop && r->op[k].kind != OP_BREAK; k++)
		if (r->op[k].kind == OP_MARK)
			return OP_COUNTS_MARK;
	for (uint32_t k = i; k-- > 0 && r->op[k].kind != OP_BREAK;)
		if (r->op[k].kind == OP_MARK)
			return OP_COUNTS_BEFORE;
	return 0;
}

static void
put_op(struct compiler *c, const struct text_reply *r, uint32_t i)
{
	const struct text_op *op = &r->op[i];
	struct image_op out = {
		.kind = op->kind, .format = op->format, .scope = op->scope,
		.flags = (uint8_t)((op->peer ? OP_PEER : 0) | (op->after ? OP_AFTER : 0)),
		.slot = op->slot, .index = op->index, .from = op->from, .len = op->len,
		.delta = op->delta, .lit = compiler_string(c, op->lit),
	};

	if (op->kind == OP_LEN)
		out.flags |= len_place(r, i);
	if (op->kind == OP_EACH) {	/* what stands before and behind a member, as one string */
		uint8_t both[2 * TEXT_STRING];

		memcpy(both, op->lit.p, op->lit.n);
		memcpy(both + op->lit.n, op->behind.p, op->behind.n);
		out.lit = compiler_string(c, span_of(both, op->lit.n + op->behind.n));
		out.from = (uint32_t)op->lit.n;
		out.len = op->from;
	}
	ADD(c, IMAGE_OP, out);
}

/* Most bytes that an op renders; MODEL_REPLY_BYTES where only the run can tell. */
static uint32_t
op_most(const struct compiler *c, const struct text_op *op)
{
	size_t most = 0;

	switch (op->kind) {
	case OP_LIT:
		return (uint32_t)MIN(op->lit.n, (size_t)MODEL_REPLY_BYTES);
	case OP_FIELD:
		return op->len > 0 ? op->len : MODEL_REPLY_BYTES;
	case OP_DATA:
		for (uint32_t i = 0; i < c->t->data[op->index].n; i++)
			most = MAX(most, c->t->data[op->index].choice[i].value.n);
		return (uint32_t)MIN(most, (size_t)MODEL_REPLY_BYTES);
	case OP_MAP:
		for (uint32_t i = 0; i < c->t->map[op->index].n; i++)
			most = MAX(most, c->t->map[op->index].pair[i].value.n);
		return (uint32_t)MIN(most, (size_t)MODEL_REPLY_BYTES);
	case OP_RAND:
		return op->len;
	case OP_ADDR:
	case OP_PORT:
	case OP_ANNOUNCED:
		return 64;
	case OP_MARK:
	case OP_BREAK:
	case OP_END:
		return 0;
	}
	return MODEL_REPLY_BYTES;
}

static void
put_reply(struct compiler *c, uint32_t i)
{
	const struct text_reply *r = &c->t->reply[i];
	struct image_reply out = { .op = compiler_next(c, IMAGE_OP), .nop = r->nop };
	uint64_t most = 0;

	for (uint32_t k = 0; k < r->nop; k++) {
		put_op(c, r, k);
		out.reads |= slots_op(&r->op[k]);
		out.nlen += r->op[k].kind == OP_LEN;
		out.host |= r->op[k].kind == OP_REG || r->op[k].kind == OP_SET || r->op[k].kind == OP_PATH ||
		    r->op[k].kind == OP_EACH;
		most += op_most(c, &r->op[k]);
	}
	c->keep |= out.reads;
	c->reply_max = (uint32_t)MAX(c->reply_max, MIN(most, (uint64_t)MODEL_REPLY_BYTES));
	if (out.nlen > IMAGE_LENS)
		c->too_long = true;
	ADD(c, IMAGE_REPLY, out);
}

static bool
same_guards(const struct text_alt *a, const struct text_alt *b)
{
	if (a->nguard != b->nguard)
		return false;
	for (uint32_t i = 0; i < a->nguard; i++) {
		const struct text_guard *x = &a->guard[i], *y = &b->guard[i];

		if (x->kind != y->kind || x->slot != y->slot || x->index != y->index ||
		    x->back != y->back || !span_eq(x->lit, y->lit))
			return false;
	}
	return true;
}

static void
put_guard(struct compiler *c, const struct text_guard *g)
{
	struct image_guard out = {
		.kind = g->kind, .slot = g->slot, .index = g->index, .back = g->back,
		.lit = compiler_string(c, g->lit),
	};

	c->keep |= slots_guard(g);
	ADD(c, IMAGE_GUARD, out);
}

static void
put_alt(struct compiler *c, const struct text_alt *a, uint32_t before)
{
	struct image_alt out = {
		.before = before, .weight = a->weight,
		.reply = a->reply < 0 ? IMAGE_NONE : (uint32_t)a->reply,
		.next = a->next, .delay_ms = a->delay_ms,
		.flags = (uint8_t)((a->close ? ALT_CLOSE : 0) | (a->reset ? ALT_RESET : 0) |
		    (a->pending ? ALT_PENDING : 0)),
		.conf = (uint8_t)(a->conf * 255.0 + 0.5),
		.effect = compiler_next(c, IMAGE_EFFECT), .neffect = (uint8_t)a->neffect,
	};

	for (uint32_t i = 0; i < a->neffect; i++) {
		struct image_effect e = { a->effect[i].kind, a->effect[i].slot, a->effect[i].index };

		if (e.kind == EFFECT_OPEN)
			c->about.features |= IMAGE_NEEDS_RELATED;
		c->keep |= slots_effect(c->t, &a->effect[i]);
		ADD(c, IMAGE_EFFECT, e);
	}
	ADD(c, IMAGE_ALT, out);
}

/* A group: alternatives one behind the other with the very same guards. Returns their number. */
static uint32_t
put_group(struct compiler *c, const struct text_alt *alt, uint32_t most)
{
	struct image_group g = {
		.guard = compiler_next(c, IMAGE_GUARD), .nguard = alt->nguard,
		.alt = compiler_next(c, IMAGE_ALT), .scope = alt->scope,
	};

	for (uint32_t i = 0; i < alt->nguard; i++)
		put_guard(c, &alt->guard[i]);
	for (; g.nalt < most && same_guards(alt, &alt[g.nalt]); g.nalt++) {
		put_alt(c, &alt[g.nalt], g.weight);
		g.weight += alt[g.nalt].weight;
		g.heaviest = MAX(g.heaviest, alt[g.nalt].weight);
	}
	ADD(c, IMAGE_GROUP, g);
	return g.nalt;
}

static void
put_turn(struct compiler *c, const struct text_turn *turn)
{
	struct image_turn out = {
		.event = turn->event, .arg = turn->arg, .group = compiler_next(c, IMAGE_GROUP),
	};

	for (uint32_t i = 0; i < turn->nalt; out.ngroup++)
		i += put_group(c, &turn->alt[i], turn->nalt - i);
	ADD(c, IMAGE_TURN, out);
}

static void
put_states(struct compiler *c)
{
	for (uint32_t i = 0; i < c->t->nstate; i++) {
		const struct text_state *s = &c->t->state[i];
		struct image_state out = {
			.turn = compiler_next(c, IMAGE_TURN), .nturn = s->nturn,
			.backoff = s->backoff < 0 ? IMAGE_NONE : (uint32_t)s->backoff,
			.eom = s->eom < 0 ? IMAGE_NONE : (uint32_t)s->eom,
			.idle_ms = s->idle_ms,
		};
		uint32_t reads = 0;

		for (uint32_t k = 0; k < s->nturn; k++) {
			put_turn(c, &s->turn[k]);
			slots_turn(c->t, &s->turn[k], &reads, &c->remembered);
		}
		ADD(c, IMAGE_STATE, out);
	}
	if (c->b.no_memory)
		return;
	for (uint32_t i = 0; i < c->t->nstate; i++)
		((struct image_state *)c->b.section[IMAGE_STATE].p)[i].wants_arena =
		    c->remembered != 0 || slots_state(c->t, i) != 0;
}

static void
put_automaton(struct compiler *c)
{
	const struct automaton *a = &c->a;
	struct comb rows;

	if (comb_build(&rows, a) < 0) {
		c->b.no_memory = true;
		return;
	}
	image_build_add(&c->b, IMAGE_CLSMAP, a->cls, sizeof a->cls, sizeof a->cls);
	image_build_add(&c->b, IMAGE_STEP, rows.step, (size_t)a->nstates * sizeof *rows.step, a->nstates);
	image_build_add(&c->b, IMAGE_CELL, rows.cell, (size_t)rows.ncells * sizeof *rows.cell, rows.ncells);
	c->automaton_bytes = (size_t)a->nstates * sizeof *rows.step + (size_t)rows.ncells * sizeof *rows.cell;
	comb_fini(&rows);
	image_build_add(&c->b, IMAGE_ACC, a->list, (size_t)a->nlist * sizeof *a->list, a->nlist);
	for (uint32_t i = 0; i < a->nstates; i++) {
		struct image_node n = { .accept = a->accept[i], .near = a->near[i],
			.final = a->accept[i] != 0 };

		for (uint32_t k = 0; k < a->nclasses && n.final; k++)
			n.final = a->next[(size_t)i * a->nclasses + k] == AUTOMATON_DEAD;
		ADD(c, IMAGE_NODE, n);
	}
}

/* No history, one state: such a service needs nothing kept between two messages. */
static bool
stateless(const struct compiler *c)
{
	const struct text *t = c->t;

	if (c->remembered != 0)
		return false;
	for (uint32_t s = 0; s < t->nstate; s++)
		for (uint32_t k = 0; k < t->state[s].nturn; k++)
			for (uint32_t i = 0; i < t->state[s].turn[k].nalt; i++) {
				const struct text_alt *a = &t->state[s].turn[k].alt[i];

				if (a->next != t->start)
					return false;
				for (uint32_t g = 0; g < a->nguard; g++)
					if (a->guard[g].kind == GUARD_HISTORY)
						return false;
			}
	return true;
}

static bool
speaks_first(const struct compiler *c)
{
	int64_t s = c->t->start;

	for (unsigned hops = 0; s >= 0 && hops <= MODEL_BACKOFF; hops++) {
		const struct text_state *st = &c->t->state[s];

		for (uint32_t k = 0; k < st->nturn; k++)
			for (uint32_t i = 0; st->turn[k].event == EVENT_CONNECT &&
			    i < st->turn[k].nalt; i++)
				if (st->turn[k].alt[i].reply >= 0)
					return true;
		s = st->backoff;
	}
	return false;
}

/* Whose sets and registers are kept: of pairs of addresses, of own addresses. */
static uint8_t
keeps(const struct text *t)
{
	uint8_t flags = 0;

	for (uint32_t i = 0; i < t->nhostset; i++)
		flags |= t->hostset[i].scope == SCOPE_HOST ? MODEL_KEEPS_HOST : MODEL_KEEPS_PAIR;
	return flags;
}

static void
put_model(struct compiler *c)
{
	const struct text *t = c->t;
	struct image_model m = {
		.name = compiler_string(c, t->name), .start = t->start, .nclasses = c->a.nclasses,
		.keep = c->keep, .reply_max = c->reply_max,
		.idle_ms = t->state[t->start].idle_ms, .left_out = t->ntemplate - c->a.ntemplates,
		.proto = t->proto, .channel = t->channel,
		.flags = (uint8_t)((speaks_first(c) ? MODEL_SPEAKS_FIRST : 0) |
		    (stateless(c) ? MODEL_STATELESS : 0) | keeps(t) | (c->second ? MODEL_SECOND : 0) |
		    t->second_for * MODEL_SECOND_FOR),
	};

	if (m.idle_ms == 0)
		m.idle_ms = t->proto == MODEL_UDP ? 30000 : 300000;
	if (t->channel != CHANNEL_PLAIN)
		c->about.features |= IMAGE_NEEDS_CHANNEL;
	ADD(c, IMAGE_MODEL, m);
}

static void
put_all(struct compiler *c)
{
	put_automaton(c);
	put_classes(c);
	for (uint32_t i = 0; i < c->t->ntemplate; i++)
		put_template(c, i);
	for (uint32_t i = 0; i < c->t->nreply; i++)
		put_reply(c, i);
	put_states(c);
	if (!c->b.no_memory && !resync_find((void *)c->b.section[IMAGE_TEMPLATE].p,
	    (void *)c->b.section[IMAGE_STATE].p, c->t))
		c->b.no_memory = true;
	compiler_lists(c);
	put_model(c);
}

static void
compiler_fini(struct compiler *c)
{
	image_build_fini(&c->b);
	automaton_fini(&c->a);
}

static int
finish(struct compiler *c, uint8_t **image, size_t *n, struct diag *why)
{
	int err = c->b.no_memory ? -ENOMEM : image_build_finish(&c->b, &c->about, image, n);

	if (err == -ENOMEM)
		diag_set(why, err, "There is not enough memory to compile \"%.*s\".",
		    (int)c->t->name.n, (const char *)c->t->name.p);
	if (err == -EFBIG)
		diag_set(why, err, "The image of \"%.*s\" would be larger than 1 GiB.",
		    (int)c->t->name.n, (const char *)c->t->name.p);
	return err;
}

/* What the second machine adds to the report of the first. */
static void
report_second(struct compile_report *r, const struct compile_report *second)
{
	r->automaton_states += second->automaton_states;
	r->byte_classes = MAX(r->byte_classes, second->byte_classes);
	r->automaton_bytes += second->automaton_bytes;
	r->templates_left_out += second->templates_left_out;
}

static int put_second(struct compiler *c, struct compile_report *r, struct diag *why);

/* One machine: the first, with its second, or a second. The text is right. */
static int
compile_machine(const struct text *t, bool second, uint8_t **image, size_t *n, struct compile_report *r,
    struct diag *why)
{
	struct compiler c = { .t = t, .second = second };
	struct compile_report of_second = { 0 };
	int err = automaton_build(&c.a, t, why);

	if (err < 0)
		goto out;
	put_all(&c);
	if (t->second != NULL)
		err = put_second(&c, &of_second, why);
	if (err == 0 && !second)
		err = image_build_text(&c.b, &c.about, t, why);
	if (err == 0 && c.too_long)
		err = diag_set(why, -EINVAL, "A reply of \"%.*s\" has more than %d len parts.",
		    (int)t->name.n, (const char *)t->name.p, IMAGE_LENS);
	if (err == 0)
		err = finish(&c, image, n, why);
	if (err == 0) {
		*r = (struct compile_report){
			.automaton_states = c.a.nstates, .byte_classes = c.a.nclasses,
			.automaton_bytes = c.automaton_bytes,
			.image_bytes = *n, .templates_left_out = t->ntemplate - c.a.ntemplates,
		};
		report_second(r, &of_second);
	}
out:
	compiler_fini(&c);
	return err;
}

static int
put_second(struct compiler *c, struct compile_report *r, struct diag *why)
{
	uint8_t *image;
	size_t n;
	int err = compile_machine(c->t->second, true, &image, &n, r, why);

	if (err < 0)
		return err;
	image_build_add(&c->b, IMAGE_SECOND, image, n, (uint32_t)n);
	free(image);
	return 0;
}

int
compile(const struct text *t, uint8_t **image, size_t *n, struct compile_report *r,
    struct diag *why)
{
	struct compile_report ours;
	int err = text_check(t, why);

	return err < 0 ? err : compile_machine(t, false, image, n, r != NULL ? r : &ours, why);
}

int
compile_vectors(const struct text *t, struct span old, uint8_t **image, size_t *n, struct diag *why)
{
	struct compiler c = { .t = t };
	const struct image_header *h = (const struct image_header *)old.p;
	int err = text_check(t, why);

	c.about.features = h->features;
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		if (i != IMAGE_TEXT && h->section[i].bytes > 0)
			image_build_add(&c.b, i, old.p + h->section[i].at, h->section[i].bytes, h->section[i].count);
	if (err == 0)
		err = image_build_text(&c.b, &c.about, t, why);
	if (err == 0)
		err = finish(&c, image, n, why);
	compiler_fini(&c);
	return err;
}
