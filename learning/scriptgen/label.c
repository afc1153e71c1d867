#include "learning/scriptgen/label.h"

#include <stdio.h>

enum { ENDED_ROWS = 8, ENDED_LENGTHS = 4 };	/* that show what ends a run of any bytes */

/* One column of the label to be: its byte where it is fixed. */
struct place {
	int16_t byte;		/* ALIGN_NONE: mutating */
	bool gaps;
	uint8_t seen[32];	/* bytes in it */
};

static void
set_add(uint8_t *set, uint8_t b)
{
	set[b / 8] |= (uint8_t)(1u << b % 8);
}

static bool
set_has(const uint8_t *set, uint8_t b)
{
	return set[b / 8] >> b % 8 & 1;
}

static bool
in_word(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b >= 0x80;
}

static struct place *
read_places(struct pool *pool, const struct alignment *a, const struct regions *regions)
{
	struct place *p = pool_array(pool, a->columns + 1, sizeof *p);

	for (uint32_t i = 0; i < regions->n; i++) {
		const struct region *r = &regions->region[i];

		for (uint32_t c = r->first; c <= r->last; c++) {
			p[c].byte = r->kind == REGION_FIXED ? align_cell(a, 0, c) : ALIGN_NONE;
			for (uint32_t row = 0; row < a->rows; row++) {
				int16_t b = align_cell(a, row, c);

				if (b == ALIGN_NONE)
					p[c].gaps = true;
				else
					set_add(p[c].seen, (uint8_t)b);
			}
		}
	}
	return p;
}

/* Text: a fixed letter beside a mutating one mutates, and so on to the end of the word. */
static void
keep_words_whole(struct place *p, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (p[i - 1].byte == ALIGN_NONE && in_word((uint8_t)p[i].byte))
			p[i].byte = ALIGN_NONE;
	for (uint32_t i = n; i-- > 1;)
		if (p[i].byte == ALIGN_NONE && in_word((uint8_t)p[i - 1].byte))
			p[i - 1].byte = ALIGN_NONE;
}

/*
 * The smallest of our sets that holds all that was seen, without the byte that stands behind. False:
 * in binary messages what does not look like text has a set only if it is sure how it ends.
 */
static bool
widen(uint8_t *class, const uint8_t *seen, int16_t behind, bool text, bool ended)
{
	bool digits = true, visible = true, line = text;

	for (unsigned b = 0; b < 256; b++) {
		if (!set_has(seen, (uint8_t)b))
			continue;
		digits &= b >= '0' && b <= '9';
		visible &= b > ' ' && b != 0x7f;
		line &= b != '\r' && b != '\n';
	}
	for (unsigned b = 0; b < 256; b++)
		if ((int)b != behind && (digits ? b >= '0' && b <= '9' : visible ? b > ' ' && b != 0x7f
		    : line ? b != '\r' && b != '\n' : true))
			set_add(class, (uint8_t)b);
	return text || visible || ended;
}

/* The end of a run that mutates: where a byte stands that it never has. */
static uint32_t
run_end(const struct place *p, uint32_t n, uint32_t i, uint8_t *seen)
{
	for (; i < n && (p[i].byte == ALIGN_NONE || set_has(seen, (uint8_t)p[i].byte)); i++)
		for (unsigned k = 0; k < 32; k++)
			seen[k] |= p[i].seen[k];
	return i;
}

/* How many bytes rows have in a run: the least, and how many different numbers, up to ENDED_LENGTHS. */
struct run_lengths {
	uint32_t least, distinct;
};

static struct run_lengths
run_lengths(const struct alignment *a, uint32_t from, uint32_t to)
{
	struct run_lengths l = { UINT32_MAX, 0 };
	uint32_t seen[ENDED_LENGTHS];

	for (uint32_t r = 0; r < a->rows; r++) {
		uint32_t n = 0, k = 0;

		for (uint32_t c = from; c < to; c++)
			n += align_cell(a, r, c) != ALIGN_NONE;
		l.least = MIN(l.least, n);
		while (k < l.distinct && seen[k] != n)
			k++;
		if (k == l.distinct && k < ENDED_LENGTHS)
			seen[l.distinct++] = n;
	}
	return l;
}

static struct segment *
add_segment(struct label *l, bool rigid)
{
	struct segment *s = &l->segment[l->n++];

	s->rigid = rigid;
	return s;
}

static void
add_byte(struct label *l, struct pool *pool, const struct place *p, uint32_t room)
{
	struct segment *s;

	if (l->n == 0 || !l->segment[l->n - 1].rigid) {
		s = add_segment(l, true);
		s->byte = pool_alloc(pool, room);
		s->fixed = pool_alloc(pool, room);
	}
	s = &l->segment[l->n - 1];
	s->fixed[s->n] = p->byte != ALIGN_NONE;
	s->byte[s->n++] = (uint8_t)MAX(p->byte, 0);
	l->fixed += p->byte != ALIGN_NONE;
}

void
label_make(struct label *out, struct pool *pool, const struct alignment *a,
    const struct regions *regions, bool open, bool text)
{
	struct place *p = read_places(pool, a, regions);
	uint32_t n = a->columns;

	*out = (struct label){ pool_array(pool, LABEL_SEGMENTS, sizeof *out->segment), 0, 0 };
	if (text)
		keep_words_whole(p, n);
	for (uint32_t i = 0, end; i < n; i = end) {
		uint8_t seen[32] = { 0 }, class[32] = { 0 };
		struct run_lengths lengths;
		struct segment *s;

		end = i + 1;
		if (p[i].byte != ALIGN_NONE || (!text && !p[i].gaps)) {
			add_byte(out, pool, &p[i], n - i);
			continue;
		}
		end = run_end(p, n, i, seen);
		lengths = run_lengths(a, i, end);
		if (!widen(class, seen, end < n ? p[end].byte : ALIGN_NONE, text, end < n &&
		    a->rows >= ENDED_ROWS && lengths.distinct == ENDED_LENGTHS) ||
		    (end == n && (!text || open)) || out->n >= LABEL_SEGMENTS - 3) {
			open = true;
			break;
		}
		s = add_segment(out, false);
		s->n = MIN(lengths.least, 1u);
		memcpy(s->class, class, sizeof class);
	}
	if (open)
		add_segment(out, false)->tail = true;
}

void
label_of_message(struct label *out, struct pool *pool, struct span message, size_t longest)
{
	size_t n = MIN(message.n, longest);

	*out = (struct label){ pool_array(pool, 2, sizeof *out->segment), 0, (uint32_t)n };
	if (n > 0) {
		struct segment *s = add_segment(out, true);

		s->n = (uint32_t)n;
		s->byte = pool_copy(pool, message.p, n);
		s->fixed = memset(pool_alloc(pool, n), true, n);
	}
	if (n < message.n)
		add_segment(out, false)->tail = true;
}

void
label_of_anything(struct label *out, struct pool *pool, uint32_t bytes)
{
	*out = (struct label){ pool_array(pool, 2, sizeof *out->segment), 0, 0 };
	if (bytes > 0) {
		struct segment *s = add_segment(out, true);

		s->n = bytes;
		s->byte = pool_alloc(pool, bytes);
		s->fixed = pool_array(pool, bytes, sizeof *s->fixed);
	}
	add_segment(out, false)->tail = true;
}

static bool
rigid_match(const struct segment *s, const uint8_t *p)
{
	for (uint32_t k = 0; k < s->n; k++)
		if (s->fixed[k] && s->byte[k] != p[k])
			return false;
	return true;
}

bool
label_match(const struct label *l, struct span message, struct span *value)
{
	size_t at = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct segment *s = &l->segment[i];
		size_t n = s->tail ? message.n - at : s->rigid ? s->n : 0;

		if (n > message.n - at || (s->rigid && !rigid_match(s, message.p + at)))
			return false;
		while (!s->rigid && at + n < message.n && set_has(s->class, message.p[at + n]))
			n++;
		if (!s->tail && n < s->n)
			return false;
		value[i] = span_sub(message, at, n);
		at += n;
	}
	return at == message.n;
}

void
label_free(struct label *l, uint32_t segment, uint32_t offset)
{
	struct segment *s = &l->segment[segment];

	l->fixed -= s->fixed[offset];
	s->fixed[offset] = false;
	s->byte[offset] = 0;
}

bool
label_fix(struct label *l, uint32_t offset, uint8_t byte)
{
	struct segment *s = l->segment;

	if (l->n == 0 || !s->rigid || s->n <= offset)
		return false;
	l->fixed += !s->fixed[offset];
	s->fixed[offset] = true;
	s->byte[offset] = byte;
	return true;
}

uint32_t
label_bytes(const struct label *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		n += l->segment[i].rigid ? l->segment[i].n : 1;
	return n;
}

void
label_cut(struct label *l, uint32_t bytes)
{
	uint32_t at = 0;

	if (label_bytes(l) <= bytes)
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		struct segment *s = &l->segment[i];
		uint32_t n = s->rigid ? s->n : 1;

		if (at + n <= bytes) {
			at += n;
			continue;
		}
		for (uint32_t k = bytes - at; s->rigid && k < s->n; k++)
			l->fixed -= s->fixed[k];
		for (uint32_t j = i + 1; j < l->n; j++)
			for (uint32_t k = 0; l->segment[j].rigid && k < l->segment[j].n; k++)
				l->fixed -= l->segment[j].fixed[k];
		s->n = bytes - at;
		l->n = i + (s->rigid && s->n > 0);
		l->segment[l->n++] = (struct segment){ .tail = true };
		return;
	}
}

void
label_lengthen(struct label *l, struct pool *pool, uint32_t bytes)
{
	struct segment *s = l->segment;

	if (l->n != 2 || !s[0].rigid || !s[1].tail || s[0].n >= bytes)
		return;
	s[0].byte = pool_grow(pool, s[0].byte, s[0].n, bytes, 1);
	s[0].fixed = pool_grow(pool, s[0].fixed, s[0].n, bytes, sizeof *s[0].fixed);
	s[0].n = bytes;
}

struct label
label_copy(struct pool *pool, const struct label *l)
{
	struct label to = *l;

	to.segment = pool_grow(pool, l->segment, l->n, l->n + 1, sizeof *l->segment);
	for (uint32_t i = 0; i < l->n; i++) {
		struct segment *s = &to.segment[i];

		if (s->rigid) {
			s->byte = pool_copy(pool, s->byte, s->n);
			s->fixed = pool_copy(pool, s->fixed, s->n);
		}
	}
	return to;
}

struct span
label_key(struct pool *pool, const struct label *l)
{
	size_t n = 0, at = 0;
	uint8_t *key;

	for (uint32_t i = 0; i < l->n; i++)
		n += 40 + 2 * (size_t)l->segment[i].n;
	key = pool_alloc(pool, n + 1);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct segment *s = &l->segment[i];

		key[at++] = s->rigid ? 'r' : s->tail ? 't' : 'l';
		memcpy(key + at, &s->n, sizeof s->n);
		at += sizeof s->n;
		if (!s->rigid) {
			memcpy(key + at, s->class, sizeof s->class);
			at += sizeof s->class;
		}
		for (uint32_t k = 0; s->rigid && k < s->n; k++) {
			key[at++] = s->fixed[k];
			key[at++] = s->byte[k];
		}
	}
	return span_of(key, at);
}

int
label_order(const struct label *a, struct span key_a, const struct label *b, struct span key_b)
{
	bool tail_a = a->n > 0 && a->segment[a->n - 1].tail, tail_b = b->n > 0 && b->segment[b->n - 1].tail;

	if (a->fixed != b->fixed)
		return a->fixed > b->fixed ? -1 : 1;
	return tail_a != tail_b ? tail_a - tail_b : span_cmp(key_a, key_b);
}

const char *
label_print(struct pool *pool, const struct label *l)
{
	size_t room = 2, at = 0;
	char *to;

	for (uint32_t i = 0; i < l->n; i++)
		room += 16 + 4 * (size_t)l->segment[i].n;
	to = pool_alloc(pool, room);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct segment *s = &l->segment[i];

		if (!s->rigid) {
			at += (size_t)sprintf(to + at, s->tail ? "[..]" : "[%u..]", s->n);
			continue;
		}
		for (uint32_t k = 0; k < s->n; k++) {
			uint8_t b = s->byte[k];
			bool plain = b >= 0x20 && b < 0x7f && strchr(".[]\\", b) == NULL;

			at += (size_t)sprintf(to + at, !s->fixed[k] ? "." : b == '\r' ? "\\r" : b == '\n' ? "\\n"
			    : plain ? "%c" : "\\x%02x", b);
		}
	}
	return to;
}
