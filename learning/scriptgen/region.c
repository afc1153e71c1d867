#include "learning/scriptgen/region.h"

#include <math.h>

#include "learning/intern.h"

enum { ENUM_VALUES = 16, LENGTHS = 3 };		/* an enumeration at most; a length field at least */

const char *const region_names[REGION_KINDS] = { "fixed", "length", "enum", "numeric", "random", "text" };

struct column {
	uint8_t type;
	bool fixed, gaps;
	uint32_t bytes, distinct;
	double mutation, alike;		/* alike: share of pairs of rows with the same byte */
};

struct region_params
region_params(void)
{
	return (struct region_params){ .mutation = 0.10, .distinct = 0.5, .entropy = 0.8 };
}

static uint8_t
type_of(int16_t b)
{
	return b == 0 ? TYPE_ZERO : (b >= 0x20 && b < 0x7f) || b == '\r' || b == '\n' || b == '\t'
	    ? TYPE_TEXT : TYPE_BINARY;
}

static struct column
look(const struct alignment *a, uint32_t column)
{
	uint32_t count[256] = { 0 }, types[3] = { 0 };
	double pairs = a->rows * (a->rows - 1.0) / 2, same = 0;
	struct column c = { .type = TYPE_BINARY };

	for (uint32_t r = 0; r < a->rows; r++) {
		int16_t b = align_cell(a, r, column);

		if (b == ALIGN_NONE)
			continue;
		c.bytes++;
		c.distinct += count[b]++ == 0;
		types[type_of(b)]++;
	}
	for (unsigned b = 0; b < 256; b++)
		same += count[b] * (count[b] - 1.0) / 2;
	if (types[TYPE_TEXT] >= types[TYPE_BINARY] && types[TYPE_TEXT] >= types[TYPE_ZERO])
		c.type = TYPE_TEXT;
	else if (types[TYPE_ZERO] >= types[TYPE_BINARY])
		c.type = TYPE_ZERO;
	c.gaps = c.bytes < a->rows;
	c.fixed = c.distinct == 1 && !c.gaps;
	c.mutation = c.distinct <= 1 ? 0 : c.distinct / (double)a->rows;
	c.alike = pairs > 0 ? same / pairs : 1;
	return c;
}

struct span
region_value(uint8_t *to, const struct alignment *a, const struct region *r, uint32_t row)
{
	size_t n = 0;

	for (uint32_t c = r->first; c <= r->last; c++) {
		int16_t b = align_cell(a, row, c);

		if (b != ALIGN_NONE)
			to[n++] = (uint8_t)b;
	}
	return span_of(to, n);
}

static bool
number_of(struct span s, unsigned how, int64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = how == 1 ? s.p[s.n - 1 - i] : s.p[i];

		if (how == 2 && (b < '0' || b > '9'))
			return false;
		*n = *n * (how == 2 ? 10 : 256) + (how == 2 ? b - '0' : b);
	}
	return s.n > 0;
}

/* Bytes of a row behind a region. */
static int64_t
behind(const struct alignment *a, const struct region *r, uint32_t row)
{
	int64_t n = 0;

	for (uint32_t c = r->last + 1; c < a->columns; c++)
		n += align_cell(a, row, c) != ALIGN_NONE;
	return n;
}

/* value = times * bytes behind + plus, in network order (how 0), little endian (1) or decimal (2)? */
static bool
is_length(const struct alignment *a, const struct region *r, const struct span *value, unsigned how)
{
	int64_t modulus = how == 2 ? INT64_MAX : INT64_C(1) << 8 * r->max;

	for (int64_t times = 1; times <= 4; times *= 2) {
		int64_t n, plus = 0, seen[LENGTHS];
		uint32_t wrong = 0, nseen = 0;

		for (uint32_t i = 0; i < a->rows; i++) {
			int64_t rest = behind(a, r, i);
			uint32_t k = 0;

			if (!number_of(value[i], how, &n)) {
				wrong++;
				continue;
			}
			plus = i == 0 ? (n - times * rest) % modulus : plus;
			wrong += (n - times * rest - plus) % modulus != 0;
			while (k < nseen && seen[k] != rest)
				k++;
			if (k == nseen && nseen < LENGTHS)
				seen[nseen++] = rest;
		}
		if (nseen == LENGTHS && wrong * 100 <= a->rows)
			return true;
	}
	return false;
}

static bool
is_number(const struct span *value, uint32_t n)
{
	int64_t number;

	for (uint32_t i = 0; i < n; i++)
		if (value[i].n > 18 || !number_of(value[i], 2, &number))
			return false;
	return true;
}

static uint8_t
kind_of(const struct alignment *a, const struct region *r, const struct span *value,
    uint32_t covered, const struct region_params *p)
{
	double most = log2(MIN(a->rows, 256u));
	bool text = r->type == TYPE_TEXT;

	if (r->values == 1 && r->gaps == 0)
		return REGION_FIXED;
	if (!text && r->min == r->max && r->max <= 4 &&
	    (is_length(a, r, value, 0) || is_length(a, r, value, 1)))
		return REGION_LENGTH;
	if (text && is_number(value, a->rows) && is_length(a, r, value, 2))
		return REGION_LENGTH;
	if (r->values <= ENUM_VALUES && covered * 10 >= a->rows * 9)
		return REGION_ENUM;
	if (text && is_number(value, a->rows))
		return REGION_NUMERIC;
	if (r->values >= p->distinct * a->rows || r->entropy >= p->entropy * most)
		return REGION_RANDOM;
	return REGION_TEXT;
}

static void
describe(struct region *r, struct pool *pool, const struct alignment *a, const struct column *column,
    const struct region_params *p)
{
	uint32_t width = r->last - r->first + 1, types[3] = { 0 }, covered = 0;
	struct span *value = pool_array(pool, a->rows, sizeof *value);
	uint32_t *count = pool_array(pool, a->rows, sizeof *count);
	struct intern values;

	intern_init(&values, pool);
	r->min = UINT32_MAX;
	for (uint32_t i = 0; i < a->rows; i++) {
		value[i] = region_value(pool_alloc(pool, width), a, r, i);
		r->min = MIN(r->min, (uint32_t)value[i].n);
		r->max = MAX(r->max, (uint32_t)value[i].n);
		count[intern_add(&values, value[i])]++;
	}
	r->values = values.n;
	for (uint32_t v = 0; v < values.n; v++) {
		r->entropy -= count[v] / (double)a->rows * log2(count[v] / (double)a->rows);
		covered += count[v] >= 2 ? count[v] : 0;
	}
	for (uint32_t c = r->first; c <= r->last; c++) {
		types[column[c].type]++;
		r->mutation += column[c].mutation / width;
		r->similarity += column[c].alike / width;
		r->gaps += (a->rows - column[c].bytes) / (double)a->rows / width;
	}
	r->type = types[TYPE_TEXT] > 0 ? TYPE_TEXT : types[TYPE_BINARY] > 0 ? TYPE_BINARY : TYPE_ZERO;
	r->kind = kind_of(a, r, value, covered, p);
}

void
regions_find(struct regions *out, struct pool *pool, const struct alignment *a,
    const struct region_params *p)
{
	struct column *column = pool_array(pool, a->columns + 1, sizeof *column);
	struct pool_mark mark;
	double low = 0, high = 0;
	uint8_t type = TYPE_ZERO;

	*out = (struct regions){ pool_array(pool, a->columns + 1, sizeof *out->region), 0 };
	for (uint32_t c = 0; c < a->columns; c++) {
		const struct column *now = &column[c];

		column[c] = look(a, c);
		if (c > 0 && now->fixed == now[-1].fixed && now->gaps == now[-1].gaps &&
		    (now->type == type || now->type == TYPE_ZERO || type == TYPE_ZERO) &&
		    MAX(high, now->mutation) - MIN(low, now->mutation) <= p->mutation) {
			out->region[out->n - 1].last = c;
			low = MIN(low, now->mutation);
			high = MAX(high, now->mutation);
			type = type == TYPE_ZERO ? now->type : type;
			continue;
		}
		out->region[out->n++] = (struct region){ .first = c, .last = c };
		low = high = now->mutation;
		type = now->type;
	}
	for (uint32_t i = 0; i < out->n; i++) {
		mark = pool_mark(pool);
		describe(&out->region[i], pool, a, column, p);
		pool_release(pool, &mark);
	}
}
