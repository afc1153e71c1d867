#include "learning/scriptgen/wording.h"

#include <stdio.h>
#include <stdlib.h>

struct writer {
	const struct wording_input *in;
	struct wording *out;
	struct text *t;
	struct pool *pool;
	uint32_t holding_room, reply_room;
	uint32_t *nlocal, nearlier;	/* slots in use: per label; of earlier requests */
	struct intern bare;		/* replies without a computed byte */
	uint32_t *bare_reply;
};

static const struct step *
step_at(const struct writer *w, struct where at)
{
	return &w->in->machine->sequence[at.sequence].step[at.step];
}

static const struct conversation *
conversation_of(const struct writer *w, struct where at)
{
	return &w->in->corpus->conversations[w->in->x->exchange[step_at(w, at)->exchange].conversation];
}

/* Does an address of one of the ends stand here? Its bytes and how it is written; 0: no. */
static size_t
address_at(const struct writer *w, const struct conversation *c, struct span rest, struct text_op *op)
{
	for (unsigned peer = 0; peer < 2; peer++) {
		const struct addr *a = peer ? &c->client : &c->server;
		char text[ADDR_TEXT];
		size_t n;

		*op = (struct text_op){ .kind = OP_ADDR, .peer = peer, .format = FMT_BE };
		if (!addr_is_v4(a))
			continue;
		if (!w->in->text && rest.n >= 4 && memcmp(rest.p, a->b + 12, 4) == 0)
			return 4;
		n = (size_t)addr_print(text, a);
		for (op->format = FMT_TEXT; op->format <= FMT_COMMA; op->format += FMT_COMMA - FMT_TEXT) {
			char after = rest.n > n ? (char)rest.p[n] : 0;

			if (rest.n >= n && memcmp(rest.p, text, n) == 0 && (after < '0' || after > '9'))
				return n;
			for (size_t i = 0; i < n; i++)
				text[i] = text[i] == '.' ? ',' : text[i];
		}
	}
	return 0;
}

struct piece {			/* of an answer: what a link computes, or bytes as recorded */
	const struct link *link; /* NULL: recorded */
	struct span bytes;
};

/* Cuts an answer where links say; returns the number of pieces. */
static uint32_t
cut(struct piece *to, const struct label *form, const struct links *links, const struct span *value)
{
	uint32_t n = 0, k = 0;

	for (uint32_t s = 0; s < form->n; s++) {
		size_t at = 0;

		for (; k < links->n && links->link[k].to_segment == s; k++) {
			const struct link *l = &links->link[k];
			size_t size = l->whole ? value[s].n : l->n;

			if (l->to_offset > at)
				to[n++] = (struct piece){ NULL, span_sub(value[s], at, l->to_offset - at) };
			to[n++] = (struct piece){ l, span_sub(value[s], l->to_offset, size) };
			at = l->to_offset + size;
		}
		if (at < value[s].n)
			to[n++] = (struct piece){ NULL, span_sub(value[s], at, SIZE_MAX) };
	}
	return n;
}

static struct piece *
pieces_of(struct writer *w, uint32_t response, struct where at, uint32_t *n)
{
	const struct machine *m = w->in->machine;
	const struct response *r = &w->in->responses->response[response];
	const struct label *form = &m->form.label[r->form];
	struct span value[LABEL_SEGMENTS];
	struct piece *p = pool_array(w->pool, 2 * r->links.n + form->n + 1, sizeof *p);

	if (!label_match(form, m->messages->value[step_at(w, at)->response], value))
		return NULL;
	*n = cut(p, form, &r->links, value);
	return p;
}

/* What tells variants apart: recorded bytes, without addresses. */
static struct span
variant_key(struct writer *w, uint32_t response, struct where at)
{
	const struct conversation *c = conversation_of(w, at);
	uint32_t npieces = 0;
	const struct piece *p = pieces_of(w, response, at, &npieces);
	struct span whole = w->in->machine->messages->value[step_at(w, at)->response];
	uint8_t *key = pool_alloc(w->pool, whole.n + 4 * (size_t)npieces + 8);
	size_t n = sizeof response;
	struct text_op op;

	memcpy(key, &response, sizeof response);
	for (uint32_t i = 0; i < npieces; i++) {
		for (size_t k = 0, size; p[i].link == NULL && k < p[i].bytes.n; k += MAX(size, 1u)) {
			size = address_at(w, c, span_sub(p[i].bytes, k, SIZE_MAX), &op);
			key[n++] = size > 0 ? (uint8_t)(op.format << 1 | op.peer) : p[i].bytes.p[k];
		}
		key[n++] = 0xff;
	}
	return span_of(key, n);
}

static uint32_t
response_of(const struct responses *r, uint32_t label, uint32_t form)
{
	uint32_t low = 0, high = r->n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const struct response *one = &r->response[middle];

		if (one->label < label || (one->label == label && one->form < form))
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n && r->response[low].label == label && r->response[low].form == form ? low : UINT32_MAX;
}

static int
by_count(const void *a, const void *b)
{
	const struct variant *const *x = a, *const *y = b;

	return (*x)->response != (*y)->response ? ((*x)->response > (*y)->response) - ((*x)->response < (*y)->response)
	    : (*x)->count != (*y)->count ? ((*x)->count < (*y)->count) - ((*x)->count > (*y)->count)
	    : (*x > *y) - (*x < *y);
}

/* The variant of each step; of a response only the most frequent ones stay. */
static void
find_variants(struct writer *w)
{
	const struct machine *m = w->in->machine;
	struct wording *out = w->out;
	struct intern keys;
	struct variant **sorted;
	uint32_t room = 0;

	intern_init(&keys, w->pool);
	out->of = pool_array(w->pool, m->nsequences + 1, sizeof *out->of);
	for (uint32_t q = 0; q < m->nsequences; q++) {
		out->of[q] = pool_array(w->pool, m->sequence[q].n + 1, sizeof **out->of);
		for (uint32_t i = 0; i < m->sequence[q].n; i++) {
			uint32_t said = m->sequence[q].step[i].response, label = m->label_of[q][i], r, id;

			out->of[q][i] = said == STEP_SILENCE ? WORDING_SILENCE : KINDS_NONE;
			if (said >= STEP_SILENCE || label == KINDS_NONE || m->form_of[said] == KINDS_NONE)
				continue;
			r = response_of(w->in->responses, label, m->form_of[said]);
			if (r == UINT32_MAX)
				continue;
			id = intern_add(&keys, variant_key(w, r, (struct where){ q, i }));
			if (id == out->n) {
				if (id == room) {
					room = MAX(256u, 2 * room);
					out->variant = pool_grow(w->pool, out->variant, id, room, sizeof *out->variant);
				}
				out->variant[out->n++] = (struct variant){ r, { q, i }, 0, UINT32_MAX };
			}
			out->variant[id].count++;
			out->of[q][i] = id;
		}
	}
	sorted = pool_array(w->pool, out->n + 1, sizeof(struct variant *));
	for (uint32_t v = 0; v < out->n; v++)
		sorted[v] = &out->variant[v];
	qsort(sorted, out->n, sizeof(struct variant *), by_count);
	for (uint32_t v = WORDING_VARIANTS; v < out->n; v++)
		if (sorted[v]->response == sorted[v - WORDING_VARIANTS]->response)
			sorted[v]->count = 0;	/* not said */
}

static uint32_t
slot_of(struct writer *w, uint32_t label, const struct link *l)
{
	struct wording *out = w->out;
	bool earlier = l->source > 0;
	struct holding c = { label, l->segment, l->whole ? 0 : l->offset, l->whole ? 0 : l->n, earlier,
		MODEL_SLOTS };

	for (uint32_t i = 0; i < out->nholdings; i++) {
		const struct holding *k = &out->holding[i];

		if (k->label == c.label && k->segment == c.segment && k->offset == c.offset && k->n == c.n &&
		    k->earlier == earlier)
			return k->slot;
	}
	if (earlier && w->nearlier < MODEL_SLOTS - WORDING_LOCAL)
		c.slot = MODEL_SLOTS - ++w->nearlier;
	else if (!earlier && w->nlocal[label] < WORDING_LOCAL)
		c.slot = w->nlocal[label]++;
	if (c.slot == MODEL_SLOTS)
		return MODEL_SLOTS;
	if (out->nholdings == w->holding_room) {
		w->holding_room = MAX(64u, 2 * w->holding_room);
		out->holding = pool_grow(w->pool, out->holding, out->nholdings, w->holding_room, sizeof c);
	}
	out->holding[out->nholdings++] = c;
	return c.slot;
}

struct saying {
	struct writer *w;
	struct text_op *op;
	uint32_t n;
	uint8_t *lit;			/* literal bytes not yet an op */
	size_t from, nlit;
	const struct unit *unit;	/* where its datagrams end */
	size_t said;			/* recorded bytes so far */
	uint32_t part;
	size_t part_end;
};

static void
say_op(struct saying *s, struct text_op op)
{
	if (s->nlit > s->from)
		s->op[s->n++] = (struct text_op){ .kind = OP_LIT,
			.lit = span_of(s->lit + s->from, s->nlit - s->from) };
	s->from = s->nlit;
	s->op[s->n++] = op;
}

/* A datagram of the recorded answer is over. */
static void
end_parts(struct saying *s, size_t n)
{
	s->said += n;
	while (s->part + 1 < s->unit->nparts && s->said >= s->part_end) {
		say_op(s, (struct text_op){ .kind = OP_BREAK });
		s->part_end += s->unit->part[++s->part].n;
	}
}

static void
say_recorded(struct saying *s, const struct conversation *c, struct span bytes)
{
	for (size_t k = 0, n; k < bytes.n; k += n) {
		struct text_op op;

		n = address_at(s->w, c, span_sub(bytes, k, SIZE_MAX), &op);
		if (n > 0)
			say_op(s, op);
		else
			s->lit[s->nlit++] = bytes.p[k];
		n = MAX(n, 1u);
		end_parts(s, n);
	}
}

static bool
say_link(struct saying *s, const struct response *r, const struct link *l)
{
	struct text_op op = { .format = l->format, .delta = l->delta };

	if (l->kind == LINK_COPY || l->kind == LINK_ADD) {
		op.slot = slot_of(s->w, r->origin[l->source], l);
		if (op.slot == MODEL_SLOTS)
			return false;
	}
	switch (l->kind) {
	case LINK_COPY:
		op = (struct text_op){ .kind = OP_FIELD, .slot = op.slot };
		break;
	case LINK_ADD:
		op.kind = OP_SEQ;
		op.len = l->whole ? 0 : l->n;
		break;
	case LINK_LENGTH:
	case LINK_TIME:
		op.kind = l->kind == LINK_TIME ? OP_TIME : OP_LEN;
		op.len = l->n;
		break;
	default:
		op = (struct text_op){ .kind = OP_RAND, .index = 0, .len = l->n, .scope = SCOPE_TURN };
		break;
	}
	say_op(s, op);
	s->w->out->computed[l->kind]++;
	return true;
}

static void
add_reply(struct writer *w, struct variant *v)
{
	const struct response *r = &w->in->responses->response[v->response];
	const struct step *step = step_at(w, v->sample);
	const struct unit *unit = &w->in->x->unit[w->in->x->exchange[step->exchange].server];
	struct saying s = { .w = w, .unit = unit, .part_end = unit->nparts > 0 ? unit->part[0].n : SIZE_MAX };
	size_t whole = w->in->machine->messages->value[step->response].n;
	uint32_t n = 0;
	const struct piece *p = pieces_of(w, v->response, v->sample, &n);

	s.op = pool_array(w->pool, 2 * (size_t)n + 2 * unit->nparts + whole / 2 + 8, sizeof *s.op);
	s.lit = pool_alloc(w->pool, whole + 1);
	for (uint32_t i = 0; i < n; i++) {
		if (p[i].link == NULL || !say_link(&s, r, p[i].link))
			say_recorded(&s, conversation_of(w, v->sample), p[i].bytes);
		else
			end_parts(&s, p[i].bytes.n);
	}
	if (s.nlit > s.from)
		s.op[s.n++] = (struct text_op){ .kind = OP_LIT, .lit = span_of(s.lit + s.from, s.nlit - s.from) };
	if (s.n == 1 && s.op[0].kind == OP_LIT) {	/* the same bytes are the same reply */
		uint32_t known = w->bare.n, id = intern_add(&w->bare, s.op[0].lit);

		if (id < known) {
			v->reply = w->bare_reply[id];
			w->t->reply[v->reply].support += v->count;
			return;
		}
		w->bare_reply[id] = w->t->nreply;
	}
	v->reply = w->t->nreply;
	w->t->reply[w->t->nreply++] = (struct text_reply){ .op = s.op, .nop = s.n, .support = v->count,
		.cluster = -1, .origin = ORIGIN_SCRIPTGEN };
}

void
wording_make(struct wording *out, struct text *t, const struct wording_input *in)
{
	struct writer w = { .in = in, .out = out, .t = t, .pool = in->pool };

	*out = (struct wording){ 0 };
	w.nlocal = pool_array(in->pool, in->machine->nlabels + 1, sizeof *w.nlocal);
	t->class = pool_array(in->pool, 256, sizeof *t->class);
	memset(t->class[t->nclass++].has, 0xff, sizeof t->class->has);	/* for random bytes */
	find_variants(&w);
	intern_init(&w.bare, in->pool);
	w.bare_reply = pool_array(in->pool, out->n + 1, sizeof *w.bare_reply);
	t->reply = pool_array(in->pool, out->n + 1, sizeof *t->reply);
	for (uint32_t v = 0; v < out->n; v++)
		if (out->variant[v].count > 0)
			add_reply(&w, &out->variant[v]);
}
