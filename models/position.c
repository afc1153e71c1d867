#include "models/position.h"

#include <stdlib.h>

enum {				/* more counts as over the budget */
	POSITIONS = 4 << 20,
	SETS = 4096,
};

static inline bool
has(const uint8_t set[32], unsigned byte)
{
	return set[byte / 8] >> byte % 8 & 1;
}

static inline void
add(uint8_t set[32], unsigned byte)
{
	set[byte / 8] |= (uint8_t)(1u << byte % 8);
}

void
position_elem_class(const struct text *t, const struct text_elem *e, uint8_t out[32])
{
	memset(out, 0xff, 32);
	switch (e->kind) {
	case ELEM_TOK:
		for (size_t i = 0; i < t->separators.n; i++)
			out[t->separators.p[i] / 8] &= (uint8_t)~(1u << t->separators.p[i] % 8);
		break;
	case ELEM_LINE:
		out['\r' / 8] &= (uint8_t)~(1u << '\r' % 8);
		out['\n' / 8] &= (uint8_t)~(1u << '\n' % 8);
		break;
	case ELEM_SPAN:
		memcpy(out, t->class[e->class].has, 32);
		break;
	case ELEM_LEN:
		if (e->format == FMT_TEXT) {
			memset(out, 0, 32);
			for (unsigned c = '0'; c <= '9'; c++)
				add(out, c);
		}
		break;
	}
}

/* Number of that set, new if need be; SETS when there are too many. */
static uint32_t
intern_set(struct positions *p, const uint8_t set[32])
{
	for (uint32_t i = p->nsets; i-- > 0;)
		if (memcmp(p->set[i], set, 32) == 0)
			return i;
	if (p->nsets < SETS)
		memcpy(p->set[p->nsets++], set, 32);
	else
		return SETS;
	return p->nsets - 1;
}

static int
emit(struct positions *p, uint8_t kind, uint32_t set, uint32_t jump)
{
	if (p->npos == POSITIONS || set == SETS)
		return OVER_BUDGET;
	p->pos[p->npos++] = (struct position){ .jump = jump, .set = (uint16_t)set, .kind = kind };
	return 0;
}

static int
emit_many(struct positions *p, uint8_t kind, uint32_t set, uint32_t n)
{
	uint32_t end = p->npos + n;
	int err = 0;

	if (n > POSITIONS - p->npos)
		return OVER_BUDGET;
	while (n-- > 0 && err == 0)
		err = emit(p, kind, set, end);
	return err;
}

static int
emit_literal(struct positions *p, const struct text_elem *e)
{
	int err = 0;

	for (size_t i = 0; i < e->lit.n && err == 0; i++) {
		uint8_t set[32] = { 0 }, c = e->lit.p[i];

		add(set, c);
		if (e->kind == ELEM_LIT_CASE && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			add(set, c ^ 0x20);
		err = emit(p, STEP, intern_set(p, set), 0);
	}
	return err;
}

/* The count, and as many positions as it can be; every count is a class of its own. */
static int
emit_counted(struct positions *p, const struct text_elem *e)
{
	uint8_t any[32], counts[32] = { 0 };
	int err;

	for (uint32_t n = e->min; n <= e->max; n++) {
		uint8_t one[32] = { 0 };

		add(one, n);
		add(counts, n);
		if (intern_set(p, one) == SETS)
			return OVER_BUDGET;
	}
	memset(any, 0xff, sizeof any);
	err = emit(p, COUNT, intern_set(p, counts), p->npos + 1 + e->max);
	return err < 0 ? err : emit_many(p, STEP, intern_set(p, any), e->max);
}

static int
emit_elem(struct positions *p, const struct text_elem *e)
{
	uint8_t has_byte[32];
	uint32_t set, min = e->min;
	int err;

	if (e->kind == ELEM_LIT || e->kind == ELEM_LIT_CASE)
		return emit_literal(p, e);
	if (e->kind == ELEM_COUNTED)
		return emit_counted(p, e);
	position_elem_class(p->t, e, has_byte);
	set = intern_set(p, has_byte);
	switch (e->kind) {
	case ELEM_TOK:
		err = emit(p, STEP, set, 0);
		return err < 0 ? err : emit(p, STAR, set, 0);
	case ELEM_LINE:
	case ELEM_TAIL:
		return emit(p, STAR, set, 0);
	case ELEM_SPAN:
		err = emit_many(p, STEP, set, min);
		if (err < 0)
			return err;
		/* no message is longer than MODEL_MESSAGE_BYTES: such a bound is none */
		if (e->max == 0 || e->max >= MODEL_MESSAGE_BYTES)
			return emit(p, STAR, set, 0);
		return emit_many(p, OPT, set, e->max - min);
	default:			/* ANY, LEN; len text 0 has one digit or more */
		if (e->kind == ELEM_LEN && e->format == FMT_TEXT && min == 0) {
			err = emit(p, STEP, set, 0);
			return err < 0 ? err : emit(p, STAR, set, 0);
		}
		return emit_many(p, STEP, set, min);
	}
}

/* At most so many positions has a template. */
static size_t
length_of(const struct text_template *tpl)
{
	size_t n = 1;

	for (uint32_t k = 0; k < tpl->nelem; k++)
		n += 2 + tpl->elem[k].lit.n + MAX(tpl->elem[k].min, tpl->elem[k].max);
	return n;
}

static int
by_worth(const void *a, const void *b, void *text)
{
	const struct text *t = text;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	const struct text_template *x = &t->template[i], *y = &t->template[j];
	uint64_t xs = length_of(x) * (uint64_t)MAX(y->support, 1u);
	uint64_t ys = length_of(y) * (uint64_t)MAX(x->support, 1u);

	return xs != ys ? (xs > ys) - (xs < ys) : (i > j) - (i < j);
}

/* Most support for its length first; as many as have room for sure. */
static void
rank_templates(struct positions *p, bool *has_room)
{
	size_t n = 0, bytes = 0;

	for (uint32_t i = 0; i < p->t->ntemplate; i++)
		p->worth[i] = i;
	qsort_r(p->worth, p->t->ntemplate, sizeof *p->worth, by_worth, (void *)p->t);
	for (; n < p->t->ntemplate; n++) {
		bytes += length_of(&p->t->template[p->worth[n]]);
		if (bytes > POSITIONS)
			break;
		has_room[p->worth[n]] = true;
	}
}

/* Positions in the order of the text; of what has too many sets, none. */
static void
emit_templates(struct positions *p, bool *has_room)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->t->ntemplate; i++) {
		const struct text_template *tpl = &p->t->template[i];
		int err = 0;

		p->row[i] = p->npos;
		if (!has_room[i])
			continue;
		for (uint32_t k = 0; k < tpl->nelem && err == 0; k++)
			err = emit_elem(p, &tpl->elem[k]);
		if (err == 0)
			err = emit(p, END, 0, i);
		if (err < 0) {
			p->npos = p->row[i];
			has_room[i] = false;
		}
	}
	p->row[p->t->ntemplate] = p->npos;
	for (uint32_t i = 0; i < p->t->ntemplate; i++)
		if (has_room[p->worth[i]])
			p->worth[n++] = p->worth[i];
	p->nworth = n;
}

/* Splits the bytes by every set in use, then lists the classes of each set. */
static void
make_classes(struct positions *p)
{
	p->nclasses = 1;
	memset(p->cls, 0, sizeof p->cls);
	for (uint32_t s = 0; s < p->nsets && p->nclasses < 256; s++) {
		int32_t inside[256];

		memset(inside, -1, sizeof inside);
		/* a class that lies partly inside gets a new number for that part */
		for (uint32_t c = 0, n = p->nclasses; c < n; c++) {
			bool in = false, out = false;

			for (unsigned v = 0; v < 256; v++)
				if (p->cls[v] == c)
					*(has(p->set[s], v) ? &in : &out) = true;
			if (in && out)
				inside[c] = (int32_t)p->nclasses++;
		}
		for (unsigned v = 0; v < 256; v++)
			if (has(p->set[s], v) && inside[p->cls[v]] >= 0)
				p->cls[v] = (uint8_t)inside[p->cls[v]];
	}
	for (uint32_t s = 0; s < p->nsets; s++) {
		uint16_t *list = p->classes + (size_t)s * 257;
		bool seen[256] = { false };

		list[0] = 0;
		for (unsigned v = 0; v < 256; v++)
			if (has(p->set[s], v) && !seen[p->cls[v]]) {
				seen[p->cls[v]] = true;
				list[++list[0]] = p->cls[v];
			}
	}
}

int
positions_init(struct positions *p, const struct text *t)
{
	bool *has_room = calloc((size_t)t->ntemplate + 1, sizeof *has_room);
	size_t bytes = 0;
	int err = -ENOMEM;

	*p = (struct positions){ .t = t };
	for (uint32_t i = 0; i < t->ntemplate && bytes < POSITIONS; i++)
		bytes += length_of(&t->template[i]);
	p->pos = malloc((MIN(bytes, (size_t)POSITIONS) + 1) * sizeof *p->pos);
	p->row = malloc(((size_t)t->ntemplate + 1) * sizeof *p->row);
	p->worth = malloc(((size_t)t->ntemplate + 1) * sizeof *p->worth);
	p->set = malloc(SETS * sizeof *p->set);
	p->classes = malloc((size_t)SETS * 257 * sizeof *p->classes);
	if (has_room != NULL && p->pos != NULL && p->row != NULL && p->worth != NULL &&
	    p->set != NULL && p->classes != NULL) {
		rank_templates(p, has_room);
		emit_templates(p, has_room);
		make_classes(p);
		err = 0;
	}
	free(has_room);
	return err;
}

void
positions_fini(struct positions *p)
{
	free(p->classes);
	free(p->set);
	free(p->worth);
	free(p->row);
	free(p->pos);
}
