#include "models/eom.h"

enum { GUESSES = 4 };

/* As memmem(); the first places where its first byte stands are tried, which is quicker and mostly enough. */
static const uint8_t *
find(struct span in, struct span term)
{
	const uint8_t *at = in.p, *end = in.p + in.n;

	for (int i = 0; i < GUESSES; i++) {
		at = memchr(at, term.p[0], (size_t)(end - at));
		if (at == NULL || (size_t)(end - at) < term.n)
			return NULL;
		if (memcmp(at, term.p, term.n) == 0)
			return at;
		at++;
	}
	return memmem(at, (size_t)(end - at), term.p, term.n);
}

/* The offset behind the first term, or 0; bytes before from were searched already. */
static size_t
behind_term(struct span in, size_t from, struct span term)
{
	size_t at = from > term.n - 1 ? from - (term.n - 1) : 0;
	const uint8_t *hit = at < in.n ? find(span_sub(in, at, SIZE_MAX), term) : NULL;

	return hit == NULL ? 0 : (size_t)(hit - in.p) + term.n;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The decimal number behind the first label in head and any blanks, 0 without one, saturating. */
static size_t
number_after(struct span head, struct span label)
{
	size_t at = 0, k = 0, v = 0;

	for (; at + label.n <= head.n; at++) {
		for (k = 0; k < label.n && lower(head.p[at + k]) == lower(label.p[k]); k++)
			;
		if (k == label.n)
			break;
	}
	if (at + label.n > head.n)
		return 0;
	for (at += label.n; at < head.n && (head.p[at] == ' ' || head.p[at] == '\t'); at++)
		;
	for (; at < head.n && head.p[at] >= '0' && head.p[at] <= '9'; at++)
		v = MIN(v * 10 + (head.p[at] - '0'), (size_t)MODEL_MESSAGE_BYTES);
	return v;
}

int64_t
eom_field(const struct eom *e, struct span in)
{
	uint32_t v = 0;

	if (in.n < (size_t)e->at + e->width)
		return -1;
	for (unsigned k = 0; k < e->width; k++)
		v = v << 8 | in.p[e->at + (e->format == FMT_LE ? e->width - 1u - k : k)];
	return v;
}

/* The decimal number that a line behind its mark is, -1: it is none. Saturating. */
static int64_t
number_alone(struct span s)
{
	int64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = MIN(v * 10 + (s.p[i] - '0'), (int64_t)MODEL_MESSAGE_BYTES);
	}
	return s.n == 0 ? -1 : v;
}

/* The offset behind one part, which may lie behind in, or 0. */
static size_t
behind_part(const struct eom *e, struct span in)
{
	size_t at = 0;

	for (unsigned left = 1, parts = 0; left > 0 && parts < EOM_MAX_PARTS; left--, parts++) {
		size_t end = at < in.n ? behind_term(in, at + e->term.n - 1, e->term) : 0;
		int64_t number = -1;

		if (end == 0)
			return 0;
		if (end - at > e->term.n && memchr(e->label.p, in.p[at], EOM_MARKS) != NULL)
			number = number_alone(span_sub(in, at + 1, end - e->term.n - at - 1));
		if (number >= 0 && in.p[at] == e->label.p[0])
			end += (size_t)number + e->term.n;
		else if (number >= 0)
			left += (unsigned)MIN(number, (int64_t)EOM_MAX_PARTS);
		at = end;
	}
	return at;
}

size_t
eom_end(const struct eom *e, struct span in, size_t searched)
{
	size_t head;
	int64_t value, total;

	switch (e->kind) {
	case EOM_TERM:
		return behind_term(in, searched, e->term);
	case EOM_DECIMAL:
		head = behind_term(in, searched, e->term);
		total = head == 0 ? 0 : (int64_t)(head + number_after(span_sub(in, 0, head), e->label));
		break;
	case EOM_PARTS:
		total = searched > 0 && behind_term(in, searched, e->term) == 0 ? 0
		    : (int64_t)behind_part(e, in);
		break;
	case EOM_LENGTH:
		value = eom_field(e, in);
		total = value < 0 ? 0 : MAX(value * e->times + e->plus, (int64_t)e->at + e->width);
		break;
	default:
		total = 0;
	}
	return (size_t)MIN(total, (int64_t)MODEL_MESSAGE_BYTES);
}
