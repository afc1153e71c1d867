#include "learning/klass_field.h"

#include <math.h>
#include <stdlib.h>

enum {
	PLACES = 16,
	FREE_PERMILLE = 15,		/* messages in which a bit is not as in the others, to be free */
	RARE_PERMILLE = 0,		/* likewise, to belong to a field beside it */
	ECHO_ONE_IN = 4,		/* of the replies with a rare bit may have another than what was asked */
	PRESENT_PERMILLE = 500,		/* messages that reach so far */
	FEW_VALUES = 32,		/* that cover COVER_PERMILLE of the messages; */
	FEW_BESIDES = 12,		/* of the byte behind the field */
	COVER_PERMILLE = 970,
	LENGTH_PERMILLE = 500,		/* messages whose length a length tells; the others are several */
	LENGTH_PLUS = 8,		/* bytes that a length may leave out or count besides what follows */
	LENGTH_KINDS = 3,		/* different lengths that it takes to see one */
};

/* Reads the length and where it ends. */
static bool
read_length(const struct klass_length *l, struct span m, uint64_t *value, size_t *end)
{
	size_t at = l->at, width = l->width;
	bool little = l->form == KLASS_LENGTH_LE;

	if (at + width > m.n)
		return false;
	if (l->form == KLASS_LENGTH_BER && m.p[at] >= 0x80) {
		width = m.p[at++] & 0x7f;
		if (width > 4 || at + width > m.n)
			return false;
	}
	*value = 0;
	for (size_t i = 0; i < width; i++)
		*value = *value << 8 | m.p[at + (little ? width - 1 - i : i)];
	*end = at + width;
	return true;
}

/* The byte at a place, or -1: the message does not reach so far. */
static int
byte_at(const struct klass_length *l, struct span m, unsigned place)
{
	size_t at = place, end;
	uint64_t value;

	if (l->form != KLASS_LENGTH_NONE && place >= l->at) {
		if (!read_length(l, m, &value, &end))
			return -1;
		at = end + (place - l->at);
	}
	return at < m.n ? m.p[at] : -1;
}

/* How many messages have the length that it tells, but for one number. */
static uint32_t
fitting(const struct klass_length *l, const struct klass_pair *pair, uint32_t n)
{
	uint32_t count[2 * LENGTH_PLUS + 1] = { 0 }, most = 0;
	uint64_t value;
	size_t end;

	for (uint32_t i = 0; i < n; i++) {
		int64_t plus;

		if (!read_length(l, pair[i].said, &value, &end))
			continue;
		plus = (int64_t)(pair[i].said.n - end) - (int64_t)value;
		if (plus >= -LENGTH_PLUS && plus <= LENGTH_PLUS)
			count[plus + LENGTH_PLUS]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(count); i++)
		most = MAX(most, count[i]);
	return most;
}

static bool
lengths_vary(const struct klass_pair *pair, uint32_t n)
{
	size_t seen[LENGTH_KINDS - 1];
	unsigned kinds = 0;

	for (uint32_t i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < kinds && seen[k] != pair[i].said.n)
			k++;
		if (k == LENGTH_KINDS - 1)
			return true;
		if (k == kinds)
			seen[kinds++] = pair[i].said.n;
	}
	return false;
}

/* The length that most messages obey; of equal ones the widest, and BER's, which can be wider. */
static void
find_length(struct klass_length *out, const struct klass_pair *pair, uint32_t n)
{
	uint32_t best = (uint32_t)(n * (uint64_t)LENGTH_PERMILLE / 1000);

	*out = (struct klass_length){ KLASS_LENGTH_NONE };
	if (!lengths_vary(pair, n))
		return;
	for (uint8_t form = KLASS_LENGTH_BE; form <= KLASS_LENGTH_BER; form++)
		for (uint8_t at = 0; at < 4; at++)
			for (uint8_t width = 1; width <= (form == KLASS_LENGTH_BER ? 1 : 4); width++) {
				struct klass_length l = { form, at, width };
				uint32_t fit = fitting(&l, pair, n);

				if (fit > best || (fit == best && out->form != KLASS_LENGTH_NONE &&
				    width >= out->width)) {
					best = fit;
					*out = l;
				}
			}
}

/* What is at one place in the replies. */
struct column {
	uint32_t n, asked;		/* replies that reach it; of them, whose asked message does */
	uint32_t value[256];
	uint32_t one[8], echo[8];	/* by bit: set; as in the asked message */
};

static void
look_at(struct column *c, const struct klass_length *l, unsigned place,
    const struct klass_pair *pair, uint32_t n)
{
	*c = (struct column){ 0 };
	for (uint32_t i = 0; i < n; i++) {
		int b = byte_at(l, pair[i].said, place), a = byte_at(l, pair[i].asked, place);

		if (b < 0)
			continue;
		c->n++;
		c->value[b]++;
		c->asked += a >= 0;
		for (unsigned bit = 0; bit < 8; bit++) {
			c->one[bit] += b >> bit & 1;
			c->echo[bit] += a >= 0 && ((a ^ b) >> bit & 1) == 0;
		}
	}
}

/* Bits that change in more than permille of the replies and are no echo. */
static uint8_t
free_bits(const struct column *c, unsigned permille)
{
	uint8_t free = 0;

	for (unsigned bit = 0; bit < 8; bit++) {
		uint64_t rare = MIN(c->one[bit], c->n - c->one[bit]);

		if (rare * 1000 > c->n * (uint64_t)permille &&
		    (c->asked == 0 || (c->asked - c->echo[bit]) * (uint64_t)ECHO_ONE_IN > rare))
			free |= (uint8_t)(1u << bit);
	}
	return free;
}

/* The highest run of at least two free bits. */
static uint8_t
first_run(uint8_t free)
{
	uint8_t run = 0;

	for (int bit = 7; bit >= 0; bit--) {
		if (free >> bit & 1) {
			run |= (uint8_t)(1u << bit);
			continue;
		}
		if ((run & (run - 1)) != 0)
			return run;
		run = 0;
	}
	return (run & (run - 1)) != 0 ? run : 0;
}

/* A field with the bits beside it that change seldom; unless they lead to another field. */
static uint8_t
widen(uint8_t field, uint8_t free, uint8_t rare)
{
	for (unsigned up = 0; up < 2; up++) {
		uint8_t wide = field, next;

		for (;;) {
			next = (uint8_t)(up ? wide << 1 : wide >> 1) & (uint8_t)~wide;
			if ((next & rare) == 0 || (next & free) != 0)
				break;
			wide |= next;
		}
		if ((next & free) == 0)
			field = wide;
	}
	return field;
}

static int
by_count(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y) - (x > y);
}

/* Counts of the values under a mask, most frequent first, into out[256]. */
static void
values_under(uint32_t *out, const struct column *c, uint8_t mask)
{
	memset(out, 0, 256 * sizeof *out);
	for (unsigned v = 0; v < 256; v++)
		out[v & mask] += c->value[v];
	qsort(out, 256, sizeof *out, by_count);
}

static bool
few_values(const struct column *c, uint8_t mask, unsigned few)
{
	uint32_t count[256];
	uint64_t covered = 0;

	values_under(count, c, mask);
	for (unsigned i = 0; i < few; i++)
		covered += count[i];
	return covered * 1000 >= c->n * (uint64_t)COVER_PERMILLE;
}

static double
bits_told(const struct column *c, uint8_t mask)
{
	uint32_t count[256];
	double sum = 0;

	values_under(count, c, mask);
	for (unsigned i = 0; i < 256 && count[i] > 0; i++)
		sum -= count[i] * log2((double)count[i] / c->n);
	return c->n == 0 ? 0 : sum / c->n;
}

/* Are at least half of the values letters? */
static bool
is_letters(const struct column *c)
{
	unsigned letters = 0, all = 0;

	for (unsigned v = 0; v < 256; v++) {
		all += c->value[v] > 0;
		letters += c->value[v] > 0 && ((v | 0x20) >= 'a' && (v | 0x20) <= 'z');
	}
	return 2 * letters >= all;
}

/* Bits told by the second column once the first is known. */
static double
told_besides(const struct klass_field *k, const struct klass_pair *pair, uint32_t n,
    struct pool *pool, double first)
{
	uint32_t (*both)[256] = pool_array(pool, 256, sizeof *both), all = 0;
	double sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		int a = byte_at(&k->length, pair[i].said, k->place[0]);
		int b = byte_at(&k->length, pair[i].said, k->place[0] + 1u);

		if (a < 0 || b < 0)
			continue;
		both[a & k->mask[0]][b]++;
		all++;
	}
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			if (both[a][b] > 0)
				sum -= both[a][b] * log2((double)both[a][b] / all);
	return (all == 0 ? 0 : sum / all) - first;
}

void
klass_field_learn(struct klass_field *k, struct pool *pool, const struct klass_pair *pair, uint32_t n)
{
	struct column c, *next = pool_alloc(pool, sizeof *next);
	double told;

	*k = (struct klass_field){ 0 };
	find_length(&k->length, pair, n);
	for (unsigned place = 0; place < PLACES && k->mask[0] == 0; place++) {
		uint8_t run;

		look_at(&c, &k->length, place, pair, n);
		if (c.n * 1000ull < n * (uint64_t)PRESENT_PERMILLE)
			return;
		run = first_run(free_bits(&c, FREE_PERMILLE));
		run = widen(run, free_bits(&c, FREE_PERMILLE), free_bits(&c, RARE_PERMILLE));
		if (run != 0 && !few_values(&c, run, FEW_VALUES))
			return;
		k->place[0] = (uint8_t)place;
		k->mask[0] = run;
	}
	if (k->mask[0] == 0 || (k->length.form != KLASS_LENGTH_NONE && k->place[0] + 1 == k->length.at))
		return;
	look_at(next, &k->length, k->place[0] + 1u, pair, n);
	told = bits_told(&c, k->mask[0]);
	if (next->n * 1000ull >= n * (uint64_t)PRESENT_PERMILLE && first_run(free_bits(next, FREE_PERMILLE)) != 0 &&
	    few_values(next, 0xff, FEW_BESIDES) && !is_letters(next) && told_besides(k, pair, n, pool, told) < told) {
		k->place[1] = k->place[0] + 1;
		k->mask[1] = 0xff;
	}
}

struct klass_name
klass_field_of(const struct klass_field *k, struct span said)
{
	struct klass_name name = { 1, { 1 } };	/* no word begins so, and it is no silence */

	for (unsigned i = 0; i < 2; i++) {
		int b = k->mask[i] == 0 ? -1 : byte_at(&k->length, said, k->place[i]);

		if (b >= 0)
			klass_put(&name, (uint8_t)b & k->mask[i]);
	}
	return name;
}
