#include "learning/scriptgen/depend.h"

#include <stdlib.h>

#include "models/vocab.h"

struct cell {			/* a byte of rigid segments, in all samples */
	uint32_t segment, offset;
	const uint8_t *byte;	/* per sample */
	uint32_t values;	/* distinct, up to 3 */
};

struct cells {
	struct cell *cell;
	uint32_t n;
};

struct finder {
	struct pool *pool;
	const struct depend_input *in;
	struct cells answer, *origin;
	bool *taken;			/* per cell of the answer: explained */
	struct link *link;
	uint32_t n;
};

static uint32_t
distinct(const uint8_t *b, uint32_t n)
{
	uint8_t seen[3];
	uint32_t k, found = 0;

	for (uint32_t i = 0; i < n && found < 3; i++) {
		for (k = 0; k < found && seen[k] != b[i]; k++)
			continue;
		if (k == found)
			seen[found++] = b[i];
	}
	return found;
}

/* The rigid bytes of a label; none where a sample lacks the message. */
static void
read_cells(struct cells *to, struct finder *f, const struct label *l, struct span *const *value)
{
	uint32_t n = 0, samples = f->in->samples;

	to->n = 0;
	for (uint32_t s = 0; s < samples; s++)
		if (value[s] == NULL)
			return;
	for (uint32_t i = 0; i < l->n; i++)
		n += l->segment[i].rigid ? l->segment[i].n : 0;
	n = MIN(n, (uint32_t)DEPEND_CELLS);
	to->cell = pool_array(f->pool, n + 1, sizeof *to->cell);
	for (uint32_t i = 0; i < l->n; i++) {
		if (!l->segment[i].rigid)
			continue;
		for (uint32_t k = 0; k < l->segment[i].n && to->n < n; k++) {
			uint8_t *b = pool_alloc(f->pool, samples);

			for (uint32_t s = 0; s < samples; s++)
				b[s] = value[s][i].p[k];
			to->cell[to->n++] = (struct cell){ i, k, b, distinct(b, samples) };
		}
	}
}

/* Do two cells agree in all samples but so many? */
static bool
agree(const struct finder *f, const struct cell *a, const struct cell *b, uint32_t allowed)
{
	uint32_t wrong = 0;

	for (uint32_t s = 0; s < f->in->samples && wrong <= allowed; s++)
		wrong += a->byte[s] != b->byte[s];
	return wrong <= allowed;
}

static bool
side_by_side(const struct cells *c, uint32_t i, uint32_t k)
{
	return i + k < c->n && c->cell[i + k].segment == c->cell[i].segment;
}

/* Distinct values of a run of cells, counted up to most. */
static uint32_t
run_values(const struct finder *f, const struct cells *c, uint32_t from, uint32_t n, uint32_t most)
{
	struct intern known;
	uint8_t *all = pool_alloc(f->pool, (size_t)f->in->samples * n + 1);

	intern_init(&known, f->pool);
	for (uint32_t s = 0; s < f->in->samples && known.n < most; s++) {
		for (uint32_t k = 0; k < n; k++)
			all[s * n + k] = c->cell[from + k].byte[s];
		intern_add(&known, span_of(all + s * n, n));
	}
	return known.n;
}

static void
add_link(struct finder *f, struct link l)
{
	f->link[f->n++] = l;	/* at most one per cell and loose segment */
}

struct chunk {
	uint32_t source, from, to, n;	/* cells */
	bool in_place;			/* both at the same offset from the beginning */
};

static struct chunk
longest_chunk(struct finder *f, uint32_t to)
{
	struct chunk best = { 0 };

	for (uint32_t o = 0; o < f->in->norigins; o++) {
		const struct cells *c = &f->origin[o];

		for (uint32_t i = 0; i < c->n; i++) {
			struct chunk one = { o, i, to, 0, false };

			if (c->cell[i].values < 2)
				continue;
			while (side_by_side(c, i, one.n) && side_by_side(&f->answer, to, one.n) &&
			    !f->taken[to + one.n] && f->answer.cell[to + one.n].values > 1 &&
			    agree(f, &c->cell[i + one.n], &f->answer.cell[to + one.n], f->in->samples / 10))
				one.n++;
			one.in_place = c->cell[i].segment == 0 && f->answer.cell[to].segment == 0 &&
			    c->cell[i].offset == f->answer.cell[to].offset;
			if (one.n == 1 && f->answer.cell[to].values < 3)
				continue;
			if (one.n > best.n || (one.n == best.n && o == best.source && one.in_place && !best.in_place))
				best = one;
		}
	}
	return best;
}

/* Neighbours that agree in all samples join. */
static void
extend(const struct finder *f, struct chunk *c)
{
	const struct cells *o = &f->origin[c->source];

	for (unsigned k = 0; k < DEPEND_EXTEND && c->from > 0 && c->to > 0; k++) {
		if (!side_by_side(o, c->from - 1, 1) || !side_by_side(&f->answer, c->to - 1, 1) ||
		    f->taken[c->to - 1] || !agree(f, &o->cell[c->from - 1], &f->answer.cell[c->to - 1], 0))
			break;
		c->from--;
		c->to--;
		c->n++;
	}
	for (unsigned k = 0; k < DEPEND_EXTEND; k++) {
		if (!side_by_side(o, c->from, c->n) || !side_by_side(&f->answer, c->to, c->n) ||
		    f->taken[c->to + c->n] ||
		    !agree(f, &o->cell[c->from + c->n], &f->answer.cell[c->to + c->n], 0))
			break;
		c->n++;
	}
}

static void
add_chunk(struct finder *f, const struct chunk *c)
{
	const struct cell *from = &f->origin[c->source].cell[c->from], *to = &f->answer.cell[c->to];

	add_link(f, (struct link){ .kind = LINK_COPY, .source = c->source, .segment = from->segment,
		.offset = from->offset, .to_segment = to->segment, .to_offset = to->offset, .n = c->n });
	memset(f->taken + c->to, true, c->n);
}

static void
find_chunks(struct finder *f)
{
	for (uint32_t j = 0; j < f->answer.n; j++) {
		struct chunk c;

		if (f->taken[j] || f->answer.cell[j].values < 2)
			continue;
		c = longest_chunk(f, j);
		if (c.n == 0)
			continue;
		extend(f, &c);
		add_chunk(f, &c);
	}
}

/* What other answers repeat, this one does where nothing speaks against it, in all samples but so many. */
static bool
is_habit(const struct finder *f, uint32_t from, uint32_t to, uint32_t allowed)
{
	const struct cells *o = &f->origin[0];

	return from < o->n && to < f->answer.n && o->cell[from].segment == 0 &&
	    f->answer.cell[to].segment == 0 && !f->taken[to] && agree(f, &o->cell[from],
	    &f->answer.cell[to], f->answer.cell[to].values > 1 ? allowed : 0);
}

static void
add_habits(struct finder *f, uint32_t allowed)
{
	for (uint32_t h = 0; f->in->norigins > 0 && h < f->in->nhabits; h++) {
		const struct habit *habit = &f->in->habit[h];

		for (uint32_t k = 0, n; k < habit->n; k += MAX(n, 1u)) {
			for (n = 0; k + n < habit->n && is_habit(f, habit->from + k + n, habit->to + k + n, allowed);)
				n++;
			if (n > 0)
				add_chunk(f, &(struct chunk){ 0, habit->from + k, habit->to + k, n, false });
		}
	}
}

static uint64_t
number_at(const struct cells *c, uint32_t i, uint32_t n, uint8_t format, uint32_t sample)
{
	uint64_t v = 0;

	for (uint32_t k = 0; k < n; k++)
		v = v << 8 | c->cell[format == FMT_BE ? i + k : i + n - 1 - k].byte[sample];
	return v;
}

/* Cells to..to+n of the answer are in one segment and not explained. */
static bool
is_free(const struct finder *f, uint32_t to, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		if (!side_by_side(&f->answer, to, k) || f->taken[to + k])
			return false;
	return true;
}

/*
 * May cells to..to+n of the answer be a number? They are free, its lowest
 * byte varies, and so does its highest if it is not zero.
 */
static bool
is_open(const struct finder *f, uint32_t to, uint32_t n, uint8_t format)
{
	const struct cell *low, *high;

	if (!is_free(f, to, n))
		return false;
	low = &f->answer.cell[format == FMT_BE ? to + n - 1 : to];
	high = &f->answer.cell[format == FMT_BE ? to : to + n - 1];
	return low->values > 1 && (high->values > 1 || high->byte[0] == 0);
}

/* Is the number at to one at from plus what the first sample says? */
static bool
is_sum(const struct finder *f, uint32_t from, uint32_t to, uint32_t n, uint8_t format, int64_t *delta)
{
	uint64_t mask = UINT64_MAX >> (64 - 8 * n), d = 0;

	for (uint32_t s = 0; s < f->in->samples; s++) {
		uint64_t one = (number_at(&f->answer, to, n, format, s) -
		    number_at(&f->origin[0], from, n, format, s)) & mask;

		if (s > 0 && one != d)
			return false;
		d = one;
	}
	*delta = d > mask / 2 ? (int64_t)(d - mask) - 1 : (int64_t)d;
	return true;
}

static const struct { uint32_t n; uint8_t format; } widths[] = {
	{ 4, FMT_BE }, { 4, FMT_LE }, { 3, FMT_BE }, { 2, FMT_BE }, { 2, FMT_LE }, { 1, FMT_BE } };

static bool
find_sum(struct finder *f, uint32_t to, uint32_t n, uint8_t format)
{
	const struct cells *o = &f->origin[0];
	int64_t delta;

	for (uint32_t i = 0; i + n <= o->n; i++) {
		if (!side_by_side(o, i, n - 1) || !is_sum(f, i, to, n, format, &delta) ||
		    run_values(f, &f->answer, to, n, 3) < 3)
			continue;
		add_link(f, (struct link){ .kind = LINK_ADD, .format = format, .segment = o->cell[i].segment,
			.offset = o->cell[i].offset, .to_segment = f->answer.cell[to].segment,
			.to_offset = f->answer.cell[to].offset, .n = n, .delta = delta });
		return true;
	}
	return false;
}

static bool
find_length(struct finder *f, uint32_t to, uint32_t n, uint8_t format)
{
	const struct label *l = f->in->answer;
	const struct cell *c = &f->answer.cell[to];
	size_t least = SIZE_MAX, most = 0;
	int64_t delta = 0;

	for (uint32_t s = 0; s < f->in->samples; s++) {
		const struct span *value = f->in->value[s], *last = &value[l->n - 1];
		size_t behind = (size_t)(last->p + last->n - (value[c->segment].p + c->offset + n));
		int64_t one = (int64_t)number_at(&f->answer, to, n, format, s) - (int64_t)behind;

		if (s > 0 && one != delta)
			return false;
		delta = one;
		least = MIN(least, behind);
		most = MAX(most, behind);
	}
	if (least == most)
		return false;
	add_link(f, (struct link){ .kind = LINK_LENGTH, .format = format, .to_segment = c->segment,
		.to_offset = c->offset, .n = n, .delta = delta });
	return true;
}

static void
find_numbers(struct finder *f)
{
	for (size_t w = 0; w < ARRAY_LEN(widths); w++)
		for (uint32_t j = 0, n = widths[w].n; j + n <= f->answer.n; j++)
			if (is_open(f, j, n, widths[w].format) && (find_length(f, j, n, widths[w].format) ||
			    (f->in->norigins > 0 && f->origin[0].n > 0 &&
				find_sum(f, j, n, widths[w].format))))
				memset(f->taken + j, true, n);
}

enum { TIME_BYTES = 4, TIME_SAMPLES = 8, TIME_SLACK = 1, TIME_SPAN = 8 };	/* the latter two in seconds */

/* Is the number at to the time of the answer plus a constant, in samples that are far enough apart to tell? */
static bool
is_time(const struct finder *f, uint32_t to, uint8_t format, int64_t *delta)
{
	int64_t least = INT64_MAX, most = INT64_MIN, first = INT64_MAX, last = INT64_MIN;
	uint32_t count[TIME_SLACK + 1] = { 0 }, best = 0;

	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t s = 0; s < f->in->samples; s++) {
			int64_t t = f->in->time_s[s];
			int64_t one = (int64_t)number_at(&f->answer, to, TIME_BYTES, format, s) - t;

			if (pass == 1) {
				count[one - least]++;
				continue;
			}
			least = MIN(least, one);
			most = MAX(most, one);
			first = MIN(first, t);
			last = MAX(last, t);
			if (most - least > TIME_SLACK)
				return false;
		}
	for (uint32_t i = 1; i <= TIME_SLACK; i++)
		best = count[i] > count[best] ? i : best;
	*delta = least + best;
	return last - first >= TIME_SPAN;
}

static void
find_times(struct finder *f)
{
	static const uint8_t formats[] = { FMT_BE, FMT_LE };
	int64_t delta;

	if (f->in->time_s == NULL || f->in->samples < TIME_SAMPLES)
		return;
	for (size_t k = 0; k < ARRAY_LEN(formats); k++)
		for (uint32_t j = 0; j + TIME_BYTES <= f->answer.n; j++) {
			const struct cell *c = &f->answer.cell[j];

			if (!is_free(f, j, TIME_BYTES) || !is_time(f, j, formats[k], &delta))
				continue;
			add_link(f, (struct link){ .kind = LINK_TIME, .format = formats[k], .to_segment = c->segment,
				.to_offset = c->offset, .n = TIME_BYTES, .delta = delta });
			memset(f->taken + j, true, TIME_BYTES);
		}
}

/* Runs of which half the samples have a value of their own, four at least. */
static void
find_random(struct finder *f)
{
	for (uint32_t j = 0, n; j < f->answer.n; j += MAX(n, 1u)) {
		for (n = 0; side_by_side(&f->answer, j, n) && !f->taken[j + n] &&
		    f->answer.cell[j + n].values > 1;)
			n++;
		if (n < 2 || f->in->samples < 4 ||
		    run_values(f, &f->answer, j, n, f->in->samples) * 2 < MAX(f->in->samples, 8u))
			continue;
		add_link(f, (struct link){ .kind = LINK_RANDOM, .to_segment = f->answer.cell[j].segment,
			.to_offset = f->answer.cell[j].offset, .n = n });
		memset(f->taken + j, true, n);
	}
}

static bool
decimal(struct span s, int64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || s.n > 15)
			return false;
		*n = *n * 10 + s.p[i] - '0';
	}
	return s.n > 0;
}

/* Does the answer's segment say what one of an origin says, or that number plus a constant? */
static bool
says(const struct finder *f, uint32_t to, const struct antecedent *o, uint32_t from, struct link *l)
{
	uint32_t right = 0, sums = 0, n = f->in->samples;
	struct intern values;

	intern_init(&values, f->pool);
	for (uint32_t s = 0; s < n; s++) {
		struct span a = f->in->value[s][to], b = o->value[s] == NULL ? span_of(NULL, 0) : o->value[s][from];
		int64_t x, y;

		intern_add(&values, a);
		right += o->value[s] != NULL && span_eq(a, b);
		if (!decimal(a, &x) || !decimal(b, &y))
			continue;
		l->delta = sums == 0 ? x - y : l->delta;
		sums += x - y == l->delta;
	}
	l->kind = right * 10 >= n * 9 ? LINK_COPY : LINK_ADD;
	l->format = FMT_TEXT;
	return l->kind == LINK_COPY ? values.n >= 2 : sums * 10 >= n * 9 && values.n >= 3 && l->delta != 0;
}

static void
find_whole(struct finder *f)
{
	for (uint32_t t = 0; t < f->in->answer->n; t++) {
		struct link best = { .n = 1 }, l;

		if (f->in->answer->segment[t].rigid)
			continue;
		for (uint32_t o = 0; o < f->in->norigins; o++) {
			const struct antecedent *from = &f->in->origin[o];

			for (uint32_t i = 0; i < from->label->n; i++) {
				l = (struct link){ .whole = true, .source = o, .segment = i, .to_segment = t };
				if (!from->label->segment[i].rigid && says(f, t, from, i, &l) &&
				    (best.n == 1 || (best.kind == LINK_ADD && l.kind == LINK_COPY)))
					best = l;
			}
		}
		if (best.n == 0)
			add_link(f, best);
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->to_segment != y->to_segment ? (x->to_segment > y->to_segment) - (x->to_segment < y->to_segment)
	    : (x->to_offset > y->to_offset) - (x->to_offset < y->to_offset);
}

void
depend_find(struct links *out, struct pool *pool, const struct depend_input *in)
{
	struct link found[DEPEND_CELLS + LABEL_SEGMENTS];
	struct finder f = { .pool = pool, .in = in, .link = found };
	struct pool_mark mark = pool_mark(pool);

	read_cells(&f.answer, &f, in->answer, in->value);
	f.taken = pool_alloc(pool, f.answer.n + 1);
	f.origin = pool_array(pool, in->norigins + 1, sizeof *f.origin);
	for (uint32_t o = 0; o < in->norigins; o++)
		read_cells(&f.origin[o], &f, in->origin[o].label, in->origin[o].value);
	add_habits(&f, in->samples / 10);
	if (in->samples >= DEPEND_LEAST)
		find_chunks(&f);
	add_habits(&f, in->samples / 2);	/* of what still varies nothing better is known */
	find_times(&f);
	find_numbers(&f);
	find_random(&f);
	find_whole(&f);
	qsort(found, f.n, sizeof *found, by_place);
	pool_release(pool, &mark);
	*out = (struct links){ pool_copy(pool, found, f.n * sizeof *found), f.n };
}
