#include "models/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "models/prf.h"

#define SECTION_BYTES(name, field, type) sizeof(type),
static const uint32_t entry_bytes[] = { IMAGE_SECTIONS(SECTION_BYTES) };
#undef SECTION_BYTES
#define SECTION_NAME(name, field, type) #field,
static const char *const section_name[] = { IMAGE_SECTIONS(SECTION_NAME) };
#undef SECTION_NAME

/* One verification under way. The checks below return false and have filled why. */
struct check {
	const char *name;	/* of the file */
	struct diag *why;
	struct image i;
	uint32_t n[IMAGE_SECTION_N];	/* entries */
	int err;
};

PRINTF(2, 3) static bool
refuse(struct check *c, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	c->err = diag_set(c->why, c->err == 0 ? -EBADMSG : c->err,
	    "%s: this model image is damaged (%s); make it again with mynah learn or "
	    "mynah compile.", c->name, what);
	return false;
}

uint32_t
image_key_hash(struct span key)
{
	return (uint32_t)(span_hash(key, 0) >> 16);
}

static uint32_t
sum_of(const uint8_t *p, size_t n)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), p, n);
}

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

void
image_sum(uint8_t *bytes)
{
	struct image_header h;

	memcpy(&h, bytes, sizeof h);
	for (unsigned i = 0; i < IMAGE_SECTION_N; i++)
		h.section[i].crc = sum_of(bytes + h.section[i].at, padded(h.section[i].bytes));
	h.crc = sum_of((const uint8_t *)&h, offsetof(struct image_header, crc));
	memcpy(bytes, &h, sizeof h);
}

static bool
check_header(struct check *c, struct span s)
{
	struct image_header h = { 0 };

	memcpy(&h, s.p, MIN(s.n, sizeof h));
	if (s.n < sizeof h.magic || memcmp(h.magic, IMAGE_MAGIC, sizeof h.magic) != 0) {
		c->err = diag_set(c->why, -ENOEXEC, "%s: this is not a mynah model image.", c->name);
		return false;
	}
	if (s.n >= offsetof(struct image_header, features) && h.version != IMAGE_VERSION) {
		c->err = diag_set(c->why, -EPROTONOSUPPORT,
		    "%s: this model image has version %u, this program reads version %d; make it "
		    "again with mynah learn, or from its text.", c->name, h.version, IMAGE_VERSION);
		return false;
	}
	if (s.n < sizeof h || h.bytes != s.n)
		return refuse(c, "it has %zu bytes and should have %llu", s.n,
		    (unsigned long long)(s.n < sizeof h ? sizeof h : h.bytes));
	if (h.crc != sum_of(s.p, offsetof(struct image_header, crc)))
		return refuse(c, "the checksum of its header does not fit");
	if (h.header_bytes != sizeof h || h.nsections != IMAGE_SECTION_N || h.zero != 0)
		return refuse(c, "its header is not of this version");
	return true;
}

/* Sections follow each other without a gap, whole entries, zeros up to the next multiple of 8. */
static bool
check_sections(struct check *c, struct span s)
{
	const struct image_header *h = c->i.h;
	uint64_t at = sizeof *h;

	for (unsigned i = 0; i < IMAGE_SECTION_N; i++) {
		const struct image_extent *x = &h->section[i];
		size_t whole = padded(x->bytes);

		if (x->at != at || whole > s.n - at)
			return refuse(c, "section %s lies outside", section_name[i]);
		if (x->crc != sum_of(s.p + at, whole))
			return refuse(c, "the checksum of section %s does not fit", section_name[i]);
		if ((uint64_t)x->count * entry_bytes[i] != x->bytes)
			return refuse(c, "section %s has broken entries", section_name[i]);
		for (size_t k = x->bytes; k < whole; k++)
			if (s.p[at + k] != 0)
				return refuse(c, "section %s is filled up with other than zeros",
				    section_name[i]);
		c->n[i] = x->count;
		at += whole;
	}
	if (at != s.n)
		return refuse(c, "something follows its last section");
	return true;
}

static void
find_sections(struct image *i, const uint8_t *p)
{
	i->h = (const struct image_header *)p;
#define SECTION_FIND(NAME, field, type)                                                        \
	i->field = (const type *)(p + i->h->section[IMAGE_##NAME].at);
	IMAGE_SECTIONS(SECTION_FIND)
#undef SECTION_FIND
}

static bool
check_features(struct check *c)
{
	uint32_t f = c->i.h->features;

	if (f & IMAGE_NEEDS_HOST_STATE) {
		c->err = diag_set(c->why, -EOPNOTSUPP,
		    "%s: this model uses host state (sets, registers, effects), which this version "
		    "does not execute yet.", c->name);
		return false;
	}
	if (f & IMAGE_NEEDS_CHANNEL) {
		c->err = diag_set(c->why, -EOPNOTSUPP,
		    "%s: this model speaks inside another channel than plain, which this version "
		    "does not do yet.", c->name);
		return false;
	}
	if (f & ~(uint32_t)IMAGE_KNOWN_FEATURES)
		return refuse(c, "it needs features 0x%x, which nobody knows", f);
	return true;
}

static bool
in_section(const struct check *c, enum image_section which, uint32_t first, uint32_t n)
{
	return first <= c->n[which] && n <= c->n[which] - first;
}

/*
 * Parts of neighbours lie one behind the other and cover their section: *next is where this one
 * must begin. So no two share entries, and all loops over them together are linear.
 */
static bool
follows(const struct check *c, enum image_section which, uint64_t *next, uint32_t first, uint64_t n)
{
	if (first != *next || n > c->n[which] - *next)
		return false;
	*next += n;
	return true;
}

static bool
is_string(const struct check *c, struct image_span s)
{
	return in_section(c, IMAGE_STR, s.at, s.n);
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static bool
check_model(struct check *c)
{
	const struct image_model *m = c->i.model;

	if (c->n[IMAGE_MODEL] != 1 || !is_string(c, m->name) || m->name.n < 1 || m->name.n > 63)
		return refuse(c, "it has no name");
	if (m->start >= c->n[IMAGE_STATE] || c->n[IMAGE_STATE] > MODEL_STATES)
		return refuse(c, "it starts in state %u of %u", m->start, c->n[IMAGE_STATE]);
	if ((m->proto != MODEL_TCP && m->proto != MODEL_UDP) || m->channel != CHANNEL_PLAIN ||
	    m->flags > (MODEL_SPEAKS_FIRST | MODEL_STATELESS) || m->reply_max > MODEL_REPLY_BYTES ||
	    m->idle_ms == 0 || !all_zero(m->zero, sizeof m->zero))
		return refuse(c, "its description makes no sense");
	return true;
}

/* Marks where lists begin; each ends inside and names templates. */
static bool
check_acc(struct check *c, bool *begins)
{
	const uint16_t *acc = c->i.acc;
	uint32_t at = 0, n = c->n[IMAGE_ACC];

	while (at < n) {
		begins[at] = true;
		if (acc[at] > n - at - 1)
			return refuse(c, "a list of templates does not end");
		for (uint32_t x = 1; x <= acc[at]; x++)
			if (acc[at + x] >= c->n[IMAGE_TEMPLATE])
				return refuse(c, "the automaton accepts no template");
		at += acc[at] + 1u;
	}
	if (n == 0 || acc[0] != 0)
		return refuse(c, "its empty list is not empty");
	return true;
}

static bool
check_nodes(struct check *c, const bool *begins)
{
	const struct image *i = &c->i;
	uint32_t nclasses = i->model->nclasses;

	for (uint32_t k = 0; k < c->n[IMAGE_NODE]; k++) {
		const struct image_node *n = &i->node[k];
		bool final = n->accept != 0;

		for (uint32_t x = 0; x < nclasses && final; x++)
			final = i->aut[(size_t)k * nclasses + x] == 0;
		if (n->accept >= c->n[IMAGE_ACC] || !begins[n->accept] ||
		    n->near > c->n[IMAGE_TEMPLATE] || n->final != final ||
		    (k == 0 && (n->accept != 0 || n->near != 0)))
			return refuse(c, "node %u is wrong", k);
	}
	return true;
}

static bool
check_automaton(struct check *c)
{
	const struct image *i = &c->i;
	uint32_t nclasses = i->model->nclasses, nodes = c->n[IMAGE_NODE];
	bool *begins, good;

	if (c->n[IMAGE_CLSMAP] != 256 || nclasses < 1 || nclasses > 256 || nodes < 2 || nodes > 65536 ||
	    (uint64_t)nodes * nclasses != c->n[IMAGE_AUT])
		return refuse(c, "its automaton has %u nodes and %u classes", nodes, nclasses);
	for (unsigned v = 0; v < 256; v++)
		if (i->clsmap[v] >= nclasses)
			return refuse(c, "byte %u is in no class", v);
	for (uint32_t k = 0; k < c->n[IMAGE_AUT]; k++)
		if (i->aut[k] >= nodes || (k < nclasses && i->aut[k] != 0))
			return refuse(c, "node %u leads nowhere", k / nclasses);
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
check_elem(const struct check *c, const struct image_elem *e)
{
	if (!all_zero(e->zero, sizeof e->zero) || !is_string(c, e->lit))
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
	}
	return false;
}

static bool
check_templates(struct check *c)
{
	const struct image *i = &c->i;
	uint64_t elem = 0, field = 0;

	if (c->n[IMAGE_TEMPLATE] > MODEL_TEMPLATES)
		return refuse(c, "it has too many templates");
	for (uint32_t k = 0; k < c->n[IMAGE_ELEM]; k++)
		if (!check_elem(c, &i->elem[k]))
			return refuse(c, "element %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_CLASS]; k++) {
		uint32_t n = 0;

		for (unsigned v = 0; v < 256; v++)
			if (i->class[k].has[v / 8] >> v % 8 & 1 && i->class[k].member[n++] != v)
				return refuse(c, "class %u is wrong", k);
		if (i->class[k].n != n || !all_zero(i->class[k].member + n, 256 - n))
			return refuse(c, "class %u is wrong", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_TEMPLATE]; k++) {
		const struct image_template *t = &i->template[k];
		uint64_t literal = 0;
		uint32_t fills = 0;

		if (!follows(c, IMAGE_ELEM, &elem, t->elem, t->nelem) ||
		    !follows(c, IMAGE_FIELD, &field, t->field, t->nfield) ||
		    t->nfield > MODEL_SLOTS || t->zero != 0)
			return refuse(c, "template %u lies outside", k);
		for (uint32_t f = t->field; f < t->field + t->nfield; f++) {
			const struct image_field *x = &i->field[f];

			if (x->slot >= MODEL_SLOTS || x->first > x->last || x->last >= t->nelem ||
			    fills >> x->slot & 1)
				return refuse(c, "field %u of template %u is wrong", f - t->field, k);
			fills |= 1u << x->slot;
		}
		for (uint32_t e = t->elem; e < t->elem + t->nelem; e++)
			if (i->elem[e].kind == ELEM_LIT || i->elem[e].kind == ELEM_LIT_CASE)
				literal += i->elem[e].lit.n;
		if (t->literal != literal)
			return refuse(c, "template %u has other literals than it says", k);
		if (t->fills != fills)
			return refuse(c, "template %u fills other slots than it says", k);
		if (t->resync >= (uint32_t)RESYNC_UNCLEAR)
			continue;
		if (t->resync >= c->n[IMAGE_TURN] || i->turn[t->resync].event != EVENT_MESSAGE ||
		    i->turn[t->resync].arg != k)
			return refuse(c, "template %u is expected where it is not", k);
	}
	return true;
}

static bool
check_states(struct check *c)
{
	const struct image *i = &c->i;

	uint64_t turn = 0, group = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_STATE]; k++) {
		const struct image_state *s = &i->state[k];
		uint32_t hops = 0;

		if (!follows(c, IMAGE_TURN, &turn, s->turn, s->nturn) ||
		    (s->eom != IMAGE_NONE && s->eom >= c->n[IMAGE_EOM]) || s->wants_arena > 1)
			return refuse(c, "state %u is wrong", k);
		for (uint32_t b = s->backoff; b != IMAGE_NONE; b = i->state[b].backoff)
			if (b >= c->n[IMAGE_STATE] || ++hops > MODEL_BACKOFF)
				return refuse(c, "state %u backs off for ever", k);
		for (uint32_t t = s->turn; t < s->turn + s->nturn; t++) {
			const struct image_turn *x = &i->turn[t];

			if (t > s->turn && (x[-1].event > x->event ||
			    (x[-1].event == x->event && x[-1].arg >= x->arg)))
				return refuse(c, "the turns of state %u are not sorted", k);
		}
	}
	for (uint32_t t = 0; t < c->n[IMAGE_TURN]; t++) {
		const struct image_turn *x = &i->turn[t];

		if (x->event >= EVENT_KIND_N ||
		    !follows(c, IMAGE_GROUP, &group, x->group, x->ngroup) ||
		    (x->event == EVENT_MESSAGE && x->arg >= c->n[IMAGE_TEMPLATE]))
			return refuse(c, "turn %u is wrong", t);
	}
	return true;
}

static bool
check_guard(const struct check *c, const struct image_guard *g)
{
	if (g->slot >= MODEL_SLOTS || !is_string(c, g->lit))
		return false;
	switch (g->kind) {
	case GUARD_KNOWN:
	case GUARD_UNKNOWN:
		return g->index < c->n[IMAGE_MAP];
	case GUARD_PAIR:
		return g->index < c->n[IMAGE_MAP] && g->back < MODEL_SLOTS;
	case GUARD_EQ:
	case GUARD_NE:
		return true;
	case GUARD_HISTORY:
		return g->index < c->n[IMAGE_TEMPLATE] && g->back >= 1 && g->back <= 3;
	}
	return false;		/* host state: refused by its feature bit */
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
check_groups(struct check *c)
{
	const struct image *i = &c->i;
	uint64_t guard = 0, alt = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_GUARD]; k++)
		if (!check_guard(c, &i->guard[k]))
			return refuse(c, "guard %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_ALT]; k++) {
		const struct image_alt *a = &i->alt[k];

		if ((a->reply != IMAGE_NONE && a->reply >= c->n[IMAGE_REPLY]) ||
		    a->next >= c->n[IMAGE_STATE] || !all_zero(a->zero, sizeof a->zero) ||
		    a->flags > (ALT_CLOSE | ALT_RESET | ALT_PENDING))
			return refuse(c, "alternative %u is wrong", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_GROUP]; k++) {
		const struct image_group *g = &i->group[k];

		if (!follows(c, IMAGE_GUARD, &guard, g->guard, g->nguard) ||
		    g->nguard > MODEL_GUARDS || !follows(c, IMAGE_ALT, &alt, g->alt, g->nalt) ||
		    g->nalt == 0 || g->scope >= SCOPE_N || !weights_add_up(&i->alt[g->alt], g))
			return refuse(c, "group %u is wrong", k);
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
check_op(const struct check *c, const struct image_op *op)
{
	bool number = op->format == FMT_TEXT || op->format == FMT_HEX || op->format == FMT_BE ||
	    op->format == FMT_LE;
	bool width = op->format == FMT_TEXT || op->format == FMT_HEX || op->len <= 8;

	if (!is_string(c, op->lit) || op->slot >= MODEL_SLOTS || op->format >= FORMAT_N ||
	    op->zero != 0 ||
	    op->flags > (OP_PEER | OP_AFTER | OP_COUNTS_BEFORE | OP_COUNTS_MARK))
		return false;
	switch (op->kind) {
	case OP_LIT:
	case OP_FIELD:
	case OP_PART:
	case OP_MARK:
	case OP_BREAK:
	case OP_ADDR:
	case OP_PORT:
		return true;
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
	}
	return false;
}

static uint32_t
op_reads(const struct image_op *op)
{
	bool reads = op->kind == OP_FIELD || op->kind == OP_SEQ || op->kind == OP_PART ||
	    op->kind == OP_MAP;

	return reads ? 1u << op->slot : 0;
}

/* OP_LEN looks for its mark where the compiler said. */
static bool
check_len_place(const struct image_op *op, uint32_t n, uint32_t k)
{
	bool before = false, mark = false;

	for (uint32_t j = k + 1; j < n && op[j].kind != OP_BREAK && !mark; j++)
		mark = op[j].kind == OP_MARK;
	for (uint32_t j = k; !mark && j-- > 0 && op[j].kind != OP_BREAK;)
		before |= op[j].kind == OP_MARK;
	return mark == !!(op[k].flags & OP_COUNTS_MARK) &&
	    before == !!(op[k].flags & OP_COUNTS_BEFORE);
}

static bool
check_replies(struct check *c)
{
	const struct image *i = &c->i;
	uint32_t keep = 0;
	uint64_t ops = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_OP]; k++)
		if (!check_op(c, &i->op[k]))
			return refuse(c, "op %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_REPLY]; k++) {
		const struct image_reply *r = &i->reply[k];
		uint32_t reads = 0, nlen = 0;

		if (!follows(c, IMAGE_OP, &ops, r->op, r->nop) || r->nop > 4096)
			return refuse(c, "reply %u lies outside", k);
		for (uint32_t o = 0; o < r->nop; o++) {
			const struct image_op *op = &i->op[r->op + o];

			reads |= op_reads(op);
			if (op->kind == OP_LEN && (++nlen > IMAGE_LENS ||
			    !check_len_place(&i->op[r->op], r->nop, o)))
				return refuse(c, "reply %u counts what is not there", k);
		}
		if (reads != r->reads || nlen != r->nlen)
			return refuse(c, "reply %u reads other slots than it says", k);
		keep |= reads;
	}
	for (uint32_t k = 0; k < c->n[IMAGE_GUARD]; k++) {
		if (i->guard[k].kind != GUARD_HISTORY)
			keep |= 1u << i->guard[k].slot;
		if (i->guard[k].kind == GUARD_PAIR)
			keep |= 1u << i->guard[k].back;
	}
	if (keep != i->model->keep)
		return refuse(c, "it remembers other slots than it reads");
	return true;
}

/* Each pair is found, and the searches end: 1,024 steps per pair on average are enough. */
static bool
check_index(struct check *c, const struct image_map *m)
{
	uint64_t steps = 0, enough = 1024 * ((uint64_t)m->n + 64);

	for (uint32_t p = 0; p < m->n; p++) {
		struct span want = image_bytes(&c->i, c->i.pair[m->pair + p].key);
		uint32_t h = image_key_hash(want) & m->mask, at;

		for (; (at = c->i.index[m->index + h]) != p + 1; h = (h + 1) & m->mask)
			if (at == 0 || ++steps > enough ||
			    span_eq(want, image_bytes(&c->i, c->i.pair[m->pair + at - 1].key)))
				return false;
	}
	return true;
}

static bool
check_map(struct check *c, uint32_t k)
{
	const struct image_map *m = &c->i.map[k];
	uint32_t used = 0;

	if ((m->mask & (m->mask + 1)) != 0 || m->mask < m->n)
		return refuse(c, "the index of map %u has no such size", k);
	for (uint32_t p = m->pair; p < m->pair + m->n; p++)
		if (!is_string(c, c->i.pair[p].key) || !is_string(c, c->i.pair[p].value))
			return refuse(c, "a pair of map %u lies outside", k);
	for (uint32_t h = 0; h <= m->mask; h++) {
		if (c->i.index[m->index + h] > m->n)
			return refuse(c, "the index of map %u is wrong", k);
		used += c->i.index[m->index + h] != 0;
	}
	if (used != m->n || !check_index(c, m))	/* so one place is free, and every search ends */
		return refuse(c, "a key of map %u cannot be found", k);
	return true;
}

static bool
check_eom(const struct check *c, const struct image_eom *e)
{
	if (e->kind >= EOM_KIND_N || e->zero != 0 || !is_string(c, e->term) ||
	    !is_string(c, e->label))
		return false;
	if ((e->kind == EOM_TERM || e->kind == EOM_DECIMAL) && (e->term.n == 0 || e->term.n > 255))
		return false;
	if (e->kind != EOM_LENGTH)
		return true;
	return (e->width == 1 || e->width == 2 || e->width == 4) &&
	    (e->format == FMT_BE || e->format == FMT_LE);
}

static bool
check_lists(struct check *c)
{
	const struct image *i = &c->i;
	uint64_t choice = 0, pair = 0, index = 0;

	for (uint32_t k = 0; k < c->n[IMAGE_CHOICE]; k++)
		if (!is_string(c, i->choice[k].value))
			return refuse(c, "choice %u lies outside", k);
	for (uint32_t k = 0; k < c->n[IMAGE_DATA]; k++) {
		const struct image_data *d = &i->data[k];

		if (!follows(c, IMAGE_CHOICE, &choice, d->choice, d->n) || d->n == 0 || d->weight == 0 ||
		    d->scope >= SCOPE_N || i->choice[d->choice].before != 0)
			return refuse(c, "data table %u is wrong", k);
		for (uint32_t x = 0; x < d->n; x++)
			if ((x + 1 < d->n ? i->choice[d->choice + x + 1].before : d->weight) <=
			    i->choice[d->choice + x].before)
				return refuse(c, "the weights of data table %u do not add up", k);
	}
	for (uint32_t k = 0; k < c->n[IMAGE_MAP]; k++)
		if (!follows(c, IMAGE_PAIR, &pair, i->map[k].pair, i->map[k].n) ||
		    !follows(c, IMAGE_INDEX, &index, i->map[k].index, i->map[k].mask + 1ull))
			return refuse(c, "map %u lies outside", k);
		else if (!check_map(c, k))
			return false;
	for (uint32_t k = 0; k < c->n[IMAGE_EOM]; k++)
		if (!check_eom(c, &i->eom[k]))
			return refuse(c, "end of message %u is wrong", k);
	for (uint32_t k = 0; k < c->n[IMAGE_VAR]; k++)
		if (i->var[k].type >= VAR_TYPE_N || !is_string(c, i->var[k].preset) ||
		    i->var[k].preset.n > 255)
			return refuse(c, "host variable %u is wrong", k);
	return true;
}

int
image_inflate(const struct image *i, char **to, size_t *n, struct diag *why)
{
	uLongf bytes = i->h->text_bytes;
	char *text = malloc(bytes + 1);

	if (text == NULL)
		return diag_set(why, -ENOMEM, "There is not enough memory for the text of a model.");
	if (uncompress((uint8_t *)text, &bytes, i->text, i->h->section[IMAGE_TEXT].bytes) != Z_OK ||
	    bytes != i->h->text_bytes) {
		free(text);
		return diag_set(why, -EBADMSG, "The text inside the model image is damaged.");
	}
	text[bytes] = '\0';
	*to = text;
	*n = bytes;
	return 0;
}

static bool
check_text(struct check *c)
{
	static const uint8_t zeros[PRF_KEY];
	uint64_t content;
	char *text;
	size_t n;
	int err;

	if (c->i.h->text_bytes > IMAGE_TEXT_MAX)
		return refuse(c, "its text is too long");
	err = image_inflate(&c->i, &text, &n, NULL);
	if (err == -ENOMEM) {
		c->err = diag_set(c->why, err, "%s: there is not enough memory to check this image.",
		    c->name);
		return false;
	}
	if (err < 0)
		return refuse(c, "its text cannot be unpacked");
	content = siphash(zeros, span_of(text, n));
	free(text);
	if (content != c->i.h->content)
		return refuse(c, "its text is another one than its name says");
	return true;
}

int
image_verify(struct image *where, const char *name, struct span s, struct diag *why)
{
	struct check c = { .name = name, .why = why };

	if (s.n > IMAGE_BYTES_MAX)
		return diag_set(why, -EFBIG, "%s: a model image larger than 1 GiB is refused.", name);
	if (!check_header(&c, s))
		return c.err;
	c.i.h = (const struct image_header *)s.p;
	if (!check_sections(&c, s))
		return c.err;
	find_sections(&c.i, s.p);
	if (!check_features(&c) || !check_model(&c) || !check_automaton(&c) ||
	    !check_templates(&c) || !check_states(&c) || !check_groups(&c) || !check_replies(&c) ||
	    !check_lists(&c) || !check_text(&c))
		return c.err;
	*where = c.i;
	return 0;
}
