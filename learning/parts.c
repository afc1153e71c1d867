#include "learning/parts.h"

enum {
	MOST_PARTS = 64,	/* of a message: no reply counts more (models/image.h) */
	ROUNDS = 8,
	SOME = 8,		/* contents that show what a type holds */
	FIT_PERCENT = 95,	/* of them */
	MESSAGES_PERCENT = 90,	/* that are parts, and hold some */
	LONG_FORM = 0x80,
	LENGTH_BYTES = 3,
};

/* The part that *left begins with, which loses it. */
static bool
take_part(struct span *left, struct part *out)
{
	size_t head = 2, n = 0;

	if (left->n < head)
		return false;
	n = left->p[1];
	if (n >= LONG_FORM) {
		size_t more = n - LONG_FORM;

		if (more == 0 || more > LENGTH_BYTES || left->n < head + more)
			return false;
		for (n = 0; head < 2 + more; head++)
			n = n << 8 | left->p[head];
	}
	if (n > left->n - head)
		return false;
	*out = (struct part){ .type = left->p[0], .length = span_of(left->p + 1, head - 1),
		.content = span_of(left->p + head, n) };
	*left = span_sub(*left, head + n, left->n);
	return true;
}

/* Is it parts, one behind the other, and nothing else? */
static bool
is_parts(struct span s)
{
	struct part part;

	if (s.n == 0)
		return false;
	while (s.n > 0)
		if (!take_part(&s, &part))
			return false;
	return true;
}

static bool
holds(const struct parts *p, uint8_t type)
{
	return p->holds[type / 8] >> type % 8 & 1;
}

bool
parts_next(const struct parts *p, struct span *left, struct part *out)
{
	struct span from = *left;

	if (!take_part(left, out))
		return false;
	out->opened = holds(p, out->type) && out->content.n > 0;
	if (out->opened)
		*left = span_sub(from, (size_t)(out->content.p - from.p), from.n);
	return true;
}

struct seen {			/* contents of one type, but empty ones */
	uint32_t all, fit;
};

/* The types of all parts of a message, as far as is known which hold some; how many there are. */
static uint32_t
count_types(const struct parts *p, struct span s, struct seen seen[256], unsigned depth)
{
	struct part part;
	uint32_t n = 0;

	while (s.n > 0 && take_part(&s, &part)) {
		n++;
		seen[part.type].all += part.content.n > 0;
		seen[part.type].fit += is_parts(part.content);
		if (holds(p, part.type) && depth < PARTS_DEPTH)
			n += count_types(p, part.content, seen, depth + 1);
	}
	return n;
}

void
parts_learn(struct parts *out, const struct span *message, size_t n)
{
	size_t nested = 0;

	*out = (struct parts){ 0 };
	for (unsigned round = 0; round < ROUNDS; round++) {	/* each may show types one deeper */
		struct seen seen[256] = { 0 };

		nested = 0;
		for (size_t i = 0; i < n; i++)
			nested += is_parts(message[i]) && count_types(out, message[i], seen, 0) > 1;
		for (unsigned t = 0; t < 256; t++)
			if (seen[t].all >= SOME && seen[t].fit * 100ull >= seen[t].all * (uint64_t)FIT_PERCENT)
				out->holds[t / 8] |= (uint8_t)(1u << t % 8);
			else
				out->holds[t / 8] &= (uint8_t)~(1u << t % 8);
	}
	out->found = n > 0 && nested * 100ull >= n * (uint64_t)MESSAGES_PERCENT;
}

/* Parts of s from out[n] on. MOST_PARTS: too many, or what should hold some holds other bytes. */
static uint32_t
split(const struct parts *p, struct span s, unsigned depth, struct part *out, uint32_t n)
{
	if (!is_parts(s) || depth > PARTS_DEPTH)
		return MOST_PARTS;
	while (n < MOST_PARTS && take_part(&s, &out[n])) {
		struct part *part = &out[n++];

		part->depth = (uint8_t)depth;
		part->opened = holds(p, part->type) && part->content.n > 0;
		if (part->opened)
			n = split(p, part->content, depth + 1, out, n);
	}
	return n;
}

uint32_t
parts_of(const struct parts *p, struct pool *pool, struct span message, struct part **out)
{
	uint32_t n;

	if (!p->found)
		return 0;
	*out = pool_array(pool, MOST_PARTS, sizeof **out);
	n = split(p, message, 0, *out, 0);
	return n == MOST_PARTS ? 0 : n;
}
