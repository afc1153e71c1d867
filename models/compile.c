#include "models/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "models/automaton.h"
#include "models/image.h"
#include "models/prf.h"

/* A section that grows. */
struct section {
	uint8_t *p;
	size_t n, room;		/* bytes */
	uint32_t count;		/* entries */
};

/* The states that have a turn for a template. */
struct expected {
	uint64_t support;	/* their sum */
	uint32_t best;		/* the one with the most, or IMAGE_NONE */
};

struct compiler {
	const struct text *t;
	struct section section[IMAGE_SECTION_N];
	struct automaton a;
	uint32_t *strings;	/* hash table of IMAGE_STR: place in string[] + 1 */
	size_t strings_mask;
	struct image_span *string;
	size_t nstring, string_room;
	struct expected *expected;	/* per template */
	uint32_t keep, remembered;	/* slots read; of them, from earlier messages */
	uint32_t features, reply_max;
	uint64_t content;
	size_t text_bytes;
	bool no_memory, too_long;
};

static void *
section_add(struct compiler *c, enum image_section which, const void *entry, size_t bytes,
    uint32_t count)
{
	struct section *s = &c->section[which];

	if (s->n + bytes > s->room) {
		size_t room = MAX(s->room * 2, (s->n + bytes + 4095) & ~(size_t)4095);
		uint8_t *p = room < IMAGE_BYTES_MAX ? realloc(s->p, room) : NULL;

		if (p == NULL) {
			c->no_memory = true;
			return NULL;
		}
		s->p = p;
		s->room = room;
	}
	if (bytes > 0)
		memcpy(s->p + s->n, entry, bytes);
	s->n += bytes;
	s->count += count;
	return s->p + s->n - bytes;
}

#define ADD(c, which, ...) \
	section_add(c, which, &(__VA_ARGS__), sizeof(__VA_ARGS__), 1)

/* Entries so far: the index that the next one gets. */
static uint32_t
next_index(const struct compiler *c, enum image_section which)
{
	return c->section[which].count;
}

static bool
strings_grow(struct compiler *c)
{
	size_t mask = MAX(c->strings_mask * 2 + 1, 1023u);
	uint32_t *table = calloc(mask + 1, sizeof *table);

	if (table == NULL)
		return false;
	for (size_t i = 0; i < c->nstring; i++) {
		struct span s = span_of(c->section[IMAGE_STR].p + c->string[i].at, c->string[i].n);
		size_t h = span_hash(s, 0) & mask;

		while (table[h] != 0)
			h = (h + 1) & mask;
		table[h] = (uint32_t)i + 1;
	}
	free(c->strings);
	c->strings = table;
	c->strings_mask = mask;
	return true;
}

/* Each string stands once in the image. */
static struct image_span
put_string(struct compiler *c, struct span s)
{
	struct image_span at = { c->section[IMAGE_STR].count, (uint32_t)s.n };
	size_t h;

	if (s.n == 0)
		return (struct image_span){ 0, 0 };
	if (c->nstring * 2 >= c->strings_mask && !strings_grow(c))
		goto no_memory;
	for (h = span_hash(s, 0) & c->strings_mask; c->strings[h] != 0;
	    h = (h + 1) & c->strings_mask) {
		struct image_span have = c->string[c->strings[h] - 1];

		if (span_eq(s, span_of(c->section[IMAGE_STR].p + have.at, have.n)))
			return have;
	}
	if (c->nstring == c->string_room) {
		size_t room = MAX(c->string_room * 2, 256u);
		struct image_span *grown = realloc(c->string, room * sizeof *grown);

		if (grown == NULL)
			goto no_memory;
		c->string = grown;
		c->string_room = room;
	}
	if (section_add(c, IMAGE_STR, s.p, s.n, (uint32_t)s.n) == NULL)
		return (struct image_span){ 0, 0 };
	c->string[c->nstring++] = at;
	c->strings[h] = (uint32_t)c->nstring;
	return at;
no_memory:
	c->no_memory = true;
	return (struct image_span){ 0, 0 };
}

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
		automaton_elem_class(c->t, &more[i], has);
		put_class(c, has);
	}
}

/* Text has eight kinds of elements, an image five: the others are spans or any. */
static void
put_elem(struct compiler *c, const struct text_elem *e)
{
	struct image_elem out = { .kind = e->kind, .min = e->min, .max = e->max };

	switch (e->kind) {
	case ELEM_LIT:
	case ELEM_LIT_CASE:
		out.lit = put_string(c, e->lit);
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

static uint32_t
template_fills(const struct text_template *tpl)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < tpl->nfield; i++)
		mask |= 1u << tpl->field[i].slot;
	return mask;
}

static void
put_template(struct compiler *c, uint32_t i)
{
	const struct text_template *tpl = &c->t->template[i];
	struct image_template out = {
		.elem = next_index(c, IMAGE_ELEM), .nelem = tpl->nelem,
		.field = next_index(c, IMAGE_FIELD), .nfield = tpl->nfield,
		.fills = template_fills(tpl),
		.resync = (uint32_t)RESYNC_UNKNOWN,
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

static uint32_t
op_reads(const struct text_op *op)
{
	switch (op->kind) {
	case OP_FIELD:
	case OP_SEQ:
	case OP_PART:
	case OP_MAP:
		return 1u << op->slot;
	}
	return 0;
}

static uint32_t
guard_reads(const struct text_guard *g)
{
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
	case GUARD_EQ:
	case GUARD_NE:
		return 1u << g->slot;
	case GUARD_PAIR:
		return 1u << g->slot | 1u << g->back;
	}
	return 0;
}

/* Where does OP_LEN number i of a reply count from? docs/model-format.md section 7, "len". */
static uint8_t
len_place(const struct text_reply *r, uint32_t i)
{
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
		.delta = op->delta, .lit = put_string(c, op->lit),
	};

	if (op->kind == OP_LEN)
		out.flags |= len_place(r, i);
	if (op->kind == OP_REG || op->kind == OP_SET)
		c->features |= IMAGE_NEEDS_HOST_STATE;
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
		return 64;
	case OP_MARK:
	case OP_BREAK:
		return 0;
	}
	return MODEL_REPLY_BYTES;
}

static void
put_reply(struct compiler *c, uint32_t i)
{
	const struct text_reply *r = &c->t->reply[i];
	struct image_reply out = { .op = next_index(c, IMAGE_OP), .nop = r->nop };
	uint64_t most = 0;

	for (uint32_t k = 0; k < r->nop; k++) {
		put_op(c, r, k);
		out.reads |= op_reads(&r->op[k]);
		out.nlen += r->op[k].kind == OP_LEN;
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
		.lit = put_string(c, g->lit),
	};

	if (g->kind == GUARD_IN || g->kind == GUARD_NOTIN || g->kind == GUARD_EMPTY ||
	    g->kind == GUARD_NONEMPTY)
		c->features |= IMAGE_NEEDS_HOST_STATE;
	c->keep |= guard_reads(g);
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
	};

	if (a->neffect > 0)
		c->features |= IMAGE_NEEDS_HOST_STATE;
	ADD(c, IMAGE_ALT, out);
}

/* A group: alternatives one behind the other with the very same guards. Returns their number. */
static uint32_t
put_group(struct compiler *c, const struct text_alt *alt, uint32_t most)
{
	struct image_group g = {
		.guard = next_index(c, IMAGE_GUARD), .nguard = alt->nguard,
		.alt = next_index(c, IMAGE_ALT), .scope = alt->scope,
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
		.event = turn->event, .arg = turn->arg, .group = next_index(c, IMAGE_GROUP),
	};

	for (uint32_t i = 0; i < turn->nalt; out.ngroup++)
		i += put_group(c, &turn->alt[i], turn->nalt - i);
	ADD(c, IMAGE_TURN, out);
}

/* Slots that a turn reads, and those of them that its own template does not fill. */
static void
turn_reads(const struct compiler *c, const struct text_turn *turn, uint32_t *reads, uint32_t *earlier)
{
	uint32_t fills = turn->event == EVENT_MESSAGE ?
	    template_fills(&c->t->template[turn->arg]) : 0;

	for (uint32_t i = 0; i < turn->nalt; i++) {
		const struct text_alt *a = &turn->alt[i];
		uint32_t mask = 0;

		for (uint32_t k = 0; k < a->nguard; k++)
			mask |= guard_reads(&a->guard[k]);
		*earlier |= mask & ~fills;
		for (uint32_t k = 0; a->reply >= 0 && k < c->t->reply[a->reply].nop; k++)
			mask |= op_reads(&c->t->reply[a->reply].op[k]);
		*reads |= mask;
		*earlier |= mask & ~fills;
	}
}

static bool
state_wants_arena(const struct compiler *c, uint32_t state)
{
	uint32_t reads = 0, earlier = 0;
	int64_t s = state;

	if (c->remembered != 0)
		return true;
	for (unsigned hops = 0; s >= 0 && hops <= MODEL_BACKOFF; hops++) {
		for (uint32_t i = 0; i < c->t->state[s].nturn; i++)
			turn_reads(c, &c->t->state[s].turn[i], &reads, &earlier);
		s = c->t->state[s].backoff;
	}
	return reads != 0;
}

static void
put_states(struct compiler *c)
{
	for (uint32_t i = 0; i < c->t->nstate; i++) {
		const struct text_state *s = &c->t->state[i];
		struct image_state out = {
			.turn = next_index(c, IMAGE_TURN), .nturn = s->nturn,
			.backoff = s->backoff < 0 ? IMAGE_NONE : (uint32_t)s->backoff,
			.eom = s->eom < 0 ? IMAGE_NONE : (uint32_t)s->eom,
			.idle_ms = s->idle_ms,
		};
		uint32_t reads = 0;

		for (uint32_t k = 0; k < s->nturn; k++) {
			put_turn(c, &s->turn[k]);
			turn_reads(c, &s->turn[k], &reads, &c->remembered);
		}
		ADD(c, IMAGE_STATE, out);
	}
	if (c->no_memory)
		return;
	for (uint32_t i = 0; i < c->t->nstate; i++)
		((struct image_state *)c->section[IMAGE_STATE].p)[i].wants_arena =
		    state_wants_arena(c, i);
}

/* For each template the state that most probably expects it: docs/model-format.md 6, step 2. */
static void
put_resync(struct compiler *c)
{
	struct image_template *tpl = (void *)c->section[IMAGE_TEMPLATE].p;
	const struct image_state *state = (void *)c->section[IMAGE_STATE].p;

	if (c->no_memory)
		return;
	for (uint32_t i = 0; i < c->t->ntemplate; i++)
		c->expected[i].best = IMAGE_NONE;
	for (uint32_t s = 0; s < c->t->nstate; s++)
		for (uint32_t k = 0; k < c->t->state[s].nturn; k++) {
			const struct text_turn *turn = &c->t->state[s].turn[k];
			struct expected *e;

			if (turn->event != EVENT_MESSAGE)
				continue;
			e = &c->expected[turn->arg];
			e->support += c->t->state[s].support;
			if (e->best != IMAGE_NONE &&
			    c->t->state[e->best].support >= c->t->state[s].support)
				continue;
			e->best = s;
			tpl[turn->arg].resync = state[s].turn + k;
		}
	for (uint32_t i = 0; i < c->t->ntemplate; i++) {
		const struct expected *e = &c->expected[i];

		if (e->best != IMAGE_NONE && (e->support == 0 ||
		    2 * (uint64_t)c->t->state[e->best].support < e->support))
			tpl[i].resync = (uint32_t)RESYNC_UNCLEAR;
	}
}

static void
put_data(struct compiler *c, const struct text_data *d)
{
	struct image_data out = {
		.choice = next_index(c, IMAGE_CHOICE), .n = d->n, .scope = d->scope,
	};

	for (uint32_t i = 0; i < d->n; i++) {
		struct image_choice choice = { out.weight, put_string(c, d->choice[i].value) };

		ADD(c, IMAGE_CHOICE, choice);
		out.weight += d->choice[i].weight;
	}
	ADD(c, IMAGE_DATA, out);
}

static void
put_map(struct compiler *c, const struct text_map *m)
{
	struct image_map out = {
		.pair = next_index(c, IMAGE_PAIR), .n = m->n, .index = next_index(c, IMAGE_INDEX),
		.mask = 1,
	};
	uint32_t *index;

	while (out.mask < 2 * (uint64_t)m->n)
		out.mask = out.mask * 2 + 1;
	index = calloc((size_t)out.mask + 1, sizeof *index);
	if (index == NULL) {
		c->no_memory = true;
		return;
	}
	for (uint32_t i = 0; i < m->n; i++) {
		struct image_pair pair = { put_string(c, m->pair[i].key),
			put_string(c, m->pair[i].value) };
		uint32_t h = image_key_hash(m->pair[i].key) & out.mask;

		while (index[h] != 0)
			h = (h + 1) & out.mask;
		index[h] = i + 1;
		ADD(c, IMAGE_PAIR, pair);
	}
	section_add(c, IMAGE_INDEX, index, ((size_t)out.mask + 1) * sizeof *index, out.mask + 1);
	free(index);
	ADD(c, IMAGE_MAP, out);
}

static void
put_lists(struct compiler *c)
{
	for (uint32_t i = 0; i < c->t->ndata; i++)
		put_data(c, &c->t->data[i]);
	for (uint32_t i = 0; i < c->t->nmap; i++)
		put_map(c, &c->t->map[i]);
	for (uint32_t i = 0; i < c->t->neom; i++) {
		const struct text_eom *e = &c->t->eom[i];
		struct image_eom out = {
			.kind = e->kind, .width = e->width, .format = e->format, .at = e->at,
			.times = e->times, .plus = e->plus, .ms = e->ms,
			.term = put_string(c, e->term), .label = put_string(c, e->label),
		};

		ADD(c, IMAGE_EOM, out);
	}
	for (uint32_t i = 0; i < c->t->nvar; i++) {
		struct image_var out = { c->t->var[i].type, put_string(c, c->t->var[i].preset) };

		ADD(c, IMAGE_VAR, out);
	}
}

static void
put_automaton(struct compiler *c)
{
	const struct automaton *a = &c->a;
	uint32_t cells = a->nstates * a->nclasses;

	section_add(c, IMAGE_CLSMAP, a->cls, sizeof a->cls, sizeof a->cls);
	section_add(c, IMAGE_AUT, a->next, (size_t)cells * sizeof *a->next, cells);
	section_add(c, IMAGE_ACC, a->list, (size_t)a->nlist * sizeof *a->list, a->nlist);
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

static void
put_model(struct compiler *c)
{
	const struct text *t = c->t;
	struct image_model m = {
		.name = put_string(c, t->name), .start = t->start, .nclasses = c->a.nclasses,
		.keep = c->keep, .reply_max = c->reply_max,
		.idle_ms = t->state[t->start].idle_ms, .left_out = t->ntemplate - c->a.ntemplates,
		.proto = t->proto, .channel = t->channel,
		.flags = (uint8_t)((speaks_first(c) ? MODEL_SPEAKS_FIRST : 0) |
		    (stateless(c) ? MODEL_STATELESS : 0)),
	};

	if (m.idle_ms == 0)
		m.idle_ms = t->proto == MODEL_UDP ? 30000 : 300000;
	if (t->channel != CHANNEL_PLAIN)
		c->features |= IMAGE_NEEDS_CHANNEL;
	ADD(c, IMAGE_MODEL, m);
}

static int
put_text(struct compiler *c, struct diag *why)
{
	static const uint8_t zeros[PRF_KEY];
	char *text = NULL;
	uLongf packed;
	uint8_t *to;
	int err = text_print(c->t, &text, &c->text_bytes);

	if (err < 0)
		return err;
	if (c->text_bytes > IMAGE_TEXT_MAX) {
		err = diag_set(why, -EFBIG, "The text of the model has %zu bytes; %d are allowed.",
		    c->text_bytes, IMAGE_TEXT_MAX);
		goto free_text;
	}
	c->content = siphash(zeros, span_of(text, c->text_bytes));
	packed = compressBound(c->text_bytes);
	to = malloc(packed);
	if (to == NULL || compress2(to, &packed, (const uint8_t *)text, c->text_bytes, 9) != Z_OK)
		c->no_memory = true;
	else
		section_add(c, IMAGE_TEXT, to, packed, (uint32_t)packed);
	free(to);
free_text:
	free(text);
	return err;
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
	put_resync(c);
	put_lists(c);
	put_model(c);
}

/* Header and sections into one piece of memory. */
static int
assemble(struct compiler *c, uint8_t **image, size_t *n)
{
	struct image_header h = {
		.version = IMAGE_VERSION, .header_bytes = sizeof h, .features = c->features,
		.bytes = sizeof h, .content = c->content, .text_bytes = (uint32_t)c->text_bytes,
		.nsections = IMAGE_SECTION_N,
	};

	memcpy(h.magic, IMAGE_MAGIC, sizeof h.magic);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++) {
		h.section[i] = (struct image_extent){ .at = (uint32_t)h.bytes,
			.bytes = (uint32_t)c->section[i].n, .count = c->section[i].count };
		h.bytes += (c->section[i].n + 7) & ~(size_t)7;
		if (h.bytes > IMAGE_BYTES_MAX)
			return -EFBIG;
	}
	*image = calloc(1, h.bytes);
	if (*image == NULL)
		return -ENOMEM;
	memcpy(*image, &h, sizeof h);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		if (c->section[i].n > 0)
			memcpy(*image + h.section[i].at, c->section[i].p, c->section[i].n);
	image_sum(*image);
	*n = h.bytes;
	return 0;
}

static void
compiler_fini(struct compiler *c)
{
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		free(c->section[i].p);
	free(c->expected);
	free(c->string);
	free(c->strings);
	automaton_fini(&c->a);
}

int
compile(const struct text *t, uint8_t **image, size_t *n, struct compile_report *r,
    struct diag *why)
{
	struct compiler c = { .t = t };
	int err = text_check(t, why);

	if (err < 0)
		return err;
	c.expected = calloc((size_t)t->ntemplate + 1, sizeof *c.expected);
	c.no_memory = c.expected == NULL;
	err = automaton_build(&c.a, t, why);
	if (err < 0)
		goto out;
	if (!c.no_memory)
		put_all(&c);
	err = put_text(&c, why);
	if (err == 0 && c.too_long)
		err = diag_set(why, -EINVAL, "A reply of \"%.*s\" has more than %d len parts.",
		    (int)t->name.n, (const char *)t->name.p, IMAGE_LENS);
	if (err == 0)
		err = c.no_memory ? -ENOMEM : assemble(&c, image, n);
	if (err == -ENOMEM)
		diag_set(why, err, "There is not enough memory to compile \"%.*s\".",
		    (int)t->name.n, (const char *)t->name.p);
	if (err == -EFBIG)
		diag_set(why, err, "The image of \"%.*s\" would be larger than 1 GiB.",
		    (int)t->name.n, (const char *)t->name.p);
	if (err == 0 && r != NULL)
		*r = (struct compile_report){
			.automaton_states = c.a.nstates, .byte_classes = c.a.nclasses,
			.automaton_bytes = (size_t)c.a.nstates * c.a.nclasses * sizeof *c.a.next,
			.image_bytes = *n, .templates_left_out = t->ntemplate - c.a.ntemplates,
		};
out:
	compiler_fini(&c);
	return err;
}

static int
write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s = span_sub(s, (size_t)n, SIZE_MAX);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The rename lasts only once its directory is on disk. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, err;

	if (slash == NULL)
		strcpy(dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s", (int)MAX(slash - path, 1), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
	close(fd);
	return err;
}

int
image_save(const char *path, struct span image, struct diag *why)
{
	char beside[PATH_MAX];
	struct stat st;
	int n = snprintf(beside, sizeof beside, "%s.tmp", path), fd, err;

	if (n < 0 || (size_t)n >= sizeof beside)
		return diag_set(why, -ENAMETOOLONG, "%s: the name is too long.", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))	/* a rename would replace a device */
		return diag_set(why, -EINVAL, "%s: is no ordinary file, so no model is put in its place.",
		    path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return diag_set(why, -errno, "%s: cannot be written: %s.", path, strerror(errno));
	err = write_all(fd, image);
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(beside, path) < 0)
		err = -errno;
	if (err < 0) {
		unlink(beside);
		return diag_set(why, err, "%s: writing it failed: %s; the file is as it was.", path,
		    strerror(-err));
	}
	err = sync_directory(path);
	return err == 0 ? 0 : diag_set(why, err, "%s: it may not survive a crash: %s.", path,
	    strerror(-err));
}
